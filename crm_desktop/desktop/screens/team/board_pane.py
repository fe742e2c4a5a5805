"""What the panes of queues and of people have alike: a sorted board that ticks and takes drops."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from PySide6.QtCore import QPoint, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.layout import Settings
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.team.dragging import CONTACTS
from crm_desktop.desktop.widgets.board import BoardRow, BoardTable, Column
from crm_desktop.desktop.widgets.card import PanelHeader, Surface
from crm_desktop.desktop.widgets.states import EmptyState


class BoardPane(Surface):
    """A head, a board under it, and words where there is nothing.

    `contacts_dropped` carries the pane's kind ("queue", "person") and an id. Sorting is remembered.
    """

    contacts_dropped = Signal(str, object)

    kind: ClassVar[str]
    title: ClassVar[str]
    columns: ClassVar[Sequence[Column]]
    several: ClassVar[bool]

    def __init__(
        self,
        look: Look,
        clock: Clock,
        ways: Settings,
        empty: EmptyState,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, parent=parent)
        self._clock, self._ways = clock, ways
        self._columns = {column.key: at for at, column in enumerate(self.columns)}
        self.setAccessibleName(self.title)
        self.header = PanelHeader(look, self.title)
        self.table = BoardTable(
            look, self.title, self.columns, drops=CONTACTS, several=self.several
        )
        self.empty = empty
        self._pages = QStackedWidget()
        for page in (self.table, self.empty):
            self._pages.addWidget(page)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.column.addWidget(self.header)
        self.column.addWidget(self._pages, 1)
        self._sorted, self._down = self._remembered()
        self.table.sort_asked.connect(self.sort_by)
        self.table.dropped.connect(self._dropped)
        self.table.verticalScrollBar().valueChanged.connect(self.tick)
        clock.tick.connect(self.tick)
        self._show_sorted()

    def sort_by(self, column: str) -> None:
        """Sort by a column, or the other way round when it is the one."""
        if not any(each.key == column and each.title for each in self._titles()):
            return
        self._down = not self._down if column == self._sorted else False
        self._sorted = column
        self._ways.set(f"team/{self.kind}/sort", f"{column} {'down' if self._down else 'up'}")
        self._show_sorted()
        self.arrange()

    def arrange(self) -> None:
        """Show the lines that there are, in their order."""
        raise NotImplementedError

    def reading(self, key: int, now: datetime) -> BoardRow | None:
        """How a line reads at a moment; None when there is no such line."""
        raise NotImplementedError

    @Slot()
    def tick(self) -> None:
        """Let time pass in the lines that are on the screen."""
        if not self.table.isVisible():
            return
        now, rows = self._clock.now(), self.table.board.rows
        fresh = {at: self.reading(rows[at].key, now) for at in self.table.shown_places()}
        self.table.board.update({at: row for at, row in fresh.items() if row is not None})

    def show_rows(self, rows: Sequence[BoardRow]) -> None:
        """Put these on the board."""
        self.table.board.show(rows)
        self._pages.setCurrentIndex(0 if rows else 1)
        if rows and not self.table.currentIndex().isValid():
            # The keyboard stands somewhere, and nothing is chosen.
            self.table.selectionModel().setCurrentIndex(
                self.table.board.index(0, 0), self.table.selectionModel().SelectionFlag.NoUpdate
            )

    def sort_menu(self, menu: QMenu) -> None:
        """What the heads of the columns do, for the keyboard."""
        within = menu.addMenu("Sort by")
        for column in self._titles():
            action = within.addAction(column.title)
            action.setCheckable(True)
            action.setChecked(column.key == self._sorted)
            action.setData(column.key)
        within.triggered.connect(self._sort_chosen)

    def pop_up(self, menu: QMenu, spot: QPoint) -> None:
        """Open a row's menu; it goes when it is closed."""
        menu.setParent(self, menu.windowFlags())
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(spot)

    def _titles(self) -> list[Column]:
        return [each for each in self.columns if each.title]

    def _remembered(self) -> tuple[str, bool]:
        column, _, way = (self._ways.get(f"team/{self.kind}/sort") or "name up").partition(" ")
        return (column if column in self._columns else "name"), way == "down"

    def _show_sorted(self) -> None:
        self.table.head.show_sorted(self._columns[self._sorted], down=self._down)

    @Slot(QAction)
    def _sort_chosen(self, action: QAction) -> None:
        self.sort_by(action.data())

    @Slot(object)
    def _dropped(self, key: int) -> None:
        self.contacts_dropped.emit(self.kind, key)
