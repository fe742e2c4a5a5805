"""The history builds what the models say, on both dialects."""

from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from crm_desktop.domain.errors import DatabaseNewer, DatabaseOlder
from crm_desktop.store import migrate, revision
from crm_desktop.store.database import Database, Target
from tests.centre import MIGRATIONS, Centre


def test_the_migrated_database_is_what_the_models_say(centre: Centre) -> None:
    assert migrate.differences(centre.as_owner(), MIGRATIONS) == []


def test_upgrading_twice_changes_nothing(centre: Centre) -> None:
    migrate.upgrade(centre.as_owner(), MIGRATIONS)

    revision.check(centre.as_person("anna"), MIGRATIONS)


def test_the_newest_revision_is_the_one_that_alembic_upgrades_to() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)

    head, known = revision.history(MIGRATIONS)

    assert [head] == scripts.get_heads()
    assert known == {each.revision for each in scripts.walk_revisions()}


def test_a_newer_database_is_refused(centre: Centre) -> None:
    owner = centre.as_owner()
    with owner.write() as tx:
        tx.session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(DatabaseNewer):
        revision.check(owner, MIGRATIONS)


def test_an_empty_database_is_older(tmp_path: Path) -> None:
    db = Database(Target(f"sqlite:///{tmp_path}/empty.db"))

    with pytest.raises(DatabaseOlder):
        revision.check(db, MIGRATIONS)
    db.close()
