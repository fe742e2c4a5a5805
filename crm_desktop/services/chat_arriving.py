"""What a visitor says, as rows: message, line, and the contact that it belongs to now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.chats import COMES_BACK, ChatState, LineKind, Side
from crm_desktop.domain.errors import ChatOver
from crm_desktop.domain.messages import Address, InboundMessage
from crm_desktop.domain.states import AssignmentState, Channel, ContactState
from crm_desktop.domain.text import excerpt, fold
from crm_desktop.services.intake_parts import arriving, finding
from crm_desktop.services.intake_parts.arriving import Stored
from crm_desktop.store.database import Tx
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import chat_lines, events, messages
from crm_desktop.store.queries import chat_visits as queries
from crm_desktop.store.queries.chat_lines import Standing
from crm_desktop.store.queries.routing import QueueRules
from crm_desktop.store.queries.routing import read as read_routing

_WAITS = (ContactState.QUEUED, ContactState.OFFERED)
_OVER = (ContactState.COMPLETED, ContactState.ABANDONED, ContactState.FAILED)


def add_contact(
    tx: Tx,
    contact_id: int,
    text: str,
    values: Mapping[str, Any],
    *,
    rules: QueueRules,
    thread_id: int | None = None,
) -> None:
    """A chat's contact waits in a queue from now on; `values` are its other columns, with `who` and
    `subject`, and `text` what was said first.
    """
    messages.add_contact(
        tx,
        contact_id,
        {
            "channel": Channel.CHAT.value,
            "state": ContactState.QUEUED.value,
            "queue_id": rules.queue_id,
            "preview": excerpt(text),
            "folded": fold(f"{values['who']} {values['subject']} {text}"),
            "due_at": finding.due(tx.now, rules, Channel.CHAT),
            "auto_generated": False,
            **values,
        },
        thread_id,
    )
    tx.changed(Topic.CONTACT, contact_id)


def utter(
    tx: Tx, chat: Standing, client_id: str, message: InboundMessage, hashes: tuple[str, ...]
) -> int:
    """Add what they said as the next line; its number."""
    external_id, sender = f"{chat.id}:{client_id}", Address(chat.visitor, chat.email)
    arrival = Stored(
        chat.account_id, replace(message, external_id=external_id, sender=sender), hashes
    )
    message_id = arriving.add(tx, chat.account_id, chat.contact_id, arrival)
    chat_lines.types_no_more(tx, chat.id, Side.VISITOR)
    return chat_lines.add(
        tx,
        chat.id,
        chat.contact_id,
        chat.last_seq + 1,
        LineKind.SAID,
        side=Side.VISITOR,
        who=chat.visitor,
        message_id=message_id,
        client_id=client_id,
        waiting_since=chat.waiting_since or utcnow(),
        visitor_at=utcnow(),
        gone_since=None,
        away=False,
        visitor_seq=chat.last_seq + 1,
    )


def came_back(tx: Tx, chat: Standing) -> int:
    """A page of theirs is open; the number of the last line."""
    seq = chat.last_seq
    if chat.state == ChatState.OPEN and chat.away:
        seq = chat_lines.add(
            tx, chat.id, chat.contact_id, seq + 1, LineKind.RETURNED, who=chat.visitor
        )
    chat_lines.change(tx, chat.id, visitor_at=utcnow(), gone_since=None, away=False)
    if chat.gone_since is not None:
        tx.changed(Topic.CHAT, chat.id)
    return seq


def goes_on(tx: Tx, chat: Standing, text: str) -> Standing:
    """Make ready for another utterance; the chat as it is then. Whose contact is over goes on in
    another of the same thread. Raises ChatOver.
    """
    state = ContactState(chat.contact_state)
    if chat.state == ChatState.OPEN:
        seq = came_back(tx, chat) if chat.away else chat.last_seq
        if state is ContactState.PARKED:
            _wake(tx, chat)
        elif state in _WAITS and not chat.preview and text:
            folded = fold(f"{chat.visitor} {chat.subject} {text}")
            messages.change_contact(tx, chat.contact_id, preview=excerpt(text), folded=folded)
            tx.changed(Topic.CONTACT, chat.contact_id)
        return replace(chat, last_seq=seq)
    ended = chat.ended_at or tx.now
    if state is ContactState.SPAM or tx.now - ended > COMES_BACK:
        raise ChatOver()
    contact_id = _next_contact(tx, chat, text) if state in _OVER else chat.contact_id
    seq = chat_lines.add(
        tx,
        chat.id,
        contact_id,
        chat.last_seq + 1,
        LineKind.RETURNED,
        who=chat.visitor,
        state=ChatState.OPEN.value,
        ended_at=None,
        ended_by=None,
        waiting_since=None,
    )
    events.append(tx, "chat.returned", contact_id=contact_id, chat=chat.id)
    # After the chat is open: else the database tells that it is taken up again.
    if state is ContactState.WRAP_UP:
        queries.move(tx, contact_id, ContactState.ACTIVE)
        queries.assignment(tx, contact_id, AssignmentState.ACCEPTED)
        events.append(
            tx, "contact.resumed", contact_id=contact_id, staff=chat.owner_id, by="visitor"
        )
        tx.changed(Topic.CONTACT, contact_id)
    elif state is ContactState.PARKED:
        _wake(tx, chat)
    return replace(chat, contact_id=contact_id, last_seq=seq, waiting_since=None)


def _wake(tx: Tx, chat: Standing) -> None:
    """Whoever it was parked for is here now."""
    messages.requeue(tx, chat.contact_id)
    events.append(tx, "contact.woken", contact_id=chat.contact_id, by="reply")
    tx.changed(Topic.CONTACT, chat.contact_id)


def _next_contact(tx: Tx, chat: Standing, text: str) -> int:
    """They came back after it was completed: a contact of the same thread, in the same queue."""
    before = queries.before(tx, chat.contact_id)
    routing = read_routing(tx)
    contact_id = next(messages.contact_numbers(tx, 1))
    add_contact(
        tx,
        contact_id,
        text,
        {
            "service_id": before.service_id,
            "customer_id": before.customer_id,
            "priority": before.priority,
            "who": before.who,
            "subject": before.subject,
            "needs_checking": False,
            "check_reason": "",
            "account_id": before.account_id,
        },
        rules=routing.queues[before.queue_id],
        thread_id=before.thread_id,
    )
    events.append(
        tx,
        "contact.received",
        contact_id=contact_id,
        customer_id=before.customer_id,
        channel=Channel.CHAT.value,
        queue=before.queue_id,
        chat=chat.id,
        after=chat.contact_id,
    )
    return contact_id
