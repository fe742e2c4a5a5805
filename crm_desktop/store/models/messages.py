"""What was said: messages, their files (content-addressed), and what is being written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
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


class Message(Base):
    """One utterance inside a contact.

    `recipients` is {"to": [[name, address], …], "cc": […]}. `external_id` is the channel's own id
    within the account; the pair is unique, so that nothing is taken in twice. `findings` are the
    leak check's while the message is stopped.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("account_id", "external_id"),
        Index("ix_message_contact", "contact_id", "id"),
        Index("ix_message_rfc_id", "rfc_id"),
    )

    id: Mapped[Id]
    contact_id: Mapped[int] = mapped_column(BigId, ForeignKey("contact.id"))
    direction: Mapped[str]
    visibility: Mapped[str] = mapped_column(default="public")
    state: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("channel_account.id"))
    external_id: Mapped[str | None]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    template_id: Mapped[int | None] = mapped_column(ForeignKey("reply_template.id"))
    sender_name: Mapped[str] = mapped_column(default="")
    sender_address: Mapped[str] = mapped_column(default="")
    recipients: Mapped[JsonObject] = mapped_column(default=dict)
    subject: Mapped[str] = mapped_column(default="")
    body_text: Mapped[str] = mapped_column(default="")
    reply_text: Mapped[str] = mapped_column(default="")
    body_html: Mapped[str] = mapped_column(default="")
    rfc_id: Mapped[str | None]
    in_reply_to: Mapped[str] = mapped_column(default="")
    reference_ids: Mapped[JsonList] = mapped_column(default=list)
    problems: Mapped[JsonList] = mapped_column(default=list)
    findings: Mapped[JsonList] = mapped_column(default=list)
    auto_generated: Mapped[bool] = mapped_column(default=False)
    failure: Mapped[str] = mapped_column(default="")
    at: Mapped[CreatedAt]
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Blob(Base):
    """Bytes under their SHA-256, stored once; `complete` when the last chunk is in."""

    __tablename__ = "blob"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    complete: Mapped[bool] = mapped_column(default=False)
    stored_at: Mapped[CreatedAt]


class BlobChunk(Base):
    """At most 1 MB of a blob, in order of `n`."""

    __tablename__ = "blob_chunk"

    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Attachment(Base):
    """A file of a message: its name there, and where its bytes are."""

    __tablename__ = "attachment"

    id: Mapped[Id]
    message_id: Mapped[int] = mapped_column(BigId, ForeignKey("message.id"), index=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"), index=True)
    name: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int]
    inline: Mapped[bool] = mapped_column(default=False)
    content_id: Mapped[str] = mapped_column(default="")


class Draft(Base):
    """Text not yet sent: read by its author and by whoever owns the contact now."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("contact_id", "author_id", "kind"),)

    id: Mapped[Id]
    contact_id: Mapped[int] = mapped_column(BigId, ForeignKey("contact.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[str]
    content: Mapped[JsonObject]
    updated_at: Mapped[Time] = mapped_column(server_default=utcnow())
