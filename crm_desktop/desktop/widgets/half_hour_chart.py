"""A day by the half hour: what came, on what was expected, and how many people that needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.painting import (
    Painted,
    paint_focus,
    paint_text,
    text_height,
    text_width,
)

_RIGHT, _MIDDLE = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter
_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_PageUp: -4,
    Qt.Key.Key_PageDown: 4,
    Qt.Key.Key_Home: -1000,
    Qt.Key.Key_End: 1000,
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One half hour. `label` stands under it, on the hour, as "08:00"; `says` is read out.

    `came` is None for what is to come, `expected` and `needed` where nobody knows.
    """

    label: str
    came: int | None
    expected: float | None
    needed: float | None
    says: str


class HalfHourChart(Painted):
    """Bars of what came on wide pale bars of what was expected, which the legend calls `expected`;
    arrow keys read them one by one.
    """

    def __init__(
        self, look: Look, name: str, parent: QWidget | None = None, *, expected: str = "Forecast"
    ) -> None:
        super().__init__(look, parent)
        self._name, self._expected = name, expected
        self._bars: tuple[Bar, ...] = ()
        self._now: float | None = None
        self._current: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)

    def set_bars(self, bars: Sequence[Bar], now: float | None, summary: str) -> None:
        """Show a day. `now` is where it stands, in bars from the left, None on another day."""
        self._bars, self._now = tuple(bars), now
        if self._current is not None:
            self._current = min(self._current, len(self._bars) - 1) if self._bars else None
        self.setAccessibleName(f"{self._name}: {summary}" if summary else self._name)
        self._describe()
        self.update()

    def current_text(self) -> str:
        """What the bar on which the keyboard stands says; empty without one."""
        return self._bars[self._current].says if self._current is not None else ""

    def sizeHint(self) -> QSize:
        """Room for a day."""
        return QSize(self._look.px(420), self._look.px(150))

    def minimumSizeHint(self) -> QSize:
        """Narrower bars are still bars."""
        return QSize(self._look.px(180), self._look.px(72) + 2 * self._line())

    # What keys and the mouse do

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from bar to bar."""
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None or not self._bars:
            super().keyPressEvent(event)
            return
        at = self._start() if self._current is None else self._current + step
        self._go(max(0, min(len(self._bars) - 1, at)))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keyboard comes to the half hour under way."""
        super().focusInEvent(event)
        if self._current is None and self._bars:
            self._go(self._start())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Nothing is read out any more."""
        super().focusOutEvent(event)
        self._current = None
        self._describe()
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A bar that is pressed is the current one."""
        at = self._at(event.position().toPoint().x())
        if at is not None:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._go(at)

    def event(self, event: QEvent) -> bool:
        """What a bar says stands beside the pointer, too."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = self._at(event.pos().x())
            if at is not None:
                QToolTip.showText(event.globalPos(), self._bars[at].says, self)
                return True
        return super().event(event)

    def _start(self) -> int:
        wanted = 0 if self._now is None else int(self._now)
        return max(0, min(len(self._bars) - 1, wanted))

    def _go(self, at: int) -> None:
        self._current = at
        self._describe()
        announce(self, self.current_text())
        self.update()

    def _describe(self) -> None:
        keys = "Arrow keys read the half hours one by one." if self._bars else ""
        self.setAccessibleDescription(self.current_text() or keys)

    # What is drawn

    def paintEvent(self, event: QPaintEvent) -> None:
        """Legend, axis, bars, the line of people and the moment that it is."""
        painter = QPainter(self)
        self._paint_head(painter)
        if not self._bars:
            return
        room = self._room()
        top = _nice(max(max(each.came or 0, each.expected or 0) for each in self._bars))
        self._paint_axis(painter, room, top)
        for at, bar in enumerate(self._bars):
            self._paint_bar(painter, room, at, bar, top)
        self._paint_needed(painter, room)
        self._paint_now(painter, room)
        self._paint_hours(painter, room)
        if self.hasFocus():
            paint_focus(painter, self._look, self.rect())

    def _small(self) -> QFont:
        return self._look.font(Role.SMALL)

    def _line(self) -> int:
        return text_height(self._small()) + self._look.px(4)

    def _most_needed(self) -> int:
        return math.ceil(max((each.needed or 0 for each in self._bars), default=0))

    def _room(self) -> QRect:
        """Where the bars stand: under the legend, right of the axis, above the hours."""
        look = self._look
        axis = text_width(self._small(), "0,000") + look.px(6)
        right = look.px(12)
        if self._most_needed():
            right = text_width(self._small(), "00") + look.px(12)
        top = self._line() + look.px(6)
        high = self.height() - top - self._line() - look.px(4)
        return QRect(axis, top, max(1, self.width() - axis - right), max(1, high))

    def _at(self, x: int) -> int | None:
        room = self._room()
        if not self._bars or not room.left() <= x <= room.right():
            return None
        step = room.width() / len(self._bars)
        return min(len(self._bars) - 1, int((x - room.left()) / step))

    def _column(self, room: QRect, at: int, share: float) -> tuple[int, int]:
        """Left edge and width of what takes `share` of a half hour's room."""
        step = room.width() / len(self._bars)
        width = max(1, round(step * share))
        return round(room.left() + (at + 0.5) * step - width / 2), width

    def _paint_bar(self, painter: QPainter, room: QRect, at: int, bar: Bar, top: float) -> None:
        pale, strong = self._pale(), self._look.theme.tone(Tone.ACCENT).text
        base = room.bottom() + 1
        if bar.expected:
            left, width = self._column(room, at, 0.82)
            high = max(1, round(room.height() * bar.expected / top))
            painter.fillRect(left, base - high, width, high, pale[1])
            painter.fillRect(left + 1, base - high + 1, max(0, width - 2), high - 1, pale[0])
        if bar.came:
            left, width = self._column(room, at, 0.46)
            high = max(2, round(room.height() * bar.came / top))
            painter.fillRect(left, base - high, width, high, strong)
        if at == self._current:
            left, width = self._column(room, at, 1.0)
            painter.setPen(QPen(self._look.theme.focus, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(left, room.top() - 2, width, room.height() + 3)

    def _pale(self) -> tuple[QColor, QColor]:
        """Fill and edge of what was expected."""
        shade = self._look.theme.tone(Tone.ACCENT)
        return shade.soft, shade.border

    def _paint_axis(self, painter: QPainter, room: QRect, top: float) -> None:
        theme, small = self._look.theme, self._small()
        lines = 4 if room.height() > 5 * self._line() else 2
        for part in range(lines + 1):
            y = room.bottom() + 1 - round(room.height() * part / lines)
            painter.fillRect(room.left(), y, room.width(), 1, theme.border)
            box = QRect(0, y - self._line() // 2, room.left() - self._look.px(6), self._line())
            paint_text(painter, box, f"{top * part / lines:,.0f}", small, theme.muted, align=_RIGHT)

    def _paint_needed(self, painter: QPainter, room: QRect) -> None:
        """A step for each half hour, on a scale of its own at the right."""
        most = self._most_needed()
        if not most:
            return
        theme, small = self._look.theme, self._small()
        ink = theme.tone(Tone.INFO).text
        points = QPolygonF()
        step = room.width() / len(self._bars)
        painter.setPen(QPen(ink, max(2, self._look.px(1.5))))
        for at, bar in enumerate(self._bars):
            if bar.needed is None:
                painter.drawPolyline(points)
                points = QPolygonF()
                continue
            y = room.bottom() + 1 - room.height() * bar.needed / most
            points.append(QPointF(room.left() + at * step, y))
            points.append(QPointF(room.left() + (at + 1) * step, y))
        painter.drawPolyline(points)
        box = QRect(room.right() + self._look.px(5), 0, self.width() - room.right(), self._line())
        for said, y in ((str(most), room.top()), ("0", room.bottom())):
            box.moveTop(y - self._line() // 2)
            paint_text(painter, box, said, small, ink)

    def _paint_now(self, painter: QPainter, room: QRect) -> None:
        if self._now is None or not 0 <= self._now <= len(self._bars):
            return
        x = round(room.left() + self._now * room.width() / len(self._bars))
        painter.setPen(QPen(self._look.theme.text, 1, Qt.PenStyle.DashLine))
        painter.drawLine(x, room.top() - self._look.px(2), x, room.bottom())

    def _paint_hours(self, painter: QPainter, room: QRect) -> None:
        small, theme = self._small(), self._look.theme
        wide = text_width(small, "00:00") + self._look.px(10)
        step = room.width() / len(self._bars)
        hours = [at for at, bar in enumerate(self._bars) if bar.label]
        every = next((each for each in (1, 2, 3, 4, 6) if 2 * each * step >= wide), 12)
        for at in hours[::every]:
            middle = round(room.left() + (at + 0.5) * step)
            left = max(0, min(self.width() - wide, middle - wide // 2))
            box = QRect(left, room.bottom() + self._look.px(3), wide, self._line())
            paint_text(painter, box, self._bars[at].label, small, theme.muted, align=_MIDDLE)

    def _paint_head(self, painter: QPainter) -> None:
        """What the colours mean; or what the current half hour says."""
        look, theme = self._look, self._look.theme
        head = QRect(look.px(4), look.px(2), self.width() - look.px(8), self._line())
        if said := self.current_text():
            paint_text(painter, head, said, look.font(Role.SMALL_STRONG), theme.text)
            return
        for words, fill, edge, high in (
            ("Came", theme.tone(Tone.ACCENT).text, theme.tone(Tone.ACCENT).text, 10),
            (self._expected, *self._pale(), 10),
            ("People needed", theme.tone(Tone.INFO).text, theme.tone(Tone.INFO).text, 2),
        ):
            if words == "People needed" and not self._most_needed():
                continue
            if words == self._expected and all(each.expected is None for each in self._bars):
                continue
            side, tall = look.px(10), look.px(high)
            mark = QRect(head.left(), head.top() + (head.height() - tall) // 2, side, tall)
            painter.fillRect(mark, edge)
            painter.fillRect(mark.adjusted(1, 1, -1, -1) if high > 2 else mark, fill)
            head.setLeft(mark.right() + look.px(5))
            paint_text(painter, head, words, self._small(), theme.muted)
            head.setLeft(head.left() + text_width(self._small(), words) + look.px(14))


def _nice(most: float) -> float:
    """The top of an axis for such a value: a round number that four lines divide."""
    if most <= 4:
        return 4.0
    unit = 4 * 10.0 ** math.floor(math.log10(most / 4))
    tops = (unit * each for each in (1, 2, 2.5, 3, 4, 5, 6, 8, 10))
    return next(each for each in tops if each >= most and not each % 4)
