"""The rows that change when a call becomes somebody else's, or nobody's for now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update

from crm_desktop.domain.states import AssignmentState, Direction, MessageState, Visibility
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Assignment, Call, Contact, Customer, Queue, Staff
from crm_desktop.store.models.base import utcnow

_HOW = "transfer"


def wait_again(
    tx: Tx,
    contact_id: int,
    *,
    state: str,
    owner_id: int | None,
    queue_id: int,
    priority: int,
    due_at: datetime | None,
    boost: int,
    why: str,
) -> None:
    """A contact waits from now on, in this queue; what raised it higher before stays."""
    row = tx.core.execute(
        select(Contact.boost, Contact.boost_reason).where(Contact.id == contact_id)
    ).one()
    higher = row.boost >= boost
    tx.core.execute(
        update(Contact)
        .where(Contact.id == contact_id)
        .values(
            state=state,
            state_since=utcnow(),
            queued_at=utcnow(),
            owner_id=owner_id,
            queue_id=queue_id,
            priority=priority,
            due_at=due_at,
            boost=row.boost if higher else boost,
            boost_reason=row.boost_reason if higher else why,
            overflowed_at=None,
        )
    )


def offer(tx: Tx, contact_id: int, staff_id: int, note: str) -> None:
    """Offer it to a person, for as long as its queue says."""
    seconds = tx.core.execute(
        select(Queue.offer_seconds)
        .join(Contact, Contact.queue_id == Queue.id)
        .where(Contact.id == contact_id)
    ).scalar_one()
    _assign(
        tx,
        contact_id,
        staff_id,
        state=AssignmentState.OFFERED.value,
        note=note,
        expires_at=tx.now + timedelta(seconds=seconds),
    )


def give(tx: Tx, contact_id: int, staff_id: int, *, how: str = _HOW) -> None:
    """It is this person's."""
    _assign(
        tx,
        contact_id,
        staff_id,
        state=AssignmentState.ACCEPTED.value,
        note="",
        accepted_at=utcnow(),
        how=how,
    )


def _assign(tx: Tx, contact_id: int, staff_id: int, **values: Any) -> None:
    tx.core.execute(
        insert(Assignment)
        .values(**{"how": _HOW, **values}, contact_id=contact_id, staff_id=staff_id)
        .inline()
    )


def name_of(tx: Tx, staff_id: int) -> str:
    """What a colleague is called."""
    return str(tx.core.execute(select(Staff.name).where(Staff.id == staff_id)).scalar() or "")


def extension_of(tx: Tx, staff_id: int) -> str:
    """Where a colleague is rung; empty when nowhere."""
    found = select(func.coalesce(Staff.extension, "")).where(Staff.id == staff_id, Staff.active)
    return str(tx.core.execute(found).scalar() or "")


def customer_name(tx: Tx, customer_id: int) -> str:
    """What a customer is called."""
    found = select(Customer.name).where(Customer.id == customer_id)
    return str(tx.core.execute(found).scalar() or "")


def numbers_of(tx: Tx, contact_id: int) -> tuple[str, str]:
    """The other side's number as it was said, and in its international form."""
    found = select(Call.number_said, Call.number).where(Call.contact_id == contact_id)
    row = tx.core.execute(found).one()
    return row.number_said, row.number


def note(contact_id: int, author_id: int, words: str) -> dict[str, Any]:
    """An internal note, as its author asked for it with the command."""
    return {
        "contact_id": contact_id,
        "direction": Direction.OUTBOUND.value,
        "visibility": Visibility.INTERNAL.value,
        "state": MessageState.SENT.value,
        "author_id": author_id,
        "body_text": words,
        "reply_text": words,
    }
