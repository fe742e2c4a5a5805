"""Whether a database has the revision that this program was written for.

Said without Alembic, which takes longer to import than signing in takes altogether.
"""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from crm_desktop.domain.errors import DatabaseNewer, DatabaseOlder
from crm_desktop.store.database import Database
from crm_desktop.store.errors import translating

_TABLE = "alembic_version"
_NAMED = re.compile(r'^(revision|down_revision)\b[^=\n]*= *"([^"]+)"', re.MULTILINE)


def check(db: Database, migrations: Path) -> None:
    """Raise DatabaseOlder or DatabaseNewer unless the revision is this program's."""
    with translating(), db.engine.connect() as connection:
        check_revision(connection, migrations)


def check_revision(connection: Connection, migrations: Path) -> None:
    """As `check`, on a connection that is open already."""
    current = _current(connection)
    head, known = history(migrations)
    if current == head:
        return
    if current is None or current in known:
        raise DatabaseOlder(found=current or "nothing", wanted=head)
    raise DatabaseNewer(found=current, wanted=head)


def history(migrations: Path) -> tuple[str, frozenset[str]]:
    """The newest revision of the one line of migrations, and all of them."""
    scripts = [each.read_text("utf-8") for each in (migrations / "versions").glob("*.py")]
    named = [each for script in scripts for each in _NAMED.findall(script)]
    known = {revision for name, revision in named if name == "revision"}
    followed = {revision for name, revision in named if name == "down_revision"}
    (head,) = known - followed
    return head, frozenset(known)


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_TABLE):
        return None
    found: str | None = connection.scalar(text(f"SELECT version_num FROM {_TABLE}"))  # noqa: S608
    return found
