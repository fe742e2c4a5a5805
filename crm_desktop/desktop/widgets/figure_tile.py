"""A figure on a tile: hover or focus says what it means, Enter or a click what is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QToolTip, QWidget

from crm_desktop.desktop.core.figure_words import FigureShown
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.painting import (
    paint_box,
    paint_focus,
    paint_pill,
    paint_text,
    pill_size,
    text_height,
    text_width,
)

_BY_KEYS = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
    Qt.FocusReason.OtherFocusReason,
)
_WRAPPED = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
_NARROWEST = 180


@dataclass(frozen=True, slots=True)
class TileStyle:
    """Fonts, colours and lengths in pixels of one tile."""

    label: QFont
    value: QFont
    detail: QFont
    ground: QColor
    hover: QColor
    edge: QColor
    text: QColor
    muted: QColor
    pad: int
    gap: int
    corner: int


class FigureTile(QAbstractButton):
    """One figure. `opened` carries its Figure, for whoever shows the contacts behind it."""

    opened = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._shown: FigureShown | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("Figure")
        self.clicked.connect(self._open)
        look.changed.connect(self._relook)

    @property
    def shown(self) -> FigureShown | None:
        """What stands on it."""
        return self._shown

    def show_figure(self, shown: FigureShown) -> bool:
        """Show this now; whether it needs other room. What reads the same is not drawn again."""
        if shown == self._shown:
            return False
        was, self._shown = self._shown, shown
        self.update()
        self.setAccessibleName(shown.aloud())
        if was is None or (was.definition, was.opens) != (shown.definition, shown.opens):
            self._explain(shown)
        said = (shown.label, shown.detail, shown.word, len(shown.value))
        if was is None or (was.label, was.detail, was.word, len(was.value)) != said:
            self.updateGeometry()
            return True
        return False

    def _explain(self, shown: FigureShown) -> None:
        means = shown.definition
        if shown.opens:
            means += " Press Enter to see the contacts."
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.unsetCursor()
        self.setAccessibleDescription(means)
        # As rich text it is wrapped; a plain tooltip is one line however long.
        self.setToolTip(f"<qt>{escape(means)}</qt>")

    def sizeHint(self) -> QSize:
        """Wide enough to be read; as high as its lines."""
        width = self._look.px(_NARROWEST)
        return QSize(width, self.heightForWidth(width))

    def hasHeightForWidth(self) -> bool:
        """Its words wrap."""
        return True

    def heightForWidth(self, width: int) -> int:
        """How high it is at this width."""
        style, inner = self.style_now(), width - 2 * self.style_now().pad
        shown = self._shown
        label = _height(style.label, shown.label if shown else "", inner)
        detail = _height(style.detail, shown.detail if shown else "", inner)
        value = text_height(style.value) + self._pill_below(inner)
        return label + value + detail + 2 * style.gap + 2 * style.pad

    def style_now(self) -> TileStyle:
        """How it looks; the wallboard's tiles look otherwise."""
        look, theme = self._look, self._look.theme
        return TileStyle(
            look.font(Role.SMALL), look.font(Role.FIGURE), look.font(Role.SMALL), theme.surface,
            theme.hover, theme.border, theme.text, theme.muted, look.px(14), look.px(4),
            look.px(7),
        )  # fmt: skip

    def ink(self, tone: Tone | None) -> QColor:
        """The colour of the value."""
        return self._look.ink(tone)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Label, value with its word, and the line under them."""
        painter, style = QPainter(self), self.style_now()
        ground = style.hover if self.underMouse() and self._opens else style.ground
        paint_box(painter, self.rect(), style.corner, ground, style.edge)
        if self._shown is not None:
            self.paint_lines(painter, style, self._shown)
        if self.hasFocus():
            paint_focus(painter, self._look, self.rect(), 7)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, as Space does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Whoever comes by the keyboard is told what it means, as the mouse is."""
        super().focusInEvent(event)
        if event.reason() in _BY_KEYS and self.toolTip():
            QToolTip.showText(self.mapToGlobal(QPoint(0, self.height())), self.toolTip(), self)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """It is no longer spoken of."""
        super().focusOutEvent(event)
        QToolTip.hideText()

    @property
    def _opens(self) -> bool:
        return self._shown is not None and self._shown.opens

    def paint_lines(self, painter: QPainter, style: TileStyle, shown: FigureShown) -> None:
        """Label, value with its word beside or below it, and what is said under them."""
        inner = self.rect().adjusted(style.pad, style.pad, -style.pad, -style.pad)
        room = inner.width()
        _paint_wrapped(painter, inner, shown.label, style.label, style.muted)
        inner.setTop(inner.top() + _height(style.label, shown.label, room) + style.gap)
        line = QRect(inner.left(), inner.top(), room, text_height(style.value))
        paint_text(painter, line, shown.value, style.value, self.ink(shown.tone))
        below = self._pill_below(room)
        if shown.tone is not None and shown.word:
            place = QRect(line)
            if below:
                place.setRect(line.left(), line.bottom() + 1, room, below)
            else:
                place.setLeft(line.left() + text_width(style.value, shown.value) + 2 * style.gap)
            size = pill_size(self._look, shown.word)
            box = QRect(place.left(), 0, min(size.width(), place.width()), size.height())
            box.moveTop(place.center().y() - size.height() // 2)
            paint_pill(painter, self._look, box, shown.word, shown.tone)
        inner.setTop(line.bottom() + 1 + below + style.gap)
        _paint_wrapped(painter, inner, shown.detail, style.detail, style.muted)

    def _pill_below(self, room: int) -> int:
        """How high the line of the word is when it finds no room beside the value, else 0."""
        shown, style = self._shown, self.style_now()
        if shown is None or shown.tone is None or not shown.word:
            return 0
        size = pill_size(self._look, shown.word)
        beside = text_width(style.value, shown.value) + 2 * style.gap + size.width()
        return 0 if beside <= room else size.height() + style.gap

    @Slot()
    def _open(self) -> None:
        if self._shown is not None and self._shown.opens:
            self.opened.emit(self._shown.figure)

    @Slot()
    def _relook(self) -> None:
        self.updateGeometry()
        self.update()


class FigureTiles(QWidget):
    """Tiles side by side, all of one size, in as many lines as the width asks for."""

    opened = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._tiles: list[FigureTile] = []
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Figures of today")
        look.changed.connect(self._place)

    @property
    def tiles(self) -> tuple[FigureTile, ...]:
        """The tiles in their order."""
        return tuple(self._tiles)

    def show_figures(self, shown: Sequence[FigureShown]) -> None:
        """Show these, in this order."""
        others = len(self._tiles) != len(shown)
        while len(self._tiles) < len(shown):
            tile = FigureTile(self._look, self)
            tile.opened.connect(self.opened)
            tile.show()
            self._tiles.append(tile)
        for each in self._tiles[len(shown) :]:
            each.hide()
            each.deleteLater()
        del self._tiles[len(shown) :]
        for tile, figure in zip(self._tiles, shown, strict=True):
            others = tile.show_figure(figure) or others
        if others:
            self._place()

    def hasHeightForWidth(self) -> bool:
        """Narrower, they need more lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of all lines."""
        columns, _, height = self._grid(width)
        lines = -(-len(self._tiles) // columns)
        return lines * height + max(0, lines - 1) * self._gap

    def sizeHint(self) -> QSize:
        """As high as its width asks for."""
        width = max(self.width(), self._look.px(_NARROWEST))
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """One beside the other is the least."""
        return QSize(self._look.px(_NARROWEST), self.heightForWidth(max(1, self.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place them anew."""
        super().resizeEvent(event)
        self._place()

    @property
    def _gap(self) -> int:
        return self._look.px(12)

    def _grid(self, width: int) -> tuple[int, int, int]:
        """Columns, and width and height of each tile; lines are as full as one another."""
        count = max(1, len(self._tiles))
        fit = max(1, (width + self._gap) // (self._look.px(_NARROWEST) + self._gap))
        lines = -(-count // min(fit, count))
        columns = -(-count // lines)
        each = (width - (columns - 1) * self._gap) // columns
        return columns, each, max((t.heightForWidth(each) for t in self._tiles), default=0)

    @Slot()
    def _place(self) -> None:
        columns, width, height = self._grid(self.width())
        for at, tile in enumerate(self._tiles):
            line, column = divmod(at, columns)
            tile.setGeometry(
                column * (width + self._gap), line * (height + self._gap), width, height
            )
        self.setMinimumHeight(self.heightForWidth(self.width()))
        self.updateGeometry()


def _paint_wrapped(painter: QPainter, room: QRect, text: str, font: QFont, colour: QColor) -> None:
    """Draw a text at the top of its room; what needs one line was shaped before."""
    if text_width(font, text) < room.width():
        line = QRect(room.left(), room.top(), room.width(), text_height(font))
        paint_text(painter, line, text, font, colour)
        return
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(room, _WRAPPED, text)


@lru_cache(maxsize=500)
def _height(font: QFont, text: str, width: int) -> int:
    """How high a text is when it wraps at this width, in pixels."""
    if not text:
        return 0
    room = QRect(0, 0, max(1, width), 10_000)
    return QFontMetrics(font).boundingRect(room, _WRAPPED, text).height()
