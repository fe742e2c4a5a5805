"""Routing as services ask for it: a round, and what was decided about a contact."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, literal_column, select, text

from crm_desktop.domain.calendar import Calendar
from crm_desktop.domain.changes import Topic
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Assignment, OpeningCalendar, Queue, Staff
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import offering_sqlite

_ROUTE = text("SELECT app.route(:many, CAST(:open AS bigint[]))")
_EXPLAIN = text("SELECT app.explain(:contact, CAST(:open AS bigint[]))")
_AHEAD = select(
    utcnow().label("now"),
    Queue.id,
    Queue.push,
    Queue.overflow_queue_id,
    Queue.overflow_seconds,
    OpeningCalendar.hours,
    exists()
    .where(
        Assignment.ended_at.is_(None),
        Assignment.state == literal_column("'offered'"),
        Assignment.expires_at.is_not(None),
    )
    .label("standing"),
).join(OpeningCalendar, OpeningCalendar.id == Queue.calendar_id)
_QUEUES = select(Queue.id, Queue.name)
_PEOPLE = select(Staff.id, Staff.name)


@dataclass(frozen=True, slots=True)
class Ahead:
    """The queues inside their opening hours, and whether a round could have anything to do."""

    open_queues: tuple[int, ...]
    needful: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision; `considered` is by reason the ids of who was not chosen."""

    at: datetime
    kind: str
    queue_id: int
    staff_id: int | None
    considered: Mapping[str, list[int]]


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a contact's routing; `now` only while it waits to be offered."""

    state: str
    push: bool
    open: bool
    now: Decided | None
    decisions: tuple[Decided, ...]


def ahead(tx: Tx) -> Ahead:
    """What a round would be about, in one statement."""
    rows = tx.core.execute(_AHEAD).all()
    is_open = {row.id: Calendar.from_data(row.hours).is_open(row.now) for row in rows}
    needful = any(
        row.standing
        or (row.push and is_open[row.id])
        or (row.overflow_seconds is not None and is_open.get(row.overflow_queue_id))
        for row in rows
    )
    return Ahead(tuple(id_ for id_, opened in is_open.items() if opened), needful)


def route(tx: Tx, many: int, open_queues: Collection[int]) -> float | None:
    """One round with up to so many offers; the seconds until the next is due.

    None when nothing is pushed or offered.
    """
    if tx.dialect == "sqlite":
        return offering_sqlite.Round(tx, many, open_queues).run()
    found: dict[str, Any] = tx.core.execute(
        _ROUTE, {"many": many, "open": list(open_queues)}
    ).scalar_one()
    tx.told(Topic.CONTACT, *found["contacts"])
    tx.told(Topic.STAFF, *found["staff"])
    due: float | None = found["due"]
    return due


def explained(tx: Tx, contact_id: int, open_queues: Collection[int]) -> Told:
    """Raises NotFound for who may not read the contact."""
    found: dict[str, Any]
    if tx.dialect == "sqlite":
        found = offering_sqlite.explained(tx, contact_id, open_queues)
    else:
        found = tx.core.execute(
            _EXPLAIN, {"contact": contact_id, "open": list(open_queues)}
        ).scalar_one()
    now = found["now"]
    return Told(
        found["state"],
        found["push"],
        found["open"],
        now and Decided(tx.now, "now", found["queue"], *now),
        tuple(
            Decided(at if isinstance(at, datetime) else datetime.fromisoformat(at), *rest)
            for at, *rest in found["decisions"] or ()
        ),
    )


def names(tx: Tx) -> tuple[dict[int, str], dict[int, str]]:
    """What queues and people are called."""
    queues = {row[0]: row[1] for row in tx.core.execute(_QUEUES)}
    return queues, {row[0]: row[1] for row in tx.core.execute(_PEOPLE)}
