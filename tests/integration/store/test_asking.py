"""A statement asked alone answers as it does in a transaction, and leaves nothing behind."""

from __future__ import annotations

import pytest
from sqlalchemy import event, text

from crm_desktop.domain.errors import DatabaseAway, NotFound
from crm_desktop.domain.views import Cursor, QueueFilter
from crm_desktop.services import queue as queues
from crm_desktop.store.asking import alone
from crm_desktop.store.database import Database
from crm_desktop.store.queries import queue as queries
from tests.centre import Centre

_SESSION = text("SELECT pg_backend_pid()")
_ENDED = text("SELECT pg_terminate_backend(pg_backend_pid(), 5000)")
_WRONG = text("SELECT no_such_column FROM contact WHERE id = :id")


def _works(db: Database) -> bool:
    return queues.rows(db, [0]) == () and db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_alone_and_in_a_transaction_the_answer_is_the_same(centre: Centre) -> None:
    ids = [centre.add_contact(subject=f"It’s no. {number} – “ŵ”") for number in range(5)]
    anna, everything = centre.as_person("anna"), QueueFilter()

    with anna.read() as tx:
        page = queries.page(tx, everything, None, 3)
        after = queries.page(tx, everything, page.more, 3)
        rows, counts = queries.by_ids(tx, ids), queries.counts(tx)

    assert isinstance(page.more, Cursor)
    assert queues.page(anna, everything, None, 3) == page
    assert queues.page(anna, everything, page.more, 3) == after
    assert queues.rows(anna, ids) == rows
    assert queues.counts(anna) == counts
    assert len(rows) == 5


def test_a_statement_that_fails_leaves_a_connection_that_works(centre: Centre) -> None:
    anna = centre.as_person("anna")

    with pytest.raises(Exception, match="no_such_column"), alone(anna) as tx:
        tx.answer(_WRONG, {"id": 1})

    assert _works(anna)


def test_what_a_function_refuses_is_said_as_always(postgres_centre: Centre) -> None:
    refusal = text("SELECT app.refuse('CRM01', 'no such contact')")

    with pytest.raises(NotFound), alone(postgres_centre.as_owner()) as tx:
        tx.answer(refusal, {})


def test_a_server_that_closes_the_connection_is_away_and_then_there(
    postgres_centre: Centre,
) -> None:
    anna = postgres_centre.as_person("anna", connections=2)
    with alone(anna) as tx:
        before = tx.answer(_SESSION, {})

    with pytest.raises(DatabaseAway), alone(anna) as tx:
        tx.answer(_ENDED, {})

    assert _works(anna)
    with alone(anna) as tx:
        assert tx.answer(_SESSION, {}) != before


def test_what_comes_after_it_is_a_transaction_as_always(postgres_centre: Centre) -> None:
    anna = postgres_centre.as_person("anna")
    queues.counts(anna)

    with anna.read() as tx:
        times = [tx.core.exec_driver_sql("SELECT now()").scalar_one() for _ in range(2)]

    assert times[0] == times[1]


def test_whoever_watches_the_engine_sees_what_is_asked_alone(centre: Centre) -> None:
    anna, seen = centre.as_person("anna"), list[str]()
    event.listen(anna.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))

    queues.counts(anna)

    assert len(seen) == 1
    assert "queue_stat" in seen[0]
