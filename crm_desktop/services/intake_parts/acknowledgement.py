"""The automatic "we have your message": only where wanted, safe, and at most once a day."""

from __future__ import annotations

from datetime import timedelta

from crm_desktop.domain.messages import InboundMessage
from crm_desktop.domain.states import Channel
from crm_desktop.services.intake_parts.finding import Place, Sender
from crm_desktop.services.message_ids import new_message_id
from crm_desktop.store.database import Tx
from crm_desktop.store.queries import accounts, events, messages, outbox
from crm_desktop.store.queries.accounts import Account

_AT_MOST_EVERY = timedelta(hours=24)
_TEXT = """\
Thank you for your message. We have received it and will answer as soon as we can.

You do not need to reply to this email.

{centre}
"""


def send(
    tx: Tx,
    account: Account,
    contact_id: int,
    message: InboundMessage,
    *,
    sender: Sender,
    place: Place,
    own: frozenset[str],
) -> None:
    """Queue an acknowledgement for a new contact, or leave it: silence never starts a loop."""
    address = message.sender.address
    if not account.settings.get("acknowledge") or message.channel is not Channel.EMAIL:
        return
    if not address or sender.customer_id is None or place.doubt or sender.doubt:
        return
    if message.auto_generated or message.bounce is not None:
        return
    if address in own or messages.flagged(tx, address):
        return
    thread_id = place.thread.thread_id if place.thread else contact_id
    since = tx.now - _AT_MOST_EVERY
    if messages.acknowledged_since(tx, sender.customer_id, thread_id, since):
        return
    _queue(tx, account, contact_id, message, sender.customer_id)


def _queue(
    tx: Tx, account: Account, contact_id: int, message: InboundMessage, customer_id: int
) -> None:
    centre = accounts.setting(tx, "centre")
    message_id = messages.add_message(
        tx,
        {
            "contact_id": contact_id,
            "direction": "outbound",
            "state": "pending",
            "account_id": account.id,
            "recipients": {"to": [[message.sender.name, message.sender.address]], "cc": []},
            "subject": f"Re: {message.subject}" if message.subject else "Your message",
            "body_text": _TEXT.format(centre=centre.get("name", "")),
            "reply_text": "",
            "rfc_id": new_message_id(tx),
            "auto_generated": True,
        },
    )
    outbox.add(tx, "email", message_id=message_id)
    events.append(
        tx,
        messages.ACKNOWLEDGED,
        contact_id=contact_id,
        customer_id=customer_id,
        message=message_id,
    )
