"""Where a row belongs: in hand, in the waiting list at its place, or not in this list at all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import Enum

from crm_desktop.domain.states import IN_HAND, ContactState
from crm_desktop.domain.views import Cursor, QueueFilter, QueueRow

_MINE = (*IN_HAND, ContactState.DIALLING, ContactState.PARKED)
_WAITING = (ContactState.QUEUED, ContactState.OFFERED, ContactState.CALLBACK_DUE)
_NEVER = datetime.max.replace(tzinfo=UTC)


class Place(Enum):
    """The section of the list."""

    MINE = "mine"
    WAITING = "waiting"
    NOWHERE = "nowhere"


def order(row: QueueRow | Cursor) -> tuple[datetime, int]:
    """The waiting list's order: next breach first, what has no promise last."""
    return (row.due_at or _NEVER, row.id)


def place_of(row: QueueRow, wanted: QueueFilter, me: int, now: datetime) -> Place:
    """The section that a row belongs to under a filter, for the person `me`."""
    if not _matches(row, wanted, now):
        return Place.NOWHERE
    if row.owner_id == me and row.state in _MINE:
        return Place.MINE
    if row.state in _WAITING and not wanted.mine:
        return Place.WAITING
    return Place.NOWHERE


def _matches(row: QueueRow, wanted: QueueFilter, now: datetime) -> bool:
    if wanted.channels and row.channel not in wanted.channels:
        return False
    if wanted.queue_id is not None and row.queue_id != wanted.queue_id:
        return False
    if wanted.service_id is not None and row.service_id != wanted.service_id:
        return False
    return not wanted.overdue or (row.due_at is not None and row.due_at < now)


def merged(
    shown: Iterable[QueueRow], touched: frozenset[int], fresh: Iterable[QueueRow]
) -> tuple[QueueRow, ...]:
    """The rows with the touched ones taken out and their fresh versions put in order."""
    kept = [row for row in shown if row.id not in touched]
    return tuple(sorted([*kept, *fresh], key=order))
