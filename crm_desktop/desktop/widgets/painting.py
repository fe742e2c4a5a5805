"""What delegates and painted widgets draw alike: pills, icons, tiles, focus rings, cut text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QPainter,
    QPen,
    QPixmap,
    QStaticText,
    QTransform,
)
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Scheme, Tone


class Painted(QWidget):
    """A widget that draws itself from the look, and again whenever that changes."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        look.changed.connect(self._relook)

    def _relook(self) -> None:
        self.updateGeometry()
        self.update()


#: Keys with which a person moves among the buttons of one group.
ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)

_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
#: So many shaped texts are kept: what some screens full of rows say.
_KEPT = 2_000
#: So many pictures of icons on their squares, of 3 kB each.
_TILES = 200
#: The letters that stand most often in a text.
_USUAL = "etaoin shrdlu"
_BLANKS = str.maketrans("\n\r\t", "   ")
_PLAIN = QTransform()


@dataclass(frozen=True, slots=True)
class _Line:
    """A text that is shaped: shaping takes three times as long as drawing what was shaped.

    `room` is what it needs at most: a letter may lean over its own width.
    """

    text: str
    shaped: QStaticText
    room: float
    height: float


@lru_cache(maxsize=_KEPT)
def _line(font: QFont, text: str) -> _Line:
    shaped = QStaticText(text.translate(_BLANKS))
    shaped.setTextFormat(Qt.TextFormat.PlainText)
    shaped.prepare(_PLAIN, font)
    size, usual = shaped.size(), _height(font)
    # The size is rounded up; a line with letters of another font may be higher.
    height = usual if size.height() <= ceil(usual) else size.height()
    return _Line(text, shaped, size.width(), height)


@lru_cache(maxsize=_KEPT)
def _fitted(font: QFont, text: str, room: int) -> _Line:
    """The line, cut where it does not fit."""
    # Most of what looks too long is: to shape it whole first would be for nothing.
    if len(text) * _letter(font) <= room:
        line = _line(font, text)
        if line.room <= room:
            return line
    return _line(font, QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room))


@lru_cache(maxsize=64)
def _height(font: QFont) -> float:
    return QFontMetricsF(font).height()


@lru_cache(maxsize=64)
def _letter(font: QFont) -> float:
    """How wide a letter is, mostly."""
    return QFontMetricsF(font).horizontalAdvance(_USUAL) / len(_USUAL)


@lru_cache(maxsize=_KEPT)
def _advance(font: QFont, text: str) -> float:
    return QFontMetricsF(font).horizontalAdvance(text)


def text_width(font: QFont, text: str) -> int:
    """How wide a line is, in pixels: in a box of that width `paint_text` cuts nothing."""
    return ceil(_line(font, text).room)


@lru_cache(maxsize=64)
def text_height(font: QFont) -> int:
    """How high a line is, in pixels."""
    return QFontMetrics(font).height()


def paint_text(
    painter: QPainter,
    rect: QRect,
    text: str,
    font: QFont,
    colour: QColor,
    *,
    align: Qt.AlignmentFlag = _LEFT,
) -> None:
    """Draw one line, cut with an ellipsis where it does not fit, in the middle of the height.

    `align` is AlignLeft, AlignRight or AlignHCenter.
    """
    room = rect.width()
    if room <= 0 or not text:
        return
    line = _fitted(font, text, room)
    left: float = rect.left()
    if align is not _LEFT:
        left += (room - _advance(font, line.text)) / (1 if align is _RIGHT else 2)
    painter.setFont(font)
    painter.setPen(colour)
    top = rect.top() + (rect.height() - line.height) / 2
    painter.drawStaticText(QPointF(left, top), line.shaped)


def paint_box(
    painter: QPainter,
    rect: QRect,
    corner: float,
    fill: QColor,
    edge: QColor | None = None,
) -> None:
    """Fill all of `rect` with rounded corners; an edge is a pixel wide, within it.

    Two areas, one in the other: drawing a line around takes ten times as long as filling.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    box = QRectF(rect)
    if edge is not None:
        painter.setBrush(edge)
        painter.drawRoundedRect(box, corner + 0.5, corner + 0.5)
        box.adjust(1, 1, -1, -1)
        corner -= 0.5
    else:
        box.adjust(0.5, 0.5, -0.5, -0.5)
    painter.setBrush(fill)
    painter.drawRoundedRect(box, corner, corner)


def pill_size(look: Look, text: str, icon: str = "") -> QSize:
    """How large a pill with this text is, in pixels."""
    font = look.font(Role.SMALL_STRONG)
    extra = look.px(14) + look.px(5) if icon else 0
    width = text_width(font, text) + 2 + extra + 2 * look.px(9)
    return QSize(width, text_height(font) + 2 * look.px(3))


def paint_pill(
    painter: QPainter, look: Look, rect: QRect, text: str, tone: Tone, *, icon: str = ""
) -> None:
    """Draw a pill over the whole of `rect`; text that does not fit is cut with an ellipsis."""
    theme = look.theme
    shade = theme.tone(tone)
    edge = shade.border if theme.scheme is Scheme.CONTRAST else None
    paint_box(painter, rect, (rect.height() - 1) / 2, shade.soft, edge)
    side = look.px(9)
    inner = rect.adjusted(side, 0, -side, 0)
    if icon:
        paint_icon(painter, look, inner, icon, shade.text, size=14)
        inner.setLeft(inner.left() + look.px(14) + look.px(5))
    font = look.font(Role.SMALL_STRONG)
    paint_text(painter, inner, text, font, shade.text, align=Qt.AlignmentFlag.AlignHCenter)


def key_badge_width(look: Look, key: str) -> int:
    """How wide the badge of a key is, in pixels."""
    return text_width(look.font(Role.SMALL), key) + 2 * look.px(5)


def paint_key_badge(painter: QPainter, look: Look, rect: QRect, key: str, ink: QColor) -> None:
    """Draw a key in a badge at the left of `rect`, in the middle of its height."""
    font = look.font(Role.SMALL)
    height = text_height(font) + look.px(2)
    top = rect.top() + (rect.height() - height) // 2
    badge = QRect(rect.left(), top, key_badge_width(look, key), height)
    edge = QColor(ink)
    edge.setAlpha(120)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(edge, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    round_by = look.px(3)
    painter.drawRoundedRect(QRectF(badge).adjusted(0.5, 0.5, -0.5, -0.5), round_by, round_by)
    paint_text(painter, badge, key, font, ink, align=Qt.AlignmentFlag.AlignHCenter)


def paint_icon(
    painter: QPainter, look: Look, rect: QRect, name: str, colour: QColor, *, size: float = 16
) -> None:
    """Draw an icon at the left of `rect`, in the middle of its height; `size` as at 100 %."""
    device = painter.device()
    ratio = device.devicePixelRatioF() if device is not None else 1.0
    side = look.px(size)
    top = rect.top() + (rect.height() - side) / 2
    painter.drawPixmap(QPointF(rect.left(), top), look.pixmap(name, colour, size, ratio))


def paint_tile(painter: QPainter, look: Look, rect: QRect, icon: str, tone: Tone) -> None:
    """Draw an icon on a soft rounded square that fills `rect`."""
    theme, device = look.theme, painter.device()
    shade, corner = theme.tone(tone), look.px(5)
    ratio = device.devicePixelRatioF() if device is not None else 1.0
    sign = look.pixmap(icon, shade.text, 16, ratio)
    if theme.scheme is not Scheme.CONTRAST and ratio == int(ratio):
        picture = _tile(sign, shade.soft.rgba(), corner, rect.width(), rect.height())
        painter.drawPixmap(rect.topLeft(), picture)
        return
    # An edge would be mixed with the ground in another order, and between pixels it would blur.
    edge = shade.border if theme.scheme is Scheme.CONTRAST else None
    _draw_tile(painter, rect, sign, corner, shade.soft, edge=edge)


@lru_cache(maxsize=_TILES)
def _tile(sign: QPixmap, fill: int, corner: int, width: int, height: int) -> QPixmap:
    """A tile as a picture: there are few, and each row of a list has one."""
    shown, ratio = QRect(0, 0, width, height), sign.devicePixelRatio()
    picture = QPixmap(shown.size() * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    _draw_tile(painter, shown, sign, corner, QColor.fromRgba(fill))
    painter.end()
    return picture


def _draw_tile(
    painter: QPainter,
    rect: QRect,
    sign: QPixmap,
    corner: int,
    fill: QColor,
    *,
    edge: QColor | None = None,
) -> None:
    paint_box(painter, rect, corner, fill, edge)
    middle = QRect(QPoint(), sign.deviceIndependentSize().toSize())
    middle.moveCenter(rect.center())
    painter.drawPixmap(middle.topLeft(), sign)


def paint_focus(
    painter: QPainter,
    look: Look,
    rect: QRect,
    radius: float = 5,
    colour: QColor | None = None,
) -> None:
    """Draw the 2-pixel focus ring just inside `rect`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour or look.theme.focus, 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    corner = look.px(radius)
    painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), corner, corner)
    painter.restore()
