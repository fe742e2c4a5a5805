"""Real gateways and desktops on centres of the test's own, on both dialects."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from crm_desktop.desktop.screens.sign_in.screen import SignInScreen
from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.desktop_root import Run
from crm_desktop.store.database import Database, Target
from crm_desktop.workstation.paths import Paths
from crm_desktop.workstation.settings import load
from tests.centre import Centre, build_template
from tests.e2e.bad_days.desk import OpenProgram, windows
from tests.e2e.bad_days.program import GatewayProgram, StartGateway, address_of, password_of
from tests.gui.conftest import look, no_qt_warnings
from tests.gui.shell.conftest import open_desktop
from tests.integration.conftest import centre, postgres_centre, sqlite_centre
from tests.servers.postgres import PostgresCluster

_NUMBERS = count(1)

__all__ = [
    "centre",
    "look",
    "no_qt_warnings",
    "open_desktop",
    "open_program",
    "own_centre",
    "postgres_centre",
    "sqlite_centre",
    "start_gateway",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here runs whole processes."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture
def start_gateway(tmp_path: Path) -> Iterator[StartGateway]:
    """Start gateways as an administrator does; killed when the test ends."""
    running: list[GatewayProgram] = []
    homes: Callable[[], Path] = (tmp_path / f"gateway-{number}" for number in count(1)).__next__

    def start(centre: Centre | None = None, *, url: str = "", **options: Any) -> GatewayProgram:
        if centre is not None:
            url = url or address_of(centre.target)
            options.setdefault("password", password_of(centre.target))
        running.append(GatewayProgram(homes(), url, **options))
        return running[-1]

    yield start
    for process in running:
        process.kill()


@pytest.fixture
def own_centre(shared_directory: Path) -> Iterator[Centre]:
    """A centre on a PostgreSQL server that the test may stop, and that keeps what it says."""
    folder = shared_directory / f"durable-{os.getpid()}-{next(_NUMBERS)}"
    cluster = PostgresCluster.create(folder, fsync=True)
    target = Target(cluster.create_database("centre"))
    owner = Database(target)
    build_template(owner)
    owner.close()
    made = Centre(target, cluster=cluster, database="centre")
    yield made
    made.close()
    cluster.destroy()


@pytest.fixture
def open_program(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenProgram]:
    """Open the whole program, in this process, from its sign-in screen on; one at a time."""
    running: list[Run] = []
    folder = tmp_path / "desktop"
    paths = Paths(folder / "config", folder / "data", folder / "cache", folder / "log")

    def end() -> None:
        while running:
            run = running[-1]
            run.end()
            for window in QApplication.topLevelWidgets():
                if isinstance(window, SignInScreen | MainWindow):
                    window.close()
                    window.deleteLater()
            # Windows must be gone before the look that they are drawn with.
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
            running.pop()

    def start(url: str, before: Callable[[], None] = lambda: None) -> SignInScreen:
        end()
        before()
        for name, value in (("DATABASE_URL", url), ("HTTP_PORT", "0"), ("SMTP_PORT", "0")):
            monkeypatch.setenv(f"CRM_DESKTOP_{name}", value)
        running.append(Run(qapp, load(paths), paths, None))
        running[0].begin(None)
        return windows(SignInScreen)[0]

    yield start
    end()
