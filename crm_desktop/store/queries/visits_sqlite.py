"""Visits on SQLite: the rules of 0029_visiting.sql in Python.

What is given and gives is in the shape of the SQL functions' JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, or_, select

from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound, Taken
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import (
    AssignmentState,
    Channel,
    ContactState,
    Direction,
    Resolution,
)
from crm_desktop.domain.visits import TARGET_SECONDS, PlaceKind, Ticket, To
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import me
from crm_desktop.store.models import (
    Appointment,
    Assignment,
    AtPlace,
    Contact,
    Customer,
    Event,
    Message,
    Place,
    Queue,
    QueueTarget,
    Service,
    Site,
    SiteService,
    SlotTaken,
    Staff,
    TicketCounter,
    TicketRange,
    Visit,
)
from crm_desktop.store.queries import rooms_sqlite as rooms
from crm_desktop.store.queries.visit_line_sqlite import THERE, day_of, iso

_KEY = re.compile(r"[0-9a-f]{32}")
_LAST_COUNTED = 899
_LONGEST_NOTE = 20_000
AT_ONCE = frozenset(
    {
        *(Resolution.RESOLVED, Resolution.SIGNPOSTED_COUNCIL, Resolution.SIGNPOSTED_OUTSIDE),
        *(Resolution.CALLBACK, Resolution.NO_ACTION, Resolution.HANDED_OFF),
    }
)


def check_in(tx: Tx, p: Mapping[str, Any]) -> tuple[int, str, int]:
    """See app.visit_check_in."""
    session = tx.session
    if not _KEY.fullmatch(str(p.get("key") or "")):
        raise Conflict("a key of 32 digits")
    known = session.scalar(select(Visit).where(Visit.key == p["key"]))
    if known is not None:
        return known.contact_id, known.letter, known.number
    offered = session.execute(
        select(SiteService.letter, Service, Queue)
        .join(Service, Service.id == SiteService.service_id)
        .join(Queue, Queue.id == Service.queue_id)
        .join(Site, Site.id == SiteService.site_id)
        .where(
            SiteService.site_id == p["site"],
            SiteService.service_id == p["service"],
            Site.active,
            Service.active,
        )
    ).one_or_none()
    if offered is None:
        raise NotFound("no such service at that site")
    letter, service, queue = offered
    arrived = _arrived(tx, p)
    if p.get("customer") is not None and session.get(Customer, p["customer"]) is None:
        raise NotFound("no such customer")
    day = day_of(arrived)
    away = "number" in p or (p["by"] == "away" and tx.actor is not None)
    number = (_away_number if "number" in p else _count)(tx, p, letter, day)
    booked = _awaited(tx, p, day)
    target = session.scalar(
        select(QueueTarget.seconds).where(
            QueueTarget.queue_id == queue.id, QueueTarget.channel == Channel.VISIT
        )
    )
    contact = Contact(
        channel=Channel.VISIT,
        direction=Direction.INBOUND,
        state=ContactState.QUEUED,
        state_since=tx.now,
        queue_id=queue.id,
        service_id=service.id,
        customer_id=p.get("customer") or (booked.customer_id if booked else None),
        priority=max(queue.priority, service.priority),
        who=p["who"] or (booked.who if booked else ""),
        subject=f"{service.name}, booked" if booked else service.name,
        preview=p["note"],
        folded=p["folded"],
        received_at=arrived,
        queued_at=arrived,
        due_at=arrived + timedelta(seconds=target or TARGET_SECONDS),
        entered_at=tx.now if away else None,
        while_away=True if away else None,
    )
    session.add(contact)
    session.flush()
    contact.thread_id = contact.id
    session.add(
        Visit(
            contact_id=contact.id,
            site_id=p["site"],
            day=day,
            letter=letter,
            number=number,
            key=p["key"],
            checked_in_by=p["by"],
            language=p["language"],
            phone=p["phone"],
            needs=list(p["needs"]),
            note=p["note"],
            for_place_id=booked.place_id if booked else None,
            appointment_id=booked.id if booked else None,
        )
    )
    if booked is not None:
        booked.state, booked.visit_id = "arrived", contact.id
    session.flush()
    log(
        tx,
        "contact.received",
        contact.id,
        at=arrived,
        customer_id=contact.customer_id,
        channel="visit",
        queue=queue.id,
        site=p["site"],
        ticket=str(Ticket(letter, number)),
        by=p["by"],
    )
    return contact.id, letter, number


def _arrived(tx: Tx, p: Mapping[str, Any]) -> datetime:
    arrived = datetime.fromisoformat(p["arrived"]) if p.get("arrived") else tx.now
    if not tx.now - timedelta(days=7) <= arrived <= tx.now + timedelta(minutes=1):
        raise Conflict("this cannot be checked in")
    return min(arrived, tx.now)


def _away_number(tx: Tx, p: Mapping[str, Any], letter: str, day: date) -> int:
    number = int(p["number"])
    within = tx.session.scalar(
        select(TicketRange.id).where(
            TicketRange.site_id == p["site"],
            TicketRange.day == day,
            TicketRange.first <= number,
            TicketRange.last >= number,
        )
    )
    if p.get("letter") != letter or within is None:
        raise Conflict("no number of a reserved range")
    given = select(Visit.contact_id).where(
        Visit.site_id == p["site"],
        Visit.day == day,
        Visit.letter == letter,
        Visit.number == number,
    )
    if tx.session.scalar(given) is not None:
        raise Conflict("that number is given already")
    return number


def _count(tx: Tx, p: Mapping[str, Any], letter: str, day: date) -> int:
    site_id = p["site"]
    counter = tx.session.get(TicketCounter, (site_id, day, letter), populate_existing=True)
    if counter is None:
        counter = TicketCounter(site_id=site_id, day=day, letter=letter, last=0)
        tx.session.add(counter)
    counter.last += 1
    tx.session.flush()
    if counter.last > _LAST_COUNTED:
        raise Conflict("no number is left today")
    return counter.last


def _awaited(tx: Tx, p: Mapping[str, Any], day: date) -> Appointment | None:
    if p.get("appointment") is None:
        return None
    booked = tx.session.get(Appointment, p["appointment"], populate_existing=True)
    if (
        booked is None
        or booked.site_id != p["site"]
        or booked.state != "booked"
        or day_of(booked.starts_at) != day
        or not (tx.actor is None or may_know(tx, _queue_of(tx, booked.service_id)))
    ):
        raise Conflict("that appointment is not awaited")
    return booked


def answered(tx: Tx, p: Mapping[str, Any]) -> int:
    """See app.visit_answered."""
    if p["resolution"] not in AT_ONCE:
        raise Conflict("no such resolution")
    known = tx.session.scalar(select(Visit.contact_id).where(Visit.key == p["key"]))
    if known is not None:
        return known
    person = me(tx)
    contact_id, _, _ = check_in(
        tx,
        {
            "key": p["key"], "site": p["site"], "service": p["service"], "by": "desk", "who": "",
            "needs": [], "language": "en", "phone": "", "note": p["words"], "folded": p["folded"],
        },
    )  # fmt: skip
    contact, visit = _visit(tx, contact_id)
    contact.state, contact.state_since, contact.owner_id = "completed", tx.now, person.id
    contact.first_taken_at = contact.completed_at = tx.now
    contact.resolution, contact.avoidable = p["resolution"], False
    contact.end_reason, contact.due_at = "normal", None
    visit.seen_at = visit.left_at = tx.now
    tx.session.add(
        Assignment(
            contact_id=contact_id, staff_id=person.id, state=AssignmentState.COMPLETED,
            accepted_at=tx.now, ended_at=tx.now, how="counter",
        )
    )  # fmt: skip
    tx.session.flush()
    log(tx, "contact.taken", contact_id)
    log(
        tx, "contact.completed", contact_id,
        resolution=p["resolution"], avoidable=False, service=p["service"],
    )  # fmt: skip
    return contact_id


def call_next(tx: Tx, place_id: int) -> tuple[Any, ...] | None:
    """See app.visit_next."""
    place = free(tx, place_id)
    rows = tx.session.execute(
        select(Contact, Visit, Queue.ageing_seconds, Appointment.starts_at)
        .join(Visit, Visit.contact_id == Contact.id)
        .join(Queue, Queue.id == Contact.queue_id)
        .outerjoin(Appointment, Appointment.id == Visit.appointment_id)
        .where(
            Visit.site_id == place.site_id,
            Visit.day >= day_of(tx.now) - timedelta(days=1),
            Contact.state == ContactState.QUEUED,
            Visit.left_at.is_(None),
            or_(~Queue.restricted, Queue.id.in_(me(tx).queues)),
        )
    ).all()
    profile, kept = set(place.service_ids), _kept_for(tx, place.site_id)
    soon, late = tx.now + timedelta(minutes=5), tx.now - timedelta(minutes=10)
    fits = rooms.fitting(tx, place)

    def turn(row: Any) -> tuple[Any, ...]:
        contact, visit, ageing, starts = row
        entry = contact.queued_at - timedelta(seconds=(contact.priority + contact.boost) * ageing)
        own = visit.for_place_id == place.id and (starts is None or starts <= soon)
        return not own, starts is None or not late <= starts <= soon, entry, contact.id

    fitting = [
        row
        for row in rows
        if row[1].for_place_id == place.id
        or (
            row[1].for_place_id not in kept
            and (not profile or row[0].service_id in profile)
            and fits(row[0].service_id)
        )
    ]
    return call_to(tx, min(fitting, key=turn)[0].id, place) if fitting else None


def call_one(tx: Tx, contact_id: int, place_id: int) -> tuple[Any, ...]:
    """See app.visit_call."""
    place = free(tx, place_id)
    _, visit = visit_in(tx, contact_id, ("queued", "parked"))
    if visit.site_id != place.site_id:
        raise Conflict("the visitor is at another site")
    return call_to(tx, contact_id, place)


def recall(tx: Tx, contact_id: int) -> tuple[Any, ...]:
    """See app.visit_recall."""
    _, visit = visit_in(tx, contact_id, ("called",))
    visit.called_at, visit.calls = tx.now, visit.calls + 1
    tx.session.flush()
    return called(tx, visit)


def serve(tx: Tx, contact_id: int) -> None:
    """See app.visit_serve."""
    contact, visit = visit_in(tx, contact_id, ("called",))
    contact.state, contact.state_since = ContactState.ACTIVE, tx.now
    contact.first_taken_at = contact.first_taken_at or tx.now
    contact.parked_until, contact.parked_for_reply = None, False
    visit.seen_at = visit.seen_at or tx.now
    tx.session.flush()
    log(tx, "contact.taken", contact_id)


def move(tx: Tx, contact_id: int, to: ContactState) -> None:
    """See app.visit_moves."""
    states = {
        ContactState.NO_SHOW: ("called",),
        ContactState.QUEUED: ("called", "active", "held", "parked"),
        ContactState.LEFT: ("queued", "called", "parked"),
    }
    contact, visit = visit_in(tx, contact_id, states.get(to, ()))
    before = contact.state
    site = tx.session.get_one(Site, visit.site_id)
    if to is ContactState.NO_SHOW and visit.calls < site.calls:
        raise Conflict("call them again first")
    back = to is ContactState.QUEUED
    contact.state, contact.state_since, contact.owner_id = to, tx.now, None
    contact.parked_until, contact.parked_for_reply = None, False
    contact.due_at = contact.due_at if back else None
    visit.place_id, visit.left_at = None, None if back else tx.now
    booked = tx.session.scalar(select(Appointment).where(Appointment.visit_id == contact_id))
    if booked is not None and not back:
        booked.state = "no_show"
        tx.session.execute(
            delete(SlotTaken).where(SlotTaken.appointment_id == booked.id, SlotTaken.at > tx.now)
        )
    end_assignments(tx, contact_id, AssignmentState.RETURNED)
    kind = {ContactState.QUEUED: "visit.back", ContactState.NO_SHOW: "contact.no_show"}
    log(tx, kind.get(to, "contact.left"), contact_id, before=before)


def transfer(tx: Tx, contact_id: int, to: To, note: str) -> None:
    """See app.visit_transfer."""
    contact, visit = visit_in(tx, contact_id, ("queued", "called", "active", "held", "parked"))
    if (to.place_id is None) == (to.service_id is None):
        raise Conflict("to a desk or room, or to a service")
    if len(note) > _LONGEST_NOTE:
        raise InvalidInput("a note of that length")
    from_queue = contact.queue_id
    if to.place_id is not None:
        place = tx.session.get(Place, to.place_id)
        if place is None or not place.active or place.site_id != visit.site_id:
            raise NotFound("no such desk or room")
    else:
        service = tx.session.scalar(
            select(Service)
            .join(SiteService, SiteService.service_id == Service.id)
            .where(
                Service.id == to.service_id, Service.active, SiteService.site_id == visit.site_id
            )
        )
        if service is None:
            raise NotFound("no such service at that site")
        contact.queue_id, contact.service_id = service.queue_id, service.id
    contact.state, contact.state_since, contact.owner_id = ContactState.QUEUED, tx.now, None
    contact.parked_until, contact.parked_for_reply = None, False
    visit.place_id, visit.for_place_id, visit.calls = None, to.place_id, 0
    end_assignments(tx, contact_id, AssignmentState.TRANSFERRED, note)
    if note:
        tx.session.add(
            Message(
                contact_id=contact_id, direction="outbound", visibility="internal", state="sent",
                author_id=me(tx).id, body_text=note, reply_text=note,
            )
        )  # fmt: skip
    log(
        tx, "contact.transferred", contact_id, queue=contact.queue_id, from_queue=from_queue,
        place=to.place_id, service=to.service_id,
    )  # fmt: skip


def be_at(tx: Tx, place_id: int | None) -> tuple[int, ...]:
    """See app.be_at."""
    person, session = me(tx), tx.session
    place = session.get(Place, place_id) if place_id is not None else None
    if place_id is not None and (
        place is None or not place.active or not session.get_one(Site, place.site_id).active
    ):
        raise NotFound("no such desk or room")
    now = session.scalar(
        select(AtPlace).where(AtPlace.staff_id == person.id, AtPlace.left_at.is_(None))
    )
    if now is not None and now.place_id == place_id:
        return ()
    _check_alone(tx, person, place_id)
    told = {place.site_id} if place else set()
    if now is not None:
        told.add(session.get_one(Place, now.place_id).site_id)
        now.left_at = tx.now
        session.flush()
    if place is not None:
        session.add(AtPlace(staff_id=person.id, place_id=place.id))
    session.flush()
    log(tx, "staff.at_place", None, staff=person.id, place=place_id)
    return tuple(sorted(told))


def reserve(tx: Tx, site_id: int, computer: str) -> tuple[str, int, int]:
    """See app.ticket_reserve."""
    today = day_of(tx.now)
    site = tx.session.get(Site, site_id)
    if not 0 < len(computer) <= 100 or site is None or not site.active:
        raise NotFound("no such site")
    ranges = tx.session.scalars(
        select(TicketRange).where(TicketRange.site_id == site_id, TicketRange.day == today)
    ).all()
    mine = next((each for each in ranges if each.computer == computer), None)
    if mine is None:
        taken = {each.first for each in ranges}
        free = next((each for each in range(900, 1000, 10) if each not in taken), None)
        if free is None:
            raise Conflict("no range is left today")
        mine = TicketRange(site_id=site_id, day=today, computer=computer, first=free, last=free + 9)
        tx.session.add(mine)
        tx.session.flush()
    return mine.day.isoformat(), mine.first, mine.last


def _visit(tx: Tx, contact_id: int) -> tuple[Contact, Visit]:
    contact = tx.session.get(Contact, contact_id, populate_existing=True)
    visit = tx.session.get(Visit, contact_id, populate_existing=True)
    if contact is None or visit is None:
        raise NotFound("no such visit")
    return contact, visit


def may_know(tx: Tx, queue: Queue) -> bool:
    """Whether this person may know of what is in a queue."""
    return not queue.restricted or queue.id in me(tx).queues


def _queue_of(tx: Tx, service_id: int) -> Queue:
    return tx.session.get_one(Queue, tx.session.get_one(Service, service_id).queue_id)


def visit_in(tx: Tx, contact_id: int, states: Sequence[str]) -> tuple[Contact, Visit]:
    """See app.visit_in."""
    contact, visit = _visit(tx, contact_id)
    person = me(tx)
    known = may_know(tx, tx.session.get_one(Queue, contact.queue_id))
    if not known and contact.owner_id != person.id:
        raise NotFound("no such visit")
    if contact.owner_id not in (None, person.id) and not person.leads:
        by = tx.session.get_one(Staff, contact.owner_id).name
        raise Taken("the visitor is with somebody else", by=by)
    if visit.left_at is not None:
        raise Conflict("the visit is over")
    if contact.state not in states:
        raise Conflict(f"the visit is {contact.state}")
    return contact, visit


def free(tx: Tx, place_id: int) -> Place:
    """See app.place_free."""
    at = select(AtPlace.id).where(
        AtPlace.place_id == place_id, AtPlace.staff_id == me(tx).id, AtPlace.left_at.is_(None)
    )
    place = tx.session.get(Place, place_id)
    if place is None or not place.active or tx.session.scalar(at) is None:
        raise NotAllowed("you are not at that desk")
    there = holds(tx, place_id)
    if there is not None:
        raise Conflict(f"{there} is there")
    return place


def holds(tx: Tx, place_id: int) -> Ticket | None:
    """See app.place_holds."""
    there = tx.session.execute(
        select(Visit.letter, Visit.number)
        .join(Contact, Contact.id == Visit.contact_id)
        .where(
            Visit.place_id == place_id,
            Visit.day >= day_of(tx.now) - timedelta(days=1),
            Visit.left_at.is_(None),
            Contact.state.in_(THERE),
        )
    ).first()
    return Ticket(*there) if there is not None else None


def _kept_for(tx: Tx, site_id: int) -> set[int]:
    """The places for which visitors wait: desks with somebody at them, and rooms."""
    staffed = exists().where(AtPlace.place_id == Place.id, AtPlace.left_at.is_(None))
    return set(
        tx.session.scalars(
            select(Place.id).where(
                Place.site_id == site_id,
                Place.active,
                or_(Place.kind != PlaceKind.DESK, staffed),
            )
        )
    )


def _check_alone(tx: Tx, person: Person, place_id: int | None) -> None:
    """Whoever has a visitor somewhere works nowhere else; raises Conflict."""
    if place_id is None:
        return
    there = tx.session.execute(
        select(Visit.letter, Visit.number)
        .join(Contact, Contact.id == Visit.contact_id)
        .where(
            Contact.owner_id == person.id,
            Contact.state.in_(THERE),
            Visit.left_at.is_(None),
            Visit.place_id != place_id,
        )
    ).first()
    if there is not None:
        raise Conflict(f"{Ticket(*there)} is with you")


def call_to(tx: Tx, contact_id: int, place: Place) -> tuple[Any, ...]:
    """See app.visit_called."""
    contact, visit = _visit(tx, contact_id)
    if rooms.is_kept(tx, place, contact_id):
        raise Conflict(f"{place.name} is kept free")
    contact.state, contact.state_since, contact.owner_id = (
        ContactState.CALLED,
        tx.now,
        me(tx).id,
    )
    visit.place_id, visit.called_at, visit.calls = place.id, tx.now, visit.calls + 1
    tx.session.add(
        Assignment(
            contact_id=contact_id,
            staff_id=me(tx).id,
            state=AssignmentState.ACCEPTED,
            accepted_at=tx.now,
            how="called",
        )
    )
    tx.session.flush()
    return called(tx, visit)


def called(tx: Tx, visit: Visit) -> tuple[Any, ...]:
    """What was called, and its event."""
    assert visit.place_id is not None
    log(
        tx, "visit.called", visit.contact_id,
        place=visit.place_id, site=visit.site_id, calls=visit.calls,
    )  # fmt: skip
    name = tx.session.get_one(Place, visit.place_id).name
    return visit.contact_id, visit.letter, visit.number, name, iso(visit.called_at), visit.site_id


def _open(tx: Tx, contact_id: int) -> Sequence[Assignment]:
    return tx.session.scalars(
        select(Assignment).where(Assignment.contact_id == contact_id, Assignment.ended_at.is_(None))
    ).all()


def end_assignments(tx: Tx, contact_id: int, state: AssignmentState, note: str = "") -> None:
    """See app.end_assignment."""
    for each in _open(tx, contact_id):
        each.state, each.ended_at, each.note = state, tx.now, note
    tx.session.flush()


def log(
    tx: Tx,
    kind: str,
    contact_id: int | None,
    *,
    at: datetime | None = None,
    customer_id: int | None = None,
    **data: Any,
) -> None:
    """What happened, now or at that time."""
    tx.session.flush()
    tx.session.add(
        Event(
            kind=kind,
            actor_id=tx.actor_id,
            contact_id=contact_id,
            customer_id=customer_id,
            data=json.loads(json.dumps(data)),
            **({"at": at} if at else {}),
        )
    )
    tx.session.flush()
