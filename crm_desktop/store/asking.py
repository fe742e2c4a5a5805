"""One statement that looks and answers with one value, asked of the driver itself.

SQLAlchemy's way there and back took two thirds of the interpreter's time of a small reading, and
hundreds of desktops read again all day. What it writes of a statement is used as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, PoolProxiedConnection, TextClause
from sqlalchemy.sql.compiler import SQLCompiler

from crm_desktop.store.database import Database
from crm_desktop.store.errors import translating

#: Where a connection keeps the cursor that asks.
_CURSOR = "asking"
#: A statement that is kept is asked again: psycopg itself would have it planned five times first.
_HOW: dict[str, dict[str, bool]] = {"sqlite": {}, "postgresql": {"prepare": True}}


class Alone:
    """A connection for one statement: it needs no round trips to begin and to end."""

    def __init__(self, db: Database, driver: PoolProxiedConnection) -> None:
        self.dialect = db.dialect
        self.actor = db.actor
        self._engine = db.engine
        self._driver = driver

    def answer(self, statement: TextClause, values: Mapping[str, Any]) -> Any:
        """See `Tx.answer`; a statement is written once for each dialect, so it must be kept."""
        written = _written(statement, self._engine.dialect)
        given = written.given(values)
        cursor = self._driver.info.get(_CURSOR)
        if cursor is None:
            cursor = self._driver.info[_CURSOR] = self._driver.cursor()
        # Whoever watches what the engine is asked sees this too.
        for watch in self._engine.dispatch.before_cursor_execute:
            watch(None, cursor, written.sql, given, None, False)
        cursor.execute(written.sql, given, **_HOW[self.dialect])
        # All of it: whoever leaves a row unread keeps a SQLite file open for reading.
        return cursor.fetchall()[0][0]


@contextmanager
def alone(db: Database) -> Iterator[Alone]:
    """One statement, by itself; raises DatabaseTrouble."""
    with translating():
        driver = db.engine.raw_connection()
        connection: Any = driver.driver_connection
        try:
            if db.dialect == "postgresql":
                connection.autocommit = True
            yield Alone(db, driver)
            if db.dialect == "postgresql":
                connection.autocommit = False
        except BaseException as trouble:
            # Whatever it is: the next one begins with a connection that is as it should be.
            driver.invalidate(trouble)
            raise
        finally:
            driver.close()


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement as a driver takes it; `order` of what it takes by place."""

    sql: str
    names: tuple[str, ...]
    order: tuple[str, ...] | None
    made: Mapping[str, Callable[[Any], Any]]

    def given(self, values: Mapping[str, Any]) -> Any:
        given = {name: values[name] for name in self.names}
        for name, make in self.made.items():
            given[name] = make(given[name])
        return given if self.order is None else tuple(given[name] for name in self.order)


# A program has few statements of this kind, and one dialect.
@lru_cache(maxsize=256)
def _written(statement: TextClause, dialect: Dialect) -> _Written:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    order = compiled.positiontup
    return _Written(
        compiled.string,
        tuple(compiled.bind_names.values()),
        None if order is None else tuple(order),
        compiled._bind_processors,  # type: ignore[arg-type]
    )
