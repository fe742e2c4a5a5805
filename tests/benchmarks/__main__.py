"""`make bench`: measures everything on both dialects, prints a table, writes build/bench.json.

With `--quick` a centre of 10,000 contacts and few repetitions, in under five minutes. `--only
WORD` runs the measures whose name has that word, `--dialect` only one of the two.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from crm_desktop.store.database import Dialect
from tests.benchmarks import (
    calls,
    chats,
    claims,
    crowd,
    desktop,
    finding,
    forecast,
    intake,
    live,
    loop,
    memory,
    reassigning,
    rights,
    routing,
    start,
    team,
)
from tests.benchmarks.centre import ROOT, BenchCentre, opened
from tests.benchmarks.figures import Figure, keep, show
from tests.benchmarks.gateways import gateway
from tests.benchmarks.machine import described
from tests.servers import xvfb
from tests.shared_directory import SharedDirectory

Measure = Callable[[BenchCentre, Mapping[str, str], bool], list[Figure]]

MEASURES: dict[str, Measure] = {
    "desktop": desktop.measure,
    "finding": finding.measure,
    "live": live.measure,
    "loop": loop.measure,
    "team": team.measure,
    "memory": memory.measure,
    "start": start.measure,
    "intake": lambda centre, _, quick: intake.measure(centre, quick),
    "rights": rights.measure,
    "crowd": crowd.measure,
    "routing": lambda centre, _, quick: routing.measure(centre, quick),
    "forecast": lambda centre, _, quick: forecast.measure(centre, quick),
    "claims": lambda centre, _, quick: claims.measure(centre, quick),
    "calls": calls.measure,
    "chats": chats.measure,
    "reassign": lambda centre, _, quick: reassigning.measure(centre, quick),
}
#: These need no gateway beside them, or run their own.
_ALONE = frozenset(
    {
        *("live", "loop", "team", "memory", "start", "intake", "claims", "crowd", "reassign"),
        *("rights", "routing", "forecast", "calls", "chats"),
    }
)
_SMALL, _MIDDLE, _LARGE = 10_000, 100_000, 1_000_000
_DIALECTS: tuple[Dialect, ...] = ("sqlite", "postgresql")


def main() -> int:
    """Measure, print, keep; 0 whether or not the targets are met: the table says that."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--dialect", choices=_DIALECTS)
    chosen = parser.parse_args()
    shared = SharedDirectory()
    os.environ["CRM_TEST_SHARED"] = str(shared.path)
    figures: list[Figure] = []
    try:
        with _screen() as env:
            for dialect in [chosen.dialect] if chosen.dialect else _DIALECTS:
                figures += _of_dialect(dialect, env, quick=chosen.quick, only=chosen.only)
    finally:
        shared.close()
        if figures:
            machine = described()
            show(figures, machine)
            keep(figures, machine, ROOT / "build" / "bench.json")
    return 0


def _of_dialect(
    dialect: Dialect, env: Mapping[str, str], *, quick: bool, only: str
) -> list[Figure]:
    if quick:
        return _of_centre(dialect, _SMALL, env, quick=True, only=only)
    figures: list[Figure] = []
    if only in "desktop":
        small = _of_centre(dialect, _SMALL, env, quick=False, only="desktop")
        middle = _of_centre(dialect, _MIDDLE, env, quick=False, only="desktop")
        figures += [*_named(small, _SMALL), *_named(middle, _MIDDLE)]
    large = _of_centre(dialect, _LARGE, env, quick=False, only=only)
    if only in "desktop":
        large += desktop.growth(small, large)
    return [*large, *figures]


def _of_centre(
    dialect: Dialect, contacts: int, env: Mapping[str, str], *, quick: bool, only: str
) -> list[Figure]:
    figures: list[Figure] = []
    with opened(dialect, contacts) as centre:
        for name, measure in MEASURES.items():
            if only not in name:
                continue
            sys.stderr.write(f"{name}, {dialect}, {contacts:,} contacts …\n")
            with tempfile.TemporaryDirectory() as folder:
                if name in _ALONE:
                    figures += measure(centre, env, quick)
                else:
                    with gateway(centre, Path(folder)):
                        figures += measure(centre, env, quick)
    return figures


def _named(figures: list[Figure], contacts: int) -> list[Figure]:
    """The figures of a smaller centre only explain how costs grow."""
    return [
        replace(each, name=f"{each.name} ({contacts:,} contacts)", target=None) for each in figures
    ]


@contextmanager
def _screen() -> Iterator[dict[str, str]]:
    """A display without a screen reader, as most desks have it."""
    with tempfile.TemporaryDirectory() as folder, xvfb.display(Path(folder)) as env:
        yield {
            name: value
            for name, value in env.items()
            if name not in ("QT_ACCESSIBILITY", "QT_LINUX_ACCESSIBILITY_ALWAYS_ON")
        }


if __name__ == "__main__":
    sys.exit(main())
