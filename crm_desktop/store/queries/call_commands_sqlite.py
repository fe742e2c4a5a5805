"""Who may ask what of the PBX, on SQLite: the rules of migrations/sql/0017_call_commands.sql."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from crm_desktop.domain.call_asking import LISTENING, MOST_A_MINUTE, MOST_OPEN
from crm_desktop.domain.calls import DEADLINE, Ask, CallState, CommandState, LegRole, Verb
from crm_desktop.domain.errors import Conflict, NotAllowed, NotFound, Taken
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import ContactState
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import CURRENT, me
from crm_desktop.store.models import (
    Call,
    CallCommand,
    CallLeg,
    Case,
    ChannelAccount,
    Contact,
    Customer,
    Membership,
    Queue,
    ReadAudit,
    Staff,
)

_TALK = (CallState.TALKING, CallState.HELD, CallState.CONSULTING, CallState.CONFERENCE)
_ON_A_PHONE = (
    ContactState.OFFERED,
    *(ContactState.ACTIVE, ContactState.HELD),
    ContactState.DIALLING,
)
_NOT_ON_A_PHONE = (CallState.WAITING, CallState.CALLBACK, CallState.VOICEMAIL)
_STATES: Mapping[Verb, tuple[ContactState, ...]] = {
    Verb.ANSWER: (ContactState.OFFERED,),
    Verb.HANG_UP: (ContactState.ACTIVE, ContactState.HELD, ContactState.DIALLING),
}
_IN_HAND = (ContactState.ACTIVE, ContactState.HELD)
#: So long a call out that is being begun keeps its caller from another.
_BEGINNING = timedelta(seconds=10)


def ask(tx: Tx, wanted: Ask) -> tuple[int, datetime]:
    """Write the command down; its id, and when it was asked."""
    asker = me(tx)
    _check_flood(tx, asker)
    args = dict(wanted.args)
    if wanted.contact_id is None:
        args |= _out(tx, asker, args)
    else:
        _check_call(tx, asker, wanted.verb, wanted.contact_id, args)
    command = CallCommand(
        contact_id=wanted.contact_id,
        staff_id=asker.id,
        verb=wanted.verb,
        args=args,
        asked_at=tx.now,
        expires_at=tx.now + DEADLINE,
    )
    tx.session.add(command)
    tx.session.flush()
    return command.id, tx.now


def _check_flood(tx: Tx, asker: Person) -> None:
    minute = select(CallCommand).where(
        CallCommand.staff_id == asker.id, CallCommand.asked_at > tx.now - timedelta(minutes=1)
    )
    recent = tx.session.scalars(minute).all()
    waiting = (CommandState.ASKED, CommandState.DOING)
    still = [each for each in recent if each.state in waiting and each.expires_at > tx.now]
    if len(still) >= MOST_OPEN or len(recent) >= MOST_A_MINUTE:
        raise Conflict("too much is asked at once")


def _check_call(
    tx: Tx, asker: Person, verb: Verb, contact_id: int, args: Mapping[str, object]
) -> None:
    session = tx.session
    contact = session.get(Contact, contact_id, populate_existing=True)
    call = session.get(Call, contact_id, populate_existing=True)
    if contact is None or call is None:
        raise NotFound("no such call")
    if contact.queue_id not in asker.queues and contact.owner_id != asker.id:
        raise NotFound("no such call")
    if call.ended_at is not None:
        raise Conflict("the call has ended")
    if verb in LISTENING:
        _check_ear(session, asker, verb, contact, call)
    else:
        _check_holder(session, asker, verb, contact, args)


def _check_holder(
    session: Session, asker: Person, verb: Verb, contact: Contact, args: Mapping[str, Any]
) -> None:
    if contact.owner_id is None:
        raise NotAllowed("take the contact first")
    if contact.owner_id != asker.id:
        name = session.get_one(Staff, contact.owner_id).name
        raise Taken("the call is with somebody else", by=name)
    if contact.state not in _STATES.get(verb, _IN_HAND):
        raise Conflict(f"the contact is {contact.state}")
    to = args.get("to", {})
    if "staff" in to:
        _check_takes(session, asker, to["staff"], contact.queue_id)
    if "queue" in to and session.get(Queue, to["queue"]) is None:
        raise NotFound("no such queue")


def _check_takes(session: Session, asker: Person, staff_id: int, queue_id: int) -> None:
    """Somebody the call may be passed to has a telephone that is free, and may have the contact."""
    staff = session.get(Staff, staff_id)
    if staff is None or not staff.active or staff.id == asker.id:
        raise NotFound("no such colleague")
    member = select(Membership).where(
        Membership.staff_id == staff_id, Membership.queue_id == queue_id, CURRENT
    )
    if session.get_one(Queue, queue_id).restricted and session.scalar(member) is None:
        raise NotAllowed("only a member of its queue may have this contact")
    if not staff.extension:
        raise Conflict("no telephone of theirs is known")
    if _busy(session, staff_id):
        raise Conflict("they are on the telephone")


def _busy(session: Session, staff_id: int) -> bool:
    own = (
        select(func.count())
        .select_from(Contact)
        .join(Call, Call.contact_id == Contact.id)
        .where(
            Contact.owner_id == staff_id,
            Contact.state.in_(_ON_A_PHONE),
            Call.ended_at.is_(None),
            Call.state.not_in(_NOT_ON_A_PHONE),
        )
    )
    leg = select(func.count()).where(CallLeg.staff_id == staff_id, CallLeg.ended_at.is_(None))
    return bool(session.scalar(own) or session.scalar(leg))


def _check_ear(session: Session, asker: Person, verb: Verb, contact: Contact, call: Call) -> None:
    if not asker.leads or contact.queue_id not in asker.queues:
        raise NotAllowed("a team leader of its queue listens to a call")
    if verb is Verb.STOP_LISTENING:
        return
    if contact.owner_id == asker.id:
        raise Conflict("it is your own call")
    if call.state not in _TALK:
        raise Conflict("nobody is talking")
    _check_own_phone(session, asker)
    listens = select(CallLeg.id).where(
        CallLeg.staff_id == asker.id,
        CallLeg.ended_at.is_(None),
        CallLeg.contact_id == contact.id,
        CallLeg.role == LegRole.LISTENER,
    )
    if _busy(session, asker.id) and session.scalar(listens) is None:
        raise Conflict("you are on the telephone")
    session.add(ReadAudit(staff_id=asker.id, what="call", ref_id=contact.id))
    session.flush()


def _check_own_phone(session: Session, asker: Person) -> None:
    if not session.get_one(Staff, asker.id, populate_existing=True).extension:
        raise Conflict("no telephone of yours is known")


def _out(tx: Tx, asker: Person, args: Mapping[str, Any]) -> dict[str, object]:
    session = tx.session
    pbx = session.scalar(
        select(ChannelAccount.id).where(ChannelAccount.kind == "asterisk", ChannelAccount.active)
    )
    if pbx is None:
        raise Conflict("no telephone system is set up")
    _check_own_phone(session, asker)
    beginning = select(CallCommand.id).where(
        CallCommand.staff_id == asker.id,
        CallCommand.verb == Verb.DIAL,
        or_(
            (CallCommand.state == CommandState.ASKED) & (CallCommand.expires_at > tx.now),
            (CallCommand.state == CommandState.DOING)
            & (CallCommand.asked_at > tx.now - _BEGINNING),
        ),
    )
    if _busy(session, asker.id) or session.scalar(beginning.limit(1)) is not None:
        raise Conflict("you are on the telephone")
    customer = args.get("customer")
    if customer is not None:
        known = session.get(Customer, customer)
        if known is None or known.merged_into_id is not None:
            raise NotFound("no such customer")
    return {"queue": _queue(session, asker, args.get("case")), "account": pbx}


def _queue(session: Session, asker: Person, case_id: int | None) -> int:
    """The case's, where it is one's own; else one's general one."""
    if case_id is not None:
        matter = session.get(Case, case_id)
        if matter is None or matter.queue_id not in asker.queues:
            raise NotFound("no such case")
        return matter.queue_id
    chosen = session.scalar(
        select(Queue.id)
        .where(Queue.id.in_(asker.queues))
        .order_by(Queue.restricted, Queue.code != "general", Queue.id)
        .limit(1)
    )
    if chosen is None:
        raise NotAllowed("a member of no queue calls nobody")
    return chosen
