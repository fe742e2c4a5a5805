"""Opening the database as the gateway, which is no person."""

from __future__ import annotations

from pathlib import Path

from crm_desktop.store import revision
from crm_desktop.store.database import Database, Target


def still_fits(db: Database) -> None:
    """Raise DatabaseNewer when the database was upgraded since it was opened."""
    revision.still_fits(db)


def open_database(target: Target, migrations: Path, *, connections: int) -> Database:
    """The database, its revision checked; an absent file is away and never created.

    Raises DatabaseAway and its kin, SignInRefused, InsecureConnection, DatabaseOlder,
    DatabaseNewer.
    """
    db = Database(target, connections=connections, create=False)
    try:
        revision.check(db, migrations)
    except BaseException:
        db.close()
        raise
    return db
