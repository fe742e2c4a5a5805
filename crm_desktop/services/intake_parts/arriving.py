"""One arrival made fit for the database, and its row."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import Any

from crm_desktop.domain.messages import Address, InboundMessage
from crm_desktop.services import files
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import messages

#: What neither database can keep in text: NUL, and halves of surrogate pairs.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_PREVIEW_LINE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Door:
    """What comes in here is for the account of a kind and one of the addresses, or the first."""

    kind: str
    addresses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Stored:
    """An arrival whose files are in the database; `hashes` in the order of its attachments.

    `where` it came in: an account by id, or a door.
    """

    where: int | Door
    message: InboundMessage
    hashes: tuple[str, ...]


def stored(
    db: Database, where: int | Door, message: InboundMessage, under: Lease | None = None
) -> Stored:
    """Keep the files of an arrival, which nothing links yet; the rest of it is still to be kept."""
    message = cleaned(message)
    contents = (each.content for each in message.attachments)
    return Stored(where, message, files.store(db, contents, under))


def cleaned(message: InboundMessage) -> InboundMessage:
    """The message without characters that no database keeps; other control is the channel's."""
    changed = {
        each.name: clean(getattr(message, each.name))
        for each in fields(message)
        if each.name not in ("channel", "attachments", "bounce", "sent_at")
    }
    attachments = tuple(
        replace(
            each,
            name=clean(each.name),
            content_type=clean(each.content_type),
            content_id=clean(each.content_id),
        )
        for each in message.attachments
    )
    sender = Address(clean(message.sender.name), clean(message.sender.address).lower())
    changed["sender"] = sender
    changed["subject"] = _PREVIEW_LINE.sub(" ", changed["subject"]).strip()
    return replace(message, attachments=attachments, **changed)


def clean(value: Any) -> Any:
    """A text, or a tree of them, without what no database keeps."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, Address):
        return Address(clean(value.name), clean(value.address))
    if isinstance(value, tuple | list):
        return type(value)(clean(each) for each in value)
    if isinstance(value, dict):
        return {clean(key): clean(each) for key, each in value.items()}
    return value


def add(
    tx: Tx, account_id: int, contact_id: int, arrival: Stored, *, visibility: str = "public"
) -> int:
    """Write the message with its files into a contact; its id."""
    message = arrival.message
    message_id = messages.add_message(
        tx,
        {
            "contact_id": contact_id,
            "direction": "inbound",
            "visibility": visibility,
            "state": "received",
            "account_id": account_id,
            "external_id": message.external_id,
            "sender_name": message.sender.name,
            "sender_address": message.sender.address,
            "recipients": {"to": _pairs(message.to), "cc": _pairs(message.cc)},
            "subject": message.subject,
            "body_text": message.text,
            "reply_text": message.reply_text,
            "body_html": message.html,
            "rfc_id": message.message_id or None,
            "in_reply_to": message.in_reply_to,
            "reference_ids": list(message.references),
            "problems": list(message.problems),
            "auto_generated": message.auto_generated,
            "sent_at": message.sent_at,
        },
    )
    messages.add_attachments(
        tx,
        message_id,
        (
            {
                "sha256": sha256,
                "name": each.name,
                "content_type": each.content_type,
                "size": len(each.content),
                "inline": each.inline,
                "content_id": each.content_id,
            }
            for each, sha256 in zip(message.attachments, arrival.hashes, strict=True)
        ),
    )
    return message_id


def _pairs(people: tuple[Address, ...]) -> list[list[str]]:
    return [[each.name, each.address] for each in people]
