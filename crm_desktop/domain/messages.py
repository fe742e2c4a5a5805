"""What channels hand to intake and take from the outbox: utterances, free of any protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from crm_desktop.domain.states import Channel


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address with the name its owner gave; `address` is lower case or empty."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class InboundAttachment:
    """One file that came with a message; `content` is whole (size-limited by the channel)."""

    name: str
    content_type: str
    content: bytes
    inline: bool = False
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery status notification: whose address failed, how, for which message.

    `action` is RFC 3464's (failed, delayed, …), `status` its enhanced code (5.1.1),
    `original_message_id` the Message-ID that bounced, empty when the report does not say.
    """

    recipient: str
    status: str
    action: str
    original_message_id: str = ""
    diagnostic: str = ""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One utterance from outside, already parsed, decoded and sanitised; nothing in it is trusted.

    `external_id` is the channel's own id within the channel account (IMAP: "UIDVALIDITY:UID";
    the SMTP listener: the SHA-256 of envelope and data; a web form: its submission token).
    `text` is the whole body as plain text, `reply_text` the part above quotes and signature,
    `html` sanitised and empty when there was none. `problems` are words for the advisor about
    what could not be read. `answers` are a web form's, `service_code` and `form_version` say
    which form.
    """

    channel: Channel
    external_id: str
    sender: Address
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    text: str = ""
    reply_text: str = ""
    html: str = ""
    attachments: tuple[InboundAttachment, ...] = ()
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    sent_at: datetime | None = None
    auto_generated: bool = False
    bounce: Bounce | None = None
    problems: tuple[str, ...] = ()
    phone: str = ""
    service_code: str = ""
    form_version: int = 0
    answers: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutboundAttachment:
    """A file to send; inline ones are shown by `cid:` in the HTML."""

    name: str
    content_type: str
    content: bytes
    inline: bool = False
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One utterance to send; `message_id` is decided before the first try and never changes.

    `automatic` ones say so in their headers, so that no machine answers them.
    """

    message_id: str
    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    text: str
    html: str
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    attachments: tuple[OutboundAttachment, ...] = ()
    automatic: bool = False


class Sender(Protocol):
    """How a channel speaks; raises ConnectorTrouble(retry=…) and nothing else that is expected."""

    def send(self, message: OutboundMessage) -> None:
        """Return only after the next server accepted the message."""
