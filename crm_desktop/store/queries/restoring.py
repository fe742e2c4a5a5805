"""What a database that was put back to an earlier point must forget before anybody works in it."""

from __future__ import annotations

from sqlalchemy import select, text, update

from crm_desktop.domain.states import OutboxState
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Lease, OutboxItem
from crm_desktop.store.queries.outbox import Work

__all__ = ["Work", "outdate_leases", "set_doubtful", "skip_references", "waiting"]

#: More changes of owner than there can have been since the point gone back to.
_FENCES = 1_000_000
#: References of so many cases were perhaps told to customers in the time that is forgotten.
_CASES = 10_000


def waiting(tx: Tx) -> tuple[Work, ...]:
    """Everything that a gateway would send or repeat by itself, locked."""
    rows = tx.session.execute(
        select(
            OutboxItem.id,
            OutboxItem.lane,
            OutboxItem.message_id,
            OutboxItem.handoff_id,
            OutboxItem.attempts,
            OutboxItem.unknown_fate,
            OutboxItem.created_at,
            OutboxItem.notice_post_id,
        )
        .where(OutboxItem.state.in_([OutboxState.PENDING, OutboxState.CLAIMED]))
        .order_by(OutboxItem.id)
        .with_for_update()
    )
    return tuple(Work(*row[:7], notice_post_id=row[7]) for row in rows)


def set_doubtful(tx: Tx, outbox_id: int, words: str) -> None:
    """Nobody can tell whether it left: it is dead until a person wants it again."""
    tx.session.execute(
        update(OutboxItem)
        .where(OutboxItem.id == outbox_id)
        .values(
            state=OutboxState.DEAD.value,
            unknown_fate=True,
            last_error=words,
            claimed_until=None,
            done_at=tx.now,
        )
    )


def outdate_leases(tx: Tx) -> None:
    """No gateway that still runs from before owns anything, and none ever will by its old fence."""
    tx.session.execute(update(Lease).values(fence=Lease.fence + _FENCES, expires_at=tx.now))


def skip_references(tx: Tx) -> None:
    """PostgreSQL: cases to come get no reference that was given out in the time forgotten."""
    if tx.dialect == "postgresql":
        tx.session.execute(
            text(
                """SELECT setval(pg_get_serial_sequence('cases', 'id'),
                       nextval(pg_get_serial_sequence('cases', 'id')) + :skipped)"""
            ),
            {"skipped": _CASES},
        )
