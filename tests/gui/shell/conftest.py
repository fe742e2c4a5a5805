"""A main window over a real SQLite database, small or as busy as the demo."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from sqlalchemy import event, select

from crm_desktop.demo import load, outside
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.shell.desk import AlarmWays
from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.desktop_root import Desktop, build_window
from crm_desktop.domain.views import QueueRow
from crm_desktop.services import Database, Target, administration, leases, sweeper
from crm_desktop.store import people
from crm_desktop.store.models import Staff
from tests.centre import MIGRATIONS, Centre, build_sqlite_template
from tests.gui.conftest import RESOURCES
from tests.servers.postgres import exclusive

Open = Callable[..., Desktop]


@pytest.fixture
def centre(tmp_path: Path, shared_directory: Path) -> Iterator[Centre]:
    """The small centre of the integration tests, on SQLite."""
    path = _copy(shared_directory, tmp_path, "centre", build_sqlite_template)
    made = Centre(Target(f"sqlite:///{path}"), path=path)
    yield made
    made.close()


@pytest.fixture
def demo(tmp_path: Path, shared_directory: Path) -> Iterator[Centre]:
    """The demo centre: a busy day."""
    path = _copy(shared_directory, tmp_path, "gui-demo", _build_demo)
    made = Centre(Target(f"sqlite:///{path}"), path=path)
    yield made
    made.close()


@pytest.fixture
def open_desktop(look: Look, qtbot: QtBot) -> Iterator[Open]:
    """Open a person's desktop on a centre, closed after the test; SQL never on the GUI thread."""
    opened: list[Desktop] = []
    wrong: list[str] = []
    gui = threading.get_ident()

    def watch(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if threading.get_ident() == gui:
            wrong.append(statement)

    def build(
        centre: Centre,
        login: str,
        *,
        live: bool = True,
        lock_seconds: float = 0,
        alarms: AlarmWays | None = None,
    ) -> Desktop:
        db = centre.as_person(login, connections=2)
        event.listen(db.engine, "before_cursor_execute", watch)
        desktop = build_window(db, look=look, lock_seconds=lock_seconds, alarms=alarms)
        opened.append(desktop)
        desktop.start(live=live)
        qtbot.waitExposed(desktop.window)
        qtbot.waitUntil(lambda: desktop.settled and desktop.desk.runner.is_idle())
        return desktop

    yield build
    for desktop in opened:
        desktop.stop()
        desktop.desk.runner.deleteLater()
        desktop.window.deleteLater()
    assert not wrong, f"SQL on the GUI thread: {wrong}"


def busiest(centre: Centre) -> str:
    """The login of an advisor who has work in hand."""
    with centre.as_owner().read() as tx:
        return (
            tx.session.scalars(
                select(Staff.login).where(Staff.role == "advisor").order_by(Staff.id)
            ).first()
            or ""
        )


def rows_shown(window: MainWindow) -> list[QueueRow]:
    """The contacts in the queue's list, in order."""
    model = window.queue.list.queue_model
    found = [model.row_at(model.index(at)) for at in range(model.rowCount())]
    return [row for row in found if row is not None]


def waiting(window: MainWindow) -> list[int]:
    """The ids of what waits, in order."""
    return [row.id for row in rows_shown(window) if row.owner_id is None]


def settled(qtbot: QtBot, *desktops: Desktop) -> None:
    """Wait until everything asked for was answered, and what followed from that too."""
    for _ in range(3):
        for desktop in desktops:
            qtbot.waitUntil(desktop.desk.runner.is_idle)
        qtbot.wait(10)


def _copy(shared: Path, own: Path, name: str, build: Callable[[Path], None]) -> Path:
    template = shared / f"{name}.db"
    with exclusive(shared / f"{name}.lock"):
        if not template.exists():
            build(template)
    path = own / f"{name}.db"
    shutil.copyfile(template, path)
    return path


def _build_demo(path: Path) -> None:
    draft = path.with_suffix(".draft")
    db = Database(Target(f"sqlite:///{draft}"))
    administration.upgrade(db, MIGRATIONS)
    load.load(db, RESOURCES, outside.where())
    with db.read() as tx:
        assert people.active_staff(tx)
    lease = leases.acquire(db, sweeper.LEASE_NAME, "the tests", 60)
    assert lease is not None
    sweeper.refresh_stats(db, lease)
    leases.release(db, [lease])
    with db.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    db.close()
    draft.rename(path)
