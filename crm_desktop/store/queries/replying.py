"""What an advisor may read and write to answer: their contact, its cases, canned replies.

Written for the rights of an advisor on PostgreSQL: content comes through guarded functions. What
must be known before a reply leaves is one statement that answers in JSON (app.answering).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, bindparam, func, insert, select, text

from crm_desktop.domain.states import MessageState
from crm_desktop.domain.views import TemplateInfo
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Case,
    CaseContact,
    Contact,
    Customer,
    Message,
    ReadAudit,
    ReplyTemplate,
    Service,
    Staff,
)
from crm_desktop.store.queries.from_json import moment, parsed


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


@dataclass(frozen=True, slots=True)
class Said:
    """What the customer's side said in the contact; `recipients` as in the message table."""

    sender_address: str
    subject: str
    body_text: str
    recipients: Mapping[str, list[list[str]]]


@dataclass(frozen=True, slots=True)
class Answering:
    """What must be known before a contact is answered.

    `references` as `references` gives them; `centre` the setting of that name; `identifiers` of
    the customer as pairs of kind and value. These and `said` are empty for who has not got the
    contact in hand, and opening them leaves its traces.
    """

    contact: Answered
    references: dict[int, str]
    centre: Mapping[str, Any]
    identifiers: tuple[tuple[str, str], ...]
    said: tuple[Said, ...]


_ANSWERING = {
    "postgresql": text("SELECT app.answering(:contact)"),
    "sqlite": text("""
SELECT json_object(
'now', strftime('%Y-%m-%d %H\\:%M\\:%f', 'now') || '000',
'contact', json_array(
        c.id, c.state, c.owner_id, coalesce(o.name, ''), c.subject, coalesce(s.name, ''),
        c.customer_id, coalesce(p.name, ''), c.who, c.account_id),
'references', (SELECT json_group_array(json_array(id, coalesce(reference, ''))) FROM (
    SELECT k.id, k.reference FROM case_contact x JOIN cases k ON k.id = x.case_id
    WHERE x.contact_id = c.id ORDER BY k.id)),
'centre', (SELECT json(value) FROM setting WHERE key = 'centre'),
'identifiers', (SELECT json_group_array(json_array(kind, value)) FROM (
    SELECT kind, value FROM identifier WHERE customer_id = c.customer_id AND c.owner_id = :me
    UNION ALL SELECT 'email', k.email FROM chat k
    WHERE k.contact_id = c.id AND c.owner_id = :me AND k.email <> '')),
'said', (SELECT json_group_array(json_array(
        sender_address, subject, body_text, json(recipients))) FROM message
    WHERE contact_id = c.id AND direction = 'inbound' AND visibility = 'public'
      AND c.owner_id = :me))
FROM contact c LEFT JOIN staff o ON o.id = c.owner_id LEFT JOIN service s ON s.id = c.service_id
LEFT JOIN customer p ON p.id = c.customer_id WHERE c.id = :contact
"""),
}
_TRACE = insert(ReadAudit).inline()
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
_LOCK = func.app.one_try(bindparam("key", type_=Text()))
_ANSWERED_ONCE = _ANSWERED.add_columns(_LOCK)
_ANSWERING_ONCE = text("SELECT app.answering(:contact), app.one_try(:key)")
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


def answering(tx: Tx, contact_id: int, key: str = "") -> Answering | None:
    """What must be known to answer a contact that this person may see; the transaction has then
    read the clock, too. The `key` of a writing is for `written_before`, as in `answered`.
    """
    given: dict[str, Any] = {"contact": contact_id}
    statement = _ANSWERING[tx.dialect]
    if tx.dialect == "sqlite":
        given["me"] = tx.actor_id or 0
    elif key:
        given["key"], statement = key, _ANSWERING_ONCE
    found = parsed(tx.core.execute(statement, given).scalar())
    known = read_answering(tx, found)
    if known is not None and tx.dialect == "sqlite" and known.contact.owner_id == tx.actor_id:
        _trace(tx, known.contact)
    return known


def quietly(tx: Tx, contact_id: int) -> Answering | None:
    """The same on SQLite of a contact that this person opened already: without traces."""
    given = {"contact": contact_id, "me": tx.actor_id or 0}
    return read_answering(tx, parsed(tx.core.execute(_ANSWERING["sqlite"], given).scalar()))


def read_answering(tx: Tx, found: Any) -> Answering | None:
    """What must be known, from its JSON."""
    if found is None or found["contact"] is None:
        return None
    tx.clock_read(moment(found["now"]))
    return Answering(
        Answered(*found["contact"]),
        dict(found["references"] or ()),
        found["centre"] or {},
        tuple((kind, value) for kind, value in found["identifiers"] or ()),
        tuple(Said(*each) for each in found["said"] or ()),
    )


def _trace(tx: Tx, contact: Answered) -> None:
    opened = [("contact", contact.id), ("customer", contact.customer_id)]
    tx.core.execute(
        _TRACE,
        [
            {"staff_id": tx.actor_id, "what": what, "ref_id": id_}
            for what, id_ in opened
            if id_ is not None
        ],
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
