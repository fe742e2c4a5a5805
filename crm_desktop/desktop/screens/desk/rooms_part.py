"""Rooms on the desk's page: what can be done with each, where a visitor goes, what is proposed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Signal, Slot
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.desk.asking import AskHold, AskNote, AskWhy
from crm_desktop.desktop.screens.desk.place_words import said_of, waiting_for
from crm_desktop.desktop.screens.desk.places import PlacesBoard
from crm_desktop.desktop.screens.desk.proposal import ProposalBar
from crm_desktop.desktop.screens.desk.rooms_presenter import KEPT_MINUTES
from crm_desktop.desktop.widgets.chooser import Chooser
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.domain.rooms import ROOMS, is_kept
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import (
    PlaceKind,
    PlaceView,
    RoomProposal,
    SiteLine,
    SiteService,
    To,
    VisitRow,
)

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.desk.presenter import DeskPresenter

_ICONS = {
    PlaceKind.DESK: "monitor",
    PlaceKind.INTERVIEW: "users",
    PlaceKind.FAMILY: "users",
    PlaceKind.SECURE: "users",
    PlaceKind.PARTNER: "briefcase",
}
#: How high a chooser's field and an action of one line are, in px.
_FIELD, _ROW = 54, 36
_Action = tuple[str, str, str, Callable[[], None]]


class RoomsPart(QObject):
    """`here_wanted` carries the id of a place where this computer is said to stand, `opened` a
    contact.
    """

    here_wanted = Signal(object)
    opened = Signal(object)

    def __init__(self, look: Look, clock: Clock, page: QWidget) -> None:
        super().__init__(page)
        self._look, self._clock, self._page = look, clock, page
        self.board = PlacesBoard(look)
        self.bar = ProposalBar(look)
        self._presenter: DeskPresenter | None = None
        self._line: SiteLine | None = None
        self._here: PlaceView | None = None
        self._mine: VisitRow | None = None
        self._away = False
        #: What a visitor can be sent on to.
        self.services: tuple[SiteService, ...] = ()
        self._does: dict[object, Callable[[], None]] = {}
        self.board.chosen.connect(self._chosen)
        self.bar.accepted.connect(self._accepted)
        self.bar.refused.connect(self._refused)

    def bind(self, presenter: DeskPresenter) -> None:
        """Give it who answers."""
        self._presenter = presenter

    def show_line(self, line: SiteLine, here: PlaceView | None, mine: VisitRow | None) -> None:
        """Show the site now."""
        self._line, self._here, self._mine = line, here, mine
        now = self._clock.now()
        self.board.show_line(line, now)
        if self._away:
            # Nobody here knows whether a room is free still.
            self.bar.arrived(None)
        else:
            self.bar.show_line(line, mine, now)

    def set_away(self, *, away: bool) -> None:
        """While the database is away no room is proposed; what is shown next says so."""
        self._away = away

    def serve(self, then: Callable[[], None]) -> None:
        """They are here. Who was proposed a room for a reason is not served without a word."""
        proposal = self.bar.proposal
        asks = proposal is not None and proposal.says_why and proposal.place_id is not None
        if proposal is not None and asks and self._is_mine(proposal):
            self._refused(proposal, then)
        else:
            then()

    def send_on(self, row: VisitRow) -> None:
        """Ask where somebody goes: desks, rooms and partners with what they are doing, services."""
        if self._line is None:
            return
        now = self._clock.now()
        rows, self._does = [], {}
        for place in self._line.places:
            if place.id == row.place_id:
                continue
            said = said_of(place, self._line, now)
            goes_too = self._takes_there(place, row, now)
            detail = "go there with them" if goes_too else ", ".join(place.staff) or place.partner
            parts = (said.state, detail) if said.detail != said.state else (said.state,)
            key = ("place", place.id)
            words_ = " · ".join(part for part in parts if part)
            rows.append(Row(key, place.name, words_, _ICONS[place.kind]))
            self._does[key] = (
                partial(self._go_to, row.contact_id, place.id)
                if goes_too
                else partial(self._ask_note, row, place.name, To(place_id=place.id))
            )
        for service in self.services:
            if service.service_id == row.service_id and row.state is ContactState.QUEUED:
                continue
            key = ("service", service.service_id)
            waits = f"{service.waiting} wait" if service.waiting > 1 else ""
            rows.append(Row(key, service.name, waits or "another service", "list"))
            to = To(service_id=service.service_id)
            self._does[key] = partial(self._ask_note, row, service.name, to)
        self._choose(f"Send {row.ticket} on to", rows)

    def _takes_there(self, place: PlaceView, row: VisitRow, now: datetime) -> bool:
        """Whether this person goes there with their own visitor: it is a room, and free."""
        mine = self._mine is not None and row.contact_id == self._mine.contact_id
        free = place.visit_id is None and not is_kept(place, row.contact_id, now)
        return mine and free and place.kind in ROOMS and not place.staff

    # A place

    @Slot(object)
    def _chosen(self, place: PlaceView) -> None:
        actions = self._always(place)
        if not self._away:
            actions = [*self._with_visitor(place), *self._when_free(place), *actions]
        elif self._presenter is not None:
            self._presenter.may_use_rooms()
        if not actions:
            return
        self._does = {key: does for key, _, _, does in actions}
        rows = [Row(key, said, "", icon) for key, said, icon, _ in actions]
        self._choose(place.name, rows)

    def _with_visitor(self, place: PlaceView) -> list[_Action]:
        contact, at = place.visit_id, self._presenter
        if contact is None or at is None or self._line is None:
            return []
        row = next((row for row in self._line.rows if row.contact_id == contact), None)
        partner = place.kind is PlaceKind.PARTNER
        found: list[_Action] = []
        if partner and place.state is ContactState.CALLED:
            called = partial(at.rooms.with_partner, contact)
            found += [
                ("there", f"{place.ticket} is there", "check", called),
                ("recall", "Call again", "megaphone", partial(at.recall, contact)),
                ("no_show", "No-show", "x", partial(at.move, contact, ContactState.NO_SHOW)),
            ]
        elif partner:
            done = partial(at.rooms.partner_done, contact)
            found.append(("done", f"{place.ticket} is done and goes", "check", done))
        if row is not None and (partner or contact in self._line.mine):
            back = partial(at.move, contact, ContactState.QUEUED)
            found.append(("send", "Send on…", "forward", partial(self.send_on, row)))
            found.append(("back", "Back to the line", "undo-2", back))
        if row is not None:
            opens = partial(self.opened.emit, contact)
            found.append(("open", "Open the contact", "file-text", opens))
        return found

    def _when_free(self, place: PlaceView) -> list[_Action]:
        at = self._presenter
        if place.visit_id is not None or at is None or self._line is None:
            return []
        found: list[_Action] = []
        waits = waiting_for(place, self._line)
        if place.kind is PlaceKind.PARTNER:
            said = f"Call {waits[0]} here" if waits else "Call the next for them"
            found.append(("call", said, "megaphone", partial(at.rooms.call_for, place.id)))
        elif self._mine is not None and self._takes_there(place, self._mine, self._clock.now()):
            goes = partial(self._go_to, self._mine.contact_id, place.id)
            found.append(("go", f"Go there with {self._mine.ticket}", "arrow-right", goes))
        if place.held_until is not None and place.held_until > self._clock.now():
            found.append(("let", "Let it go", "lock-open", partial(at.rooms.let_go, place)))
        else:
            found.append(("keep", "Keep it free…", "lock", partial(self._ask_hold, place)))
        return found

    def _always(self, place: PlaceView) -> list[_Action]:
        if self._here is not None and self._here.id == place.id:
            return []
        here = partial(self.here_wanted.emit, place.id)
        return [("here", "This computer is here", "map-pin", here)]

    def _ask_hold(self, place: PlaceView) -> None:
        form = AskHold(self._look, place.name, self._clock.now(), self._page)
        form.said.connect(partial(self._keep, place))
        form.open()

    def _keep(self, place: PlaceView, why: str, until: datetime) -> None:
        if self._presenter is not None:
            self._presenter.rooms.keep(place, until, why)

    def _ask_note(self, row: VisitRow, where: str, to: To) -> None:
        form = AskNote(self._look, f"Send {row.ticket} on to {where}", self._page)
        form.said.connect(partial(self._send, row, to))
        form.open()

    def _send(self, row: VisitRow, to: To, note: str) -> None:
        if self._presenter is not None:
            self._presenter.transfer(row.contact_id, to, note)

    def _go_to(self, contact_id: int, place_id: int) -> None:
        if self._presenter is not None:
            self._presenter.rooms.go_to(contact_id, place_id)

    # What is proposed

    @Slot(object, bool)
    def _accepted(self, proposal: RoomProposal, waits: bool) -> None:
        if self._presenter is None or proposal.place_id is None or self._line is None:
            return
        if not waits:
            self._presenter.rooms.go_to(proposal.contact_id, proposal.place_id)
            return
        place = next((p for p in self._line.places if p.id == proposal.place_id), None)
        if place is not None:
            until = self._clock.now() + timedelta(minutes=KEPT_MINUTES)
            self._presenter.rooms.keep(place, until, str(proposal.ticket), proposal.contact_id)

    @Slot(object)
    def _refused(self, proposal: RoomProposal, then: Callable[[], None] | None = None) -> None:
        """Why, where there has to be a reason; there is none to give where no room is free."""
        if not proposal.says_why:
            self._do_without(proposal, then, "")
            return
        form = AskWhy(self._look, f"{proposal.ticket} without a room", self._page)
        form.said.connect(partial(self._do_without, proposal, then))
        form.open()

    def _do_without(
        self, proposal: RoomProposal, then: Callable[[], None] | None, why: str
    ) -> None:
        if self._presenter is not None:
            self._presenter.rooms.do_without(proposal, why, partial(self._without, proposal, then))

    def _without(self, proposal: RoomProposal, then: Callable[[], None] | None) -> None:
        self.bar.decided(proposal.contact_id)
        announce(self._page, f"{proposal.ticket} is seen without a room")
        if then is not None:
            then()

    def _is_mine(self, proposal: RoomProposal) -> bool:
        return self._mine is not None and self._mine.contact_id == proposal.contact_id

    def _choose(self, said: str, rows: list[Row]) -> None:
        chooser = Chooser(self._look, said, rows, self._page)
        chooser.chosen.connect(self._do)
        # A few actions need no long list.
        chooser.resize(
            chooser.width(), min(chooser.height(), self._look.px(_FIELD + len(rows) * _ROW))
        )
        chooser.open_at(self._page.mapToGlobal(QPoint(self._page.width() // 3, self._look.px(60))))

    @Slot(object)
    def _do(self, key: object) -> None:
        does = self._does.get(key)
        if does is not None:
            does()


def fits_before(here: PlaceView | None) -> str:
    """Why nobody was called although some wait."""
    if here is None or here.booked_at is None:
        return ""
    return (
        f"Nobody who waits would be done before the booking at {words.clock_time(here.booked_at)}."
    )
