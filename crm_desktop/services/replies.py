"""Answering: a reply that can be taken back for ten seconds and is looked at before it leaves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_desktop.domain.card_numbers import refuse_card_numbers
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound, Taken, TooLarge
from crm_desktop.domain.identifiers import normal_email
from crm_desktop.domain.references import find_references
from crm_desktop.domain.states import (
    IN_HAND,
    Direction,
    MessageState,
    Visibility,
)
from crm_desktop.domain.views import MessageView, Reply, Writing
from crm_desktop.services import leaks
from crm_desktop.services.canned import Filled, filled, templates, unfilled
from crm_desktop.services.message_ids import message_id_in
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.guard import AttachmentContent
from crm_desktop.store.queries import accounts, drafts, events, messages, replying_writing
from crm_desktop.store.queries import replying as queries

__all__ = [
    "UNDO_SECONDS",
    "AttachmentContent",
    "Filled",
    "Sent",
    "attachment",
    "filled",
    "inline_images",
    "note",
    "release_stopped",
    "send",
    "templates",
    "withdraw",
]

#: How long a reply can be taken back.
UNDO_SECONDS = 10.0
_STOPPED_BEFORE = "The leak check stopped it when it was first sent"
_TEXT_LIMIT = 200_000
_FILES_LIMIT = 25_000_000
_RECIPIENTS_LIMIT = 20
_ANSWER = re.compile(r"^(?:\s*(?:re|fwd?)\s*:)+\s*", re.IGNORECASE)
_LINE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]+")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Sent:
    """A reply on its way from `undo_until` on, or `stopped` with what must be looked at.

    `message` is as it stands in the conversation now; None when it must be read, for its files.
    """

    contact_id: int
    message_id: int
    undo_until: datetime
    stopped: tuple[str, ...]
    message: MessageView | None
    changes: Changes


def send(
    db: Database,
    contact_id: int,
    reply: Reply,
    *,
    undo_seconds: float = UNDO_SECONDS,
    writing: Writing | None = None,
) -> Sent:
    """Answer a contact in one's own hands; a `writing` that is tried again is kept once.

    Raises InvalidInput (fields text, to, cc), TooLarge, NotFound, Taken(by), NotAllowed.
    """
    reply = _checked(reply)
    hashes = tuple(stored(db, each.content) for each in reply.attachments)
    key = writing.key if writing else ""
    with db.write() as tx:
        if writing and writing.again and (sent := sent_before(tx, contact_id, key)):
            return sent
        known = queries.answering(tx, contact_id, key)
        contact = in_hand(tx, known)
        assert known is not None
        subject = _subject(
            reply.subject or contact.subject, _reference(known.references, reply.case_id)
        )
        stopped = leaks.findings(tx, known, reply, subject=subject, hashes=hashes)
        written = _Written(
            reply, subject, stopped, message_id_in(str(known.centre.get("mail_domain", "")), key)
        )
        undo_until = tx.now + timedelta(seconds=undo_seconds)
        message_id = _write(tx, contact, written, undo_seconds)
        messages.add_attachments(
            tx,
            message_id,
            (
                {
                    "sha256": sha,
                    "name": each.name,
                    "content_type": each.content_type,
                    "size": len(each.content),
                    "inline": False,
                    "content_id": "",
                }
                for each, sha in zip(reply.attachments, hashes, strict=True)
            ),
        )
        shown = _shown(tx, contact, written, message_id, None if stopped else undo_until)
        return Sent(contact_id, message_id, undo_until, stopped, shown, tx.changes)


@dataclass(frozen=True, slots=True)
class _Written:
    """A reply as it is written down; `rfc_id` is its Message-ID."""

    reply: Reply
    subject: str
    stopped: tuple[str, ...]
    rfc_id: str


def _shown(
    tx: Tx,
    contact: queries.Answered,
    written: _Written,
    message_id: int,
    undo_until: datetime | None,
) -> MessageView | None:
    """The message as a reading of the conversation would give it."""
    reply = written.reply
    if reply.attachments:
        return None
    return MessageView(
        id=message_id,
        direction=Direction.OUTBOUND,
        visibility=Visibility.PUBLIC,
        state=MessageState.STOPPED if written.stopped else MessageState.PENDING,
        author=tx.actor.name if tx.actor else "",
        sender_name="",
        sender_address="",
        to=((contact.customer_name or contact.who, reply.to),),
        cc=tuple(("", each) for each in reply.cc),
        subject=written.subject,
        text=reply.text,
        reply_text=reply.text,
        html="",
        at=tx.now,
        sent_at=None,
        problems=(),
        findings=written.stopped,
        failure="",
        undo_until=undo_until,
        attachments=(),
    )


def _checked(reply: Reply) -> Reply:
    """The reply without what no mail carries; raises InvalidInput or TooLarge."""
    text = _UNSTORABLE.sub("\ufffd", reply.text)
    refuse_card_numbers(text=text, subject=reply.subject)
    wrong = {}
    if not text.strip():
        wrong["text"] = "Write something first"
    elif len(text) > _TEXT_LIMIT:
        raise TooLarge(limit=_TEXT_LIMIT, size=len(text))
    elif gaps := unfilled(f"{reply.subject}\n{text}"):
        wrong["text"] = f"Fill in {', '.join(gaps)}"
    to = normal_email(reply.to)
    cc = [normal_email(each) for each in reply.cc]
    if to is None:
        wrong["to"] = "This is no email address"
    if None in cc or len(cc) >= _RECIPIENTS_LIMIT:
        wrong["cc"] = "One of these is no email address" if None in cc else "Too many addresses"
    if wrong:
        raise InvalidInput("; ".join(wrong.values()), fields=wrong)
    size = sum(len(each.content) for each in reply.attachments)
    if size > _FILES_LIMIT:
        raise TooLarge(limit=_FILES_LIMIT, size=size)
    return Reply(
        text=text,
        to=to or "",
        cc=tuple(each for each in cc if each),
        subject=_LINE.sub(" ", reply.subject).strip(),
        attachments=reply.attachments,
        template_id=reply.template_id,
        case_id=reply.case_id,
    )


def stored(db: Database, content: bytes) -> str:
    """Keep a file that nothing links yet; its SHA-256 (hex)."""
    with db.write() as tx:
        return tx.guard.put_blob(content)


def sent_before(tx: Tx, contact_id: int, key: str) -> Sent | None:
    """What became of an earlier try whose answer was lost; None when it was not kept."""
    domain = str(accounts.setting(tx, "centre").get("mail_domain", ""))
    found = queries.written_before(tx, contact_id, key, message_id_in(domain, key))
    if found is None:
        return None
    message_id, state = found
    tx.changed(Topic.CONTACT, contact_id)
    stopped = (_STOPPED_BEFORE,) if state == MessageState.STOPPED else ()
    return Sent(contact_id, message_id, tx.now, stopped, None, tx.changes)


def in_hand(tx: Tx, known: queries.Answering | None) -> queries.Answered:
    """The contact, when this person has it; raises NotFound, Taken(by), NotAllowed, Conflict."""
    if known is None:
        raise NotFound()
    contact = known.contact
    if contact.owner_id != tx.actor_id:
        if contact.owner_id is not None:
            raise Taken(by=contact.owner_name)
        raise NotAllowed("take the contact first")
    if contact.state not in IN_HAND:
        raise Conflict(f"the contact is {contact.state}")
    return contact


def _reference(known: dict[int, str], case_id: int | None) -> str:
    """The reference that the subject carries: the chosen case's, else the newest one's."""
    if case_id is not None:
        return known.get(case_id, "")
    return next(reversed(known.values()), "")


def _subject(subject: str, reference: str) -> str:
    bare = _ANSWER.sub("", _LINE.sub(" ", subject)).strip() or "Your message"
    if reference and reference not in find_references(bare):
        bare = f"{bare} [{reference}]"
    return f"Re: {bare}"


def _write(tx: Tx, contact: queries.Answered, written: _Written, undo_seconds: float) -> int:
    reply, name = written.reply, contact.customer_name or contact.who
    return replying_writing.write(
        tx,
        contact.id,
        replying_writing.Written(
            template_id=reply.template_id,
            recipients={"to": [[name, reply.to]], "cc": [["", each] for each in reply.cc]},
            subject=written.subject,
            text=reply.text,
            rfc_id=written.rfc_id,
            findings=list(written.stopped),
            undo_seconds=undo_seconds,
        ),
    )


def withdraw(db: Database, message_id: int) -> tuple[bool, Changes]:
    """Take an own reply back; False when it has begun to leave."""
    with db.write() as tx:
        withdrawn = tx.guard.withdraw(message_id)
        _mark(tx, message_id)
        return withdrawn, tx.changes


def release_stopped(db: Database, message_id: int) -> Changes:
    """Send after all what the leak check stopped; this person answers for it."""
    with db.write() as tx:
        tx.guard.release_stopped(message_id)
        tx.changed(Topic.OUTBOX, 0)
        _mark(tx, message_id)
        return tx.changes


def _mark(tx: Tx, message_id: int) -> None:
    contact_id = queries.contact_of_own_message(tx, message_id)
    if contact_id is not None:
        tx.changed(Topic.CONTACT, contact_id)
    else:
        # A team leader does not see whose contact it is; the gateway must wake all the same.
        tx.changed(Topic.ACCOUNT, 0)


def note(db: Database, contact_id: int, text: str, *, writing: Writing | None = None) -> Changes:
    """Keep an internal note on a contact that this person may read; no customer ever sees it.

    A `writing` that is tried again is kept once.
    """
    text = _UNSTORABLE.sub("\ufffd", text)
    refuse_card_numbers(text=text)
    if not text.strip():
        raise InvalidInput("Write something first", fields={"text": "Write something first"})
    if len(text) > _TEXT_LIMIT:
        raise TooLarge(limit=_TEXT_LIMIT, size=len(text))
    key = writing.key if writing else ""
    rfc_id = message_id_in("", key) if key else None
    with db.write() as tx:
        again = writing is not None and writing.again and rfc_id is not None
        if again and queries.written_before(tx, contact_id, key, rfc_id or ""):
            tx.changed(Topic.CONTACT, contact_id)
            return tx.changes
        if queries.answered(tx, contact_id, key) is None:
            raise NotFound()
        message_id = messages.add_message(
            tx,
            {
                "contact_id": contact_id,
                "direction": "outbound",
                "visibility": "internal",
                "state": "sent",
                "rfc_id": rfc_id,
                "author_id": tx.actor_id,
                "sender_name": tx.actor.name if tx.actor else "",
                "body_text": text,
                "reply_text": text,
                "sent_at": tx.now,
            },
        )
        drafts.discard(tx, contact_id, "note")
        events.append(tx, "note.added", contact_id=contact_id, message=message_id)
        tx.changed(Topic.CONTACT, contact_id)
        return tx.changes


def attachment(db: Database, attachment_id: int) -> AttachmentContent:
    """A file with its bytes; opening it leaves a trace."""
    with db.read() as tx:
        return tx.guard.open_attachment(attachment_id)


def inline_images(db: Database, contact_id: int) -> dict[str, bytes]:
    """The pictures that a contact's formatted mails show, by content id."""
    with db.read() as tx:
        ids = [each.id for each in tx.guard.open_contact(contact_id)]
        shown = [each for each in tx.guard.attachments(ids) if each.inline and each.content_id]
        return {each.content_id: tx.guard.open_attachment(each.id).content for each in shown}
