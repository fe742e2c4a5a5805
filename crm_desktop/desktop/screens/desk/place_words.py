"""What the picture of a site says of a desk or room: tickets, never names of visitors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.desk.words import PLACE_KINDS, minutes
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import PlaceKind, PlaceView, SiteLine

_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Said:
    """A tile's words. `tone` None: free, or nobody works there."""

    state: str
    detail: str
    tone: Tone | None
    spoken: str


def waiting_for(place: PlaceView, line: SiteLine) -> tuple[str, ...]:
    """The tickets that were sent there and wait, in the order of calling."""
    return tuple(
        str(row.ticket)
        for row in line.rows
        if row.state is ContactState.QUEUED and row.place_name == place.name and row.ticket
    )


def said_of(place: PlaceView, line: SiteLine, now: datetime, *, hides: bool = False) -> Said:
    """What a place says; `hides` leaves out what somebody wrote by hand."""
    state, detail, tone = _state(place, line, now, hides=hides)
    kind = "" if place.kind is PlaceKind.DESK else PLACE_KINDS[place.kind].lower()
    if kind == place.name.lower():
        kind = ""
    spoken = ", ".join(part for part in (place.name, kind, place.partner, state, detail) if part)
    return Said(state, detail, tone, spoken)


def _state(
    place: PlaceView, line: SiteLine, now: datetime, *, hides: bool
) -> tuple[str, str, Tone | None]:
    staff = ", ".join(place.staff)
    if place.ticket is not None:
        seconds = (now - place.since).total_seconds() if place.since else 0.0
        busy = minutes(seconds) if seconds >= _MINUTE else ""
        called = "called" if place.state is ContactState.CALLED else ""
        parts = (f"{place.ticket} {called}".strip(), busy)
        said = " · ".join(part for part in parts if part)
        return said, place.serving or staff or place.partner, Tone.WARNING
    if place.held_until is not None and place.held_until > now:
        why = "" if hides else place.held_for
        return f"Kept until {words.clock_time(place.held_until)}", why, Tone.DANGER
    waits = waiting_for(place, line)
    if waits:
        more = f" and {len(waits) - 1} more" if len(waits) > 1 else ""
        return f"{waits[0]}{more} {'wait' if more else 'waits'}", staff or place.partner, Tone.INFO
    elsewhere = {each.serving: each.name for each in line.places if each.id != place.id}
    if place.staff and all(name in elsewhere for name in place.staff):
        return f"In {elsewhere[place.staff[0]]}", staff, None
    return _free(place), staff or place.partner, None


def _free(place: PlaceView) -> str:
    if place.kind is PlaceKind.DESK and not place.staff:
        return "Nobody is here"
    until = f" until {words.clock_time(place.booked_at)}" if place.booked_at else ""
    return f"Free{until}"
