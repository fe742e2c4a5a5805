"""What an advisor may read and write to answer: their contact, its cases, canned replies.

Written for the rights of an advisor on PostgreSQL: content comes through the guard, never here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Text, bindparam, func, select

from crm_desktop.domain.states import MessageState
from crm_desktop.domain.views import TemplateInfo
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Case,
    CaseContact,
    Contact,
    Customer,
    Message,
    ReplyTemplate,
    Service,
    Staff,
)


@dataclass(frozen=True, slots=True)
class Answered:
    """The contact that is answered."""

    id: int
    state: str
    owner_id: int | None
    owner_name: str
    subject: str
    service_name: str
    customer_id: int | None
    customer_name: str
    who: str
    account_id: int | None


_ANSWERED = (
    select(
        Contact.id,
        Contact.state,
        Contact.owner_id,
        Staff.name,
        Contact.subject,
        Service.name,
        Contact.customer_id,
        Customer.name,
        Contact.who,
        Contact.account_id,
    )
    .outerjoin(Staff, Staff.id == Contact.owner_id)
    .outerjoin(Service, Service.id == Contact.service_id)
    .outerjoin(Customer, Customer.id == Contact.customer_id)
    .where(Contact.id == bindparam("contact"))
)
_LOCK = func.pg_advisory_xact_lock(func.hashtextextended(bindparam("key", type_=Text()), 0))
_ANSWERED_ONCE = _ANSWERED.add_columns(_LOCK)
_LOCKED = select(_LOCK)
_WRITTEN = select(Message.id, Message.state).where(
    Message.rfc_id == bindparam("rfc_id"),
    Message.contact_id == bindparam("contact"),
    Message.author_id == bindparam("author"),
    Message.state != MessageState.WITHDRAWN.value,
)
_REFERENCES = (
    select(Case.id, Case.reference)
    .join(CaseContact, CaseContact.case_id == Case.id)
    .where(CaseContact.contact_id == bindparam("contact"))
    .order_by(Case.id)
)


def answered(tx: Tx, contact_id: int, key: str = "") -> Answered | None:
    """A contact that this person may see.

    With the `key` of a writing, whoever asks for `written_before` waits until this has ended.
    """
    if key and tx.dialect == "postgresql":
        row = tx.core.execute(_ANSWERED_ONCE, {"contact": contact_id, "key": key}).first()
    else:
        row = tx.core.execute(_ANSWERED, {"contact": contact_id}).first()
    if row is None:
        return None
    return Answered(
        row[0],
        row[1],
        row[2],
        row[3] or "",
        row[4],
        row[5] or "",
        row[6],
        row[7] or "",
        row[8],
        row[9],
    )


def references(tx: Tx, contact_id: int) -> dict[int, str]:
    """The references of the contact's cases that this person may see, by case id, oldest first."""
    rows = tx.core.execute(_REFERENCES, {"contact": contact_id})
    return {case_id: reference or "" for case_id, reference in rows}


def written_before(tx: Tx, contact_id: int, key: str, rfc_id: str) -> tuple[int, str] | None:
    """(id, state) of what this person wrote at an earlier try of a writing.

    One that is still under way, on a connection that was lost, is awaited.
    """
    if tx.dialect == "postgresql":
        tx.core.execute(_LOCKED, {"key": key})
    named = {"rfc_id": rfc_id, "contact": contact_id, "author": tx.actor_id}
    row = tx.core.execute(_WRITTEN, named).first()
    return (row[0], row[1]) if row else None


def contact_of_own_message(tx: Tx, message_id: int) -> int | None:
    """The contact of a message that this person wrote."""
    return tx.session.scalar(select(Message.contact_id).where(Message.id == message_id))


def templates(tx: Tx) -> tuple[TemplateInfo, ...]:
    """All canned replies by title."""
    rows = tx.session.execute(
        select(
            ReplyTemplate.id,
            ReplyTemplate.code,
            ReplyTemplate.title,
            ReplyTemplate.shortcut,
            ReplyTemplate.service_id,
            ReplyTemplate.subject,
            ReplyTemplate.body,
        ).order_by(ReplyTemplate.title)
    )
    return tuple(TemplateInfo(*row) for row in rows)
