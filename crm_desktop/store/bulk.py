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

#: The full-text triggers are put aside for more rows than this, and the indexes built at the end.
_SEARCH = {
    "contact": ("contact_words", ("added", "changed", "gone")),
    "customer": ("customer_trigrams", ("added", "changed", "gone")),
}


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
    """Put SQLite's full-text triggers aside while filling, and build the indexes afterwards.

    `write` opens a transaction (Database.write). On PostgreSQL nothing happens.
    """
    definitions: list[str] = []
    with write() as tx:
        if tx.dialect == "sqlite":
            for name in _triggers():
                sql = tx.session.scalar(
                    text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name"),
                    {"name": name},
                )
                definitions.append(sql)
                tx.session.execute(text(f"DROP TRIGGER {name}"))
    try:
        yield
    finally:
        if definitions:
            with write() as tx:
                for definition in definitions:
                    tx.session.connection().exec_driver_sql(definition)
                for index, _ in _SEARCH.values():
                    rebuild = f"INSERT INTO {index}({index}) VALUES ('rebuild')"
                    tx.session.execute(text(rebuild))


def _triggers() -> list[str]:
    return [f"{index}_{kind}" for index, kinds in _SEARCH.values() for kind in kinds]


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
