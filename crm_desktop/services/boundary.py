"""Preparing a PostgreSQL as the boundary between people, and finding what has drifted since."""

from __future__ import annotations

from pathlib import Path

from crm_desktop.store import boundary, migrate
from crm_desktop.store.boundary import Drift
from crm_desktop.store.database import Database

__all__ = ["Drift", "check", "init"]


def check(db: Database, migrations: Path) -> tuple[Drift, ...]:
    """What is not as this program makes it; the database must have this program's revision.

    Its owner asks, who may make a database for the moment of comparing.
    """
    return boundary.drift(db, migrations)


def init(db: Database, migrations: Path) -> tuple[tuple[Drift, ...], tuple[Drift, ...]]:
    """Create or upgrade, and mend: what was not as it should be, and what a person must see to."""
    fresh = migrate.is_empty(db)
    migrate.upgrade(db, migrations)
    if fresh:
        boundary.prepare(db)
    return boundary.mend(db, migrations)
