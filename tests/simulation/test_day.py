"""A day of a hundred advisors and six channels, on the real engine; see docs/TESTING.md.

`make simulate` runs the three whole days, `make test` a short one in which more goes wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from crm_desktop.domain.states import Channel
from tests.servers.postgres import PostgresCluster
from tests.simulation import check, erlang_says
from tests.simulation.clock import Clock, clocked_cluster
from tests.simulation.day import Arrival, Plan, arrivals, calls_a_half_hour, of
from tests.simulation.place import WITHIN, Place, place
from tests.simulation.run import Simulation

_BEGIN = datetime(2030, 11, 25, 8, tzinfo=UTC)  # a Monday
_CENTRE = {"callers": 60, "visitors": 35, "chatters": 5}
#: The issue's measure, in points of a hundred.
_POINTS = 0.03


@pytest.fixture
def server(shared_directory: Path) -> Iterator[tuple[PostgresCluster, Clock]]:
    with clocked_cluster(shared_directory / "simulation", _BEGIN) as found:
        yield found


def _live_through(
    server: tuple[PostgresCluster, Clock], plan: Plan, seed: int
) -> tuple[float, list[Arrival]]:
    """The share of calls answered in time on a day on which all that must hold did."""
    cluster, clock = server
    random = Random(seed)
    everybody = arrivals(plan, random)
    with place(cluster, plan) as found:
        simulation = Simulation(found, clock, plan, random)
        clock.begin_day()
        found.see_everybody()
        simulation.run(everybody)
        assert simulation.killed is not None
        _all_is_well(found, len(everybody))
        since = clock.began + timedelta(seconds=erlang_says.WARM)
        level = check.service_level(found.owner, Channel.CALL.value, WITHIN, since)
    return level, of(Channel.CALL, everybody)


def _all_is_well(found: Place, came: int) -> None:
    assert check.kept(found.owner) == came
    assert check.unfinished(found.owner) == 0
    assert check.without_their_event(found.owner) == 0
    everything = check.held(found.owner)
    assert check.over_capacity(everything) == []
    assert check.twice_at_once(everything) == []


def test_a_short_day_on_which_people_decline_and_do_not_answer(
    server: tuple[PostgresCluster, Clock],
) -> None:
    plan = Plan(12, 7, 2, load=0.9, half_hours=1, declines=0.05, ignores=0.03)

    _live_through(server, plan, seed=7)


@pytest.mark.simulation
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("load", "seed"), [(0.75, 4), (0.92, 3), (1.10, 4)], ids=["light", "busy", "overloaded"]
)
def test_calls_are_answered_as_erlang_says(
    server: tuple[PostgresCluster, Clock], load: float, seed: int
) -> None:
    plan = Plan(**_CENTRE, load=load)

    level, calls = _live_through(server, plan, seed)

    by_formula = erlang_says.erlang_a(calls, calls_a_half_hour(plan), plan.callers, WITHIN)
    ideal = erlang_says.ideal_line(calls, plan.callers, WITHIN)
    sys.stdout.write(
        f"\nload {load}: {len(calls)} calls, answered in {WITHIN} s {level:.1%}, "
        f"Erlang A {by_formula:.1%}, ideal line {ideal:.1%}\n"
    )
    assert abs(level - by_formula) <= _POINTS
    # Whoever serves in order cannot be far from a line that is served in order.
    assert abs(level - ideal) <= 0.01
