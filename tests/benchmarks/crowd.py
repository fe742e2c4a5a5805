"""Two hundred signed-in desktops at one PostgreSQL while fifty changes a second are committed.

A desktop is the program's own live feed, task runner, presenter and list model, signed in as a
database login of its own; only nothing is drawn. The processes that write, and a real gateway that
counts, are others. All desktops show one queue, into which mail comes and from which it is taken.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import psycopg
from sqlalchemy import select

from crm_desktop.domain.states import StaffRole
from crm_desktop.services import Database
from crm_desktop.store import people
from crm_desktop.store.models import Staff
from tests.benchmarks.centre import ADVISORS, PASSWORD, BenchCentre
from tests.benchmarks.figures import Figure, median, percentile
from tests.benchmarks.gateways import gateway
from tests.benchmarks.live import own_queue
from tests.benchmarks.programs import Program, as_person, program

#: CRM_BENCH_CROWD="40,10" tries it with fewer: desktops, changes a second.
_DESKTOPS, _PACE = 200, 50
_A_PROCESS = 40
_SECONDS, _SECONDS_QUICKLY = 30, 15
_CONNECTIONS = 2
_TICKS = os.sysconf("SC_CLK_TCK")
#: (contact, whether it stands in the list, seconds of the monotonic clock)
Seen = tuple[int, bool, float]


def measure(centre: BenchCentre, _env: Mapping[str, str], quick: bool) -> list[Figure]:
    """From commits to updated models, the database's work and its connections."""
    if centre.cluster is None:
        return []
    desktops, pace = _how_many()
    logins = _logins(centre, desktops)
    seconds = _SECONDS_QUICKLY if quick else _SECONDS
    with ExitStack() as stack:
        queue_id = stack.enter_context(own_queue(centre, [ADVISORS[0], *logins]))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(gateway(centre, folder))
        crowd = list(_crowd(stack, centre, logins, queue_id, folder))
        for each in crowd:
            each.hear()
        orders = {**as_person(centre, ADVISORS[0]), "pace": pace, "seconds": seconds}
        orders |= {"gateway_url": centre.target("gateway").url, "secret": PASSWORD}
        writer = stack.enter_context(program("crowd_writers", orders, os.environ))
        writer.hear()
        before = _Work(centre, crowd)
        writer.tell()
        time.sleep(seconds / 2)
        connections = _connections(centre, logins)
        done: list[Seen] = [tuple(each) for each in writer.hear()]
        spent = before.since()
        # The last must have reached everybody; that is part of no figure.
        time.sleep(2)
        seen = [found for each in crowd for found in json.loads(Path(each.finish()).read_text())]
        changes = writer.finish()
    return _figures(_delays(done, seen), spent, connections, desktops, changes)


def _how_many() -> tuple[int, float]:
    desktops, _, pace = os.environ.get("CRM_BENCH_CROWD", f"{_DESKTOPS},{_PACE}").partition(",")
    return int(desktops), float(pace)


def _figures(
    delays: list[float],
    spent: tuple[float, float],
    connections: Sequence[int],
    desktops: int,
    changes: float,
) -> list[Figure]:
    name = f"Commit to updated model, {desktops} desktops"
    return [
        Figure(f"{name}, p95", "postgresql", percentile(delays, 95), "ms", 400),
        Figure(f"{name}, median", "postgresql", median(delays), "ms"),
        Figure(f"{name}, longest", "postgresql", max(delays), "ms"),
        Figure("…changes committed meanwhile", "postgresql", changes, "1/s"),
        Figure("…the database's work", "postgresql", spent[0], "cores", 1.0),
        Figure("…the desktops' own work", "postgresql", spent[1], "cores"),
        Figure("…connections a desktop, most", "postgresql", max(connections), "", _CONNECTIONS),
        Figure("…connections a desktop, fewest", "postgresql", min(connections), ""),
    ]


def _logins(centre: BenchCentre, count: int) -> list[str]:
    """As many advisors as desktops, each with a login of their own, in every queue that is seen."""
    logins = [f"desk{number:03}" for number in range(count)]
    db = Database(centre.owner())
    try:
        with db.write() as tx:
            known = set(tx.session.scalars(select(Staff.login)))
            fresh = [each for each in logins if each not in known]
            for login in fresh:
                people.add(tx, login, f"Desk {login[-3:]}", StaffRole.ADVISOR, [])
            for login in fresh:
                people.create_login(tx, login, f"crm_{StaffRole.ADVISOR}", PASSWORD)
    finally:
        db.close()
    return logins


def _crowd(
    stack: ExitStack, centre: BenchCentre, logins: Sequence[str], queue_id: int, folder: Path
) -> Iterator[Program]:
    """The desktops, some to a process, so that not one interpreter is measured."""
    for start in range(0, len(logins), _A_PROCESS):
        orders = {
            "people": [as_person(centre, each) for each in logins[start : start + _A_PROCESS]],
            "queue": queue_id,
            "out": str(folder / f"seen-{start}.json"),
        }
        yield stack.enter_context(program("crowd_desks", orders, os.environ))


def _delays(done: Sequence[Seen], seen: Sequence[Sequence[Seen]]) -> list[float]:
    """Milliseconds from every commit to every desktop's model.

    What was gone again before a model had it counts as if it had come only then.
    """
    ends = {contact_id: when for contact_id, present, when in done if not present}
    delays = []
    for desktop in seen:
        at = {(contact_id, present): when for contact_id, present, when in desktop}
        for contact_id, present, when in done:
            shown = at.get((contact_id, present))
            if shown is None and (contact_id, True) in at:
                raise RuntimeError(f"that {contact_id} was taken reached a model never")
            if shown is None:
                shown = ends[contact_id]
            # A model may have it before the writer's own commit has returned to it.
            delays.append(max(0.0, shown - when) * 1000)
    return delays


def _connections(centre: BenchCentre, logins: Sequence[str]) -> list[int]:
    """How many sessions each of these logins has now."""
    conninfo = centre.owner().full_url().set(drivername="postgresql")
    with psycopg.connect(conninfo.render_as_string(hide_password=False)) as connection:
        rows = connection.execute(
            "SELECT usename, count(*) FROM pg_stat_activity WHERE usename = ANY (%s) GROUP BY 1",
            [list(logins)],
        ).fetchall()
    found = {str(login): int(count) for login, count in rows}
    return [found.get(each, 0) for each in logins]


class _Work:
    """The processor time that PostgreSQL and the desktops take from now on."""

    def __init__(self, centre: BenchCentre, crowd: Sequence[Program]) -> None:
        assert centre.cluster is not None
        server = centre.cluster.pid()
        assert server is not None
        self._server, self._crowd = server, [each.pid for each in crowd]
        self._begun = time.monotonic()
        self._before = self._taken()

    def since(self) -> tuple[float, float]:
        """Cores that the database and that the desktops kept busy on average."""
        lasted = time.monotonic() - self._begun
        database, desktops = (
            after - before for after, before in zip(self._taken(), self._before, strict=True)
        )
        return database / lasted, desktops / lasted

    def _taken(self) -> tuple[float, float]:
        # What ended meanwhile is in its parent's account.
        server = sum(_times(self._server)[:4])
        children = Path(f"/proc/{self._server}/task/{self._server}/children").read_text().split()
        server += sum(sum(_times(int(child))[:2]) for child in children)
        return server / _TICKS, sum(sum(_times(pid)[:2]) for pid in self._crowd) / _TICKS


def _times(pid: int) -> list[int]:
    """User and system time of a process, then of its children that have ended, in ticks."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return [0, 0, 0, 0]
    return [int(each) for each in fields[11:15]]
