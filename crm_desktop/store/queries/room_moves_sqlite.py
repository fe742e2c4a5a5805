"""Rooms kept, taken and done without, and partners called for, on SQLite: the rules of
0035_rooms.sql in Python.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from crm_desktop.domain.errors import Conflict, NotAllowed, NotFound
from crm_desktop.domain.states import AssignmentState, Channel, ContactState, StaffRole
from crm_desktop.domain.visits import TARGET_SECONDS, PlaceKind, Ticket
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import me
from crm_desktop.store.models import (
    Appointment,
    AtPlace,
    Contact,
    Event,
    Place,
    Queue,
    QueueTarget,
    Visit,
)
from crm_desktop.store.queries import rooms_sqlite as rooms
from crm_desktop.store.queries.visit_line_sqlite import day_of, iso
from crm_desktop.store.queries.visits_sqlite import (
    call_to,
    called,
    end_assignments,
    log,
    may_know,
    visit_in,
)

_KEPT_FOR, _UNDONE_WITHIN = timedelta(hours=1), timedelta(minutes=10)


def hold(tx: Tx, place_id: int, until: datetime | None, why: str, visit_id: int | None) -> int:
    """See app.place_hold."""
    if not _of_the_desk(tx):
        raise NotAllowed("rooms are kept by desk staff and team leaders")
    place = _place(tx, place_id)
    latest = tx.now + timedelta(days=1)
    if until is not None and not (tx.now < until <= latest and 0 < len(why) <= 100):
        raise Conflict("kept free for up to a day, with words why")
    if visit_id is not None:
        visit, contact = tx.session.get(Visit, visit_id), tx.session.get(Contact, visit_id)
        if (
            visit is None
            or contact is None
            or visit.site_id != place.site_id
            or not may_know(tx, tx.session.get_one(Queue, contact.queue_id))
        ):
            raise NotFound("no such visit")
    if until is not None:
        _check_empty(tx, place, visit_id)
    place.held_until, place.held_for = until, why if until else ""
    place.held_visit_id = visit_id if until else None
    log(
        tx, "place.held", visit_id,
        place=place_id, site=place.site_id, until=until.isoformat() if until else None,
    )  # fmt: skip
    return place.site_id


def into_room(tx: Tx, contact_id: int, place_id: int) -> tuple[Any, ...]:
    """See app.visit_room."""
    contact, visit = visit_in(tx, contact_id, ("called", "active", "held"))
    place = _place(tx, place_id)
    if place.site_id != visit.site_id or place.kind == PlaceKind.PARTNER:
        raise NotFound("no such desk or room")
    _check_empty(tx, place, contact_id)
    if rooms.is_kept(tx, place, contact_id):
        raise Conflict(f"{place.name} is kept free")
    _let_go(tx, contact_id)  # nobody is in two rooms
    visit.place_id = place.id
    is_called = contact.state == ContactState.CALLED
    if is_called:
        visit.called_at, visit.calls = tx.now, 1
    place.held_until, place.held_visit_id = tx.now + _KEPT_FOR, contact_id
    place.held_for = str(Ticket(visit.letter, visit.number))
    if is_called:
        return called(tx, visit)
    log(tx, "visit.room", contact_id, place=place.id, site=visit.site_id, calls=visit.calls)
    return contact_id, visit.letter, visit.number, place.name, iso(visit.called_at), visit.site_id


def without_room(tx: Tx, contact_id: int, why: str) -> None:
    """See app.visit_without_room."""
    contact, _ = visit_in(tx, contact_id, ("queued", "called", "active", "held", "parked"))
    marked = rooms.is_marked(tx, contact)
    if len(why) > 200 or (marked and not why.strip()):
        raise Conflict("say why, in up to 200 letters")
    _let_go(tx, contact_id)
    log(tx, "visit.without_room", contact_id, why=why.strip(), marker=marked)


def for_partner(tx: Tx, contact_id: int | None, place_id: int) -> tuple[Any, ...] | None:
    """See app.visit_for_partner."""
    place = _place(tx, place_id)
    if place.kind != PlaceKind.PARTNER:
        raise NotFound("no such partner's desk")
    here = (
        select(AtPlace.id)
        .join(Place, Place.id == AtPlace.place_id)
        .where(
            AtPlace.staff_id == me(tx).id,
            AtPlace.left_at.is_(None),
            Place.site_id == place.site_id,
        )
    )
    if not _of_the_desk(tx) or tx.session.scalar(here) is None:
        raise NotAllowed("desk staff of the site call for partners")
    theirs = select(AtPlace.id).where(
        AtPlace.place_id == place_id, AtPlace.left_at.is_(None), AtPlace.staff_id != me(tx).id
    )
    if tx.session.scalar(theirs) is not None:
        raise Conflict("they call for themselves")
    _check_empty(tx, place, None)
    found = contact_id if contact_id is not None else _next_for(tx, place)
    if found is None:
        return None
    _, visit = visit_in(tx, found, ("queued", "parked"))
    if visit.site_id != place.site_id:
        raise Conflict("the visitor is at another site")
    return call_to(tx, found, place)


def with_partner(tx: Tx, contact_id: int) -> None:
    """See app.visit_with_partner."""
    contact, visit = visit_in(tx, contact_id, ("called",))
    place = _partner_of(tx, visit, "they were called to no partner")
    contact.state, contact.state_since, contact.owner_id = ContactState.PARKED, tx.now, None
    contact.parked_until, contact.parked_for_reply = None, False
    contact.first_taken_at = contact.first_taken_at or tx.now
    visit.seen_at, visit.for_place_id = visit.seen_at or tx.now, None
    tx.session.flush()
    # Whoever is laid aside is nowhere, but these.
    there = update(Visit).where(Visit.contact_id == contact_id).values(place_id=place.id)
    tx.session.execute(there)
    end_assignments(tx, contact_id, AssignmentState.TRANSFERRED, place.name)
    log(tx, "contact.taken", contact_id)
    log(tx, "contact.parked", contact_id, place=place.id)


def partner_done(tx: Tx, contact_id: int) -> None:
    """See app.visit_partner_done."""
    contact, visit = visit_in(tx, contact_id, ("parked",))
    _partner_of(tx, visit, "they are with no partner")
    contact.state, contact.state_since = ContactState.COMPLETED, tx.now
    contact.completed_at, contact.owner_id = tx.now, me(tx).id
    contact.resolution, contact.avoidable = "signposted_outside", False
    contact.end_reason, contact.due_at = "normal", None
    log(
        tx, "contact.completed", contact_id,
        resolution=contact.resolution, avoidable=False, service=contact.service_id,
    )  # fmt: skip


def undo(tx: Tx, contact_id: int) -> None:
    """See app.visit_undo."""
    contact, visit = tx.session.get(Contact, contact_id), tx.session.get(Visit, contact_id)
    if (
        contact is None
        or visit is None
        or not may_know(tx, tx.session.get_one(Queue, contact.queue_id))
    ):
        raise NotFound("no such visit")
    if contact.state not in (ContactState.NO_SHOW, ContactState.LEFT):
        raise Conflict(f"the visit is {contact.state}")
    said = tx.session.scalar(
        select(Event.actor_id)
        .where(Event.contact_id == contact_id, Event.kind.in_(("contact.no_show", "contact.left")))
        .order_by(Event.id.desc())
        .limit(1)
    )
    if said != me(tx).id and not me(tx).leads:
        raise NotAllowed("somebody else said so")
    if contact.state_since < tx.now - _UNDONE_WITHIN:
        raise Conflict("that was too long ago")
    target = tx.session.scalar(
        select(QueueTarget.seconds).where(
            QueueTarget.queue_id == contact.queue_id, QueueTarget.channel == Channel.VISIT
        )
    )
    before, contact.state, contact.state_since = contact.state, ContactState.QUEUED, tx.now
    contact.due_at = contact.received_at + timedelta(seconds=target or TARGET_SECONDS)
    visit.left_at = None
    booked = tx.session.scalar(select(Appointment).where(Appointment.visit_id == contact_id))
    if booked is not None and booked.state == "no_show":
        booked.state = "arrived"
    log(tx, "visit.back", contact_id, before=before, undone=True)


def _of_the_desk(tx: Tx) -> bool:
    return me(tx).role is StaffRole.DESK or me(tx).leads


def _place(tx: Tx, place_id: int) -> Place:
    place = tx.session.get(Place, place_id, populate_existing=True)
    if place is None or not place.active:
        raise NotFound("no such desk or room")
    return place


def _let_go(tx: Tx, contact_id: int) -> None:
    for place in tx.session.scalars(select(Place).where(Place.held_visit_id == contact_id)):
        place.held_until, place.held_for, place.held_visit_id = None, "", None


def _check_empty(tx: Tx, place: Place, contact_id: int | None) -> None:
    there = rooms.visitor_of(tx, place)
    if there is not None and there[0].contact_id != contact_id:
        raise Conflict(f"{Ticket(there[0].letter, there[0].number)} is at {place.name}")


def _partner_of(tx: Tx, visit: Visit, otherwise: str) -> Place:
    place = tx.session.get(Place, visit.place_id) if visit.place_id is not None else None
    if place is None or place.kind != PlaceKind.PARTNER:
        raise Conflict(otherwise)
    return place


def _next_for(tx: Tx, place: Place) -> int | None:
    rows = tx.session.execute(
        select(Contact, Visit, Queue.ageing_seconds)
        .join(Visit, Visit.contact_id == Contact.id)
        .join(Queue, Queue.id == Contact.queue_id)
        .where(
            Visit.site_id == place.site_id,
            Visit.day >= day_of(tx.now) - timedelta(days=1),
            Contact.state == ContactState.QUEUED,
            Visit.left_at.is_(None),
            or_(~Queue.restricted, Queue.id.in_(me(tx).queues)),
        )
    ).all()
    profile = set(place.service_ids)
    fitting = [
        (
            contact.queued_at - timedelta(seconds=(contact.priority + contact.boost) * ageing),
            contact.id,
        )
        for contact, visit, ageing in rows
        if visit.for_place_id == place.id
        or (visit.for_place_id is None and contact.service_id in profile)
    ]
    return min(fitting)[1] if fitting else None
