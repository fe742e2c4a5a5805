"""Garbage of the window's is destroyed on its own thread, whoever made the last object."""

from __future__ import annotations

import gc
import threading

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Slot
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core.garbage import Garbage
from crm_desktop.desktop.core.tasks import TaskRunner


class Ring(QObject):
    """Garbage that only a round finds: it holds itself."""

    def __init__(self, ends: list[QThread]) -> None:
        super().__init__()
        self.itself = self
        self.timer = QTimer(self)
        self.timer.start(10_000)
        self.destroyed.connect(lambda: ends.append(QThread.currentThread()))


def test_a_worker_that_makes_many_objects_destroys_no_window(qtbot: QtBot) -> None:
    garbage, ends = Garbage(), list[QThread]()
    Ring(ends)

    worker = threading.Thread(target=lambda: [[number] for number in range(200_000)])
    worker.start()
    worker.join()
    assert not ends

    before = gc.get_threshold()
    gc.set_threshold(100, 1, 1)
    garbage.start()
    try:
        qtbot.waitUntil(lambda: bool([[] for _ in range(5_000)]) and bool(ends))
    finally:
        gc.set_threshold(*before)
    assert ends == [QThread.currentThread()]


class Owner(QObject):
    """Asks for something and is dropped before the answer is there."""

    @Slot(object)
    def take(self, _answer: object) -> None:
        """Never reached."""


def test_a_worker_is_never_the_last_to_hold_who_asked(runner: TaskRunner, qtbot: QtBot) -> None:
    ends: list[QThread] = []
    shown = threading.Event()
    # The worker has sent its answer and is slow to go on.
    runner._arrived.connect(lambda _box: shown.wait(), Qt.ConnectionType.DirectConnection)
    owner = Owner()
    owner.destroyed.connect(lambda: ends.append(QThread.currentThread()))
    runner.run(lambda: None, owner=owner, done=owner.take)
    del owner
    qtbot.waitUntil(runner.is_idle)

    shown.set()
    runner.shutdown(wait=True)
    assert ends == [QThread.currentThread()]
