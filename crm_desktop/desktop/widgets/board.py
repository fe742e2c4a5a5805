"""A table of what goes on now: rows of cells that change under the eye, by differences.

Whole rows are chosen; contacts can be dropped onto them; columns go when there is no room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.board_head import BoardHead
from crm_desktop.desktop.widgets.painting import (
    paint_focus,
    paint_icon,
    paint_pill,
    paint_text,
    pill_size,
    text_height,
)
from crm_desktop.desktop.widgets.rows import ROW_ROLE, become
from crm_desktop.desktop.widgets.tips import plain_tip

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_NOTHING = Qt.ItemFlag.NoItemFlags
#: Rows are chosen and dropped on, never edited. Put together once: it is asked for every cell.
_FLAGS = (
    Qt.ItemFlag.ItemIsEnabled
    | Qt.ItemFlag.ItemIsSelectable
    | Qt.ItemFlag.ItemIsDropEnabled
    | Qt.ItemFlag.ItemNeverHasChildren
)
_PAD = 10


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: text or a pill, with an icon before it where given; `spoken` replaces its text."""

    text: str = ""
    tone: Tone | None = None
    pill: bool = False
    strong: bool = False
    muted: bool = False
    icon: str = ""
    spoken: str = ""

    def aloud(self) -> str:
        """What a screen reader says for it."""
        return self.spoken or self.text


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A line of a board; a `tone` tints it, which one of its cells must say in words too."""

    key: int
    cells: tuple[Cell, ...]
    tone: Tone | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: at least `width` (at 100 %) wide; what is left over is shared by `stretch`.

    Where there is no room the column with the highest `rank` goes first, one of rank 0 never.
    """

    key: str
    title: str
    width: float
    stretch: int = 0
    rank: int = 0


class BoardModel(QAbstractTableModel):
    """Rows of cells; `show` and `update` tell views only of cells that differ."""

    def __init__(self, columns: Sequence[Column], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._rows: list[BoardRow] = []

    @property
    def rows(self) -> tuple[BoardRow, ...]:
        """The rows in the order in which they are shown."""
        return tuple(self._rows)

    def show(self, rows: Sequence[BoardRow]) -> None:
        """Become these rows."""
        become(self, self._rows, rows, self._changed)

    def update(self, rows: Mapping[int, BoardRow]) -> int:
        """Say something else in some rows, by their place; returns how many did."""
        changed = 0
        for at, row in rows.items():
            if at < len(self._rows) and self._rows[at].key == row.key and self._rows[at] != row:
                before, self._rows[at] = self._rows[at], row
                self._changed(at, before)
                changed += 1
        return changed

    def place_of(self, key: int) -> int:
        """At which place a row stands, -1 when it does not."""
        return next((at for at, row in enumerate(self._rows) if row.key == key), -1)

    def rowCount(self, parent: Index = _ROOT) -> int:
        """How many rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """How many columns, the hidden ones too."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's words; read aloud the first speaks for its whole row."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        cell = row.cells[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text or None
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(cell.text) or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row) if index.column() == 0 else self._cell_spoken(row, index)
        return None

    def headerData(
        self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The columns' titles."""
        if way is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """What can be done with a cell."""
        return _FLAGS if index.isValid() else _NOTHING

    def row_at(self, place: int) -> BoardRow:
        """The row at a place; without the way through Qt that `data` takes."""
        return self._rows[place]

    def _spoken(self, row: BoardRow) -> str:
        said = [row.cells[0].aloud()]
        said += [
            f"{column.title.lower()} {cell.aloud()}".strip()
            for column, cell in list(zip(self._columns, row.cells, strict=True))[1:]
            if cell.aloud()
        ]
        return ", ".join(said)

    def _cell_spoken(self, row: BoardRow, index: Index) -> str:
        cell = row.cells[index.column()].aloud()
        return f"{self._columns[index.column()].title}: {cell or 'nothing'}"

    def _changed(self, at: int, before: BoardRow) -> None:
        row = self._rows[at]
        if row.tone is not before.tone:
            self.dataChanged.emit(self.index(at, 0), self.index(at, len(self._columns) - 1))
            return
        for place, (new, old) in enumerate(zip(row.cells, before.cells, strict=True)):
            if new != old:
                index = self.index(at, place)
                self.dataChanged.emit(index, index)


class _CellDelegate(QStyledItemDelegate):
    """Paints one cell of a row."""

    def __init__(self, look: Look, board: BoardModel, parent: QObject) -> None:
        super().__init__(parent)
        self._look, self._board = look, board

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, hairline, then icon and words."""
        look, theme, rect = self._look, self._look.theme, option.rect
        row, column = self._board.row_at(index.row()), index.column()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(rect, theme.selection)
            if column == 0:
                painter.fillRect(rect.left(), rect.top(), 3, rect.height(), theme.selection_edge)
        elif row.tone is not None:
            painter.fillRect(rect, theme.tone(row.tone).soft)
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme.border)
        cell = row.cells[column]
        if not cell.text and not cell.icon:
            return
        inner = rect.adjusted(look.px(_PAD), 0, -look.px(4), -1)
        if cell.pill:
            size = pill_size(look, cell.text, cell.icon)
            top = inner.top() + (inner.height() - size.height() + 1) // 2
            width = min(size.width(), inner.width())
            box = QRect(inner.left(), top, width, size.height())
            paint_pill(painter, look, box, cell.text, cell.tone or Tone.NEUTRAL, icon=cell.icon)
        else:
            self._paint_plain(painter, inner, cell)

    def _paint_plain(self, painter: QPainter, inner: QRect, cell: Cell) -> None:
        look = self._look
        ink = look.ink(cell.tone, muted=cell.muted)
        if cell.icon:
            paint_icon(painter, look, inner, cell.icon, ink, size=15)
            inner.setLeft(inner.left() + look.px(15) + look.px(5))
        font = look.font(Role.STRONG if cell.strong else Role.BODY)
        paint_text(painter, inner, cell.text, font, ink)


class BoardTable(QTableView):
    """`opened` (Enter, double click) and `detail_asked` (Alt+Enter) carry a key, `chosen` the
    chosen rows' keys, `dropped` the key of the row onto which contacts were let go, `menu_asked`
    a key and where on the screen, `sort_asked` a column's key.
    """

    opened = Signal(object)
    detail_asked = Signal(object)
    chosen = Signal(object)
    dropped = Signal(object)
    menu_asked = Signal(object, object)
    sort_asked = Signal(str)

    def __init__(
        self,
        look: Look,
        name: str,
        columns: Sequence[Column],
        *,
        drops: str = "",
        several: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """`drops` is the mime type of what may be dropped; `several` rows may be chosen."""
        super().__init__(parent)
        self._look, self.columns, self._drops = look, tuple(columns), drops
        self._under = -1
        self.board = BoardModel(columns, self)
        self.setModel(self.board)
        self.setItemDelegate(_CellDelegate(look, self.board, self))
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        modes = QAbstractItemView.SelectionMode
        self.setSelectionMode(modes.ExtendedSelection if several else modes.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.head = BoardHead(look, self)
        self.setHorizontalHeader(self.head)
        self.head.sectionClicked.connect(self._sort)
        self.setAcceptDrops(bool(drops))
        self.doubleClicked.connect(self._open_index)
        self.clicked.connect(self._tell_chosen)
        look.changed.connect(self._relook)
        self._relook()

    def keys(self) -> tuple[int, ...]:
        """The chosen rows' keys, in their order."""
        places = sorted({index.row() for index in self.selectionModel().selectedRows()})
        return tuple(self.board.rows[at].key for at in places)

    def current_key(self) -> int | None:
        """The current row's key."""
        row = self.currentIndex().data(ROW_ROLE)
        return row.key if isinstance(row, BoardRow) else None

    def choose(self, key: int) -> None:
        """Move to a row, if it is there."""
        at = self.board.place_of(key)
        if at >= 0:
            self.setCurrentIndex(self.board.index(at, 0))

    def shown_places(self) -> range:
        """The places that are on the screen."""
        area = self.viewport().rect()
        first, last = self.rowAt(area.top()), self.rowAt(area.bottom())
        count = self.board.rowCount()
        return range(max(first, 0), (last if last >= 0 else count - 1) + 1)

    def sizeHint(self) -> QSize:
        """All rows, where there is room for them."""
        rows = min(max(self.board.rowCount(), 3), 12)
        return QSize(self._look.px(400), self.head.sizeHint().height() + rows * self._height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, Alt+Enter asks for details, Space chooses, Escape lets go."""
        key = event.key()
        current = self.current_key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and current is not None:
            alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
            (self.detail_asked if alt else self.opened).emit(current)
        elif key == Qt.Key.Key_Escape and self.keys():
            self.clearSelection()
            self.chosen.emit(())
        else:
            super().keyPressEvent(event)
            if key == Qt.Key.Key_Space:
                self.chosen.emit(self.keys())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The row's menu, by mouse or the menu key."""
        index = self.currentIndex()
        if event.reason() is QContextMenuEvent.Reason.Mouse:
            index = self.indexAt(self.viewport().mapFromGlobal(event.globalPos()))
        self._ask_menu(index)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Contacts may come in."""
        self._drag(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show onto which row they would go."""
        self._drag(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """They went elsewhere."""
        self._hover(-1)

    def dropEvent(self, event: QDropEvent) -> None:
        """They were let go here."""
        at = self.rowAt(event.position().toPoint().y())
        self._hover(-1)
        if at < 0 or not event.mimeData().hasFormat(self._drops):
            event.ignore()
            return
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.dropped.emit(self.board.rows[at].key)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The rows; a ring around the current one, and around what is dropped on."""
        super().paintEvent(event)
        at = self.currentIndex().row() if self.hasFocus() else -1
        for place, colour in ((at, None), (self._under, self._look.theme.selection_edge)):
            if place >= 0:
                rect = self.visualRect(self.board.index(place, 0))
                rect.setLeft(0)
                rect.setRight(self.viewport().width() - 1)
                paint_focus(QPainter(self.viewport()), self._look, rect, 3, colour)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width anew."""
        super().resizeEvent(event)
        self._share()

    def currentChanged(self, current: Index, previous: Index) -> None:
        """The ring goes with the current row; it is wider than a cell."""
        super().currentChanged(current, previous)
        self.viewport().update()

    def _drag(self, event: QDragMoveEvent) -> None:
        at = self.rowAt(event.position().toPoint().y())
        if not self._drops or not event.mimeData().hasFormat(self._drops):
            event.ignore()
            return
        self._hover(at)
        event.setDropAction(Qt.DropAction.CopyAction)
        # Nowhere in particular is not a place, but the drag may go on to one.
        event.accept()

    def _hover(self, at: int) -> None:
        if at != self._under:
            self._under = at
            self.viewport().update()

    def _ask_menu(self, index: QModelIndex) -> None:
        row = index.data(ROW_ROLE)
        if isinstance(row, BoardRow):
            if row.key not in self.keys():
                self.selectionModel().setCurrentIndex(
                    index,
                    QItemSelectionModel.SelectionFlag.ClearAndSelect
                    | QItemSelectionModel.SelectionFlag.Rows,
                )
            spot = self.visualRect(index).bottomLeft() + QPoint(self._look.px(_PAD), 0)
            self.menu_asked.emit(row.key, self.viewport().mapToGlobal(spot))

    @Slot(QModelIndex)
    def _open_index(self, index: QModelIndex) -> None:
        row = index.data(ROW_ROLE)
        if isinstance(row, BoardRow):
            self.opened.emit(row.key)

    @Slot(QModelIndex)
    def _tell_chosen(self, index: QModelIndex) -> None:
        if self.columns[index.column()].key == "more":
            self._ask_menu(index)
        else:
            self.chosen.emit(self.keys())

    @Slot(int)
    def _sort(self, section: int) -> None:
        self.sort_asked.emit(self.columns[section].key)

    def _height(self) -> int:
        look = self._look
        return max(text_height(look.font()), pill_size(look, "x").height()) + 2 * look.px(6) + 1

    @Slot()
    def _relook(self) -> None:
        self.verticalHeader().setMinimumSectionSize(1)
        self.verticalHeader().setDefaultSectionSize(self._height())
        self._share()
        self.updateGeometry()

    def _share(self) -> None:
        """Give each column its width; some go where there is no room for all."""
        room = self.viewport().width()
        shown = list(self.columns)
        needed = {each.key: self._look.px(each.width) for each in shown}
        while sum(needed[each.key] for each in shown) > room:
            last = max(shown, key=lambda each: each.rank)
            if last.rank == 0:
                break
            shown.remove(last)
        spare = max(0, room - sum(needed[each.key] for each in shown))
        parts = sum(each.stretch for each in shown) or 1
        for place, column in enumerate(self.columns):
            self.setColumnHidden(place, column not in shown)
            if column in shown:
                extra = spare * column.stretch // parts
                self.setColumnWidth(place, needed[column.key] + extra)
