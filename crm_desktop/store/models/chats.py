"""Live chats: the conversation, its lines in order, what is being typed, and who is kept out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import (
    Base,
    BigId,
    CreatedAt,
    Id,
    JsonObject,
    Time,
    UtcDateTime,
    utcnow,
)


class Chat(Base):
    """A conversation with a visitor of a web page; `contact_id` is the contact that it is now.

    Who comes back after the contact was completed goes on with the same chat in a new contact of
    the same thread. `token_hash` is the SHA-256 (hex) of what the visitor's browser holds.
    `last_seq` is the number of its last line, `visitor_seq` and `staff_seq` how far either side has
    seen it. `visitor_at`: when a page of theirs was last open; `gone_since`: none is; `away`: a
    line says so. `client` tells visitors apart for blocks, a keyed hash of an address.
    """

    __tablename__ = "chat"
    __table_args__ = (
        Index("ix_chat_contact_id", "contact_id"),
        # What the sweeper looks through: a few of many.
        Index(
            "ix_chat_open",
            "gone_since",
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
    )

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("channel_account.id"))
    contact_id: Mapped[int] = mapped_column(BigId, ForeignKey("contact.id"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default="open", server_default="open")
    visitor: Mapped[str]
    email: Mapped[str] = mapped_column(default="", server_default="")
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    page: Mapped[str] = mapped_column(default="", server_default="")
    client: Mapped[str] = mapped_column(default="", server_default="")
    answers: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    last_seq: Mapped[int] = mapped_column(default=0, server_default="0")
    visitor_seq: Mapped[int] = mapped_column(default=0, server_default="0")
    staff_seq: Mapped[int] = mapped_column(default=0, server_default="0")
    started_at: Mapped[CreatedAt]
    waiting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    visitor_at: Mapped[Time] = mapped_column(server_default=utcnow())
    gone_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    away: Mapped[bool] = mapped_column(default=False, server_default=false())
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None]
    rating: Mapped[int | None]
    rating_words: Mapped[str] = mapped_column(default="", server_default="")
    transcript_to: Mapped[str] = mapped_column(default="", server_default="")


class ChatLine(Base):
    """One line of a chat; `seq` counts from 1 without gaps, given while its chat is locked.

    What was said is `message_id`'s; `client_id` is the visitor's browser's own id of it, unique
    within the chat. Other lines say what happened (`domain.chats.LineKind`).
    """

    __tablename__ = "chat_line"
    __table_args__ = (
        Index("ix_chat_line_message_id", "message_id"),
        Index(
            "uq_chat_line_client_id",
            "chat_id",
            "client_id",
            unique=True,
            postgresql_where=text("client_id <> ''"),
            sqlite_where=text("client_id <> ''"),
        ),
    )

    chat_id: Mapped[int] = mapped_column(BigId, ForeignKey("chat.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(BigId, ForeignKey("contact.id"))
    kind: Mapped[str]
    side: Mapped[str]
    who: Mapped[str] = mapped_column(default="", server_default="")
    message_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("message.id"))
    client_id: Mapped[str] = mapped_column(default="", server_default="")
    at: Mapped[CreatedAt]


class ChatTyping(Base):
    """What one side is typing at this moment: unlogged on PostgreSQL, in no audit, gone in seconds.

    A member of staff's text is never kept here, only that they type.
    """

    __tablename__ = "chat_typing"
    __table_args__ = {"prefixes": ["UNLOGGED"]}  # noqa: RUF012 - SQLAlchemy's own spelling

    chat_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(default="", server_default="")
    at: Mapped[Time] = mapped_column(server_default=utcnow())


class ChatBlock(Base):
    """A visitor who may not start or go on with chats until `until`, and why."""

    __tablename__ = "chat_block"
    __table_args__ = (Index("ix_chat_block_client", "client", "until"),)

    id: Mapped[Id]
    client: Mapped[str]
    chat_id: Mapped[int] = mapped_column(BigId, ForeignKey("chat.id"))
    reason: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[CreatedAt]
    until: Mapped[datetime] = mapped_column(UtcDateTime)
