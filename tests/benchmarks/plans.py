"""How the databases do what desktops ask all day: their plans at size, for docs/PERFORMANCE.md.

`python -m tests.benchmarks.plans CONTACTS` prints them for both dialects as Markdown. On PostgreSQL
auto_explain shows the statements inside functions too, run as an advisor with its policies.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import event, func, select, text

from crm_desktop.domain.figures import Figure, half_hour
from crm_desktop.domain.states import Channel, StaffRole
from crm_desktop.domain.views import QueueFilter, QueueRow
from crm_desktop.services import contacts, counting, figures, queue, search
from crm_desktop.services.administration import GATEWAY_LOGIN
from crm_desktop.store import signed_in
from crm_desktop.store.database import Database, Dialect
from crm_desktop.store.models import Membership, Staff
from tests.benchmarks.centre import ADVISORS, BenchCentre, opened
from tests.shared_directory import SharedDirectory

_EXPLAIN = (
    "LOAD 'auto_explain'",
    "SET auto_explain.log_min_duration = 0",
    "SET auto_explain.log_nested_statements = on",
    "SET auto_explain.log_analyze = on",
    "SET auto_explain.log_timing = off",
    "SET client_min_messages = log",
)
#: Of a plan only what reads tables is of interest.
_READS = re.compile(
    r"(Index Only Scan|Index Scan|Seq Scan|Bitmap Heap Scan|Bitmap Index Scan)[^(]*|"
    r"(SCAN|SEARCH) [^(]+(?:USING[^(]*)?(?:\([^)]*\))?"
)
_TIME = re.compile(r"duration: ([\d.]+) ms")

Work = Callable[[Database, QueueRow], object]
WORK: dict[str, Work] = {
    "The queue's first page with counts": lambda db, _: queue.page(db, QueueFilter()),
    "A page of one queue and channel": lambda db, row: queue.page(
        db, QueueFilter(queue_id=row.queue_id, channels=frozenset({Channel.EMAIL}))
    ),
    "A row again": lambda db, row: queue.rows(db, [row.id]),
    "What changed of it, with the counts": lambda db, row: queue.news(
        db, [row.id], QueueFilter(), counting=True
    ),
    "The workspace of a contact": lambda db, row: contacts.open_contact(db, row.id),
    "Taking a contact, and giving it back": lambda db, row: (
        contacts.take(db, row.id),
        contacts.release(db, row.id),
    ),
    "Searching a frequent word": lambda db, _: search.find(db, "street"),
    "Searching a name": lambda db, row: search.find(db, row.who),
}

LEADERS_WORK: dict[str, Work] = {
    "The figures of today": lambda db, _: figures.today(db),
    "Today by half hour": lambda db, _: figures.by_half_hour(db),
    "The contacts behind a service level": lambda db, _: figures.behind(db, Figure.SERVICE_LEVEL),
    "The contacts that wait": lambda db, _: figures.behind(db, Figure.WAITING),
}
GATEWAYS_WORK: dict[str, Work] = {"Reckoning a day's figures": lambda db, _: _reckon(db)}


def _reckon(db: Database) -> None:
    with db.read() as tx:
        end = half_hour(tx.now)
        counting.reckoned(tx, end - timedelta(days=1), end)


def main() -> int:
    """Print the plans of both dialects."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    dialects: tuple[Dialect, ...] = ("sqlite", "postgresql")
    for dialect in dialects:
        with opened(dialect, size) as centre:
            sys.stdout.write(f"\n### {dialect}, {size:,} contacts\n")
            for name, plans in _plans(centre):
                sys.stdout.write(f"\n**{name}**\n\n")
                sys.stdout.writelines(f"- {plan}\n" for plan in dict.fromkeys(plans))
    return 0


def _plans(centre: BenchCentre) -> Iterator[tuple[str, list[str]]]:
    explained = _on_sqlite if centre.dialect == "sqlite" else _on_postgresql
    row: QueueRow | None = None
    for login, works in (
        (ADVISORS[0], WORK),
        (_leader(centre), LEADERS_WORK),
        (GATEWAY_LOGIN, GATEWAYS_WORK),
    ):
        with explained(centre, login) as (db, taken):
            row = row or queue.page(db, QueueFilter()).waiting[0]
            for name, work in works.items():
                work(db, row)
                taken.clear()
                work(db, row)
                yield name, [_short(each) for each in taken if _READS.search(each)]


def _leader(centre: BenchCentre) -> str:
    """A team leader of many queues."""
    db = Database(centre.owner())
    try:
        with db.read() as tx:
            return (
                tx.session.scalars(
                    select(Staff.login)
                    .join(Membership)
                    .where(Staff.role == StaffRole.TEAM_LEADER)
                    .group_by(Staff.login)
                    .order_by(func.count().desc())
                ).first()
                or ""
            )
    finally:
        db.close()


@contextmanager
def _on_sqlite(centre: BenchCentre, login: str) -> Iterator[tuple[Database, list[str]]]:
    db, taken = Database(centre.target(login)), list[str]()
    with db.read() as tx:
        db.actor = None if login == GATEWAY_LOGIN else signed_in.whoami(tx, login)

    def keep(_c: object, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH", "UPDATE", "\n")):
            one = parameters[0] if isinstance(parameters, list) else parameters
            found = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", one)
            taken.append("\n".join(str(line[3]) for line in found))

    event.listen(db.engine, "before_cursor_execute", keep)
    try:
        yield db, taken
    finally:
        db.close()


@contextmanager
def _on_postgresql(centre: BenchCentre, login: str) -> Iterator[tuple[Database, list[str]]]:
    db, taken = Database(centre.owner()), list[str]()
    try:
        with db.read() as tx:
            for statement in (*_EXPLAIN, f'SET SESSION AUTHORIZATION "{login}"'):
                tx.session.execute(text(statement))
            driver: Any = tx.session.connection().connection.driver_connection
            driver.add_notice_handler(lambda notice: taken.append(notice.message_primary))
            db.actor = None if login == GATEWAY_LOGIN else signed_in.whoami(tx, login)
        yield db, taken
    finally:
        db.close()


def _short(plan: str) -> str:
    """The reads of one statement, each once, and how long it took where that is known."""
    reads = dict.fromkeys(" ".join(each[0].split()) for each in _READS.finditer(plan))
    took = _TIME.search(plan)
    return f"{f'{took[1]} ms: ' if took else ''}{'; '.join(reads)}"


if __name__ == "__main__":
    shared = SharedDirectory()
    import os

    os.environ["CRM_TEST_SHARED"] = tempfile.mkdtemp(dir=shared.path)
    try:
        sys.exit(main())
    finally:
        shared.close()
