"""What two who go to lunch cost is Erlang's answer for the queue as it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_desktop.domain.erlang import ErlangA, ErlangC, Load, agents_needed
from crm_desktop.domain.staffing import (
    USUAL_PATIENCE,
    WhatIf,
    Work,
    patience_of,
    what_if,
    whole_people,
)
from crm_desktop.domain.states import Channel

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
CALLS = Work(Channel.CALL, 60, 240, 180.0, 20, 0.8)
MAILS = Work(Channel.EMAIL, 30, 600, None, 36_000, 0.9)


def asked(works: list[Work], people: int, change: int = -2, slots: int = 1) -> WhatIf:
    """The question for some half hours alike."""
    found = what_if(
        [(NOON + each * timedelta(minutes=30), works) for each in range(slots)],
        people,
        change,
        assumed=False,
    )
    assert found is not None
    return found


def test_one_channel_is_what_erlang_says_of_it() -> None:
    load = Load.of(60, 1800, 240)

    found = asked([CALLS], 12)

    for outlook, people in ((found.before, 12), (found.after, 10)):
        human, patient = ErlangA(load, people, 180), ErlangC(load, people)
        assert outlook.people == people
        assert outlook.service_level == pytest.approx(human.service_level(20))
        assert outlook.wait == pytest.approx(human.speed_of_answer)
        assert outlook.occupancy == pytest.approx(human.occupancy)
        assert outlook.abandoned == pytest.approx(human.abandonment)
        assert outlook.patient == pytest.approx(patient.service_level(20))
    assert found.needed == agents_needed(load, 20, 0.8, 180)
    assert (found.seconds, found.goal, found.expected) == (20, 0.8, 60)


def test_mails_lie_aside_while_calls_come() -> None:
    assert asked([CALLS, MAILS], 12) == asked([CALLS], 12)
    assert asked([CALLS, MAILS], 12).channels == {Channel.CALL}
    only = asked([MAILS], 3)
    assert only.channels == {Channel.EMAIL}
    # Thirty mails of ten minutes are the work of ten people.
    assert asked([MAILS], 12).before.occupancy == pytest.approx(10 / 12)
    assert only.before.occupancy == 1
    assert asked([MAILS], 12).needed == 10
    assert MAILS.people == pytest.approx(10)
    assert only.before.abandoned == 0


def test_chats_and_calls_are_one_line_of_their_people() -> None:
    chats = Work(Channel.CHAT, 60, 240, 180.0, 60, 0.9)

    both = asked([CALLS, chats], 20)

    alike = asked([Work(Channel.CALL, 120, 240, 180.0, 20, 0.8)], 20)
    assert both.channels == {Channel.CALL, Channel.CHAT}
    # Of as many of each the first makes the promise.
    assert both.before == alike.before
    assert (both.seconds, both.goal) == (20, 0.8)


def test_busy_half_hours_are_louder() -> None:
    quiet = Work(Channel.CALL, 6, 240, 180.0, 20, 0.8)
    both = what_if([(NOON, [CALLS]), (NOON + timedelta(minutes=30), [quiet])], 9, 0, assumed=False)
    one, other = asked([CALLS], 9, 0).before, asked([quiet], 9, 0).before

    assert both is not None
    assert both.half_hours == (NOON, NOON + timedelta(minutes=30))
    assert both.before.service_level == pytest.approx(
        (60 * one.service_level + 6 * other.service_level) / 66
    )
    # Needed is what the worst of them needs.
    assert both.needed == asked([CALLS], 9).needed


def test_nobody_left_answers_nobody() -> None:
    found = asked([CALLS], 1, -2)

    assert found.after.people == 0
    assert (found.after.service_level, found.after.abandoned) == (0, 1)
    assert found.after.wait == float("inf")


def test_where_nothing_comes_there_is_nothing_to_ask() -> None:
    assert what_if([], 5, -2, assumed=False) is None
    assert what_if([(NOON, [])], 5, -2, assumed=False) is None
    nothing = Work(Channel.CALL, 0, 240, 180.0, 20, 0.8)
    assert what_if([(NOON, [nothing])], 5, -2, assumed=False) is None


def test_parts_of_people_add_up_to_whole_ones() -> None:
    few = Work(Channel.EMAIL, 1, 600, None, 36_000, 0.9)

    assert whole_people(4 * few.people) == 2
    assert whole_people(3 * few.people) == 1
    assert whole_people(0) == 0


def test_patience_is_measured_or_the_usual_and_only_of_who_waits_in_person() -> None:
    assert patience_of(Channel.CALL, 95.0) == 95.0
    assert patience_of(Channel.CALL, None) == USUAL_PATIENCE[Channel.CALL]
    assert patience_of(Channel.EMAIL, 95.0) is None


@given(st.integers(0, 60), st.integers(0, 5), st.integers(1, 4))
@settings(deadline=None, max_examples=25)
def test_more_people_never_make_it_worse(people: int, more: int, slots: int) -> None:
    found = asked([CALLS, MAILS], people, more, slots)

    assert found.after.service_level >= found.before.service_level - 1e-9
    assert found.after.abandoned <= found.before.abandoned + 1e-9
    assert found.after.occupancy <= found.before.occupancy + 1e-9 or people == 0
