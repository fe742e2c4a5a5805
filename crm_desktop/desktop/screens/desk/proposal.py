"""A room that is proposed for a visitor, said so that nobody at the counter learns why."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Kind
from crm_desktop.domain.rooms import of_row, room_for
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import RoomProposal, Rooms, SiteLine, VisitRow

ACCEPT_KEY, WITHOUT_KEY = "Alt+A", "Alt+W"


class ProposalBar(Banner):
    """`accepted` and `refused` carry the proposal that is shown and whether its visitor waits."""

    accepted = Signal(object, bool)
    refused = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, Tone.INFO, "map-pin", wide=True, parent=parent)
        self.proposal: RoomProposal | None = None
        self._arrived: RoomProposal | None = None
        self._waits = False
        self._decided: set[int] = set()
        self._accept = self.add_action("Go there", Kind.PRIMARY, ACCEPT_KEY)
        self._without = self.add_action("Go on without", key=WITHOUT_KEY)
        self._accept.clicked.connect(self.accept)
        self._without.clicked.connect(self.decline)
        self.hide()

    def arrived(self, proposal: RoomProposal | None) -> None:
        """Of whoever was checked in just now; the last who arrived without one ends the offer."""
        self._arrived = proposal
        self.propose(proposal, waits=True)

    def propose(self, proposal: RoomProposal | None, *, waits: bool = False) -> None:
        """Show a proposal, or none."""
        if proposal is not None and proposal.contact_id in self._decided:
            proposal = None
        fresh = proposal is not None and proposal != self.proposal
        self.proposal, self._waits = proposal, waits
        self.setVisible(proposal is not None)
        if proposal is None:
            return
        self._accept.setVisible(proposal.place_id is not None)
        self._accept.setText("Keep it free" if waits else "Go there")
        self.set_text(*_said(proposal))
        if fresh:
            keys = f"{ACCEPT_KEY} accepts. " if proposal.place_id is not None else ""
            announce(self, f"{self.text()} {keys}{WITHOUT_KEY} goes on without.")

    def show_line(self, line: SiteLine, mine: VisitRow | None, now: datetime) -> None:
        """What is proposed now: for whoever is called or seen here, else for who just arrived."""
        rooms = Rooms(line.places, line.free)
        self._decided |= set(line.decided)
        if mine is not None:
            self.propose(room_for(of_row(mine), rooms, now))
            return
        arrived = self._arrived.contact_id if self._arrived else 0
        row = next((row for row in line.rows if row.contact_id == arrived), None)
        if row is None or row.state is not ContactState.QUEUED or _kept_for(line, arrived):
            self._arrived = None
            self.propose(None)
        else:
            self.propose(room_for(of_row(row), rooms, now), waits=True)

    def decided(self, contact_id: int) -> None:
        """It is settled for this visitor."""
        self._decided.add(contact_id)
        if self.proposal is not None and self.proposal.contact_id == contact_id:
            self.propose(None)

    @Slot()
    def accept(self) -> None:
        """There."""
        if self.proposal is not None and self.proposal.place_id is not None:
            self.accepted.emit(self.proposal, self._waits)

    @Slot()
    def decline(self) -> None:
        """Without a room."""
        if self.proposal is not None:
            self.refused.emit(self.proposal)


def _kept_for(line: SiteLine, contact_id: int) -> bool:
    return any(place.held_visit_id == contact_id and place.held_until for place in line.places)


def _said(proposal: RoomProposal) -> tuple[str, str]:
    ticket = str(proposal.ticket) if proposal.ticket else "This visitor"
    if proposal.place_id is None:
        return f"{ticket}: no room is free that would be right.", ""
    said = f"{ticket}: {proposal.place} is free."
    if not proposal.in_twos:
        return said, ""
    free = [f"{each.name} ({each.place})" for each in proposal.colleagues]
    return said, f"With two of you. Who could come too: {', '.join(free)}."
