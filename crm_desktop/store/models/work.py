"""The gateway's work: accounts to the outside, the outbox, and leases on who does what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
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


class ChannelAccount(Base):
    """One mailbox, listener, form or chat site, social network or back office.

    `settings` hold no secret: the gateway's keyring does, under `secret_name`. `cursor` is how far
    it was read, written in the transaction of what was read.
    """

    __tablename__ = "channel_account"
    __table_args__ = (
        # An extension is one PBX's, and so are those who can be called by theirs.
        Index(
            "ix_one_pbx",
            "kind",
            unique=True,
            postgresql_where=text("kind = 'asterisk' AND active"),
            sqlite_where=text("kind = 'asterisk' AND active"),
        ),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    name: Mapped[str] = mapped_column(unique=True)
    settings: Mapped[JsonObject] = mapped_column(default=dict)
    secret_name: Mapped[str] = mapped_column(default="")
    queue_id: Mapped[int | None] = mapped_column(ForeignKey("queue.id"))
    cursor: Mapped[JsonObject] = mapped_column(default=dict)
    active: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(default="unknown")
    status_words: Mapped[str] = mapped_column(default="")
    status_at: Mapped[Time] = mapped_column(server_default=utcnow())


class OutboxItem(Base):
    """One piece of outgoing work, done by whichever gateway holds the lane's lease."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_due",
            "lane",
            "not_before",
            postgresql_where=text("state IN ('pending', 'claimed')"),
            sqlite_where=text("state IN ('pending', 'claimed')"),
        ),
        Index(
            "ix_outbox_claimed",
            "lane",
            "claimed_until",
            postgresql_where=text("state = 'claimed'"),
            sqlite_where=text("state = 'claimed'"),
        ),
        Index(
            "ix_outbox_stuck",
            "id",
            postgresql_where=text("state IN ('held', 'dead')"),
            sqlite_where=text("state IN ('held', 'dead')"),
        ),
        Index("ix_outbox_message", "message_id"),
        Index("ix_outbox_handoff", "handoff_id"),
    )

    id: Mapped[Id]
    lane: Mapped[str]
    message_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("message.id"))
    handoff_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("handoff.id"))
    notice_post_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("notice_post.id"))
    state: Mapped[str] = mapped_column(default="pending")
    not_before: Mapped[Time] = mapped_column(server_default=utcnow())
    attempts: Mapped[int] = mapped_column(default=0)
    unknown_fate: Mapped[bool] = mapped_column(default=False)
    last_error: Mapped[str] = mapped_column(default="")
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fence: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[CreatedAt]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Lease(Base):
    """Who owns a piece of the gateway's work; `fence` grows with every change of owner."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    fence: Mapped[int] = mapped_column(BigId)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
