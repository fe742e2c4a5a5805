"""Notices that nobody has touched keyboard or mouse for a while, and that somebody does again."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QWindow

from crm_desktop.domain.presence import IDLE_SECONDS

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
    `still` says True after `still_seconds` without a touch and False with the first one after it.

    Windows are watched, not widgets: few events come to them, so that watching costs nothing.
    """

    idle = Signal()
    lock_asked = Signal()
    still = Signal(bool)

    def __init__(
        self, seconds: float, parent: QObject, *, still_seconds: float = IDLE_SECONDS
    ) -> None:
        super().__init__(parent)
        self._seconds, self._still_seconds = seconds, still_seconds
        self._is_still = False
        self._touched = time.monotonic()
        self._timer = QTimer(self)
        shortest = min(seconds, still_seconds) if seconds > 0 else still_seconds
        self._timer.setInterval(min(_LOOK_MS, int(shortest * 250)))
        self._timer.timeout.connect(self._look)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.focusWindowChanged.connect(self._watch)
            self._watch(app.focusWindow())
        self._timer.start()

    @Slot()
    def touched(self) -> None:
        """Somebody is there."""
        self._touched = time.monotonic()
        if self._is_still:
            self._is_still = False
            self.still.emit(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See what comes from a person; keeps nothing from anybody."""
        if event.type() in _INPUT:
            self.touched()
        if isinstance(event, QKeyEvent) and event.keyCombination() == _LOCK:
            self.lock_asked.emit()
        return False

    @Slot(QWindow)
    def _watch(self, window: QWindow | None) -> None:
        if window is not None:
            # Installing it twice moves it to the front; it never sees an event twice.
            window.installEventFilter(self)
            self.touched()

    @Slot()
    def _look(self) -> None:
        untouched = time.monotonic() - self._touched
        if untouched >= self._still_seconds and not self._is_still:
            self._is_still = True
            self.still.emit(True)
        if 0 < self._seconds <= untouched:
            self._touched = time.monotonic()
            self.idle.emit()
