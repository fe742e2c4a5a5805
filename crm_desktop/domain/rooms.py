"""Which room a visitor should be seen in, and whether a desk or room can be used: rules, no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from crm_desktop.domain.visits import (
    FreeStaff,
    Need,
    PlaceKind,
    PlaceView,
    RoomProposal,
    Rooms,
    Ticket,
    VisitRow,
)

#: Where nobody else hears what is said.
ROOMS = (PlaceKind.INTERVIEW, PlaceKind.FAMILY, PlaceKind.SECURE)
_QUIET = (PlaceKind.INTERVIEW, PlaceKind.FAMILY)
#: How many members of staff there are, for who is seen by two.
_TWO = 2


@dataclass(frozen=True, slots=True)
class Seeks:
    """A visitor as the rule looks at them."""

    contact_id: int
    ticket: Ticket | None
    place_id: int | None
    needs: Collection[Need]
    has_marker: bool


def of_row(row: VisitRow) -> Seeks:
    """A visitor of the line."""
    return Seeks(row.contact_id, row.ticket, row.place_id, row.needs, row.has_marker)


def is_kept(place: PlaceView, contact_id: int, now: datetime) -> bool:
    """Whether it is kept free for something else than this visitor."""
    kept = place.held_until is not None and place.held_until > now
    return kept and place.held_visit_id != contact_id


def room_for(visit: Seeks, rooms: Rooms, now: datetime) -> RoomProposal | None:
    """Where a visitor should be seen; None when where they are, or any desk, will do.

    With a safety marker in force: the secure room, else an interview room with two members of
    staff. Who needs a private room: an interview or family room. What is kept for this visitor
    comes first. A proposal without a place says that none of these is free.
    """
    if not visit.has_marker and Need.PRIVATE_ROOM not in visit.needs:
        return None
    at = next((each for each in rooms.places if each.id == visit.place_id), None)
    if at is not None and at.kind in ROOMS:
        return None
    free = [each for each in rooms.places if _is_free(each, visit, now)]
    free.sort(key=lambda place: place.held_visit_id != visit.contact_id)
    found = next(_safe(free, rooms.free) if visit.has_marker else _private(free), None)
    place, others = found or (None, ())
    return RoomProposal(
        contact_id=visit.contact_id,
        ticket=visit.ticket,
        place_id=place.id if place else None,
        place=place.name if place else "",
        in_twos=bool(others),
        colleagues=others,
        says_why=visit.has_marker,
    )


def _is_free(place: PlaceView, visit: Seeks, now: datetime) -> bool:
    reached = place.step_free or Need.STEP_FREE not in visit.needs
    empty = place.visit_id in (None, visit.contact_id)
    return empty and reached and not is_kept(place, visit.contact_id, now)


_Found = tuple[PlaceView, tuple[FreeStaff, ...]]


def _safe(free: Sequence[PlaceView], colleagues: Sequence[FreeStaff]) -> Iterator[_Found]:
    """Rooms for somebody with a marker, with who could be there too where two are needed."""
    yield from ((each, ()) for each in free if each.kind is PlaceKind.SECURE)
    for each in free:
        there = tuple(FreeStaff(name, each.name) for name in each.staff)
        others = there if len(there) >= _TWO else (*there, *colleagues)
        if each.kind is PlaceKind.INTERVIEW and others:
            yield each, tuple(dict.fromkeys(others))


def _private(free: Sequence[PlaceView]) -> Iterator[_Found]:
    return ((each, ()) for each in free if each.kind in _QUIET)
