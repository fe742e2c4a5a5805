"""A call that came in made a contact: its line and choice, its caller, its queue and clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm_desktop.domain.calls import CallState, LegRole, LegState
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.identifiers import normal_phone
from crm_desktop.domain.states import Channel, ContactState, Direction, IdentifierKind
from crm_desktop.domain.text import fold
from crm_desktop.services.intake_parts import finding
from crm_desktop.store.database import Tx
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import calls as queries
from crm_desktop.store.queries import events, intake, messages
from crm_desktop.store.queries.routing import QueueRules, Routing
from crm_desktop.store.queries.routing import read as read_routing

_LONGEST = 64
#: What networks say in place of a number that is withheld.
_WITHHELD = frozenset(
    {"anonymous", "unavailable", "unknown", "restricted", "private", "withheld", "asterisk"}
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call as the PBX has it: who calls, as it came, what number, and the menu's digit.

    `channel` is its id there, `linked` what the PBX's records join its legs by.
    """

    account_id: int
    channel: str
    number: str
    dialled: str
    choice: str = ""
    linked: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as far as the number tells. `number` is E.164, empty when it is none."""

    number: str
    who: str
    customer_id: int | None


def take_in(tx: Tx, arrival: Arrival) -> int:
    """Write the contact with its call; its id."""
    routing = read_routing(tx)
    dialled, choice = arrival.dialled[:_LONGEST], arrival.choice[:8]
    spellings = {dialled, normal_phone(dialled) or dialled} - {""}
    line = queries.line(tx, sorted(spellings), choice) if spellings else None
    rules = _rules(routing, arrival.account_id, line)
    service = routing.services.get(line.service_id) if line and line.service_id else None
    caller = known(tx, arrival.number[:_LONGEST])
    contact_id = next(messages.contact_numbers(tx, 1))
    subject = line.name if line else f"Call to {dialled}" if dialled else "Call"
    messages.add_contact(
        tx,
        contact_id,
        {
            "channel": Channel.CALL.value,
            "direction": Direction.INBOUND.value,
            "state": ContactState.QUEUED.value,
            "queue_id": rules.queue_id,
            "service_id": service.id if service else None,
            "customer_id": caller.customer_id,
            "priority": max(rules.priority, service.priority if service else 0),
            "who": caller.who,
            "subject": subject,
            "preview": "",
            "folded": fold(f"{caller.who} {subject} {caller.number}"),
            "due_at": finding.due(tx.now, rules, Channel.CALL),
            "needs_checking": False,
            "check_reason": "",
            "auto_generated": False,
            "account_id": arrival.account_id,
        },
        None,
    )
    queries.add(
        tx,
        contact_id=contact_id,
        account_id=arrival.account_id,
        line_id=line.id if line else None,
        state=CallState.WAITING.value,
        channel=arrival.channel,
        linked=arrival.linked,
        number=caller.number,
        number_said=arrival.number[:_LONGEST],
        dialled=dialled,
        choice=choice,
    )
    queries.add_leg(
        tx, contact_id, arrival.channel, LegRole.CALLER,
        state=LegState.UP.value, up_at=utcnow(), number=caller.number,
    )  # fmt: skip
    events.append(
        tx,
        "contact.received",
        contact_id=contact_id,
        customer_id=caller.customer_id,
        channel=Channel.CALL.value,
        queue=rules.queue_id,
        line=line.id if line else None,
        choice=choice,
    )
    tx.changed(Topic.CONTACT, contact_id)
    tx.changed(Topic.CALL, contact_id)
    return contact_id


def _rules(routing: Routing, account_id: int, line: queries.Line | None) -> QueueRules:
    account = routing.accounts.get(account_id)
    chosen = (line.queue_id if line else None, account.queue_id if account else None)
    known = (routing.queues.get(each) for each in chosen if each is not None)
    rules = next((each for each in known if each is not None), routing.general_queue)
    if rules is None:
        raise NotFound("the centre has no queue")
    return rules


def known(tx: Tx, said: str) -> Caller:
    """The one customer of that number; nobody when several share it: the advisor asks."""
    if not said or said.lower() in _WITHHELD:
        return Caller("", "Number withheld", None)
    number = normal_phone(said)
    if number is None:
        return Caller("", said, None)
    key = (IdentifierKind.PHONE.value, number)
    holders: Mapping[int, str] = intake.holders(tx, [key])[key]
    if len(holders) == 1:
        ((customer_id, name),) = holders.items()
        return Caller(number, name, customer_id)
    if holders:
        return Caller(number, f"{len(holders)} people have this number", None)
    return Caller(number, shown(number), None)


def shown(number: str) -> str:
    """A number as people write it: 01632 960123 at home, +33 1 23 45 67 89 abroad."""
    import phonenumbers  # its tables are slow to load

    parsed = phonenumbers.parse(number)
    form = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    if parsed.country_code == 44:
        form = phonenumbers.PhoneNumberFormat.NATIONAL
    return phonenumbers.format_number(parsed, form)
