"""A customer's documents, scanned or photographed: kept with their contact and case, and opened
like every file, with a trace.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm_desktop.domain.card_numbers import refuse_card_numbers
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.documents import NewDocument, checked
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.file_kinds import safe_name
from crm_desktop.domain.views import NewAttachment, Writing
from crm_desktop.services.message_ids import message_id_in
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import documents as queries
from crm_desktop.store.queries import messages, replying

__all__ = ["Added", "add", "undo"]


@dataclass(frozen=True, slots=True)
class Added:
    """A document that stands in its contact; `message_id` takes it back."""

    message_id: int
    changes: Changes


def add(db: Database, contact_id: int, new: NewDocument, *, writing: Writing) -> Added:
    """Keep a document with a contact that this person may read; a `writing` is kept once.

    Raises InvalidInput (`fields`: kind, words, files), TooLarge, CardNumber, and NotFound for a
    contact, or a case of it, that is not there or not for this person.
    """
    new = checked(new)
    refuse_card_numbers(text=new.words)
    rfc_id = message_id_in("", writing.key)
    hashes = [_store(db, each.content) for each in new.files]
    with db.write() as tx:
        if writing.again:
            before = replying.written_before(tx, contact_id, writing.key, rfc_id)
            if before is not None:
                _told(tx, contact_id, new.case_id)
                return Added(before[0], tx.changes)
        if replying.answered(tx, contact_id, writing.key) is None:
            raise NotFound(what="The contact")
        message_id = _message(tx, contact_id, new, rfc_id)
        files = zip(new.files, hashes, strict=True)
        rows = [_row(each, sha, number) for number, (each, sha) in enumerate(files, 1)]
        messages.add_attachments(tx, message_id, rows)
        queries.add(tx, message_id, new.case_id, new.kind, new.source)
        _told(tx, contact_id, new.case_id)
        return Added(message_id, tx.changes)


def undo(db: Database, message_id: int) -> Changes:
    """Take an own document back within a minute: it is gone, and that it was there is known.

    Raises NotFound, and Conflict when it is too late.
    """
    with db.write() as tx:
        contact_id, case_id = queries.undo(tx, message_id)
        _told(tx, contact_id, case_id)
        return tx.changes


def _store(db: Database, content: bytes) -> str:
    with db.write() as tx:
        return tx.guard.put_blob(content)


def _message(tx: Tx, contact_id: int, new: NewDocument, rfc_id: str) -> int:
    return messages.add_message(
        tx,
        {
            "contact_id": contact_id,
            "direction": "outbound",
            "visibility": "internal",
            "state": "sent",
            "rfc_id": rfc_id,
            "author_id": tx.actor_id,
            "sender_name": tx.actor.name if tx.actor else "",
            "subject": new.kind,
            "body_text": new.words,
            "reply_text": new.words,
            "sent_at": tx.now,
        },
    )


def _row(file: NewAttachment, sha256: str, number: int) -> dict[str, object]:
    return {
        "sha256": sha256,
        "name": safe_name(file.name, file.content_type, number),
        "content_type": file.content_type,
        "size": len(file.content),
    }


def _told(tx: Tx, contact_id: int, case_id: int | None) -> None:
    tx.changed(Topic.CONTACT, contact_id)
    if case_id is not None:
        tx.changed(Topic.CASE, case_id)
