"""What the desk's page shows and does: one site, and the desk where this computer stands."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core import tickets, words
from crm_desktop.desktop.core.layout import PLACE, SITE, Settings, number_of
from crm_desktop.desktop.core.presenting import CancelToken, Presenter, Tasks
from crm_desktop.desktop.core.tickets import Paper, TicketPrint
from crm_desktop.desktop.screens.desk.rooms_presenter import RoomsPresenter
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import Conflict, CrmError
from crm_desktop.domain.states import ContactState, Resolution
from crm_desktop.domain.views import Moved
from crm_desktop.domain.visits import (
    AnsweredNow,
    Called,
    CheckedIn,
    CheckedInBy,
    CheckIn,
    Match,
    Need,
    PlaceKind,
    PlaceView,
    SiteInfo,
    SiteLine,
    SiteService,
    Ticket,
    To,
    VisitRow,
)
from crm_desktop.services import Database, contacts, texts, visits

_PRINTER, _PAPER = "desk/printer", "desk/paper"
_AT_DESK = (ContactState.CALLED, ContactState.ACTIVE, ContactState.HELD)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the form says of somebody who arrives."""

    who: str
    service_id: int
    match: Match | None
    needs: tuple[Need, ...]
    language: str
    phone: str
    note: str


class DeskView(Protocol):
    """What the presenter asks of the page."""

    def show_sites(self, sites: tuple[SiteInfo, ...], chosen: int | None) -> None:
        """Offer these; None is chosen: the page asks which."""

    def show_services(self, services: tuple[SiteService, ...]) -> None:
        """What a visit can be about."""

    def show_texting(self, on: bool) -> None:
        """Whether visitors can be texted, so that a number is asked for."""

    def show_line(self, line: SiteLine, here: PlaceView | None, mine: VisitRow | None) -> None:
        """Show the site now; `here` is this desk, `mine` who is called or seen there."""

    def show_matches(self, text: str, matches: tuple[Match, ...]) -> None:
        """Who may be meant by what was typed."""

    def issued(self, visit: CheckedIn, who: str) -> None:
        """The ticket is given; the form is free for the next."""

    def not_issued(self, trouble: CrmError) -> None:
        """Say why not; what was entered stays."""

    def answered(self) -> None:
        """A quick question is counted."""

    def called(self, called: Called | None) -> None:
        """Who was called; None: nobody waits for this desk."""

    def offer_undo(self, text: str, undo: Callable[[], None]) -> None:
        """Say what was done, and offer to take it back."""

    def show_trouble(self, trouble: CrmError | None) -> None:
        """Say what could not be read or done; None: all is well again."""


class DeskPresenter(Presenter):
    """One computer of a shop. `opened` hears of a visit that begins to be seen here."""

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        view: DeskView,
        settings: Settings,
        *,
        opened: Callable[[int], None],
    ) -> None:
        super().__init__(tasks)
        self._db, self._view, self._settings, self._opened = db, view, settings, opened
        self._site: int | None = None
        self._place: int | None = None
        self._key = uuid.uuid4().hex
        self._issuing = self._calling = False
        self._unread = False
        self._line: SiteLine | None = None
        self.rooms = RoomsPresenter(
            db,
            tasks,
            view,
            done_well=self._done_well,
            refused=self._refused,
            allowed=self.may_use_rooms,
        )

    def start(self) -> None:
        """Read where this could be, and go where it was."""
        self._tasks.read(
            partial(visits.sites, self._db),
            self._sites,
            failed=self._not_read,
            key="sites",
        )
        self._tasks.read(
            partial(texts.is_set_up, self._db),
            self._view.show_texting,
            failed=_never_mind,
            key="texting",
        )

    def stop(self) -> None:
        """Whoever worked here goes."""
        if self._place is not None:
            self._tasks.write(partial(visits.at, self._db, None), failed=_never_mind)

    def changed(self, changes: Changes) -> None:
        """Read the line again when something of this site is another."""
        if self._site is None:
            return
        here = {row.contact_id for row in self._line.rows} if self._line else set()
        moved = here & changes.ids(Topic.CONTACT)
        if changes.has(Topic.EVERYTHING) or self._site in changes.ids(Topic.SITE) or moved:
            self._read()

    def choose_site(self, site_id: int) -> None:
        """This computer stands there; whoever works here leaves the desk of another site."""
        if site_id == self._site:
            return
        if self._place is None:
            self._stand(site_id)
        elif (ticket := self._with_me()) is not None:
            # Whoever leaves a desk would leave its visitor there.
            self._refused(Conflict(f"{ticket} is with you"))
        else:
            self._tasks.write(
                partial(visits.at, self._db, None),
                lambda _: self._stand(site_id),
                failed=self._refused,
            )

    def choose_place(self, place_id: int) -> None:
        """At this desk or room; where it was before when the database refuses that."""
        before, self._place = self._place, place_id
        self._settings.set(PLACE, str(place_id))
        self._tasks.write(
            partial(visits.at, self._db, place_id),
            self._written,
            failed=partial(self._not_there, before),
        )
        self._show()

    def find(self, text: str) -> None:
        """Who may be meant, as the name is typed."""
        if self._site is None or not text.strip():
            self._view.show_matches(text, ())
            return
        self._tasks.search(
            partial(_find, self._db, self._site, text),
            partial(self._view.show_matches, text),
            # Whoever waits for it goes on without: the name is kept as it was typed.
            failed=lambda _: self._view.show_matches(text, ()),
            key="matches",
        )

    def check_in(self, arrival: Arrival) -> None:
        """Give a ticket; asked twice it is one."""
        if self._site is None or self._issuing:
            return
        self._issuing = True
        match = arrival.match
        said = CheckIn(
            key=self._key,
            site_id=self._site,
            service_id=arrival.service_id,
            by=CheckedInBy.APPOINTMENT if match and match.appointment_id else CheckedInBy.DESK,
            who=match.who if match else arrival.who,
            customer_id=match.customer_id if match else None,
            appointment_id=match.appointment_id if match else None,
            needs=arrival.needs,
            language=arrival.language,
            phone=arrival.phone,
            note=arrival.note,
        )
        self._tasks.write(
            partial(visits.check_in, self._db, said),
            partial(self._issued, said.who),
            failed=self._not_issued,
        )

    def answer_now(self, service_id: int, resolution: Resolution, words: str) -> None:
        """Count a quick question."""
        if self._site is None or self._issuing:
            return
        self._issuing = True
        said = AnsweredNow(self._key, self._site, service_id, resolution, words)
        self._tasks.write(
            partial(visits.answer_now, self._db, said), self._answered, failed=self._not_issued
        )

    def may_use_rooms(self) -> bool:
        """Whether rooms and partners' desks can be used now; says why not."""
        return True

    def call_next(self) -> None:
        """Call whoever is next for this desk."""
        if self._place is not None:
            self._call(partial(visits.call_next, self._db, self._place))

    def call(self, contact_id: int) -> None:
        """Call this one."""
        if self._place is not None:
            self._call(partial(visits.call, self._db, contact_id, self._place))

    def recall(self, contact_id: int) -> None:
        """Call once more."""
        self._call(partial(visits.recall, self._db, contact_id))

    def serve(self, contact_id: int) -> None:
        """They are here: the contact opens as any other."""
        self._tasks.write(
            partial(visits.serve, self._db, contact_id),
            self._served,
            failed=self._refused,
        )

    def move(self, contact_id: int, to: ContactState) -> None:
        """Back to the line, a no-show, or gone unseen; that can be taken back."""
        does, said, undo = {
            ContactState.QUEUED: (visits.back_to_line, "waits again", self.call),
            ContactState.NO_SHOW: (visits.no_show, "did not come", self.rooms.wait_again),
            ContactState.LEFT: (visits.left, "left", self.rooms.wait_again),
        }[to]
        text = f"{self._ticket(contact_id)} {said}"
        self._tasks.write(
            partial(does, self._db, contact_id),
            partial(self._undoable, text, partial(undo, contact_id)),
            failed=self._refused,
        )

    def transfer(self, contact_id: int, to: To, note: str) -> None:
        """To another desk, room, partner or service; back to this desk, or the service before."""
        row = self._row(contact_id)
        undo = partial(self.call, contact_id)
        if row is not None and (row.state is ContactState.QUEUED or to.service_id is not None):
            before = To(service_id=row.service_id)
            undo = partial(self._do, partial(visits.transfer, self._db, contact_id, before, ""))
        self._tasks.write(
            partial(visits.transfer, self._db, contact_id, to, note),
            partial(self._undoable, f"{self._ticket(contact_id)} is sent on", undo),
            failed=self._refused,
        )

    def park(self, contact_id: int, until: datetime) -> None:
        """They come back to the line then, with their ticket."""
        self._tasks.write(
            partial(contacts.park, self._db, contact_id, until),
            partial(
                self._undoable,
                f"{self._ticket(contact_id)} waits apart until {words.clock_time(until)}",
                partial(self._do, partial(contacts.resume, self._db, contact_id)),
            ),
            failed=self._refused,
        )

    def _call(self, does: Callable[[], tuple[Called | None, Changes]]) -> None:
        """Asked twice before the answer it is one call."""
        if not self._calling:
            self._calling = True
            self._tasks.write(does, self._called, failed=self._not_called)

    def _do(self, does: Callable[[], object]) -> None:
        self._tasks.write(does, self._written, failed=self._refused)

    def _undoable(self, text: str, undo: Callable[[], None], _answer: object) -> None:
        self._done_well()
        self._view.offer_undo(text, undo)

    def _with_me(self) -> Ticket | None:
        """Whom this person has called or at the desk."""
        if self._line is None:
            return None
        own = (row for row in self._line.rows if row.contact_id in self._line.mine)
        return next((row.ticket for row in own if row.state in _AT_DESK), None)

    def _stand(self, site_id: int) -> None:
        self._site, self._place, self._line = site_id, None, None
        self._settings.set(SITE, str(site_id))
        self._settings.set(PLACE, "")
        self._read()

    def _row(self, contact_id: int) -> VisitRow | None:
        rows = self._line.rows if self._line else ()
        return next((row for row in rows if row.contact_id == contact_id), None)

    def _ticket(self, contact_id: int) -> str:
        row = self._row(contact_id)
        return str(row.ticket) if row is not None and row.ticket else "This visitor"

    def _sites(self, sites: tuple[SiteInfo, ...]) -> None:
        known = {each.id for each in sites}
        remembered = number_of(self._settings, SITE)
        if remembered not in known:
            remembered = next(iter(known)) if len(known) == 1 else None
        self._view.show_sites(sites, remembered)
        if remembered is not None:
            self._site = remembered
            self._place = number_of(self._settings, PLACE)
            if self._place is not None:
                self._tasks.write(
                    partial(visits.at, self._db, self._place),
                    self._written,
                    failed=self._refused,
                )
            self._read()

    def _read(self) -> None:
        if self._site is None:
            return
        self._tasks.read(
            partial(visits.site_services, self._db, self._site),
            self._show_services,
            failed=self._not_read,
            key="services",
        )
        self._tasks.read(
            partial(visits.line, self._db, self._site),
            self._show_read,
            failed=self._not_read,
            key="line",
        )

    def _show_services(self, services: tuple[SiteService, ...]) -> None:
        self._view.show_services(services)

    def _show_read(self, line: SiteLine) -> None:
        self._line = line
        if self._unread:
            self._unread = False
            self._view.show_trouble(None)
        self._show()

    def _not_read(self, trouble: CrmError) -> None:
        self._unread = True
        self._view.show_trouble(trouble)

    def _refused(self, trouble: CrmError) -> None:
        """It stays said whatever is read, until something is done well; all can be tried again."""
        self._unread = False
        self._view.show_trouble(trouble)
        self._show()

    def _not_there(self, before: int | None, trouble: CrmError) -> None:
        self._place = before
        self._settings.set(PLACE, "" if before is None else str(before))
        self._refused(trouble)

    def _show(self) -> None:
        if self._line is None:
            return
        here = next((each for each in self._line.places if each.id == self._place), None)
        partners = {p.id for p in self._line.places if p.kind is PlaceKind.PARTNER}
        there = [row for row in self._line.rows if row.state in _AT_DESK]
        at_desk = (row for row in there if here is not None and row.place_id == here.id)
        # Or in a room, with this person.
        own = (
            row
            for row in there
            if row.contact_id in self._line.mine and row.place_id not in partners
        )
        self._view.show_line(self._line, here, next(at_desk, None) or next(own, None))

    @property
    def printing(self) -> tuple[str, Paper]:
        """The printer of tickets, "" for none, and what is in it."""
        kept = self._settings.get(_PAPER)
        known = {each.value for each in Paper}
        return self._settings.get(_PRINTER) or "", Paper(kept if kept in known else Paper.ROLL)

    def set_printing(self, printer: str, paper: Paper) -> None:
        """Print tickets there; "": they are only told."""
        self._settings.set(_PRINTER, printer)
        self._settings.set(_PAPER, paper.value)

    def list_printers(self, then: Callable[[tuple[str, ...]], None]) -> None:
        """Look for printers: that may take a while."""
        self._tasks.search(_printers, then, failed=self._view.show_trouble, key="printers")

    def print_again(self, said: TicketPrint) -> None:
        """Print a ticket where tickets are printed."""
        printer, paper = self.printing
        if printer:
            # Each one comes out, so without a key; no write waits for a printer.
            self._tasks.search(
                partial(_print, printer, paper, said), _printed, failed=self._view.show_trouble
            )

    def _issued(self, who: str, answer: tuple[CheckedIn, Changes]) -> None:
        self._free()
        self._view.issued(answer[0], who)
        self._read()

    def _answered(self, _changes: Changes) -> None:
        self._free()
        self._view.answered()
        self._read()

    def _not_issued(self, trouble: CrmError) -> None:
        self._issuing = False
        self._view.not_issued(trouble)

    def _free(self) -> None:
        self._issuing, self._key = False, uuid.uuid4().hex

    def _called(self, answer: tuple[Called | None, Changes]) -> None:
        self._calling = False
        self._view.called(answer[0])
        self._done_well()

    def _not_called(self, trouble: CrmError) -> None:
        self._calling = False
        self._refused(trouble)

    def _served(self, moved: Moved) -> None:
        self._done_well()
        self._opened(moved.contact_id)

    def _written(self, _answer: object) -> None:
        self._done_well()

    def _done_well(self) -> None:
        self._view.show_trouble(None)
        self._read()


def _find(db: Database, site_id: int, text: str, _token: CancelToken) -> tuple[Match, ...]:
    """On a worker."""
    return visits.find(db, site_id, text)


def _printers(_token: CancelToken) -> tuple[str, ...]:
    """On a worker."""
    return tickets.printers()


def _print(printer: str, paper: Paper, said: TicketPrint, _token: CancelToken) -> None:
    """On a worker."""
    tickets.print_ticket(printer, paper, said)


def _printed(_answer: object) -> None:
    """The paper says so itself."""


def _never_mind(_trouble: CrmError) -> None:
    """The window says already when the database is away."""
