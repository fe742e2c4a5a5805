"""The gateway's part of appointments: customers are told and reminded by mail, once each, and what
nobody came for is free again.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from hashlib import sha256

from crm_desktop.domain import appointment_words as wording
from crm_desktop.domain.appointment_words import Facts, Telling
from crm_desktop.domain.appointments import LONDON, REMINDED_AT, reminder_at
from crm_desktop.domain.calendar import Calendar, next_working_day
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.invitation import Invitation, Method, written
from crm_desktop.domain.messages import Address
from crm_desktop.domain.states import Channel, Direction
from crm_desktop.domain.visits import Need, need_words
from crm_desktop.services import telling_contacts
from crm_desktop.services.message_ids import new_message_id
from crm_desktop.services.sending import EMAIL, RELAY
from crm_desktop.store.database import Tx
from crm_desktop.store.queries import accounts, blobs, events, messages, outbox
from crm_desktop.store.queries import appointments_due as queries
from crm_desktop.store.queries.appointments_due import ToTell

_AT_ONCE = 50
_CALENDAR = "text/calendar"


def due(tx: Tx) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """(whom to tell, whom to remind, who did not come): appointments to look at."""
    missed, untold = queries.missed(tx, _AT_ONCE), queries.untold(tx, _AT_ONCE)
    remind = tuple(
        id_
        for id_, starts_at, told_at, hours in queries.not_reminded(tx, looked_at(tx.now))
        if is_due(Calendar.from_data(hours), starts_at, told_at, tx.now)
    )
    if (untold or remind) and not any(each.kind == RELAY for each in accounts.active(tx)):
        return (), (), missed
    return untold, remind[:_AT_ONCE], missed


def sweep(tx: Tx, work: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]) -> None:
    """Do what is due of these, as they stand now."""
    untold, remind, missed = work
    for each in missed:
        _missed(tx, each)
    if not any(each.kind == RELAY for each in accounts.active(tx)):
        return
    for each in untold:
        found = queries.to_tell(tx, each)
        if found is not None and found.sequence > found.told_sequence:
            _tell(tx, found, _telling(found))
    for each in remind:
        found = queries.to_tell(tx, each)
        if found is not None and found.state == "booked" and found.reminded_at is None:
            _tell(tx, found, Telling.REMINDER)


def looked_at(now: datetime) -> datetime:
    """Until when an appointment may begin of which today reminds: from nine on, the next working
    day's; earlier, what yesterday has left. What a longer closure hides comes the day before.
    """
    here = now.astimezone(LONDON)
    last = here.date()
    if here.time() >= REMINDED_AT:
        last = next_working_day(last + timedelta(days=1))
    return datetime.combine(last + timedelta(days=1), time(), LONDON)


def is_due(calendar: Calendar, starts_at: datetime, told_at: datetime, now: datetime) -> bool:
    """Not when they were told after it already."""
    return told_at < reminder_at(calendar, starts_at) <= now


def _telling(found: ToTell) -> Telling:
    if found.state == "cancelled":
        return Telling.CANCELLED
    return Telling.MOVED if found.told_sequence >= 0 else Telling.BOOKED


def _missed(tx: Tx, appointment_id: int) -> None:
    found = queries.no_show(tx, appointment_id)
    if found is None:
        return
    site_id, contact_id, customer_id = found
    events.append(
        tx,
        "appointment.no_show",
        contact_id=contact_id,
        customer_id=customer_id,
        appointment=appointment_id,
        site=site_id,
    )
    tx.changed(Topic.APPOINTMENT, appointment_id)
    tx.changed(Topic.SITE, site_id)


def _tell(tx: Tx, found: ToTell, telling: Telling) -> None:
    facts = _facts(tx, found, telling)
    contact_id = found.contact_id or telling_contacts.add(
        tx, Channel.EMAIL, found, wording.subject(facts), found.email
    )
    message_id = messages.add_message(
        tx,
        {
            "contact_id": contact_id,
            "direction": Direction.OUTBOUND.value,
            "state": "pending",
            "account_id": found.account_id,
            "recipients": {"to": [[found.who, found.email]], "cc": []},
            "subject": wording.subject(facts),
            "body_text": wording.text(facts),
            "reply_text": "",
            "rfc_id": new_message_id(tx),
            "auto_generated": True,
        },
    )
    if telling is not Telling.REMINDER:
        _invite(tx, found, facts, message_id)
    outbox.add(tx, EMAIL, message_id=message_id)
    queries.told(tx, found, contact_id, reminder=telling is Telling.REMINDER)
    events.append(
        tx,
        "appointment.told",
        contact_id=contact_id,
        customer_id=found.customer_id,
        appointment=found.id,
        site=found.site_id,
        what=telling.value,
        message=message_id,
    )
    tx.changed(Topic.CONTACT, contact_id)
    tx.changed(Topic.APPOINTMENT, found.id)


def _facts(tx: Tx, found: ToTell, telling: Telling) -> Facts:
    welsh = found.language == "cy"
    service = (found.service_cy if welsh else "") or found.service
    return Facts(
        telling=telling,
        language=found.language,
        service="" if found.restricted else service,
        reference=found.reference,
        starts_at=found.starts_at,
        minutes=(found.ends_at - found.starts_at) // timedelta(minutes=1),
        site=(found.site_cy if welsh else "") or found.site,
        address=found.address,
        # In the words that the centre keeps, which are English.
        needs="" if welsh else ", ".join(need_words(Need(each)) for each in found.needs),
        centre=str(accounts.setting(tx, "centre").get("name", "")),
    )


def _invite(tx: Tx, found: ToTell, facts: Facts, message_id: int) -> None:
    domain = str(accounts.setting(tx, "centre").get("mail_domain", "")) or "crm.invalid"
    content = written(
        Invitation(
            method=Method.CANCEL if found.state == "cancelled" else Method.REQUEST,
            uid=f"{found.reference}@{domain}",
            sequence=found.sequence,
            written_at=tx.now,
            starts_at=found.starts_at,
            ends_at=found.ends_at,
            summary=wording.summary(facts),
            description=wording.text(facts),
            location=", ".join(each for each in (facts.site, facts.address) if each),
            organizer=_organizer(tx, found, facts.centre),
            attendee=Address(found.who, found.email),
        )
    )
    name = sha256(content).hexdigest()
    blobs.put(tx, name, len(content), {0: content}, last=True)
    file = {
        "sha256": name,
        "name": "appointment.ics",
        "content_type": _CALENDAR,
        "size": len(content),
    }
    messages.add_attachments(tx, message_id, [file])


def _organizer(tx: Tx, found: ToTell, centre: str) -> Address:
    """Whoever sends the mail, as `sending` chooses it."""
    known = accounts.active(tx)
    own = next((each for each in known if each.id == found.account_id and each.address), None)
    relay = next(each for each in known if each.kind == RELAY)
    return Address(centre, (own or relay).address)
