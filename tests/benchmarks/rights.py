"""What row-level security costs: the same calls as an advisor and as the database's owner.

Both are signed in from this one process and take turns, so that whatever else the machine does
meets both. No policy holds the owner back; to be let in to search they are a member of staff too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace

from sqlalchemy import select

from crm_desktop.domain.states import StaffRole
from crm_desktop.domain.views import QueueFilter
from crm_desktop.services import Database, queue, search
from crm_desktop.store import people, signed_in
from crm_desktop.store.models import Queue, Staff
from tests.benchmarks.centre import BenchCentre
from tests.benchmarks.figures import Figure, median, percentile
from tests.benchmarks.words import SearchText, choose
from tests.servers.postgres import SUPERUSER

_PAGES, _PAGES_QUICKLY = 400, 100
_ROUNDS, _ROUNDS_QUICKLY = 3, 1
_WARM = 10


def measure(centre: BenchCentre, _env: Mapping[str, str], quick: bool) -> list[Figure]:
    """The queue's page and every text of the list of searches. PostgreSQL alone has policies."""
    if centre.cluster is None:
        return []
    with closing(centre.signed_in()) as advisor, closing(_owner(centre, advisor)) as owner:
        return [
            *_page(advisor, owner, _PAGES_QUICKLY if quick else _PAGES),
            *_search(choose(centre), advisor, owner, _ROUNDS_QUICKLY if quick else _ROUNDS),
        ]


def _owner(centre: BenchCentre, advisor: Database) -> Database:
    """The owner's connection, asking exactly what the advisor's asks."""
    db = Database(centre.owner())
    with db.write() as tx:
        if tx.session.scalar(select(Staff.id).where(Staff.login == SUPERUSER)) is None:
            everywhere = tx.session.scalars(select(Queue.id)).all()
            people.add(tx, SUPERUSER, "Owner", StaffRole.ADVISOR, everywhere)
    with db.read() as tx:
        me = signed_in.whoami(tx, SUPERUSER)
    assert advisor.actor is not None
    db.actor = replace(me, queues=advisor.actor.queues)
    return db


def _page(advisor: Database, owner: Database, times: int) -> list[Figure]:
    taken = _in_turn(
        {"advisor": lambda: _read(advisor), "owner": lambda: _read(owner)}, times, warm=_WARM
    )
    ratio = median(taken["advisor"]) / median(taken["owner"])
    name = "Queue page of 50 with counts in a loop"
    return [
        Figure(f"{name}, an advisor's times the owner's", "postgresql", ratio, "×", 1.5),
        *(
            Figure(f"{name}, as the {who}, median", "postgresql", median(each), "ms")
            for who, each in taken.items()
        ),
    ]


def _read(db: Database) -> None:
    queue.page(db, QueueFilter())


def _search(
    texts: tuple[SearchText, ...], advisor: Database, owner: Database, rounds: int
) -> list[Figure]:
    figures = []
    for who, db in (("an advisor", advisor), ("the owner", owner)):
        slowest, middles = "", []
        for each in texts:

            def ask(db: Database = db, text: str = each.text) -> None:
                search.find(db, text)

            middles.append(median(_in_turn({"": ask}, rounds, warm=1)[""]))
            if middles[-1] == max(middles):
                slowest = each.kind
        name = f"Search in a loop as {who}"
        figures += [
            Figure(f"{name}, the slowest of all texts", "postgresql", max(middles), "ms", 50),
            Figure(f"{name}, 95 % of all texts", "postgresql", percentile(middles, 95), "ms"),
            Figure(f"{name}, the slowest was: {slowest}", "postgresql", max(middles), "ms"),
        ]
    return figures


def _in_turn(
    calls: Mapping[str, Callable[[], None]], times: int, *, warm: int
) -> dict[str, list[float]]:
    """Milliseconds of each call, one after the other, again and again."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(warm + times):
        for name, call in calls.items():
            begun = time.perf_counter()
            call()
            if number >= warm:
                taken[name].append((time.perf_counter() - begun) * 1000)
    return taken
