"""Fifty advisors who all press "next" at once, beside what the bare database could do.

Bare is what a careful person would write by hand with psycopg: FOR UPDATE SKIP LOCKED and the same
rows, as the database's owner, without policies. Both run in the same processes and threads.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from crm_desktop.domain.views import QueueFilter
from crm_desktop.services import contacts
from tests.benchmarks.centre import ADVISORS, BenchCentre
from tests.benchmarks.figures import Figure

#: So that not one interpreter's lock is measured.
_PROCESSES = 5
_SECONDS, _SECONDS_QUICKLY = 3.0, 1.0
_BEGIN_WITHIN = 60

_TAKE = """
    UPDATE contact SET state = 'active', state_since = now(), owner_id = %(me)s,
                       first_taken_at = coalesce(first_taken_at, now())
    WHERE id = (SELECT id FROM contact WHERE state = 'queued'
                ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id
"""
_GIVE = """
    INSERT INTO assignment (contact_id, staff_id, state, accepted_at, note)
    VALUES (%(contact)s, %(me)s, 'accepted', now(), '')
"""
_LOG = """
    INSERT INTO event (kind, actor_id, contact_id, data)
    VALUES ('contact.taken', %(me)s, %(contact)s, '{"by": "next"}')
"""
_TELL = "SELECT pg_notify('crm', %(words)s)"

_TWICE = """
    SELECT count(*) FROM (
        SELECT contact_id FROM assignment WHERE id > %(assignment)s
        GROUP BY contact_id HAVING count(*) > 1
        UNION
        SELECT contact_id FROM event WHERE id > %(event)s AND kind = 'contact.taken'
        GROUP BY contact_id HAVING count(*) > 1) AS twice
"""
_TAKEN = """
    SELECT count(*) FROM contact c JOIN assignment a ON a.contact_id = c.id
    WHERE a.id > %(assignment)s AND c.state = 'active' AND c.owner_id = a.staff_id
"""
_GIVE_BACK = (
    # What happened is kept by triggers, from its owner too.
    "SET session_replication_role = replica",
    """
    UPDATE contact SET state = 'queued', owner_id = NULL, first_taken_at = NULL
    WHERE id IN (SELECT contact_id FROM assignment WHERE id > %(assignment)s)
    """,
    "DELETE FROM assignment WHERE id > %(assignment)s",
    "DELETE FROM event WHERE id > %(event)s AND kind = 'contact.taken'",
)

#: Takes the next contact; False when nothing waits any more.
Next = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _Round:
    """What one run of all sessions gave."""

    claims_a_second: float
    two_winners: int


def measure(centre: BenchCentre, quick: bool) -> list[Figure]:
    """Claims a second by fifty sessions; everything taken is given back. PostgreSQL alone."""
    if centre.cluster is None:
        return []
    seconds = _SECONDS_QUICKLY if quick else _SECONDS
    plain = _round(centre, _plainly, seconds)
    ours = _round(centre, _as_the_desktop_does, seconds)
    share = 100 * ours.claims_a_second / plain.claims_a_second
    name = f"Claims a second, {len(ADVISORS)} sessions"
    return [
        Figure(name, centre.dialect, ours.claims_a_second, "1/s", 200, at_least=True),
        Figure("…as a share of plain SKIP LOCKED SQL", centre.dialect, share, "%", 50, True),
        Figure("Contacts with two winners", centre.dialect, ours.two_winners, "", 0),
    ]


def _round(centre: BenchCentre, opened: Callable[..., Next], seconds: float) -> _Round:
    """Let everybody claim for so long, look at what came of it, and undo it."""
    with psycopg.connect(_conninfo(centre), autocommit=True) as owner:
        # Each begins with an index without the traces of the one before.
        owner.execute("VACUUM contact")
        before = {
            table: _number(owner, f"SELECT coalesce(max(id), 0) FROM {table}")
            for table in ("assignment", "event")
        }
        try:
            ends = _everybody(centre, opened, seconds)
            claims = sum(count for count, _ in ends)
            if claims != _number(owner, _TAKEN, before):
                raise RuntimeError("somebody was told that they have what they have not")
            lasted = max(end for _, end in ends)
            return _Round(claims / lasted, _number(owner, _TWICE, before))
        finally:
            for statement in _GIVE_BACK:
                owner.execute(statement, before)


def _number(owner: psycopg.Connection[Any], statement: str, given: Any = None) -> int:
    row = owner.execute(statement, given).fetchone()
    assert row is not None
    return int(row[0])


def _everybody(
    centre: BenchCentre, opened: Callable[..., Next], seconds: float
) -> list[tuple[int, float]]:
    """(claims, seconds until the last) of each process."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        ready = manager.Barrier(_PROCESSES)
        shares = [ADVISORS[number::_PROCESSES] for number in range(_PROCESSES)]
        with context.Pool(_PROCESSES) as pool:
            return pool.starmap(
                _sessions, [(centre, opened, each, ready, seconds) for each in shares]
            )


def _sessions(
    centre: BenchCentre,
    opened: Callable[..., Next],
    logins: tuple[str, ...],
    ready: Barrier,
    seconds: float,
) -> tuple[int, float]:
    """In a process of its own: some of the sessions, each on a thread."""
    sessions = [opened(centre, login) for login in logins]
    ready.wait(_BEGIN_WITHIN)
    started = time.monotonic()

    def work(claim: Next) -> int:
        count = 0
        while time.monotonic() < started + seconds and claim():
            count += 1
        return count

    with ThreadPoolExecutor(len(sessions)) as pool:
        claims = sum(pool.map(work, sessions))
    return claims, time.monotonic() - started


def _as_the_desktop_does(centre: BenchCentre, login: str) -> Next:
    db = centre.signed_in(login)
    everything = QueueFilter()
    return lambda: contacts.take_next(db, everything) is not None


def _plainly(centre: BenchCentre, login: str) -> Next:
    connection = psycopg.connect(_conninfo(centre))
    row = connection.execute("SELECT id FROM staff WHERE login = %s", [login]).fetchone()
    connection.commit()
    assert row is not None
    me = row[0]

    def claim() -> bool:
        with connection.transaction():
            taken = connection.execute(_TAKE, {"me": me}).fetchone()
            if taken is None:
                return False
            connection.execute(_GIVE, {"contact": taken[0], "me": me})
            connection.execute(_LOG, {"contact": taken[0], "me": me})
            connection.execute(_TELL, {"words": f"contact:{taken[0]}"})
        return True

    return claim


def _conninfo(centre: BenchCentre) -> str:
    url = make_url(centre.owner().url).set(drivername="postgresql")
    return url.render_as_string(hide_password=False)
