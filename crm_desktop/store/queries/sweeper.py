"""The gateway's housekeeping: what is due again, what is stale, and how much waits where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from crm_desktop.store.database import Tx
from crm_desktop.store.models import Contact, Looking, Notice, QueueStat


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much of one channel waits in one queue."""

    waiting: int
    oldest_at: datetime | None
    next_due_at: datetime | None


_NOBODY = Waiting(0, None, None)


def any_due_parked(tx: Tx) -> bool:
    """Whether a parked contact's time has come."""
    found = tx.session.scalar(
        select(Contact.id).where(Contact.state == "parked", Contact.parked_until <= tx.now).limit(1)
    )
    return found is not None


def due_parked(tx: Tx, limit: int) -> tuple[int, ...]:
    """Parked contacts whose time has come, locked."""
    return tuple(
        tx.session.scalars(
            select(Contact.id)
            .where(Contact.state == "parked", Contact.parked_until <= tx.now)
            .order_by(Contact.parked_until)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )


def stale_looks(tx: Tx, older_than: timedelta) -> tuple[tuple[int, int], ...]:
    """(staff, contact) of looks whose desktop has gone silent."""
    rows = tx.session.execute(
        select(Looking.staff_id, Looking.contact_id).where(Looking.seen_at < tx.now - older_than)
    )
    return tuple((staff_id, contact_id) for staff_id, contact_id in rows)


def remove_look(tx: Tx, staff_id: int, contact_id: int, older_than: timedelta) -> None:
    """Forget one look, unless it was renewed meanwhile."""
    tx.session.execute(
        delete(Looking).where(
            Looking.staff_id == staff_id,
            Looking.contact_id == contact_id,
            Looking.seen_at < tx.now - older_than,
        )
    )


def old_notices(tx: Tx, keep: int, older_than: timedelta) -> int | None:
    """Up to which id notices may go, None when there are none to remove.

    The newest are always kept, so that their numbers never begin again.
    """
    newest = tx.session.scalar(select(func.max(Notice.id))) or 0
    return tx.session.scalar(
        select(func.max(Notice.id)).where(
            Notice.id <= newest - keep, Notice.at < tx.now - older_than
        )
    )


def prune_notices(tx: Tx, up_to: int) -> None:
    """Remove notices that every feed has long read."""
    tx.session.execute(delete(Notice).where(Notice.id <= up_to))


def counted(tx: Tx) -> dict[tuple[int, str], Waiting]:
    """What waits now, by queue and channel."""
    rows = tx.session.execute(
        select(
            Contact.queue_id,
            Contact.channel,
            func.count(),
            func.min(Contact.received_at),
            func.min(Contact.due_at),
        )
        .where(Contact.state == "queued")
        .group_by(Contact.queue_id, Contact.channel)
    )
    return {(row[0], row[1]): Waiting(row[2], row[3], row[4]) for row in rows}


def recorded(tx: Tx) -> dict[tuple[int, str], Waiting]:
    """What queue_stat says."""
    rows = tx.session.execute(
        select(
            QueueStat.queue_id,
            QueueStat.channel,
            QueueStat.waiting,
            QueueStat.oldest_at,
            QueueStat.next_due_at,
        )
    )
    return {(row[0], row[1]): Waiting(row[2], row[3], row[4]) for row in rows}


def changed_stats(
    counted: dict[tuple[int, str], Waiting], recorded: dict[tuple[int, str], Waiting]
) -> dict[tuple[int, str], Waiting]:
    """The figures to write; what waits no more becomes nought and stays a row."""
    wanted = {key: counted.get(key, _NOBODY) for key in counted.keys() | recorded.keys()}
    return {key: value for key, value in wanted.items() if recorded.get(key) != value}


def record(tx: Tx, queue_id: int, channel: str, value: Waiting) -> None:
    """Write one figure."""
    dialect = postgresql if tx.dialect == "postgresql" else sqlite
    values = {
        "waiting": value.waiting,
        "oldest_at": value.oldest_at,
        "next_due_at": value.next_due_at,
        "updated_at": tx.now,
    }
    tx.session.execute(
        dialect.insert(QueueStat)
        .values(queue_id=queue_id, channel=channel, **values)
        .on_conflict_do_update(index_elements=[QueueStat.queue_id, QueueStat.channel], set_=values)
        .inline()
    )
