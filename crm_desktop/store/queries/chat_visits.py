"""What a visitor does in a chat, as the gateway writes it: the same statements on both dialects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, insert, literal_column, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from crm_desktop.domain.chats import TYPING_EVERY_SECONDS, ChatState, Side
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

_WAITS = (ContactState.QUEUED.value, ContactState.OFFERED.value)
_IN_HAND = (ContactState.ACTIVE.value, ContactState.HELD.value)


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
        ChatBlock.until > bindparam("now", UtcDateTime()),
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
_PRESENT = (
    update(Chat)
    .where(
        Chat.id.in_(bindparam("ids", expanding=True)),
        Chat.gone_since.is_(None),
        Chat.state == ChatState.OPEN.value,
    )
    .values(visitor_at=utcnow())
)


def of_token(tx: Tx, token_hash: str) -> int | None:
    """The chat of a visitor."""
    found: int | None = tx.core.execute(_OF_TOKEN, {"token": token_hash}).scalar()
    return found


def add(tx: Tx, **values: Any) -> int:
    """A new chat; its id."""
    return int(tx.core.execute(_ADD, values).scalar_one())


def is_blocked(tx: Tx, client: str) -> bool:
    """Whether a visitor may not chat now."""
    return bool(tx.core.execute(_BLOCKED, {"client": client, "now": tx.now}).scalar())


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


def types(tx: Tx, chat_id: int, side: Side, words: str) -> bool:
    """Keep what somebody types at this moment; False when it was told a moment ago."""
    dialect = postgresql if tx.dialect == "postgresql" else sqlite
    statement = dialect.insert(ChatTyping).values(
        chat_id=chat_id, side=side.value, text=words, at=utcnow()
    )
    soon = tx.now - timedelta(seconds=TYPING_EVERY_SECONDS)
    emptied = (ChatTyping.text != "") & (statement.excluded.text == "")
    done = tx.core.execute(
        statement.on_conflict_do_update(
            index_elements=["chat_id", "side"],
            set_={"text": statement.excluded.text, "at": statement.excluded.at},
            where=or_(ChatTyping.at <= soon, emptied),
        ).inline()
    )
    return bool(done.rowcount)


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


def has_seen(tx: Tx, chat_id: int, seq: int) -> bool:
    """A page shows the chat up to a line; False when it did before."""
    done = tx.core.execute(
        update(Chat).where(Chat.id == chat_id, Chat.visitor_seq < seq).values(visitor_seq=seq)
    )
    return bool(done.rowcount)


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


# Written out, not bound: a database knows by them alone that a partial index holds the rows.
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
    .order_by(Chat.id)
)


def gone(tx: Tx, silent: datetime) -> tuple[Gone, ...]:
    """The open chats whose page is closed, or said nothing since a moment."""
    return tuple(Gone(*row) for row in tx.core.execute(_GONE, {"silent": silent}))
