"""Rooms on both dialects: kept free, proposed by rule, taken, done without, and who is where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, NotAllowed, NotFound, Taken
from crm_desktop.domain.states import Resolution
from crm_desktop.domain.views import Disposition
from crm_desktop.domain.visits import Need, PlaceView
from crm_desktop.services import Database, contacts, rooms, visits
from crm_desktop.store.models import Event
from tests.centre import Centre
from tests.visits_centre import add_place, add_site, arriving, book, known, places, service_of


@dataclass
class Shop:
    """Rose at the first of two desks; an interview and a secure room."""

    centre: Centre
    rose: Database
    site: int
    desk: int
    service: int
    interview: int
    secure: int

    def place(self, place_id: int) -> PlaceView:
        """A desk or room as Rose sees it now."""
        return next(p for p in visits.line(self.rose, self.site).places if p.id == place_id)

    def arrives(self, *, marker: bool = False, **more: object) -> int:
        """Somebody checks in; their contact."""
        if marker:
            more["customer_id"] = known(self.centre, "R. Doyle", marker=True)
        said = arriving(self.site, self.service, "R. Doyle", **more)
        return visits.check_in(self.rose, said)[0].contact_id


@pytest.fixture
def shop(centre: Centre) -> Shop:
    """A site in use."""
    site = add_site(centre)
    rose, desk = centre.as_person("rose"), places(centre, site)[0]
    interview = add_place(centre, site, "interview", "Interview 1")
    secure = add_place(centre, site, "secure", "Room 5")
    visits.at(rose, desk)
    return Shop(centre, rose, site, desk, service_of(centre, site), interview, secure)


def _said(centre: Centre, contact_id: int, kind: str) -> dict[str, object]:
    with centre.as_owner().read() as tx:
        found = select(Event.data).where(Event.contact_id == contact_id, Event.kind == kind)
        return tx.session.scalars(found).one()


def _soon(**more: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(**more)


def test_a_room_is_held_let_go_and_refused_without_words(shop: Shop) -> None:
    until = _soon(hours=1)

    rooms.hold(shop.rose, shop.interview, until, " police interview ")
    held = shop.place(shop.interview)
    assert (held.held_until, held.held_for) == (until, "police interview")

    rooms.hold(shop.rose, shop.interview, None)
    free = shop.place(shop.interview)
    assert (free.held_until, free.held_for) == (None, "")

    soon = _soon(hours=1)
    with pytest.raises(NotAllowed):
        rooms.hold(shop.centre.as_person("anna"), shop.interview, soon, "mine")
    for place, visit in ((99_999, None), (shop.interview, 99_999)):
        with pytest.raises(NotFound):
            rooms.hold(shop.rose, place, soon, "a talk", visit)
    for until, why in (
        (soon, ""),
        (soon + timedelta(days=2), "long"),
        (soon - timedelta(hours=2), "past"),
    ):
        with pytest.raises(Conflict):
            rooms.hold(shop.rose, shop.interview, until, why)


def test_no_room_is_held_over_somebody_and_nobody_is_called_into_a_held_one(shop: Shop) -> None:
    visit = shop.arrives()
    rooms.hold(shop.rose, shop.desk, _soon(hours=1), "training")
    with pytest.raises(Conflict, match="Desk 1 is kept free"):
        visits.call_next(shop.rose, shop.desk)
    rooms.hold(shop.rose, shop.desk, None)
    visits.call_next(shop.rose, shop.desk)

    with pytest.raises(Conflict, match="A001 is at Desk 1"):
        rooms.hold(shop.rose, shop.desk, _soon(hours=1), "training")

    rooms.hold(shop.rose, shop.interview, _soon(hours=1), "training")
    with pytest.raises(Conflict, match="Interview 1 is kept free"):
        rooms.into_room(shop.rose, visit, shop.interview)


def test_nobody_is_taken_up_again_at_a_desk_that_is_kept_free(shop: Shop) -> None:
    visit = shop.arrives()
    visits.call(shop.rose, visit, shop.desk)
    visits.serve(shop.rose, visit)
    contacts.park(shop.rose, visit, _soon(hours=1))
    rooms.hold(shop.rose, shop.desk, _soon(hours=1), "training")

    with pytest.raises(Conflict, match="Desk 1 is kept free"):
        contacts.resume(shop.rose, visit)
    rooms.hold(shop.rose, shop.desk, _soon(hours=1), "them", visit)
    contacts.resume(shop.rose, visit)

    assert shop.place(shop.desk).visit_id == visit


def test_who_goes_on_to_another_room_keeps_the_first_no_more(shop: Shop) -> None:
    visit = shop.arrives()
    rooms.hold(shop.rose, shop.interview, _soon(hours=1), "them", visit)
    visits.call(shop.rose, visit, shop.desk)

    rooms.into_room(shop.rose, visit, shop.secure)

    first, second = shop.place(shop.interview), shop.place(shop.secure)
    assert (first.held_until, first.held_visit_id, second.held_visit_id) == (None, None, visit)


def test_who_has_a_marker_is_proposed_a_room_which_is_free_again_after_them(shop: Shop) -> None:
    visit = shop.arrives(marker=True)
    called, _ = visits.call_next(shop.rose, shop.desk)
    assert called is not None
    assert called.proposal is not None
    assert (called.proposal.place, called.proposal.says_why) == ("Room 5", True)

    moved, changes = rooms.into_room(shop.rose, visit, shop.secure)

    assert (str(moved.ticket), moved.place) == ("A001", "Room 5")
    assert changes.ids(Topic.CALLED) == {shop.site}, "public screens say where to go"
    line = visits.line(shop.rose, shop.site)
    assert line.called[0].place == "Room 5"
    assert line.mine == (visit,)
    room = shop.place(shop.secure)
    assert (room.visit_id, room.serving, room.held_visit_id) == (visit, "Rose Boateng", visit)
    assert shop.place(shop.desk).visit_id is None

    visits.serve(shop.rose, visit)
    contacts.begin_wrap_up(shop.rose, visit)
    contacts.complete(shop.rose, visit, Disposition(None, Resolution.RESOLVED, False))

    room = shop.place(shop.secure)
    assert (room.visit_id, room.held_until, room.held_for) == (None, None, "")
    called, _ = visits.call(shop.rose, shop.arrives(marker=True), shop.desk)
    assert called.proposal is not None
    assert called.proposal.place == "Room 5"


def test_without_the_room_one_says_why_where_there_is_a_marker(shop: Shop) -> None:
    visit = shop.arrives(marker=True)
    visits.call_next(shop.rose, shop.desk)
    with pytest.raises(Conflict, match="say why"):
        rooms.without_room(shop.rose, visit, "  ")

    rooms.without_room(shop.rose, visit, "Ravi stands by")

    said = _said(shop.centre, visit, "visit.without_room")
    assert said == {"why": "Ravi stands by", "marker": True}
    assert visits.line(shop.rose, shop.site).decided == (visit,)

    visits.back_to_line(shop.rose, visit)
    other = shop.arrives(needs=(Need.PRIVATE_ROOM,))
    called, _ = visits.call(shop.rose, other, shop.desk)
    assert called.proposal is not None
    assert (called.proposal.place, called.proposal.says_why) == ("Interview 1", False)

    rooms.without_room(shop.rose, other, "")
    assert _said(shop.centre, other, "visit.without_room") == {"why": "", "marker": False}


def test_at_check_in_the_room_is_proposed_and_can_be_kept(shop: Shop) -> None:
    said = arriving(
        shop.site, shop.service, customer_id=known(shop.centre, "R. Doyle", marker=True)
    )
    checked, _ = visits.check_in(shop.rose, said)
    assert checked.proposal is not None
    assert checked.proposal.place_id == shop.secure

    rooms.hold(shop.rose, shop.secure, _soon(hours=1), "A001", checked.contact_id)

    other = shop.arrives()
    visits.call(shop.rose, other, shop.desk)
    with pytest.raises(Conflict, match="Room 5 is kept free"):
        rooms.into_room(shop.rose, other, shop.secure)
    visits.back_to_line(shop.rose, other)
    called, _ = visits.call(shop.rose, checked.contact_id, shop.desk)
    assert called.proposal is not None
    assert called.proposal.place_id == shop.secure, "what is kept for them is theirs"
    rooms.into_room(shop.rose, checked.contact_id, shop.secure)


def test_who_is_free_to_come_too_is_said(shop: Shop) -> None:
    ben = shop.centre.as_person("ben")
    visits.at(ben, places(shop.centre, shop.site)[1])
    rooms.hold(shop.rose, shop.secure, _soon(hours=1), "cleaning")
    shop.arrives(marker=True)
    called, _ = visits.call_next(shop.rose, shop.desk)
    assert called is not None
    assert called.proposal is not None
    assert (called.proposal.place, called.proposal.in_twos) == ("Interview 1", True)
    assert [each.place for each in called.proposal.colleagues] == ["Desk 2"]

    shop.arrives()
    visits.call_next(ben, places(shop.centre, shop.site)[1])
    assert visits.line(shop.rose, shop.site).free == (), "Ben has a visitor"


def test_only_who_has_the_visitor_takes_them_to_a_room(shop: Shop) -> None:
    visit = shop.arrives()
    with pytest.raises(Conflict):
        rooms.into_room(shop.rose, visit, shop.interview)
    visits.call_next(shop.rose, shop.desk)
    with pytest.raises(Taken):
        rooms.into_room(shop.centre.as_person("ben"), visit, shop.interview)
    with pytest.raises(NotFound):
        rooms.into_room(shop.rose, visit, places(shop.centre, add_site(shop.centre, "library"))[0])


def test_a_walk_in_who_would_still_be_there_is_not_called_before_a_booking(shop: Shop) -> None:
    visit = shop.arrives()
    book(shop.centre, shop.site, shop.service, "AB12CE", after=timedelta(minutes=12))
    assert visits.call_next(shop.rose, shop.desk)[0] is not None, "eight fit into twelve"
    visits.back_to_line(shop.rose, visit)
    book(shop.centre, shop.site, shop.service, "AB12CD", after=timedelta(minutes=6))
    assert visits.call_next(shop.rose, shop.desk)[0] is None, "eight minutes do not fit into six"
    assert shop.place(shop.desk).booked_at is not None

    called, _ = visits.call(shop.rose, visit, shop.desk)
    assert called.contact_id == visit, "a person may decide otherwise"


def test_who_was_said_to_have_gone_waits_again(shop: Shop) -> None:
    visit = shop.arrives()
    before = visits.line(shop.rose, shop.site).rows[0]
    visits.left(shop.rose, visit)
    with pytest.raises(NotAllowed):
        rooms.undo(shop.centre.as_person("ben"), visit)

    rooms.undo(shop.rose, visit)

    line = visits.line(shop.rose, shop.site)
    assert (line.rows[0].due_at, line.day.left_unseen) == (before.due_at, 0)
    with pytest.raises(Conflict):
        rooms.undo(shop.rose, visit)

    visits.call_next(shop.rose, shop.desk)
    visits.recall(shop.rose, visit)
    visits.no_show(shop.rose, visit)

    rooms.undo(shop.rose, visit)

    assert [row.contact_id for row in visits.line(shop.rose, shop.site).rows] == [visit]
