"""The database as its owner: on PostgreSQL a role that may create tables and logins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from crm_desktop.services import Database, Target, administration
from crm_desktop.workstation.paths import bundled
from crm_desktop.workstation.settings import Settings

_LOGIN, _PASSWORD = "CRM_DESKTOP_OWNER", "CRM_DESKTOP_OWNER_PASSWORD"


@contextmanager
def opened(
    settings: Settings, *, create: bool = True, whatever_revision: bool = False
) -> Iterator[Database]:
    """A connection with the owner's rights; on PostgreSQL login and password are asked for.

    An administrator may sign in here too, for what is theirs to do.

    A URL that names its user is taken as it is, with PGPASSWORD or ~/.pgpass for the password.
    Without `create` an absent SQLite file is away. Raises DatabaseOlder or DatabaseNewer unless the
    database is of this program, or `whatever_revision` will do.
    """
    target = Target(settings.database_url)
    if target.dialect == "postgresql" and "@" not in settings.database_url:
        login = os.environ.get(_LOGIN) or typer.prompt("Owner of the database, or an administrator")
        password = os.environ.get(_PASSWORD) or typer.prompt("Their password", hide_input=True)
        target = Target(settings.database_url, login, password)
    db = Database(target, create=create)
    try:
        if not whatever_revision:
            administration.check_revision(db, bundled("migrations"))
        yield db
    finally:
        db.close()
