"""Outgoing work: put in with the state change that asks for it, claimed and settled by fence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import LeaseLost
from crm_desktop.domain.states import OutboxState
from crm_desktop.store.database import Tx
from crm_desktop.store.models import OutboxItem
from crm_desktop.store.models.base import utcnow


@dataclass(frozen=True, slots=True)
class Work:
    """One claimed piece of outgoing work.

    `attempts` counts this try. `unknown_fate`: an earlier try may have arrived, so this is the
    one repetition. `created_at` is when it was asked for, `fence` the claimer's.
    """

    id: int
    lane: str
    message_id: int | None
    handoff_id: int | None
    attempts: int
    unknown_fate: bool
    created_at: datetime
    fence: int = 0
    notice_post_id: int | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim found: work to do, and what must never be tried again by itself."""

    work: tuple[Work, ...] = ()
    doubtful: tuple[Work, ...] = ()


_COLUMNS = (
    OutboxItem.id,
    OutboxItem.lane,
    OutboxItem.message_id,
    OutboxItem.handoff_id,
    OutboxItem.attempts,
    OutboxItem.unknown_fate,
    OutboxItem.created_at,
    OutboxItem.notice_post_id,
)


_ADD = insert(OutboxItem).inline()


def add(
    tx: Tx,
    lane: str,
    *,
    message_id: int | None = None,
    handoff_id: int | None = None,
    notice_post_id: int | None = None,
    not_before: datetime | None = None,
    state: OutboxState = OutboxState.PENDING,
) -> None:
    """Ask for outgoing work, now or not before a time."""
    tx.core.execute(
        _ADD,
        {
            "lane": lane,
            "message_id": message_id,
            "handoff_id": handoff_id,
            "notice_post_id": notice_post_id,
            "state": state.value,
            "not_before": not_before or tx.now,
            "created_by_id": tx.actor_id,
            "attempts": 0,
            "unknown_fate": False,
            "last_error": "",
        },
    )
    tx.changed(Topic.OUTBOX, 0)


# Written out, not bound: a database knows by them alone that a partial index holds the rows.
_PENDING = OutboxItem.state == literal_column("'pending'")
_CLAIMED = OutboxItem.state == literal_column("'claimed'")
_UNDER_WAY = OutboxItem.state.in_([literal_column("'pending'"), literal_column("'claimed'")])


def _due(tx: Tx, fence: int) -> ColumnElement[bool]:
    """Pending and due, or claimed by somebody who never came back or no longer owns the lane."""
    return or_(
        and_(_PENDING, OutboxItem.not_before <= tx.now),
        and_(
            _CLAIMED,
            or_(OutboxItem.claimed_until <= tx.now, OutboxItem.fence < fence),
        ),
    )


def claim(tx: Tx, lane: str, fence: int, seconds: float, limit: int) -> Claimed:
    """Take due work for so long. Work whose claimer vanished is repeated once, then doubtful."""
    rows = tx.session.execute(
        select(*_COLUMNS, OutboxItem.state)
        .where(
            OutboxItem.lane == lane,
            _UNDER_WAY,
            _due(tx, fence),
        )
        .order_by(OutboxItem.not_before, OutboxItem.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    work, doubtful = [], []
    for row in rows:
        found, state = Work(*row[:7], notice_post_id=row[7]), row[8]
        vanished = state == OutboxState.CLAIMED.value
        if vanished and found.unknown_fate:
            doubtful.append(found)
            continue
        unknown = found.unknown_fate or vanished
        claimed = replace(found, attempts=found.attempts + 1, unknown_fate=unknown, fence=fence)
        tx.session.execute(
            update(OutboxItem)
            .where(OutboxItem.id == found.id)
            .values(
                state=OutboxState.CLAIMED.value,
                attempts=claimed.attempts,
                unknown_fate=unknown,
                claimed_until=tx.now + timedelta(seconds=seconds),
                fence=fence,
            )
        )
        work.append(claimed)
    return Claimed(tuple(work), tuple(doubtful))


def put_back(tx: Tx, lane: str, fence: int, in_hand: Iterable[int]) -> None:
    """Undo the claims under this fence except of what is in hand, as if they had not been."""
    tx.session.execute(
        update(OutboxItem)
        .where(
            OutboxItem.lane == lane,
            _CLAIMED,
            OutboxItem.fence == fence,
            OutboxItem.id.not_in(list(in_hand)),
        )
        .values(
            state=OutboxState.PENDING.value,
            attempts=OutboxItem.attempts - 1,
            claimed_until=None,
        ),
        execution_options={"synchronize_session": False},
    )


def settle(
    tx: Tx,
    work: Work,
    state: OutboxState,
    *,
    error: str = "",
    after: timedelta = timedelta(),
    unknown_fate: bool | None = None,
) -> None:
    """Write what became of a try; the caller has checked the fence in this transaction.

    Raises LeaseLost when the claim ran out and somebody else has taken the work up.
    """
    ended = state in (OutboxState.DONE, OutboxState.DEAD)
    settled = tx.session.scalar(
        update(OutboxItem)
        .where(
            OutboxItem.id == work.id,
            OutboxItem.state == OutboxState.CLAIMED.value,
            OutboxItem.attempts == work.attempts,
        )
        .values(
            state=state.value,
            last_error=error,
            not_before=tx.now + after,
            claimed_until=None,
            unknown_fate=work.unknown_fate if unknown_fate is None else unknown_fate,
            done_at=tx.now if ended else None,
        )
        .returning(OutboxItem.id)
    )
    if settled is None:
        raise LeaseLost(name=work.lane)


_OF_LANE = OutboxItem.lane == bindparam("lane")
_NEXT = select(
    select(func.min(OutboxItem.not_before)).where(_OF_LANE, _UNDER_WAY, _PENDING).scalar_subquery(),
    select(func.min(OutboxItem.claimed_until)).where(_OF_LANE, _CLAIMED).scalar_subquery(),
    select(func.min(OutboxItem.fence)).where(_OF_LANE, _CLAIMED).scalar_subquery(),
    utcnow(),
)


def seconds_until_due(tx: Tx, lane: str, fence: int) -> float | None:
    """How long until a lane's owner has something to do, 0 when now; None when nothing waits."""
    pending, claimed, oldest, now = tx.core.execute(_NEXT, {"lane": lane}).one()
    if oldest is not None and oldest < fence:
        return 0.0
    times = [at for at in (pending, claimed) if at is not None]
    return max(0.0, (min(times) - now).total_seconds()) if times else None
