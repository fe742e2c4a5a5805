"""A small centre on both dialects: the same suite runs on each, on PostgreSQL as an advisor."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_desktop.store.database import Database, Target
from tests.centre import Centre, build_sqlite_template, build_template
from tests.servers.postgres import PostgresCluster, exclusive


@pytest.fixture(params=["sqlite", "postgresql"])
def centre(
    request: pytest.FixtureRequest, tmp_path: Path, shared_directory: Path
) -> Iterator[Centre]:
    """A migrated, seeded centre of this test's own; `as_person` and `as_gateway` sign in."""
    if request.param == "sqlite":
        yield from _sqlite_centre(tmp_path, shared_directory)
    else:
        yield from _postgres_centre(request.getfixturevalue("postgres_cluster"))


@pytest.fixture
def sqlite_centre(tmp_path: Path, shared_directory: Path) -> Iterator[Centre]:
    """A centre on SQLite, for what only that dialect has."""
    yield from _sqlite_centre(tmp_path, shared_directory)


@pytest.fixture
def postgres_centre(postgres_cluster: PostgresCluster) -> Iterator[Centre]:
    """A centre on PostgreSQL, for what only that dialect has."""
    yield from _postgres_centre(postgres_cluster)


def _sqlite_centre(tmp_path: Path, shared: Path) -> Iterator[Centre]:
    template = shared / "centre.db"
    with exclusive(shared / "centre.lock"):
        if not template.exists():
            build_sqlite_template(template)
    path = tmp_path / "centre.db"
    shutil.copyfile(template, path)
    centre = Centre(Target(f"sqlite:///{path}"), path=path)
    yield centre
    centre.close()


def _postgres_centre(cluster: PostgresCluster) -> Iterator[Centre]:
    def build(url: str) -> None:
        db = Database(Target(url))
        build_template(db)
        db.close()

    template = cluster.template("centre", build)
    with cluster.database(template) as name:
        centre = Centre(Target(cluster.superuser_url(name)), cluster=cluster, database=name)
        yield centre
        centre.close()
