"""Talk, hold and wrap-up of a call are what its events say, second by second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.call_times import CallTimes, is_call, times
from crm_desktop.domain.counting import (
    Happening,
    Kept,
    Presences,
    Span,
    Subject,
    What,
    counted,
    spans,
    time_of,
)
from crm_desktop.domain.figures import Figure, Promise, Sums, share

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEPT = Kept(lambda *_: Promise(20), lambda _queue, _channel, begin, end: end - begin)
CALL = Subject(1, "call", inbound=True, queue_id=7, received_at=NINE)


def event(second: float, kind: str, actor: int | None = None, **data: Any) -> Happening:
    return Happening(NINE + timedelta(seconds=second), kind, actor, data)


ANSWER = (
    event(0, "contact.received"), event(10, "contact.taken", staff=1),
    event(10, "call.answered", staff=1, waited=10),
)  # fmt: skip
END = (
    event(100, "call.ended", by="caller"), event(100, "contact.wrap_up"),
    event(130, "contact.completed", 1, resolution="resolved"),
)  # fmt: skip


def of(*middle: Happening) -> tuple[int, int, int]:
    found = times((*ANSWER, *middle, *END))
    return found.talk, found.hold, found.wrap_up


def test_talking_goes_on_from_the_answer_to_the_end_and_wrapping_up_to_the_completion() -> None:
    assert of() == (90, 0, 30)


def test_on_hold_is_also_who_waits_while_a_colleague_is_asked() -> None:
    assert of(
        event(20, "call.held"), event(35, "call.resumed"), event(50, "call.consulting", to={}),
        event(60, "call.conference"),
    ) == (65, 25, 30)  # fmt: skip


@pytest.mark.parametrize(
    ("how", "to", "talk"),
    [
        # A colleague who was asked has the caller at once.
        ("warm", {"staff": 2}, 90),
        # Nobody has who was passed to a queue, or to a number outside.
        ("blind", {"queue": 3}, 40),
        ("blind", {"staff": 2}, 40),
        ("warm", {"number": "+441632960000"}, 40),
    ],
)
def test_who_was_passed_on_talks_with_whoever_has_them_then(
    how: str, to: dict[str, Any], talk: int
) -> None:
    found = times((*ANSWER, event(50, "call.transferred", how=how, to=to), *END))

    assert (found.talk, found.wrap_up, found.passed_on) == (talk, 30, True)


def test_a_caller_who_went_back_into_a_queue_is_handled_by_both_who_answered() -> None:
    found = times((
        *ANSWER,
        event(40, "call.transferred", how="blind", to={"queue": 3}),
        event(40, "contact.transferred", 1, queue=3, from_queue=7),
        event(70, "contact.taken", staff=2), event(70, "call.answered", staff=2),
        *END,
    ))  # fmt: skip

    assert (found.talk, found.hold, found.wrap_up) == (30 + 30, 0, 30)


def test_what_the_gateway_took_from_the_telephone_system_wins() -> None:
    """It was away while the caller was put on hold and taken back."""
    ended = event(100, "call.ended", by="caller", talk=70, hold=20)

    found = times((*ANSWER, ended, *END[1:]))

    assert (found.talk, found.hold, found.wrap_up) == (70, 20, 30)


def test_words_in_the_place_of_sums_are_no_sums() -> None:
    ended = event(100, "call.ended", by="pbx", talk="long", hold=None)

    assert times((*ANSWER, ended, *END[1:])).talk == 90


def test_an_attempt_that_nobody_answered_is_wrapped_up_all_the_same() -> None:
    outbound = Subject(1, "call", inbound=False, queue_id=7, received_at=NINE)
    history = (
        event(5, "call.ended", by="pbx", talk=0, hold=0, cause=17), event(5, "contact.wrap_up"),
        event(25, "contact.completed", 1, resolution="no_action"),
    )  # fmt: skip

    (handled,) = counted(outbound, history, KEPT)

    assert handled.what is What.HANDLED
    assert handled.call == CallTimes(0, 0, 20, with_us=True, passed_on=False)


def test_work_after_the_call_is_wrapping_up_whoever_takes_it_up_again() -> None:
    found = times((
        *ANSWER,
        event(60, "call.ended", by="caller"), event(60, "contact.wrap_up"),
        event(70, "contact.resumed", 1), event(90, "contact.parked", 1),
        event(190, "contact.resumed", 1), event(200, "contact.wrap_up", 1),
        event(210, "contact.completed", 1),
    ))  # fmt: skip

    assert (found.talk, found.wrap_up) == (50, 30 + 20)


def test_a_completion_ends_it_and_what_comes_after_is_another_matter() -> None:
    assert times((*ANSWER, *END, event(500, "contact.reopened"))) == times((*ANSWER, *END))


@pytest.mark.parametrize(
    ("event_", "exit_"),
    [
        (event(60, "contact.callback"), "callback"),
        (event(60, "contact.voicemail", seconds=12), "voicemail"),
        (event(60, "contact.turned_away", why="closed"), ""),
    ],
)
def test_who_leaves_a_message_or_keeps_their_place_did_not_give_up(
    event_: Happening, exit_: str
) -> None:
    facts = {each.what: each for each in counted(CALL, (ANSWER[0], event_), KEPT)}

    # Nobody completed it: it is no contact that was resolved or not.
    assert facts.keys() == {What.ARRIVED, What.OTHER_EXIT}
    assert facts[What.OTHER_EXIT].exit == exit_


def test_a_callback_that_is_answered_later_is_handled_and_no_answer_of_the_line() -> None:
    history = (
        ANSWER[0], event(60, "contact.callback"), event(600, "contact.taken", 1),
        event(620, "call.answered", staff=1), event(700, "call.ended", by="caller"),
        event(700, "contact.wrap_up"), event(710, "contact.completed", 1, resolution="resolved"),
    )  # fmt: skip

    facts = {each.what: each for each in counted(CALL, history, KEPT)}

    assert facts.keys() == {What.ARRIVED, What.OTHER_EXIT, What.HANDLED, What.COMPLETED}
    call = facts[What.HANDLED].call
    assert call is not None
    assert (call.talk, call.wrap_up) == (80, 10)


@pytest.mark.parametrize(("after", "short"), [(5, True), (6, False)])
def test_whoever_gave_up_at_once_is_told_apart(after: int, short: bool) -> None:
    history = (ANSWER[0], event(after, "contact.abandoned", waited=after))

    (gave_up,) = (each for each in counted(CALL, history, KEPT) if each.what is What.ABANDONED)

    assert (gave_up.short, gave_up.within) == (short, True)


def test_a_call_keeps_its_person_busy_and_tells_its_own_time() -> None:
    """Its handling time is not counted a second time, nor lost when lunch was chosen early."""
    (span,) = spans(
        CALL, (*ANSWER, *END), {"contact.taken": True, "contact.completed": False},
        NINE + timedelta(hours=1),
    )  # fmt: skip
    mail = Span(1, 7, "email", NINE, NINE + timedelta(seconds=130))
    there = {1: Presences(((NINE, True),))}

    spent = time_of([span, mail], there, frozenset({"email"}), NINE, NINE + timedelta(minutes=30))

    assert spent.busy == {(NINE, 1): 130}
    # The mail has its person until the call comes.
    assert dict(spent.handled) == {(NINE, 7, "email"): 10}


# Whatever happens

_STEPS = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.sampled_from(["hold", "resume", "consult", "conference", "warm", "blind", "nothing"]),
    ),
    max_size=8,
)


def _history(steps: list[tuple[int, str]], wrap_up: int) -> list[Happening]:
    at, found = 10, [*ANSWER]
    kinds = {
        "hold": "call.held", "resume": "call.resumed", "consult": "call.consulting",
        "conference": "call.conference",
    }  # fmt: skip
    for seconds, what in steps:
        at += seconds
        if what in kinds:
            found.append(event(at, kinds[what]))
        elif what == "warm":
            found.append(event(at, "call.transferred", how="warm", to={"staff": 2}))
            found.append(event(at, "contact.transferred", 1, staff=2, state="active"))
        elif what == "blind":
            found.append(event(at, "call.transferred", how="blind", to={"queue": 7}))
            found.append(event(at, "contact.transferred", 1, queue=7, from_queue=7))
            at += seconds
            found.append(event(at, "contact.taken", staff=2))
            found.append(event(at, "call.answered", staff=2))
    found += [event(at, "call.ended", by="caller"), event(at, "contact.wrap_up")]
    found.append(event(at + wrap_up, "contact.completed", 2, resolution="resolved"))
    return found


def _slowly(history: list[Happening]) -> tuple[int, int, int]:
    """Every second in turn, by what happened last before it."""
    spent = {"talk": 0, "hold": 0, "wrap_up": 0, "": 0}
    end = int((history[-1].at - NINE).total_seconds())
    for second in range(end):
        state = ""
        for each in history:
            if (each.at - NINE).total_seconds() > second:
                break
            if each.kind in ("call.answered", "call.resumed", "call.conference"):
                state = "talk"
            elif each.kind in ("call.held", "call.consulting"):
                state = "hold"
            elif each.kind == "call.transferred":
                state = "talk" if each.data["how"] == "warm" else ""
            elif each.kind == "contact.wrap_up":
                state = "wrap_up"
        spent[state] += 1
    return spent["talk"], spent["hold"], spent["wrap_up"]


@given(_STEPS, st.integers(0, 300))
def test_all_three_are_what_a_slow_reader_counts(
    steps: list[tuple[int, str]], wrap_up: int
) -> None:
    history = _history(steps, wrap_up)

    found = times(history)

    assert is_call(history)
    assert (found.talk, found.hold, found.wrap_up) == _slowly(history)
    # Nothing is counted twice: together they are never longer than somebody had it.
    had = (history[-1].at - history[1].at).total_seconds()
    assert found.handling <= had
    if not any(what == "blind" for _, what in steps):
        assert found.handling == had


@given(st.lists(st.tuples(_STEPS, st.integers(0, 300)), min_size=1, max_size=6))
def test_the_average_of_a_day_is_that_of_its_calls(
    calls: list[tuple[list[tuple[int, str]], int]],
) -> None:
    """However they fall into half hours: sums are added, and only then divided."""
    each_by_itself = [times(_history(*call)) for call in calls]
    half_hours = [
        Sums(
            handled=1, calls=1, handle_seconds=one.handling, talk_seconds=one.talk,
            hold_seconds=one.hold, wrap_up_seconds=one.wrap_up, transferred=one.passed_on,
        )
        for one in each_by_itself
    ]  # fmt: skip

    day = sum(half_hours, Sums())

    values = [
        share(figure, day).value
        for figure in (
            Figure.HANDLE_TIME, Figure.TALK_TIME, Figure.HOLD_TIME, Figure.WRAP_UP_TIME
        )
    ]  # fmt: skip
    handling, talk, hold, wrap_up = (each or 0 for each in values)
    assert handling == pytest.approx(talk + hold + wrap_up)
    assert handling * len(calls) == pytest.approx(sum(each.handling for each in each_by_itself))
    passed_on = sum(each.passed_on for each in each_by_itself)
    assert share(Figure.TRANSFERRED, day).part == passed_on
