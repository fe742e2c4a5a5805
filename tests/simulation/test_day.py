"""A day of a hundred advisors and six channels, on the real engine; see docs/TESTING.md.

`make simulate` runs the three whole days, `make test` a short one in which more goes wrong.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from crm_desktop.domain.routing import DEFERRED_POINTS
from crm_desktop.domain.states import Channel
from tests.servers.postgres import PostgresCluster
from tests.simulation import check, erlang_says
from tests.simulation.clock import Clock, clocked_cluster
from tests.simulation.day import Arrival, Plan, arrivals, calls_a_half_hour, of
from tests.simulation.place import CALLS_POINTS, WITHIN, Place, place
from tests.simulation.run import Simulation

_BEGIN = datetime(2030, 11, 25, 8, tzinfo=UTC)  # a Monday
_CENTRE = {"callers": 60, "visitors": 35, "chatters": 5}
#: From then on a mail that waits since the morning may be before a call, so that nothing starves:
#: on the overloaded day two of sixty are kept free for those in the afternoon.
_AGED = (CALLS_POINTS + DEFERRED_POINTS) * 600
#: The issue's measure, in points of a hundred.
_POINTS = 0.03


@pytest.fixture
def server(shared_directory: Path) -> Iterator[tuple[PostgresCluster, Clock]]:
    with clocked_cluster(shared_directory / f"simulation-{os.getpid()}", _BEGIN) as found:
        yield found


@contextmanager
def _lived_through(
    server: tuple[PostgresCluster, Clock], plan: Plan, seed: int
) -> Iterator[tuple[Place, list[Arrival]]]:
    """A day on which everything that must hold did: its centre, and who came."""
    cluster, clock = server
    random = Random(seed)
    everybody = arrivals(plan, random)
    with place(cluster, plan) as found:
        simulation = Simulation(found, clock, plan, random)
        clock.begin_day()
        found.see_everybody()
        simulation.run(everybody)
        assert simulation.killed is not None
        assert check.kept(found.owner) == len(everybody)
        assert check.unfinished(found.owner) == 0
        assert check.without_their_event(found.owner) == 0
        given = check.held(found.owner)
        assert check.over_capacity(given) == []
        assert check.twice_at_once(given) == []
        found.late = simulation.late / simulation.acts
        yield found, everybody


def test_a_short_day_on_which_people_decline_and_do_not_answer(
    server: tuple[PostgresCluster, Clock],
) -> None:
    plan = Plan(12, 7, 2, load=0.9, half_hours=1, declines=0.05, ignores=0.03)

    with _lived_through(server, plan, seed=7) as (found, everybody):
        ended = Counter(each.state for each in check.held(found.owner))

    assert ended["declined"] > 0
    assert ended["timed_out"] > 0
    assert ended["completed"] > len(everybody) / 2


@pytest.mark.simulation
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("load", "seed"), [(0.75, 4), (0.92, 3), (1.10, 4)], ids=["light", "busy", "overloaded"]
)
def test_calls_are_answered_as_erlang_says(
    server: tuple[PostgresCluster, Clock], load: float, seed: int
) -> None:
    plan = Plan(**_CENTRE, load=load)

    with _lived_through(server, plan, seed) as (found, everybody):
        began = server[1].began
        since, aged, end = (
            began + timedelta(seconds=each) for each in (erlang_says.WARM, _AGED, 24 * 3600)
        )
        level = check.service_level(found.owner, Channel.CALL.value, WITHIN, since, end)
        before = check.service_level(found.owner, Channel.CALL.value, WITHIN, since, aged)
        overtaken = check.overtaken(check.held(found.owner))

    calls = of(Channel.CALL, everybody)
    by_formula = erlang_says.erlang_a(calls, calls_a_half_hour(plan), plan.callers, WITHIN)
    ideal = erlang_says.ideal_line(calls, plan.callers, WITHIN, _AGED)
    sys.stderr.write(
        f"\nload {load}: {len(everybody)} contacts, {len(calls)} calls, answered in {WITHIN} s "
        f"{level:.1%}, Erlang A {by_formula:.1%}; before written ones age {before:.1%}, ideal line "
        f"{ideal:.1%}; people were {found.late * 1000:.0f} ms late\n"
    )
    assert overtaken == []
    assert abs(level - by_formula) <= _POINTS
    # Whoever serves in order cannot be far from a line that is served in order.
    assert abs(before - ideal) <= 0.01
