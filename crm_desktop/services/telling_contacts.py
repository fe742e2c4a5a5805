"""The contact that what is sent about an appointment stands in, when it was booked from none."""

from __future__ import annotations

from crm_desktop.domain.states import Channel, ContactState, Direction
from crm_desktop.domain.text import fold
from crm_desktop.store.database import Tx
from crm_desktop.store.queries import messages
from crm_desktop.store.queries.appointments_due import ToTell
from crm_desktop.store.queries.texts import ToRemind


def add(tx: Tx, channel: Channel, about: ToTell | ToRemind, subject: str, address: str = "") -> int:
    """Its id; `address` is what it is found by too."""
    contact_id = next(messages.contact_numbers(tx, 1))
    messages.add_contact(
        tx,
        contact_id,
        {
            "channel": channel.value,
            "direction": Direction.OUTBOUND.value,
            "state": ContactState.COMPLETED.value,
            "queue_id": about.queue_id,
            "service_id": about.service_id,
            "customer_id": about.customer_id,
            "priority": about.priority,
            "who": about.who,
            "subject": subject,
            "preview": "",
            "folded": fold(f"{about.who} {subject} {address}".rstrip()),
            "due_at": None,
            "needs_checking": False,
            "check_reason": "",
            "auto_generated": True,
            "account_id": None,
        },
        None,
    )
    return contact_id
