"""The gateway's housekeeping: what is due again, what is stale, and how much waits where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, delete, func, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from crm_desktop.domain.appointments import AppointmentState
from crm_desktop.domain.states import Channel
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Appointment,
    Contact,
    Looking,
    Notice,
    QueueStat,
    RoutingDecision,
    Visit,
)
from crm_desktop.store.models.base import UtcDateTime


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much of one channel waits in one queue."""

    waiting: int
    oldest_at: datetime | None
    next_due_at: datetime | None


_NOBODY = Waiting(0, None, None)


# Written out, not bound: a database knows by them alone that a partial index holds the rows.
_QUEUED = Contact.state == literal_column("'queued'")
_PARKED = Contact.state == literal_column("'parked'")
_DUE_PARKED = (
    select(Contact.id)
    .where(
        Contact.state == literal_column("'parked'"),
        Contact.parked_until <= bindparam("now", UtcDateTime),
    )
    .order_by(Contact.parked_until)
    .limit(bindparam("many"))
)


def any_due_parked(tx: Tx) -> bool:
    """Whether a parked contact's time has come."""
    return tx.core.scalar(_DUE_PARKED, {"now": tx.now, "many": 1}) is not None


def due_parked(tx: Tx, limit: int) -> tuple[int, ...]:
    """Parked contacts whose time has come, locked."""
    locked = _DUE_PARKED.with_for_update(skip_locked=True)
    return tuple(tx.core.scalars(locked, {"now": tx.now, "many": limit}))


_FORGOTTEN = _QUEUED | (_PARKED & Contact.parked_until.is_(None))


def waiting_visits(tx: Tx, before: date, limit: int) -> tuple[tuple[int, int], ...]:
    """(contact, site) of those of an earlier day who wait, or are laid aside for ever."""
    rows = tx.session.execute(
        select(Visit.contact_id, Visit.site_id)
        .join(Contact, Contact.id == Visit.contact_id)
        .where(
            _FORGOTTEN, Contact.channel == Channel.VISIT, Visit.left_at.is_(None),
            Visit.day < before,
        )
        .limit(limit)
    )  # fmt: skip
    return tuple((contact_id, site_id) for contact_id, site_id in rows)


def visit_left(tx: Tx, contact_id: int) -> str | None:
    """A visitor is gone: the state before; None for one who waits no more."""
    waits = select(Contact.state).where(Contact.id == contact_id, _FORGOTTEN)
    before: str | None = tx.session.scalar(waits.with_for_update())
    if before is None:
        return None
    tx.session.execute(
        update(Visit).where(Visit.contact_id == contact_id).values(place_id=None, left_at=tx.now)
    )
    tx.session.execute(
        update(Appointment)
        .where(Appointment.visit_id == contact_id, Appointment.state == AppointmentState.ARRIVED)
        .values(state=AppointmentState.NO_SHOW)
    )
    return before


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


_OLDEST_DECISION = select(RoutingDecision.at).order_by(RoutingDecision.id).limit(1)
_OLD_DECISIONS = (
    select(RoutingDecision.id)
    .where(RoutingDecision.at < bindparam("before", UtcDateTime))
    .order_by(RoutingDecision.id)
    .limit(bindparam("many"))
)


def any_old_decision(tx: Tx, older_than: timedelta) -> bool:
    """Whether the oldest of routing's decisions is so old."""
    oldest: datetime | None = tx.core.scalar(_OLDEST_DECISION)
    return oldest is not None and oldest < tx.now - older_than


def prune_decisions(tx: Tx, older_than: timedelta, limit: int) -> None:
    """Remove routing's oldest decisions."""
    tx.core.execute(
        delete(RoutingDecision).where(RoutingDecision.id.in_(_OLD_DECISIONS)),
        {"before": tx.now - older_than, "many": limit},
    )


_COUNTED = (
    select(
        Contact.queue_id,
        Contact.channel,
        func.count(),
        func.min(Contact.received_at),
        func.min(Contact.due_at),
    )
    .where(_QUEUED)
    .group_by(Contact.queue_id, Contact.channel)
)
_RECORDED = select(
    QueueStat.queue_id,
    QueueStat.channel,
    QueueStat.waiting,
    QueueStat.oldest_at,
    QueueStat.next_due_at,
)


def counted(tx: Tx) -> dict[tuple[int, str], Waiting]:
    """What waits now, by queue and channel."""
    return {(row[0], row[1]): Waiting(*row[2:]) for row in tx.core.execute(_COUNTED)}


def recorded(tx: Tx) -> dict[tuple[int, str], Waiting]:
    """What queue_stat says."""
    return {(row[0], row[1]): Waiting(*row[2:]) for row in tx.core.execute(_RECORDED)}


def changed_stats(
    counted: dict[tuple[int, str], Waiting], recorded: dict[tuple[int, str], Waiting]
) -> dict[tuple[int, str], Waiting]:
    """The figures to write; what waits no more becomes nought and stays a row."""
    wanted = {key: counted.get(key, _NOBODY) for key in counted.keys() | recorded.keys()}
    return {key: value for key, value in wanted.items() if recorded.get(key) != value}


def record(tx: Tx, figures: Mapping[tuple[int, str], Waiting]) -> None:
    """Write figures by queue and channel."""
    dialect = postgresql if tx.dialect == "postgresql" else sqlite
    statement = dialect.insert(QueueStat)
    told = ("waiting", "oldest_at", "next_due_at", "updated_at")
    statement = statement.on_conflict_do_update(
        index_elements=[QueueStat.queue_id, QueueStat.channel],
        set_={name: statement.excluded[name] for name in told},
    )
    rows = [
        {"queue_id": queue_id, "channel": channel, "updated_at": tx.now, **asdict(value)}
        # In one order, so that two who write wait for each other and never crosswise.
        for (queue_id, channel), value in sorted(figures.items(), key=lambda item: item[0])
    ]
    tx.core.execute(statement.inline(), rows)
