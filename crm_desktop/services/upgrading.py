"""Bringing a one-person database to this program's version, with a copy to go back to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from crm_desktop.domain.errors import CrmError, DatabaseOlder, DatabaseTrouble, GivenUp, NotAllowed
from crm_desktop.store import backup, revision
from crm_desktop.store.database import Database, Target

#: Hears in words how far it is, on the thread that upgrades.
Told = Callable[[str], None]


def may_upgrade(target: Target, trouble: CrmError) -> bool:
    """Whether whoever met this trouble may end it here: on their own file, never on a server.

    A file that holds no centre at all is somebody else's, and is left alone.
    """
    if target.dialect != "sqlite" or not isinstance(trouble, DatabaseOlder):
        return False
    return trouble.params.get("found") != "nothing"


def upgrade_file(
    target: Target,
    migrations: Path,
    told: Told = lambda _words: None,
    unwanted: Callable[[], bool] = lambda: False,
) -> Path:
    """Copy the database beside itself, then upgrade it; the copy's path.

    Putting the copy in its place undoes the upgrade. When upgrading fails the database is as it
    was, and the copy stays. `unwanted` is asked all the time whether to stop: then the database is
    as it was, there is no copy, and GivenUp is raised. Raises NotAllowed on PostgreSQL,
    DatabaseTrouble.
    """
    if target.dialect != "sqlite":
        raise NotAllowed("upgrade")

    def copied(share: float) -> None:
        _go_on(unwanted)
        told(f"Copying the database: {share:.0%}")

    copy = backup.copy_beside(target, datetime.now(UTC), copied)
    try:
        _upgrade(target, migrations, told, unwanted)
    except (DatabaseTrouble, GivenUp) as trouble:
        if not unwanted():
            raise
        copy.unlink()
        raise GivenUp("the upgrade was stopped") from trouble
    return copy


def _upgrade(target: Target, migrations: Path, told: Told, unwanted: Callable[[], bool]) -> None:
    from crm_desktop.store import migrate

    with closing(Database(target, create=False)) as db:
        steps, done = revision.ahead(db, migrations), 0

        def reached(_revision: str = "") -> None:
            nonlocal done
            _go_on(unwanted)
            done += 1
            told(f"Upgrading the database: step {min(done, steps)} of {steps}")

        reached()
        migrate.upgrade(db, migrations, reached=reached, unwanted=unwanted)


def _go_on(unwanted: Callable[[], bool]) -> None:
    if unwanted():
        raise GivenUp("the upgrade was stopped")
