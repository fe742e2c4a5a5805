"""The desk that goes on while the database is away: numbers of its own, and a line of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import count
from typing import Protocol

from crm_desktop.desktop.core.layout import PLACE, Settings, number_of
from crm_desktop.desktop.core.live import FeedState
from crm_desktop.desktop.core.presenting import Tasks
from crm_desktop.desktop.core.visitors import LocalVisitors
from crm_desktop.desktop.screens.desk import away_line
from crm_desktop.desktop.screens.desk.away_book import AwayBook, Later
from crm_desktop.desktop.screens.desk.away_numbers import NumberKeeper, day_of
from crm_desktop.desktop.screens.desk.presenter import Arrival, DeskPresenter, DeskView
from crm_desktop.domain.away_visits import AT_DESK, AwayVisit, KnownSite
from crm_desktop.domain.errors import (
    Conflict,
    CrmError,
    DatabaseTrouble,
    InvalidInput,
    SignInRefused,
)
from crm_desktop.domain.states import ContactState, Resolution
from crm_desktop.domain.texts import mobile
from crm_desktop.domain.visits import (
    Called,
    SiteInfo,
    SiteLine,
    SiteService,
    To,
)
from crm_desktop.services import Database, visits
from crm_desktop.services.visits_away import Entered

#: Whether a new day asks for new numbers is looked at so often.
_LOOK_MS = 10 * 60_000
_FEW = 3
_NO_MOBILE = "This is no mobile number that can be texted. Correct it, or leave it empty."


@dataclass(frozen=True, slots=True)
class Standing:
    """What the page says of being away and of what is kept here.

    `since`: the database is away (UTC), `known_at` when the line was read; None: it is there.
    `few`: services of which three numbers or fewer are left, with how many; `none_left`: it is so
    of all of them. `renamed`: who has
    another number in the line than on their ticket.
    """

    since: datetime | None
    known_at: datetime | None
    kept: tuple[AwayVisit, ...]
    entered: int
    renamed: tuple[tuple[str, str], ...]
    few: tuple[tuple[str, int], ...]
    none_left: bool
    held_by: str
    others: int
    problem: str
    damaged: int


class GoingOnView(DeskView, Protocol):
    """What the desk asks of the page besides."""

    def show_standing(self, standing: Standing) -> None:
        """Say whether the database is away, and what is to be entered."""

    def kept(self, visit: AwayVisit, position: int) -> None:
        """Somebody has a number from this computer, or none when none was left."""


class GoingOnDesk(DeskPresenter):
    """A desk's presenter that needs no database to check in, call and see who comes meanwhile.

    `called_here` hears of calls for the public screen of this computer.
    """

    _view: GoingOnView

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        view: GoingOnView,
        settings: Settings,
        kept: LocalVisitors,
        *,
        opened: Callable[[int], None],
        called_here: Callable[[tuple[Called, ...]], None],
        computer: str,
        me: str,
        clock: Callable[[], datetime],
        is_away: Callable[[], bool],
        later: Later,
    ) -> None:
        super().__init__(db, tasks, view, settings, opened=opened)
        self._kept, self._me = kept, me
        self._clock, self._is_away, self._later = clock, is_away, later
        self._called_here = called_here
        self.book = AwayBook(db, tasks, kept, self, me=me, is_away=is_away, later=later)
        self._numbers = NumberKeeper(db, tasks, kept, computer, changed=self._show)
        self._sites_known: tuple[SiteInfo, ...] = ()
        self._services: tuple[SiteService, ...] = ()
        self._site_info: SiteInfo | None = None
        self._from_before: KnownSite | None = None
        self._frame: object = None
        self._known_at: datetime | None = None
        self._since: datetime | None = None
        self._said: Standing | None = None
        self._trying: Callable[[], AwayVisit | None] | None = None
        self._row_ids: dict[str, int] = {}
        self._next_id = count(1)
        self._saving = False
        self._entered = 0
        self._renamed: list[tuple[str, str]] = []

    @property
    def away(self) -> bool:
        """Whether the database is away."""
        return self._is_away()

    def start(self) -> None:
        """Go where this was, with the database or with what is known here."""
        self.book.start()
        self.book.local(lambda: self._kept.site, self._site_kept)
        self._later(_LOOK_MS, self._look)
        if self.away:
            self._since = self._now
        else:
            super().start()

    def set_state(self, state: FeedState) -> None:
        """The database went away, or is back."""
        if not state.connected:
            self._since = self._since or state.since
            self._remember(always=True)
            self._use_what_is_known()
        elif self._since is not None:
            self._since = None
            self._entered, self._renamed = 0, []
            # What could not be done while it was away can be done now.
            self._view.show_trouble(None)
            super().start()
            self.book.start()
        self._show()

    # What the page asks; while the database is away it is done here.

    def choose_site(self, site_id: int) -> None:
        """See `DeskPresenter`."""
        if not self.away:
            super().choose_site(site_id)
        elif site_id != self._site:
            self._view.show_trouble(Conflict("another site while away"))

    def choose_place(self, place_id: int) -> None:
        """See `DeskPresenter`."""
        if not self.away:
            super().choose_place(place_id)
            return
        self._place = place_id
        self._settings.set(PLACE, str(place_id))
        self._show()

    def find(self, text: str) -> None:
        """See `DeskPresenter`; nobody is known while the database is away."""
        if self.away:
            self._view.show_matches(text, ())
        else:
            super().find(text)

    def check_in(self, arrival: Arrival) -> None:
        """See `DeskPresenter`."""
        if self._issuing:
            return
        self._trying = partial(self._arrived, arrival)
        if self.away and arrival.phone.strip() and mobile(arrival.phone) is None:
            self._view.not_issued(InvalidInput(_NO_MOBILE, fields={"phone": _NO_MOBILE}))
        elif self.away:
            self._keep_tried()
        else:
            super().check_in(arrival)

    def answer_now(self, service_id: int, resolution: Resolution, words: str) -> None:
        """See `DeskPresenter`."""
        if self._issuing:
            return
        self._trying = partial(self._answered_here, service_id, resolution, words)
        if self.away:
            self._keep_tried()
        else:
            super().answer_now(service_id, resolution, words)

    def call_next(self) -> None:
        """See `DeskPresenter`; while away the first of those who were checked in here."""
        if not self.away:
            super().call_next()
            return
        waiting = next((each for each in self._here() if each.may_be_called), None)
        if waiting is None:
            self._view.called(None)
            self._show()
        else:
            self._call_here(waiting)

    def call(self, contact_id: int) -> None:
        """See `DeskPresenter`."""
        visit = self._kept_row(contact_id)
        if visit is None:
            self._there_only(partial(super().call, contact_id))
        elif visit.may_be_called:
            self._call_here(visit)
        else:
            self._view.show_trouble(Conflict("perhaps in the line already"))

    def recall(self, contact_id: int) -> None:
        """See `DeskPresenter`."""
        visit = self._kept_row(contact_id)
        if visit is None:
            self._there_only(partial(super().recall, contact_id))
        elif visit.place_id is not None:
            self._say_called(visit.called(self._me, visit.place_id, visit.place_name, self._now))

    def serve(self, contact_id: int) -> None:
        """See `DeskPresenter`; while away there is no contact to open."""
        visit = self._kept_row(contact_id)
        if visit is None:
            self._there_only(partial(super().serve, contact_id))
        else:
            self._become(visit.seen(self._now))

    def finish(self, contact_id: int, resolution: Resolution) -> None:
        """Whoever is seen here while the database is away goes, and it ended so."""
        visit = self._kept_row(contact_id)
        if visit is not None and visit.state is ContactState.ACTIVE:
            self._become(visit.done(resolution, self._now))

    def move(self, contact_id: int, to: ContactState) -> None:
        """See `DeskPresenter`."""
        visit = self._kept_row(contact_id)
        if visit is None:
            self._there_only(partial(super().move, contact_id, to))
            return
        try:
            after = self._site_info.calls if self._site_info else 1
            back = to is ContactState.QUEUED
            self._become(visit.back() if back else visit.gone(to, self._now, after_calls=after))
        except Conflict as trouble:
            self._view.show_trouble(trouble)

    def transfer(self, contact_id: int, to: To, note: str) -> None:
        """See `DeskPresenter`; nobody is sent on while the database is away."""
        if self.may_send_on():
            super().transfer(contact_id, to, note)

    def may_send_on(self) -> bool:
        """Whether somebody can be sent on now; says why not, before anything is asked."""
        return self._there_is("sent on while away")

    def may_park(self) -> bool:
        """Whether somebody can wait apart now; says why not, before anything is asked."""
        return self._there_is("apart while away")

    def may_use_rooms(self) -> bool:
        """See `DeskPresenter`."""
        return self._there_is("rooms while away")

    def park(self, contact_id: int, until: datetime) -> None:
        """See `DeskPresenter`; whoever is not entered yet is at the desk or in its own line."""
        if self._kept_row(contact_id) is None:
            self._there_only(partial(super().park, contact_id, until))
        else:
            self._view.show_trouble(Conflict("perhaps in the line already"))

    # What is to be entered, as a person deals with what was refused.

    def try_again(self, key: str) -> None:
        """What refused it may have been put right."""
        for each in self.book.visits:
            if each.key == key:
                self.book.mend(each)

    def as_walk_in(self, key: str) -> None:
        """Enter it without the record or the appointment that the database refuses."""
        for each in self.book.visits:
            if each.key == key:
                self.book.mend(replace(each, customer_id=None, appointment_id=None))

    def for_service(self, key: str, service_id: int) -> None:
        """Enter it for another service: of whose letter it has a number that the line gives."""
        service = next((e for e in self._services if e.service_id == service_id), None)
        visit = next((each for each in self.book.visits if each.key == key), None)
        if service is not None and visit is not None:
            if visit.ticket is not None and visit.ticket.letter != service.letter:
                visit = visit.without_ticket()
            self.book.mend(replace(visit, service_id=service_id, service_name=service.name))

    def discard(self, key: str) -> None:
        """Throw it away."""
        self.book.discard(key)

    # BookView

    def book_changed(self) -> None:
        """See `BookView`."""
        self._show()

    def entered(self, visit: AwayVisit, became: Entered) -> None:
        """See `BookView`."""
        self._entered += 1
        given = None if visit.quick else became.ticket
        if given is not None and given != visit.ticket:
            self._renamed.append((visit.known_as, str(given)))
        if self._place is not None and visit.place_id not in (None, self._place):
            # They were called from another desk; this is where this person works now.
            self._tasks.write(partial(visits.at, self._db, self._place), failed=_never_mind)

    # The base's

    def _sites(self, sites: tuple[SiteInfo, ...]) -> None:
        self._sites_known = sites
        super()._sites(sites)

    def _show_services(self, services: tuple[SiteService, ...]) -> None:
        self._services = services
        super()._show_services(services)

    def _show_read(self, line: SiteLine) -> None:
        self._known_at = self._now
        self._site_info = next((e for e in self._sites_known if e.id == self._site), None)
        super()._show_read(line)
        self._remember()
        self._renew(line.day.day)

    def _read(self) -> None:
        if not self.away:
            super()._read()

    def _not_read(self, trouble: CrmError) -> None:
        if not self.away:
            super()._not_read(trouble)

    def _not_issued(self, trouble: CrmError) -> None:
        lost = isinstance(trouble, DatabaseTrouble) and not isinstance(trouble, SignInRefused)
        if lost and self._trying is not None:
            # The visitor stands there. It may have arrived all the same: the key makes it one.
            self._keep_tried(trouble)
        else:
            super()._not_issued(trouble)

    def _show(self) -> None:
        said = self._standing()
        if said != self._said:
            self._said = said
            self._view.show_standing(said)
        if self.away and self._line is not None:
            self._show_here(self._line)
        else:
            super()._show()

    # The line of this computer

    @property
    def _now(self) -> datetime:
        return self._clock()

    def _here(self) -> list[AwayVisit]:
        return [each for each in self.book.visits if each.site_id == self._site]

    def _row_id(self, visit: AwayVisit) -> int:
        """Below zero, as no contact's is."""
        if visit.key not in self._row_ids:
            self._row_ids[visit.key] = -next(self._next_id)
        return self._row_ids[visit.key]

    def _kept_row(self, contact_id: int) -> AwayVisit | None:
        return next((each for each in self._here() if self._row_id(each) == contact_id), None)

    def _show_here(self, known: SiteLine) -> None:
        here = self._here()
        rows = [away_line.row_of(each, self._row_id(each), me=self._me) for each in here]
        called = [away_line.called_of(each, self._row_id(each)) for each in here]
        line = away_line.merged(known, here, rows, [each for each in called if each])
        place = next((each for each in line.places if each.id == self._place), None)
        mine = next(
            (
                row
                for row in rows
                if place is not None and row.place_id == place.id and row.state in AT_DESK
            ),
            None,
        )
        self._view.show_line(line, place, mine)
        self._called_here(line.called)

    def _call_here(self, visit: AwayVisit) -> None:
        place = (
            next((e for e in self._line.places if e.id == self._place), None)
            if self._line
            else None
        )
        if place is None or self._saving:
            return
        there = next(
            (e for e in self._here() if e.place_id == place.id and e.state in AT_DESK), None
        )
        if there is not None:
            self._view.show_trouble(Conflict(f"{there.ticket or 'A visitor'} is there"))
            return
        self._say_called(visit.called(self._me, place.id, place.name, self._now))

    def _say_called(self, visit: AwayVisit) -> None:
        def said(kept: AwayVisit) -> None:
            called = away_line.called_of(kept, self._row_id(kept))
            if called is not None:
                self._view.called(called)

        self._become(visit, said)

    def _become(
        self, visit: AwayVisit, then: Callable[[AwayVisit], None] = lambda _visit: None
    ) -> None:
        """It is shown once it is safe; what is on its way to the database is not changed."""
        if self._saving or self.book.is_on_its_way(visit.key):
            return
        self._saving = True

        def safe(kept: AwayVisit) -> None:
            self._saving = False
            self._view.show_trouble(None)
            self._show()
            then(kept)
            self.book.enter()

        self.book.keep(visit, safe)

    def _there_is(self, why_not: str) -> bool:
        if self.away:
            self._view.show_trouble(Conflict(why_not))
        return not self.away

    def _there_only(self, does: Callable[[], None]) -> None:
        """For whoever is in the database: nobody else knows what others did with them meanwhile."""
        if self.away:
            self._view.show_trouble(Conflict("known from before"))
        else:
            does()

    # Who comes

    def _keep_tried(self, trouble: CrmError | None = None) -> None:
        visit = self._trying() if self._trying else None
        service = next(
            (e for e in self._services if visit and e.service_id == visit.service_id), None
        )
        if visit is None or service is None:
            self._issuing = False
            self._view.not_issued(trouble or Conflict("nothing is known of this site"))
            return
        self._issuing = True
        letter = "" if visit.quick else service.letter
        self.book.arrive(visit, letter, day_of(visit.arrived_at), self._kept_arrival)

    def _kept_arrival(self, visit: AwayVisit) -> None:
        self._trying = None
        self._free()
        if visit.quick:
            self._view.answered()
        else:
            self._view.kept(visit, self._position(visit))
        self._numbers.begin(visit.site_id)
        self.book.enter()

    def _position(self, visit: AwayVisit) -> int:
        before = next((e.waiting for e in self._services if e.service_id == visit.service_id), 0)
        since = [e for e in self._here() if e.service_id == visit.service_id]
        return before + sum(1 for each in since if each.state is ContactState.QUEUED)

    def _arrived(self, arrival: Arrival) -> AwayVisit | None:
        service = next((e for e in self._services if e.service_id == arrival.service_id), None)
        if self._site is None or service is None:
            return None
        match = arrival.match
        return AwayVisit(
            key=self._key,
            site_id=self._site,
            service_id=arrival.service_id,
            service_name=service.name,
            arrived_at=self._now,
            checked_in_by=self._me,
            who=match.who if match else arrival.who,
            customer_id=match.customer_id if match else None,
            appointment_id=match.appointment_id if match else None,
            needs=arrival.needs,
            language=arrival.language,
            phone=mobile(arrival.phone) or "",
            note=arrival.note,
        )

    def _answered_here(
        self, service_id: int, resolution: Resolution, words: str
    ) -> AwayVisit | None:
        visit = self._arrived(Arrival("", service_id, None, (), "en", "", words))
        if visit is None:
            return None
        return _quick(visit, self._me, resolution)

    def _look(self) -> None:
        if not self.away:
            self._renew(day_of(self._now))
        self._later(_LOOK_MS, self._look)

    def _renew(self, today: date) -> None:
        if self._site is not None and self._place is not None:
            self._numbers.renew(self._site, today, [each.letter for each in self._services])

    # What is known here of the site

    def _site_kept(self, known: KnownSite | None) -> None:
        self._from_before = known
        self._use_what_is_known()

    def _use_what_is_known(self) -> None:
        """Without a line of its own the page has what an earlier run knew."""
        known = self._from_before
        if not self.away or self._line is not None or known is None:
            return
        self._known_at, self._site, self._line = known.at, known.site.id, known.line
        self._site_info, self._services = known.site, known.services
        self._place = number_of(self._settings, PLACE)
        self._numbers.begin(known.site.id)
        self._view.show_sites((known.site,), known.site.id)
        self._view.show_services(known.services)
        self._show()

    def _remember(self, *, always: bool = False) -> None:
        """Keep what a start without the database needs: when it is another, and when it goes."""
        if self._site_info is None or self._line is None or self._known_at is None:
            return
        known = KnownSite(self._site_info, self._services, self._line, self._known_at)
        frame = _frame(known)
        if always or frame != self._frame:
            self._frame = frame
            self.book.local(partial(self._kept.know, known), _never_mind)

    def _standing(self) -> Standing:
        away, today, site = self.away, day_of(self._now), self._site or 0
        counts = [
            (each.name, self._numbers.left(site, today, each.letter)) for each in self._services
        ]
        return Standing(
            since=(self._since or self._now) if away else None,
            known_at=self._known_at if away else None,
            kept=self.book.visits,
            entered=self._entered,
            renamed=tuple(self._renamed),
            none_left=away and not any(left for _, left in counts),
            few=tuple((name, left) for name, left in counts if left <= _FEW) if away else (),
            held_by=next(iter(self.book.held.values()), ""),
            others=len(self.book.of_others()),
            problem=self._kept.problem if self.book.visits or away else "",
            damaged=self._kept.damaged,
        )


def _quick(visit: AwayVisit, me: str, resolution: Resolution) -> AwayVisit:
    now = visit.arrived_at
    return replace(
        visit, quick=True, staff=me, state=ContactState.COMPLETED, resolution=resolution,
        seen_at=now, ended_at=now,
    )  # fmt: skip


def _frame(known: KnownSite) -> object:
    """What of a site seldom changes."""
    services = [(e.service_id, e.name, e.letter, e.key) for e in known.services]
    return known.site, services, [(e.id, e.name, e.kind) for e in known.line.places]


def _never_mind(_answer: object) -> None:
    """It is kept, or `problem` says why not."""
