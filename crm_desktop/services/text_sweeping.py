"""The gateway's part of texts: whose turn is near is told so, and who gave no mail address is
reminded of an appointment by text.
"""

from __future__ import annotations

from crm_desktop.domain.appointments import LONDON
from crm_desktop.domain.calendar import Calendar
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.states import Channel
from crm_desktop.domain.texts import TextKind, mobile
from crm_desktop.services import telling_contacts
from crm_desktop.services.appointment_sweeping import is_due, looked_at
from crm_desktop.store.database import Tx
from crm_desktop.store.queries import events
from crm_desktop.store.queries import texts as queries
from crm_desktop.store.queries.texts import ToRemind

_AT_ONCE = 50
_SUBJECT = "Reminder of an appointment"

Found = tuple[tuple[tuple[int, str], ...], tuple[ToRemind, ...]]


def due(tx: Tx) -> Found:
    """(whose turn is near, whom to remind); nothing while no texts are sent."""
    if queries.account(tx) is None:
        return (), ()
    near = queries.nearly(tx, tx.now.astimezone(LONDON).date(), _AT_ONCE)
    remind = tuple(
        each
        for each in queries.not_reminded(tx, looked_at(tx.now))
        if is_due(Calendar.from_data(each.hours), each.starts_at, each.booked_at, tx.now)
    )
    return near, remind[:_AT_ONCE]


def sweep(tx: Tx, found: Found) -> None:
    """Write what is due of these."""
    account_id = queries.account(tx)
    if account_id is None:
        return
    near, remind = found
    for visit_id, phone in near:
        queries.write(tx, account_id, TextKind.NEAR, phone, contact_id=visit_id, visit_id=visit_id)
        tx.changed(Topic.CONTACT, visit_id)
    for each in remind:
        _remind(tx, account_id, each)


def _remind(tx: Tx, account_id: int, found: ToRemind) -> None:
    if mobile(found.phone) is None:
        # A landline gets no texts: it is not looked at every second until the day.
        queries.reminded(tx, found.id, None)
        return
    contact_id = found.contact_id
    if contact_id is None:
        contact_id = telling_contacts.add(tx, Channel.SMS, found, _SUBJECT)
    if not queries.reminded(tx, found.id, contact_id):
        return
    message_id = queries.write(
        tx,
        account_id,
        TextKind.REMINDER,
        found.phone,
        contact_id=contact_id,
        appointment_id=found.id,
    )
    events.append(
        tx,
        "appointment.told",
        contact_id=contact_id,
        customer_id=found.customer_id,
        appointment=found.id,
        what="reminder",
        by="text",
        message=message_id,
    )
    tx.changed(Topic.CONTACT, contact_id)
    tx.changed(Topic.APPOINTMENT, found.id)
