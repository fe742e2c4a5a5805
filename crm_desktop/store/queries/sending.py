"""What the gateway needs to turn a message of the database into a mail, and its mark when sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from crm_desktop.domain.messages import OutboundAttachment
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Attachment, Contact, Message, ReplyTemplate
from crm_desktop.store.queries import blobs

#: So many Message-IDs of the conversation go into References: enough for every mail program.
_REFERENCES = 20


@dataclass(frozen=True, slots=True)
class MailRow:
    """An outgoing message as it stands in the database."""

    id: int
    contact_id: int
    account_id: int | None
    rfc_id: str
    subject: str
    text: str
    recipients: dict[str, Any]
    auto_generated: bool
    template_id: int | None


def mail(tx: Tx, message_id: int) -> MailRow | None:
    """An outgoing message that is still to be sent."""
    row = tx.session.execute(
        select(
            Message.id,
            Message.contact_id,
            Contact.account_id,
            Message.rfc_id,
            Message.subject,
            Message.body_text,
            Message.recipients,
            Message.auto_generated,
            Message.template_id,
        )
        .join(Contact, Contact.id == Message.contact_id)
        .where(Message.id == message_id, Message.state == "pending")
    ).first()
    if row is None:
        return None
    return MailRow(row[0], row[1], row[2], row[3] or "", *row[4:])


def conversation(tx: Tx, mail: MailRow) -> tuple[str, tuple[str, ...]]:
    """(In-Reply-To, References): what stood in the contact before this message was written."""
    rows = tx.session.execute(
        select(Message.rfc_id, Message.direction)
        .where(
            Message.contact_id == mail.contact_id,
            Message.id < mail.id,
            Message.rfc_id.is_not(None),
            Message.visibility == "public",
            Message.state.in_(["received", "sent"]),
        )
        .order_by(Message.id)
    ).all()
    inbound = [rfc_id or "" for rfc_id, direction in rows if direction == "inbound"]
    references = dict.fromkeys(rfc_id for rfc_id, _ in rows if rfc_id)
    return (inbound[-1] if inbound else ""), tuple(references)[-_REFERENCES:]


def attachments(tx: Tx, message_id: int) -> tuple[OutboundAttachment, ...]:
    """The files of a message with their bytes."""
    rows = tx.session.execute(
        select(
            Attachment.name,
            Attachment.content_type,
            Attachment.sha256,
            Attachment.inline,
            Attachment.content_id,
        )
        .where(Attachment.message_id == message_id)
        .order_by(Attachment.id)
    ).all()
    return tuple(
        OutboundAttachment(name, kind, blobs.read(tx, sha256), inline, content_id)
        for name, kind, sha256, inline, content_id in rows
    )


def template_images(tx: Tx, template_id: int) -> tuple[str, ...]:
    """The SHA-256 of the pictures that a canned reply may carry."""
    images = tx.session.scalar(select(ReplyTemplate.images).where(ReplyTemplate.id == template_id))
    return tuple(str(each) for each in images or ())


def set_sent(tx: Tx, message_id: int, sender: tuple[str, str], at: datetime) -> None:
    """The next server has it; `sender` is the (name, address) that it went out under."""
    tx.session.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(
            state="sent", sent_at=at, sender_name=sender[0], sender_address=sender[1], failure=""
        )
    )


def contact_of(tx: Tx, message_id: int) -> int | None:
    """The contact of a message."""
    return tx.session.scalar(select(Message.contact_id).where(Message.id == message_id))
