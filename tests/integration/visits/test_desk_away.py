"""The desk's presenter while the database is away, and when it is back: nothing lost or twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from crm_desktop.desktop.core.live import FeedState
from crm_desktop.desktop.core.presenting import ImmediateTasks
from crm_desktop.desktop.screens.desk.going_on import GoingOnDesk, Standing
from crm_desktop.desktop.screens.desk.presenter import Arrival
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import Conflict, CrmError, DatabaseAway
from crm_desktop.domain.states import ContactState, Resolution
from crm_desktop.domain.visits import Called, SiteLine, Ticket, To, VisitRow
from crm_desktop.services import visits, visits_away
from crm_desktop.store.models import Contact, Service, TicketRange, Visit
from crm_desktop.this_computer.visitors import KeptVisitors
from crm_desktop.workstation.sealed import SealedStore
from tests.centre import Centre
from tests.visits_centre import add_site, arriving, places, service_of


class Shown:
    """A page that remembers what it was told."""

    def __init__(self) -> None:
        self.line: SiteLine | None = None
        self.mine: VisitRow | None = None
        self.standing: Standing | None = None
        self.trouble: CrmError | None = None
        self.given: list[str] = []
        self.called_now: list[str] = []
        self.answers = 0

    def show_line(self, line: SiteLine, _here: object, mine: VisitRow | None) -> None:
        """See `DeskView`."""
        self.line, self.mine = line, mine

    def show_standing(self, standing: Standing) -> None:
        """See `GoingOnView`."""
        self.standing = standing

    def kept(self, visit: Any, _position: int) -> None:
        """See `GoingOnView`."""
        self.given.append(str(visit.ticket or visit.who))

    def issued(self, visit: Any, _who: str) -> None:
        """See `DeskView`."""
        self.given.append(str(visit.ticket))

    def not_issued(self, trouble: CrmError) -> None:
        """See `DeskView`."""
        self.trouble = trouble

    def show_trouble(self, trouble: CrmError | None) -> None:
        """See `DeskView`."""
        self.trouble = trouble

    def called(self, called: Called | None) -> None:
        """See `DeskView`."""
        self.called_now.append(f"{called.ticket} {called.place}" if called else "nobody")

    def answered(self) -> None:
        """See `DeskView`."""
        self.answers += 1

    def show_sites(self, *_: object) -> None:
        """See `DeskView`."""

    show_services = show_matches = show_texting = offer_undo = show_sites

    @property
    def rows(self) -> list[tuple[str, ContactState]]:
        """The line, as ticket and state."""
        return [(str(each.ticket), each.state) for each in self.line.rows] if self.line else []


class World:
    """One computer at a desk of a site, which a test cuts off, kills and starts again."""

    def __init__(self, centre: Centre, folder: Path, *, desk: int = 0, name: str = "pc") -> None:
        self.centre, self.folder, self.name = centre, folder, name
        self.site = add_site(centre) if name == "pc" else 1
        self.place = places(centre, self.site)[desk]
        self.key = Fernet.generate_key()
        self.away = False
        self.settings = {"desk/site": str(self.site), "desk/place": str(self.place)}
        self.later: list[Callable[[], None]] = []
        self.public: tuple[Called, ...] = ()
        self.passed = timedelta()
        self.start()

    def start(self, login: str = "anna") -> None:
        """As the program starts; also after it was killed."""
        self.view, self.later = Shown(), []
        self.store = KeptVisitors(SealedStore(self.folder / self.name, self.key), "db/", login)
        self.desk = GoingOnDesk(
            self.centre.as_person(login),
            ImmediateTasks(),
            self.view,
            _Settings(self.settings),
            self.store,
            opened=lambda _contact: None,
            called_here=lambda called: setattr(self, "public", called),
            computer=self.name,
            me=login,
            clock=lambda: datetime.now(UTC) + self.passed,
            is_away=lambda: self.away,
            later=lambda _ms, call: self.later.append(call),
        )
        self.desk.start()

    def go_away(self) -> None:
        """The feed says that the database is away."""
        self.away = True
        self.desk.set_state(FeedState(False, datetime.now(UTC)))

    def come_back(self) -> None:
        """The feed says that it is back."""
        self.away = False
        self.desk.set_state(FeedState(True, datetime.now(UTC)))
        self.desk.changed(Changes.everything())

    def again(self) -> None:
        """Ten seconds pass."""
        later, self.later = self.later, []
        for each in later:
            each()

    def arrive(self, who: str = "", key: int = 1) -> str:
        """Somebody is checked in; what they were given."""
        service = service_of(self.centre, self.site, key)
        self.desk.check_in(Arrival(who, service, None, (), "en", "", ""))
        return self.view.given[-1]

    @property
    def mine(self) -> int:
        """The row at this desk."""
        assert self.view.mine is not None
        return self.view.mine.contact_id

    def entered(self) -> list[tuple[str, str, str]]:
        """What the database has: ticket, who, state."""
        with self.centre.as_owner().read() as tx:
            rows = tx.session.execute(
                select(Visit.letter, Visit.number, Contact.who, Contact.state)
                .join(Contact, Contact.id == Visit.contact_id)
                .order_by(Contact.received_at, Contact.id)
            )
            return [(f"{row[0]}{row[1]:03d}", row[2], row[3]) for row in rows]


class _Settings:
    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def get(self, key: str) -> str | None:
        return self._values.get(key)

    def set(self, key: str, value: str) -> None:
        self._values[key] = value


@pytest.fixture
def world(sqlite_centre: Centre, tmp_path: Path) -> World:
    """A desk whose database is there; what the database says of each is tested in test_away."""
    return World(sqlite_centre, tmp_path)


def _ranges(centre: Centre) -> list[tuple[str, int]]:
    with centre.as_owner().read() as tx:
        rows = tx.session.execute(
            select(TicketRange.computer, TicketRange.first).order_by(TicketRange.id)
        )
        return [(row[0], row[1]) for row in rows]


def test_the_days_numbers_are_reserved_when_the_page_opens_and_not_again(world: World) -> None:
    world.start()
    world.desk.changed(Changes.everything())

    assert _ranges(world.centre) == [("pc", 900)]


def test_a_visitor_goes_all_the_way_without_the_database_and_is_entered_once(
    centre: Centre, tmp_path: Path
) -> None:
    world = World(centre, tmp_path)
    anna = world.centre.as_person("anna")
    visits.check_in(anna, arriving(world.site, service_of(world.centre, world.site), "before"))
    world.desk.changed(Changes.everything())
    world.go_away()
    assert [world.arrive("R. Doyle"), world.arrive(), world.arrive("K.", 2)] == [
        "A900", "A901", "B900",
    ]  # fmt: skip
    world.desk.call_next()
    world.desk.recall(world.mine)
    world.desk.serve(world.mine)
    world.desk.finish(world.mine, Resolution.RESOLVED)
    world.desk.call_next()
    service = service_of(world.centre, world.site)
    world.desk.answer_now(service, Resolution.SIGNPOSTED_COUNCIL, "bus pass")

    assert world.view.called_now == ["A900 Desk 1", "A900 Desk 1", "A901 Desk 1"]
    assert [str(each.ticket) for each in world.public] == ["A901", "A900"]
    assert world.view.rows == [
        ("A901", ContactState.CALLED), ("B900", ContactState.QUEUED), ("A001", ContactState.QUEUED),
    ]  # fmt: skip
    assert world.view.line is not None
    day = world.view.line.day
    assert (day.footfall, day.waiting, day.served, day.answered_now) == (5, 2, 1, 1)
    assert world.entered() == [("A001", "before", "queued")]

    world.come_back()
    world.come_back()

    assert sorted(world.entered()) == [
        ("A001", "before", "queued"),
        ("A002", "", "completed"),
        ("A900", "R. Doyle", "completed"),
        ("A901", "", "called"),
        ("B900", "K.", "queued"),
    ]
    assert world.store.visits() == ()
    assert world.view.standing is not None
    assert world.view.standing.entered == 4
    assert world.view.mine is not None
    assert str(world.view.mine.ticket) == "A901", "called here, and waited for here"


def test_only_who_was_checked_in_here_can_be_called(world: World) -> None:
    anna = world.centre.as_person("anna")
    visits.check_in(anna, arriving(world.site, service_of(world.centre, world.site), "before"))
    world.desk.changed(Changes.everything())
    world.go_away()
    world.desk.call_next()
    assert world.view.called_now == ["nobody"]
    assert world.view.line is not None
    before = world.view.line.rows[0].contact_id
    refusals: list[Callable[[], None]] = [
        partial(world.desk.call, before),
        partial(world.desk.move, before, ContactState.LEFT),
        partial(world.desk.serve, before),
        partial(world.desk.transfer, before, To(service_id=1), ""),
    ]
    for does in refusals:
        world.view.trouble = None
        does()
        assert isinstance(world.view.trouble, Conflict)

    world.arrive()
    world.arrive()
    world.desk.call_next()
    world.desk.call_next()
    assert str(world.view.trouble) == "A900 is there"
    with_first = world.mine
    world.desk.move(with_first, ContactState.NO_SHOW)
    assert str(world.view.trouble) == "call them again first"
    world.desk.recall(with_first)
    world.desk.move(with_first, ContactState.NO_SHOW)
    assert [state for _, state in world.view.rows] == [ContactState.QUEUED] * 2


def test_a_killed_desktop_finds_everything_again_and_goes_on(world: World) -> None:
    world.go_away()
    world.arrive("R. Doyle")
    world.arrive("A. Nowak")
    world.desk.call_next()

    world.start()
    assert world.view.rows == [("A900", ContactState.CALLED), ("A901", ContactState.QUEUED)]
    world.desk.serve(world.mine)
    assert world.arrive() == "A902"
    world.start()
    world.come_back()

    assert [state for _, _, state in world.entered()] == ["active", "queued", "queued"]


def test_an_answer_that_is_lost_enters_nobody_twice_and_nobody_is_called_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.go_away()
    for each in ("first", "second"):
        world.arrive(each)
    enter = visits_away.enter

    def lost(*said: Any) -> None:
        enter(*said)
        world.away = True
        raise DatabaseAway

    with monkeypatch.context() as patch:
        patch.setattr(visits_away, "enter", lost)
        world.come_back()
    world.go_away()
    world.desk.call_next()
    assert world.view.called_now == ["A901 Desk 1"], "all desks may have the first in their line"

    world.start()
    world.come_back()
    assert world.entered() == [("A900", "first", "queued"), ("A901", "second", "called")]


def test_a_check_in_whose_answer_is_lost_is_one_visitor(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_in = visits.check_in

    def lost(*said: Any) -> None:
        check_in(*said)
        raise DatabaseAway

    with monkeypatch.context() as patch:
        patch.setattr(visits, "check_in", lost)
        assert world.arrive("R. Doyle") == "A900"
    world.again()

    assert world.entered() == [("A001", "R. Doyle", "queued")]
    assert world.view.standing is not None
    assert world.view.standing.renamed == (("A900", "A001"),), "whoever holds the paper is told"


def test_with_no_number_left_the_visitor_is_kept_all_the_same(world: World) -> None:
    world.go_away()
    given = [world.arrive(f"visitor {number}") for number in range(12)]
    assert given[9:] == ["A909", "visitor 10", "visitor 11"]
    assert world.view.standing is not None
    assert world.view.standing.few[0][1] == 0
    for _ in range(11):
        world.desk.call_next()
        last = world.mine
        world.desk.serve(last)
        world.desk.finish(last, Resolution.RESOLVED)

    world.come_back()
    entered = world.entered()
    assert len(entered) == 12
    assert {who for _, who, _ in entered} == {f"visitor {number}" for number in range(12)}
    assert [state for _, _, state in entered].count("completed") == 11
    assert _ranges(world.centre) == [("pc", 900), ("pc/2", 910)], "a new one when it is used up"


def test_what_is_refused_is_kept_and_put_right_while_the_others_are_entered(world: World) -> None:
    world.go_away()
    closed, other = (service_of(world.centre, world.site, key) for key in (1, 2))
    for key in (1, 2):
        world.arrive(f"for {key}", key)
    with world.centre.as_owner().write() as tx:
        tx.session.get_one(Service, closed).active = False
    world.come_back()
    assert world.entered() == [("B900", "for 2", "queued")]
    (refused,) = world.store.visits()
    assert refused.refused

    world.start()
    world.desk.try_again(refused.key)
    assert len(world.store.visits()) == 1
    world.desk.for_service(refused.key, other)

    assert world.store.visits() == ()
    assert ("B001", "for 1", "queued") in world.entered()


def test_whoever_is_at_the_desk_in_the_database_is_finished_first(world: World) -> None:
    anna = world.centre.as_person("anna")
    visits.check_in(anna, arriving(world.site, service_of(world.centre, world.site)))
    world.desk.call_next()
    world.go_away()
    world.arrive("R. Doyle")
    world.arrive("A. Nowak")
    world.desk.call_next()
    world.come_back()
    assert world.view.standing is not None
    assert world.view.standing.held_by == "A001"
    assert world.entered()[1:] == [("A901", "A. Nowak", "queued")]

    with world.centre.as_owner().read() as tx:
        (first,) = tx.session.scalars(select(Contact.id).where(Contact.state == "called"))
    visits.left(anna, first)
    world.again()

    assert world.entered()[1] == ("A900", "R. Doyle", "called")


def test_what_a_colleague_did_is_entered_in_their_own_name(world: World) -> None:
    world.go_away()
    for each in ("seen", "waits"):
        world.arrive(each)
    world.desk.call_next()
    world.start("rose")
    assert world.view.line is None, "what anna knew of the site is not rose's"
    world.come_back()
    assert [who for _, who, _ in world.entered()] == ["waits"]

    world.start("anna")
    assert [who for _, who, _ in world.entered()] == ["seen", "waits"]


def test_two_computers_away_at_once_give_different_numbers(world: World, tmp_path: Path) -> None:
    other = World(world.centre, tmp_path, desk=1, name="other")
    both = (world, other)
    for each in both:
        each.go_away()
    given = [each.arrive() for _ in range(3) for each in both]
    for each in both:
        each.come_back()

    assert given == ["A900", "A910", "A901", "A911", "A902", "A912"]
    assert sorted(ticket for ticket, _, _ in world.entered()) == sorted(given)


def test_a_new_day_has_new_numbers(world: World) -> None:
    world.go_away()
    world.passed = timedelta(days=1)
    assert world.arrive("too early") == "too early", "yesterday's numbers are not given"
    assert replace(world.store.visits()[0], ticket=None) == world.store.visits()[0]


def test_a_number_that_the_database_has_given_to_somebody_else_is_a_new_one(world: World) -> None:
    world.go_away()
    world.arrive("first")
    anna, service = world.centre.as_person("anna"), service_of(world.centre, world.site)
    numbered = arriving(
        world.site, service, "somebody", ticket=Ticket("A", 900), arrived_at=datetime.now(UTC)
    )
    visits.check_in(anna, numbered)
    world.come_back()

    assert sorted(world.entered()) == [("A001", "first", "queued"), ("A900", "somebody", "queued")]
    assert world.view.standing is not None
    assert world.view.standing.renamed == (("A900", "A001"),)


def test_who_goes_to_another_desk_meanwhile_works_there_afterwards(world: World) -> None:
    world.go_away()
    world.arrive("R. Doyle")
    world.desk.call_next()
    world.desk.serve(world.mine)
    world.desk.finish(world.mine, Resolution.RESOLVED)
    other = places(world.centre, world.site)[1]
    world.desk.choose_place(other)
    world.come_back()

    assert [state for _, _, state in world.entered()] == ["completed"]
    line = visits.line(world.centre.as_person("anna"), world.site)
    assert [each.id for each in line.places if each.staff] == [other]
