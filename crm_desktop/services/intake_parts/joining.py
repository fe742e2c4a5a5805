"""What belongs to an open contact joins it: one more message, and who waited for it is woken."""

from __future__ import annotations

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.states import ContactState
from crm_desktop.services.intake_parts import arriving, finding
from crm_desktop.services.intake_parts.arriving import Stored
from crm_desktop.store.database import Tx
from crm_desktop.store.queries import events, messages
from crm_desktop.store.queries import intake as queries
from crm_desktop.store.queries.accounts import Account
from crm_desktop.store.queries.routing import Routing

#: The states in which a contact takes in what belongs to it.
OPEN = frozenset(
    {
        ContactState.QUEUED,
        ContactState.OFFERED,
        ContactState.ACTIVE,
        ContactState.HELD,
        ContactState.WRAP_UP,
        ContactState.PARKED,
        ContactState.CALLBACK_DUE,
    }
)


def join(
    tx: Tx, routing: Routing, account: Account, arrival: Stored, thread: queries.Thread
) -> tuple[int, int]:
    """The contact, and the message that an arrival is now."""
    message_id = arriving.add(tx, account.id, thread.contact_id, arrival)
    wakes = not arrival.message.auto_generated
    if wakes and thread.state == ContactState.PARKED and thread.parked_for_reply:
        rules = routing.queues.get(thread.queue_id)
        due_at = finding.due(tx.now, rules, arrival.message.channel) if rules else None
        messages.requeue(tx, thread.contact_id, due_at)
        events.append(tx, "contact.woken", contact_id=thread.contact_id, by="reply")
    events.append(tx, "message.received", contact_id=thread.contact_id, message=message_id)
    if wakes:
        reopen(tx, queries.cases_of_contact(tx, thread.contact_id))
    tx.changed(Topic.CONTACT, thread.contact_id)
    return thread.contact_id, message_id


def reopen(tx: Tx, case_ids: tuple[int, ...]) -> None:
    """The customer wrote: cases that waited for it are open again, at the time of receipt."""
    for case in messages.waiting_cases(tx, case_ids):
        messages.reopen_case(tx, case.id, finding.resumed(tx, case))
        events.append(tx, "case.reopened", case_id=case.id, by="customer")
        tx.changed(Topic.CASE, case.id)
