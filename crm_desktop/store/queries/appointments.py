"""Appointments: on PostgreSQL by guarded functions (0030_appointments.sql), on SQLite by the same
rules in `appointments_sqlite`. The lists are read alike on both.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, text

from crm_desktop.domain import appointments as domain
from crm_desktop.domain.appointments import AppointmentState, Booked, Diary, New, Room
from crm_desktop.domain.calendar import Calendar
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import InvalidInput, NotFound
from crm_desktop.domain.visits import Need, PlaceKind
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import call, call_json
from crm_desktop.store.models import (
    Appointment,
    OpeningCalendar,
    Place,
    Queue,
    Service,
    Site,
    SiteService,
    SlotTaken,
)
from crm_desktop.store.queries import appointments_sqlite as sqlite
from crm_desktop.store.queries.from_json import moment, parsed


def calendar(tx: Tx, site_id: int) -> Calendar:
    """A site's opening hours; raises NotFound."""
    hours = tx.session.scalar(
        select(OpeningCalendar.hours)
        .join(Site, Site.calendar_id == OpeningCalendar.id)
        .where(Site.id == site_id, Site.active)
    )
    if hours is None:
        raise NotFound("no such site")
    return Calendar.from_data(hours)


def rooms(tx: Tx, site_id: int) -> tuple[Room, ...]:
    """The desks and rooms of a site that are in use, desks first."""
    rows = tx.session.execute(
        select(
            Place.id,
            Place.kind,
            Place.name,
            Place.service_ids,
            Place.step_free,
            Place.hearing_loop,
        )
        .where(Place.site_id == site_id, Place.active)
        .order_by(Place.kind != "desk", Place.name)
    )
    return tuple(
        Room(id_, PlaceKind(kind), name, tuple(services), step_free, loop)
        for id_, kind, name, services, step_free, loop in rows
    )


def is_offered(tx: Tx, site_id: int, service_id: int) -> bool:
    """Whether a site sees people about a service."""
    found = select(SiteService.letter).where(
        SiteService.site_id == site_id, SiteService.service_id == service_id
    )
    return tx.session.scalar(found) is not None


def taken(
    tx: Tx, places: Collection[int], first: datetime, last: datetime
) -> frozenset[tuple[int, datetime]]:
    """(place, slot) from `first` until `last` that appointments have."""
    rows = tx.session.execute(
        select(SlotTaken.ref_id, SlotTaken.at).where(
            SlotTaken.what == "place",
            SlotTaken.ref_id.in_(places),
            SlotTaken.at >= first,
            SlotTaken.at < last,
        )
    )
    return frozenset((ref_id, at) for ref_id, at in rows)


def taken_of(tx: Tx, staff_id: int, first: datetime, last: datetime) -> frozenset[datetime]:
    """The slots in which a person has an appointment."""
    return frozenset(
        tx.session.scalars(
            select(SlotTaken.at).where(
                SlotTaken.what == "staff",
                SlotTaken.ref_id == staff_id,
                SlotTaken.at >= first,
                SlotTaken.at < last,
            )
        )
    )


def booked_between(
    tx: Tx, site_id: int, first: datetime, last: datetime
) -> tuple[domain.Appointment, ...]:
    """The appointments of a site that this person may know of, cancelled ones left out."""
    return _rows(
        tx,
        Appointment.site_id == site_id,
        Appointment.starts_at >= first,
        Appointment.starts_at < last,
        Appointment.state != AppointmentState.CANCELLED,
    )


def one(tx: Tx, appointment_id: int) -> domain.Appointment:
    """An appointment; raises NotFound."""
    found = _rows(tx, Appointment.id == appointment_id)
    if not found:
        raise NotFound("no such appointment")
    return found[0]


def site_of(tx: Tx, appointment_id: int) -> int:
    """Where an appointment is; raises NotFound."""
    found = tx.session.scalar(select(Appointment.site_id).where(Appointment.id == appointment_id))
    if found is None:
        raise NotFound("no such appointment")
    return found


def diary(
    tx: Tx,
    site_id: int,
    opened: tuple[tuple[datetime, datetime], ...],
    first: datetime,
    last: datetime,
) -> Diary:
    """A site's calendar between two times."""
    places = rooms(tx, site_id)
    rows = booked_between(tx, site_id, first, last)
    known = {
        (row.place_id, at)
        for row in rows
        for at in domain.slots_in(row.starts_at, (row.ends_at - row.starts_at).seconds // 60)
    }
    busy = taken(tx, [each.id for each in places], first, last)
    return Diary(places, opened, rows, busy - known)


def book(tx: Tx, new: New, places: Sequence[int], references: Sequence[str]) -> Booked:
    """Book in the first of the places that is free; the same key again gives the same."""
    if domain.wrong_in(new):
        raise InvalidInput("this cannot be booked")
    given: dict[str, Any] = {
        "key": new.key,
        "references": list(references),
        "site": new.site_id,
        "service": new.service_id,
        "places": list(places),
        "staff": new.staff_id,
        "starts": new.starts_at.isoformat(),
        "minutes": new.minutes,
        "who": new.who,
        "customer": new.customer_id,
        "contact": new.contact_id,
        "email": new.email,
        "phone": new.phone,
        "needs": [each.value for each in new.needs],
        "language": new.language,
        "note": new.note,
    }
    if tx.dialect == "postgresql":
        found = parsed(call_json(tx, "appointment_book", given))
    else:
        found = sqlite.book(tx, given)
    return _booked(tx, found)


def move(
    tx: Tx, appointment_id: int, starts_at: datetime, minutes: int, places: Sequence[int]
) -> Booked:
    """At another time, in the first of the places that is free then."""
    if tx.dialect == "postgresql":
        statement = text("SELECT app.appointment_move(:id, :at, :minutes, CAST(:places AS jsonb))")
        said = {
            "id": appointment_id, "at": starts_at, "minutes": minutes,
            "places": json.dumps(list(places)),
        }  # fmt: skip
        found = parsed(tx.settle().execute(statement, said).scalar())
        tx.forget()
        return _booked(tx, found)
    return _booked(tx, sqlite.move(tx, appointment_id, starts_at, minutes, places))


def cancel(tx: Tx, appointment_id: int, why: str) -> Booked:
    """Booked no more."""
    if tx.dialect == "postgresql":
        return _booked(tx, parsed(call(tx, "appointment_cancel", id=appointment_id, why=why)))
    return _booked(tx, sqlite.cancel(tx, appointment_id, why))


def late(tx: Tx, appointment_id: int, until: datetime) -> Booked:
    """They come later, by then."""
    if tx.dialect == "postgresql":
        return _booked(tx, parsed(call(tx, "appointment_late", id=appointment_id, until=until)))
    return _booked(tx, sqlite.late(tx, appointment_id, until))


def _rows(tx: Tx, *conditions: Any) -> tuple[domain.Appointment, ...]:
    wanted = (
        select(
            Appointment.id,
            Appointment.reference,
            Appointment.state,
            Appointment.service_id,
            Service.name,
            Appointment.place_id,
            Appointment.staff_id,
            Appointment.customer_id,
            Appointment.visit_id,
            Appointment.who,
            Appointment.starts_at,
            Appointment.ends_at,
            Appointment.late_until,
            Appointment.needs,
            Appointment.language,
        )
        .join(Service, Service.id == Appointment.service_id)
        .join(Queue, Queue.id == Service.queue_id)
        .where(*conditions)
        .order_by(Appointment.starts_at, Appointment.place_id, Appointment.id)
    )
    if tx.actor is not None:
        # PostgreSQL's policy says the same.
        wanted = wanted.where(or_(~Queue.restricted, Queue.id.in_(tx.actor.queues)))
    return tuple(_row(row) for row in tx.session.execute(wanted))


def _row(row: Sequence[Any]) -> domain.Appointment:
    values = list(row)
    values[2], values[13] = AppointmentState(values[2]), tuple(map(Need, values[13]))
    return domain.Appointment(*values)


def _booked(tx: Tx, found: Sequence[Any]) -> Booked:
    id_, reference, place_id, place, starts, ends, site_id, contact_id = found
    tx.changed(Topic.APPOINTMENT, id_)
    tx.changed(Topic.SITE, site_id)
    if contact_id is not None:
        tx.changed(Topic.CONTACT, contact_id)
    return Booked(id_, reference, place_id, place, moment(starts), moment(ends))
