"""Working time is right across windows, weekends, bank holidays and clock changes."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_desktop.domain.calendar import (
    Calendar,
    NeverOpen,
    Region,
    Window,
    Windows,
    add_working_days,
    bank_holidays,
    is_working_day,
    next_working_day,
)
from crm_desktop.domain.errors import InvalidInput

LONDON = ZoneInfo("Europe/London")
MINUTE = timedelta(minutes=1)
OFFICE = Calendar.from_data(
    {
        "week": {
            "mon": ["09:00-12:30", "13:30-17:00"],
            **{day: ["09:00-17:00"] for day in ("tue", "wed", "thu")},
            "fri": ["09:00-16:30"],
        },
        "special": {"2026-12-24": ["09:00-12:00"], "2026-12-29": []},
    }
)
ALWAYS = Calendar(((Window(0, 1440),),) * 7, holidays=Region.NONE)
NIGHT = Calendar(((Window(0, 90), Window(105, 300)),) * 7, holidays=Region.NONE)


def london(*parts: int, fold: int = 0) -> datetime:
    year, month, day, hour, minute = parts
    return datetime(year, month, day, hour, minute, tzinfo=LONDON, fold=fold)


def counted(calendar: Calendar, a: datetime, b: datetime) -> int:
    """The open minutes from a to b, looked up one by one on the clock on the wall."""
    total, at = 0, a.astimezone(UTC)
    while at < b:
        wall = at.astimezone(ZoneInfo(calendar.zone))
        minute = wall.hour * 60 + wall.minute
        total += any(w.opens <= minute < w.closes for w in calendar.windows_on(wall.date()))
        at += MINUTE
    return total


@st.composite
def windows(draw: st.DrawFn) -> Windows:
    edges = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return tuple(Window(opens * 15, closes * 15) for opens, closes in pairs)


calendars = st.builds(
    Calendar,
    week=st.tuples(*[windows()] * 7),
    special=st.dictionaries(
        st.dates(date(2026, 3, 27), date(2026, 3, 31)), windows(), max_size=2
    ).map(lambda days: tuple(sorted(days.items()))),
    holidays=st.sampled_from(Region),
    zone=st.sampled_from(["Europe/London", "UTC", "America/New_York", "Australia/Lord_Howe"]),
)
#: Around both clock changes, Easter, the turn of the year and an ordinary summer day.
moments = st.builds(
    lambda near, minutes: near + minutes * MINUTE,
    st.sampled_from(
        [
            datetime(2026, 3, 28, 12, tzinfo=UTC),
            datetime(2026, 4, 3, tzinfo=UTC),
            datetime(2026, 7, 8, tzinfo=UTC),
            datetime(2026, 10, 24, 12, tzinfo=UTC),
            datetime(2026, 12, 31, tzinfo=UTC),
        ]
    ),
    st.integers(0, 2880),
)


@settings(max_examples=60, deadline=None)
@given(calendars, moments, st.integers(0, 2000))
def test_working_time_equals_a_count_minute_by_minute(
    calendar: Calendar, start: datetime, minutes: int
) -> None:
    end = start + minutes * MINUTE

    worked = calendar.working_time_between(start, end)

    assert worked == counted(calendar, start, end) * MINUTE
    assert calendar.working_time_between(end, start) == -worked


@settings(max_examples=60, deadline=None)
@given(calendars, moments)
def test_being_open_equals_the_clock_on_the_wall(calendar: Calendar, at: datetime) -> None:
    assert calendar.is_open(at) == bool(counted(calendar, at, at + MINUTE))


@settings(deadline=None)
@given(calendars, moments, st.integers(1, 50_000_000))
def test_added_time_is_the_first_moment_with_so_much_worked(
    calendar: Calendar, start: datetime, milliseconds: int
) -> None:
    duration = timedelta(milliseconds=milliseconds)
    try:
        due = calendar.add_working_time(start, duration)
    except NeverOpen:
        assert not any(calendar.week)
        return

    just_before = due - timedelta(microseconds=1)
    assert calendar.working_time_between(start, due) == duration
    assert calendar.working_time_between(start, just_before) < duration


@settings(deadline=None)
@given(calendars, moments, st.integers(1, 50_000_000))
def test_time_can_be_counted_back(calendar: Calendar, start: datetime, milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    try:
        since = calendar.add_working_time(start, -duration)
    except NeverOpen:
        assert not any(calendar.week)
        return

    assert calendar.working_time_between(since, start) == duration


@settings(deadline=None)
@given(calendars, moments)
def test_the_next_opening_is_open_and_nothing_before_it_is(
    calendar: Calendar, at: datetime
) -> None:
    try:
        opening = calendar.next_opening(at)
    except NeverOpen:
        assert not any(calendar.week)
        return

    assert opening >= at
    assert calendar.is_open(opening)
    assert not calendar.working_time_between(at, opening)


@given(calendars)
def test_a_calendar_survives_its_json(calendar: Calendar) -> None:
    assert Calendar.from_json(calendar.to_json()) == calendar
    assert Calendar.from_data(calendar.to_data()) == calendar


def test_equal_texts_share_one_computed_calendar() -> None:
    assert Calendar.from_json(OFFICE.to_json()) is Calendar.from_json(OFFICE.to_json())


def test_lunch_and_the_weekend_do_not_count() -> None:
    friday = london(2026, 11, 20, 16, 0)

    assert OFFICE.add_working_time(friday, timedelta(hours=4, minutes=30)) == london(
        2026, 11, 23, 14, 0
    )


def test_a_closing_time_is_an_answer() -> None:
    start = london(2026, 11, 17, 9, 0)

    assert OFFICE.add_working_time(start, timedelta(hours=8)) == london(2026, 11, 17, 17, 0)
    assert not OFFICE.is_open(london(2026, 11, 17, 17, 0))


def test_special_days_and_bank_holidays_replace_the_week() -> None:
    christmas_eve = london(2026, 12, 24, 11, 0)

    # 25 Christmas Day, 28 Boxing Day's substitute, 29 closed by order.
    assert OFFICE.add_working_time(christmas_eve, timedelta(hours=2)) == london(2026, 12, 30, 10, 0)
    assert OFFICE.next_opening(london(2026, 12, 24, 12, 0)) == london(2026, 12, 30, 9, 0)


def test_the_repeated_hour_of_october_counts_twice() -> None:
    day = timedelta(hours=25)

    assert (
        ALWAYS.working_time_between(london(2026, 10, 25, 0, 0), london(2026, 10, 26, 0, 0)) == day
    )
    assert NIGHT.working_time_between(
        london(2026, 10, 25, 0, 0), london(2026, 10, 25, 12, 0)
    ) == timedelta(minutes=90 + 30 + 195 + 15)


def test_the_missing_hour_of_march_does_not_count() -> None:
    assert NIGHT.working_time_between(
        london(2026, 3, 29, 0, 0), london(2026, 3, 29, 12, 0)
    ) == timedelta(minutes=60 + 180)


def test_a_long_duration_crosses_years() -> None:
    start = london(2026, 1, 1, 0, 0)

    due = ALWAYS.add_working_time(start, timedelta(days=3 * 365))

    assert due == start.astimezone(UTC) + timedelta(days=3 * 365)


def test_a_calendar_that_never_opens_says_so() -> None:
    closed = Calendar(((),) * 7)
    now = london(2026, 1, 5, 9, 0)

    with pytest.raises(NeverOpen):
        closed.add_working_time(now, MINUTE)
    with pytest.raises(NeverOpen):
        closed.add_working_time(now, -MINUTE)
    with pytest.raises(NeverOpen):
        closed.next_opening(now)
    with pytest.raises(NeverOpen):
        _ = closed.working_day


def test_a_working_day_is_the_usual_length_of_an_open_day() -> None:
    assert OFFICE.working_day == timedelta(hours=8)


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        '{"week": {"mon": ["17:00-09:00"]}}',
        '{"week": {"mon": ["09:00-12:00", "11:00-13:00"]}}',
        '{"week": {"mon": ["9-17"]}}',
        '{"week": {"mon": ["09:00-24:01"]}}',
        '{"week": {"mon": ["09:00-12:75"]}}',
        '{"week": {"monday": []}}',
        '{"week": {"mon": 7}}',
        '{"special": {"24 December": []}}',
        '{"zone": "Europe/Nowhere"}',
        '{"zone": "Europe"}',
        '{"holidays": "mars"}',
    ],
)
def test_unusable_opening_hours_are_refused_with_words(text: str) -> None:
    with pytest.raises(InvalidInput):
        Calendar.from_json(text)


def test_a_bank_holiday_in_scotland_counts_for_the_kingdom_only() -> None:
    substitute_for_2_january = date(2021, 1, 4)

    assert is_working_day(substitute_for_2_january)
    assert not is_working_day(substitute_for_2_january, Region.UNITED_KINGDOM)
    assert date(2026, 7, 13) in bank_holidays(Region.UNITED_KINGDOM, 2026)  # Battle of the Boyne
    assert bank_holidays(Region.NONE, 2026) == frozenset()


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        (date(2026, 11, 20), 1, date(2026, 11, 23)),
        (date(2026, 11, 22), 5, date(2026, 11, 27)),
        (date(2026, 12, 23), 3, date(2026, 12, 30)),
        (date(2026, 11, 20), 0, date(2026, 11, 20)),
    ],
)
def test_working_days_start_after_the_day_of_receipt(received: date, days: int, due: date) -> None:
    assert add_working_days(received, days) == due


def test_a_working_day_is_its_own_next_working_day() -> None:
    assert next_working_day(date(2026, 11, 20)) == date(2026, 11, 20)
    assert next_working_day(date(2026, 11, 21)) == date(2026, 11, 23)


def test_asking_for_a_bank_holiday_does_not_load_every_country() -> None:
    asked = (
        "import sys; from datetime import date; from crm_desktop.domain.calendar import *;"
        "bank_holidays(Region.UNITED_KINGDOM, 2026);"
        "print(sum(name.startswith('holidays.countries.') for name in sys.modules))"
    )

    finished = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    )

    assert finished.stdout.strip() == "1"
