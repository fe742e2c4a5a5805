"""The queue as screens read it: pages by next breach, rows by id, counts from the statistics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, Select, func, select, tuple_

from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.domain.views import Cursor, QueueCounts, QueueFilter, QueueRow
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Contact, Looking, Queue, QueueStat, Service, Staff
from crm_desktop.store.models.base import utcnow

#: A look whose heartbeat is older than this is over.
LOOKING_FOR = timedelta(seconds=60)

_MINE = (
    ContactState.OFFERED,
    ContactState.ACTIVE,
    ContactState.HELD,
    ContactState.WRAP_UP,
    ContactState.PARKED,
)
_NOBODY = 0

AnySelect = Select[*tuple[Any, ...]]

_ROWS = (
    select(
        Contact.id,
        Contact.channel,
        Contact.state,
        Contact.who,
        Contact.subject,
        Contact.queue_id,
        Queue.name.label("queue_name"),
        Contact.service_id,
        func.coalesce(Service.name, "").label("service_name"),
        Contact.received_at,
        Contact.due_at,
        Contact.parked_until,
        Contact.parked_for_reply,
        Contact.priority,
        Contact.needs_checking,
        Contact.owner_id,
        func.coalesce(Staff.name, "").label("owner_name"),
    )
    .join(Queue, Queue.id == Contact.queue_id)
    .outerjoin(Service, Service.id == Contact.service_id)
    .outerjoin(Staff, Staff.id == Contact.owner_id)
)


def waiting(
    tx: Tx, wanted: QueueFilter, after: Cursor | None, limit: int
) -> tuple[tuple[QueueRow, ...], Cursor | None]:
    """The first `limit` waiting contacts after a cursor, and where the next page begins."""
    query = _filtered(tx, wanted).where(Contact.state == ContactState.QUEUED)
    if after is not None:
        query = query.where(tuple_(Contact.due_at, Contact.id) > tuple_(after.due_at, after.id))
    found = _read(tx, query.order_by(Contact.due_at, Contact.id).limit(limit + 1))
    page = found[:limit]
    more = Cursor(page[-1].due_at, page[-1].id) if len(found) > limit else None
    return page, more


def mine(tx: Tx, wanted: QueueFilter) -> tuple[QueueRow, ...]:
    """What is in this person's hands, in the order in which it came to them."""
    query = _filtered(tx, wanted).where(
        Contact.owner_id == tx.actor_id,
        Contact.state.in_(_MINE),
        # Said again for the partial index, which the list of states does not imply.
        Contact.state != ContactState.COMPLETED,
    )
    return _read(tx, query.order_by(Contact.state_since, Contact.id))


def by_ids(tx: Tx, ids: Iterable[int]) -> tuple[QueueRow, ...]:
    """These contacts as they are now; those that are gone or not this person's are missing."""
    return _read(tx, _visible(tx, _ROWS).where(Contact.id.in_(sorted(set(ids)))))


def counts(tx: Tx) -> QueueCounts:
    """How much waits, from the statistics that the gateway keeps, and how much is in hand."""
    rows = tx.session.execute(
        select(
            QueueStat.channel,
            func.sum(QueueStat.waiting),
            func.sum(QueueStat.overdue),
            func.min(QueueStat.oldest_at),
        )
        .where(QueueStat.queue_id.in_(_queues(tx)), QueueStat.waiting > 0)
        .group_by(QueueStat.channel)
    ).all()
    in_hand = tx.session.scalar(
        select(func.count()).where(
            Contact.owner_id == tx.actor_id,
            Contact.state.in_(_MINE),
            Contact.state != ContactState.COMPLETED,
        )
    )
    return QueueCounts(
        waiting=sum(int(row[1]) for row in rows),
        by_channel={Channel(row[0]): int(row[1]) for row in rows},
        overdue=sum(int(row[2]) for row in rows),
        mine=in_hand or 0,
        oldest_at=min((row[3] for row in rows if row[3]), default=None),
    )


def _queues(tx: Tx) -> list[int]:
    return sorted(tx.actor.queues) if tx.actor else []


def _visible(tx: Tx, query: AnySelect) -> AnySelect:
    """PostgreSQL's policies say this themselves; SQLite has none."""
    if tx.dialect == "postgresql":
        return query
    return query.where(Contact.queue_id.in_(_queues(tx)) | (Contact.owner_id == tx.actor_id))


def _filtered(tx: Tx, wanted: QueueFilter) -> AnySelect:
    query = _visible(tx, _ROWS)
    if wanted.channels:
        query = query.where(Contact.channel.in_(sorted(wanted.channels)))
    if wanted.queue_id is not None:
        query = query.where(Contact.queue_id == wanted.queue_id)
    if wanted.service_id is not None:
        query = query.where(Contact.service_id == wanted.service_id)
    if wanted.overdue:
        query = query.where(Contact.due_at < utcnow())
    return query


def _read(tx: Tx, query: AnySelect) -> tuple[QueueRow, ...]:
    rows = tx.session.execute(query).all()
    looking = _looking(tx, [row.id for row in rows])
    return tuple(_row(row, looking.get(row.id, ())) for row in rows)


def _row(row: Row[Any], looking: tuple[str, ...]) -> QueueRow:
    values = dict(row._mapping)
    values["channel"] = Channel(values["channel"])
    values["state"] = ContactState(values["state"])
    return QueueRow(**values, looking=looking)


def _looking(tx: Tx, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    if not ids:
        return {}
    rows = tx.session.execute(
        select(Looking.contact_id, Staff.name)
        .join(Staff, Staff.id == Looking.staff_id)
        .where(
            Looking.contact_id.in_(ids),
            Looking.staff_id != (tx.actor_id or _NOBODY),
            Looking.seen_at > tx.now - LOOKING_FOR,
        )
        .order_by(Staff.name)
    )
    found: dict[int, tuple[str, ...]] = {}
    for contact_id, name in rows:
        found[contact_id] = (*found.get(contact_id, ()), name)
    return found
