"""Whether a database has the revision that this program was written for.

Said without Alembic, which takes longer to import than signing in takes altogether.
"""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import Connection, text

from crm_desktop.domain.errors import DatabaseNewer, DatabaseOlder
from crm_desktop.store.database import Database
from crm_desktop.store.errors import translating

_TABLE = "alembic_version"
_IS_THERE = {
    "sqlite": text("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :table"),
    "postgresql": text("SELECT to_regclass(:table)"),
}
_NAMED = re.compile(r'^(revision|down_revision)\b[^=\n]*= *"([^"]+)"', re.MULTILINE)


def check(db: Database, migrations: Path) -> None:
    """Raise DatabaseOlder or DatabaseNewer unless the revision is this program's."""
    with translating(), db.engine.connect() as connection:
        db.revision = check_revision(connection, migrations)


def still_fits(db: Database) -> None:
    """Raise DatabaseNewer when somebody has upgraded the database since `check`."""
    if db.revision is None:
        return
    with translating(), db.engine.connect() as connection:
        current = _current(connection)
    if current != db.revision:
        raise DatabaseNewer(found=current or "nothing", wanted=db.revision)


def check_revision(connection: Connection, migrations: Path) -> str:
    """As `check`, on a connection that is open already; gives the revision."""
    current = _current(connection)
    head, known = history(migrations)
    if current == head:
        return head
    if current is None or current in known:
        raise DatabaseOlder(found=current or "nothing", wanted=head)
    raise DatabaseNewer(found=current, wanted=head)


def history(migrations: Path) -> tuple[str, frozenset[str]]:
    """The newest revision of the one line of migrations, and all of them."""
    followed = _followed(migrations)
    (head,) = followed.keys() - followed.values()
    return head, frozenset(followed)


def ahead(db: Database, migrations: Path) -> int:
    """How many revisions this program has beyond the database's."""
    with translating(), db.engine.connect() as connection:
        current = _current(connection)
    followed = _followed(migrations)
    at: str | None
    (at,) = followed.keys() - followed.values()
    steps = 0
    while at is not None and at != current:
        at, steps = followed.get(at), steps + 1
    return steps


def _followed(migrations: Path) -> dict[str, str | None]:
    """Every revision, and the one that it follows."""
    scripts = [each.read_text("utf-8") for each in (migrations / "versions").glob("*.py")]
    named = [dict(_NAMED.findall(script)) for script in scripts]
    return {each["revision"]: each.get("down_revision") for each in named}


def _current(connection: Connection) -> str | None:
    if connection.scalar(_IS_THERE[connection.dialect.name], {"table": _TABLE}) is None:
        return None
    found: str | None = connection.scalar(text(f"SELECT version_num FROM {_TABLE}"))  # noqa: S608
    return found
