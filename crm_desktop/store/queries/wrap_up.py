"""The end of a call's wrap-up, on both dialects: left out where the queue allows it, extended once,
or ended by its time. On PostgreSQL people's moves are functions (migrations/sql/0020_wrap_up.sql).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, literal_column, or_, select, text, update

from crm_desktop.domain.calls import WrapUp
from crm_desktop.domain.errors import Conflict, NotAllowed, NotFound, Taken
from crm_desktop.domain.states import AssignmentState, Channel, ContactState
from crm_desktop.domain.wrap_up import GRACE, TRANSFERRED_OUT, WrapUpRule
from crm_desktop.store.database import Tx
from crm_desktop.store.guard_sqlite_reading import visible
from crm_desktop.store.models import Assignment, Call, Contact, Queue, Staff
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import events
from crm_desktop.store.queries.from_json import maybe_moment, parsed

_RULE = text("SELECT app.wrap_up_rule(:contact)")
_EXTEND = text("SELECT app.wrap_up_extend(:contact)")
_LEAVE = text("SELECT app.wrap_up_leave(:contact)")
# Said as the partial index of what is in hand is, so that it serves.
_WRAPPING = (
    select(
        Contact.id, Contact.owner_id, Contact.service_id, Contact.state_since, Call.ended_at,
        Queue.wrap_up, Queue.wrap_up_seconds, Call.wrap_up_extended, Contact.end_reason,
    )
    .join(Call, Call.contact_id == Contact.id)
    .join(Queue, Queue.id == Contact.queue_id)
    .where(
        Contact.owner_id.is_not(None),
        Contact.state != literal_column("'completed'"),
        Contact.state == literal_column("'wrap_up'"),
        or_(Call.ended_at.is_not(None), Contact.end_reason == TRANSFERRED_OUT),
    )
)  # fmt: skip
_TIMED = _WRAPPING.where(
    Queue.wrap_up == literal_column("'timed'"),
    Contact.channel == literal_column(f"'{Channel.CALL.value}'"),
)


def rule(tx: Tx, contact_id: int) -> WrapUpRule | None:
    """What is asked of this person, who has the call; None when it is no call in wrap-up."""
    if tx.dialect == "postgresql":
        found = parsed(tx.core.scalar(_RULE, {"contact": contact_id}))
        if found is None:
            return None
        mode, seconds, extended, until = found
        return WrapUpRule(WrapUp(mode), seconds, extended, maybe_moment(until))
    row = _wrapping(tx, contact_id)
    if row is None or tx.actor is None or row.owner_id != tx.actor.id:
        return None
    timed = row.wrap_up == WrapUp.TIMED
    return WrapUpRule(
        WrapUp(row.wrap_up),
        row.wrap_up_seconds,
        row.wrap_up_extended,
        _until(row) if timed else None,
    )


def extend(tx: Tx, contact_id: int) -> None:
    """The time of a timed wrap-up once more. Raises Conflict when it was extended, or is not timed,
    and as every move of a contact in hand.
    """
    if tx.dialect == "postgresql":
        tx.core.execute(_EXTEND, {"contact": contact_id})
        return
    row = _mine(tx, contact_id)
    if row is None or row.wrap_up != WrapUp.TIMED:
        raise Conflict("this wrap-up has no end")
    if row.wrap_up_extended:
        raise Conflict("the wrap-up was extended already")
    tx.session.execute(
        update(Call).where(Call.contact_id == contact_id).values(wrap_up_extended=True)
    )
    events.append(tx, "contact.extended", contact_id=contact_id, seconds=row.wrap_up_seconds)


def leave(tx: Tx, contact_id: int) -> None:
    """Complete a call without the three answers. Raises Conflict where its queue asks for them, and
    as every move of a contact in hand.
    """
    if tx.dialect == "postgresql":
        tx.core.execute(_LEAVE, {"contact": contact_id})
        return
    row = _mine(tx, contact_id)
    if row is None or row.wrap_up != WrapUp.OPTIONAL:
        raise Conflict("this queue asks how a call ended")
    _complete(tx, row)
    events.append(tx, "contact.completed", contact_id=contact_id, **_said("left", row))


def any_over(tx: Tx) -> bool:
    """Whether a timed wrap-up had its time."""
    return any(_is_over(row, tx.now) for row in tx.core.execute(_TIMED))


def end_over(tx: Tx) -> tuple[int, ...]:
    """End what had its time, with what is known of it; the contacts. Text in drafts stays there."""
    ended = []
    for row in tx.core.execute(_TIMED).all():
        if _is_over(row, tx.now) and _complete(tx, row):
            events.append(
                tx,
                "contact.completed",
                contact_id=row.id,
                **_said("timed", row),
                staff=row.owner_id,
            )
            ended.append(row.id)
    return tuple(ended)


def _is_over(row: Any, now: datetime) -> bool:
    return _until(row) + GRACE <= now


def _until(row: Any) -> datetime:
    passed_on = row.end_reason == TRANSFERRED_OUT
    begun: datetime = row.state_since if passed_on else max(row.state_since, row.ended_at)
    return begun + timedelta(seconds=row.wrap_up_seconds * (1 + row.wrap_up_extended))


def _complete(tx: Tx, row: Any) -> bool:
    """One conditional UPDATE decides between this and whoever moves the contact just now."""
    done = tx.core.execute(
        update(Contact)
        .where(Contact.id == row.id, Contact.state == ContactState.WRAP_UP.value)
        .where(Contact.state_since == row.state_since)
        .values(
            state=ContactState.COMPLETED.value,
            state_since=utcnow(),
            completed_at=utcnow(),
            end_reason=func.coalesce(Contact.end_reason, "normal"),
        )
    )
    if not done.rowcount:
        return False
    tx.core.execute(
        update(Assignment)
        .where(Assignment.contact_id == row.id, Assignment.ended_at.is_(None))
        .values(state=AssignmentState.COMPLETED.value, ended_at=utcnow())
    )
    return True


def _wrapping(tx: Tx, contact_id: int) -> Any:
    return tx.core.execute(_WRAPPING.where(Contact.id == contact_id)).first()


def _mine(tx: Tx, contact_id: int) -> Any:
    """The call in this person's hands, on SQLite, as app.in_hand has it; None when it goes on."""
    if tx.actor is None:
        raise NotAllowed("not signed in as staff")
    contact = tx.session.get(Contact, contact_id, populate_existing=True)
    if contact is None or not visible(contact, tx.actor):
        raise NotFound("no such contact")
    if contact.owner_id != tx.actor.id and not tx.actor.leads:
        holder = tx.session.get(Staff, contact.owner_id) if contact.owner_id else None
        if holder is None:
            raise NotAllowed("take the contact first")
        raise Taken("the contact is with somebody else", by=holder.name)
    if contact.state != ContactState.WRAP_UP:
        raise Conflict(f"the contact is {contact.state}")
    return _wrapping(tx, contact_id)


def _said(how: str, row: Any) -> dict[str, Any]:
    return {"how": how, "resolution": None, "avoidable": None, "service": row.service_id}
