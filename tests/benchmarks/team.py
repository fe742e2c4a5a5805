"""The team leader's screen with a hundred people: its reading, and its hold on the event loop."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from crm_desktop.domain.states import Presence, StaffRole
from crm_desktop.domain.views import QueueFilter
from crm_desktop.services import Database, queue, team
from crm_desktop.store import people
from crm_desktop.store.models import Activity, Membership, Staff
from crm_desktop.store.queries import catalogue
from tests.benchmarks.centre import ADVISORS, BenchCentre
from tests.benchmarks.figures import Figure, median, percentile
from tests.benchmarks.gateways import gateway
from tests.benchmarks.programs import as_person, program

_LEADER = "r.boateng"
#: Without logins: they only fill the board up to a hundred.
_EXTRAS = tuple(f"bystander{number:02}" for number in range(40))
_COLLEAGUES, _PACE, _SHARE = 2, 25, 20


def measure(centre: BenchCentre, env: Mapping[str, str], quick: bool) -> list[Figure]:
    """The board read again and again, then a leader's window while colleagues work."""
    with _signed_in(centre):
        readings, waiting = _read(centre, 40 if quick else 200)
        found, pace = _watched(centre, env, waiting, 8 if quick else 20)
    dialect = centre.dialect
    load = f"{found['people']} people, {_COLLEAGUES * _PACE} changes a second"
    _, p99, p999, longest = found["turns"]
    return [
        Figure("Team board read, p95", dialect, percentile(readings, 95), "ms", 10.0),
        Figure("Team board read, median", dialect, median(readings), "ms"),
        Figure(f"Team screen: the event loop's turns, p99 ({load})", dialect, p99, "ms", 8.0),
        Figure("Team screen: the event loop's turns, p99.9", dialect, p999, "ms"),
        Figure("Team screen: the event loop's longest turn", dialect, longest, "ms"),
        Figure("Team screen: boards read", dialect, found["read"], "1/s"),
        Figure("Team screen: changes by others meanwhile", dialect, pace, "1/s"),
    ]


def _read(centre: BenchCentre, times: int) -> tuple[list[float], list[int]]:
    with closing(centre.signed_in(_LEADER)) as db:
        team.board(db)
        readings = []
        for _ in range(times):
            began = time.perf_counter()
            team.board(db)
            readings.append((time.perf_counter() - began) * 1000)
        found = queue.page(db, QueueFilter(), limit=_COLLEAGUES * _SHARE)
        return readings, [row.id for row in found.waiting]


def _watched(
    centre: BenchCentre, env: Mapping[str, str], waiting: list[int], seconds: int
) -> tuple[dict[str, Any], float]:
    orders = {**as_person(centre, _LEADER), "task": "board", "seconds": seconds}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stack.enter_context(gateway(centre, Path(folder)))
        desktop = stack.enter_context(program("watching", orders, env))
        desktop.hear()
        others = []
        for number, login in enumerate(ADVISORS[:_COLLEAGUES]):
            among = waiting[number * _SHARE : (number + 1) * _SHARE]
            given = {**as_person(centre, login), "among": among, "pace": _PACE}
            others.append(stack.enter_context(program("others", given, os.environ)))
        for each in others:
            each.hear()
        desktop.tell()
        found = desktop.hear()
        return found, sum(each.finish() for each in others)


@contextmanager
def _signed_in(centre: BenchCentre) -> Iterator[None]:
    """A hundred people are there; the extra ones are gone on leaving."""
    db = Database(centre.owner())
    try:
        with db.write() as tx:
            everywhere = [each.id for each in catalogue.queues(tx)]
            known = set(tx.session.scalars(select(Staff.login)))
            for login in _EXTRAS:
                if login not in known:
                    people.add(tx, login, login.title(), StaffRole.ADVISOR, everywhere)
            for staff in tx.session.scalars(select(Staff)):
                staff.active, staff.presence = True, Presence.AVAILABLE
                tx.session.merge(
                    Activity(
                        staff_id=staff.id,
                        signed_in_at=tx.now,
                        seen_at=tx.now + timedelta(hours=1),
                    )
                )
        yield
    finally:
        with db.write() as tx:
            extra = select(Staff.id).where(Staff.login.in_(_EXTRAS))
            tx.session.execute(delete(Activity))
            tx.session.execute(delete(Membership).where(Membership.staff_id.in_(extra)))
            for staff in tx.session.scalars(select(Staff).where(Staff.login.in_(_EXTRAS))):
                staff.active = False
        db.close()
