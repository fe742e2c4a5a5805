"""Appointments on SQLite: the rules of 0030_appointments.sql in Python.

What is given and gives is in the shape of the SQL functions' JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, select

from crm_desktop.domain.appointments import FARTHEST, LATEST, MOST_MINUTES, SLOT, slots_in
from crm_desktop.domain.errors import Conflict, InvalidInput, NotFound
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import me
from crm_desktop.store.models import (
    Appointment,
    Contact,
    Customer,
    Event,
    Place,
    Queue,
    Service,
    Site,
    SiteService,
    SlotTaken,
    Staff,
)

_KEY = re.compile(r"[0-9a-f]{32}")
_MINUTE = timedelta(minutes=1)


def book(tx: Tx, p: Mapping[str, Any]) -> tuple[Any, ...]:
    """See app.appointment_book."""
    session, person = tx.session, me(tx)
    if not _KEY.fullmatch(p["key"]):
        raise InvalidInput("a key of 32 digits")
    known = session.scalar(
        select(Appointment).where(
            Appointment.key == p["key"], Appointment.booked_by_id == person.id
        )
    )
    if known is not None:
        return _told(tx, known)
    offered = (
        select(SiteService.letter)
        .join(Site, Site.id == SiteService.site_id)
        .join(Service, Service.id == SiteService.service_id)
        .where(
            SiteService.site_id == p["site"],
            SiteService.service_id == p["service"],
            Site.active,
            Service.active,
        )
    )
    if session.scalar(offered) is None:
        raise NotFound("no such service at that site")
    starts = datetime.fromisoformat(p["starts"])
    _check_times(tx, starts, p["minutes"])
    contact = _contact(tx, p["contact"]) if p["contact"] is not None else None
    customer_id = p["customer"] or (contact.customer_id if contact else None)
    if customer_id is not None and session.get(Customer, customer_id) is None:
        raise NotFound("no such customer or desk")
    staff = session.get(Staff, p["staff"]) if p["staff"] is not None else None
    if p["staff"] is not None and (staff is None or not staff.active):
        raise NotFound("no such customer or desk")
    taken = set(
        session.scalars(
            select(Appointment.reference).where(Appointment.reference.in_(p["references"]))
        )
    )
    reference = next((each for each in p["references"] if each not in taken), None)
    if reference is None:
        raise Conflict("no such reference")
    booked = Appointment(
        site_id=p["site"], service_id=p["service"], place_id=p["places"][0], staff_id=p["staff"],
        customer_id=customer_id, contact_id=contact.id if contact else None, reference=reference,
        starts_at=starts, ends_at=starts + p["minutes"] * _MINUTE, who=p["who"],
        email=p["email"], phone=p["phone"], needs=list(p["needs"]), language=p["language"],
        note=p["note"], booked_by_id=person.id, key=p["key"],
    )  # fmt: skip
    session.add(booked)
    session.flush()
    _put(tx, booked, p["places"])
    _log(tx, "appointment.booked", booked, starts=starts, ends=booked.ends_at)
    return _told(tx, booked)


def move(
    tx: Tx, appointment_id: int, starts: datetime, minutes: int, places: Sequence[int]
) -> tuple[Any, ...]:
    """See app.appointment_move."""
    booked = _in(tx, appointment_id)
    _check_times(tx, starts, minutes)
    _free(tx, booked.id)
    before, place = booked.starts_at, booked.place_id
    booked.starts_at, booked.ends_at = starts, starts + minutes * _MINUTE
    booked.sequence += 1
    booked.reminded_at = booked.late_until = None
    _put(tx, booked, places)
    _log(
        tx, "appointment.moved", booked,
        **{"from": before, "starts": starts, "ends": booked.ends_at, "from_place": place},
    )  # fmt: skip
    return _told(tx, booked)


def cancel(tx: Tx, appointment_id: int, why: str) -> tuple[Any, ...]:
    """See app.appointment_cancel."""
    booked = _in(tx, appointment_id)
    if not 1 <= len(why) <= 200:
        raise InvalidInput("a reason")
    _free(tx, booked.id)
    booked.state, booked.sequence = "cancelled", booked.sequence + 1
    booked.cancelled_at, booked.cancelled_why = tx.now, why
    _log(tx, "appointment.cancelled", booked)
    return _told(tx, booked)


def late(tx: Tx, appointment_id: int, until: datetime) -> tuple[Any, ...]:
    """See app.appointment_late."""
    booked = _in(tx, appointment_id)
    if not booked.starts_at < until <= booked.starts_at + LATEST:
        raise InvalidInput("at most an hour late")
    booked.late_until = until
    _log(tx, "appointment.late", booked, until=until)
    return _told(tx, booked)


def _check_times(tx: Tx, starts: datetime, minutes: int) -> None:
    if minutes % 5 or not 5 <= minutes <= MOST_MINUTES or starts.timestamp() % SLOT.seconds:
        raise InvalidInput("whole slots of five minutes")
    if not tx.now - SLOT <= starts <= tx.now + FARTHEST:
        raise InvalidInput("a time to come, within a year")


def _contact(tx: Tx, contact_id: int) -> Contact:
    contact = tx.session.get(Contact, contact_id)
    person = me(tx)
    if contact is None or not (
        contact.owner_id == person.id or _may_know(tx, tx.session.get_one(Queue, contact.queue_id))
    ):
        raise NotFound("no such contact")
    return contact


def _may_know(tx: Tx, queue: Queue) -> bool:
    return not queue.restricted or queue.id in me(tx).queues


def _in(tx: Tx, appointment_id: int) -> Appointment:
    booked = tx.session.get(Appointment, appointment_id, populate_existing=True)
    if booked is None or not _may_know(
        tx, tx.session.get_one(Queue, tx.session.get_one(Service, booked.service_id).queue_id)
    ):
        raise NotFound("no such appointment")
    if booked.state != "booked":
        raise Conflict(f"the appointment is {booked.state}")
    return booked


def _put(tx: Tx, booked: Appointment, places: Sequence[int]) -> None:
    if booked.staff_id is not None and not _take(tx, booked, "staff", booked.staff_id):
        raise Conflict("that person is taken then")
    for place_id in places:
        place = tx.session.get(Place, place_id)
        if place is None or not place.active or place.site_id != booked.site_id:
            continue
        everything = not place.service_ids and place.kind != "partner"
        if (everything or booked.service_id in place.service_ids) and _take(
            tx, booked, "place", place_id
        ):
            booked.place_id = place_id
            tx.session.flush()
            return
    raise Conflict("that time is taken")


def _take(tx: Tx, booked: Appointment, what: str, ref_id: int) -> bool:
    minutes = (booked.ends_at - booked.starts_at) // _MINUTE
    wanted = list(slots_in(booked.starts_at, minutes))
    clash = exists().where(
        SlotTaken.what == what, SlotTaken.ref_id == ref_id, SlotTaken.at.in_(wanted)
    )
    if tx.session.scalar(select(clash)):
        return False
    tx.session.add_all(
        SlotTaken(what=what, ref_id=ref_id, at=at, appointment_id=booked.id) for at in wanted
    )
    tx.session.flush()
    return True


def _free(tx: Tx, appointment_id: int) -> None:
    tx.session.execute(delete(SlotTaken).where(SlotTaken.appointment_id == appointment_id))
    tx.session.expire_all()


def _told(tx: Tx, booked: Appointment) -> tuple[Any, ...]:
    tx.session.flush()
    return (
        booked.id, booked.reference, booked.place_id,
        tx.session.get_one(Place, booked.place_id).name, booked.starts_at.isoformat(),
        booked.ends_at.isoformat(), booked.site_id, booked.contact_id,
    )  # fmt: skip


def _log(tx: Tx, kind: str, booked: Appointment, **data: Any) -> None:
    tx.session.flush()
    of_it = {
        "appointment": booked.id, "site": booked.site_id, "service": booked.service_id,
        "place": booked.place_id,
    }  # fmt: skip
    tx.session.add(
        Event(
            kind=kind,
            actor_id=tx.actor_id,
            contact_id=booked.contact_id,
            customer_id=booked.customer_id,
            data=json.loads(json.dumps(of_it | data, default=datetime.isoformat)),
        )
    )
    tx.session.flush()
