"""The statements that every desktop repeats all day are served by their index."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, text

from crm_desktop.domain.states import Channel
from crm_desktop.domain.views import Cursor, QueueFilter
from crm_desktop.services import contacts, queue
from crm_desktop.store.database import Database
from tests.centre import Centre

CONTACTS, WAITING = 20_000, 500
_MANY = """
    INSERT INTO contact (channel, direction, state, queue_id, priority, who, subject, preview,
                         folded, due_at, parked_for_reply, needs_checking, check_reason,
                         auto_generated, owner_id, thread_id)
    SELECT 'email', 'inbound', CASE WHEN n % :every = 0 THEN 'queued' ELSE 'completed' END,
           1 + n % 3, 0, 'Somebody', 'Something', '', '', {due}, false, false, '', false,
           CASE WHEN n % :every = 0 THEN NULL ELSE 1 + n % 4 END, n
    FROM {numbers} AS numbers(n)
"""
_SQLITE_NUMBERS = """
    (WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < :many)
     SELECT n FROM counted)
"""


@pytest.fixture
def anna(centre: Centre) -> Database:
    """An advisor of a centre with many contacts, few of which wait."""
    if centre.dialect == "sqlite":
        due = "strftime('%Y-%m-%d %H:%M:%f', 'now', n || ' minutes') || '000'"
        insert = _MANY.format(due=due, numbers=_SQLITE_NUMBERS).replace(" AS numbers(n)", "")
    else:
        due = "now() + n * interval '1 minute'"
        insert = _MANY.format(due=due, numbers="generate_series(1, :many)")
    with centre.as_owner().write() as tx:
        tx.session.execute(text(insert), {"many": CONTACTS, "every": CONTACTS // WAITING})
        tx.session.execute(text("ANALYZE"))
    return centre.as_person("anna")


def _plans(db: Database, work: Callable[[], object]) -> list[str]:
    """How the database does each statement over contacts of some work, as this person."""
    statements: list[tuple[str, Any]] = []

    def keep(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if "FROM contact" in statement:
            statements.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", keep)
    work()
    event.remove(db.engine, "before_cursor_execute", keep)
    explain = "EXPLAIN QUERY PLAN " if db.dialect == "sqlite" else "EXPLAIN "
    with db.read() as tx:
        connection = tx.session.connection()
        return [
            "\n".join(
                " ".join(map(str, row))
                for row in connection.exec_driver_sql(explain + statement, parameters)
            )
            for statement, parameters in statements
        ]


def _scans_contacts(plan: str) -> bool:
    return bool(re.search(r"SCAN (contact|y)\b(?! USING)|Seq Scan on contact|BLOOM", plan))


def _a_row(db: Database) -> object:
    return queue.rows(db, [40])


def _news(db: Database) -> object:
    return queue.news(db, [40, 41], QueueFilter(queue_id=1), counting=True)


def _a_workspace(db: Database) -> object:
    return contacts.open_contact(db, 40)


@pytest.mark.parametrize(
    "wanted",
    [QueueFilter(), QueueFilter(queue_id=1, channels=frozenset({Channel.EMAIL}))],
    ids=["everything", "filtered"],
)
def test_a_queue_page_reads_its_index_alone(
    centre: Centre, anna: Database, wanted: QueueFilter
) -> None:
    after = Cursor(datetime(2020, 1, 1, tzinfo=UTC), 0)

    first = _plans(anna, lambda: queue.page(anna, wanted))
    next_page = _plans(anna, lambda: queue.page(anna, wanted, after))

    (whole,) = first
    assert "ix_contact_in_hand" in whole
    assert "ix_contact_waiting" in whole
    assert "ix_contact_waiting" in next_page[0]
    if centre.dialect == "postgresql":
        # Whose queues, once a statement: the policy compares with what it gave.
        assert "InitPlan" in next_page[0]
        assert re.search(r"queue_id = ANY \(\$\d", next_page[0])
    assert [each for each in (*first, *next_page) if _scans_contacts(each)] == []


@pytest.mark.parametrize(
    "work",
    [queue.counts, _a_row, _news, _a_workspace],
    ids=["counts", "a row", "news", "a workspace"],
)
def test_what_every_desktop_asks_all_day_scans_no_contacts(
    centre: Centre, anna: Database, work: Callable[[Database], object]
) -> None:
    plans = _plans(anna, lambda: work(anna))

    # The plans of a function, as the workspace is on PostgreSQL, are not seen from outside.
    assert plans or centre.dialect == "postgresql"
    assert [each for each in plans if _scans_contacts(each)] == []


def test_no_policy_of_reading_runs_a_function_for_each_row(postgres_centre: Centre) -> None:
    """Each is asked once a statement; what depends on a row is compared or looked up."""
    with postgres_centre.as_owner().read() as tx:
        policies = tx.session.execute(
            text(
                "SELECT tablename || '.' || policyname, qual FROM pg_policies"
                " WHERE 'crm_staff' = ANY (roles) AND cmd IN ('SELECT', 'ALL', 'UPDATE')"
            )
        ).all()

    once = re.compile(r"\( SELECT app\.\w+\(\) AS \w+\)")
    assert len(policies) > 25
    assert [name for name, qual in policies if "app." in once.sub("", qual)] == []


def test_what_policies_compare_with_tells_nobody_else_s_rows(postgres_centre: Centre) -> None:
    """Only leakproof comparisons: with others an index of what the person asks for is not used."""
    with postgres_centre.as_owner().read() as tx:
        leaky = tx.session.scalars(
            text(
                "SELECT DISTINCT o.oid::regoperator::text FROM pg_policy p"
                " CROSS JOIN LATERAL regexp_matches("
                "     p.polqual::text, 'opno (\\d+)', 'g') AS used(ops)"
                " JOIN pg_operator o ON o.oid = used.ops[1]::oid"
                " JOIN pg_proc f ON f.oid = o.oprcode"
                " WHERE p.polcmd IN ('r', '*') AND NOT f.proleakproof"
                " AND p.polrelid::regclass::text IN ('contact', 'cases', 'queue_stat', 'handoff')"
            )
        ).all()

    assert leaky == []


def test_the_page_is_the_right_one(centre: Centre, anna: Database) -> None:
    page = queue.page(anna, QueueFilter())

    assert len(page.waiting) == 50
    assert page.more is not None
    due = [row.due_at for row in page.waiting]
    assert due == sorted(due, key=lambda at: at or datetime.max.replace(tzinfo=UTC))
