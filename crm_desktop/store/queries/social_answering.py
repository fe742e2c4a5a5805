"""Posts as staff read and answer them: on PostgreSQL by guarded functions (0024_social.sql), on
SQLite by the same rules here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, text

from crm_desktop.domain import post_length
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, InvalidInput, NotFound
from crm_desktop.domain.social import Network
from crm_desktop.domain.social_thread import EarlierText, PostView, SocialThread
from crm_desktop.domain.states import Direction, MessageState, OutboxState
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import me
from crm_desktop.store.models import (
    Attachment,
    Contact,
    Message,
    ReadAudit,
    SocialPost,
)
from crm_desktop.store.queries import drafts, events, messages, outbox
from crm_desktop.store.queries.from_json import maybe_moment, moment, parsed

#: The lane of the outbox that speaks to the networks.
LANE = "social"
_THREAD = {
    "postgresql": text("SELECT app.social_thread(:contact)"),
    "sqlite": text("""
WITH c AS MATERIALIZED (
    SELECT * FROM contact WHERE id = :contact
      AND (queue_id IN (SELECT value FROM json_each(:mine)) OR owner_id = :me))
SELECT json_object(
'account', (SELECT json_array(a.kind, a.name, coalesce(json_extract(a.settings, '$.handle'), ''),
        json_extract(a.cursor, '$.limit'))
    FROM c JOIN channel_account a ON a.id = c.account_id),
'posts', (SELECT json_group_array(json_array(
        message_id, contact_id, public, ours, iif(handle = author_id, '', handle), url, post_id,
        parent_id, edited_at, deleted_at, json(versions), json(alts), sender_name)) FROM (
    SELECT p.*, m.contact_id, m.sender_name, m.direction = 'outbound' AS ours
    FROM message m JOIN social_post p ON p.message_id = m.id
    WHERE m.contact_id IN (
        SELECT id FROM c
        UNION SELECT id FROM contact WHERE thread_id = (SELECT thread_id FROM c)
        AND (queue_id IN (SELECT value FROM json_each(:mine)) OR owner_id = :me))
    ORDER BY m.at, m.id)))
WHERE EXISTS (SELECT 1 FROM c)
"""),
}
_CALL = text(
    "SELECT app.post_reply(:contact, :post, :public, :text, CAST(:pictures AS jsonb), :template,"
    " :rfc_id, CAST(:findings AS jsonb), :undo)"
)
_TRACE = insert(ReadAudit).inline()


@dataclass(frozen=True, slots=True)
class WrittenPost:
    """An answer to the post of a message, `to` whom by (name, handle) as it is shown.

    `pictures` are dictionaries of sha256, name, content_type, size and alt.
    """

    post: int
    to: tuple[str, str]
    public: bool
    text: str
    pictures: Sequence[dict[str, Any]]
    template_id: int | None
    rfc_id: str
    findings: Sequence[str]
    undo_seconds: float


def thread(tx: Tx, contact_id: int) -> SocialThread:
    """The posts of a contact and its thread; leaves a trace. Raises NotFound."""
    given: dict[str, Any] = {"contact": contact_id}
    if tx.dialect == "sqlite":
        reader = me(tx)
        given |= {"me": reader.id, "mine": json.dumps(sorted(reader.queues))}
        # Before anything is read: with what was read before others wrote nobody may write.
        tx.settle().execute(
            _TRACE, {"staff_id": reader.id, "what": "contact", "ref_id": contact_id}
        )
    found = parsed(tx.settle().execute(_THREAD[tx.dialect], given).scalar())
    if found is None or found["account"] is None:
        raise NotFound("no such contact of a network")
    kind, name, handle, limit = found["account"]
    rows = found["posts"] or ()
    known = {row[6]: row[0] for row in rows if row[6]}
    return SocialThread(
        contact_id=contact_id,
        network=Network(kind),
        account_name=name,
        handle=handle,
        limit=post_length.limit(Network(kind), limit),
        private_limit=post_length.limit(Network(kind), limit, public=False),
        posts=tuple(_post(row, known) for row in rows),
    )


def _post(row: Sequence[Any], known: dict[str, int]) -> PostView:
    message_id, contact_id, public, by_us, handle, url, post_id, parent_id, *rest = row
    edited_at, deleted_at, versions, alts, name = rest
    return PostView(
        message_id=message_id,
        contact_id=contact_id,
        public=bool(public),
        by_us=bool(by_us),
        handle=handle,
        url=url,
        answers=known.get(parent_id),
        edited_at=maybe_moment(edited_at),
        deleted_at=maybe_moment(deleted_at),
        versions=tuple(EarlierText(each["text"], moment(each["until"])) for each in versions),
        alts={int(number): str(alt) for number, alt in alts},
        sent=bool(post_id),
        name=name,
    )


def reply(tx: Tx, contact_id: int, written: WrittenPost) -> int:
    """The message, its way out, its event, and no draft any more; the message's id.

    Raises NotFound, NotAllowed, Taken, Conflict and InvalidInput.
    """
    if tx.dialect == "sqlite":
        return _rows(tx, contact_id, written)
    number: int = tx.core.execute(
        _CALL,
        {
            "contact": contact_id,
            "post": written.post,
            "public": written.public,
            "text": written.text,
            "pictures": json.dumps(list(written.pictures)),
            "template": written.template_id,
            "rfc_id": written.rfc_id,
            "findings": json.dumps(list(written.findings)),
            "undo": written.undo_seconds,
        },
    ).scalar_one()
    tx.told(Topic.CONTACT, contact_id)
    tx.told(Topic.OUTBOX, 0)
    return number


def _rows(tx: Tx, contact_id: int, written: WrittenPost) -> int:
    """As app.post_reply; whoever calls has seen that the contact is in this person's hands."""
    target = _answered(tx, contact_id, written)
    stopped = bool(written.findings)
    number = messages.add_message(
        tx,
        {
            "contact_id": contact_id,
            "direction": Direction.OUTBOUND.value,
            "state": (MessageState.STOPPED if stopped else MessageState.PENDING).value,
            "account_id": target.account_id,
            "author_id": tx.actor_id,
            "template_id": written.template_id,
            "recipients": {"to": [list(written.to)]},
            "body_text": written.text,
            "reply_text": written.text,
            "rfc_id": written.rfc_id,
            "findings": list(written.findings),
            "at": tx.now,
        },
    )
    tx.session.add(
        SocialPost(
            message_id=number,
            account_id=target.account_id,
            network=target.network,
            root_id=target.root_id if target.public == written.public else "",
            parent_id=target.post_id,
            author_id=target.author_id,
            handle=target.handle,
            public=written.public,
            reply_ref=dict(target.reply_ref),
            alts=_attached(tx, number, written),
        )
    )
    tx.session.flush()
    outbox.add(
        tx,
        LANE,
        message_id=number,
        not_before=tx.now + timedelta(seconds=written.undo_seconds),
        state=OutboxState.HELD if stopped else OutboxState.PENDING,
    )
    drafts.discard(tx, contact_id, "reply")
    events.append(
        tx,
        "message.stopped" if stopped else "message.written",
        contact_id=contact_id,
        message=number,
        public=written.public,
        findings=len(written.findings),
    )
    tx.changed(Topic.CONTACT, contact_id)
    return number


def _answered(tx: Tx, contact_id: int, written: WrittenPost) -> SocialPost:
    writer = me(tx)
    thread_id = select(Contact.thread_id).where(Contact.id == contact_id).scalar_subquery()
    target = tx.session.scalar(
        select(SocialPost)
        .join(Message, Message.id == SocialPost.message_id)
        .join(Contact, Contact.id == Message.contact_id)
        .where(
            SocialPost.message_id == written.post,
            Message.direction == "inbound",
            SocialPost.post_id != "",
            (Contact.id == contact_id) | (Contact.thread_id == thread_id),
            Contact.queue_id.in_(writer.queues) | (Contact.owner_id == writer.id),
        )
    )
    if target is None:
        raise NotFound("no such post")
    if target.deleted_at is not None:
        raise Conflict("the post was deleted")
    if written.public and not target.public:
        raise Conflict("what was said in private is answered in private")
    if written.public and not all(str(each["alt"]).strip() for each in written.pictures):
        raise InvalidInput("a public picture needs a description")
    return target


def _attached(tx: Tx, message_id: int, written: WrittenPost) -> list[list[Any]]:
    found: list[list[Any]] = []
    for each in written.pictures:
        file = Attachment(
            message_id=message_id,
            sha256=each["sha256"],
            name=each["name"],
            content_type=each["content_type"],
            size=each["size"],
        )
        tx.session.add(file)
        tx.session.flush()
        found.append([file.id, each["alt"]])
    return found
