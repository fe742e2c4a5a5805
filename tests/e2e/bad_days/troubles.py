"""What can be wrong with a database that is there: full, locked, not to be written.

PostgreSQL's own disk cannot be filled in a test: a trigger raises the SQLSTATE that its server
raises then. For SQLite no file of the process may grow beyond a page, which it meets in `write`, in
the middle of a transaction, as it meets a full disk or a quota.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event, text

from crm_desktop.store.database import Database
from tests.centre import Centre
from tests.e2e.bad_days.program import GatewayProgram
from tests.servers import processes

_PAGE = 4096
_FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON message FOR EACH ROW EXECUTE FUNCTION full_disk();
"""
HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def full_for_gateway(centre: Centre, gateway: GatewayProgram) -> Iterator[None]:
    """The disk under the database is full meanwhile."""
    if centre.path is None:
        with _full_postgres(centre):
            yield
        return
    gateway.limit_files(_PAGE)
    yield
    gateway.give_room()


@contextmanager
def full(centre: Centre, _db: Database) -> Iterator[None]:
    """The disk under the database of this process's desktop is full meanwhile."""
    if centre.path is None:
        with _full_postgres(centre):
            yield
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_PAGE, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def read_only(centre: Centre, db: Database) -> Iterator[None]:
    """What this process's desktop may only read meanwhile."""
    if centre.path is not None:
        with _on_every_connection(db, "PRAGMA query_only = 1", "PRAGMA query_only = 0"):
            yield
        return
    off = "SET default_transaction_read_only = off"
    with _on_every_connection(db, "SET default_transaction_read_only = on", off):
        yield


@contextmanager
def locked(centre: Centre, _db: Database | None = None) -> Iterator[None]:
    """Another program has locked the database meanwhile."""
    if centre.path is None:
        with centre.as_owner().write() as tx:
            tx.session.execute(text("LOCK TABLE message, contact, draft IN EXCLUSIVE MODE"))
            yield
        return
    holder = processes.start(
        [sys.executable, "-c", HOLD, str(centre.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert processes.read_line(holder, "the lock") == "held"
    yield
    processes.stop(holder)


@contextmanager
def _full_postgres(centre: Centre) -> Iterator[None]:
    with centre.as_owner().write() as tx:
        tx.session.execute(text(_FULL))
    yield
    with centre.as_owner().write() as tx:
        tx.session.execute(text("DROP FUNCTION full_disk CASCADE"))


@contextmanager
def _on_every_connection(db: Database, before: str, after: str) -> Iterator[None]:
    said = before

    def say(connection: object, _record: object, _proxy: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # either driver's
        cursor.execute(said)
        cursor.close()
        connection.commit()  # type: ignore[attr-defined]

    event.listen(db.engine, "checkout", say)
    yield
    said = after
