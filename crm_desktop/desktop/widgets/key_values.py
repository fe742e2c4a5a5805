"""Facts in two columns: what it is, and what it says."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QWidget

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.text import Text


class KeyValueGrid(QWidget):
    """Rows of a muted label and a value that wraps and can be selected."""

    def __init__(
        self, look: Look, rows: Sequence[tuple[str, str]] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._pairs: list[tuple[Text, Text]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        look.changed.connect(self._relook)
        self._relook()
        self.set_rows(rows)

    def set_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show these facts; labels in place are used again."""
        while len(self._pairs) > len(rows):
            for each in self._pairs.pop():
                self._grid.removeWidget(each)
                each.deleteLater()
        while len(self._pairs) < len(rows):
            self._add_pair()
        for (label, value), (name, says) in zip(self._pairs, rows, strict=True):
            label.setText(name)
            value.setText(says)
            value.setAccessibleName(f"{name}: {says}")

    def _add_pair(self) -> None:
        at = len(self._pairs)
        label = Text(self._look, muted=True)
        value = Text(self._look, wrap=True, selectable=True)
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(label, at, 0, top)
        self._grid.addWidget(value, at, 1, top)
        self._pairs.append((label, value))

    @Slot()
    def _relook(self) -> None:
        self._grid.setHorizontalSpacing(self._look.px(16))
        self._grid.setVerticalSpacing(self._look.px(4))
        self._grid.setColumnMinimumWidth(0, self._look.px(74))
