"""`python -m tests.faults`: many rounds, each from its seed, with a log that can be repeated."""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from itertools import count, islice
from pathlib import Path

from crm_desktop.domain.errors import DatabaseTrouble
from tests.centre import MIGRATIONS
from tests.faults.plan import Round, plan
from tests.faults.rounds import Report, finish, run
from tests.faults.summary import Summary
from tests.faults.world import World
from tests.shared_directory import SharedDirectory

_BUILD = MIGRATIONS.parent / "build"
#: A world grows with its rounds, and is made anew after so many.
_ROUNDS_A_WORLD = 12


def main() -> int:
    """Run the rounds; the exit code is 1 when something was found."""
    given = _arguments()
    os.environ |= {"QT_QPA_PLATFORM": "offscreen", "PYTHONFAULTHANDLER": "1"}
    # The sandbox office breaks off answers on purpose, and its server complains.
    logging.getLogger("uvicorn").addHandler(logging.NullHandler())
    out: Path = given.out
    out.mkdir(parents=True, exist_ok=True)
    log, summary = out / "faults.log", Summary(given.rounds)
    with closing(SharedDirectory()) as shared, log.open("w") as lines:
        os.environ["CRM_TEST_SHARED"] = str(shared.path)
        try:
            for report in _all(_planned(given), shared.path, out, keep=given.keep):
                lines.write(json.dumps(asdict(report)) + "\n")
                lines.flush()
                _say(summary.add(report))
        except KeyboardInterrupt:
            _say("\nInterrupted; what was found so far:")
    (out / "faults.txt").write_text(summary.text())
    _say(f"\n{summary.text()}\nThe log is {log}, what was found wrong is kept in {out}/faults")
    return 1 if summary.wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first round's seed")
    parser.add_argument("--rounds", type=int, default=200, help="how many, seed by seed")
    parser.add_argument("--dialect", choices=("postgresql", "sqlite"), help="only its rounds")
    parser.add_argument("--out", type=Path, default=_BUILD, help="folder of the log")
    parser.add_argument("--keep", action="store_true", help="keep what is found of every round")
    return parser.parse_args()


def _planned(given: argparse.Namespace) -> list[Round]:
    wanted = (plan(seed) for seed in count(given.seed))
    fitting = (each for each in wanted if given.dialect in (None, each.dialect))
    return list(islice(fitting, given.rounds))


def _all(planned: Sequence[Round], shared: Path, out: Path, *, keep: bool) -> Iterator[Report]:
    """Every round; those of a stretch of seeds and of one database share a world."""
    for start in range(0, len(planned), 2 * _ROUNDS_A_WORLD):
        stretch = planned[start : start + 2 * _ROUNDS_A_WORLD]
        for dialect in ("postgresql", "sqlite"):
            waiting = [each for each in stretch if each.dialect == dialect]
            while waiting:
                yield from _in_one_world(waiting, shared, out, keep=keep)


def _in_one_world(waiting: list[Round], shared: Path, out: Path, *, keep: bool) -> Iterator[Report]:
    """Rounds until these are done or something was found, which spoils the world for others."""
    first = waiting[0]
    try:
        with World(first.dialect, shared / f"world-{first.seed}", first.seed) as world:
            while waiting:
                planned = waiting.pop(0)
                report = _round(world, planned, last=not waiting)
                if report.violations or keep:
                    _keep(world, planned, report, out / "faults" / str(planned.seed))
                yield report
                if report.violations:
                    return
    except Exception:  # noqa: BLE001 - the other rounds have worlds of their own
        waiting[:] = [each for each in waiting if each is not first]
        words = f"the world broke down: {traceback.format_exc()}"
        yield Report(first.seed, first.dialect, violations=[words])


def _round(world: World, planned: Round, *, last: bool) -> Report:
    """One round, and after the last what must be true at the end."""
    try:
        report = run(world, planned)
        if last and not report.violations:
            report.violations += [f"at the end: {each}" for each in finish(world)]
    except Exception:  # noqa: BLE001 - a round that breaks the test itself is a finding too
        words = f"the round broke off: {traceback.format_exc()}"
        return Report(planned.seed, planned.dialect, violations=[words])
    return report


def _keep(world: World, planned: Round, report: Report, kept: Path) -> None:
    """Everything that is needed to understand what was found."""
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    (kept / "round.json").write_text(
        json.dumps({"planned": asdict(planned), **asdict(report)}, indent=1)
    )
    for name, words in world.words().items():
        (kept / f"{name}.words").write_text(words)
    (kept / "postgresql.words").write_text(world.server_words())
    for path in world.folder.glob("*.ledger"):
        shutil.copy(path, kept)
    try:
        found, outside = world.found()
    except DatabaseTrouble:
        return  # its server is what did not come back
    (kept / "found.json").write_text(json.dumps(asdict(found), default=str, indent=0))
    (kept / "deliveries.json").write_text(json.dumps(outside.deliveries, indent=1))


def _say(words: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
