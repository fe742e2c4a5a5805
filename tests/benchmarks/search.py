"""How long the database's part of a search takes; the rest of a search is the desktop's."""

from __future__ import annotations

import time

from crm_desktop.services import Database, search
from tests.benchmarks.centre import BenchCentre
from tests.benchmarks.figures import Figure, median, percentile
from tests.benchmarks.words import choose

_TIMES, _TIMES_QUICK = 9, 3
_NAME = "search in the database"


def measure(centre: BenchCentre, quick: bool) -> list[Figure]:
    """`services.search.find` as an advisor: 95 % of all texts, and the slowest of each kind."""
    taken: dict[str, list[float]] = {}
    db = centre.signed_in()
    try:
        for each in choose(centre):
            found = _ms(db, each.text, _TIMES_QUICK if quick else _TIMES)
            taken.setdefault(each.kind, []).append(found)
    finally:
        db.close()
    every = [value for values in taken.values() for value in values]
    most = Figure(f"{_NAME}, 95 % of texts", centre.dialect, percentile(every, 95), "ms")
    worst = (
        Figure(f"{_NAME}: {kind}, slowest", centre.dialect, max(values), "ms")
        for kind, values in taken.items()
    )
    return [most, *worst]


def _ms(db: Database, text: str, times: int) -> float:
    """The median of several searches after a first one."""
    search.find(db, text)
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        search.find(db, text)
        taken.append((time.perf_counter() - started) * 1_000)
    return median(taken)
