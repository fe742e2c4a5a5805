"""An eye on a window: when something was drawn, by the window's own paint events.

Times are seconds of the system's monotonic clock, the same in every process of this machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QWidget

_PATIENCE_MS = 20_000
_LINGER_MS = 15
_DRAWN = QEvent.Type(QEvent.registerEventType())


class NotSeen(RuntimeError):
    """What was waited for was not drawn."""


#: A widget, and what must hold while it is drawn.
Part = tuple[QWidget | None, Callable[[], bool]]


@dataclass
class _Look:
    """What is waited for: every part drawn while its condition holds."""

    conditions: Mapping[int, Callable[[], bool]]
    missing: set[int]
    linger: bool = False
    over_at: float = 0.0


class Watcher(QObject):
    """Hears when a drawing that it saw begin is over and handed to the display."""

    def tell_when_over(self) -> None:
        """Call within a paint event: `over` follows when the whole window is drawn."""
        priority = Qt.EventPriority.HighEventPriority.value
        QCoreApplication.postEvent(self, QEvent(_DRAWN), priority)

    def over(self, at: float) -> None:
        """The drawing was over at this moment."""
        raise NotImplementedError

    def event(self, event: QEvent) -> bool:
        """The drawing is over."""
        if event.type() != _DRAWN:
            return super().event(event)
        self.over(time.monotonic())
        return True


class Eye(Watcher):
    """Waits for drawings in one process. A moment is taken when the window's whole drawing is over
    and handed to the display, not when a widget's part of it begins.
    """

    def __init__(self) -> None:
        super().__init__()
        self._look: _Look | None = None
        self._loop = QEventLoop()

    def wait(self, what: str, *parts: Part, also: QWidget | None = None) -> float:
        """The moment at which each part had been drawn while its condition held; or NotSeen.

        `also` need not be drawn; when it is, at most 15 ms later, that is the moment.
        """
        conditions = {id(widget): holds for widget, holds in parts}
        look = self._look = _Look(conditions, set(conditions), linger=also is not None)
        widgets = [each for each in (*(widget for widget, _ in parts), also) if each is not None]
        for widget in widgets:
            widget.installEventFilter(self)
        patience = QTimer()
        patience.setSingleShot(True)
        patience.timeout.connect(self._loop.quit)
        patience.start(_PATIENCE_MS)
        try:
            self._loop.exec()
        finally:
            for widget in widgets:
                widget.removeEventFilter(self)
            self._look = None
        if not look.over_at:
            missing = [widget for widget in widgets if id(widget) in look.missing]
            raise NotSeen(f"{what}: {missing}")
        return look.over_at

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note what is drawn; the event itself goes on."""
        look = self._look
        if event.type() != QEvent.Type.Paint or look is None:
            return False
        holds = look.conditions.get(id(watched))
        if holds is not None and look.missing and holds():
            look.missing.discard(id(watched))
        elif holds is not None or not look.over_at:
            return False
        if not look.missing:
            self.tell_when_over()
        return False

    def over(self, at: float) -> None:
        """Note the moment, and wait no longer unless something else may be drawn yet."""
        look = self._look
        if look is None:
            return
        if not look.linger:
            self._loop.quit()
        elif not look.over_at:
            QTimer.singleShot(_LINGER_MS, self._loop.quit)
        look.over_at = at


class Turns(QObject):
    """How long the event loop's turns last, in milliseconds: the gaps between beats that are due
    every millisecond. A turn that does nothing is as short as the beat.

    `waits` is what somebody at the window meets: the long turns do not count as one beat among
    thousands, but with all the time that they take.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lengths: list[float] = []
        self._last = 0.0
        self._beat = QTimer(self)
        self._beat.setTimerType(Qt.TimerType.PreciseTimer)
        self._beat.setInterval(1)
        self._beat.timeout.connect(self._beaten)

    def start(self) -> None:
        """Begin to measure."""
        self.lengths.clear()
        self._last = time.monotonic()
        self._beat.start()

    def stop(self) -> None:
        """Measure no more."""
        self._beat.stop()

    def waits(self) -> list[float]:
        """How long an event that comes in any millisecond waits until the loop is there for it."""
        return [length - passed for length in self.lengths for passed in range(ceil(length))]

    @Slot()
    def _beaten(self) -> None:
        now = time.monotonic()
        self.lengths.append((now - self._last) * 1000)
        self._last = now
