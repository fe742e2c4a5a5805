"""One desktop in its own process, worked by keys and watched by its own paint events.

`python -m tests.benchmarks.desk ORDERS` opens the real window; ORDERS is JSON: url, login,
password, and `task`, the name of one of `TASKS`, with its arguments. The answer is JSON on standard
output. The window is the program's own; only settings, drafts and keyring are nobody's.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QElapsedTimer, QEventLoop, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop_root import CONNECTIONS, Desktop, build_window
from crm_desktop.services import Target
from crm_desktop.services.session import sign_in
from crm_desktop.workstation.paths import bundled
from tests.benchmarks.eye import Eye

WIDTH, HEIGHT = 1440, 900
Task = Callable[["Desk", Mapping[str, Any]], Any]


class Desk:
    """The desktop of one advisor, its queue read and drawn."""

    def __init__(self, target: Target, login: str) -> None:
        self.look = Look(bundled("resources"))
        self.look.apply()
        db = sign_in(target, login, bundled("migrations"), connections=CONNECTIONS)
        self.desktop: Desktop = build_window(db, look=self.look)
        self.window = self.desktop.window
        self.window.resize(WIDTH, HEIGHT)
        self.eye = Eye()
        self.desktop.start()
        self.window.activateWindow()
        if not QTest.qWaitForWindowActive(self.window, 10_000):
            raise RuntimeError("the window did not become active")
        self.list = self.window.queue.list
        self.until(lambda: self.list.queue_model.rowCount() > 0)
        self.rest()

    @property
    def waiting(self) -> list[int]:
        """The ids of the waiting rows that are listed, in order."""
        model = self.list.queue_model
        rows = (model.row_at(model.index(at)) for at in range(model.rowCount()))
        return [row.id for row in rows if row is not None and row.owner_id is None]

    def until(self, holds: Callable[[], bool], seconds: float = 20) -> None:
        """Let the window live until something holds."""
        waited = QElapsedTimer()
        waited.start()
        while not holds():
            if waited.hasExpired(int(seconds * 1000)):
                raise RuntimeError("what was waited for did not happen")
            self.pause(2)

    def pause(self, milliseconds: int) -> None:
        """Let the window live for a while, as between a person's keys."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def rest(self) -> None:
        """Until nothing is under way: a measurement must not pay for the one before."""
        self.until(self.desktop.desk.runner.is_idle)
        self.pause(60)
        self.until(self.desktop.desk.runner.is_idle)

    def stop(self) -> None:
        """Close the window and let go of the database."""
        self.desktop.stop()


def memory() -> float:
    """This process's proportional share of memory (PSS), in MB of 1,000,000 bytes."""
    return memory_of(os.getpid())


def memory_of(pid: int) -> float:
    """The same of any process."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


def main() -> int:
    """Open the desktop, do the task, print what came of it."""
    from tests.benchmarks.tasks import TASKS

    orders = json.loads(sys.argv[1])
    app = QApplication(["crm-desktop"])
    app.setQuitOnLastWindowClosed(False)
    desk = Desk(Target(orders["url"], orders["login"], orders["password"]), orders["login"])
    try:
        answer = TASKS[orders["task"]](desk, orders)
    finally:
        desk.stop()
    QCoreApplication.processEvents()
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
