"""Who is where at a site on SQLite, in the shape of 0035_rooms.sql's functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select

from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import PlaceKind
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import me
from crm_desktop.store.models import (
    Appointment,
    AtPlace,
    Contact,
    Event,
    Place,
    Queue,
    SafetyMarker,
    Staff,
    Visit,
)
from crm_desktop.store.queries.visit_line_sqlite import THERE, USUAL_SECONDS, day_of, iso, takes

_LONDON = ZoneInfo("Europe/London")
_SOON = timedelta(hours=1)
#: A hold for a visitor ends with the visit.
_GOES_ON = ("queued", *THERE, "parked")
#: Whose visitor is expected, or waits.
_AWAITED = or_(
    Appointment.state == "booked",
    and_(Appointment.state == "arrived", Contact.state == ContactState.QUEUED),
)


def is_kept(tx: Tx, place: Place, contact_id: int | None) -> bool:
    """See app.place_kept."""
    if place.held_until is None or place.held_until <= tx.now:
        return False
    if place.held_visit_id is None:
        return True
    state = tx.session.scalar(select(Contact.state).where(Contact.id == place.held_visit_id))
    return place.held_visit_id != contact_id and state in _GOES_ON


def visitor_of(tx: Tx, place: Place) -> tuple[Visit, Contact] | None:
    """See app.place_visitor."""
    there = (*THERE, "parked") if place.kind == PlaceKind.PARTNER else THERE
    row = tx.session.execute(
        select(Visit, Contact)
        .join(Contact, Contact.id == Visit.contact_id)
        .where(
            Visit.place_id == place.id,
            Visit.day >= day_of(tx.now) - timedelta(days=1),
            Visit.left_at.is_(None),
            Contact.state.in_(there),
        )
        .order_by(Visit.called_at.desc())
        .limit(1)
    ).first()
    return None if row is None else (row[0], row[1])


def next_booked(tx: Tx, place: Place) -> datetime | None:
    """See app.next_booked."""
    tomorrow = datetime.combine(day_of(tx.now) + timedelta(days=1), time(), _LONDON)
    return tx.session.scalar(
        select(func.min(Appointment.starts_at))
        .outerjoin(Contact, Contact.id == Appointment.visit_id)
        .where(
            Appointment.place_id == place.id,
            Appointment.starts_at > tx.now,
            Appointment.starts_at < tomorrow,
            _AWAITED,
        )
    )


def fitting(tx: Tx, place: Place) -> Callable[[int | None], bool]:
    """Whether a visit about a service would be over when the place's next appointment begins."""
    booked = next_booked(tx, place)
    if booked is None or booked >= tx.now + _SOON:
        return lambda _service: True
    usual, room = takes(tx, place.site_id), (booked - tx.now).total_seconds()
    return lambda service: usual.get(service or 0, USUAL_SECONDS) <= room


def site_rooms(tx: Tx, site_id: int) -> tuple[Any, ...]:
    """See app.site_rooms."""
    places = sorted(
        tx.session.scalars(select(Place).where(Place.site_id == site_id, Place.active)),
        key=lambda p: (p.kind != PlaceKind.DESK, p.kind == PlaceKind.PARTNER, p.name),
    )
    at = tx.session.execute(
        select(AtPlace.place_id, AtPlace.staff_id, Staff.name, Place.name)
        .join(Staff, Staff.id == AtPlace.staff_id)
        .join(Place, Place.id == AtPlace.place_id)
        .where(Place.site_id == site_id, AtPlace.left_at.is_(None))
        .order_by(Staff.name)
    ).all()
    here = tx.session.execute(
        select(Visit, Contact.state, Contact.owner_id, Staff.name)
        .join(Contact, Contact.id == Visit.contact_id)
        .outerjoin(Staff, Staff.id == Contact.owner_id)
        .where(
            Visit.site_id == site_id,
            Visit.day >= day_of(tx.now) - timedelta(days=1),
            Visit.left_at.is_(None),
            Visit.place_id.is_not(None),
            Contact.state.in_((*THERE, "parked")),
        )
        .order_by(Visit.called_at)
    ).all()
    busy = {row[2] for row in here if row[1] in THERE} | {tx.actor_id}
    mine = [row[0].contact_id for row in here if row[1] in THERE and row[2] == tx.actor_id]
    decided = tx.session.scalars(
        select(Event.contact_id).where(
            Event.contact_id.in_(mine), Event.kind == "visit.without_room"
        )
    ).all()
    booked, over = _booked(tx, site_id), _over(tx, places)
    kept = {
        place.id
        for place in places
        if place.held_until and place.held_until > tx.now and place.held_visit_id not in over
    }
    return (
        [_place_row(place, at, here, booked, kept=place.id in kept) for place in places],
        [(name, place) for _, staff, name, place in at if staff not in busy],
        mine,
        sorted({each for each in decided if each is not None}),
    )


def _booked(tx: Tx, site_id: int) -> dict[int, datetime]:
    """When the next appointment begins at each place that has one today."""
    tomorrow = datetime.combine(day_of(tx.now) + timedelta(days=1), time(), _LONDON)
    rows = tx.session.execute(
        select(Appointment.place_id, func.min(Appointment.starts_at))
        .outerjoin(Contact, Contact.id == Appointment.visit_id)
        .where(
            Appointment.site_id == site_id,
            Appointment.starts_at > tx.now,
            Appointment.starts_at < tomorrow,
            _AWAITED,
        )
        .group_by(Appointment.place_id)
    ).all()
    return {row[0]: row[1] for row in rows}


def _over(tx: Tx, places: Sequence[Place]) -> set[int]:
    """Of the visits for which a place is kept, those that are over."""
    kept = [place.held_visit_id for place in places if place.held_visit_id is not None]
    gone = Contact.state.not_in(_GOES_ON)
    return set(tx.session.scalars(select(Contact.id).where(Contact.id.in_(kept), gone)))


def _place_row(
    place: Place,
    at: Sequence[Any],
    here: Sequence[Any],
    booked: Mapping[int, datetime],
    *,
    kept: bool,
) -> tuple[Any, ...]:
    states = (*THERE, "parked") if place.kind == PlaceKind.PARTNER else THERE
    there = [row for row in here if row[0].place_id == place.id and row[1] in states]
    visit, state, _, serving = there[-1] if there else (None, "", None, "")
    return (
        place.id, place.kind, place.name, place.partner,
        [name for place_id, _, name, _ in at if place_id == place.id],
        visit.contact_id if visit else None, visit.letter if visit else None,
        visit.number if visit else None, iso(visit.called_at) if visit else None,
        iso(place.held_until) if kept else None, place.held_for if kept else "",
        place.held_visit_id, state, serving or "", place.step_free, iso(booked.get(place.id)),
    )  # fmt: skip


def seeks(tx: Tx, contact_id: int) -> tuple[Any, ...] | None:
    """See app.visit_seeks."""
    visit = tx.session.get(Visit, contact_id)
    contact = tx.session.get(Contact, contact_id)
    if visit is None or contact is None:
        return None
    queue = tx.session.get_one(Queue, contact.queue_id)
    own = contact.owner_id == tx.actor_id or queue.id in me(tx).queues
    if queue.restricted and not own:
        return None
    marked = is_marked(tx, contact)
    if not marked and "private_room" not in visit.needs:
        return None
    return (
        visit.contact_id, visit.letter, visit.number, visit.place_id, visit.needs, marked,
        site_rooms(tx, visit.site_id),
    )  # fmt: skip


def is_marked(tx: Tx, contact: Contact) -> bool:
    """Whether a safety marker of the customer is in force."""
    found = select(SafetyMarker.id).where(
        SafetyMarker.customer_id == contact.customer_id,
        SafetyMarker.state.in_(("active", "review_due")),
    )
    return contact.customer_id is not None and tx.session.scalar(found) is not None
