"""A recording from its beginning to its end, as loud as it is, and where the listener is in it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QSlider, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.painting import paint_focus

#: By arrows and by Page Up and Down, in seconds.
STEP, STRIDE = 5, 30


class WaveBar(QSlider):
    """A slider in seconds. `sought` carries the ms to which a person moved; `toggled` is Space."""

    sought = Signal(int)
    toggled = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._look = look
        self._peaks: tuple[int, ...] = ()
        self._share = 0.0
        self.setSingleStep(STEP)
        self.setPageStep(STRIDE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        look.changed.connect(self.updateGeometry)
        self.set_sound(0, ())

    def set_sound(self, seconds: int, peaks: Sequence[int]) -> None:
        """Show another sound, at its beginning; `peaks` are 0 to 100."""
        self._peaks = tuple(peaks)
        self.setRange(0, max(seconds, 0))
        self.show_at(0)

    def show_at(self, ms: int) -> None:
        """Where the listener is."""
        whole = self.maximum() * 1000
        self._share = min(1.0, ms / whole) if whole else 0.0
        self.setValue(ms // 1000)
        at, end = (words.spoken_span(each) for each in (ms // 1000, self.maximum()))
        self.setAccessibleDescription(f"{at} of {end}. Space plays, arrows move by {STEP} seconds.")
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(self._look.px(180), self._look.px(36))

    def minimumSizeHint(self) -> QSize:
        """Some bars at least."""
        return QSize(self._look.px(60), self._look.px(36))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars around the middle; those that were heard in the accent's colour."""
        painter, theme = QPainter(self), self._look.theme
        width, middle = self.width(), self.height() / 2
        bar, gap = max(1, self._look.px(2)), max(1, self._look.px(1))
        count = max(1, width // (bar + gap))
        heard = theme.tone(Tone.ACCENT).text
        most = max(self._peaks, default=0) or 1
        for number in range(count):
            height = max(2.0, self._peak(number, count) / most * (self.height() - 6))
            played = (number + 0.5) / count <= self._share
            ink = heard if played else theme.outline
            top, left = round(middle - height / 2), number * (bar + gap)
            painter.fillRect(left, top, bar, round(height), ink)
        spot = min(width - bar, round(self._share * width))
        painter.fillRect(spot, 0, bar, self.height(), theme.text)
        if self.hasFocus():
            paint_focus(painter, self._look, self.rect(), 4)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go where a person pointed."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._seek(event.position().toPoint())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """And where they draw to."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._seek(event.position().toPoint())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel scrolls what is around."""
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space plays and pauses; arrows, Page Up and Down, Home and End move."""
        key = event.key()
        steps = {
            Qt.Key.Key_Left: -STEP,
            Qt.Key.Key_Down: -STEP,
            Qt.Key.Key_Right: STEP,
            Qt.Key.Key_Up: STEP,
            Qt.Key.Key_PageUp: -STRIDE,
            Qt.Key.Key_PageDown: STRIDE,
            Qt.Key.Key_Home: -self.maximum(),
            Qt.Key.Key_End: self.maximum(),
        }
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            event.ignore()
        elif key == Qt.Key.Key_Space:
            self.toggled.emit()
        elif key in steps:
            now = self._share * self.maximum()
            self._go((now + steps[Qt.Key(key)]) * 1000)
        else:
            event.ignore()

    def _seek(self, point: QPoint) -> None:
        share = point.x() / max(1, self.width())
        self._go(share * self.maximum() * 1000)

    def _go(self, ms: float) -> None:
        there = round(min(max(0.0, ms), self.maximum() * 1000.0))
        self.show_at(there)
        self.sought.emit(there)

    def _peak(self, number: int, count: int) -> int:
        if not self._peaks:
            return 0
        start = number * len(self._peaks) // count
        end = max(start + 1, (number + 1) * len(self._peaks) // count)
        return max(self._peaks[start:end])
