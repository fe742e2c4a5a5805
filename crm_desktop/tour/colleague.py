"""The process of the second desktop: a real window, worked and written down for the first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from crm_desktop.desktop.core import accessibility
from crm_desktop.services import Target
from crm_desktop.this_computer.tree_log import TreeLog
from crm_desktop.tour import desk, queue_keys
from crm_desktop.tour.hands import Hands
from crm_desktop.tour.second import FOLDER, ORDERS, TREE, write_whole
from crm_desktop.workstation.process import announce_ready, when_parent_ends

_TURN_MS = 40


def run_second(folder: Path) -> int:
    """Open the desktop of the orders in `folder` until the parent ends."""
    app = desk.application()
    colleague = Colleague(folder / FOLDER)
    colleague.stopped.connect(app.quit, Qt.ConnectionType.QueuedConnection)
    when_parent_ends(colleague.stopped.emit)
    announce_ready({})
    code = app.exec()
    colleague.stop()
    return code


class Colleague(QObject):
    """Does what it is asked through files; see `second.SecondDesktop`."""

    stopped = Signal()

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        orders = json.loads((folder / ORDERS).read_text(encoding="utf-8"))
        target = Target(orders["url"], orders["login"], orders["password"])
        self._desk = desk.signed_in(target)
        self._hands = Hands(self._desk.window)
        self._tree = TreeLog(_windows, folder / TREE, self)
        self._done = 0
        self._verbs: dict[str, Callable[[str], None]] = {
            "filter": self._filter,
            "open": self._open,
            "picture": self._picture,
            "press": self._hands.press,
            "go": self._go,
        }
        self._timer = QTimer(self)
        self._timer.setInterval(_TURN_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def stop(self) -> None:
        """Close the desktop."""
        self._timer.stop()
        self._desk.stop()

    @Slot()
    def _look(self) -> None:
        asked = self._folder / f"asked-{self._done + 1}.json"
        if not asked.exists():
            return
        self._done += 1
        verb, words = json.loads(asked.read_text(encoding="utf-8"))
        self._verbs[verb](words)
        write_whole(self._folder / f"answered-{self._done}.json", "true")

    def _filter(self, service: str) -> None:
        queue_keys.show_service(self._hands, self._desk.window.queue, service)

    def _open(self, words: str) -> None:
        """Click on the row that is spoken with these words."""
        rows = self._desk.window.queue.list
        model = rows.model()
        for at in range(model.rowCount()):
            index = model.index(at, 0)
            if words in str(index.data(Qt.ItemDataRole.AccessibleTextRole)):
                spot: QPoint = rows.visualRect(index).center()
                QTest.mouseClick(
                    rows.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, spot
                )

    def _go(self, name: str) -> None:
        self._hands.tab_to(name)

    def _picture(self, path: str) -> None:
        """The window, and what stands over it."""
        window = self._hands.window
        picture = window.grab()
        painter = QPainter(picture)
        for each in _over(window):
            painter.drawPixmap(each.pos() - window.pos(), each.grab())
        painter.end()
        picture.save(path)


def _over(window: QWidget) -> list[QWidget]:
    """Dialogs and alarms."""
    found = [each for each in QApplication.topLevelWidgets() if each.isVisible()]
    return [each for each in found if each is not window]


def _windows() -> Mapping[str, object]:
    """Every window of this desktop, as a screen reader finds them."""
    shown = [each for each in QApplication.topLevelWidgets() if each.isVisible()]
    return {"children": [accessibility.tree(each) for each in shown]}
