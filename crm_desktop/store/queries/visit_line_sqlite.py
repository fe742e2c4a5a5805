"""A site's line, desks and services on SQLite, in the shape of 0029_visiting.sql's functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import HERE, TARGET_SECONDS, PlaceKind
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Appointment,
    AtPlace,
    Contact,
    Place,
    Queue,
    SafetyMarker,
    Service,
    Site,
    SiteService,
    Staff,
    Visit,
)

_LONDON = ZoneInfo("Europe/London")
USUAL_SECONDS = 480
#: A visitor in one of these states is at the desk.
THERE = ("called", "active", "held")


def day_of(at: datetime) -> date:
    """The site's local day of a moment."""
    return at.astimezone(_LONDON).date()


def iso(at: datetime | None) -> str | None:
    """A time as JSON has it."""
    return at.isoformat() if at else None


def site_services(tx: Tx, site_id: int) -> list[tuple[Any, ...]]:
    """See app.site_services."""
    session = tx.session
    waiting = dict(
        session.execute(
            select(Contact.service_id, func.count())
            .join(Visit, Visit.contact_id == Contact.id)
            .where(
                Visit.site_id == site_id,
                Visit.day >= day_of(tx.now) - timedelta(days=1),
                Contact.state == ContactState.QUEUED,
                Visit.left_at.is_(None),
            )
            .group_by(Contact.service_id)
        ).all()
    )
    desks = [
        set(each)
        for each in session.scalars(
            select(Place.service_ids)
            .join(AtPlace, AtPlace.place_id == Place.id)
            .where(Place.site_id == site_id, Place.active, AtPlace.left_at.is_(None))
        )
    ]
    took = takes(tx, site_id)
    found = []
    for own, name in session.execute(
        select(SiteService, Service.name)
        .join(Service, Service.id == SiteService.service_id)
        .where(SiteService.site_id == site_id, Service.active)
        .order_by(SiteService.key)
    ):
        many = waiting.get(own.service_id, 0)
        open_desks = sum(1 for each in desks if not each or own.service_id in each)
        each_takes = took.get(own.service_id, USUAL_SECONDS)
        wait = round(many * each_takes / open_desks) if open_desks else None
        found.append(
            (own.service_id, own.name or name, own.name_cy, own.letter, own.key, many, wait)
        )
    return found


def takes(tx: Tx, site_id: int) -> dict[int, float]:
    """How long a service's visits took lately, on average, in seconds."""
    spent: dict[int, list[float]] = {}
    for service_id, seen, left in tx.session.execute(
        select(Contact.service_id, Visit.seen_at, Visit.left_at)
        .join(Visit, Visit.contact_id == Contact.id)
        .where(
            Visit.site_id == site_id,
            Visit.day >= day_of(tx.now) - timedelta(days=7),
            Visit.seen_at < Visit.left_at,
        )
    ):
        if service_id is not None and left is not None and seen is not None:
            spent.setdefault(service_id, []).append((left - seen).total_seconds())
    return {key: min(max(sum(each) / len(each), 60), 3600) for key, each in spent.items()}


def site_line(tx: Tx, site_id: int) -> tuple[Any, ...]:
    """See app.site_line; one person's database has no one to hide names from."""
    session = tx.session
    if session.get(Site, site_id) is None:
        raise NotFound("no such site")
    today = day_of(tx.now)
    rows = session.execute(
        select(
            Visit, Contact, Service.name, Queue.ageing_seconds, Staff.name, Appointment.starts_at
        )
        .join(Contact, Contact.id == Visit.contact_id)
        .join(Queue, Queue.id == Contact.queue_id)
        .outerjoin(Service, Service.id == Contact.service_id)
        .outerjoin(Staff, Staff.id == Contact.owner_id)
        .outerjoin(Appointment, Appointment.id == Visit.appointment_id)
        .where(Visit.site_id == site_id, Visit.day >= today - timedelta(days=1))
    ).all()
    places = {
        each.id: each
        for each in session.scalars(select(Place).where(Place.site_id == site_id, Place.active))
    }
    marked = set(
        session.scalars(
            select(SafetyMarker.customer_id).where(
                SafetyMarker.state.in_(("active", "review_due")),
                SafetyMarker.customer_id.in_([r[1].customer_id for r in rows if r[1].customer_id]),
            )
        )
    )
    here = sorted((row for row in rows if _is_here(*row[:2])), key=_in_line)
    return (
        [_line_row(row, places, marked) for row in here],
        _place_rows(tx, places, here),
        _called_rows(tx, rows, places),
        _day_row([row for row in rows if row[0].day == today]),
    )


def _is_here(visit: Visit, contact: Contact) -> bool:
    """Whoever has gone is in nobody's line, but while they are wrapped up."""
    gone = visit.left_at is not None and contact.state != ContactState.WRAP_UP
    return contact.state in HERE and not gone


def _in_line(row: Any) -> tuple[Any, ...]:
    _, contact, _, ageing, *_ = row
    entry = contact.queued_at - timedelta(seconds=(contact.priority + contact.boost) * ageing)
    return contact.state != ContactState.QUEUED, entry, contact.id


def _line_row(row: Any, places: Mapping[int, Place], marked: set[int]) -> tuple[Any, ...]:
    visit, contact, service, _, staff, starts = row
    place = places.get(visit.place_id or visit.for_place_id or 0)
    return (
        contact.id, visit.letter, visit.number, contact.who, contact.service_id, service or "",
        contact.state, visit.needs, visit.note, iso(contact.received_at), iso(contact.due_at),
        iso(visit.called_at), visit.calls, visit.place_id, place.name if place else "",
        staff or "", iso(starts), contact.customer_id in marked, visit.language,
    )  # fmt: skip


def _place_rows(tx: Tx, places: Mapping[int, Place], here: Sequence[Any]) -> list[tuple[Any, ...]]:
    at: dict[int, list[str]] = {}
    for place_id, name in tx.session.execute(
        select(AtPlace.place_id, Staff.name)
        .join(Staff, Staff.id == AtPlace.staff_id)
        .where(AtPlace.left_at.is_(None), AtPlace.place_id.in_(places))
        .order_by(Staff.name)
    ):
        at.setdefault(place_id, []).append(name)
    found = []
    for place in sorted(places.values(), key=lambda p: (p.kind != PlaceKind.DESK, p.name)):
        there = [r[0] for r in here if r[0].place_id == place.id and r[1].state in THERE]
        visit = max(there, key=lambda v: v.called_at, default=None)
        found.append(
            (
                place.id, place.kind, place.name, place.partner, at.get(place.id, []),
                visit.contact_id if visit else None, visit.letter if visit else None,
                visit.number if visit else None, iso(visit.called_at) if visit else None,
                iso(place.held_until), place.held_for,
            )
        )  # fmt: skip
    return found


def _called_rows(tx: Tx, rows: Sequence[Any], places: Mapping[int, Place]) -> list[tuple[Any, ...]]:
    lately = tx.now - timedelta(minutes=30)
    called = [
        row[0]
        for row in rows
        if row[0].place_id in places and row[0].called_at and row[0].called_at > lately
    ]
    called.sort(key=lambda visit: visit.called_at, reverse=True)
    return [
        (v.contact_id, v.letter, v.number, places[v.place_id].name, iso(v.called_at), v.calls > 1)
        for v in called[:6]
    ]


def _day_row(rows: Sequence[Any]) -> tuple[Any, ...]:
    quick = [r for r in rows if r[0].seen_at is not None and r[0].seen_at == r[0].left_at]
    seen = [r for r in rows if r[0].seen_at is not None and r not in quick]
    waits = [(r[0].seen_at - r[1].received_at).total_seconds() for r in seen]
    unseen = [r[1].state for r in rows if r[0].seen_at is None]
    return (
        len(rows),
        sum(1 for r in rows if r[1].state == ContactState.QUEUED and r[0].left_at is None),
        len(seen),
        len(quick),
        unseen.count(ContactState.LEFT),
        unseen.count(ContactState.NO_SHOW),
        sum(waits) / len(waits) if waits else None,
        sum(1 for each in waits if each <= TARGET_SECONDS) / len(waits) if waits else None,
    )
