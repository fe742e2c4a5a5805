"""Writing very many rows at once: COPY on PostgreSQL, prepared statements on SQLite."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import InstrumentedAttribute

from crm_desktop.store.database import Tx
from crm_desktop.store.models.base import Base

Row = Sequence[object]

#: What keeps the search indexes; put aside while many rows are written.
_TRIGGERS = {
    "contact": ("contact_words_added", "contact_words_changed", "contact_words_gone"),
    "customer": ("customer_words_added", "customer_words_changed", "customer_words_gone"),
}
_WATCHED = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit'"
_SQLITE_REBUILD = (
    "INSERT INTO contact_words(contact_words) VALUES ('rebuild')",
    "INSERT OR IGNORE INTO contact_vocabulary SELECT term FROM contact_words_list",
    "INSERT INTO customer_words(customer_words) VALUES ('rebuild')",
)


def next_id(tx: Tx, model: type[Base]) -> int:
    """The first id that a table has not used."""
    newest: int | None = tx.session.scalar(select(func.max(model.__table__.c.id)))
    return (newest or 0) + 1


def insert(tx: Tx, columns: Sequence[InstrumentedAttribute[Any]], rows: Iterable[Row]) -> None:
    """Insert rows whose values stand in the order of the columns, ids included."""
    table: str = columns[0].class_.__tablename__
    names = [column.key for column in columns]
    driver = tx.session.connection().connection.driver_connection
    assert driver is not None
    listed = ", ".join(names)
    if tx.dialect == "postgresql":
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row([_for_copy(value) for value in row])
        return
    marks = ", ".join("?" * len(names))
    driver.executemany(
        f"INSERT INTO {table} ({listed}) VALUES ({marks})",
        ([_for_sqlite(value) for value in row] for row in rows),
    )


def sync_identity(tx: Tx, *models: type[Base]) -> None:
    """Let PostgreSQL's identities go on after ids that were given by hand."""
    if tx.dialect == "sqlite":
        return
    for model in models:
        name = model.__tablename__
        tx.session.execute(
            text(
                "SELECT setval(pg_get_serial_sequence(:name, 'id'), "
                f"(SELECT coalesce(max(id), 1) FROM {name}))"
            ),
            {"name": name},
        )


def analyse(tx: Tx) -> None:
    """Tell the planner what the tables hold now."""
    tx.session.execute(text("ANALYZE"))


@contextmanager
def without_search_triggers(write: Callable[[], Any]) -> Iterator[None]:
    """Put the search triggers aside while filling, and build the indexes afterwards.

    `write` opens a transaction (Database.write) as the database's owner.
    """
    with write() as tx:
        put_back = _put_aside(tx)
    try:
        yield
    finally:
        with write() as tx:
            connection = tx.session.connection()
            for statement in put_back:
                connection.exec_driver_sql(statement)


def _put_aside(tx: Tx) -> list[str]:
    """Stop the triggers; the statements that start them again and build the indexes."""
    connection = tx.session.connection()
    if tx.dialect == "postgresql":
        # What a load writes is no person's change: the watch over rows is put aside too.
        tables = sorted(tx.session.scalars(text(_WATCHED)))
        for table in tables:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        enable = [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in tables]
        return [*enable, "SELECT app.index_everything()"]
    put_back = []
    for name in (each for names in _TRIGGERS.values() for each in names):
        (definition,) = connection.execute(
            text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name"),
            {"name": name},
        ).one()
        put_back.append(definition)
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    return [*put_back, *_SQLITE_REBUILD]


def _for_copy(value: object) -> object:
    return json.dumps(value) if isinstance(value, (dict, list)) else value


def _for_sqlite(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return value
