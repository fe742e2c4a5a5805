"""Documents of customers: on PostgreSQL by guarded functions (0036_documents.sql), on SQLite by the
same rules here.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from crm_desktop.domain.documents import Source
from crm_desktop.domain.errors import Conflict, NotFound
from crm_desktop.store.database import Tx
from crm_desktop.store.guard_sqlite_reading import case_visible, visible
from crm_desktop.store.leading import call, call_json, me
from crm_desktop.store.models import (
    Attachment,
    Blob,
    BlobChunk,
    Case,
    CaseContact,
    Contact,
    Document,
    Event,
    Message,
)
from crm_desktop.store.queries.from_json import parsed

#: So long a document can be taken back: what the screen offers, and a slow connection.
_UNDO = timedelta(seconds=60)
_BROUGHT = timedelta(minutes=10)


def add(tx: Tx, message_id: int, case_id: int | None, kind: str, source: Source) -> None:
    """The files of an own message, just written, are a document; raises NotFound."""
    if tx.dialect == "postgresql":
        given = {"message": message_id, "case": case_id, "kind": kind, "source": source.value}
        call_json(tx, "document_add", given)
        return
    message = tx.session.get_one(Message, message_id)
    contact = tx.session.get_one(Contact, message.contact_id)
    if not visible(contact, me(tx)):
        raise NotFound("no such contact")
    if case_id is not None and not _of_contact(tx, case_id, message.contact_id):
        raise NotFound("no such case of this contact")
    tx.session.add(
        Document(
            message_id=message_id,
            case_id=case_id,
            customer_id=contact.customer_id,
            kind=kind,
            source=source.value,
        )
    )
    said = {"message": message_id, "title": kind, "source": source.value}
    _log(tx, "document.added", message.contact_id, case_id, said)


def undo(tx: Tx, message_id: int) -> tuple[int, int | None]:
    """Take an own document back, with its bytes: (contact, case).

    Raises NotFound, and Conflict when that is not offered any more.
    """
    if tx.dialect == "postgresql":
        contact_id, of_case = parsed(call(tx, "document_undo", message=message_id))
        return contact_id, of_case
    document = tx.session.get(Document, message_id)
    message = tx.session.get(Message, message_id)
    if document is None or message is None or message.author_id != me(tx).id:
        raise NotFound("no such document of yours")
    if message.at < tx.now - _UNDO:
        raise Conflict("the document was added too long ago")
    contact_id, of_case, kind = message.contact_id, document.case_id, document.kind
    own = select(Attachment.sha256).where(Attachment.message_id == message_id)
    files = set(tx.session.scalars(own))
    tx.session.delete(document)
    tx.session.execute(delete(Attachment).where(Attachment.message_id == message_id))
    tx.session.delete(message)
    tx.session.flush()
    # Only what this document brought: the same bytes may be somebody else's file.
    shared = set(tx.session.scalars(select(Attachment.sha256).where(Attachment.sha256.in_(files))))
    brought = select(Blob.sha256).where(
        Blob.sha256.in_(files - shared), Blob.stored_at > message.at - _BROUGHT
    )
    gone = set(tx.session.scalars(brought))
    tx.session.execute(delete(BlobChunk).where(BlobChunk.sha256.in_(gone)))
    tx.session.execute(delete(Blob).where(Blob.sha256.in_(gone)))
    _log(tx, "document.removed", contact_id, of_case, {"message": message_id, "title": kind})
    return contact_id, of_case


def _of_contact(tx: Tx, case_id: int, contact_id: int) -> bool:
    matter = tx.session.get(Case, case_id)
    linked = tx.session.get(CaseContact, (case_id, contact_id))
    return matter is not None and linked is not None and case_visible(tx.session, matter, me(tx))


def _log(tx: Tx, kind: str, contact_id: int, case_id: int | None, data: dict[str, object]) -> None:
    tx.session.add(
        Event(kind=kind, actor_id=tx.actor_id, contact_id=contact_id, case_id=case_id, data=data)
    )
    tx.session.flush()
