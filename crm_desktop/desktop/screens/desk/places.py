"""Who is where: the desks and rooms of a site as tiles, to look at and to choose from by keys."""

from __future__ import annotations

from datetime import datetime
from math import ceil

from PySide6.QtCore import QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.screens.desk.place_words import Said, said_of
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.desktop.widgets.painting import (
    paint_box,
    paint_focus,
    paint_text,
    text_height,
    text_width,
)
from crm_desktop.desktop.widgets.tips import plain_tip
from crm_desktop.domain.visits import PlaceView, SiteLine

_COLUMNS = 2
_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: -_COLUMNS,
    Qt.Key.Key_Down: _COLUMNS,
}


class PlaceTile(QPushButton):
    """One desk or room: its name, what it is doing, and with whom of ours."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.place: PlaceView | None = None
        self._said = Said("", "", None, "")
        self._is_low = False
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self._relook)

    def show_place(self, place: PlaceView, said: Said) -> None:
        """Say this."""
        self.place = place
        if said != self._said:
            self._said = said
            self.setAccessibleName(said.spoken)
            self.setToolTip(plain_tip(said.spoken))
            self.update()

    def set_low(self, *, low: bool) -> None:
        """Say it in two lines, where there is little room."""
        if low != self._is_low:
            self._is_low = low
            self._relook()

    def sizeHint(self) -> QSize:
        """Three lines, or two."""
        return QSize(self._look.px(130), self.height_of(low=self._is_low))

    def height_of(self, *, low: bool) -> int:
        """How high it is, in pixels."""
        look, small = self._look, text_height(self._look.font(Role.SMALL))
        high = text_height(look.font(Role.STRONG)) + small
        return high + look.px(10) if low else high + small + look.px(15)

    def minimumSizeHint(self) -> QSize:
        """What does not fit is cut, and said in full on hovering."""
        return QSize(self._look.px(90), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """A rounded box in the tone of what it says."""
        look, theme, painter = self._look, self._look.theme, QPainter(self)
        said, place = self._said, self.place
        shade = theme.tone(said.tone) if said.tone else None
        fill = shade.soft if shade else theme.hover if self.underMouse() else theme.surface
        paint_box(painter, self.rect(), look.px(6), fill, shade.border if shade else theme.border)
        strong, small = look.font(Role.STRONG), look.font(Role.SMALL)
        top = look.px(4 if self._is_low else 6)
        inner = self.rect().adjusted(look.px(9), top, -look.px(9), 0)
        line = QRect(inner)
        line.setHeight(text_height(strong))
        paint_text(painter, line, place.name if place else "", strong, theme.text)
        line.setTop(line.bottom() + look.px(1 if self._is_low else 2))
        line.setHeight(text_height(small))
        bold = look.font(Role.SMALL_STRONG) if shade else small
        paint_text(painter, line, said.state, bold, shade.text if shade else theme.muted)
        ink = theme.text if shade else theme.muted
        if self._is_low:
            line.setLeft(line.left() + text_width(bold, said.state))
            paint_text(painter, line, f" · {said.detail}" if said.detail else "", small, ink)
        else:
            line.setTop(line.bottom() + 1)
            line.setHeight(text_height(small))
            paint_text(painter, line, said.detail, small, ink)
        if self.hasFocus():
            paint_focus(painter, look, self.rect(), 6)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The board's keys are the board's; a button would go by the arrows as by Tab."""
        if event.key() in _STEPS:
            event.ignore()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _relook(self) -> None:
        self.updateGeometry()
        self.update()


class PlacesBoard(QScrollArea):
    """`chosen` carries a PlaceView on Enter or a click; `left` when Escape gives the keyboard back.

    One tile is in the order of Tab; the arrows go among them.
    """

    chosen = Signal(object)
    left = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._tiles: list[PlaceTile] = []
        self._line: SiteLine | None = None
        self._hides = False
        self.setAccessibleName("Desks and rooms")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = Surface(look)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        for number in range(_COLUMNS):
            self._grid.setColumnStretch(number, 1)
        column = QVBoxLayout(body)
        edge = look.px(12)
        column.setContentsMargins(edge, look.px(10), edge, edge)
        self._grid.setSpacing(look.px(7))
        column.addLayout(self._grid)
        column.addStretch(1)
        self.setWidget(body)

    def tiles(self) -> tuple[PlaceTile, ...]:
        """The tiles as they stand."""
        return tuple(self._tiles)

    def show_line(self, line: SiteLine, now: datetime) -> None:
        """Show the site now; the keyboard stays where it is."""
        self._line = line
        while len(self._tiles) > len(line.places):
            gone = self._tiles.pop()
            self._grid.removeWidget(gone)
            gone.deleteLater()
        while len(self._tiles) < len(line.places):
            self._add_tile()
        self._fit()
        for tile, place in zip(self._tiles, line.places, strict=True):
            tile.show_place(place, said_of(place, line, now, hides=self._hides))

    def minimumSizeHint(self) -> QSize:
        """So wide that no tile is cut off."""
        px = self._look.px
        tiles = _COLUMNS * px(90) + (_COLUMNS - 1) * px(7)
        return QSize(tiles + 2 * px(12) + px(12), px(100))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lower tiles where the higher ones would not all be seen."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        rows = ceil(len(self._tiles) / _COLUMNS)
        if rows:
            gaps = (rows - 1) * self._grid.verticalSpacing() + self._look.px(22)
            high = rows * self._tiles[0].height_of(low=False) + gaps
            for tile in self._tiles:
                tile.set_low(low=high > self.viewport().height())

    def set_hidden(self, hides: bool, now: datetime) -> None:
        """Leave out what was written by hand, or say it again."""
        self._hides = hides
        if self._line is not None:
            self.show_line(self._line, now)

    def focus(self) -> None:
        """Put the keyboard on the tile where it was last."""
        at = next((tile for tile in self._tiles if self._is_stop(tile)), None)
        if at is not None:
            at.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go among the tiles, Enter chooses, Escape leaves."""
        at = next((n for n, tile in enumerate(self._tiles) if tile.hasFocus()), None)
        if at is None:
            super().keyPressEvent(event)
        elif event.key() in _STEPS:
            self._go(at + _STEPS[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._tiles[at].click()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            event.ignore()

    def _go(self, to: int) -> None:
        if 0 <= to < len(self._tiles):
            for number, tile in enumerate(self._tiles):
                self._make_stop(tile, is_one=number == to)
            self._tiles[to].setFocus(Qt.FocusReason.OtherFocusReason)
            self.ensureWidgetVisible(self._tiles[to], 0, self._look.px(12))

    def _add_tile(self) -> None:
        tile = PlaceTile(self._look, self)
        tile.clicked.connect(self._clicked)
        self._make_stop(tile, is_one=not self._tiles)
        at = len(self._tiles)
        self._grid.addWidget(tile, at // _COLUMNS, at % _COLUMNS)
        self._tiles.append(tile)

    def _make_stop(self, tile: PlaceTile, *, is_one: bool) -> None:
        policy = Qt.FocusPolicy.StrongFocus if is_one else Qt.FocusPolicy.ClickFocus
        tile.setFocusPolicy(policy)

    def _is_stop(self, tile: PlaceTile) -> bool:
        return tile.focusPolicy() == Qt.FocusPolicy.StrongFocus

    @Slot()
    def _clicked(self) -> None:
        tile = self.sender()
        if isinstance(tile, PlaceTile) and tile.place is not None:
            self.chosen.emit(tile.place)
