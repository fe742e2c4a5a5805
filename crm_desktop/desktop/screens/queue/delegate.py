"""Paints a queue row: channel, who, what about, how long is left. No widget stands in a row."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from crm_desktop.desktop.core.channels import CHANNEL_ICONS, channel_tone
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.names import offered_words, raised_words
from crm_desktop.desktop.core.pills import PillText
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.queue.model import Entry, Heading, Line, QueueModel
from crm_desktop.desktop.widgets.painting import (
    paint_focus,
    paint_icon,
    paint_pill,
    paint_text,
    paint_tile,
    pill_size,
    text_width,
)
from crm_desktop.desktop.widgets.pictures import Pictures
from crm_desktop.domain.states import Channel
from crm_desktop.domain.views import QueueRow

Index = QModelIndex | QPersistentModelIndex

_LEFT = 12
_GAP = 8
_CHECK = "needs checking"


@dataclass(frozen=True, slots=True)
class Marks:
    """What sets a row apart: it is chosen, under the mouse, or has the keyboard."""

    selected: bool = False
    hovered: bool = False
    focused: bool = False


class QueueDelegate(QStyledItemDelegate):
    """Rows of two densities: compact on one line, comfortable on two."""

    def __init__(self, look: Look, model: QueueModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._model = model
        self._pictures = Pictures(look)
        self.compact = True

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        """The view gives the width, and asks for every row at once."""
        return QSize(0, self.height(self._model.entry_at(index.row())))

    def height(self, entry: Entry) -> int:
        """How high an entry is, in pixels; it follows the font."""
        if isinstance(entry, Heading):
            return self._look.px(29)
        return self._look.px(54 if entry.mine or not self.compact else 27)

    def draw(self, painter: QPainter, rect: QRect, entry: Entry, marks: Marks | None) -> None:
        """Draw one entry with the theme's colours."""
        painter.save()
        if isinstance(entry, Heading):
            self._heading(painter, rect, entry)
        else:
            self._line(painter, rect, entry, marks)
        painter.restore()

    def _line(self, painter: QPainter, rect: QRect, line: Line, marks: Marks | None) -> None:
        tall = line.mine or not self.compact
        pill = self._model.pill_of(line.row)

        def draw(painter: QPainter, rect: QRect) -> None:
            self._hairline(painter, rect)
            (self._tall if tall else self._flat)(painter, rect, line.row, pill)

        # A marked row is drawn for itself: few are, and not for long.
        if marks is None or not (marks.selected or marks.hovered):
            self._pictures.draw(painter, rect, line.row.id, (line.row, pill, tall), draw)
            return
        theme = self._look.theme
        painter.fillRect(rect, theme.selection if marks.selected else theme.hover)
        draw(painter, rect)
        if marks.selected:
            edge = QRect(rect.left(), rect.top(), self._look.px(3), rect.height())
            painter.fillRect(edge, theme.selection_edge)
            if marks.focused:
                paint_focus(painter, self._look, rect, 0)

    def _heading(self, painter: QPainter, rect: QRect, heading: Heading) -> None:
        look, px = self._look, self._look.px
        painter.fillRect(rect, look.theme.sunken)
        self._hairline(painter, rect)
        inner = rect.adjusted(px(_LEFT), 0, -px(_LEFT), 0)
        font = look.font(Role.SMALL_STRONG)
        if heading.aside:
            right = Qt.AlignmentFlag.AlignRight
            paint_text(painter, inner, heading.aside, font, look.theme.muted, align=right)
            inner.adjust(0, 0, -text_width(font, heading.aside) - px(_GAP), 0)
        paint_text(painter, inner, heading.words, font, look.theme.muted)

    def _hairline(self, painter: QPainter, rect: QRect) -> None:
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, self._look.theme.border)

    def _flat(self, painter: QPainter, rect: QRect, row: QueueRow, pill: PillText | None) -> None:
        look, px = self._look, self._look.px
        inner = rect.adjusted(px(_LEFT), 0, -px(_LEFT), -1)
        ink = look.ink(channel_tone(row.channel))
        paint_icon(painter, look, inner, CHANNEL_ICONS[row.channel], ink, size=15)
        inner.adjust(px(23), 0, -self._pill(painter, inner, pill), 0)
        inner.adjust(0, 0, -self._eye(painter, inner, row, named=False), 0)
        who = min(max(px(100), inner.width() * 42 // 100), px(220))
        first = QRect(inner.left(), inner.top(), min(who, inner.width()), inner.height())
        paint_text(painter, first, row.who, look.font(Role.STRONG), look.theme.text)
        inner.adjust(who + px(_GAP), 0, 0, 0)
        self._subject(painter, inner, row)

    def _tall(self, painter: QPainter, rect: QRect, row: QueueRow, pill: PillText | None) -> None:
        look, px = self._look, self._look.px
        inner = rect.adjusted(px(_LEFT), px(6), -px(_LEFT), -px(6))
        side = px(26)
        tile = QRect(inner.left(), inner.top() + px(2), side, side)
        paint_tile(painter, look, tile, CHANNEL_ICONS[row.channel], channel_tone(row.channel))
        inner.adjust(side + px(10), 0, 0, 0)
        half = inner.height() // 2
        top = QRect(inner.left(), inner.top(), inner.width(), half)
        top.adjust(0, 0, -self._pill(painter, top, pill), 0)
        paint_text(painter, top, row.who, look.font(Role.STRONG), look.theme.text)
        below = QRect(inner.left(), inner.top() + half, inner.width(), half)
        below.adjust(0, 0, -self._eye(painter, below, row, named=True), 0)
        self._subject(painter, below, row)

    def _pill(self, painter: QPainter, rect: QRect, pill: PillText | None) -> int:
        """Draw at the right end; returns the width that it and its gap took."""
        if pill is None:
            return 0
        size, room = pill_size(self._look, pill.words), rect.height()
        width, height = size.width() + self._look.px(2), min(size.height(), room - 2)
        box = QRect(rect.right() - width + 1, rect.top() + (room - height) // 2, width, height)
        paint_pill(painter, self._look, box, pill.words, pill.tone)
        return width + self._look.px(_GAP)

    def _eye(self, painter: QPainter, rect: QRect, row: QueueRow, *, named: bool) -> int:
        """Who else looks: an eye, with the names where there is room; returns the width taken."""
        if not row.looking:
            return 0
        look, px = self._look, self._look.px
        ink, font = look.ink(Tone.INFO), look.font(Role.SMALL)
        said = ", ".join(row.looking) if named else ""
        text = min(text_width(font, said), rect.width() // 3)
        width = px(15) + (text + px(4) if said else 0)
        box = QRect(rect.right() - width + 1, rect.top(), width, rect.height())
        paint_icon(painter, look, box, "eye", ink, size=14)
        box.adjust(px(19), 0, px(4), 0)
        paint_text(painter, box, said, font, ink)
        return width + px(_GAP)

    def _subject(self, painter: QPainter, rect: QRect, row: QueueRow) -> None:
        look, font = self._look, self._look.font()
        # In full, shorter where there is little room.
        said = (
            (_CHECK if row.needs_checking else "", _CHECK, Tone.WARNING),
            (raised_words(row), "Raised", Tone.ACCENT),
            (offered_words(row), "Rings" if row.channel is Channel.CALL else "Offered", Tone.INFO),
        )
        for words, short, tone in said:
            if words:
                shown = words if text_width(font, words) <= rect.width() * 2 // 3 else short
                width = min(text_width(font, shown), rect.width())
                box = QRect(rect.left(), rect.top(), width, rect.height())
                paint_text(painter, box, shown, font, look.ink(tone))
                rect = rect.adjusted(width + look.px(_GAP), 0, 0, 0)
        subject = " ".join(row.subject.split()) or "(no subject)"
        if row.entered_at is not None:
            subject = f"Logged by hand · {subject}"
        paint_text(painter, rect, subject, font, look.theme.muted)
