"""Creating and upgrading the database: one Alembic history for both dialects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, text

from crm_desktop.domain.errors import DatabaseNewer, DatabaseOlder
from crm_desktop.store.database import Database
from crm_desktop.store.errors import translating

if TYPE_CHECKING:
    from alembic.config import Config

#: Any number, the same in every version: two upgrades at once wait for each other.
_UPGRADE_LOCK = 0x43524D44
_VERSION = "alembic_version"
_REVISION = re.compile(r'^(revision|down_revision) = "(\w+)"$', re.MULTILINE)


def upgrade(db: Database, migrations: Path) -> None:
    """Bring the database to this program's revision; a second upgrader waits for the first."""
    with translating(), db.engine.execution_options(crm_write=True).begin() as connection:
        if db.dialect == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _UPGRADE_LOCK})
        from alembic import command

        command.upgrade(_config(connection, migrations), "head")


def is_empty(db: Database) -> bool:
    """Whether the database holds no table at all, neither ours nor anybody's."""
    with translating(), db.engine.connect() as connection:
        return not inspect(connection).get_table_names()


def check(db: Database, migrations: Path) -> None:
    """Raise DatabaseOlder or DatabaseNewer unless the revision is this program's."""
    with translating(), db.engine.connect() as connection:
        check_revision(connection, migrations)


def check_revision(connection: Connection, migrations: Path) -> None:
    """As `check`, on a connection that is open already."""
    current = None
    if inspect(connection).has_table(_VERSION):
        current = connection.scalar(text(f"SELECT version_num FROM {_VERSION}"))  # noqa: S608
    before = _revisions(migrations)
    (head,) = before.keys() - before.values()
    if current == head:
        return
    known = before.keys()
    if current is None or current in known:
        raise DatabaseOlder(found=current or "nothing", wanted=head)
    raise DatabaseNewer(found=current, wanted=head)


def _revisions(migrations: Path) -> dict[str, str]:
    """Every revision and the one before it, as the files say.

    Alembic, which knows it too, costs every desktop and gateway a tenth of its memory; so it is
    loaded by whoever upgrades.
    """
    found: dict[str, str] = {}
    for script in (migrations / "versions").glob("*.py"):
        said = dict(_REVISION.findall(script.read_text("utf-8")))
        found[said["revision"]] = said.get("down_revision", "")
    return found


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


def _config(connection: Connection, migrations: Path) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["include_object"] = _is_modelled
    return config
