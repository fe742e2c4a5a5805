"""Free times as a table that arrow keys walk: a column a day, a line a quarter of an hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.painting import paint_focus
from crm_desktop.domain import appointments as domain

_DAYS = 5
_SLOT = Qt.ItemDataRole.UserRole


class CellDelegate(QStyledItemDelegate):
    """Cells with words in them, each line cut where the cell ends; rings the current one, whose
    colour already says something.
    """

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Qt's way in; words have room around them, also within the ring."""
        cell = QStyleOptionViewItem(option)
        self.initStyleOption(cell, index)
        said, cell.text = cell.text, ""
        cell.widget.style().drawControl(
            QStyle.ControlElement.CE_ItemViewItem, cell, painter, cell.widget
        )
        side, top = self._look.px(7), self._look.px(4)
        painter.setPen(cell.palette.color(QPalette.ColorRole.Text))
        painter.setFont(cell.font)
        inside = cell.rect.adjusted(side, top, -side, 0)
        high = cell.fontMetrics.lineSpacing()
        # No half lines below.
        # Qt hands line ends on as separators of its own.
        lines = said.splitlines()[: max(1, inside.height() // high)]
        elided = [
            cell.fontMetrics.elidedText(each, Qt.TextElideMode.ElideRight, inside.width())
            for each in lines
        ]
        inside.setHeight(max(high, inside.height() // high * high))
        painter.drawText(inside, cell.displayAlignment, "\n".join(elided))
        if cell.state & QStyle.StateFlag.State_Selected:
            edge = self._look.px(2)
            paint_focus(painter, self._look, cell.rect.adjusted(edge, edge, -edge, -edge))


class SlotTable(QTableWidget):
    """`taken` asks for booking the current time (Enter)."""

    taken = Signal()
    picked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setAccessibleName("Free times")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setItemDelegate(CellDelegate(look, self))
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.currentItemChanged.connect(self._moved)
        self.itemDoubleClicked.connect(self.taken)
        look.changed.connect(self._relook)

    def show_slots(self, slots: Sequence[domain.Slot]) -> None:
        """The first days on which something is free, below each other what is free.

        The keyboard stays on its time, or goes to the next one after it that is offered.
        """
        stood = self.slot()
        days: dict[date, list[domain.Slot]] = {}
        for slot in slots:
            days.setdefault(words.local(slot.starts_at).date(), []).append(slot)
        shown = list(days.items())[:_DAYS]
        stand: tuple[int, int] | None = None
        self.clear()
        self.setColumnCount(len(shown))
        self.setRowCount(max((len(each) for _, each in shown), default=0))
        self.setHorizontalHeaderLabels([f"{day:%a} {day.day} {day:%b}" for day, _ in shown])
        for column, (day, free) in enumerate(shown):
            for line, slot in enumerate(free):
                item = QTableWidgetItem(words.clock_time(slot.starts_at))
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                item.setData(_SLOT, slot)
                said = f"{words.clock_time(slot.starts_at)}, {day:%A} {day.day} {day:%B}"
                item.setData(Qt.ItemDataRole.AccessibleTextRole, said)
                self.setItem(line, column, item)
                if stood and not stand and slot.starts_at >= stood.starts_at:
                    stand = (line, column)
            for line in range(len(free), self.rowCount()):
                empty = QTableWidgetItem("")
                empty.setFlags(Qt.ItemFlag.NoItemFlags)
                self.setItem(line, column, empty)
        self._relook()
        if shown:
            self.setCurrentCell(*(stand or (0, 0)))
        self.picked.emit()

    def slot(self) -> domain.Slot | None:
        """The time on which the keyboard stands."""
        item = self.currentItem()
        found = item.data(_SLOT) if item is not None else None
        return found if isinstance(found, domain.Slot) else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter takes the time; Ctrl+Enter is the form's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.slot() is not None:
            self.taken.emit()
            return
        super().keyPressEvent(event)

    @Slot()
    def _moved(self) -> None:
        self.picked.emit()

    @Slot()
    def _relook(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self._look.px(30))
