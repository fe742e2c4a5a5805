"""Free times and reminders over the change of the clock, which comes on a Sunday."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from crm_desktop.domain.appointments import free_slots, reminder_at, within_hours
from crm_desktop.domain.calendar import Calendar
from crm_desktop.services import appointment_sweeping

_LONDON = ZoneInfo("Europe/London")
_MARCH, _OCTOBER = date(2026, 3, 29), date(2026, 10, 25)
_DAY = timedelta(days=1)
_OFFICE = {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
_SUNDAYS = Calendar.from_data({"week": {**_OFFICE, "sun": ["10:00-16:00"]}})
_NIGHT = Calendar.from_data({"week": {**_OFFICE, "sun": ["00:00-06:00"]}})
_CLOSED = Calendar.from_data({"week": _OFFICE})


def _free(calendar: Calendar, day: date, minutes: int = 30) -> list[datetime]:
    return [each.starts_at for each in free_slots(calendar, day, minutes, (1,), ())]


def _wall(at: datetime) -> str:
    return at.astimezone(_LONDON).strftime("%H:%M")


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (_MARCH - _DAY * 2, "2026-03-27T09:00", "2026-03-27T16:30"),
        (_MARCH, "2026-03-29T09:00", "2026-03-29T14:30"),
        (_MARCH + _DAY, "2026-03-30T08:00", "2026-03-30T15:30"),
        (_OCTOBER - _DAY * 2, "2026-10-23T08:00", "2026-10-23T15:30"),
        (_OCTOBER, "2026-10-25T10:00", "2026-10-25T15:30"),
        (_OCTOBER + _DAY, "2026-10-26T09:00", "2026-10-26T16:30"),
    ],
)
def test_times_follow_the_clock_on_the_wall(day: date, first: str, last: str) -> None:
    free = _free(_SUNDAYS, day)

    assert [free[0], free[-1]] == [
        datetime.fromisoformat(f"{each}+00:00") for each in (first, last)
    ]
    assert {later - earlier for earlier, later in pairwise(free)} == {timedelta(minutes=15)}
    ((opens, closes),) = _SUNDAYS.open_on(day)
    assert (opens, closes) == (free[0], free[-1] + timedelta(minutes=30))


def test_the_hour_that_is_left_out_is_never_offered() -> None:
    free = _free(_NIGHT, _MARCH)

    assert [_wall(each) for each in free[:6]] == [
        "00:00",
        "00:15",
        "00:30",
        "00:45",
        "02:00",
        "02:15",
    ]
    assert free[4] - free[3] == timedelta(minutes=15)
    assert _wall(free[3] + timedelta(minutes=30)) == "02:15"
    assert len(free) == 19


def test_the_hour_that_comes_twice_is_offered_once() -> None:
    free = _free(_NIGHT, _OCTOBER)

    walls = [_wall(each) for each in free]
    assert len(walls) == len(set(walls)) == 23
    assert walls[4:9] == ["01:00", "01:15", "01:30", "01:45", "02:00"]
    assert free[7] == datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert free[8] == datetime(2026, 10, 25, 2, tzinfo=UTC)
    assert within_hours(_NIGHT, free[7], 75)


def test_open_hours_that_the_change_cuts_are_one() -> None:
    assert _NIGHT.open_on(_OCTOBER) == (
        (datetime(2026, 10, 24, 23, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)),
    )
    assert _NIGHT.open_on(_MARCH) == (
        (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, 5, tzinfo=UTC)),
    )
    twice = Calendar.from_data({"week": {"sun": ["01:15-01:45"]}})
    assert [_wall(opens) for opens, _ in twice.open_on(_OCTOBER)] == ["01:15", "01:15"]
    assert twice.open_on(_MARCH) == ()
    assert _CLOSED.open_on(_OCTOBER) == ()


@pytest.mark.parametrize("change", [_MARCH, _OCTOBER])
@pytest.mark.parametrize(
    ("calendar", "days_before"), [(_SUNDAYS, 1), (_CLOSED, 3)], ids=["sundays", "working days"]
)
def test_reminders_of_the_monday_after_go_at_nine_on_the_last_open_day(
    change: date, calendar: Calendar, days_before: int
) -> None:
    starts_at = _free(calendar, change + _DAY)[0]

    remind = reminder_at(calendar, starts_at)

    on_wall = remind.astimezone(_LONDON)
    assert on_wall.date() == change + _DAY - days_before * _DAY
    assert _wall(remind) == "09:00"
    assert starts_at < appointment_sweeping.looked_at(remind)
    assert starts_at >= appointment_sweeping.looked_at(remind - timedelta(minutes=1))


def test_the_sunday_of_the_change_is_reminded_of_the_open_day_before() -> None:
    for change in (_MARCH, _OCTOBER):
        starts_at = _free(_SUNDAYS, change)[-1]

        remind = reminder_at(_SUNDAYS, starts_at)

        assert remind.astimezone(_LONDON).date() == change - 2 * _DAY
        assert _wall(remind) == "09:00"
        assert starts_at < appointment_sweeping.looked_at(remind)
