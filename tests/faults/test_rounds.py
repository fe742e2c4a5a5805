"""Eight seeded rounds: every kind of fault on both databases; nothing lost, doubled or stuck."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crm_desktop.store.database import Dialect
from tests.faults.plan import KINDS, plan
from tests.faults.rounds import finish, run
from tests.faults.world import World

_SEEDS = range(8)


def test_the_same_seed_is_the_same_round() -> None:
    assert [plan(seed) for seed in range(50)] == [plan(seed) for seed in range(50)]
    assert plan(1) != plan(2)


def test_eight_seeds_hold_every_kind_of_fault() -> None:
    planned = [plan(seed) for seed in _SEEDS]
    for dialect, kinds in KINDS.items():
        faults = [each.faults for each in planned if each.dialect == dialect]
        assert {fault.kind for each in faults for fault in each} == set(kinds)


@pytest.mark.e2e
@pytest.mark.timeout(600)
@pytest.mark.parametrize("dialect", ["postgresql", "sqlite"])
def test_faults_under_load_cost_nothing(dialect: Dialect, shared_directory: Path) -> None:
    planned = [each for each in map(plan, _SEEDS) if each.dialect == dialect]
    with World(dialect, shared_directory / f"faults-{os.getpid()}-{dialect}", 0) as world:
        for each in planned:
            report = run(world, each)
            again = f"python -m tests.faults --seed {each.seed} --rounds 1"
            assert not report.violations, f"{report}\n{again}"
        assert finish(world) == []
        counts = report.counts
    assert min(counts[f"accepted {each}"] for each in ("mails", "forms", "replies")) > 0
    assert counts["mails delivered"] > 0
    assert counts["hand-offs"] > 0
