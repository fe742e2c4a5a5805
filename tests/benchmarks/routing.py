"""Routing at 5,000 waiting and 200 signed in: how long a decision takes, and offers a second.

Everybody is busy, somebody ends what took most of them, and a round gives them what is most urgent:
that round is the decision. Whoever ends all that they have is given two things, which is measured
too. Offers a second are full rounds while everybody has room; they are accepted between. What was
changed for it is put back.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from crm_desktop.services import Database, routing
from tests.benchmarks.centre import BenchCentre
from tests.benchmarks.figures import Figure, median, percentile

_PEOPLE = 200
_TARGET_MS = 5
_DECISIONS, _DECISIONS_QUICKLY = 400, 100
_SECONDS, _SECONDS_QUICKLY = 5.0, 2.0
_ALWAYS = (
    '{"week": {"mon": ["00:00-24:00"], "tue": ["00:00-24:00"], "wed": ["00:00-24:00"],'
    ' "thu": ["00:00-24:00"], "fri": ["00:00-24:00"], "sat": ["00:00-24:00"],'
    ' "sun": ["00:00-24:00"]}, "holidays": "none"}'
)
#: Everybody is in two queues in three, and one in four has the skill that one queue wants.
_ARRANGED = (
    "INSERT INTO skill (code, name) VALUES ('bench', 'Bench')",
    (
        "INSERT INTO queue_skill SELECT min(q.id), s.id, 3, 60 FROM queue q, skill s"
        " WHERE s.code = 'bench' GROUP BY s.id"
    ),
    (
        "INSERT INTO activity (staff_id, signed_in_at, seen_at, locked)"
        " SELECT id, {now}, {later}, {no} FROM staff WHERE login LIKE 'router%'"
    ),
    (
        "INSERT INTO membership (staff_id, queue_id) SELECT s.id, q.id FROM staff s, queue q"
        " WHERE s.login LIKE 'router%' AND (s.id + q.id) % 3 <> 0"
    ),
    (
        "INSERT INTO staff_skill (staff_id, skill_id, level) SELECT s.id, k.id, 3"
        " FROM staff s, skill k WHERE s.login LIKE 'router%' AND s.id % 4 = 0 AND k.code = 'bench'"
    ),
    "UPDATE queue SET push = {yes}, last_advisor_seconds = 30",
    # A centre has more than mail: every third is a chat, every fifth a call.
    "UPDATE contact SET channel = 'chat' WHERE state = 'queued' AND id % 3 = 0",
    "UPDATE contact SET channel = 'call' WHERE state = 'queued' AND id % 5 = 0",
    "UPDATE contact SET priority = id % 3 WHERE state = 'queued'",
)
_ACCEPTED = (
    (
        "UPDATE assignment SET state = 'accepted', accepted_at = {now}"
        " WHERE state = 'offered' AND ended_at IS NULL AND id > :assignment"
    ),
    (
        "UPDATE contact SET state = 'active' WHERE state = 'offered'"
        " AND id IN (SELECT contact_id FROM assignment WHERE id > :assignment AND ended_at IS NULL)"
    ),
)
#: What takes most of a person, as they end one contact after the other.
_ENDED = (
    (
        "UPDATE contact SET state = 'completed' WHERE id = ("
        " SELECT c.id FROM assignment a JOIN contact c ON c.id = a.contact_id"
        " JOIN channel_weight w ON w.channel = c.channel"
        " WHERE a.staff_id = :person AND a.ended_at IS NULL ORDER BY w.weight DESC, a.id LIMIT 1)"
    ),
    (
        "UPDATE assignment SET state = 'completed', ended_at = {now}"
        " WHERE staff_id = :person AND ended_at IS NULL"
        " AND contact_id IN (SELECT id FROM contact WHERE state = 'completed')"
    ),
)
_FREED = (
    "UPDATE contact SET state = 'completed' WHERE state = 'active' AND owner_id = :person",
    (
        "UPDATE assignment SET state = 'completed', ended_at = {now}"
        " WHERE staff_id = :person AND ended_at IS NULL"
    ),
)
_PUT_BACK = (
    (
        "UPDATE contact SET state = 'queued', owner_id = NULL"
        " WHERE id IN (SELECT contact_id FROM assignment WHERE id > :assignment)"
    ),
    "DELETE FROM assignment WHERE id > :assignment",
    "DELETE FROM routing_decision WHERE id > :routing_decision",
    "DELETE FROM event WHERE id > :event",
    "DELETE FROM queue_skill WHERE skill_id IN (SELECT id FROM skill WHERE code = 'bench')",
    "DELETE FROM staff_skill WHERE skill_id IN (SELECT id FROM skill WHERE code = 'bench')",
    "DELETE FROM skill WHERE code = 'bench'",
    "DELETE FROM presence_mark WHERE staff_id IN (SELECT id FROM staff WHERE login LIKE 'router%')",
    "DELETE FROM activity WHERE staff_id IN (SELECT id FROM staff WHERE login LIKE 'router%')",
    "DELETE FROM membership WHERE staff_id IN (SELECT id FROM staff WHERE login LIKE 'router%')",
    "DELETE FROM staff WHERE login LIKE 'router%'",
    "UPDATE queue SET push = {no}, last_advisor_seconds = 0",
)


@dataclass(frozen=True, slots=True)
class _Words:
    """What the dialects say differently."""

    now: str
    later: str
    yes: str
    no: str


_SQLITE_TIME = "strftime('%Y-%m-%d %H:%M:%f', 'now', '{}') || '000'"
_WORDS = {
    "sqlite": _Words(_SQLITE_TIME.format("+0 hours"), _SQLITE_TIME.format("+2 hours"), "1", "0"),
    "postgresql": _Words("now()", "now() + interval '2 hours'", "true", "false"),
}


def measure(centre: BenchCentre, quick: bool) -> list[Figure]:
    """Decisions and offers, at what waits in this centre."""
    owner = Database(centre.owner())
    try:
        with _arranged(owner) as (people, before):
            waiting = _number(owner, "SELECT count(*) FROM contact WHERE state = 'queued'")
            rate = _offers(owner, before, _SECONDS_QUICKLY if quick else _SECONDS)
            _fill(owner, before)
            many = _DECISIONS_QUICKLY if quick else _DECISIONS
            times = _decisions(owner, people, before, many, _ENDED)
            of_all = _decisions(owner, people, before, many, _FREED)
    finally:
        owner.close()
    name = f"Decision, {waiting:,} waiting, {_PEOPLE} signed in"
    return [
        Figure(f"{name}, p95", owner.dialect, percentile(times, 95), "ms", _TARGET_MS),
        Figure(f"{name}, median", owner.dialect, median(times), "ms"),
        Figure("…for whoever ended all they had, p95", owner.dialect, percentile(of_all, 95), "ms"),
        Figure("…median", owner.dialect, median(of_all), "ms"),
        Figure("Offers a second", owner.dialect, rate, "1/s"),
    ]


def _offers(owner: Database, before: dict[str, int], seconds: float) -> float:
    spent, offers = 0.0, 0
    while spent < seconds:
        began = time.perf_counter()
        turn = routing.turn(owner)
        spent += time.perf_counter() - began
        if not turn.changes:
            break
        offers += len(turn.changes.items)
        _run(owner, _ACCEPTED, **before)
    return offers / spent


def _fill(owner: Database, before: dict[str, int]) -> None:
    """Until nobody has room for anything more."""
    while routing.turn(owner).changes:
        _run(owner, _ACCEPTED, **before)


def _decisions(
    owner: Database, people: list[int], before: dict[str, int], many: int, ended: tuple[str, ...]
) -> list[float]:
    """How long each round took in which one person had so much less, in milliseconds."""
    times, rounds = [], routing.Rounds(owner)
    for number in range(3 * many):
        _run(owner, ended, person=people[number * 7 % len(people)])
        began = time.perf_counter()
        turn = rounds.turn()
        lasted = 1000 * (time.perf_counter() - began)
        # Of what they have room for now, perhaps nothing waits in their queues.
        if turn.changes:
            times.append(lasted)
        while turn.changes:
            _run(owner, _ACCEPTED, **before)
            turn = rounds.turn()
        if len(times) == many:
            return times
    raise RuntimeError("people were free and nothing was offered")


@contextmanager
def _arranged(owner: Database) -> Iterator[tuple[list[int], dict[str, int]]]:
    """Two hundred people at work in queues that push; who they are, and what there was before."""
    with owner.write() as tx:
        calendars = tx.core.execute(text("SELECT id, hours FROM opening_calendar")).all()
        contacts = tx.core.execute(
            text("SELECT id, channel, priority FROM contact WHERE state = 'queued'")
        ).all()
        before = {
            table: tx.core.execute(text(f"SELECT coalesce(max(id), 0) FROM {table}")).scalar_one()
            for table in ("assignment", "event", "routing_decision")
        }
    _run(owner, ("UPDATE opening_calendar SET hours = :hours",), hours=_ALWAYS)
    with owner.write() as tx:
        tx.core.execute(
            text(
                "INSERT INTO staff (login, name, role, active, presence) VALUES"
                " (:login, :login, 'advisor', true, 'available')"
            ),
            [{"login": f"router{number:03}"} for number in range(_PEOPLE)],
        )
    _run(owner, _ARRANGED)
    _analyse(owner)
    try:
        with owner.read() as tx:
            people = list(
                tx.core.execute(
                    text("SELECT id FROM staff WHERE login LIKE 'router%' ORDER BY id")
                ).scalars()
            )
        yield people, before
    finally:
        # What happened is kept by triggers, from its owner too.
        put_back = (
            ("SET LOCAL session_replication_role = replica",)
            if owner.dialect == "postgresql"
            else ()
        )
        _run(owner, put_back + _PUT_BACK, **before)
        with owner.write() as tx:
            tx.core.execute(
                text("UPDATE contact SET channel = :channel, priority = :priority WHERE id = :id"),
                [dict(row._mapping) for row in contacts],
            )
        for row in calendars:
            with owner.write() as tx:
                tx.core.execute(
                    text("UPDATE opening_calendar SET hours = :hours WHERE id = :id"),
                    {"id": row.id, "hours": _json(row.hours)},
                )


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _analyse(owner: Database) -> None:
    with owner.write() as tx:
        tx.core.execute(text("ANALYZE"))


def _number(owner: Database, statement: str) -> int:
    with owner.read() as tx:
        number: int = tx.core.execute(text(statement)).scalar_one()
        return number


def _run(owner: Database, statements: tuple[str, ...], **values: object) -> None:
    words = _WORDS[owner.dialect]
    with owner.write() as tx:
        for each in statements:
            said = each.format(now=words.now, later=words.later, yes=words.yes, no=words.no)
            known = {name: value for name, value in values.items() if f":{name}" in said}
            statement = text(said.replace("%H:%M:%f", r"%H\:%M\:%f"))
            tx.core.execute(statement, known)
