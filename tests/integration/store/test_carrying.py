"""What a centre holds is carried from every released revision, whatever happens on the way."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest
from sqlalchemy import Connection

from crm_desktop.domain.states import Resolution
from crm_desktop.domain.views import Disposition, QueueFilter
from crm_desktop.services import contacts, queue, search
from crm_desktop.services.session import sign_in
from crm_desktop.store import migrate, revision, soundness
from crm_desktop.store.database import Database, Target
from tests.centre import MIGRATIONS, PASSWORD, Centre
from tests.integration.conftest import _postgres_centre
from tests.integration.store import old_rows
from tests.integration.store.old_rows import Rows
from tests.servers.postgres import PostgresCluster

_T = TypeVar("_T")
#: What a program that somebody got left behind; what came between them came in one release.
RELEASED = ("0001", "0002", "0003", "0004", "0008", "0015", "0021", "0032")
_POINTS = 2
HEAD, _ = revision.history(MIGRATIONS)


class Old:
    """A database as a released program left it, and what it held."""

    def __init__(self, centre: Centre, at: str) -> None:
        self.centre, self.at = centre, at
        owner = Database(centre.target)
        migrate.upgrade(owner, MIGRATIONS, to=at)
        with owner.engine.execution_options(crm_write=True).begin() as connection:
            self.known = old_rows.fill(connection)
            self.columns = old_rows.columns_of(connection)
        owner.close()
        self.rows = self.read()

    def read(self, target: Target | None = None) -> Rows:
        """What it holds now of what it held then."""
        return self.ask(lambda connection: old_rows.read(connection, self.columns), target)

    def revision(self, target: Target | None = None) -> str:
        """Where it stands."""
        return self.ask(soundness.revision, target)

    def ask(self, question: Callable[[Connection], _T], target: Target | None = None) -> _T:
        """An answer of the database or of a copy."""
        db = Database(target or self.centre.target)
        try:
            with db.engine.connect() as connection:
                return question(connection)
        finally:
            db.close()


@contextmanager
def _empty(dialect: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Centre]:
    if dialect == "sqlite":
        path = folder / "old.db"
        yield Centre(Target(f"sqlite:///{path}"), path=path)
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
    # The logins are the server's, not a database's.
    for _ in _postgres_centre(cluster):
        pass
    with cluster.database() as name:
        yield Centre(Target(cluster.superuser_url(name)), cluster=cluster, database=name)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
@pytest.mark.parametrize("at", RELEASED)
def test_every_row_is_carried_and_people_go_on_working(
    dialect: str, at: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with _empty(dialect, tmp_path, request) as centre:
        old = Old(centre, at)
        steps: list[str] = []
        owner = centre.as_owner()

        migrate.upgrade(owner, MIGRATIONS, reached=steps.append)

        assert old.revision() == steps[-1] == HEAD
        assert old.read() == old.rows
        assert migrate.differences(owner, MIGRATIONS) == []
        assert old.ask(soundness.faults) == ()
        _go_on(old)
        centre.close()


#: Nobody's line showed a visitor who had been given to somebody.
_OFFERED = (
    "UPDATE contact SET state = 'offered', channel = 'visit', owner_id = 1 WHERE id = 1",
    "UPDATE visit SET left_at = NULL WHERE contact_id = 1",
    "UPDATE assignment SET state = 'offered', ended_at = NULL WHERE contact_id = 1",
)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_visitor_who_was_offered_is_in_the_line_again(
    dialect: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with _empty(dialect, tmp_path, request) as centre:
        old, owner = Old(centre, "0032"), centre.as_owner()
        with owner.engine.execution_options(crm_write=True).begin() as connection:
            for each in _OFFERED:
                connection.exec_driver_sql(each)

        migrate.upgrade(owner, MIGRATIONS)

        kept = old.read()
        (visitor,) = (row for row in _dicts(old, "contact", kept) if row["id"] == 1)
        assert (visitor["state"], visitor["owner_id"]) == ("queued", None)
        given = [row for row in _dicts(old, "assignment", kept) if row["contact_id"] == 1]
        assert {row["state"] for row in given} == {"rescinded"}
        assert all(row["ended_at"] for row in given)
        centre.close()


def _dicts(old: Old, table: str, rows: Rows) -> list[dict[str, object]]:
    return [dict(zip(old.columns[table], row, strict=True)) for row in rows[table]]


def _go_on(old: Old) -> None:
    """Anna finds the contact of old by its words, takes it and completes it."""
    target = old.centre.target_for("anna")
    anna = sign_in(Target(target.url, "anna", PASSWORD), "anna", MIGRATIONS)
    try:
        hits = search.find(anna, "wheelieb").hits
        waiting = queue.page(anna, QueueFilter()).waiting
        moved = contacts.take(anna, old.known)
        contacts.begin_wrap_up(anna, old.known)
        contacts.complete(anna, old.known, Disposition(None, Resolution.RESOLVED, avoidable=False))
    finally:
        anna.close()
    assert old.known in {each.contact_id or each.id for each in hits}
    assert old.known in {row.id for row in waiting}
    assert moved.row is not None
    assert old.ask(soundness.faults) == ()


#: Upgrades, and is gone before the n-th statement, of which the last is the commit; with a folder,
#: what a power cut would leave of the file is kept in it first. Or says how many there are.
_INTERRUPTED = """
import os, shutil, signal, sys
from pathlib import Path
from sqlalchemy import Engine, event
from crm_desktop.services import Database, Target, administration
url, migrations, at, how, folder = sys.argv[1:]
count = 0

def gone(connection):
    for each in Path(folder).parent.glob("old.db*"):
        if folder != "-" and not each.name.endswith("-shm"):
            shutil.copyfile(each, Path(folder) / each.name)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    import psycopg
    mine = connection.connection.driver_connection.info.backend_pid
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [mine])

def executed(connection, *rest):
    global count
    count += 1
    if how == "count" and not rest:
        print(count, flush=True)
        os._exit(0)
    if count == int(at):
        gone(connection)

event.listen(Engine, "before_cursor_execute", executed)
event.listen(Engine, "commit", executed)
administration.upgrade(Database(Target(url)), Path(migrations))
"""


def _interrupted(
    old: Old, at: int, how: str, folder: str = "-"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            _INTERRUPTED,
            old.centre.target.url,
            MIGRATIONS,
            str(at),
            how,
            folder,
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=MIGRATIONS.parent,
    )


@pytest.mark.parametrize(
    ("dialect", "how"), [("sqlite", "kill"), ("postgresql", "kill"), ("postgresql", "cut")]
)
def test_upgrading_may_be_interrupted_anywhere(
    dialect: str, how: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with _empty(dialect, tmp_path, request) as centre:
        old = Old(centre, "0001")
        rng = Random(f"{dialect}{how}")
        total = int(_interrupted(old, 0, "count").stdout)
        for at in (*sorted(rng.sample(range(2, total), _POINTS)), total):
            image = tmp_path / f"image-{at}"
            image.mkdir()
            ended = _interrupted(old, at, how, str(image) if centre.path else "-")

            assert ended.returncode != 0, ended.stdout
            assert old.revision() == "0001"
            assert old.read() == old.rows
            if centre.path is not None:
                assert ended.returncode == -signal.SIGKILL
                _whole_after_a_power_cut(old, image / "old.db")
        done = _interrupted(old, 0, how)
        assert done.returncode == 0, done.stderr
        assert (old.revision(), old.read()) == (HEAD, old.rows)
        assert old.ask(soundness.faults) == ()
        centre.close()


def _whole_after_a_power_cut(old: Old, file: Path) -> None:
    target = Target(f"sqlite:///{file}")
    assert (old.revision(target), old.read(target)) == ("0001", old.rows)
    copy = Database(target)
    migrate.upgrade(copy, MIGRATIONS)
    copy.close()
    assert (old.revision(target), old.read(target)) == (HEAD, old.rows)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_second_upgrader_waits_and_finds_it_done(
    dialect: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with _empty(dialect, tmp_path, request) as centre:
        old = Old(centre, "0001")
        command = [
            *(sys.executable, "-m", "crm_desktop", "admin", "db", "upgrade", "--database"),
            centre.target.url,
        ]

        both = [
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=MIGRATIONS.parent
            )
            for _ in range(2)
        ]
        said = [each.communicate(timeout=240)[0].decode() for each in both]

        assert [each.returncode for each in both] == [0, 0], said
        assert all("ready" in each for each in said)
        assert (old.revision(), old.read()) == (HEAD, old.rows)
        centre.close()
