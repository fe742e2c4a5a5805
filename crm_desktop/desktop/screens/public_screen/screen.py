"""A window that fills the second monitor: the newest call as large as can be, those before it, the
time, and what everybody should know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.voice import Voice, spoken
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.visits import Called

#: Colours of its own, at 7:1 and more, whatever theme the desktop has.
_GROUND, _PANEL, _INK, _SOFT = (
    QColor("#0b2233"),
    QColor("#12344d"),
    QColor("#ffffff"),
    QColor("#cfe3f1"),
)
_WARNED = QColor("#ffd479")
#: A call blinks so long, in seconds, for whoever looks up late.
_FRESH_SECONDS = 12
_BEFORE = 5


@dataclass(frozen=True, slots=True)
class _Way:
    """How something is written: as a share of the window's height, in which colour, and where."""

    share: float
    ink: QColor
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignHCenter
    bold: bool = False


class PublicScreen(QWidget):
    """Implements `PublicView`. `left` when it is closed. F11 fills the monitor, Escape closes."""

    left = Signal()

    def __init__(self, look: Look, clock: Clock, site: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setWindowTitle(f"Public screen, {site}")
        self.setAccessibleName(f"Public screen of {site}. Nobody was called lately")
        self._look, self._clock, self._site = look, clock, site
        self._called: tuple[Called, ...] = ()
        self._said_until: datetime | None = None
        self._notices: tuple[str, ...] = ()
        self._stale = False
        self._read = False
        self.voice = Voice(self)
        clock.tick.connect(self._tick)
        self.setMinimumSize(480, 300)

    @property
    def is_full(self) -> bool:
        """Whether it fills its monitor."""
        return self.isFullScreen()

    def sizeHint(self) -> QSize:
        """As a small monitor."""
        return QSize(1280, 720)

    def show_called(self, called: tuple[Called, ...]) -> None:
        """See `PublicView`."""
        self._stale = False
        before = self._said_until
        if called and (before is None or called[0].at > before):
            self._said_until = called[0].at
        self._called = called
        if called:
            said = "; ".join(f"{each.ticket}, {each.place}" for each in called)
            self.setAccessibleName(f"Public screen of {self._site}. {said}")
        if self._read:
            self._say([each for each in reversed(called) if before is None or each.at > before])
        self._read = True
        self.update()

    def _say(self, fresh: list[Called]) -> None:
        """Each of them, the oldest first."""
        calls = [spoken(each.ticket.letter, each.ticket.number, each.place) for each in fresh]
        for call in calls:
            self.voice.call(call)
        if calls:
            announce(self, " ".join(calls))

    def show_notices(self, notices: tuple[str, ...]) -> None:
        """See `PublicView`."""
        self._notices = notices
        self.update()

    def show_trouble(self, _trouble: CrmError) -> None:
        """See `PublicView`."""
        self.set_stale(True)

    def set_stale(self, stale: bool) -> None:
        """What is shown may be old: it says so, and stays."""
        self._stale = stale
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F11 fills the monitor or not, Escape closes."""
        if event.key() == Qt.Key.Key_F11:
            (self.showNormal if self.isFullScreen() else self.showFullScreen)()
        elif event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Whoever hung it remembers where."""
        self.left.emit()
        super().closeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Lengths are shares of the height, so that it reads alike on every monitor."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), _GROUND)
        wide, high = float(self.width()), float(self.height())
        edge = high * 0.03
        head = QRectF(edge, edge, wide - 2 * edge, high * 0.07)
        self._write(painter, head, self._site, _Way(0.045, _SOFT, Qt.AlignmentFlag.AlignLeft))
        now = words.clock_time(self._clock.now())
        self._write(painter, head, now, _Way(0.06, _INK, Qt.AlignmentFlag.AlignRight, bold=True))
        foot = high * (0.16 if self._notices or self._stale else 0.03)
        top = head.bottom() + edge
        body = QRectF(edge, top, wide - 2 * edge, high - top - foot)
        newest, before = QRectF(body), QRectF(body)
        newest.setHeight(body.height() * (0.62 if len(self._called) > 1 else 1.0))
        before.setTop(newest.bottom() + edge * 0.5)
        self._paint_newest(painter, newest)
        self._paint_before(painter, before)
        below = QRectF(edge, high - foot, wide - 2 * edge, foot - edge * 0.6)
        if self._stale:
            said = "This screen may be out of date. Please listen for your number."
            self._write(painter, below, said, _Way(0.04, _WARNED))
        elif self._notices:
            self._write(painter, below, "   ·   ".join(self._notices[:2]), _Way(0.036, _SOFT))

    def _paint_newest(self, painter: QPainter, box: QRectF) -> None:
        painter.setBrush(_PANEL)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(box, 16, 16)
        if not self._called:
            self._write(painter, box, "Please wait for your number", _Way(0.07, _SOFT))
            return
        newest = self._called[0]
        top = QRectF(box.left(), box.top(), box.width(), box.height() * 0.22)
        self._write(painter, top, "Please go to", _Way(0.05, _SOFT))
        main = QRectF(box.left(), top.bottom(), box.width(), box.height() * 0.7)
        since = (self._clock.now() - newest.at).total_seconds()
        ink = _WARNED if 0 <= since < _FRESH_SECONDS and int(since) % 2 == 0 else _INK
        self._write(painter, main, f"{newest.ticket} → {newest.place}", _Way(0.2, ink, bold=True))

    def _paint_before(self, painter: QPainter, box: QRectF) -> None:
        before = self._called[1 : 1 + _BEFORE]
        said = [f"{each.ticket}  {each.place}" for each in before]
        across = min(len(before), 3)
        rows = -(-len(before) // max(across, 1))
        size = self._fitting(said, box.width() / max(across, 1), _Way(0.075, _SOFT))
        for at, each in enumerate(said):
            cell = QRectF(
                box.left() + (at % across) * box.width() / across,
                box.top() + (at // across) * box.height() / rows,
                box.width() / across,
                box.height() / rows,
            )
            self._write(painter, cell, each, _Way(size / self.height(), _SOFT))

    def _write(self, painter: QPainter, box: QRectF, said: str, way: _Way) -> None:
        """Smaller where it would not fit."""
        font = self._font(way)
        font.setPixelSize(int(self._fitting([said], box.width(), way)))
        painter.setFont(font)
        painter.setPen(way.ink)
        painter.drawText(box, int(way.align | Qt.AlignmentFlag.AlignVCenter), said)

    def _font(self, way: _Way) -> QFont:
        font = QFont(self._look.font().family())
        font.setBold(way.bold)
        font.setPixelSize(max(8, int(self.height() * way.share)))
        return font

    def _fitting(self, said: Sequence[str], width: float, way: _Way) -> float:
        """The size in pixels at which each of these fits: what stands side by side is alike."""
        font, room = self._font(way), width * 0.94
        wide = max((QFontMetricsF(font).horizontalAdvance(each) for each in said), default=0.0)
        share = room / wide if wide > room > 0 else 1.0
        return max(8.0, font.pixelSize() * share)

    @Slot()
    def _tick(self) -> None:
        self.update()
