"""Appointments at a site: when one can begin, what is asked for, and what was booked."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from crm_desktop.domain.calendar import Calendar
from crm_desktop.domain.visits import (
    NAME_LETTERS,
    NOTE_LETTERS,
    PHONE_LETTERS,
    Need,
    PlaceKind,
    is_language,
)

#: What a place or a person is taken in.
SLOT = timedelta(minutes=5)
#: Appointments are offered at the opening and every so often after it.
OFFERED = timedelta(minutes=15)
#: How long one is unless somebody says so, and at the most, in minutes.
USUAL_MINUTES, MOST_MINUTES = 30, 240
#: So far ahead one can book.
FARTHEST = timedelta(days=366)
#: Whoever has not arrived so long after the start, or after they said they would, does not come.
AWAITED = timedelta(minutes=15)
#: Somebody may be late by so much; their time ends when it would have.
LATEST = timedelta(minutes=60)
#: When customers are reminded, on the wall of the site.
REMINDED_AT = time(9)
LONDON = ZoneInfo("Europe/London")
_NO_ADDRESS = re.compile(r"[\s<>,;]")


class AppointmentState(StrEnum):
    """How far an appointment is."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    SERVED = "served"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class New:
    """An appointment to book. `key` is made once by whoever books: the same is kept once.

    `place_id` None: any desk or room that suits. `contact_id` is what it was booked from.
    """

    key: str
    site_id: int
    service_id: int
    starts_at: datetime
    who: str
    minutes: int = USUAL_MINUTES
    place_id: int | None = None
    staff_id: int | None = None
    customer_id: int | None = None
    contact_id: int | None = None
    email: str = ""
    phone: str = ""
    needs: tuple[Need, ...] = ()
    language: str = "en"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a free time is looked for: for whom, and how long. `staff_id`: with that person."""

    site_id: int
    service_id: int
    minutes: int = USUAL_MINUTES
    needs: tuple[Need, ...] = ()
    staff_id: int | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """A desk or room as appointments know it; `service_ids` empty: whatever the site does."""

    id: int
    kind: PlaceKind
    name: str
    service_ids: tuple[int, ...]
    step_free: bool
    hearing_loop: bool

    def takes(self, service_id: int) -> bool:
        """Whether it is for that service; a partner's desk only when it says so."""
        if not self.service_ids:
            return self.kind is not PlaceKind.PARTNER
        return service_id in self.service_ids


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which an appointment can begin, and where, the most suitable first."""

    starts_at: datetime
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Booked:
    """What the customer is told: reference, when and where."""

    id: int
    reference: str
    place_id: int
    place_name: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment in a site's calendar. `late_until`: when they said they would come."""

    id: int
    reference: str
    state: AppointmentState
    service_id: int
    service_name: str
    place_id: int
    staff_id: int | None
    customer_id: int | None
    visit_id: int | None
    who: str
    starts_at: datetime
    ends_at: datetime
    late_until: datetime | None
    needs: tuple[Need, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Diary:
    """A site's calendar: its desks and rooms, when it is open, and what is booked.

    `taken` are slots (place, when) of appointments that this person may not know more of.
    """

    rooms: tuple[Room, ...]
    open: tuple[tuple[datetime, datetime], ...]
    rows: tuple[Appointment, ...]
    taken: frozenset[tuple[int, datetime]]


def suited(rooms: Sequence[Room], service_id: int, needs: Collection[Need]) -> tuple[Room, ...]:
    """The desks and rooms for a service, those that meet the needs first, then desks first."""

    def unmet(room: Room) -> int:
        return (
            (Need.STEP_FREE in needs and not room.step_free)
            + (Need.HEARING_LOOP in needs and not room.hearing_loop)
            + (Need.PRIVATE_ROOM in needs and room.kind is PlaceKind.DESK)
        )

    fit = [each for each in rooms if each.takes(service_id)]
    return tuple(
        sorted(fit, key=lambda each: (unmet(each), each.kind is not PlaceKind.DESK, each.name))
    )


def slots_in(starts_at: datetime, minutes: int) -> Iterator[datetime]:
    """The slots that an appointment takes."""
    for number in range(timedelta(minutes=minutes) // SLOT):
        yield starts_at + number * SLOT


def within_hours(calendar: Calendar, starts_at: datetime, minutes: int) -> bool:
    """Whether the site is open the whole time."""
    length = timedelta(minutes=minutes)
    return calendar.working_time_between(starts_at, starts_at + length) == length


def free_slots(
    calendar: Calendar,
    day: date,
    minutes: int,
    rooms: Sequence[int],
    taken: Collection[tuple[int, datetime]],
) -> tuple[Slot, ...]:
    """When an appointment of so many minutes can begin on a day of the site, and where."""
    found = []
    for starts_at in _offered(calendar, day):
        if not within_hours(calendar, starts_at, minutes):
            continue
        wanted = tuple(slots_in(starts_at, minutes))
        places = tuple(room for room in rooms if not any((room, at) in taken for at in wanted))
        if places:
            found.append(Slot(starts_at, places))
    return tuple(found)


def _offered(calendar: Calendar, day: date) -> Iterator[datetime]:
    """A repeated hour of the clock change is offered once, one that is left out never."""
    midnight = datetime.combine(day, time(), ZoneInfo(calendar.zone))
    for window in calendar.windows_on(day):
        for minute in range(window.opens, window.closes, OFFERED // timedelta(minutes=1)):
            on_wall = midnight + timedelta(minutes=minute)
            starts_at = on_wall.astimezone(UTC)
            if starts_at.astimezone(midnight.tzinfo).replace(tzinfo=None) == on_wall.replace(
                tzinfo=None
            ):
                yield starts_at


def reminder_at(calendar: Calendar, starts_at: datetime) -> datetime:
    """When to remind of an appointment: at nine on the last day before it that is open."""
    zone = ZoneInfo(calendar.zone)
    day = starts_at.astimezone(zone).date()
    for _ in range(14):
        day -= timedelta(days=1)
        if calendar.windows_on(day):
            break
    return datetime.combine(day, REMINDED_AT, zone).astimezone(UTC)


def wrong_in(new: New) -> Mapping[str, str]:
    """What of a booking cannot be accepted, by field."""
    wrong = {}
    if not new.who.strip() or len(new.who) > NAME_LETTERS:
        wrong["who"] = "A name is needed."
    if new.email and (
        "@" not in new.email or len(new.email) > 254 or _NO_ADDRESS.search(new.email)
    ):
        wrong["email"] = "That is no email address."
    if len(new.phone) > PHONE_LETTERS:
        wrong["phone"] = "That is too long for a telephone number."
    if len(new.note) > NOTE_LETTERS:
        wrong["note"] = f"At most {NOTE_LETTERS} characters."
    if not is_language(new.language):
        wrong["language"] = "That is no language."
    if new.minutes % 5 or not 5 <= new.minutes <= MOST_MINUTES:
        wrong["minutes"] = "From 5 minutes to 4 hours, in steps of 5."
    return wrong
