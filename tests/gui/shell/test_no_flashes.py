"""Opening contacts shows no window for a blink: a widget without a parent would be one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.centre import Centre
from tests.gui.shell.conftest import Open, busiest, rows_shown, settled


class Watcher(QObject):
    """Remembers every window that is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Only looks."""
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.shown.append(repr(watched))
        return False


def test_opening_contacts_and_pages_shows_no_other_window(
    demo: Centre, open_desktop: Open, qtbot: QtBot, qapp: QApplication
) -> None:
    desktop = open_desktop(demo, busiest(demo), live=False)
    watcher = Watcher()
    qapp.installEventFilter(watcher)

    for row in rows_shown(desktop.window)[:12]:
        desktop.window.open_contact(row.id)
        settled(qtbot, desktop)
    for place in ("customers", "cases", "knowledge", "settings", "queue"):
        desktop.window.go(place)
        settled(qtbot, desktop)

    qapp.removeEventFilter(watcher)
    assert watcher.shown == []
