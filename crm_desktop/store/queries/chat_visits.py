"""What a visitor does in a chat, as the gateway writes it: the same statements on both dialects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, exists, insert, literal_column, or_, select, text, update

from crm_desktop.domain.chats import ChatState, Side
from crm_desktop.domain.states import AssignmentState, ContactState
from crm_desktop.store.database import Tx
from crm_desktop.store.guard import AttachmentContent
from crm_desktop.store.models import (
    Assignment,
    Attachment,
    Chat,
    ChatBlock,
    ChatLine,
    ChatTyping,
    Contact,
)
from crm_desktop.store.models.base import UtcDateTime, utcnow
from crm_desktop.store.queries import blobs


@dataclass(frozen=True, slots=True)
class Before:
    """The contact that a chat was when it ended, for the next one of the same thread."""

    thread_id: int | None
    queue_id: int
    service_id: int | None
    customer_id: int | None
    priority: int
    who: str
    subject: str
    account_id: int | None


_OF_TOKEN = select(Chat.id).where(Chat.token_hash == bindparam("token"))
_ADD = insert(Chat).returning(Chat.id)
_BLOCKED = select(
    exists().where(
        ChatBlock.client == bindparam("client"),
        ChatBlock.client != "",
        ChatBlock.until > utcnow(),
    )
)
_LINE_OF = select(ChatLine.seq).where(
    ChatLine.chat_id == bindparam("chat"), ChatLine.client_id == bindparam("client")
)
_BEFORE = select(
    Contact.thread_id,
    Contact.queue_id,
    Contact.service_id,
    Contact.customer_id,
    Contact.priority,
    Contact.who,
    Contact.subject,
    Contact.account_id,
).where(Contact.id == bindparam("contact"))
# Who is just changed by somebody else says so again soon; nobody is waited for.
_PRESENT = (
    update(Chat)
    .where(
        Chat.id.in_(
            select(Chat.id)
            .where(
                Chat.id.in_(bindparam("ids", expanding=True)),
                Chat.gone_since.is_(None),
                Chat.state == ChatState.OPEN.value,
            )
            .order_by(Chat.id)
            .with_for_update(key_share=True, skip_locked=True)
        )
    )
    .values(visitor_at=utcnow())
)
#: At most every half second (TYPING_EVERY_SECONDS), but that nothing is typed any more at once.
_TYPES = {
    "postgresql": text(
        """INSERT INTO chat_typing (chat_id, side, text, at)
        SELECT k.id, 'visitor', t.value, now()
        FROM jsonb_each_text(CAST(:typed AS jsonb)) t JOIN chat k ON k.token_hash = t.key
        WHERE k.state = 'open' ORDER BY k.id
        ON CONFLICT (chat_id, side) DO UPDATE SET text = excluded.text, at = excluded.at
        WHERE chat_typing.at <= now() - interval '0.5 seconds'
           OR excluded.text = '' AND chat_typing.text <> ''
        RETURNING chat_id"""
    ),
    "sqlite": text(
        """INSERT INTO chat_typing (chat_id, side, text, at)
        SELECT k.id, 'visitor', t.value, strftime('%Y-%m-%d %H\\:%M\\:%f', 'now') || '000'
        FROM json_each(:typed) t JOIN chat k ON k.token_hash = t.key WHERE k.state = 'open'
        ON CONFLICT (chat_id, side) DO UPDATE SET text = excluded.text, at = excluded.at
        WHERE chat_typing.at
              <= strftime('%Y-%m-%d %H\\:%M\\:%f', 'now', '-0.5 seconds') || '000'
           OR excluded.text = '' AND chat_typing.text <> ''
        RETURNING chat_id"""
    ),
}
_STAFF_TYPES = text(
    """INSERT INTO chat_typing (chat_id, side, text, at)
    VALUES (:chat, 'staff', '', strftime('%Y-%m-%d %H\\:%M\\:%f', 'now') || '000')
    ON CONFLICT (chat_id, side) DO UPDATE SET at = excluded.at
    WHERE chat_typing.at <= strftime('%Y-%m-%d %H\\:%M\\:%f', 'now', '-0.5 seconds') || '000'
    RETURNING chat_id"""
)
# Locked in the order of their ids, so that two gateways wait for each other and never crosswise.
_SEEN = {
    "postgresql": text(
        """WITH told AS MATERIALIZED (
            SELECT k.id, least(CAST(t.value AS integer), k.last_seq) AS seq
            FROM jsonb_each_text(CAST(:seen AS jsonb)) t JOIN chat k ON k.token_hash = t.key
            ORDER BY k.id FOR NO KEY UPDATE OF k)
        UPDATE chat k SET visitor_seq = told.seq FROM told
        WHERE k.id = told.id AND k.visitor_seq < told.seq RETURNING k.id"""
    ),
    "sqlite": text(
        """UPDATE chat SET visitor_seq = min(t.value, last_seq)
        FROM json_each(:seen) t
        WHERE chat.token_hash = t.key AND visitor_seq < min(t.value, last_seq) RETURNING id"""
    ),
}


def of_token(tx: Tx, token_hash: str) -> int | None:
    """The chat of a visitor."""
    found: int | None = tx.core.execute(_OF_TOKEN, {"token": token_hash}).scalar()
    return found


def add(tx: Tx, **values: Any) -> int:
    """A new chat; its id."""
    return int(tx.core.execute(_ADD, values).scalar_one())


def is_blocked(tx: Tx, client: str) -> bool:
    """Whether a visitor may not chat now."""
    return bool(tx.core.execute(_BLOCKED, {"client": client}).scalar())


def line_of(tx: Tx, chat_id: int, client_id: str) -> int | None:
    """The number of the line that the visitor's browser calls so."""
    found: int | None = tx.core.execute(_LINE_OF, {"chat": chat_id, "client": client_id}).scalar()
    return found


def before(tx: Tx, contact_id: int) -> Before:
    """The contact of a chat that ended."""
    return Before(*tx.core.execute(_BEFORE, {"contact": contact_id}).one())


def move(tx: Tx, contact_id: int, state: ContactState, **values: Any) -> None:
    """Another state of a contact that is locked."""
    tx.core.execute(
        update(Contact)
        .where(Contact.id == contact_id)
        .values(state=state.value, state_since=utcnow(), **values)
    )


def assignment(tx: Tx, contact_id: int, state: AssignmentState, **values: Any) -> None:
    """What becomes of a contact's open assignment."""
    tx.core.execute(
        update(Assignment)
        .where(Assignment.contact_id == contact_id, Assignment.ended_at.is_(None))
        .values(state=state.value, **values)
    )


def types(tx: Tx, typed: Mapping[str, str]) -> tuple[int, ...]:
    """Keep what visitors type at this moment, by the hash of their token; the chats of which that
    is news. Nobody's tokens, chats that ended and what follows too soon are passed over.
    """
    rows = tx.core.execute(_TYPES[tx.dialect], {"typed": json.dumps(dict(typed))})
    return tuple(rows.scalars().all())


def staff_types(tx: Tx, chat_id: int) -> bool:
    """Whoever has it types, on SQLite; False when that was told a moment ago."""
    return bool(tx.core.execute(_STAFF_TYPES, {"chat": chat_id}).scalars().all())


def present(tx: Tx, chat_ids: Iterable[int]) -> None:
    """These have a page open now."""
    ids = sorted(set(chat_ids))
    if ids:
        tx.core.execute(_PRESENT, {"ids": ids})


def file(tx: Tx, chat_id: int, seq: int, attachment_id: int) -> AttachmentContent | None:
    """A file of one line of a chat, whole; None when that line has no such file."""
    row = tx.core.execute(
        select(Attachment.name, Attachment.content_type, Attachment.sha256)
        .join(ChatLine, ChatLine.message_id == Attachment.message_id)
        .where(ChatLine.chat_id == chat_id, ChatLine.seq == seq, Attachment.id == attachment_id)
    ).first()
    return AttachmentContent(row[0], row[1], blobs.read(tx, row[2])) if row else None


def said_by_staff(tx: Tx, chat_id: int) -> bool:
    """Whether anybody of the centre has said something in it."""
    return bool(
        tx.core.scalar(
            select(exists().where(ChatLine.chat_id == chat_id, ChatLine.side == Side.STAFF.value))
        )
    )


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether a page of theirs is open, and when that was last known."""

    visitor_at: datetime
    gone_since: datetime | None


_PRESENCE = select(Chat.visitor_at, Chat.gone_since).where(Chat.id == bindparam("chat"))


def presence(tx: Tx, chat_id: int) -> Presence:
    """Of a chat that is there."""
    return Presence(*tx.core.execute(_PRESENCE, {"chat": chat_id}).one())


def seen(tx: Tx, seen: Mapping[str, int]) -> tuple[int, ...]:
    """Pages show their chats up to a line, by the hash of their token; the chats that were shown
    less before.
    """
    rows = tx.core.execute(_SEEN[tx.dialect], {"seen": json.dumps(dict(seen))})
    return tuple(rows.scalars().all())


@dataclass(frozen=True, slots=True)
class Gone:
    """An open chat with no page: since when, None when that was not noticed yet, and how it stands.

    `taken`: somebody had it in hand at some time.
    """

    id: int
    account_id: int
    gone_since: datetime | None
    away: bool
    waiting_since: datetime | None
    email: str
    taken: bool


# Written out, not bound: a database knows by them alone that a partial index holds the rows. In the
# order in which others lock many contacts.
_GONE = (
    select(
        Chat.id,
        Chat.account_id,
        Chat.gone_since,
        Chat.away,
        Chat.waiting_since,
        Chat.email,
        Contact.first_taken_at.is_not(None),
    )
    .join(Contact, Contact.id == Chat.contact_id)
    .where(
        Chat.state == literal_column("'open'"),
        or_(
            Chat.gone_since.is_not(None),
            Chat.visitor_at < bindparam("silent", UtcDateTime()),
        ),
    )
    .order_by(Chat.contact_id)
)


def gone(tx: Tx, silent: datetime) -> tuple[Gone, ...]:
    """The open chats whose page is closed, or said nothing since a moment."""
    return tuple(Gone(*row) for row in tx.core.execute(_GONE, {"silent": silent}))


_STALE = select(exists().where(ChatTyping.at < bindparam("before", UtcDateTime())))
_FORGET = delete(ChatTyping).where(ChatTyping.at < bindparam("before", UtcDateTime()))


def any_typed_before(tx: Tx, before: datetime) -> bool:
    """Whether something stands there that was typed so long ago."""
    return bool(tx.core.scalar(_STALE, {"before": before}))


def forget_typed(tx: Tx, before: datetime) -> None:
    """Remove what was typed so long ago and never said."""
    tx.core.execute(_FORGET, {"before": before})
