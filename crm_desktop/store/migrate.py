"""Creating and upgrading the database: one Alembic history for both dialects.

Alembic costs a tenth of a desktop's memory, so it is loaded by whoever upgrades.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError

from crm_desktop.domain.errors import GivenUp
from crm_desktop.store.database import Database
from crm_desktop.store.errors import translating

if TYPE_CHECKING:
    from alembic.config import Config

#: Any number, the same in every version: two upgrades at once wait for each other.
_UPGRADE_LOCK = 0x43524D44
#: A million contacts take a minute on SQLite: so long the next one waits, in milliseconds.
_PATIENCE_MS = 900_000

#: SQLite asks after so many of its steps, some thousands of rows, whether to go on.
_STEPS = 50_000

#: Which revision was reached, of those that are on the way.
Reached = Callable[[str], None]


def upgrade(
    db: Database,
    migrations: Path,
    *,
    to: str = "head",
    reached: Reached | None = None,
    unwanted: Callable[[], bool] | None = None,
) -> None:
    """Bring the database to this program's revision; a second upgrader waits for the first.

    All of it or, when it is interrupted, nothing: it is one transaction. `to` is another revision,
    for tests. On SQLite `unwanted` is asked all the time; raises GivenUp when it says so.
    """
    from alembic import command

    with translating(), _given_up(unwanted), db.engine.connect() as plain:
        if db.dialect == "sqlite":
            driver = plain.connection.driver_connection
            assert driver is not None
            driver.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
            driver.set_progress_handler(unwanted, _STEPS)
        connection = plain.execution_options(crm_write=True)
        with connection.begin():
            if db.dialect == "postgresql":
                connection.execute(text("SET LOCAL lock_timeout = 0"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _UPGRADE_LOCK})
            config = _config(connection, migrations)
            if reached is not None:
                config.attributes["applied"] = _telling(reached)
            command.upgrade(config, to)
            _tell(connection)
        # Whoever upgraded goes on with the patience of everybody.
        connection.invalidate()


def _tell(connection: Connection) -> None:
    """Let every program that is open see whether it still fits."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_notify('crm', 'revision:0')"))
    else:
        connection.execute(text("INSERT INTO notice (topic, ref_id) VALUES ('revision', 0)"))


@contextmanager
def _given_up(unwanted: Callable[[], bool] | None) -> Iterator[None]:
    """What SQLite calls an interruption was asked for."""
    try:
        yield
    except OperationalError as interrupted:
        if unwanted is None or not unwanted():
            raise
        raise GivenUp("the upgrade was stopped") from interrupted


def _telling(reached: Reached) -> Callable[..., None]:
    """Alembic's call after each step."""

    def tell(*, step: Any, **_: Any) -> None:
        reached(str(step.up_revision_id))

    return tell


def is_empty(db: Database) -> bool:
    """Whether the database holds no table at all, neither ours nor anybody's."""
    with translating(), db.engine.connect() as connection:
        return not inspect(connection).get_table_names()


def differences(db: Database, migrations: Path) -> list[str]:
    """What the models have that the migrated database has not, and the reverse; for tests."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from crm_desktop.store.models import Base

    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": _is_modelled, "compare_type": True}
        )
        _config(connection, migrations)
        return [str(each) for each in compare_metadata(context, Base.metadata)]


def run_sql(connection: Connection, script: Path) -> None:
    """Run a file of SQL statements as they stand."""
    sql = script.read_text("utf-8")
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
        return
    for statement in _sqlite_statements(sql):
        connection.exec_driver_sql(statement)


def _sqlite_statements(sql: str) -> Iterable[str]:
    import sqlite3

    held = ""
    for line in sql.splitlines():
        held += line + "\n"
        if sqlite3.complete_statement(held):
            yield held
            held = ""


def _is_modelled(_object: Any, name: str | None, kind: str, *_: Any) -> bool:
    """Search indexes and FTS tables are made by SQL files, not by models."""
    marks = ("_words", "_trigrams", "_vocabulary")
    name = name or ""
    if kind == "table":
        return not any(mark in name for mark in marks)
    return not any(name.endswith(mark) for mark in marks)


def _config(connection: Connection | None, migrations: Path) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["include_object"] = _is_modelled
    return config
