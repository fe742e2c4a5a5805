"""Many contacts moved at once: on PostgreSQL guarded functions (0011_reassign.sql) do it, on SQLite
the same rules in Python. What is no longer as it was seen is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, or_, select, text

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.reassigning import (
    BulkChange,
    Candidate,
    Park,
    Piece,
    Reassigned,
    Seen,
    SetDue,
    SetPriority,
    SetService,
    Skipped,
    Why,
)
from crm_desktop.domain.states import Presence
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    ChannelWeight,
    Contact,
    Membership,
    MoveBatch,
    MoveItem,
    Staff,
)
from crm_desktop.store.models.base import UtcDateTime, utcnow
from crm_desktop.store.queries import moving_sqlite as by_hand

_GIVE = text("SELECT app.reassign(CAST(:seen AS jsonb), :queue, :note)")
_CHANGE = text("SELECT app.change_many(CAST(:seen AS jsonb), :what, CAST(:value AS jsonb))")
_GONE_HOME = text("SELECT app.gone_home(:staff, :note)")
_TAKE_OVER = text("SELECT app.take_over(:batch, CAST(:seen AS jsonb))")
_TOOK_OVER = text("SELECT app.took_over(:batch, :contact, :message, :back)")
_UNDO = text("SELECT app.undo_moves(:batch, :only, :ends)")
_LOADS = text("SELECT * FROM app.loads()")
_OLD = select(MoveBatch.id).where(MoveBatch.at < bindparam("before", UtcDateTime)).limit(1)
#: A heavier channel than a mail is listed; what is not weighs nothing.
_NOTHING = 0


def give(
    tx: Tx,
    seen: Sequence[Seen],
    note: str,
    *,
    takers: Mapping[int, int] | None = None,
    queue_id: int | None = None,
) -> Reassigned:
    """Each to its taker (contact id → staff id), or all to a queue.

    Raises NotAllowed, NotFound (no such person or queue) and Conflict.
    """
    chosen = _listed(seen, takers or {})
    if tx.dialect == "sqlite":
        return _told(tx, by_hand.give(tx, chosen, queue_id, note))
    return _asked(tx, _GIVE, seen=json.dumps(chosen), queue=queue_id, note=note)


def change(tx: Tx, seen: Sequence[Seen], to: BulkChange) -> Reassigned:
    """Give all of them another priority, service or due time, park them, or close them as spam.

    Raises NotAllowed, and Conflict for what cannot be set.
    """
    what, value = _words(to)
    if tx.dialect == "sqlite":
        return _told(tx, by_hand.change(tx, _listed(seen, {}), what, value))
    given = json.dumps(_listed(seen, {}))
    return _asked(tx, _CHANGE, seen=given, what=what, value=json.dumps(value))


def gone_home(tx: Tx, staff_id: int, note: str) -> Reassigned:
    """All that somebody has, by the rule of routing; raises NotAllowed and NotFound."""
    if tx.dialect == "sqlite":
        return _told(tx, by_hand.gone_home(tx, staff_id, note))
    return _asked(tx, _GONE_HOME, staff=staff_id, note=note)


def take_over(tx: Tx, batch: int | None, seen: Seen) -> Reassigned:
    """One of many to be answered comes into one's own hands; `undo` is the batch it went into."""
    if tx.dialect == "sqlite":
        return _told(tx, by_hand.take_over(tx, batch, _listed([seen], {})))
    return _asked(tx, _TAKE_OVER, batch=batch, seen=json.dumps(_listed([seen], {})))


def took_over(tx: Tx, batch: int, contact_id: int, message_id: int, *, back: bool) -> None:
    """It was answered by this message; with `back` it goes where it was before."""
    if tx.dialect == "sqlite":
        by_hand.took_over(tx, batch, contact_id, message_id, back=back)
        return
    given = {"batch": batch, "contact": contact_id, "message": message_id, "back": back}
    tx.settle().execute(_TOOK_OVER, given)
    tx.forget()


def undo(tx: Tx, batch: int, *, only: Sequence[int] | None = None, ends: bool = True) -> Reassigned:
    """What nobody touched since is as it was; the rest is skipped.

    `only` these of the batch; unless it `ends`, more can be undone later. Raises NotFound, and
    Conflict when it is too late.
    """
    if tx.dialect == "sqlite":
        return _told(tx, by_hand.undo(tx, batch, only, ends=ends))
    chosen = None if only is None else list(only)
    return _asked(tx, _UNDO, batch=batch, only=chosen, ends=ends)


def candidates(tx: Tx) -> tuple[Candidate, ...]:
    """Everybody who works here, by name, with what they have open; raises NotAllowed."""
    if tx.dialect == "sqlite":
        loads = by_hand.loads(tx)
    else:
        loads = {row[0]: (row[1], row[2]) for row in tx.core.execute(_LOADS)}
    queues: dict[int, set[int]] = {}
    belongs = select(Membership.staff_id, Membership.queue_id).where(
        or_(Membership.until.is_(None), Membership.until > utcnow())
    )
    for staff_id, queue_id in tx.core.execute(belongs):
        queues.setdefault(staff_id, set()).add(queue_id)
    people = select(Staff.id, Staff.name, Staff.presence, Staff.capacity)
    return tuple(
        Candidate(
            id_, name, Presence(presence), capacity, *loads.get(id_, (0, 0)),
            frozenset(queues.get(id_, ())),
        )
        for id_, name, presence, capacity in tx.core.execute(
            people.where(Staff.active).order_by(Staff.name, Staff.id)
        )
    )  # fmt: skip


def pieces(tx: Tx, seen: Sequence[Seen]) -> tuple[Piece, ...]:
    """The contacts, in their order, with what each weighs."""
    weighed = (
        select(Contact.id, func.coalesce(ChannelWeight.weight, _NOTHING))
        .outerjoin(ChannelWeight, ChannelWeight.channel == Contact.channel)
        .where(Contact.id.in_([each.contact_id for each in seen]))
    )
    weights = dict(tx.core.execute(weighed).all())
    return tuple(
        Piece(each.contact_id, each.queue_id, weights.get(each.contact_id, _NOTHING))
        for each in seen
    )


def answers(tx: Tx, batch: int) -> tuple[tuple[int, int], ...]:
    """(contact, message) of the replies of one's own batch, which can be tried to take back."""
    if tx.dialect == "postgresql":
        rows = tx.core.execute(text("SELECT * FROM app.batch_answers(:batch)"), {"batch": batch})
        return tuple((contact_id, message_id) for contact_id, message_id in rows)
    return by_hand.answers(tx, batch)


def any_old(tx: Tx, age: timedelta) -> bool:
    """Whether there are batches older than that."""
    return tx.core.scalar(_OLD, {"before": tx.now - age}) is not None


def prune(tx: Tx, age: timedelta) -> None:
    """Forget batches older than that, with their contacts."""
    old = MoveBatch.at < tx.now - age
    if tx.dialect == "sqlite":
        # Written out: whether foreign keys cascade is a matter of the connection there.
        tx.core.execute(
            delete(MoveItem).where(MoveItem.batch_id.in_(select(MoveBatch.id).where(old)))
        )
    tx.core.execute(delete(MoveBatch).where(old))


def _listed(seen: Iterable[Seen], takers: Mapping[int, int]) -> list[dict[str, Any]]:
    return [
        {
            "id": each.contact_id,
            "state": each.state.value,
            "owner": each.owner_id,
            "queue": each.queue_id,
            "since": each.state_since.isoformat(),
            "to": takers.get(each.contact_id),
        }
        for each in seen
    ]


def _words(to: BulkChange) -> tuple[str, dict[str, Any]]:
    match to:
        case SetPriority(priority):
            return "priority", {"priority": priority}
        case SetService(service_id):
            return "service", {"service": service_id}
        case SetDue(due_at):
            return "due", {"due": due_at.isoformat()}
        case Park(until, for_reply):
            said = until.isoformat() if until else None
            return "parked", {"until": said, "for_reply": for_reply}
    return "spam", {}


def _asked(tx: Tx, statement: Any, **given: object) -> Reassigned:
    moved, skipped, batch = tx.settle().execute(statement, given).scalar_one()
    tx.forget()
    return _told(tx, by_hand.Outcome(moved or [], skipped or [], batch))


def _told(tx: Tx, outcome: by_hand.Outcome) -> Reassigned:
    moved = tuple(outcome.moved)
    tx.changed(Topic.CONTACT, *moved)
    skipped = tuple(Skipped(id_, who, Why(why)) for id_, who, why in outcome.skipped)
    return Reassigned(moved, skipped, outcome.batch if moved else None, tx.changes)
