"""What intake must know first about an arrival: the same one earlier, its thread, its customer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select, text, union
from sqlalchemy.orm import aliased

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


class Earlier(NamedTuple):
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
_EARLIER = select(Message.id, Message.account_id, Message.external_id).where(
    Message.account_id.in_(bindparam("accounts", expanding=True)),
    Message.external_id.in_(bindparam("externals", expanding=True)),
)
_BECAME = (
    select(Message.contact_id, Message.id, Case.reference)
    .outerjoin(CaseContact, CaseContact.contact_id == Message.contact_id)
    .outerjoin(Case, Case.id == CaseContact.case_id)
    .where(Message.id == bindparam("message"))
    .order_by(Case.id)
    .limit(1)
)


def earlier(tx: Tx, arrivals: Iterable[tuple[int, str]]) -> dict[tuple[int, str], Earlier]:
    """What those of the arrivals (account, external id) became that came in before."""
    wanted = frozenset(arrivals)
    named = {
        "accounts": sorted({each[0] for each in wanted}),
        "externals": sorted({each[1] for each in wanted}),
    }
    found = {(row[1], row[2]): row[0] for row in tx.core.execute(_EARLIER, named).all()}
    return {own: _became(tx, found[own]) for own in wanted if own in found}


def _became(tx: Tx, message_id: int) -> Earlier:
    row = tx.core.execute(_BECAME, {"message": message_id}).one()
    return Earlier(row[0], row[1], row[2] or "")


_MESSAGES = (
    select(Message.rfc_id, func.max(Message.id))
    .where(Message.rfc_id.in_(bindparam("ids", expanding=True)))
    .group_by(Message.rfc_id)
)


def messages_with(tx: Tx, rfc_ids: Iterable[str]) -> dict[str, int]:
    """The newest message of each of these Message-IDs that is known."""
    wanted = sorted({each for each in rfc_ids if each})
    rows = tx.core.execute(_MESSAGES, {"ids": wanted}) if wanted else ()
    return {str(row[0]): row[1] for row in rows}


def thread_of_message(tx: Tx, message_id: int) -> Thread | None:
    """The thread that a message belongs to."""
    contact_id = tx.session.scalar(select(Message.contact_id).where(Message.id == message_id))
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


_SURVIVOR = aliased(Customer)
_HOLDERS = (
    select(Identifier.kind, Identifier.norm, _SURVIVOR.id, _SURVIVOR.name)
    .join(Customer, Customer.id == Identifier.customer_id)
    .join(_SURVIVOR, _SURVIVOR.id == func.coalesce(Customer.merged_into_id, Customer.id))
    .where(
        Identifier.kind.in_(bindparam("kinds", expanding=True)),
        Identifier.norm.in_(bindparam("norms", expanding=True)),
    )
)


Holders = dict[tuple[str, str], dict[int, str]]


def holders(tx: Tx, identifiers: Iterable[tuple[str, str]]) -> Holders:
    """The customers who hold each identifier (kind, norm), id to name.

    Merged ones count as who they became.
    """
    found: Holders = {each: {} for each in identifiers}
    if found:
        kinds, norms = sorted({each[0] for each in found}), sorted({each[1] for each in found})
        for row in tx.core.execute(_HOLDERS, {"kinds": kinds, "norms": norms}):
            found.get((row[0], row[1]), {})[row[2]] = row[3]
    return found


def form_version(tx: Tx, service_id: int, version: int) -> int | None:
    """The id of one version of a service's form."""
    return tx.session.scalar(
        select(FormVersion.id).where(
            FormVersion.service_id == service_id, FormVersion.version == version
        )
    )
