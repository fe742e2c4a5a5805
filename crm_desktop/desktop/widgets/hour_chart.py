"""How much was read and done in each hour of a day, as small bars."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.painting import Painted, paint_text, text_height

_HOURS = 24
_MARKED = (0, 6, 12, 18)


class HourChart(Painted):
    """24 bars: what was done stands on what was read. Says its peak to a screen reader."""

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._name = name
        self._hours: dict[int, tuple[int, int]] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._describe()

    def set_hours(self, hours: Mapping[int, tuple[int, int]]) -> None:
        """Show (reads, changes) by the hour of the day, 0 to 23."""
        self._hours = dict(hours)
        self._describe()
        self.update()

    def sizeHint(self) -> QSize:
        """A strip."""
        return QSize(self._look.px(220), self._look.px(64) + text_height(self._small()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The bars on a line, and the hours under it."""
        painter, theme = QPainter(self), self._look.theme
        foot = text_height(self._small()) + self._look.px(3)
        room = QRect(0, self._look.px(2), self.width(), self.height() - foot - self._look.px(2))
        most = max((reads + changes for reads, changes in self._hours.values()), default=0)
        step = self.width() / _HOURS
        gap = max(1, self._look.px(1))
        for hour, (reads, changes) in self._hours.items():
            left = round(hour * step) + gap
            width = max(1, round((hour + 1) * step) - left - gap)
            bottom = room.bottom() + 1
            for count, tone in ((reads, Tone.INFO), (changes, Tone.WARNING)):
                height = max(2, round(room.height() * count / most)) if count else 0
                top = max(room.top(), bottom - height)
                painter.fillRect(left, top, width, bottom - top, theme.tone(tone).text)
                bottom = top
        painter.fillRect(0, room.bottom() + 1, self.width(), 1, theme.border)
        for hour in _MARKED:
            box = QRect(round(hour * step) + gap, room.bottom() + 2, self._look.px(48), foot)
            paint_text(painter, box, f"{hour:02}:00", self._small(), theme.muted)

    def _small(self) -> QFont:
        return self._look.font(Role.SMALL)

    def _describe(self) -> None:
        reads = sum(each for each, _ in self._hours.values())
        changes = sum(each for _, each in self._hours.values())
        said = f"{words.count(reads, 'read')}, {words.count(changes, 'change')}"
        if self._hours:
            hour = max(self._hours, key=lambda each: sum(self._hours[each]))
            said += f"; most between {hour:02}:00 and {(hour + 1) % _HOURS:02}:00"
        self.setAccessibleName(f"{self._name}: {said}")
        self.setToolTip(said)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
