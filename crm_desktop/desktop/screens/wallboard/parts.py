"""The wallboard's tiles and lines, drawn by the height of the window.

Five metres away a letter must be 20 minutes of arc high to be read at a glance, 29 mm; that is a
tenth of the height of a 24-inch monitor. Capitals are 0.73 of a font's size.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from crm_desktop.desktop.core.figure_words import FigureShown
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.wallboard.colours import Colours
from crm_desktop.desktop.widgets.figure_tile import FigureTile, TileStyle
from crm_desktop.desktop.widgets.painting import paint_text, text_height, text_width

#: Sizes of fonts as parts of the window's height: numbers on tiles and in lines, and their names.
VALUE, NUMBER, NAME, LABEL = 0.150, 0.106, 0.048, 0.040
#: The columns of a line, as parts of its width: name, waiting, longest, level, staffed.
COLUMNS = (0.31, 0.14, 0.19, 0.18, 0.18)


def wall_font(look: Look, pixels: float, weight: QFont.Weight = QFont.Weight.DemiBold) -> QFont:
    """The desktop's family in a size of pixels."""
    font = QFont(look.font(Role.BODY))
    font.setPixelSize(max(8, round(pixels)))
    font.setWeight(weight)
    return font


class WallTile(FigureTile):
    """A tile that is read from five metres."""

    def __init__(self, look: Look, colours: Colours, parent: QWidget | None = None) -> None:
        self._colours, self._wall = colours, 900
        self._bright = colours
        super().__init__(look, parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def fit(self, wall: int, colours: Colours, bright: Colours) -> None:
        """Draw for a wall so high, in these colours; the ring of the focus is always bright."""
        self._wall, self._colours, self._bright = wall, colours, bright
        self.update()

    def sizeHint(self) -> QSize:
        """It takes what there is."""
        return QSize(self._wall // 4, self._wall // 3)

    def style_now(self) -> TileStyle:
        """By the wall's height."""
        wall, look, colours = self._wall, self._look, self._colours
        return TileStyle(
            wall_font(look, LABEL * wall), wall_font(look, VALUE * wall, QFont.Weight.Bold),
            wall_font(look, LABEL * wall, QFont.Weight.Normal), colours.ground, colours.ground,
            colours.line, colours.text, colours.muted, round(0.018 * wall), round(0.004 * wall),
            round(0.012 * wall),
        )  # fmt: skip

    def ink(self, tone: Tone | None) -> QColor:
        """The wall's own."""
        return self._colours.ink(tone)

    def paint_lines(self, painter: QPainter, style: TileStyle, shown: FigureShown) -> None:
        """Three lines, each of which fits: label, value, and what it means or adds."""
        inner = self.rect().adjusted(style.pad, style.pad, -style.pad, -style.pad)
        rows = (text_height(style.label), text_height(style.value), text_height(style.detail))
        spare = max(0, inner.height() - sum(rows)) // 2
        places, top = [], inner.top()
        for each in rows:
            places.append(QRect(inner.left(), top, inner.width(), each))
            top += each + spare
        paint_text(painter, places[0], shown.label, style.label, style.muted)
        value = fitted(style.value, shown.value, inner.width())
        paint_text(painter, places[1], shown.value, value, self.ink(shown.tone))
        says = " · ".join(each for each in (shown.word, shown.detail) if each)
        ink = self.ink(shown.tone) if shown.tone else style.muted
        paint_text(painter, places[2], says, style.detail, ink)

    def paintEvent(self, event: QPaintEvent) -> None:
        """As any tile, with the wall's ring around it."""
        super().paintEvent(event)
        if self.hasFocus():
            ring(QPainter(self), self.rect(), self._bright)


def fitted(font: QFont, text: str, width: int) -> QFont:
    """The font, smaller where the text would not fit: a number is never cut."""
    wide = text_width(font, text)
    if wide <= width or not wide:
        return font
    smaller = QFont(font)
    smaller.setPixelSize(max(8, font.pixelSize() * width // wide))
    return smaller


def ring(painter: QPainter, rect: QRect, colours: Colours) -> None:
    """Draw the focus."""
    painter.setPen(QPen(colours.warning, 4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect.adjusted(2, 2, -3, -3))


class WallLine(QWidget):
    """One queue: name, waiting, longest wait, service level, staffed. What is bad stands on a field
    of its colour, what is nearly so in a frame: no colour is alone.
    """

    def __init__(self, look: Look, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._colours, self._wall = look, colours, 900
        self._cells: tuple[tuple[str, Tone | None], ...] = ()

    def fit(self, wall: int, colours: Colours) -> None:
        """Draw for a wall so high, in these colours."""
        self._wall, self._colours = wall, colours
        self.update()

    def show_cells(self, cells: tuple[tuple[str, Tone | None], ...], spoken: str) -> None:
        """Show these: words and tone of each column."""
        if cells != self._cells:
            self._cells = cells
            self.update()
        self.setAccessibleName(spoken)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line over a hairline."""
        painter, colours = QPainter(self), self._colours
        painter.fillRect(self.rect(), colours.ground)
        painter.fillRect(0, 0, self.width(), max(1, self._wall // 450), colours.line)
        left = 0
        for at, ((text, tone), part) in enumerate(zip(self._cells, COLUMNS, strict=False)):
            width = round(part * self.width())
            room = QRect(left, 0, width, self.height())
            if at == 0:
                self._paint_name(painter, room, text)
            else:
                self._paint_number(painter, room, text, tone)
            left += width

    def _paint_name(self, painter: QPainter, room: QRect, text: str) -> None:
        font = wall_font(self._look, NAME * self._wall)
        inner = room.adjusted(round(0.02 * self._wall), 0, -round(0.015 * self._wall), 0)
        flags = (
            Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        )
        painter.setFont(font)
        painter.setPen(self._colours.text)
        lines = _two_lines(font, text, inner.width())
        painter.drawText(inner, int(flags), lines)

    def _paint_number(self, painter: QPainter, room: QRect, text: str, tone: Tone | None) -> None:
        font = wall_font(self._look, NUMBER * self._wall, QFont.Weight.Bold)
        side = round(0.012 * self._wall)
        font = fitted(font, text, room.width() - 3 * side)
        colours, ink = self._colours, self._colours.ink(tone)
        if tone in (Tone.DANGER, Tone.WARNING):
            wide = min(room.width(), text_width(font, text) + 2 * side)
            high = round(0.86 * self.height())
            field = QRect(room.left(), (self.height() - high) // 2, wide, high)
            if tone is Tone.DANGER:
                painter.fillRect(field, ink)
                ink = colours.ground
            else:
                painter.setPen(QPen(ink, max(2, self._wall // 250)))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(field)
            room = QRect(field.left() + side, 0, field.width(), self.height())
        paint_text(painter, room, text, font, ink)


def _two_lines(font: QFont, text: str, width: int) -> str:
    """A name in two lines at most, the second cut where it is too long."""
    metrics = QFontMetrics(font)
    first: list[str] = []
    rest = text.split()
    while rest and metrics.horizontalAdvance(" ".join([*first, rest[0]])) <= width:
        first.append(rest.pop(0))
    if not first and rest:
        first.append(metrics.elidedText(rest.pop(0), Qt.TextElideMode.ElideRight, width))
    second = metrics.elidedText(" ".join(rest), Qt.TextElideMode.ElideRight, width)
    return "\n".join(part for part in (" ".join(first), second) if part)
