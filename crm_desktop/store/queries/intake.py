"""What intake must know first about an arrival: the same one earlier, its thread, its customer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select, text, union

from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Case,
    CaseContact,
    Contact,
    Customer,
    FormVersion,
    Identifier,
    Message,
)


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


# Sorted by the caller, and taken in that order.
_LOCK = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")


def serialise(tx: Tx, keys: Iterable[str]) -> None:
    """Let nobody else in with one of these keys until this transaction ends.

    So two gateways make neither two contacts of one mail nor two customers of one new sender.
    SQLite has one writer at a time anyway.
    """
    if tx.dialect == "postgresql":
        tx.core.execute(_LOCK, {"keys": sorted({_lock_number(key) for key in keys})})


def _lock_number(key: str) -> int:
    digest = hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


# The id alone: SQLite then finds it in the index whatever it believes of the index's worth.
_EARLIER = select(Message.id).where(
    Message.account_id == bindparam("account"), Message.external_id == bindparam("external")
)
_BECAME = (
    select(Message.contact_id, Message.id, Case.reference)
    .outerjoin(CaseContact, CaseContact.contact_id == Message.contact_id)
    .outerjoin(Case, Case.id == CaseContact.case_id)
    .where(Message.id == bindparam("message"))
    .order_by(Case.id)
    .limit(1)
)


def earlier(tx: Tx, account_id: int, external_id: str) -> Earlier | None:
    """What the same arrival became when it came in before."""
    known = tx.core.scalar(_EARLIER, {"account": account_id, "external": external_id})
    if known is None:
        return None
    row = tx.core.execute(_BECAME, {"message": known}).one()
    return Earlier(row[0], row[1], row[2] or "")


_NEWEST_ANSWERED = (
    select(Message.contact_id)
    .where(Message.rfc_id.in_(bindparam("ids", expanding=True)))
    .order_by(Message.id.desc())
    .limit(1)
)


def thread_of_messages(tx: Tx, rfc_ids: Iterable[str]) -> Thread | None:
    """The thread of the newest message among these Message-IDs."""
    wanted = [each for each in rfc_ids if each]
    if not wanted:
        return None
    contact_id = tx.core.scalar(_NEWEST_ANSWERED, {"ids": wanted})
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


_HOLDERS = select(Customer.id, Customer.name).where(
    Customer.id.in_(
        select(func.coalesce(Customer.merged_into_id, Customer.id))
        .join(Identifier, Identifier.customer_id == Customer.id)
        .where(Identifier.kind == bindparam("kind"), Identifier.norm == bindparam("norm"))
    )
)


def customers_with(tx: Tx, kind: str, norm: str) -> Mapping[int, str]:
    """The customers who hold an identifier, id to name; merged ones count as who they became."""
    rows = tx.core.execute(_HOLDERS, {"kind": kind, "norm": norm})
    return {row[0]: row[1] for row in rows}


def form_version(tx: Tx, service_id: int, version: int) -> int | None:
    """The id of one version of a service's form."""
    return tx.session.scalar(
        select(FormVersion.id).where(
            FormVersion.service_id == service_id, FormVersion.version == version
        )
    )
