"""Calls that are going on, on SQLite: the rules of migrations/sql/0016_calling.sql."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, exists, select, update

from crm_desktop.domain.calls import CallState
from crm_desktop.domain.errors import Conflict
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import AssignmentState, Channel, ContactState
from crm_desktop.store.models import Assignment, Call, CallLeg, Contact, Event, Queue, Staff
from crm_desktop.store.models.base import utcnow

if TYPE_CHECKING:
    from crm_desktop.store.database import Tx

#: Somebody is at the other end now; not who is to be called back.
LIVE = exists(
    select(Call.contact_id)
    .where(Call.contact_id == Contact.id, Call.ended_at.is_(None), Call.state != CallState.CALLBACK)
    .correlate(Contact)
)
#: A conversation that nobody but the telephone lays aside or passes on.
TALKED = (
    (Contact.channel == Channel.CALL)
    & Contact.state.in_([ContactState.ACTIVE, ContactState.HELD])
    & LIVE
)


def is_live(tx: Tx, contact_id: int) -> bool:
    """Whether somebody is at the other end."""
    tx.settle()
    return bool(tx.core.scalar(select(Contact.id).where(Contact.id == contact_id, LIVE)))


def check_move(tx: Tx, contact: Contact, to: ContactState) -> None:
    """Nobody passes a conversation on but by the telephone, or parks who waits; raises Conflict."""
    held = contact.state in (ContactState.ACTIVE, ContactState.HELD)
    moves = held or to is ContactState.PARKED
    if contact.channel == Channel.CALL and moves and is_live(tx, contact.id):
        raise Conflict("the call is going on")


def can_be_rung(staff_id: int) -> ColumnElement[bool]:
    """Of a contact that waits: it needs no phone, or this person has one and is on no call."""
    phone = exists().where(
        Staff.id == staff_id, Staff.extension.is_not(None), Staff.extension != ""
    )
    return (Contact.channel != Channel.CALL) | ~LIVE | (phone & ~_on_a_call(staff_id))


def _on_a_call(staff_id: int) -> ColumnElement[bool]:
    return exists().where(
        Assignment.staff_id == staff_id,
        Assignment.ended_at.is_(None),
        Assignment.channel == Channel.CALL,
        Assignment.state != AssignmentState.WRAPPING,
        Call.contact_id == Assignment.contact_id,
        Call.ended_at.is_(None),
        Call.state != CallState.CALLBACK,
    )


def ring_me(tx: Tx, me: Person, contact: Contact, how: str) -> bool:
    """Offer a call that waits to whoever takes it; False when somebody was faster.

    Raises Conflict for who has no telephone, or is on a call.
    """
    if contact.state == ContactState.OFFERED and contact.owner_id == me.id:
        return True
    tx.settle()
    if not tx.core.scalar(select(Staff.extension).where(Staff.id == me.id)):
        raise Conflict("you have no telephone here")
    if tx.core.scalar(select(_on_a_call(me.id))):
        raise Conflict("you are on a call")
    if contact.state != ContactState.QUEUED or contact.queue_id not in me.queues:
        return False
    tx.session.execute(
        update(Contact)
        .where(Contact.id == contact.id)
        .values(state=ContactState.OFFERED, state_since=utcnow(), owner_id=me.id)
    )
    seconds = tx.session.scalars(
        select(Queue.offer_seconds).where(Queue.id == contact.queue_id)
    ).one()
    tx.session.add(
        Assignment(
            contact_id=contact.id,
            staff_id=me.id,
            state=AssignmentState.OFFERED,
            how=how,
            expires_at=tx.now + timedelta(seconds=seconds),
        )
    )
    said = {"staff": me.id, "by": how}
    tx.session.add(Event(kind="contact.offered", actor_id=me.id, contact_id=contact.id, data=said))
    tx.session.flush()
    return True


def talks(staff_id: int) -> ColumnElement[bool]:
    """Somebody's phone is up: they touch no keys, and are there."""
    return exists().where(
        CallLeg.staff_id == staff_id, CallLeg.ended_at.is_(None), CallLeg.up_at.is_not(None)
    )


def left_alone(tx: Tx, kind: str) -> frozenset[int]:
    """The contacts that a move of many of this kind must not touch: somebody is there."""
    going_on = select(Contact.id).join(Call, Call.contact_id == Contact.id).where(LIVE)
    if kind in ("answered", "parked"):
        return frozenset(tx.core.scalars(going_on))
    if kind in ("given", "spam"):
        return frozenset(tx.core.scalars(going_on.where(TALKED)))
    return frozenset()
