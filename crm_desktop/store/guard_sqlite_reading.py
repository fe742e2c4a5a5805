"""The reading half of the guarded operations on SQLite."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, insert, or_, select, text
from sqlalchemy.orm import Session

from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.people import Person
from crm_desktop.domain.views import HistoryEntry
from crm_desktop.store.guard import (
    AttachmentContent,
    AttachmentRow,
    IdentifierContent,
    MessageContent,
)
from crm_desktop.store.models import (
    Attachment,
    BlobChunk,
    Case,
    Contact,
    Document,
    Identifier,
    Message,
    Queue,
    ReadAudit,
    Service,
    Staff,
)

_TRACE = insert(ReadAudit).inline()
_MESSAGE = [getattr(Message, name) for name in MessageContent.__dataclass_fields__]
_ATTACHMENT = [getattr(Attachment, name) for name in AttachmentRow.__dataclass_fields__]

_OWNERS = {
    "identifier": text(
        """SELECT i.norm, c.id, c.name FROM identifier i JOIN customer c ON c.id = i.customer_id
        WHERE i.kind = :kind AND i.norm IN (SELECT value FROM json_each(:norms))"""
    ),
    "reference": text(
        """SELECT reference, iif(told, id, 0), iif(told, name, '') FROM (
        SELECT k.reference, c.id, c.name,
            k.queue_id IN (SELECT value FROM json_each(:mine))
            OR (k.queue_id IN (SELECT value FROM json_each(:known))
                AND k.service_id NOT IN (SELECT value FROM json_each(:closed))) AS told
        FROM cases k JOIN customer c ON c.id = k.customer_id
        WHERE k.reference IN (SELECT value FROM json_each(:norms)))"""
    ),
    "name": text(
        """SELECT folded, id, name FROM customer
        WHERE folded IN (SELECT value FROM json_each(:norms))"""
    ),
}


def visible(contact: Contact, me: Person) -> bool:
    """Whether this person may read a contact's content."""
    return contact.queue_id in me.queues or contact.owner_id == me.id


def _visible(me: Person) -> ColumnElement[bool]:
    return or_(Contact.queue_id.in_(me.queues), Contact.owner_id == me.id)


def closed_services(session: Session, me: Person) -> list[int]:
    """The services that are kept from this person: restricted, of a queue that is not theirs."""
    rows = session.execute(select(Service.id, Service.queue_id).where(Service.restricted))
    return [id_ for id_, queue_id in rows if queue_id not in me.queues]


def case_visible(session: Session, matter: Case, me: Person) -> bool:
    """Whether this person reads a case."""
    return matter.queue_id in me.queues or (
        matter.opened_by_id == me.id and matter.service_id not in closed_services(session, me)
    )


def trace(session: Session, me: Person, what: str, ref_id: int) -> None:
    """Write down that this person opened something."""
    session.connection().execute(_TRACE, {"staff_id": me.id, "what": what, "ref_id": ref_id})


def messages(session: Session, contact: Contact, me: Person) -> tuple[MessageContent, ...]:
    """The messages of a contact and of its thread, oldest first."""
    same = [Contact.id == contact.id]
    if contact.thread_id is not None:
        same.append(Contact.thread_id == contact.thread_id)
    # The contacts first, each by its index; a join with OR would read every message.
    thread = select(Contact.id).where(or_(*same), _visible(me))
    rows = session.execute(
        select(*_MESSAGE).where(Message.contact_id.in_(thread)).order_by(Message.at, Message.id)
    )
    return tuple(MessageContent(*row) for row in rows)


def attachments(
    session: Session, message_ids: Sequence[int], me: Person
) -> tuple[AttachmentRow, ...]:
    """The files of messages, without their bytes."""
    rows = session.execute(
        select(*_ATTACHMENT)
        .join(Message, Message.id == Attachment.message_id)
        .join(Contact, Contact.id == Message.contact_id)
        .where(Attachment.message_id.in_(message_ids), _visible(me))
        .order_by(Attachment.id)
    )
    return tuple(AttachmentRow(*row) for row in rows)


def attachment(session: Session, attachment_id: int, me: Person) -> AttachmentContent:
    """A file with its bytes, of a contact that this person reads or of a case's document; leaves a
    trace.
    """
    found = session.scalar(
        select(Attachment)
        .join(Message, Message.id == Attachment.message_id)
        .join(Contact, Contact.id == Message.contact_id)
        .where(Attachment.id == attachment_id, _visible(me))
    )
    if found is None:
        row = session.execute(
            select(Attachment, Case)
            .join(Document, Document.message_id == Attachment.message_id)
            .join(Case, Case.id == Document.case_id)
            .where(Attachment.id == attachment_id)
        ).first()
        found = row[0] if row is not None and case_visible(session, row[1], me) else None
    if found is None:
        raise NotFound("no such file")
    trace(session, me, "attachment", attachment_id)
    return AttachmentContent(found.name, found.content_type, _bytes(session, found.sha256))


def _bytes(session: Session, sha256: str) -> bytes:
    chunks = select(BlobChunk.data).where(BlobChunk.sha256 == sha256).order_by(BlobChunk.n)
    return b"".join(session.scalars(chunks))


def identifiers(session: Session, customer_id: int) -> tuple[IdentifierContent, ...]:
    """A customer's identifiers with their values."""
    rows = session.execute(
        select(Identifier.id, Identifier.kind, Identifier.value, Identifier.flag)
        .where(Identifier.customer_id == customer_id)
        .order_by(Identifier.id)
    )
    return tuple(IdentifierContent(*row) for row in rows)


def known_queues(session: Session, me: Person) -> list[int]:
    """The queues of which this person may know that something is there."""
    rows = session.execute(select(Queue.id, Queue.restricted))
    return [id_ for id_, restricted in rows if not restricted or id_ in me.queues]


def history(session: Session, customer_id: int, me: Person, limit: int) -> tuple[HistoryEntry, ...]:
    """A customer's contacts and cases, newest first."""
    known, closed = known_queues(session, me), closed_services(session, me)
    contacts = session.execute(
        select(Contact, Service.name, Staff.name)
        .outerjoin(Service, Service.id == Contact.service_id)
        .outerjoin(Staff, Staff.id == Contact.owner_id)
        .where(
            Contact.customer_id == customer_id,
            Contact.queue_id.in_(known),
            or_(Contact.service_id.is_(None), Contact.service_id.not_in(closed), _visible(me)),
        )
        .order_by(Contact.received_at.desc())
        .limit(limit)
    )
    cases = session.execute(
        select(Case, Service.name, Staff.name)
        .join(Service, Service.id == Case.service_id)
        .outerjoin(Staff, Staff.id == Case.opened_by_id)
        .where(
            Case.customer_id == customer_id,
            Case.queue_id.in_(known),
            or_(Case.service_id.not_in(closed), Case.queue_id.in_(me.queues)),
        )
        .order_by(Case.opened_at.desc())
        .limit(limit)
    )
    entries = [_contact_entry(*row, me) for row in contacts]
    entries += [_case_entry(*row, me) for row in cases]
    return tuple(sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit])


def _contact_entry(
    contact: Contact, service: str | None, owner: str | None, me: Person
) -> HistoryEntry:
    readable = visible(contact, me)
    return HistoryEntry(
        kind="contact",
        id=contact.id,
        channel=contact.channel,
        state=contact.state,
        service_name=service or "",
        title=contact.subject if readable else "",
        at=contact.received_at,
        who=owner or "",
        readable=readable,
    )


def _case_entry(matter: Case, service: str, opened_by: str | None, me: Person) -> HistoryEntry:
    readable = matter.queue_id in me.queues
    return HistoryEntry(
        kind="case",
        id=matter.id,
        channel="",
        state=matter.state,
        service_name=service,
        title=(matter.reference or "") if readable else "",
        at=matter.opened_at,
        who=opened_by or "",
        readable=readable,
    )


def owners(
    session: Session, kind: str, norms: tuple[str, ...], me: Person
) -> dict[str, tuple[tuple[int, str], ...]]:
    """Which customers hold these identifiers, references or folded names.

    Whose a reference is stays untold (0 and no name) where the case is kept from this person.
    """
    given: dict[str, Any] = {"norms": json.dumps(norms)}
    if kind == "reference":
        given["mine"] = json.dumps(sorted(me.queues))
        given["known"] = json.dumps(known_queues(session, me))
        given["closed"] = json.dumps(closed_services(session, me))
    elif kind in ("email", "phone"):
        given["kind"], kind = kind, "identifier"
    found: dict[str, tuple[tuple[int, str], ...]] = {}
    for norm, customer_id, name in session.connection().execute(_OWNERS[kind], given):
        found[norm] = (*found.get(norm, ()), (customer_id, name))
    return found
