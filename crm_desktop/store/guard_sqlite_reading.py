"""The reading half of the guarded operations on SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, insert, literal_column, or_, select, text
from sqlalchemy.orm import Session

from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.people import Person
from crm_desktop.domain.views import HistoryEntry
from crm_desktop.store.guard import (
    AttachmentContent,
    AttachmentRow,
    EventRow,
    IdentifierContent,
    MessageContent,
    SearchHit,
    SearchTerms,
)
from crm_desktop.store.models import (
    Address,
    Attachment,
    BlobChunk,
    Case,
    CaseContact,
    Contact,
    Customer,
    Event,
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
#: Of the contacts that hold the words, so many of the newest are looked at.
_CANDIDATES = 2_000
_FUZZY_FROM = 4  # letters; shorter texts are like too many names


def visible(contact: Contact, me: Person) -> bool:
    """Whether this person may read a contact's content."""
    return contact.queue_id in me.queues or contact.owner_id == me.id


def _visible(me: Person) -> ColumnElement[bool]:
    return or_(Contact.queue_id.in_(me.queues), Contact.owner_id == me.id)


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
    """A file with its bytes; leaves a trace."""
    found = session.scalar(
        select(Attachment)
        .join(Message, Message.id == Attachment.message_id)
        .join(Contact, Contact.id == Message.contact_id)
        .where(Attachment.id == attachment_id, _visible(me))
    )
    if found is None:
        raise NotFound("no such file")
    trace(session, me, "attachment", attachment_id)
    data = session.scalars(
        select(BlobChunk.data).where(BlobChunk.sha256 == found.sha256).order_by(BlobChunk.n)
    )
    return AttachmentContent(found.name, found.content_type, b"".join(data))


def identifiers(session: Session, customer_id: int) -> tuple[IdentifierContent, ...]:
    """A customer's identifiers with their values."""
    rows = session.execute(
        select(Identifier.id, Identifier.kind, Identifier.value, Identifier.flag)
        .where(Identifier.customer_id == customer_id)
        .order_by(Identifier.id)
    )
    return tuple(IdentifierContent(*row) for row in rows)


def _known_queues(session: Session, me: Person) -> list[int]:
    rows = session.execute(select(Queue.id, Queue.restricted))
    return [id_ for id_, restricted in rows if not restricted or id_ in me.queues]


def history(session: Session, customer_id: int, me: Person, limit: int) -> tuple[HistoryEntry, ...]:
    """A customer's contacts and cases, newest first."""
    known = _known_queues(session, me)
    contacts = session.execute(
        select(Contact, Service.name, Staff.name)
        .outerjoin(Service, Service.id == Contact.service_id)
        .outerjoin(Staff, Staff.id == Contact.owner_id)
        .where(Contact.customer_id == customer_id, Contact.queue_id.in_(known))
        .order_by(Contact.received_at.desc())
        .limit(limit)
    )
    cases = session.execute(
        select(Case, Service.name, Staff.name)
        .join(Service, Service.id == Case.service_id)
        .outerjoin(Staff, Staff.id == Case.opened_by_id)
        .where(Case.customer_id == customer_id, Case.queue_id.in_(known))
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


def _case_entry(case: Case, service: str, opened_by: str | None, me: Person) -> HistoryEntry:
    readable = case.queue_id in me.queues
    return HistoryEntry(
        kind="case",
        id=case.id,
        channel="",
        state=case.state,
        service_name=service,
        title=(case.reference or "") if readable else "",
        at=case.opened_at,
        who=opened_by or "",
        readable=readable,
    )


def events(session: Session, contact_id: int) -> tuple[EventRow, ...]:
    """What happened to a contact, oldest first."""
    rows = session.execute(
        select(Event.at, Event.kind, func.coalesce(Staff.name, ""), Event.data)
        .outerjoin(Staff, Staff.id == Event.actor_id)
        .where(Event.contact_id == contact_id)
        .order_by(Event.id)
    )
    return tuple(EventRow(*row) for row in rows)


def owners(
    session: Session, kind: str, norms: tuple[str, ...]
) -> dict[str, tuple[tuple[int, str], ...]]:
    """Which customers hold these identifiers, references or folded names."""
    query: Select[Any, int, str]
    if kind == "name":
        query = select(Customer.folded, Customer.id, Customer.name).where(
            Customer.folded.in_(norms)
        )
    elif kind == "reference":
        query = (
            select(Case.reference, Customer.id, Customer.name)
            .join(Customer, Customer.id == Case.customer_id)
            .where(Case.reference.in_(norms))
        )
    else:
        query = (
            select(Identifier.norm, Customer.id, Customer.name)
            .join(Customer, Customer.id == Identifier.customer_id)
            .where(Identifier.kind == kind, Identifier.norm.in_(norms))
        )
    found: dict[str, tuple[tuple[int, str], ...]] = {}
    for norm, customer_id, name in session.execute(query):
        if norm is not None:
            found[norm] = (*found.get(norm, ()), (customer_id, name))
    return found


def search(session: Session, terms: SearchTerms, me: Person, limit: int) -> tuple[SearchHit, ...]:
    """Exact reference and identifier first, then names, then contacts by their words."""
    hits = _exact(session, terms, me, limit)
    if terms.folded:
        hits += _customers(session, terms, limit)
    if terms.words:
        hits += _contacts(session, terms, me, limit)
    return tuple(dict.fromkeys(hits))


def _exact(session: Session, terms: SearchTerms, me: Person, limit: int) -> list[SearchHit]:
    hits: list[SearchHit] = []
    if terms.reference:
        newest = (
            select(func.max(CaseContact.contact_id))
            .where(CaseContact.case_id == Case.id)
            .scalar_subquery()
        )
        rows = session.execute(
            select(Case.id, Case.reference, Service.name, Case.state, newest)
            .join(Service, Service.id == Case.service_id)
            .where(Case.reference == terms.reference, Case.queue_id.in_(_known_queues(session, me)))
        )
        for id_, reference, service, state, contact_id in rows:
            hits.append(SearchHit("case", id_, reference, f"{service} · {state}", contact_id))
    if terms.norm:
        people = session.execute(
            select(Customer.id, Customer.name, Identifier.kind)
            .join(Identifier, Identifier.customer_id == Customer.id)
            .where(Identifier.norm == terms.norm)
            .limit(limit)
        )
        hits += [SearchHit("customer", id_, name, kind, None) for id_, name, kind in people]
    return hits


def _customers(session: Session, terms: SearchTerms, limit: int) -> list[SearchHit]:
    postcode = (
        select(Address.postcode)
        .where(Address.customer_id == Customer.id)
        .limit(1)
        .scalar_subquery()
    )
    columns = select(Customer.id, Customer.name, func.coalesce(postcode, ""))
    # A range instead of LIKE, so that the index serves it.
    end = terms.folded + "\U0010ffff"
    begins = and_(Customer.folded >= terms.folded, Customer.folded < end)
    rows = list(session.execute(columns.where(begins).order_by(Customer.folded).limit(limit)))
    if len(terms.folded) >= _FUZZY_FROM:
        like = session.scalars(
            text(
                "SELECT rowid FROM customer_trigrams WHERE customer_trigrams MATCH :query "
                "ORDER BY rank LIMIT 5"
            ),
            {"query": _trigrams(terms.folded)},
        ).all()
        rows += session.execute(columns.where(Customer.id.in_(like), ~begins))
    return [SearchHit("customer", id_, name, detail, None) for id_, name, detail in rows]


def _trigrams(folded: str) -> str:
    """Any of a text's trigrams, so that a misspelt name still shares most of them."""
    parts = {folded[n : n + 3] for n in range(len(folded) - 2)}
    return " OR ".join('"' + part.replace('"', "") + '"' for part in sorted(parts))


def _contacts(session: Session, terms: SearchTerms, me: Person, limit: int) -> list[SearchHit]:
    *whole, last = terms.words
    query = " ".join([*(f'"{word}"' for word in whole), f'"{last}"*'])
    # The index gives the newest first by itself; only so many are looked at.
    newest = (
        select(literal_column("rowid").label("id"))
        .select_from(text("contact_words"))
        .where(text("contact_words MATCH :query").bindparams(query=query))
        .order_by(literal_column("rowid").desc())
        .limit(_CANDIDATES)
        .subquery()
    )
    rows = session.execute(
        select(Contact.id, Contact.who, Contact.subject)
        .join(newest, newest.c.id == Contact.id)
        .where(Contact.queue_id.in_(me.queues))
        .order_by(Contact.id.desc())
        .limit(limit)
    )
    return [SearchHit("contact", id_, who, subject, id_) for id_, who, subject in rows]
