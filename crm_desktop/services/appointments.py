"""Appointments: which times are free, booked once, moved, cancelled, and late.

Nobody is booked where somebody is already, however many book at once: the database decides. The
gateway tells the customer (`appointment_mail`) and frees what nobody came for.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm_desktop.domain.appointments import (
    MOST_MINUTES,
    Appointment,
    Booked,
    Diary,
    New,
    Slot,
    Wanted,
    free_slots,
    suited,
    within_hours,
    wrong_in,
)
from crm_desktop.domain.calendar import Calendar
from crm_desktop.domain.card_numbers import refuse_card_numbers
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import Conflict, InvalidInput, NotFound
from crm_desktop.domain.references import CAPACITY, make_reference
from crm_desktop.domain.visits import Need
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import appointments as queries

__all__ = ["book", "cancel", "diary", "free", "late", "move", "one"]

_MOST_DAYS = 31
#: So many of the next free times are told to whoever was too late.
_NEXT = 3
_NEXT_DAYS = 7
#: References to choose from: that the database has all of them already never happens.
_CANDIDATES = 3


def free(db: Database, wanted: Wanted, first: date, last: date) -> tuple[Slot, ...]:
    """When such an appointment can begin, from `first` to `last`, both included.

    Places stand the most suitable first. Raises NotFound, InvalidInput for more than a month.
    """
    if not 0 <= (last - first).days < _MOST_DAYS or not 0 < wanted.minutes <= MOST_MINUTES:
        raise InvalidInput("at most a month", fields={"day": "At most a month."})
    with db.read() as tx:
        return _free(tx, wanted, first, last)


def diary(db: Database, site_id: int, first: date, last: date) -> Diary:
    """A site's calendar for some days: desks and rooms, who is booked, and when it is open."""
    with db.read() as tx:
        calendar = queries.calendar(tx, site_id)
        begins, ends = _bounds(calendar, first, last)
        days = ((last - first).days + 1) if last >= first else 0
        opened = tuple(
            each for n in range(days) for each in calendar.open_on(first + timedelta(days=n))
        )
        return queries.diary(tx, site_id, opened, begins, ends)


def one(db: Database, appointment_id: int) -> Appointment:
    """An appointment; raises NotFound."""
    with db.read() as tx:
        return queries.one(tx, appointment_id)


def book(db: Database, new: New) -> tuple[Booked, Changes]:
    """Book a time; the same key again gives what the first try made.

    Raises InvalidInput(fields), NotFound, and Conflict(free=the next free times) when somebody was
    faster or the site is closed then.
    """
    new = replace(
        new,
        who=" ".join(new.who.split()),
        email=new.email.strip(),
        phone=new.phone.strip(),
        note=new.note.strip(),
    )
    refuse_card_numbers(who=new.who, note=new.note)
    if wrong := wrong_in(new):
        raise InvalidInput("appointment", fields=dict(wrong))
    try:
        with db.write() as tx:
            places = _places(tx, new.site_id, new.service_id, new.needs, new.place_id)
            _open_then(tx, new.site_id, new.starts_at, new.minutes)
            references = [
                make_reference(secrets.randbelow(CAPACITY), "A") for _ in range(_CANDIDATES)
            ]
            return queries.book(tx, new, places, references), tx.changes
    except Conflict as taken:
        raise _with_next(db, taken, new) from taken


def move(
    db: Database,
    appointment_id: int,
    starts_at: datetime,
    minutes: int,
    place_id: int | None = None,
) -> tuple[Booked, Changes]:
    """Another time or place; what it had is free again. Raises as `book`."""
    with db.read() as tx:
        before, site_id = queries.one(tx, appointment_id), queries.site_of(tx, appointment_id)
    try:
        with db.write() as tx:
            places = _places(tx, site_id, before.service_id, before.needs, place_id)
            _open_then(tx, site_id, starts_at, minutes)
            return queries.move(tx, appointment_id, starts_at, minutes, places), tx.changes
    except Conflict as taken:
        wanted = New(
            *("", site_id, before.service_id, starts_at, before.who, minutes, place_id),
            staff_id=before.staff_id,
            needs=before.needs,
        )
        raise _with_next(db, taken, wanted) from taken


def cancel(db: Database, appointment_id: int, why: str) -> tuple[Booked, Changes]:
    """Booked no more: the time is free again. Raises InvalidInput without a reason, Conflict."""
    with db.write() as tx:
        return queries.cancel(tx, appointment_id, why.strip()), tx.changes


def late(db: Database, appointment_id: int, until: datetime) -> tuple[Booked, Changes]:
    """They said that they come by then, at most an hour late; they are awaited longer."""
    with db.write() as tx:
        return queries.late(tx, appointment_id, until), tx.changes


def _places(
    tx: Tx, site_id: int, service_id: int, needs: Sequence[Need], wanted: int | None
) -> tuple[int, ...]:
    if not queries.is_offered(tx, site_id, service_id):
        raise NotFound("no such service at that site")
    fit = tuple(each.id for each in suited(queries.rooms(tx, site_id), service_id, needs))
    chosen = fit if wanted is None else tuple(each for each in fit if each == wanted)
    if not chosen:
        raise NotFound("no desk or room takes that service")
    return chosen


def _open_then(tx: Tx, site_id: int, starts_at: datetime, minutes: int) -> None:
    if not within_hours(queries.calendar(tx, site_id), starts_at, minutes):
        raise Conflict("the site is closed then")


def _free(tx: Tx, wanted: Wanted, first: date, last: date) -> tuple[Slot, ...]:
    places = _places(tx, wanted.site_id, wanted.service_id, wanted.needs, None)
    calendar = queries.calendar(tx, wanted.site_id)
    begins, ends = _bounds(calendar, first, last)
    taken = set(queries.taken(tx, places, begins, ends))
    if wanted.staff_id is not None:
        busy = queries.taken_of(tx, wanted.staff_id, begins, ends)
        taken |= {(place, at) for place in places for at in busy}
    found: list[Slot] = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        found += free_slots(calendar, day, wanted.minutes, places, taken)
    return tuple(each for each in found if each.starts_at >= tx.now)


def _with_next(db: Database, taken: Conflict, new: New) -> Conflict:
    """The same trouble with the next times that are free, from the one that was wanted on."""
    wanted = Wanted(new.site_id, new.service_id, new.minutes, new.needs, new.staff_id)
    with db.read() as tx:
        day = new.starts_at.astimezone(ZoneInfo("Europe/London")).date()
        slots = _free(tx, wanted, day, day + timedelta(days=_NEXT_DAYS))
    after = [
        each
        for each in slots
        if each.starts_at >= new.starts_at and new.place_id in (None, *each.places)
    ]
    return Conflict(str(taken), free=tuple(after[:_NEXT]))


def _bounds(calendar: Calendar, first: date, last: date) -> tuple[datetime, datetime]:
    zone = ZoneInfo(calendar.zone)
    begins = datetime.combine(first, time(), zone).astimezone(UTC)
    return begins, datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
