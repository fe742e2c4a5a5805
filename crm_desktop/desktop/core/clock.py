"""One second hand for the whole desktop, set by the database's clock and not the workstation's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot


class Clock(QObject):
    """Ticks as each of the database's seconds begins; views repaint only what reads differently."""

    tick = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._offset = timedelta()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._strike)

    def now(self) -> datetime:
        """The database's time, in UTC."""
        return datetime.now(UTC) + self._offset

    def set_by(self, database_now: datetime, read_at: datetime) -> None:
        """Set the clock by what the database said at `read_at` by this computer's clock (UTC).

        However long that was on its way to the screen makes no difference.
        """
        self._offset = database_now - read_at

    def start(self) -> None:
        """Begin to tick."""
        self._arm()

    def stop(self) -> None:
        """Tick no more."""
        self._timer.stop()

    def _arm(self) -> None:
        # A little past the whole second: a tick that comes early would show the old one twice.
        self._timer.start(1_005 - self.now().microsecond // 1_000)

    @Slot()
    def _strike(self) -> None:
        self._arm()
        self.tick.emit()
