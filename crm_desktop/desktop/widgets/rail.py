"""The navigation rail at the left: where a person is, where they can go, and what waits there."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.widgets.painting import (
    ARROWS,
    Painted,
    paint_icon,
    paint_text,
    text_height,
    text_width,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere to go."""

    key: str
    text: str
    icon: str


class RailButton(QAbstractButton):
    """One place of the rail."""

    def __init__(self, look: Look, place: Place, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self.place, self._badge = look, place, 0
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setAccessibleName(place.text)
        self.setToolTip(place.text)
        look.changed.connect(self._relook)

    def set_badge(self, count: int) -> None:
        """Show how much waits; 0 shows nothing."""
        if count == self._badge:
            return
        self._badge = count
        waiting = f", {words.count(count, 'waiting', 'waiting')}" if count else ""
        self.setAccessibleName(self.place.text + waiting)
        self.update()

    def sizeHint(self) -> QSize:
        """Icon over word."""
        font = self._look.font(Role.SMALL)
        width = text_width(font, self.place.text) + 2 * self._look.px(4)
        height = self._look.px(20) + text_height(font) + self._look.px(13)
        return QSize(max(width, self._look.px(52)), height)

    def minimumSizeHint(self) -> QSize:
        """The icon alone, where large text leaves no room for all words."""
        return QSize(self.sizeHint().width(), self._look.px(22))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the place, its badge, and the ring when it has the focus."""
        look, theme, painter = self._look, self._look.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.isChecked() or self.underMouse():
            ground = QColor(theme.rail_active)
            ground.setAlpha(255 if self.isChecked() else 140)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(box, look.px(6), look.px(6))
        if self.isChecked():
            painter.fillRect(0, look.px(10), 3, self.height() - 2 * look.px(10), theme.rail_text)
        side = look.px(18)
        has_words = self.height() >= self.sizeHint().height() - look.px(5)
        top = look.px(6) if has_words else (self.height() - side) // 2
        spot = QRect((self.width() - side) // 2, top, side, side)
        paint_icon(painter, look, spot, self.place.icon, theme.rail_text, size=18)
        if has_words:
            self._paint_words(painter, spot)
        if self._badge:
            self._paint_badge(painter, spot)
        if self.hasFocus():
            painter.setPen(QPen(theme.rail_text, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, look.px(6), look.px(6))

    def _paint_words(self, painter: QPainter, spot: QRect) -> None:
        look = self._look
        below = QRect(0, spot.bottom() + look.px(3), self.width(), self.height() - spot.bottom())
        below.setHeight(text_height(look.font(Role.SMALL)))
        paint_text(
            painter,
            below,
            self.place.text,
            look.font(Role.SMALL),
            look.theme.rail_text,
            align=Qt.AlignmentFlag.AlignHCenter,
        )

    def _paint_badge(self, painter: QPainter, spot: QRect) -> None:
        look, theme = self._look, self._look.theme
        text = f"{self._badge:,}" if self._badge < 1_000 else "999+"
        font = look.font(Role.SMALL_STRONG)
        height = text_height(font) + look.px(1)
        width = max(height, text_width(font, text) + look.px(8))
        left = min(spot.right() - look.px(4), self.width() - width - 1)
        badge = QRect(left, look.px(1), width, height)
        painter.setPen(QPen(theme.rail, 2))
        painter.setBrush(theme.badge)
        painter.drawRoundedRect(badge, height / 2, height / 2)
        paint_text(painter, badge, text, font, theme.on_badge, align=Qt.AlignmentFlag.AlignHCenter)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the arrows to the rail: Qt would go to whatever comes next in the window."""
        if event.key() in ARROWS:
            event.ignore()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _relook(self) -> None:
        self.updateGeometry()
        self.update()


class NavigationRail(Painted):
    """Places from the top, others from the bottom; `chosen` carries a place's key."""

    chosen = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._buttons: dict[str, RailButton] = {}
        self._column = QVBoxLayout(self)
        self._column.addStretch(1)
        self._above = 0
        self.setAccessibleName("Places")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self._relook()

    def add(self, place: Place, *, bottom: bool = False) -> None:
        """Add a place under the others, or at the foot."""
        button = RailButton(self._look, place, self)
        button.clicked.connect(self._clicked)
        self._buttons[place.key] = button
        if bottom:
            self._column.addWidget(button)
        else:
            self._column.insertWidget(self._above, button)
            self._above += 1

    def set_shown(self, key: str, shown: bool) -> None:
        """Offer a place, or do not."""
        self._buttons[key].setVisible(shown)

    def set_badge(self, key: str, count: int) -> None:
        """Show how much waits at a place."""
        self._buttons[key].set_badge(count)

    def show_place(self, key: str) -> None:
        """Mark where the person is; tells nobody."""
        for each in self._buttons.values():
            each.setChecked(each.place.key == key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down move along the rail."""
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
        buttons = [each for each in self._buttons.values() if each.isVisibleTo(self)]
        focused = [each.hasFocus() for each in buttons]
        if step and any(focused):
            at = (focused.index(True) + step) % len(buttons)
            buttons[at].setFocus(Qt.FocusReason.TabFocusReason)
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill the rail; in high contrast it has an edge."""
        painter, theme = QPainter(self), self._look.theme
        painter.fillRect(self.rect(), theme.rail)
        if theme.scheme is Scheme.CONTRAST:
            painter.fillRect(self.width() - 1, 0, 1, self.height(), theme.border)

    def _relook(self) -> None:
        edge = self._look.px(4)
        self._column.setContentsMargins(edge, self._look.px(8), edge, self._look.px(8))
        self._column.setSpacing(self._look.px(3))
        super()._relook()

    @Slot()
    def _clicked(self) -> None:
        button = self.sender()
        if isinstance(button, RailButton):
            self.show_place(button.place.key)
            self.chosen.emit(button.place.key)
