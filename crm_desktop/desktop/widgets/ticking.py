"""Repaints those visible cells whose running clock reads differently, and nothing else."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPersistentModelIndex, Qt, Slot
from PySide6.QtWidgets import QAbstractItemView

from crm_desktop.desktop.core.clock import Clock


class CellTicker(QObject):
    """Watches one column of a view: after each tick cells whose `role` changed are repainted.

    The model must compute that role from the clock, without emitting dataChanged.
    """

    def __init__(
        self,
        clock: Clock,
        view: QAbstractItemView,
        column: int = 0,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> None:
        super().__init__(view)
        self._view, self._column, self._role = view, column, role
        self._shown: dict[QPersistentModelIndex, object] = {}
        clock.tick.connect(self.tick)

    @Slot()
    def tick(self) -> None:
        """Compare what is on the screen with what it should read now."""
        if not self._view.isVisible():
            return
        shown: dict[QPersistentModelIndex, object] = {}
        for row in self._visible_rows():
            index = self._view.model().index(row, self._column, self._view.rootIndex())
            kept = QPersistentModelIndex(index)
            shown[kept] = index.data(self._role)
            if self._shown.get(kept, object) != shown[kept]:
                self._view.update(index)
        self._shown = shown

    def _visible_rows(self) -> range:
        area = self._view.viewport().rect()
        first = self._view.indexAt(area.topLeft()).row()
        last = self._view.indexAt(area.bottomLeft()).row()
        count = self._view.model().rowCount(self._view.rootIndex())
        return range(max(first, 0), (last if last >= 0 else count - 1) + 1)
