"""Paints the rows of a conversation: bubbles, notes, files, thumbnails, and the centre's own words.

Laying a text out takes a hundred times as long as drawing it: each is laid out once a width.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPixmap, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.attachments import AttachedFile
from crm_desktop.desktop.widgets.chat_items import ITEM_ROLE, ChatItem, Fate, ItemKind
from crm_desktop.desktop.widgets.painting import (
    paint_box,
    paint_focus,
    paint_icon,
    paint_text,
    text_height,
    text_width,
)

_Index = QModelIndex | QPersistentModelIndex
_EDGE, _PAD, _GAP = 14, 10, 4
#: A bubble is no wider than this (at 100 %), nor than so much of the room.
_WIDEST, _SHARE = 620, 0.8
_FILE_HEIGHT, _FILE_WIDTH = 34, 300
#: Thumbnails are kept within this box (at 100 %).
THUMB = QSize(220, 140)
_KEPT = 1_500
_FATES = {
    Fate.SENDING: (Tone.NEUTRAL, "clock", "sending"),
    Fate.STOPPED: (Tone.DANGER, "shield-alert", "not sent: the leak check stopped it"),
    Fate.FAILED: (Tone.DANGER, "circle-alert", "not sent"),
}


@dataclass(frozen=True, slots=True)
class _Laid:
    """A text that is laid out at a width."""

    layout: QTextLayout
    width: int
    height: int


class ChatDelegate(QStyledItemDelegate):
    """Measures and paints ChatItems. `thumbs` are pictures by attachment."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._room = parent
        self._kept: OrderedDict[tuple[str, int, str], _Laid] = OrderedDict()
        self.thumbs: dict[object, QPixmap] = {}
        look.changed.connect(self.clear)

    def clear(self) -> None:
        """Fonts and colours are others now."""
        self._kept.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """The whole width, and as high as the text is at it."""
        item = index.data(ITEM_ROLE)
        width = self._width()
        return QSize(width, self._height(item, width) if isinstance(item, ChatItem) else 0)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw one row."""
        item = index.data(ITEM_ROLE)
        if not isinstance(item, ChatItem):
            return
        rect, state = QRect(option.rect), option.state
        painter.save()
        if item.kind in (ItemKind.CENTRE, ItemKind.EARLIER):
            self._paint_centre(painter, rect, item)
        else:
            self._paint_said(painter, rect, item, bool(state & QStyle.StateFlag.State_Selected))
        if state & QStyle.StateFlag.State_HasFocus:
            paint_focus(painter, self._look, rect.adjusted(3, 1, -3, -1), 5)
        painter.restore()

    def box(self, rect: QRect, item: ChatItem) -> QRect:
        """Where the bubble of a row stands."""
        px = self._look.px
        top = rect.top() + self._head_height(item) + px(2)
        size = self._box_size(item, rect.width())
        left = rect.right() - px(_EDGE) - size.width() if item.mine else rect.left() + px(_EDGE)
        return QRect(left, top, size.width(), size.height())

    # Measures.

    def _width(self) -> int:
        return max(self._room.width(), self._look.px(160))

    def _height(self, item: ChatItem, width: int) -> int:
        px = self._look.px
        if item.kind in (ItemKind.CENTRE, ItemKind.EARLIER):
            return self._laid(item, width - 2 * px(3 * _EDGE), Role.SMALL).height + px(14)
        box = self._box_size(item, width).height()
        return self._head_height(item) + px(2) + box + self._foot_height(item) + px(_GAP)

    def _head_height(self, item: ChatItem) -> int:
        if not item.head:
            return 0
        return text_height(self._look.font(Role.SMALL)) + self._look.px(7)

    def _foot_height(self, item: ChatItem) -> int:
        said = item.foot or item.fate is not Fate.KEPT
        return text_height(self._look.font(Role.SMALL)) + self._look.px(2) if said else 0

    def _box_size(self, item: ChatItem, width: int) -> QSize:
        px = self._look.px
        most = min(int(width * _SHARE), px(_WIDEST)) - 2 * px(_EDGE)
        if item.file is not None:
            thumb = self.thumbs.get(item.file.key)
            if thumb is not None:
                shown = thumb.deviceIndependentSize().toSize()
                label = text_height(self._look.font(Role.SMALL)) + px(8)
                font = self._look.font(Role.SMALL)
                named = min(text_width(font, _named(item.file)) + px(44), px(THUMB.width()))
                return QSize(max(shown.width(), named) + 2, shown.height() + label + 2)
            return QSize(min(px(_FILE_WIDTH), most), px(_FILE_HEIGHT))
        role = Role.ITALIC if item.kind is ItemKind.TYPING else Role.BODY
        laid = self._laid(item, max(most - 2 * px(_PAD), px(80)), role)
        note = text_height(self._look.font(Role.SMALL_STRONG)) + px(3) if item.label else 0
        least = text_width(self._look.font(Role.SMALL_STRONG), item.label) + px(22) if note else 0
        return QSize(max(laid.width, least) + 2 * px(_PAD), laid.height + note + 2 * px(6))

    def _laid(self, item: ChatItem, room: int, role: Role) -> _Laid:
        key = (item.text, room, role.value)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = _lay_out(item.text, room, self._look.font(role))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found

    # Paint.

    def _paint_centre(self, painter: QPainter, rect: QRect, item: ChatItem) -> None:
        """Between two hairlines, in the middle."""
        look, theme, px = self._look, self._look.theme, self._look.px
        laid = self._laid(item, rect.width() - 2 * px(3 * _EDGE), Role.SMALL)
        left = rect.left() + (rect.width() - laid.width) // 2
        middle = rect.center().y()
        if item.kind is ItemKind.EARLIER:
            spot = QRect(left - px(20), rect.top(), px(16), rect.height())
            paint_icon(painter, look, spot, "history", theme.link, size=14)
        else:
            for first, last in (
                (rect.left() + px(_EDGE), left - px(10)),
                (left + laid.width + px(10), rect.right() - px(_EDGE)),
            ):
                if last > first:
                    painter.fillRect(first, middle, last - first, 1, theme.border)
        ink = theme.link if item.kind is ItemKind.EARLIER else theme.muted
        _draw(painter, laid, QPointF(left, rect.top() + px(7)), ink)

    def _paint_said(self, painter: QPainter, rect: QRect, item: ChatItem, chosen: bool) -> None:
        self._paint_head(painter, rect, item)
        box = self.box(rect, item)
        fill, edge, ink = self._colours(item)
        paint_box(painter, box, self._look.px(9), fill, self._look.theme.focus if chosen else edge)
        if item.kind is ItemKind.TYPING:
            self._dash(painter, box)
        if item.file is not None:
            self._paint_file(painter, box, item)
        else:
            self._paint_words(painter, box, item, ink)
        self._paint_foot(painter, rect, box, item)

    def _colours(self, item: ChatItem) -> tuple[QColor, QColor, QColor]:
        theme = self._look.theme
        if item.fate in (Fate.STOPPED, Fate.FAILED):
            shade = theme.tone(Tone.DANGER)
            return shade.soft, shade.border, theme.text
        if item.kind is ItemKind.NOTE:
            shade = theme.tone(Tone.WARNING)
            return shade.soft, shade.border, theme.text
        if item.kind is ItemKind.TYPING:
            return theme.sunken, theme.sunken, theme.muted
        if item.mine:
            shade = theme.tone(Tone.ACCENT)
            ink = theme.muted if item.fate is Fate.SENDING else theme.text
            return shade.soft, shade.border, ink
        return theme.surface, theme.border, theme.text

    def _dash(self, painter: QPainter, box: QRect) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._look.theme.outline, 1, Qt.PenStyle.DashLine))
        corner = self._look.px(9)
        painter.drawRoundedRect(box.adjusted(0, 0, -1, -1), corner, corner)

    def _paint_head(self, painter: QPainter, rect: QRect, item: ChatItem) -> None:
        if not item.head:
            return
        look, px = self._look, self._look.px
        line = QRect(rect.left(), rect.top() + px(5), rect.width(), self._head_height(item) - px(5))
        line.adjust(px(_EDGE + 2), 0, -px(_EDGE + 2), 0)
        side = Qt.AlignmentFlag.AlignRight if item.mine else Qt.AlignmentFlag.AlignLeft
        paint_text(painter, line, item.head, look.font(Role.SMALL), look.theme.muted, align=side)

    def _paint_words(self, painter: QPainter, box: QRect, item: ChatItem, ink: QColor) -> None:
        look, px = self._look, self._look.px
        role = Role.ITALIC if item.kind is ItemKind.TYPING else Role.BODY
        most = min(int(self._width() * _SHARE), px(_WIDEST)) - 2 * px(_EDGE)
        laid = self._laid(item, max(most - 2 * px(_PAD), px(80)), role)
        top = box.top() + px(6)
        label = item.label
        if label:
            font = look.font(Role.SMALL_STRONG)
            tone = Tone.WARNING if item.kind is ItemKind.NOTE else Tone.INFO
            shade = look.theme.tone(tone)
            line = QRect(box.left() + px(_PAD), top, box.width() - 2 * px(_PAD), text_height(font))
            paint_icon(painter, look, line, _ICONS[item.kind], shade.text, size=14)
            line.setLeft(line.left() + px(18))
            paint_text(painter, line, label, font, shade.text)
            top = line.bottom() + px(3)
        _draw(painter, laid, QPointF(box.left() + px(_PAD), top), ink)

    def _paint_file(self, painter: QPainter, box: QRect, item: ChatItem) -> None:
        look, theme, px = self._look, self._look.theme, self._look.px
        file = item.file
        assert file is not None
        thumb = self.thumbs.get(file.key)
        line = box.adjusted(px(10), 0, -px(10), 0)
        if thumb is not None:
            size = thumb.deviceIndependentSize().toSize()
            spot = QPointF(box.left() + (box.width() - size.width()) / 2, box.top() + 1)
            painter.drawPixmap(spot, thumb)
            line.setTop(box.top() + size.height() + 1)
        paint_icon(painter, look, line, file.icon, theme.muted)
        line.setLeft(line.left() + px(22))
        paint_text(painter, line, _named(file), look.font(Role.SMALL), theme.link)

    def _paint_foot(self, painter: QPainter, rect: QRect, box: QRect, item: ChatItem) -> None:
        height = self._foot_height(item)
        if not height:
            return
        look, px, font = self._look, self._look.px, self._look.font(Role.SMALL)
        tone, icon, said = _FATES.get(item.fate, (Tone.NEUTRAL, "check", item.foot))
        ink = look.theme.muted if tone is Tone.NEUTRAL else look.theme.tone(tone).text
        width = text_width(font, said) + px(18)
        line = QRect(box.right() - width, box.bottom() + px(2), width, height)
        if not item.mine:
            line.moveLeft(box.left() + px(2))
        paint_icon(painter, look, line, icon, ink, size=13)
        line.setLeft(line.left() + px(17))
        # Wide enough for its words, whatever the bubble is.
        line.setRight(min(line.left() + width, rect.right()))
        paint_text(painter, line, said, font, ink)


_ICONS = {ItemKind.NOTE: "sticky-note", ItemKind.MAIL: "mail", ItemKind.ASKED: "clipboard-list"}


def _named(file: AttachedFile) -> str:
    return f"{file.name} · {words.size(file.size)}"


def _lay_out(text: str, room: int, font: QFont) -> _Laid:
    layout = QTextLayout(text.replace("\r\n", "\n").replace("\n", "\u2028"), font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.setCacheEnabled(True)
    layout.beginLayout()
    height, widest = 0.0, 0.0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(room)
        line.setPosition(QPointF(0, height))
        height += line.height()
        widest = max(widest, line.naturalTextWidth())
    layout.endLayout()
    return _Laid(layout, min(ceil(widest) + 1, room), ceil(height))


def _draw(painter: QPainter, laid: _Laid, at: QPointF, ink: QColor) -> None:
    painter.setPen(ink)
    laid.layout.draw(painter, at)
