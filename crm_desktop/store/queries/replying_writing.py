"""Writing a reply down with all that follows from it: on PostgreSQL in one call (app.reply)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.states import Direction, MessageState, OutboxState
from crm_desktop.store.database import Tx
from crm_desktop.store.queries import drafts, events, messages, outbox

_LANE = "email"
_CALL = text(
    "SELECT app.reply(:contact, :stopped, :template, CAST(:recipients AS jsonb), :subject, :text,"
    " :rfc_id, CAST(:findings AS jsonb), :undo)"
)


@dataclass(frozen=True, slots=True)
class Written:
    """A reply; `recipients` as in the message table, `findings` what stops it, `rfc_id` its
    Message-ID, `undo_seconds` how long it can be taken back.
    """

    template_id: int | None
    recipients: dict[str, list[list[str]]]
    subject: str
    text: str
    rfc_id: str
    findings: list[str]
    undo_seconds: float


def write(tx: Tx, contact_id: int, reply: Written) -> int:
    """The message, its way out, its event, and no draft any more; the message's id.

    It is written in the name of who is signed in, and leaves after `undo_seconds` unless stopped.
    """
    write = _call if tx.dialect == "postgresql" else _rows
    return write(tx, contact_id, reply)


def _call(tx: Tx, contact_id: int, reply: Written) -> int:
    number: int = tx.core.execute(
        _CALL,
        {
            "contact": contact_id,
            "stopped": bool(reply.findings),
            "template": reply.template_id,
            "recipients": json.dumps(reply.recipients),
            "subject": reply.subject,
            "text": reply.text,
            "rfc_id": reply.rfc_id,
            "findings": json.dumps(reply.findings),
            "undo": reply.undo_seconds,
        },
    ).scalar_one()
    tx.told(Topic.CONTACT, contact_id)
    tx.told(Topic.OUTBOX, 0)
    return number


def _rows(tx: Tx, contact_id: int, reply: Written) -> int:
    stopped = bool(reply.findings)
    values: dict[str, Any] = {
        "contact_id": contact_id,
        "direction": Direction.OUTBOUND.value,
        "state": (MessageState.STOPPED if stopped else MessageState.PENDING).value,
        "author_id": tx.actor_id,
        "template_id": reply.template_id,
        "recipients": reply.recipients,
        "subject": reply.subject,
        "body_text": reply.text,
        "reply_text": reply.text,
        "rfc_id": reply.rfc_id,
        "findings": reply.findings,
        "at": tx.now,
    }
    number = messages.add_message(tx, values)
    outbox.add(
        tx,
        _LANE,
        message_id=number,
        not_before=tx.now + timedelta(seconds=reply.undo_seconds),
        state=OutboxState.HELD if stopped else OutboxState.PENDING,
    )
    drafts.discard(tx, contact_id, "reply")
    events.append(
        tx,
        "message.stopped" if stopped else "message.written",
        contact_id=contact_id,
        message=number,
        findings=len(reply.findings),
    )
    tx.changed(Topic.CONTACT, contact_id)
    return number
