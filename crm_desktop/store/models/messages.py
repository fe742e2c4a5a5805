"""What was said: messages, their files (content-addressed), and what is being written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
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


class Document(Base):
    """What the files of an internal message are: a customer's document, scanned or photographed.

    `source` is `domain.documents.Source`; what else is said of it is the message's text.
    """

    __tablename__ = "document"

    message_id: Mapped[int] = mapped_column(BigId, ForeignKey("message.id"), primary_key=True)
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cases.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("customer.id"))
    kind: Mapped[str]
    source: Mapped[str]


class TextMessage(Base):
    """A message that goes to a mobile telephone, with the network's word on it.

    `kind` is `domain.texts.TextKind`; `phone` as it was given until it leaves, then +44…; of a
    ticket, `before` is how many were then before them. `status` is the provider's, asked again at
    `ask_at` until it is a last one.
    """

    __tablename__ = "text_message"
    __table_args__ = (
        Index("ix_text_message_phone", "phone", "message_id"),
        Index(
            "ix_text_message_ask_at",
            "ask_at",
            postgresql_where=text("ask_at IS NOT NULL"),
            sqlite_where=text("ask_at IS NOT NULL"),
        ),
    )

    message_id: Mapped[int] = mapped_column(BigId, ForeignKey("message.id"), primary_key=True)
    kind: Mapped[str]
    phone: Mapped[str]
    visit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("visit.contact_id"), index=True)
    appointment_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("appointment.id"))
    before: Mapped[int | None]
    status: Mapped[str] = mapped_column(default="", server_default="")
    ask_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


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
