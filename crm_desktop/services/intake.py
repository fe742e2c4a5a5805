"""Taking in what came from outside: everything about one arrival in one transaction.

Nothing that arrives is trusted, and nothing is lost: only after the commit does the channel say
that it has it. Order: an arrival seen before is recognised; a bounce goes to the message that
bounced; what belongs to an open contact joins it; everything else becomes a new contact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.messages import InboundMessage
from crm_desktop.domain.references import make_reference
from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.domain.text import excerpt, fold
from crm_desktop.services import leases
from crm_desktop.services.intake_parts import acknowledgement, arriving, bounces, finding, joining
from crm_desktop.services.intake_parts.arriving import Door, Stored, stored
from crm_desktop.services.intake_parts.known import Known, identifiers
from crm_desktop.services.intake_parts.known import read as read_known
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import accounts, events, messages
from crm_desktop.store.queries import intake as queries
from crm_desktop.store.queries.accounts import Account
from crm_desktop.store.queries.intake import Earlier
from crm_desktop.store.queries.routing import Routing, ServiceRules
from crm_desktop.store.queries.routing import read as read_routing

__all__ = ["Door", "Received", "Stored", "receive", "receive_together", "stored"]

#: So much of a message is searchable from the queue; the whole of it from search.
_SEARCHED_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Received:
    """What an arrival became. `reference` is its case's, for a web form; else empty."""

    contact_id: int
    message_id: int
    reference: str = ""
    duplicate: bool = False
    changes: Changes = field(default_factory=Changes)


def receive(
    db: Database,
    account_id: int,
    message: InboundMessage,
    *,
    cursor: dict[str, Any] | None = None,
    under: Lease | None = None,
) -> Received:
    """Take in one arrival, once: the same (account, external id) gives the earlier ids again.

    `cursor` is how far the account was read with it, kept in the same transaction; `under` is the
    lease of whoever reads the account. Raises LeaseLost or DatabaseTrouble, with nothing kept
    but perhaps files that nothing links yet.
    """
    arrival = stored(db, account_id, message, under)
    with leases.writing(db, under) as tx:
        (received,) = _take_all(tx, (arrival,))
        if cursor is not None:
            accounts.set_cursor(tx, account_id, cursor)
        return received


def receive_together(db: Database, arrivals: Sequence[Stored]) -> tuple[Received, ...]:
    """Take in several arrivals in one transaction, each as `receive` would: all of them or none.

    Their `changes` are the whole transaction's.
    """
    with db.write() as tx:
        return _take_all(tx, arrivals)


def _take_all(tx: Tx, arrivals: Sequence[Stored]) -> tuple[Received, ...]:
    routing = read_routing(tx)
    placed = [(_account(routing, each.where), each) for each in arrivals]
    queries.serialise(tx, (key for account, each in placed for key in _keys(account, each)))
    ids = [(account.id, each.message.external_id) for account, each in placed]
    earlier = queries.earlier(tx, ids)
    known = read_known(tx, routing, [each.message for each in arrivals])
    taken: list[Received] = []
    for own, (account, arrival) in zip(ids, placed, strict=True):
        before = earlier.get(own)
        if before is None:
            received = _take_in(tx, known, account, arrival)
            if arrival.message.message_id:
                known.answered[arrival.message.message_id] = received.message_id
            earlier[own] = Earlier(received.contact_id, received.message_id, received.reference)
        else:
            received = Received(*before, duplicate=True)
        taken.append(received)
    return tuple(each if each.duplicate else replace(each, changes=tx.changes) for each in taken)


def _account(routing: Routing, where: int | Door) -> Account:
    if isinstance(where, Door):
        account = routing.account_at(where.kind, where.addresses)
    else:
        account = routing.accounts.get(where)
    if account is None:
        raise NotFound(f"no channel account {where}")
    return account


def _keys(account: Account, arrival: Stored) -> Iterator[str]:
    """What others wait for, so that one mail is one contact, one new sender one customer."""
    yield f"arrival:{account.id}:{arrival.message.external_id}"
    for each in identifiers(arrival.message):
        yield f"customer:{each.kind}:{each.norm}"


def _take_in(tx: Tx, known: Known, account: Account, arrival: Stored) -> Received:
    bounced = bounces.attach(tx, account.id, arrival)
    if bounced is not None:
        return Received(*bounced)
    place = finding.place(tx, arrival.message, known)
    if place.thread is not None and place.joins and place.thread.state in joining.OPEN:
        return Received(*joining.join(tx, known.routing, account, arrival, place.thread))
    return Received(*_new_contact(tx, known, account, arrival, place))


def _new_contact(
    tx: Tx, known: Known, account: Account, arrival: Stored, place: finding.Place
) -> tuple[int, int, str]:
    message, routing = arrival.message, known.routing
    sender = finding.sender(tx, message, place, known)
    subject = finding.about(message, place, account, routing)
    rules = subject.rules
    contact_id = next(known.numbers)
    messages.add_contact(
        tx,
        contact_id,
        {
            "channel": message.channel.value,
            "state": ContactState.QUEUED.value,
            "queue_id": rules.queue_id,
            "service_id": subject.service.id if subject.service else None,
            "customer_id": sender.customer_id,
            "priority": subject.priority,
            "who": sender.who,
            "subject": message.subject,
            "preview": excerpt(message.reply_text or message.text),
            "folded": fold(f"{sender.who} {message.subject} {message.text[:_SEARCHED_CHARACTERS]}"),
            "due_at": finding.due(tx.now, rules, message.channel),
            "needs_checking": bool(place.doubt or sender.doubt),
            "check_reason": place.doubt or sender.doubt,
            "auto_generated": message.auto_generated,
            "account_id": account.id,
        },
        place.thread.thread_id if place.thread else None,
    )
    message_id = arriving.add(tx, account.id, contact_id, arrival)
    events.append(
        tx,
        "contact.received",
        contact_id=contact_id,
        customer_id=sender.customer_id,
        channel=message.channel.value,
        queue=rules.queue_id,
        message=message_id,
    )
    tx.changed(Topic.CONTACT, contact_id)
    for case_id in place.case_ids:
        messages.link_case(tx, case_id, contact_id)
    if not message.auto_generated:
        joining.reopen(tx, place.case_ids)
    reference = ""
    if message.channel is Channel.WEB_FORM and subject.service is not None:
        reference = _open_case(
            tx, contact_id, sender, message, service=subject.service, routing=routing
        )
    own = routing.own_addresses
    acknowledgement.send(tx, account, contact_id, message, sender=sender, place=place, own=own)
    return contact_id, message_id, reference


def _open_case(
    tx: Tx,
    contact_id: int,
    sender: finding.Sender,
    message: InboundMessage,
    *,
    service: ServiceRules,
    routing: Routing,
) -> str:
    """A form opens its case at once, so that the page can give the reference."""
    case_id = messages.add_case(
        tx,
        service_id=service.id,
        queue_id=service.queue_id,
        customer_id=sender.customer_id,
        form_version_id=queries.form_version(tx, service.id, message.form_version),
        answers=message.answers,
        title=service.name,
        due_at=finding.case_due(tx.now, service, routing),
    )
    reference = make_reference(case_id)
    messages.set_reference(tx, case_id, reference)
    messages.link_case(tx, case_id, contact_id)
    events.append(
        tx,
        "case.opened",
        contact_id=contact_id,
        case_id=case_id,
        customer_id=sender.customer_id,
        service=service.id,
    )
    tx.changed(Topic.CASE, case_id)
    return reference
