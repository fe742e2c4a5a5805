"""Bringing a one-person database to this program's version, with a copy to go back to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from crm_desktop.domain.errors import CrmError, DatabaseOlder, NotAllowed
from crm_desktop.store import backup
from crm_desktop.store.database import Database, Target


def may_upgrade(target: Target, trouble: CrmError) -> bool:
    """Whether whoever met this trouble may end it here: on their own file, never on a server.

    A file that holds no centre at all is somebody else's, and is left alone.
    """
    if target.dialect != "sqlite" or not isinstance(trouble, DatabaseOlder):
        return False
    return trouble.params.get("found") != "nothing"


def upgrade_file(target: Target, migrations: Path) -> Path:
    """Copy the database beside itself, then upgrade it; the copy's path.

    Putting the copy in its place undoes the upgrade. When upgrading fails the database is as it
    was, and the copy stays. Raises NotAllowed on PostgreSQL, DatabaseTrouble.
    """
    from crm_desktop.store import migrate

    if target.dialect != "sqlite":
        raise NotAllowed("upgrade")
    copy = backup.copy_beside(target, datetime.now(UTC))
    db = Database(target, create=False)
    try:
        migrate.upgrade(db, migrations)
    finally:
        db.close()
    return copy
