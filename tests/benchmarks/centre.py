"""The centres that are measured: the demo centre with so many contacts, made once and kept.

A kept database lies below `build/bench` (or CRM_BENCH_DATA). What it was made from is written
beside it: when the demo or one of those migrations has changed since, it is made anew; new
migrations are applied.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from crm_desktop.demo import load
from crm_desktop.demo.centre import Outside
from crm_desktop.domain.states import StaffRole
from crm_desktop.services import Database, Target, administration
from crm_desktop.services.session import sign_in
from crm_desktop.store import people
from crm_desktop.store.database import Dialect
from crm_desktop.store.queries import catalogue
from tests.servers.ports import free_port
from tests.servers.postgres import SUPERUSER, PostgresCluster, write_certificate

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS, RESOURCES = ROOT / "migrations", ROOT / "resources"
KEPT = Path(os.environ.get("CRM_BENCH_DATA", ROOT / "build" / "bench"))
PASSWORD = "a-password-for-benchmarks"
#: Of every size so many are open; six in seven of them wait, the rest is parked.
OPEN = 5_880
#: Advisors in every queue who take contacts at the same time.
ADVISORS = tuple(f"advisor{number:02}" for number in range(50))
_SOURCES = ("migrations", "crm_desktop/demo", "resources/demo")
_DATABASE = "centre"
#: What a centre's server of this size is set to (docs/CONNECTING.md), durable as it must be.
_SERVER = {
    "shared_buffers": "2GB",
    "effective_cache_size": "8GB",
    "random_page_cost": "1.1",
    "max_wal_size": "4GB",
    "wal_level": "replica",
    "max_wal_senders": "10",
    # Two for each of two hundred desktops, and everybody else's.
    "max_connections": "500",
}


@dataclass(frozen=True, slots=True)
class BenchCentre:
    """One database at size; `cluster` is PostgreSQL's server, running."""

    dialect: Dialect
    contacts: int
    url: str
    cluster: PostgresCluster | None = None

    def target(self, login: str) -> Target:
        """The database as one person, on PostgreSQL with their own login."""
        if self.cluster is None:
            return Target(self.url, login)
        return Target(self.cluster.url(_DATABASE, login, PASSWORD), login, PASSWORD)

    def owner(self) -> Target:
        """The database as its owner, whom no policy holds back."""
        if self.cluster is None:
            return Target(self.url)
        return Target(self.cluster.superuser_url(_DATABASE))

    def signed_in(self, login: str = ADVISORS[0]) -> Database:
        """A connection signed in as an advisor of every queue."""
        return sign_in(self.target(login), login, MIGRATIONS)


@contextmanager
def opened(dialect: Dialect, contacts: int) -> Iterator[BenchCentre]:
    """The centre of that size, made if need be; PostgreSQL runs until the end."""
    folder = KEPT / f"{dialect}-{contacts}"
    made_from = folder / "made-from.json"
    sources = _sources()
    kept = json.loads(made_from.read_text()) if made_from.exists() else {}
    if not kept or not kept.items() <= sources.items():
        _remove(folder)
        _say(f"Making a centre of {contacts:,} contacts on {dialect} (once) …")
        started = time.monotonic()
        with _running(dialect, contacts, folder) as centre:
            _fill(centre)
        made_from.write_text(json.dumps(sources))
        _say(f"  done in {time.monotonic() - started:.0f} s")
    with _running(dialect, contacts, folder) as centre:
        if kept and kept != sources:
            _upgrade(centre)
            made_from.write_text(json.dumps(sources))
        yield centre


@contextmanager
def _running(dialect: Dialect, contacts: int, folder: Path) -> Iterator[BenchCentre]:
    if dialect == "sqlite":
        folder.mkdir(parents=True, exist_ok=True)
        yield BenchCentre(dialect, contacts, f"sqlite:///{folder / 'centre.sqlite3'}")
        return
    cluster = _cluster(folder)
    try:
        yield BenchCentre(dialect, contacts, cluster.url(_DATABASE, SUPERUSER, ""), cluster)
    finally:
        cluster.stop()


def _cluster(folder: Path) -> PostgresCluster:
    note = folder / "cluster.json"
    if not note.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        cluster = PostgresCluster.create(folder, fsync=True, settings=_SERVER)
        cluster.create_database(_DATABASE)
        note.write_text(json.dumps(asdict(cluster)))
        return cluster
    kept = json.loads(note.read_text()) | {"port": free_port()}
    cluster = PostgresCluster(**kept)
    if cluster.pid() is not None:
        raise RuntimeError(f"another benchmark is using {folder}")
    with (folder / "data" / "postgresql.conf").open("a") as conf:
        conf.writelines(f"{name} = '{value}'\n" for name, value in _SERVER.items())
        conf.write(f"port = {cluster.port}\n")
    write_certificate(folder / "server.crt", folder / "server.key")
    cluster.start()
    return cluster


def _fill(centre: BenchCentre) -> None:
    db = Database(centre.owner())
    try:
        administration.upgrade(db, MIGRATIONS)
        outside = Outside(1, "http://127.0.0.1:1", "bench.example")
        load.load(
            db,
            RESOURCES,
            outside,
            contacts=centre.contacts,
            still_open=OPEN,
            progress=_progress,
        )
        with db.write() as tx:
            everywhere = [each.id for each in catalogue.queues(tx)]
            for login in ADVISORS:
                name = f"Advisor {login[-2:]}"
                people.add(tx, login, name, StaffRole.ADVISOR, everywhere)
        if centre.cluster is not None:
            load.add_logins(db, PASSWORD)
    finally:
        db.close()


def _remove(folder: Path) -> None:
    """Remove what an earlier run left, its server too."""
    note = folder / "cluster.json"
    if note.exists():
        PostgresCluster(**json.loads(note.read_text())).stop("immediate")
    shutil.rmtree(folder, ignore_errors=True)


def _upgrade(centre: BenchCentre) -> None:
    db = Database(centre.owner())
    try:
        administration.upgrade(db, MIGRATIONS)
    finally:
        db.close()


def _sources() -> dict[str, str]:
    """Hashes of the files that a kept database is made from, by their paths."""
    return {
        str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest()
        for place in _SOURCES
        for path in sorted((ROOT / place).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _progress(done: int, count: int) -> None:
    if done % 100_000 == 0 or done == count:
        _say(f"  {done:,} of {count:,}")


def _say(words: str) -> None:
    sys.stderr.write(words + "\n")
    sys.stderr.flush()
