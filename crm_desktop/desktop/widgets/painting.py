"""What delegates and painted widgets draw alike: pills, icons, tiles, focus rings, cut text."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
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


def pill_size(look: Look, text: str, icon: str = "") -> QSize:
    """How large a pill with this text is, in pixels."""
    metrics = QFontMetrics(look.font(Role.SMALL_STRONG))
    extra = look.px(14) + look.px(5) if icon else 0
    width = metrics.horizontalAdvance(text) + 2 + extra + 2 * look.px(9)
    return QSize(width, metrics.height() + 2 * look.px(3))


def paint_pill(
    painter: QPainter, look: Look, rect: QRect, text: str, tone: Tone, *, icon: str = ""
) -> None:
    """Draw a pill over the whole of `rect`; text that does not fit is cut with an ellipsis."""
    shade = look.theme.tone(tone)
    edged = look.theme.scheme is Scheme.CONTRAST
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(shade.border, 1) if edged else Qt.PenStyle.NoPen)
    painter.setBrush(shade.soft)
    box = QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5)
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
    inner = rect.adjusted(look.px(9), 0, -look.px(9), 0)
    if icon:
        paint_icon(painter, look, inner, icon, shade.text, size=14)
        inner.setLeft(inner.left() + look.px(14) + look.px(5))
    paint_text(
        painter,
        inner,
        text,
        look.font(Role.SMALL_STRONG),
        shade.text,
        align=Qt.AlignmentFlag.AlignCenter,
    )
    painter.restore()


def paint_text(
    painter: QPainter,
    rect: QRect,
    text: str,
    font: QFont,
    colour: QColor,
    *,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> int:
    """Draw one line, cut with an ellipsis where it does not fit; returns the width it took."""
    if rect.width() <= 0:
        return 0
    metrics = QFontMetrics(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(
        rect, int(align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine), shown
    )
    return metrics.horizontalAdvance(shown)


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
    shade = look.theme.tone(tone)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    edged = look.theme.scheme is Scheme.CONTRAST
    painter.setPen(QPen(shade.border, 1) if edged else Qt.PenStyle.NoPen)
    painter.setBrush(shade.soft)
    painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), look.px(5), look.px(5))
    side = look.px(16)
    middle = QRect(0, 0, side, side)
    middle.moveCenter(rect.center())
    paint_icon(painter, look, middle, icon, shade.text)
    painter.restore()


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
