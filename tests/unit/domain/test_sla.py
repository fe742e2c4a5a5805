"""SLA clocks stop while the customer has to answer; statutory dates are the published ones."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_desktop.domain.calendar import WEEKDAYS, Calendar
from crm_desktop.domain.sla import (
    CHANNEL_TARGETS,
    Clock,
    ComplaintPolicy,
    Target,
    foi_due,
    subject_access_due,
)
from crm_desktop.domain.states import Channel

LONDON = ZoneInfo("Europe/London")
OFFICE = Calendar.from_data({"week": {day: ["09:00-17:00"] for day in WEEKDAYS[:5]}})
HOUR = timedelta(hours=1)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026; the 20th is a Friday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=LONDON)


def test_a_clock_counts_only_inside_the_opening_hours() -> None:
    clock = Clock.start(OFFICE, at(20, 16), Target(2 * HOUR))

    assert clock.due_at == at(23, 10)
    assert clock.remaining(OFFICE, at(20, 16, 30)) == 1.5 * HOUR
    assert clock.remaining(OFFICE, at(21, 12)) == HOUR


def test_a_promise_is_broken_after_its_last_moment() -> None:
    clock = Clock.start(OFFICE, at(19, 9), Target(HOUR))

    assert not clock.breached(at(19, 10))
    assert clock.breached(at(19, 10, 1))
    assert clock.remaining(OFFICE, at(20, 9)) == -7 * HOUR


def test_a_stopped_clock_really_stops() -> None:
    stopped = Clock.start(OFFICE, at(19, 9), Target(3 * HOUR)).pause(OFFICE, at(19, 11))

    assert (stopped.due_at, stopped.paused_at, stopped.left) == (None, at(19, 11), HOUR)
    assert stopped.remaining(OFFICE, at(27, 9)) == HOUR
    assert not stopped.breached(at(27, 9))
    assert stopped.resume(OFFICE, at(24, 16, 30)) == Clock(at(25, 9, 30))


def test_stopping_twice_or_starting_twice_changes_nothing() -> None:
    running = Clock.start(OFFICE, at(19, 9), Target(HOUR))
    stopped = running.pause(OFFICE, at(19, 9, 30))

    assert running.resume(OFFICE, at(19, 10)) is running
    assert stopped.pause(OFFICE, at(20, 9)) is stopped


def test_a_broken_promise_stays_broken_through_a_stop() -> None:
    stopped = Clock.start(OFFICE, at(19, 9), Target(HOUR)).pause(OFFICE, at(19, 12))

    assert stopped.breached(at(19, 12))
    assert stopped.resume(OFFICE, at(20, 12)).due_at == at(20, 10)


@settings(deadline=None)
@given(st.lists(st.integers(0, 60 * 24 * 5), min_size=3, max_size=8, unique=True).map(sorted))
def test_stops_never_lose_or_win_time(minutes: list[int]) -> None:
    moments = [at(16, 0) + timedelta(minutes=minute) for minute in minutes]
    clock = Clock.start(OFFICE, moments[0], Target(20 * HOUR))
    ran = timedelta(0)
    for index, (since, until) in enumerate(pairwise(moments)):
        if index % 2:
            clock = clock.resume(OFFICE, until)
        else:
            ran += OFFICE.working_time_between(since, until)
            clock = clock.pause(OFFICE, until)

    assert clock.remaining(OFFICE, moments[-1]) == 20 * HOUR - ran


def test_every_channel_has_a_target() -> None:
    assert set(CHANNEL_TARGETS) == set(Channel)


@pytest.mark.parametrize(
    ("channel", "length"),
    [
        (Channel.CALL, timedelta(seconds=20)),
        (Channel.CHAT, timedelta(seconds=60)),
        (Channel.SOCIAL, HOUR),
        (Channel.EMAIL, 8 * HOUR),
        (Channel.WEB_FORM, 8 * HOUR),
        (Channel.VISIT, timedelta(minutes=15)),
        (Channel.VOICEMAIL, 8 * HOUR),
    ],
)
def test_the_targets_are_the_domains(channel: Channel, length: timedelta) -> None:
    assert CHANNEL_TARGETS[channel].length(OFFICE) == length


def test_an_email_of_the_weekend_is_due_a_working_day_after_opening() -> None:
    clock = Clock.start(OFFICE, at(21, 14), CHANNEL_TARGETS[Channel.EMAIL])

    assert clock.due_at == at(23, 17)


def test_freedom_of_information_takes_twenty_working_days_of_the_kingdom() -> None:
    assert foi_due(date(2020, 12, 18)) == date(2021, 1, 21)


def test_a_clarification_restarts_the_count() -> None:
    assert foi_due(date(2020, 11, 2), clarified=date(2020, 12, 18)) == date(2021, 1, 21)


def test_a_fee_notice_stops_the_count_until_it_is_paid() -> None:
    received = date(2026, 9, 1)
    plain = date(2026, 9, 29)

    assert foi_due(received) == plain
    assert foi_due(received, fee_notice=date(2026, 9, 7)) is None
    assert foi_due(received, fee_notice=date(2026, 9, 7), fee_paid=date(2026, 9, 11)) == date(
        2026, 10, 6
    )


@pytest.mark.parametrize(
    ("requested", "due"),
    [
        (date(2024, 9, 3), date(2024, 10, 3)),
        (date(2025, 3, 31), date(2025, 4, 30)),
        (date(2023, 1, 30), date(2023, 2, 28)),
        (date(2026, 9, 3), date(2026, 10, 5)),  # 3 October is a Saturday
        (date(2026, 1, 30), date(2026, 3, 2)),  # 28 February is a Saturday
        (date(2026, 11, 25), date(2026, 12, 29)),  # Christmas, a weekend, a substitute day
    ],
)
def test_subject_access_ends_on_the_corresponding_date(requested: date, due: date) -> None:
    assert subject_access_due(requested) == due


def test_subject_access_starts_at_the_latest_of_request_identity_and_fee() -> None:
    asked, proved, paid = date(2024, 8, 1), date(2024, 9, 3), date(2024, 8, 20)

    assert subject_access_due(asked, identity=proved, fee=paid) == date(2024, 10, 3)


def test_extended_subject_access_ends_three_months_after_the_start() -> None:
    assert subject_access_due(date(2024, 9, 3), extended=True) == date(2024, 12, 3)
    assert subject_access_due(date(2024, 11, 29), extended=True) == date(2025, 2, 28)


def test_a_complaint_runs_through_its_stages() -> None:
    policy = ComplaintPolicy()
    acknowledged = date(2026, 11, 23)

    assert policy.acknowledgement_due(date(2026, 11, 20)) == date(2026, 11, 27)
    assert policy.stage_1_due(acknowledged) == date(2026, 12, 7)
    assert policy.stage_1_due(acknowledged, extended=True) == date(2026, 12, 21)
    assert policy.stage_2_due(acknowledged) == date(2026, 12, 21)
    assert policy.stage_2_due(acknowledged, extended=True) == date(2027, 1, 21)


def test_policies_are_data() -> None:
    adult_care = ComplaintPolicy(acknowledge=3, stage_1=20)

    assert adult_care.acknowledgement_due(date(2026, 11, 20)) == date(2026, 11, 25)
