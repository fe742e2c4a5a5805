"""Customers are told and reminded once, and their calendars keep up; who does not come is noted."""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from sqlalchemy import select, update

from crm_desktop.channels.email import calendar as incoming
from crm_desktop.channels.email.outgoing import build
from crm_desktop.domain.appointments import AppointmentState
from crm_desktop.domain.messages import Address, OutboundMessage
from crm_desktop.services import appointments, leases, sweeper
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database
from crm_desktop.store.models import (
    Appointment,
    ChannelAccount,
    Contact,
    Event,
    Message,
    OutboxItem,
    Site,
    SlotTaken,
)
from crm_desktop.store.queries import sending as queries
from tests.bookings_centre import a_day, at, booking, booking_site
from tests.centre import Centre
from tests.visits_centre import service_of

_TO = "doyle@example.org"


def _relay(centre: Centre) -> None:
    with centre.as_owner().write() as tx:
        tx.session.execute(update(ChannelAccount).values(active=False))
        tx.session.add(
            ChannelAccount(
                kind="smtp", name="relay", settings={"address": "desk@council.example"}, active=True
            )
        )
        tx.session.execute(
            update(Site).values(name_cy="Siop un stop", address="1 High Street; the corner, left")
        )


def _swept(gateway: Database, lease: Lease | None = None) -> Lease:
    lease = lease or leases.acquire(gateway, sweeper.LEASE_NAME, "test")
    assert lease is not None
    sweeper.sweep(gateway, lease)
    sweeper.sweep(gateway, lease)
    return lease


def _mails(centre: Centre) -> list[OutboundMessage]:
    """What waits in the outbox, as the mail lane sends it."""
    with centre.as_owner().read() as tx:
        rows = tx.session.execute(
            select(Message)
            .join(OutboxItem, OutboxItem.message_id == Message.id)
            .where(Message.subject.contains("A-"))
            .order_by(Message.id)
        )
        return [
            OutboundMessage(
                message_id=row.rfc_id or "",
                sender=Address("", "desk@council.example"),
                to=(Address(*row.recipients["to"][0]),),
                cc=(),
                subject=row.subject,
                text=row.body_text,
                html="",
                attachments=queries.attachments(tx, row.id),
                automatic=row.auto_generated,
            )
            for (row,) in rows
        ]


def _lines(mail: OutboundMessage) -> dict[str, str]:
    """The lines of its invitation, unfolded, by their names: the first of each."""
    (file,) = mail.attachments
    assert all(len(line) <= 75 for line in file.content.split(b"\r\n"))
    found: dict[str, str] = {}
    for line in file.content.decode().replace("\r\n ", "").split("\r\n"):
        name, _, value = line.partition(":")
        found.setdefault(name.partition(";")[0], value)
    return found


def _shift(centre: Centre, appointment_id: int, by: timedelta) -> None:
    """As if it began so much earlier: its slots, too."""
    with centre.as_owner().write() as tx:
        row = tx.session.get_one(Appointment, appointment_id)
        row.starts_at, row.ends_at = row.starts_at - by, row.ends_at - by
        if row.told_at is not None:
            row.told_at -= timedelta(days=20)
        slots = select(SlotTaken).where(SlotTaken.appointment_id == appointment_id)
        for slot in tx.session.scalars(slots.order_by(SlotTaken.at)):
            slot.at -= by
            tx.session.flush()


def _now(centre: Centre) -> datetime:
    with centre.as_owner().read() as tx:
        return tx.now


def test_booked_moved_and_cancelled_the_customer_is_told_each_time_once(centre: Centre) -> None:
    site, anna, gateway = booking_site(centre), centre.as_person("anna"), centre.as_gateway()
    _relay(centre)
    service, day = service_of(centre, site), a_day(centre)
    booked, _ = appointments.book(
        anna, booking(site, service, at(day, "10:00"), who='R. "Bo" Doyle, Mrs', email=_TO)
    )
    appointments.book(anna, booking(site, service, at(day, "10:00"), who="No Address"))
    lease = _swept(gateway)
    appointments.move(anna, booked.id, at(day, "11:00"), 45)
    _swept(gateway, lease)
    appointments.cancel(anna, booked.id, "found it online")
    _swept(gateway, lease)

    first, second, third = _mails(centre)
    assert first.to[0].address == _TO
    assert booked.reference in first.subject
    assert "10:00 (30 minutes)" in first.text
    assert "11:00 (45 minutes)" in second.text
    assert "cancelled" in third.text
    lines = [_lines(each) for each in (first, second, third)]
    assert {each["UID"] for each in lines} == {lines[0]["UID"]}
    assert [each["SEQUENCE"] for each in lines] == ["0", "1", "2"]
    assert [each["METHOD"] for each in lines] == ["REQUEST", "REQUEST", "CANCEL"]
    assert lines[1]["DTSTART"] == at(day, "11:00").strftime("%Y%m%dT%H%M%SZ")
    assert "1 High Street\\; the corner\\, left" in lines[0]["LOCATION"]
    assert incoming.summary_line(third.attachments[0].content.decode()).startswith("Cancelled")
    with centre.as_owner().read() as tx:
        kept = tx.session.get_one(Appointment, booked.id)
        assert kept.contact_id is not None
        contact = tx.session.get_one(Contact, kept.contact_id)
        assert (contact.direction, contact.state) == ("outbound", "completed")


def test_what_is_sent_offers_itself_to_the_calendar(centre: Centre) -> None:
    site, anna, gateway = booking_site(centre), centre.as_person("anna"), centre.as_gateway()
    _relay(centre)
    starts = at(a_day(centre), "10:00")
    appointments.book(anna, booking(site, service_of(centre, site), starts, email=_TO))
    _swept(gateway)

    (mail,) = _mails(centre)
    sent = message_from_bytes(bytes(build(mail, written_at=_now(centre))), policy=default)
    kinds = [(each.get_content_type(), each.get_param("method")) for each in sent.walk()]

    assert kinds == [
        ("multipart/mixed", None),
        ("multipart/alternative", None),
        ("text/plain", None),
        ("text/calendar", "REQUEST"),
        ("text/calendar", None),
    ]


def test_in_welsh_in_the_contact_it_was_booked_from(centre: Centre) -> None:
    site, anna, gateway = booking_site(centre), centre.as_person("anna"), centre.as_gateway()
    _relay(centre)
    contact, day = centre.add_contact(customer=_TO), a_day(centre)
    new = booking(
        site, service_of(centre, site), at(day, "10:00"), contact_id=contact, email=_TO,
        language="cy",
    )  # fmt: skip
    appointments.book(anna, new)
    _swept(gateway)

    (mail,) = _mails(centre)
    assert "Mae eich apwyntiad wedi'i drefnu." in mail.text
    assert "Ble: Siop un stop" in mail.text
    with centre.as_owner().read() as tx:
        message = select(Message.contact_id).where(Message.auto_generated)
        assert tx.session.scalars(message).all() == [contact]


def test_a_reminder_goes_the_working_day_before_and_once(centre: Centre) -> None:
    site, anna, gateway = booking_site(centre), centre.as_person("anna"), centre.as_gateway()
    _relay(centre)
    starts = at(a_day(centre, 20), "16:00")
    booked, _ = appointments.book(anna, booking(site, service_of(centre, site), starts, email=_TO))
    lease = _swept(gateway)
    assert len(_mails(centre)) == 1

    # Within the next minutes: the morning of any working day before has passed.
    _shift(centre, booked.id, starts - _now(centre) - timedelta(minutes=2))
    _swept(gateway, lease)
    _swept(gateway, lease)

    _, reminder = _mails(centre)
    assert reminder.subject.startswith("Reminder")
    assert reminder.attachments == ()


@pytest.mark.parametrize("late", [False, True])
def test_who_does_not_come_is_noted_and_the_rest_is_free(centre: Centre, late: bool) -> None:
    site, anna, gateway = booking_site(centre), centre.as_person("anna"), centre.as_gateway()
    starts = at(a_day(centre), "10:00")
    booked, _ = appointments.book(anna, booking(site, service_of(centre, site), starts, minutes=60))
    if late:
        appointments.late(anna, booked.id, starts + timedelta(minutes=40))
    _shift(centre, booked.id, starts - _now(centre) + timedelta(minutes=16))
    if late:
        with centre.as_owner().write() as tx:
            row = tx.session.get_one(Appointment, booked.id)
            row.late_until = row.starts_at + timedelta(minutes=40)

    _swept(gateway)

    with centre.as_owner().read() as tx:
        left = tx.session.scalars(
            select(SlotTaken.at).where(SlotTaken.appointment_id == booked.id)
        ).all()
        kinds = tx.session.scalars(select(Event.kind).where(Event.kind.like("appointment.no%")))
        state = tx.session.get_one(Appointment, booked.id).state
        if late:
            assert (state, len(left), list(kinds)) == (AppointmentState.BOOKED, 12, [])
        else:
            assert (state, list(kinds)) == (AppointmentState.NO_SHOW, ["appointment.no_show"])
            assert len(left) == 4
            assert all(each <= tx.now for each in left)


def test_without_a_way_to_send_mail_nothing_is_promised(centre: Centre) -> None:
    site, anna, gateway = booking_site(centre), centre.as_person("anna"), centre.as_gateway()
    with centre.as_owner().write() as tx:
        tx.session.execute(update(ChannelAccount).values(active=False))
    starts = at(a_day(centre), "10:00")
    appointments.book(anna, booking(site, service_of(centre, site), starts, email=_TO))
    lease = _swept(gateway)
    assert _mails(centre) == []

    _relay(centre)
    _swept(gateway, lease)

    assert len(_mails(centre)) == 1
