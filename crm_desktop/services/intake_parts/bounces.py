"""Delivery reports: they belong to the message that bounced, and to nobody else."""

from __future__ import annotations

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.identifiers import normal_email
from crm_desktop.domain.messages import Bounce
from crm_desktop.domain.states import ContactState
from crm_desktop.services.intake_parts import arriving
from crm_desktop.store.database import Tx
from crm_desktop.store.queries import events, intake, messages

#: What the address book says beside an address that bounced for good.
BOUNCED = "bounced"


def attach(tx: Tx, account_id: int, arrival: arriving.Stored) -> tuple[int, int] | None:
    """Put a delivery report to the message that it speaks of: (contact, message).

    None when it is no report or nobody can tell whose: then it waits in the queue like any mail.
    """
    bounce = arrival.message.bounce
    if bounce is None or not bounce.original_message_id:
        return None
    ours = messages.our_message(tx, bounce.original_message_id)
    if ours is None:
        return None
    message_id = arriving.add(tx, account_id, ours.contact_id, arrival, visibility="internal")
    failed = bounce.action == "failed"
    if failed:
        _fail(tx, ours, bounce)
    events.append(
        tx,
        "message.bounced" if failed else "message.delivery_reported",
        contact_id=ours.contact_id,
        message=ours.id,
        report=message_id,
        status=bounce.status,
    )
    tx.changed(Topic.CONTACT, ours.contact_id)
    return ours.contact_id, message_id


def _fail(tx: Tx, ours: messages.OurMessage, bounce: Bounce) -> None:
    """The message failed: visibly, and whoever waits for the answer to it waits in vain."""
    words = f"Could not be delivered ({bounce.status or 'no code'})"
    messages.set_failed(tx, ours.id, words)
    messages.mark_undelivered(tx, ours.id, words)
    address = normal_email(bounce.recipient) or ""
    sent_to = {
        str(pair[1]).lower() for field in ("to", "cc") for pair in ours.recipients.get(field, ())
    }
    # A report may name any address: only one that we wrote to is flagged.
    if address in sent_to and ours.customer_id is not None:
        flagged = messages.flag_identifier(tx, address, ours.customer_id, BOUNCED)
        tx.changed(Topic.CUSTOMER, *flagged)
    thread = intake.newest_of_thread(tx, ours.contact_id)
    if thread is not None and thread.contact_id == ours.contact_id:
        _wake(tx, thread)


def _wake(tx: Tx, thread: intake.Thread) -> None:
    if thread.state != ContactState.PARKED or not thread.parked_for_reply:
        return
    messages.requeue(tx, thread.contact_id)
    events.append(tx, "contact.woken", contact_id=thread.contact_id, by="bounce")
