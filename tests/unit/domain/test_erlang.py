"""Erlang's answers are the published ones, those of the chain they stand for, and in bounds."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_desktop.domain.erlang import ErlangA, ErlangC, Load, agents_needed

#: A hundred calls of three minutes in half an hour: ten erlangs.
TEN = Load.of(100, 1800, 180)
#: The example of Garnett, Mandelbaum and Reiman: 48 calls a minute of a minute each.
GARNETT = Load.of(48, 60, 60)

LOADS = st.builds(
    lambda erlangs, handling: Load(erlangs / handling, handling),
    st.floats(0.01, 1200),
    st.floats(5, 3600),
)
AGENTS = st.integers(1, 1000)
PATIENCE = st.floats(10, 3600)
SECONDS = st.floats(0, 3600)


def chain(load: Load, agents: int, patience: float) -> tuple[float, float]:
    """The share who wait and who hang up, by solving the birth-death chain state by state."""
    logs = [0.0]
    for waiting in range(agents + 6000):
        rate = min(waiting + 1, agents) / load.handling + max(0, waiting + 1 - agents) / patience
        logs.append(logs[-1] + math.log(load.rate / rate))
    most = max(logs)
    shares = [math.exp(each - most) for each in logs]
    whole = sum(shares)
    queue = sum(count * each for count, each in enumerate(shares[agents:])) / whole
    return sum(shares[agents:]) / whole, queue / patience / load.rate


def chain_within(load: Load, agents: int, patience: float, seconds: float) -> float:
    """The share answered within the time, followed step by step from every state of arrival.

    A caller who comes upon `ahead` waiting ones needs ahead + 1 steps, each as long as the rates
    of serving and of hanging up ahead; uniformised, the caller's own patience among them.
    """
    logs, states = [0.0], agents + 400
    for state in range(states):
        rate = min(state + 1, agents) / load.handling + max(0, state + 1 - agents) / patience
        logs.append(logs[-1] + math.log(load.rate / rate))
    most = max(logs)
    shares = [math.exp(each - most) for each in logs]
    whole = sum(shares)
    here = [each / whole for each in shares[agents:]]
    served, step = agents / load.handling, 0.002
    answered = sum(shares[:agents]) / whole
    for _ in range(round(seconds / step)):
        answered += here[0] * served * step
        here = [
            each * (1 - step * (served + (ahead + 1) / patience))
            + (here[ahead + 1] * step * (served + (ahead + 1) / patience))
            for ahead, each in enumerate(here[:-1])
        ] + [0.0]
    return answered


@pytest.mark.parametrize(
    ("agents", "waiting"),
    [(11, 0.6821182), (14, 0.1741319)],
)
def test_erlang_c_is_what_its_tables_say(agents: int, waiting: float) -> None:
    assert ErlangC(TEN, agents).waiting == pytest.approx(waiting, abs=1e-7)


def test_a_hundred_calls_of_three_minutes_need_fourteen_people() -> None:
    answer = ErlangC(TEN, 14)

    assert agents_needed(TEN, 20, 0.8) == 14
    assert answer.service_level(20) == pytest.approx(0.88835, abs=1e-6)
    assert answer.speed_of_answer == pytest.approx(7.835937, abs=1e-6)
    assert answer.occupancy == pytest.approx(0.7142857, abs=1e-7)


def test_patience_changes_what_garnett_said_it_changes() -> None:
    endless, human = ErlangC(GARNETT, 50), ErlangA(GARNETT, 50, 120)

    assert endless.speed_of_answer == pytest.approx(20.8, abs=0.05)
    assert endless.occupancy == pytest.approx(0.96)
    assert human.abandonment == pytest.approx(0.031, abs=0.0005)
    # His mean wait is that of all callers, 3.7 s: the share who hang up times their patience.
    assert human.abandonment * 120 == pytest.approx(3.7, abs=0.05)
    assert human.occupancy == pytest.approx(0.93, abs=0.005)


@pytest.mark.parametrize(
    ("load", "agents", "patience"),
    [
        (GARNETT, 50, 120.0),
        (GARNETT, 20, 600.0),
        (GARNETT, 1, 60.0),
        (TEN, 12, 300.0),
        (Load.of(1000, 300, 300), 1000, 100.0),
        (Load.of(1500, 300, 300), 1000, 100.0),
        (Load.of(10, 300, 300), 1000, 100.0),
        (Load(0.001, 10), 3, 1e5),
        # Patience and handling of very different lengths.
        (Load(0.47, 421), 2, 10.0),
        (Load(0.5, 3600), 3, 10.0),
    ],
)
def test_erlang_a_is_what_its_chain_says(load: Load, agents: int, patience: float) -> None:
    answer = ErlangA(load, agents, patience)
    waiting, gone = chain(load, agents, patience)

    assert answer.waiting == pytest.approx(waiting, rel=1e-8, abs=1e-12)
    assert answer.abandonment == pytest.approx(gone, rel=1e-8, abs=1e-12)
    assert answer.answered_within(1e7) + answer.abandonment == pytest.approx(1)


@pytest.mark.parametrize("agents", [4, 6, 9])
def test_who_is_answered_in_time_is_what_the_chain_says(agents: int) -> None:
    load = Load.of(6, 60, 60)
    for seconds in (2.0, 20.0):
        expected = chain_within(load, agents, 90, seconds)
        assert ErlangA(load, agents, 90).answered_within(seconds) == pytest.approx(
            expected, abs=2e-4
        )


def test_a_line_played_through_agrees() -> None:
    load, agents, patience = Load.of(30, 60, 30), 14, 60.0
    chance = random.Random(5)
    free, now, soon, gone, waits = [0.0] * agents, 0.0, 0, 0, 0.0
    callers = 60_000
    for _ in range(callers):
        now += chance.expovariate(load.rate)
        free.sort()
        wait = max(0.0, free[0] - now)
        if wait > chance.expovariate(1 / patience):
            gone += 1
            continue
        soon += wait <= 10
        waits += wait
        free[0] = now + wait + chance.expovariate(1 / load.handling)
    answer = ErlangA(load, agents, patience)

    assert answer.answered_within(10) == pytest.approx(soon / callers, abs=0.015)
    assert answer.abandonment == pytest.approx(gone / callers, abs=0.01)
    assert answer.speed_of_answer == pytest.approx(waits / (callers - gone), rel=0.06)


@given(LOADS, AGENTS, PATIENCE, SECONDS)
@settings(deadline=None)
def test_every_answer_is_within_its_bounds(
    load: Load, agents: int, patience: float, seconds: float
) -> None:
    for answer in (ErlangC(load, agents), ErlangA(load, agents, patience)):
        for share in (
            answer.waiting,
            answer.abandonment,
            answer.occupancy,
            answer.service_level(seconds),
            answer.answered_within(seconds),
            answer.abandoned_within(seconds),
        ):
            assert 0 <= share <= 1
        assert answer.speed_of_answer >= 0
        assert answer.answered_within(seconds) <= answer.service_level(seconds) + 1e-9
        assert answer.answered_within(seconds) >= 1 - answer.waiting - 1e-9


@given(LOADS, AGENTS, PATIENCE, SECONDS)
@settings(deadline=None)
def test_one_more_helps_always(load: Load, agents: int, patience: float, seconds: float) -> None:
    for fewer, more in (
        (ErlangC(load, agents), ErlangC(load, agents + 1)),
        (ErlangA(load, agents, patience), ErlangA(load, agents + 1, patience)),
    ):
        assert more.waiting <= fewer.waiting + 1e-9
        assert more.abandonment <= fewer.abandonment + 1e-9
        assert more.occupancy <= fewer.occupancy + 1e-9
        assert more.service_level(seconds) >= fewer.service_level(seconds) - 1e-9
        assert more.speed_of_answer <= fewer.speed_of_answer * (1 + 1e-6) + 1e-6


@given(LOADS, AGENTS, SECONDS)
@settings(deadline=None)
def test_endless_patience_is_erlang_c(load: Load, agents: int, seconds: float) -> None:
    # Near the edge C's line is so long that even the most patient give up on it.
    if load.erlangs > 0.97 * agents:
        return
    patient, endless = ErlangA(load, agents, 1e9), ErlangC(load, agents)

    assert patient.waiting == pytest.approx(endless.waiting, abs=1e-4)
    assert patient.service_level(seconds) == pytest.approx(endless.service_level(seconds), abs=1e-4)


@given(LOADS, st.floats(0.05, 0.99), st.floats(1, 600), st.none() | PATIENCE)
@settings(deadline=None, max_examples=40)
def test_those_needed_are_enough_and_one_fewer_is_not(
    load: Load, goal: float, seconds: float, patience: float | None
) -> None:
    needed = agents_needed(load, seconds, goal, patience)
    enough, fewer = (
        ErlangC(load, agents) if patience is None else ErlangA(load, agents, patience)
        for agents in (needed, needed - 1)
    )

    assert enough.service_level(seconds) >= goal
    assert fewer.service_level(seconds) < goal


def test_nobody_calls_and_nobody_answers() -> None:
    idle = Load(0, 60)

    assert agents_needed(idle, 20, 0.8) == 0
    for answer in (ErlangC(idle, 3), ErlangA(idle, 3, 60)):
        assert (answer.waiting, answer.service_level(20), answer.occupancy) == (0, 1, 0)
        assert answer.speed_of_answer == 0
    for answer in (ErlangC(TEN, 0), ErlangA(TEN, 0, 60)):
        assert (answer.waiting, answer.service_level(20), answer.occupancy) == (1, 0, 0)
        assert answer.speed_of_answer == math.inf
    assert ErlangA(TEN, 0, 60).abandonment == 1


@pytest.mark.parametrize("patience", [0, -1, math.inf, math.nan])
def test_no_patience_and_endless_patience_are_refused(patience: float) -> None:
    with pytest.raises(ValueError, match="patience"):
        ErlangA(TEN, 10, patience)


@pytest.mark.parametrize(("rate", "handling"), [(-1, 60), (math.nan, 60), (1, 0), (1, math.inf)])
def test_an_impossible_load_is_refused(rate: float, handling: float) -> None:
    with pytest.raises(ValueError, match="load"):
        Load(rate, handling)
