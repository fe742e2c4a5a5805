"""Calls that we make: from what was asked to a contact, and what became of it. For the gateway."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crm_desktop.domain.call_asking import NUMBER
from crm_desktop.domain.calls import CallState, LegRole, LegState
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict
from crm_desktop.domain.states import Channel, ContactState, Direction
from crm_desktop.domain.text import fold
from crm_desktop.services import calls
from crm_desktop.services.call_commands import Work
from crm_desktop.services.intake_parts import calling
from crm_desktop.services.leases import Lease, writing
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import call_commands as commands
from crm_desktop.store.queries import call_passing as passing
from crm_desktop.store.queries import calls as queries
from crm_desktop.store.queries import events, messages
from crm_desktop.store.queries.routing import read as read_routing


@dataclass(frozen=True, slots=True)
class Own:
    """The telephone that a call of ours begins at; `channel` names its channel by the contact.

    It is written with the call: a call without a telephone in it would be over.
    """

    extension: str
    channel: Callable[[int], str]


def begun(db: Database, work: Work, account_id: int, own: Own, under: Lease) -> int:
    """A call is being made as asked: its contact, in the hands of whoever asked."""
    said = str(work.args["number"])
    customer, case = work.args.get("customer"), work.args.get("case")
    with writing(db, under) as tx:
        rules = read_routing(tx).queues.get(int(str(work.args["queue"])))
        if rules is None:
            raise Conflict("the queue is gone")
        caller = calling.known(tx, said)
        customer_id, who = caller.customer_id, caller.who
        if isinstance(customer, int):
            customer_id, who = customer, passing.customer_name(tx, customer) or who
        contact_id = next(messages.contact_numbers(tx, 1))
        subject = f"Call to {caller.who if caller.customer_id is None else said}"
        messages.add_contact(
            tx,
            contact_id,
            {
                "channel": Channel.CALL.value,
                "direction": Direction.OUTBOUND.value,
                "state": ContactState.DIALLING.value,
                "queue_id": rules.queue_id,
                "service_id": None,
                "customer_id": customer_id,
                "priority": rules.priority,
                "who": who,
                "subject": subject,
                "preview": "",
                "folded": fold(f"{who} {subject} {caller.number}"),
                "due_at": None,
                "needs_checking": False,
                "check_reason": "",
                "auto_generated": False,
                "account_id": account_id,
            },
            None,
        )
        queries.change_contact(tx, contact_id, owner_id=work.staff_id, first_taken_at=tx.now)
        passing.give(tx, contact_id, work.staff_id, how="taken")
        queries.add(
            tx,
            contact_id=contact_id,
            account_id=account_id,
            state=CallState.DIALLING.value,
            number=caller.number,
            number_said=said,
            dialled=said,
        )
        _own_leg(tx, contact_id, work.staff_id, own)
        if isinstance(case, int):
            messages.link_case(tx, case, contact_id)
        commands.became(tx, work, contact_id)
        events.append(
            tx, "contact.dialled", contact_id=contact_id, customer_id=customer_id,
            channel=Channel.CALL.value, queue=rules.queue_id, staff=work.staff_id,
        )  # fmt: skip
        tx.changed(Topic.CONTACT, contact_id)
        tx.changed(Topic.CALL, contact_id)
        return contact_id


def _own_leg(tx: Tx, contact_id: int, staff_id: int, own: Own) -> None:
    queries.add_leg(
        tx, contact_id, own.channel(contact_id), LegRole.ADVISOR,
        staff_id=staff_id, number=own.extension,
    )  # fmt: skip


def called_back(db: Database, contact_id: int, own: Own, under: Lease) -> bool:
    """Whoever took a call that is to be returned makes it now; False when it is no longer so."""
    with writing(db, under) as tx:
        call = queries.locked(tx, contact_id)
        if call is None or call.state is not CallState.CALLBACK:
            return False
        if call.contact_state is not ContactState.ACTIVE or call.owner_id is None:
            return False
        queries.change_contact(tx, contact_id, state=ContactState.DIALLING.value)
        queries.change(
            tx, contact_id, state=CallState.DIALLING.value, state_since=utcnow(), channel=""
        )
        _own_leg(tx, contact_id, call.owner_id, own)
        events.append(tx, "contact.dialled", contact_id=contact_id, staff=call.owner_id)
        tx.changed(Topic.CONTACT, contact_id)
        tx.changed(Topic.CALL, contact_id)
        return True


def number_of(db: Database, contact_id: int) -> str:
    """What is dialled: as it was asked or as it came, else in its international form."""
    with db.read() as tx:
        said, number = passing.numbers_of(tx, contact_id)
        return said if NUMBER.match(said) else number


def other_side(db: Database, contact_id: int, channel: str, number: str, under: Lease) -> None:
    """Whom we call is about to be called by this channel; written first, as every channel.

    Raises Conflict when the call is over.
    """
    with writing(db, under) as tx:
        calls.going_on(tx, contact_id)
        queries.add_leg(tx, contact_id, channel, LegRole.CALLER, number=number)
        queries.change(tx, contact_id, channel=channel)
        tx.changed(Topic.CALL, contact_id)


def reached(db: Database, contact_id: int, channel: str, under: Lease) -> bool:
    """They picked up: it is a conversation. False when it was one already, or is over."""
    with writing(db, under) as tx:
        call = queries.locked(tx, contact_id)
        if call is None or call.contact_state is not ContactState.DIALLING:
            return False
        queries.change_contact(tx, contact_id, state=ContactState.ACTIVE.value)
        queries.change(
            tx, contact_id, state=CallState.TALKING.value, state_since=utcnow(),
            answered_at=tx.now, counted_at=tx.now,
        )  # fmt: skip
        queries.change_leg(tx, channel, state=LegState.UP.value, up_at=utcnow())
        events.append(
            tx, "call.answered", contact_id=contact_id, staff=call.owner_id, outbound=True
        )
        tx.changed(Topic.CONTACT, contact_id)
        tx.changed(Topic.CALL, contact_id)
        return True


def failed(db: Database, contact_id: int, cause: int, under: Lease) -> None:
    """There was no way to call; it is wrapped up even then."""
    calls.ended(db, contact_id, by="pbx", cause=cause, cut_off=False, under=under)
