"""A forecast knows weekdays, the time of day, holidays and trends, and says how wrong it was."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from math import exp, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_desktop.domain import forecasting
from crm_desktop.domain.calendar import WEEKDAYS, Calendar
from crm_desktop.domain.forecasting import SLOTS, Day, corrected, errors, expected, starts, zoned

OFFICE = Calendar.from_data({"week": {day: ["08:00-18:00"] for day in WEEKDAYS[:5]}})
#: A Monday, with nine weeks before it that hold no bank holiday.
MONDAY = date(2026, 11, 16)
#: Of a week's calls, by weekday: Mondays are busy.
WEEK = (1.35, 1.1, 1.0, 0.95, 0.85, 0.0, 0.0)


def usual(day: date, level: float = 400.0) -> Day:
    """What is to be expected in truth: two peaks between 8 and 18 o'clock."""
    share = [
        exp(-(((slot - 21) / 3) ** 2)) + 0.6 * exp(-(((slot - 29) / 4) ** 2))
        if 16 <= slot < 36
        else 0.0
        for slot in range(SLOTS)
    ]
    return [level * WEEK[day.weekday()] * each / sum(share) for each in share]


def played(day: date, chance: random.Random, level: float = 400.0) -> Day:
    """One day as it might have come: a factor of its own, and Poisson half hours."""
    mood = chance.lognormvariate(0, 0.08)
    return [
        max(0, round(chance.gauss(mean := mood * each, sqrt(mean)))) for each in usual(day, level)
    ]


def before(day: date, days: int, chance: random.Random) -> dict[date, Day]:
    """So many days of history."""
    return {
        each: played(each, chance)
        for each in (day - timedelta(days=back) for back in range(1, days + 1))
    }


def test_with_less_than_two_weeks_it_says_nothing() -> None:
    history = before(MONDAY, 13, random.Random(1))

    assert expected(history, OFFICE, MONDAY) is None
    assert forecasting.days_known(history, MONDAY) == 13
    assert expected(before(MONDAY, 14, random.Random(1)), OFFICE, MONDAY) is not None


def test_it_beats_what_came_a_week_ago() -> None:
    chance = random.Random(7)
    history = before(MONDAY, 84, chance)
    ours: list[tuple[float, float]] = []
    naive: list[tuple[float, float]] = []
    best: list[tuple[float, float]] = []
    for ahead in range(28):
        day = MONDAY + timedelta(days=ahead)
        planned, came = expected(history, OFFICE, day), played(day, chance)
        assert planned is not None
        ours += zip(planned, came, strict=True)
        naive += zip(history[day - timedelta(days=7)], came, strict=True)
        best += zip(usual(day), came, strict=True)
        history[day] = came
    found, last_week, truth = (errors(each).wape for each in (ours, naive, best))

    assert found is not None
    assert last_week is not None
    assert truth is not None
    assert found < 0.85 * last_week
    # Who knew the truth could not do much better.
    assert found < 1.15 * truth


def test_a_rise_is_followed() -> None:
    history = {
        MONDAY - timedelta(days=back): usual(
            MONDAY - timedelta(days=back), 400 if back > 28 else 600
        )
        for back in range(1, 85)
    }

    planned = expected(history, OFFICE, MONDAY)

    assert planned is not None
    assert sum(planned) == pytest.approx(sum(usual(MONDAY, 600)), rel=0.12)


def test_a_storm_of_one_day_is_no_new_level() -> None:
    calm = {
        MONDAY - timedelta(days=back): usual(MONDAY - timedelta(days=back)) for back in range(1, 57)
    }
    storm = MONDAY - timedelta(days=4)
    stormy = calm | {storm: [10 * each for each in calm[storm]]}

    usually, now = (expected(each, OFFICE, MONDAY) for each in (calm, stormy))

    assert usually is not None
    assert now is not None
    assert sum(now) < 1.2 * sum(usually)


def test_a_bank_holiday_teaches_nothing_and_is_as_a_sunday() -> None:
    # The summer bank holiday of 2026 is Monday 31 August.
    holiday, after = date(2026, 8, 31), date(2026, 9, 7)
    history = {
        after - timedelta(days=back): usual(after - timedelta(days=back)) for back in range(1, 60)
    }
    with_holiday = history | {holiday: [0.0] * SLOTS}

    planned, closed = expected(with_holiday, OFFICE, after), expected(history, OFFICE, holiday)

    assert planned is not None
    assert closed is not None
    assert sum(planned) == pytest.approx(sum(usual(after)), rel=0.02)
    assert sum(closed) == 0


def test_a_busy_morning_lifts_the_afternoon_and_leaves_what_was_said() -> None:
    planned = usual(MONDAY)
    came = [1.4 * each for each in planned]
    done = 24

    lifted = corrected(planned, came, done)

    assert lifted[:done] == tuple(planned[:done])
    factor = sum(lifted[done:]) / sum(planned[done:])
    assert 1.25 < factor < 1.4
    assert corrected(planned, came, 0) == tuple(planned)
    # Two calls instead of one at eight o'clock are no reason to call people in.
    few = corrected(planned, [2.0 if slot == 16 else 0.0 for slot in range(SLOTS)], 17)
    assert sum(few[17:]) == pytest.approx(sum(planned[17:]), rel=0.1)


def test_the_correction_halves_the_error_of_unusual_days() -> None:
    chance = random.Random(3)
    plain: list[tuple[float, float]] = []
    better: list[tuple[float, float]] = []
    for _ in range(40):
        planned = usual(MONDAY)
        mood = chance.choice((0.7, 1.35))
        came = [max(0, round(chance.gauss(mood * each, sqrt(mood * each)))) for each in planned]
        done = 24
        plain += zip(planned[done:], came[done:], strict=True)
        better += zip(corrected(planned, came, done)[done:], came[done:], strict=True)
    before_it, after_it = errors(plain).wape, errors(better).wape

    assert before_it is not None
    assert after_it is not None
    assert after_it < 0.75 * before_it


def test_errors_are_what_their_names_say() -> None:
    found = errors([(10, 8), (4, 5), (3, 0)])

    assert found.wape == pytest.approx((2 + 1 + 3) / 13)
    assert found.mape == pytest.approx((2 / 8 + 1 / 5) / 2)
    assert errors([]) == errors([(2, 0)]) == forecasting.Errors(None, None)


def test_a_day_with_a_clock_change_has_46_or_50_half_hours() -> None:
    assert len(starts(OFFICE, MONDAY)) == 48
    assert len(starts(OFFICE, date(2026, 3, 29))) == 46
    autumn = starts(OFFICE, date(2026, 10, 25))
    assert len(autumn) == 50
    # One o'clock comes twice.
    assert [zoned(OFFICE, each)[1] for each in autumn[:7]] == [0, 1, 2, 3, 2, 3, 4]
    assert zoned(OFFICE, datetime(2026, 7, 1, 23, 45, tzinfo=UTC)) == (date(2026, 7, 2), 1)


@given(
    st.lists(
        st.lists(st.integers(0, 300), min_size=SLOTS, max_size=SLOTS), min_size=14, max_size=40
    ),
    st.integers(0, 6),
)
@settings(deadline=None, max_examples=25)
def test_whatever_came_a_forecast_is_a_number_of_contacts(counts: list[Day], later: int) -> None:
    day = MONDAY + timedelta(days=later)
    history = {day - timedelta(days=back + 1): each for back, each in enumerate(counts)}

    planned = expected(history, OFFICE, day)

    assert planned is not None
    assert len(planned) == SLOTS
    assert all(0 <= each < 10_000 for each in planned)
    assert sum(planned) <= 2 * max(sum(each) for each in counts) * 7 + 1
