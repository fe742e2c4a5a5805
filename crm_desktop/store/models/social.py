"""Posts on social networks beside their messages, and notices that are published to the public."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import (
    Base,
    BigId,
    CreatedAt,
    Id,
    JsonList,
    JsonObject,
    Time,
    UtcDateTime,
    utcnow,
)


class SocialPost(Base):
    """What a message is on its network, ours or theirs; the message has the text as it is now.

    `post_id` is the network's id, "" while ours has not been sent. `root_id` names the
    conversation, for a private one the network's id of it. `reply_ref` is what the network wants
    with an answer to it. `versions` are [{"text", "until"}] of an edited one, oldest first;
    `alts` are [attachment id, description] of its pictures. Ours carry in `reply_ref` and
    `author_id`, `handle` to whom and what they answer. `watched`: the network is asked now and
    then whether it was changed or deleted, last at `looked_at`.
    """

    __tablename__ = "social_post"
    __table_args__ = (
        # The newest of a conversation, however long it is.
        Index("ix_social_post_root", "account_id", "root_id", "message_id"),
        Index("ix_social_post_post", "account_id", "post_id"),
        Index("ix_social_post_handle", "account_id", "handle"),
        # What is looked at again: the longest unseen first, of what somebody works with.
        Index(
            "ix_social_post_watched",
            "account_id",
            "looked_at",
            postgresql_where=text("watched"),
            sqlite_where=text("watched"),
        ),
    )

    message_id: Mapped[int] = mapped_column(BigId, ForeignKey("message.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("channel_account.id"))
    network: Mapped[str]
    post_id: Mapped[str] = mapped_column(default="", server_default="")
    root_id: Mapped[str] = mapped_column(default="", server_default="")
    parent_id: Mapped[str] = mapped_column(default="", server_default="")
    url: Mapped[str] = mapped_column(default="", server_default="")
    author_id: Mapped[str] = mapped_column(default="", server_default="")
    handle: Mapped[str] = mapped_column(default="", server_default="")
    public: Mapped[bool]
    reply_ref: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    alts: Mapped[JsonList] = mapped_column(default=list, server_default="[]")
    versions: Mapped[JsonList] = mapped_column(default=list, server_default="[]")
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    looked_at: Mapped[Time] = mapped_column(server_default=utcnow())
    watched: Mapped[bool] = mapped_column(default=True, server_default=true())


class ServiceNotice(Base):
    """Something that everybody should know (bin rounds a day late), shown until `ends_at`.

    `on_web`: on the pages of web forms; `on_chat`: in the greeting of chats. `text_cy` is Welsh,
    "" where there is none. Taken down early: `ended_at`. `key` is that of its writing: what is
    published again with it is the same.
    """

    __tablename__ = "service_notice"
    __table_args__ = (
        Index("ix_service_notice_ends_at", "ends_at"),
        Index("ix_service_notice_key", "key", unique=True),
    )

    id: Mapped[Id]
    key: Mapped[str | None]
    text: Mapped[str]
    text_cy: Mapped[str] = mapped_column(default="", server_default="")
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    on_web: Mapped[bool] = mapped_column(default=False, server_default=false())
    on_chat: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[CreatedAt]
    starts_at: Mapped[Time] = mapped_column(server_default=utcnow())
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))


class NoticePost(Base):
    """A notice on one network, and how far it is (`NoticePostState`), with words of trouble."""

    __tablename__ = "notice_post"
    __table_args__ = (UniqueConstraint("notice_id", "account_id"),)

    id: Mapped[Id]
    notice_id: Mapped[int] = mapped_column(BigId, ForeignKey("service_notice.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("channel_account.id"))
    key: Mapped[str]
    text: Mapped[str]
    state: Mapped[str] = mapped_column(default="pending", server_default="pending")
    post_id: Mapped[str] = mapped_column(default="", server_default="")
    url: Mapped[str] = mapped_column(default="", server_default="")
    failure: Mapped[str] = mapped_column(default="", server_default="")
