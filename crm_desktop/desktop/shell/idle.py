"""Notices that nobody has touched keyboard or mouse for a while."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QWindow

_INPUT = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseMove,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TabletPress,
    }
)
_LOOK_MS = 5_000
_LOCK = QKeyCombination(Qt.KeyboardModifier.ControlModifier, Qt.Key.Key_L)


class IdleWatch(QObject):
    """`idle` comes once every time that this program was not touched for so many seconds (0:
    never), `lock_asked` with Ctrl+L in any window, which a dialog would keep from the others.

    Windows are watched, not widgets: few events come to them, so that watching costs nothing.
    """

    idle = Signal()
    lock_asked = Signal()

    def __init__(self, seconds: float, parent: QObject) -> None:
        super().__init__(parent)
        self._seconds = seconds
        self._touched = time.monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(min(_LOOK_MS, int(seconds * 250)))
        self._timer.timeout.connect(self._look)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.focusWindowChanged.connect(self._watch)
            self._watch(app.focusWindow())
        if seconds > 0:
            self._timer.start()

    @Slot()
    def touched(self) -> None:
        """Somebody is there."""
        self._touched = time.monotonic()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See what comes from a person; keeps nothing from anybody."""
        if event.type() in _INPUT:
            self._touched = time.monotonic()
        if isinstance(event, QKeyEvent) and event.keyCombination() == _LOCK:
            self.lock_asked.emit()
        return False

    @Slot(QWindow)
    def _watch(self, window: QWindow | None) -> None:
        if window is not None:
            # Installing it twice moves it to the front; it never sees an event twice.
            window.installEventFilter(self)
            self._touched = time.monotonic()

    @Slot()
    def _look(self) -> None:
        if time.monotonic() - self._touched >= self._seconds:
            self._touched = time.monotonic()
            self.idle.emit()
