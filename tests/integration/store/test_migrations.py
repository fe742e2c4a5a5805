"""The history builds what the models say, on both dialects."""

from pathlib import Path

import pytest
from sqlalchemy import text

from crm_desktop.domain.errors import DatabaseNewer, DatabaseOlder
from crm_desktop.store import migrate
from crm_desktop.store.database import Database, Target
from tests.centre import MIGRATIONS, Centre


def test_the_migrated_database_is_what_the_models_say(centre: Centre) -> None:
    assert migrate.differences(centre.as_owner(), MIGRATIONS) == []


def test_upgrading_twice_changes_nothing(centre: Centre) -> None:
    migrate.upgrade(centre.as_owner(), MIGRATIONS)

    migrate.check(centre.as_person("anna"), MIGRATIONS)


def test_a_newer_database_is_refused(centre: Centre) -> None:
    owner = centre.as_owner()
    with owner.write() as tx:
        tx.session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(DatabaseNewer):
        migrate.check(owner, MIGRATIONS)


def test_an_empty_database_is_older(tmp_path: Path) -> None:
    db = Database(Target(f"sqlite:///{tmp_path}/empty.db"))

    with pytest.raises(DatabaseOlder):
        migrate.check(db, MIGRATIONS)
    db.close()
