"""What intake must know first: earlier arrivals, threads, customers, services, clocks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, union

from crm_desktop.domain.matching import ServiceWords
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Case,
    CaseContact,
    Contact,
    Customer,
    FormVersion,
    Identifier,
    Message,
    OpeningCalendar,
    Queue,
    QueueTarget,
    Service,
)

#: The queue that takes what nothing else does.
GENERAL_QUEUE = "general"


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an arrival became that was already taken in."""

    contact_id: int
    message_id: int
    reference: str


@dataclass(frozen=True, slots=True)
class Thread:
    """The newest contact of a thread."""

    contact_id: int
    thread_id: int
    state: str
    queue_id: int
    service_id: int | None
    customer_id: int | None
    parked_for_reply: bool


@dataclass(frozen=True, slots=True)
class QueueRules:
    """How a queue counts: its opening hours as JSON, and its target for one channel if it has one.

    `target` is (seconds, whether they count in opening hours only).
    """

    queue_id: int
    priority: int
    hours: dict[str, Any]
    target: tuple[int, bool] | None


@dataclass(frozen=True, slots=True)
class ServiceRules:
    """What a service says about contacts and cases that concern it."""

    id: int
    name: str
    queue_id: int
    priority: int
    case_target_seconds: int | None


def serialise(tx: Tx, *keys: str) -> None:
    """Let nobody else in with one of these keys until this transaction ends.

    So two gateways make neither two contacts of one mail nor two customers of one new sender.
    SQLite has one writer at a time anyway.
    """
    if tx.dialect == "postgresql":
        for number in sorted(map(_lock_number, keys)):
            tx.session.execute(select(func.pg_advisory_xact_lock(number)))


def _lock_number(key: str) -> int:
    digest = hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def earlier(tx: Tx, account_id: int, external_id: str) -> Earlier | None:
    """What the same arrival became when it came in before."""
    row = tx.session.execute(
        select(Message.contact_id, Message.id, Case.reference)
        .outerjoin(CaseContact, CaseContact.contact_id == Message.contact_id)
        .outerjoin(Case, Case.id == CaseContact.case_id)
        .where(Message.account_id == account_id, Message.external_id == external_id)
        .order_by(Case.id)
        .limit(1)
    ).first()
    return Earlier(row[0], row[1], row[2] or "") if row else None


def thread_of_messages(tx: Tx, rfc_ids: Iterable[str]) -> Thread | None:
    """The thread of the newest message among these Message-IDs."""
    wanted = [each for each in rfc_ids if each]
    if not wanted:
        return None
    contact_id = tx.session.scalar(
        select(Message.contact_id)
        .where(Message.rfc_id.in_(wanted))
        .order_by(Message.id.desc())
        .limit(1)
    )
    return newest_of_thread(tx, contact_id) if contact_id is not None else None


def newest_of_thread(tx: Tx, contact_id: int) -> Thread | None:
    """The newest contact of the thread that a contact belongs to, locked."""
    thread = select(func.coalesce(Contact.thread_id, Contact.id)).where(Contact.id == contact_id)
    thread_id = tx.session.scalar(thread)
    if thread_id is None:
        return None
    row = tx.session.execute(
        select(
            Contact.id,
            Contact.state,
            Contact.queue_id,
            Contact.service_id,
            Contact.customer_id,
            Contact.parked_for_reply,
        )
        .where((Contact.thread_id == thread_id) | (Contact.id == thread_id))
        .order_by(Contact.id.desc())
        .limit(1)
        .with_for_update()
    ).one()
    return Thread(row[0], thread_id, *row[1:])


def case_of_reference(tx: Tx, references: Iterable[str]) -> tuple[int, str] | None:
    """(id, reference) of the first of the references that is a case."""
    for reference in references:
        case_id = tx.session.scalar(select(Case.id).where(Case.reference == reference))
        if case_id is not None:
            return case_id, reference
    return None


def newest_contact_of_case(tx: Tx, case_id: int) -> int | None:
    """The newest contact that concerns a case."""
    return tx.session.scalar(
        select(func.max(CaseContact.contact_id)).where(CaseContact.case_id == case_id)
    )


def cases_of_contact(tx: Tx, contact_id: int) -> tuple[int, ...]:
    """The cases that a contact concerns."""
    return tuple(
        tx.session.scalars(
            select(CaseContact.case_id)
            .where(CaseContact.contact_id == contact_id)
            .order_by(CaseContact.case_id)
        )
    )


def thread_participants(tx: Tx, thread_id: int) -> frozenset[str]:
    """The mail addresses of everybody in a thread and of its customers."""
    contacts = select(Contact.id).where(
        (Contact.thread_id == thread_id) | (Contact.id == thread_id)
    )
    customers = select(Contact.customer_id).where(Contact.id.in_(contacts))
    return _written_by(tx, contacts) | _emails_of(tx, customers)


def case_participants(tx: Tx, case_id: int) -> frozenset[str]:
    """The mail addresses of a case's customer and of everybody in its messages."""
    contacts = select(CaseContact.contact_id).where(CaseContact.case_id == case_id)
    customers = union(
        select(Case.customer_id).where(Case.id == case_id),
        select(Contact.customer_id).where(Contact.id.in_(contacts)),
    )
    return _written_by(tx, contacts) | _emails_of(tx, customers)


def _written_by(tx: Tx, contacts: Any) -> frozenset[str]:
    rows = tx.session.execute(
        select(Message.sender_address, Message.recipients).where(
            Message.contact_id.in_(contacts), Message.visibility == "public"
        )
    )
    found: set[str] = set()
    for sender, recipients in rows:
        found.add(sender.lower())
        for field in ("to", "cc"):
            found.update(str(pair[1]).lower() for pair in recipients.get(field, ()))
    return frozenset(found - {""})


def _emails_of(tx: Tx, customers: Any) -> frozenset[str]:
    return frozenset(
        tx.session.scalars(
            select(Identifier.norm).where(
                Identifier.customer_id.in_(customers), Identifier.kind == "email"
            )
        )
    )


def customers_with(tx: Tx, kind: str, norm: str) -> Mapping[int, str]:
    """The customers who hold an identifier, id to name; merged ones count as who they became."""
    survivor = func.coalesce(Customer.merged_into_id, Customer.id)
    ids = (
        select(survivor)
        .join(Identifier, Identifier.customer_id == Customer.id)
        .where(Identifier.kind == kind, Identifier.norm == norm)
    )
    rows = tx.session.execute(select(Customer.id, Customer.name).where(Customer.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def service_words(tx: Tx) -> tuple[ServiceWords, ...]:
    """What people write about each service that is offered; restricted ones are never guessed."""
    rows = tx.session.execute(
        select(Service.id, Service.keywords)
        .where(Service.active.is_(True), Service.restricted.is_(False))
        .order_by(Service.id)
    )
    return tuple(ServiceWords(row[0], _weighted(row[1])) for row in rows if row[1])


def _weighted(keywords: Iterable[object]) -> tuple[tuple[str, float], ...]:
    """Catalogue keywords: a plain phrase weighs its words, a pair [phrase, weight] what it says."""
    found = []
    for each in keywords:
        if isinstance(each, str):
            found.append((each, float(len(each.split()))))
        elif isinstance(each, list | tuple) and len(each) == 2:
            found.append((str(each[0]), float(each[1])))
    return tuple(found)


_SERVICE = (
    Service.id,
    Service.name,
    Service.queue_id,
    Service.priority,
    Service.case_target_seconds,
)


def service(tx: Tx, service_id: int) -> ServiceRules | None:
    """A service by id."""
    row = tx.session.execute(select(*_SERVICE).where(Service.id == service_id)).first()
    return ServiceRules(*row) if row else None


def service_by_code(tx: Tx, code: str) -> ServiceRules | None:
    """A service by its code."""
    row = tx.session.execute(select(*_SERVICE).where(Service.code == code)).first()
    return ServiceRules(*row) if row else None


def form_version(tx: Tx, service_id: int, version: int) -> int | None:
    """The id of one version of a service's form."""
    return tx.session.scalar(
        select(FormVersion.id).where(
            FormVersion.service_id == service_id, FormVersion.version == version
        )
    )


def general_queue(tx: Tx) -> int | None:
    """The queue for what nothing else takes: the one with the code, else the oldest."""
    return tx.session.scalar(
        select(Queue.id).order_by((Queue.code != GENERAL_QUEUE), Queue.id).limit(1)
    )


def queue_rules(tx: Tx, queue_id: int, channel: str) -> QueueRules | None:
    """How a queue counts for a channel."""
    row = tx.session.execute(
        select(
            Queue.priority,
            OpeningCalendar.hours,
            QueueTarget.seconds,
            QueueTarget.in_opening_hours,
        )
        .join(OpeningCalendar, OpeningCalendar.id == Queue.calendar_id)
        .outerjoin(
            QueueTarget, (QueueTarget.queue_id == Queue.id) & (QueueTarget.channel == channel)
        )
        .where(Queue.id == queue_id)
    ).first()
    if row is None:
        return None
    target = None if row[2] is None else (row[2], row[3])
    return QueueRules(queue_id, row[0], row[1], target)
