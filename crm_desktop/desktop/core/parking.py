"""Until when a contact may sensibly be parked, in words and as moments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from crm_desktop.desktop.core import words
from crm_desktop.domain.calendar import Region, is_working_day

_START_OF_DAY = time(9, 0)


@dataclass(frozen=True, slots=True)
class ParkUntil:
    """One choice: its words, the moment (UTC) or None with `for_reply`."""

    words: str
    until: datetime | None
    for_reply: bool = False


def choices(now: datetime) -> tuple[ParkUntil, ...]:
    """What the park menu offers at `now` (UTC), soonest first."""
    half, two = now + timedelta(minutes=30), now + timedelta(hours=2)
    morning = next_morning(now)
    name = "Tomorrow" if _is_tomorrow(morning, now) else f"{words.local(morning):%A}"
    return (
        ParkUntil(f"In 30 minutes, {words.clock_time(half)}", half),
        ParkUntil(f"In 2 hours, {words.clock_time(two)}", two),
        ParkUntil(f"{name} 09:00", morning),
        ParkUntil("Until the customer replies", None, for_reply=True),
    )


def next_morning(now: datetime) -> datetime:
    """Nine o'clock in London on the next working day."""
    here = words.local(now)
    day = here.date() + timedelta(days=1)
    while not is_working_day(day, Region.ENGLAND_AND_WALES):
        day += timedelta(days=1)
    return datetime.combine(day, _START_OF_DAY, here.tzinfo)


def _is_tomorrow(moment: datetime, now: datetime) -> bool:
    return words.local(moment).date() == words.local(now).date() + timedelta(days=1)
