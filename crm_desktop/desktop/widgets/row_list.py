"""A list of two-line rows: search results, suggestions, a timeline."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.painting import (
    paint_focus,
    paint_pill,
    paint_text,
    paint_tile,
    pill_size,
    text_height,
    text_width,
)
from crm_desktop.desktop.widgets.rows import ROW_ROLE, Row, RowsModel

_Index = QModelIndex | QPersistentModelIndex
#: As numbers: Python's flags take longer to look at than a row's ground to draw.
_SELECTED = QStyle.StateFlag.State_Selected.value
_HOVERED = QStyle.StateFlag.State_MouseOver.value
_FOCUSED = QStyle.StateFlag.State_HasFocus.value


class RowDelegate(QStyledItemDelegate):
    """Paints a Row: tile, title over detail, and a pill or a word at the right."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """One line for a heading or a row without detail, else two."""
        row = index.data(ROW_ROLE)
        return QSize(0, self.height(row) if isinstance(row, Row) else 0)

    def height(self, row: Row) -> int:
        """How high a row is, in pixels."""
        look = self._look
        line = text_height(look.font(Role.STRONG))
        if row.heading:
            return line + look.px(10)
        if row.detail:
            line += text_height(look.font(Role.SMALL)) + look.px(1)
        return max(line, look.px(20)) + look.px(14)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw one row."""
        row = index.data(ROW_ROLE)
        if not isinstance(row, Row):
            return
        rect: QRect = option.rect
        painter.save()
        if row.heading:
            self._paint_heading(painter, rect, row)
        else:
            self._paint_ground(painter, rect, option.state)
            self._paint_row(painter, rect, row)
        painter.restore()

    def _paint_heading(self, painter: QPainter, rect: QRect, row: Row) -> None:
        look = self._look
        painter.fillRect(rect, look.theme.sunken)
        inner = rect.adjusted(look.px(12), 0, -look.px(12), 0)
        paint_text(painter, inner, row.title, look.font(Role.SMALL_STRONG), look.theme.muted)

    def _paint_ground(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag) -> None:
        theme, marks = self._look.theme, state.value
        if marks & _SELECTED:
            painter.fillRect(rect, theme.selection)
            painter.fillRect(rect.left(), rect.top(), 3, rect.height(), theme.selection_edge)
        elif marks & _HOVERED:
            painter.fillRect(rect, theme.hover)
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme.border)
        if marks & _FOCUSED:
            paint_focus(painter, self._look, rect.adjusted(0, 0, 0, -1), 3)

    def _paint_row(self, painter: QPainter, rect: QRect, row: Row) -> None:
        look, theme = self._look, self._look.theme
        inner = rect.adjusted(look.px(12), look.px(6), -look.px(12), -look.px(7))
        if row.icon:
            side = look.px(26)
            # Beside two lines the tile stands at their top, beside one in the middle of it.
            top = look.px(1) if row.detail else (inner.height() - side) // 2
            tile = QRect(inner.left(), inner.top() + top, side, side)
            paint_tile(painter, look, tile, row.icon, row.tone)
            inner.setLeft(tile.right() + look.px(10))
        title = QRect(inner)
        title.setHeight(text_height(look.font(Role.STRONG)) if row.detail else inner.height())
        title.setRight(self._paint_right(painter, title, row) - look.px(8))
        paint_text(painter, title, row.title, look.font(Role.STRONG), theme.text)
        if row.detail:
            inner.setTop(title.bottom() + look.px(1))
            paint_text(painter, inner, row.detail, look.font(Role.SMALL), theme.muted)

    def _paint_right(self, painter: QPainter, line: QRect, row: Row) -> int:
        """Draw what stands at the right; returns where the room left of it ends."""
        look, edge = self._look, line.right()
        if row.pill:
            size = pill_size(look, row.pill[0])
            width = min(size.width(), line.width() // 2)
            box = QRect(edge - width, line.center().y() - size.height() // 2, width, size.height())
            paint_pill(painter, look, box, *row.pill)
            edge = box.left() - look.px(6)
        if row.right:
            font = look.font(Role.SMALL)
            width = min(text_width(font, row.right) + 2, line.width() // 2)
            box = QRect(edge - width, line.top(), width, line.height())
            paint_text(
                painter, box, row.right, font, look.theme.muted, align=Qt.AlignmentFlag.AlignRight
            )
            edge = box.left()
        return edge


class RowList(QListView):
    """Rows to look through and choose from. `opened` carries a key on Enter or double click,
    `current` a key whenever another row becomes current.
    """

    opened = Signal(object)
    current = Signal(object)

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._rows = RowsModel(self)
        self.setModel(self._rows)
        self._delegate = RowDelegate(look, self)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.activated.connect(self._activated)
        self.selectionModel().currentChanged.connect(self._moved)
        look.changed.connect(self._relook)

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows, by differences."""
        # Rows of one height are measured once, not each for itself.
        self.setUniformItemSizes(len({(row.heading, not row.detail) for row in rows}) < 2)
        self._rows.set_rows(rows)
        if self.isVisible():
            # Put off, the rows are placed while they are painted, and then painted again.
            self.executeDelayedItemsLayout()

    def rows(self) -> tuple[Row, ...]:
        """The rows shown."""
        return self._rows.rows

    def current_key(self) -> object | None:
        """The key of the current row, or None."""
        row = self.currentIndex().data(ROW_ROLE)
        return row.key if isinstance(row, Row) else None

    def make_current(self, key: object) -> None:
        """Move to the row with this key, if it is there."""
        index = self._rows.index_of(key)
        if index.isValid():
            self.setCurrentIndex(index)

    def step(self, by: int) -> None:
        """Move `by` rows, over headings, round the ends."""
        rows = self._rows.rows
        open_rows = [at for at, row in enumerate(rows) if not row.heading]
        if not open_rows:
            return
        at = self.currentIndex().row()
        place = open_rows.index(at) if at in open_rows else (-1 if by > 0 else 0)
        self.setCurrentIndex(self._rows.index(open_rows[(place + by) % len(open_rows)]))

    def content_height(self) -> int:
        """How high all rows together are, in pixels."""
        return sum(map(self._delegate.height, self._rows.rows))

    @Slot(QModelIndex)
    def _activated(self, index: QModelIndex) -> None:
        row = index.data(ROW_ROLE)
        if isinstance(row, Row) and not row.heading:
            self.opened.emit(row.key)

    @Slot(QModelIndex, QModelIndex)
    def _moved(self, now: QModelIndex, _before: QModelIndex) -> None:
        row = now.data(ROW_ROLE)
        if isinstance(row, Row):
            self.current.emit(row.key)

    @Slot()
    def _relook(self) -> None:
        self.doItemsLayout()


class Timeline(RowList):
    """What happened, newest first: no selection colour until it has the focus."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "Timeline", parent)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
