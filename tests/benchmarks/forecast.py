"""What a forecast costs: planning it, once a day, and reading a day of it, while somebody looks."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import func, select

from crm_desktop.domain.forecasting import LOOK_BACK
from crm_desktop.services import Database, counting, forecast, forecasting, leases, sweeper
from crm_desktop.store.models import HalfHourStat
from tests.benchmarks.centre import BenchCentre
from tests.benchmarks.figures import Figure, median, percentile

_TIMES, _TIMES_QUICKLY = 200, 40
_WARM = 5


def measure(centre: BenchCentre, quick: bool) -> list[Figure]:
    """Twelve weeks of figures are made up for first; the gateway does so after an upgrade."""
    with closing(Database(centre.owner(), create=False)) as gateway:
        _make_up(gateway)
        lease = leases.acquire(gateway, forecasting.LEASE_NAME, "bench", 3600)
        assert lease is not None
        began = time.perf_counter()
        done, _ = forecasting.keep(gateway, lease, None)
        planned = time.perf_counter() - began
        assert done is not None
        earlier = replace(done, slot=done.slot - timedelta(minutes=30))
        began = time.perf_counter()
        forecasting.keep(gateway, lease, earlier)
        corrected = time.perf_counter() - began
        leases.release(gateway, [lease])
    with closing(centre.signed_in()) as person:
        return [
            Figure("Forecast, planning today and tomorrow", centre.dialect, planned, "s"),
            Figure("Forecast, correcting it at a half hour", centre.dialect, corrected, "s"),
            *_days(person, done.today, centre, _TIMES_QUICKLY if quick else _TIMES),
        ]


def _make_up(gateway: Database) -> None:
    lease = leases.acquire(gateway, sweeper.LEASE_NAME, "bench", 3600)
    assert lease is not None
    counting.keep(gateway, lease)
    while not _enough(gateway) and counting.catch_up(gateway, lease):
        pass
    leases.release(gateway, [lease])


def _enough(gateway: Database) -> bool:
    with gateway.read() as tx:
        first = tx.session.scalar(select(func.min(HalfHourStat.half_hour)))
        return first is not None and tx.now - first > timedelta(days=LOOK_BACK + 1)


def _days(person: Database, today: date, centre: BenchCentre, times: int) -> list[Figure]:
    assert person.actor is not None
    queue_id = min(person.actor.queues)
    asked: dict[str, Callable[[], object]] = {
        "Forecast, reading today": lambda: forecast.of_day(person, today),
        "Forecast, what if two go to lunch": lambda: forecast.what_if(person, queue_id, 20),
    }
    found = []
    for name, ask in asked.items():
        taken = [_timed(ask) for _ in range(times + _WARM)][_WARM:]
        found += [
            Figure(f"{name}, median", centre.dialect, median(taken), "ms"),
            Figure(f"{name}, p95", centre.dialect, percentile(taken, 95), "ms"),
        ]
    return found


def _timed(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000
