"""Entering a length of time as people say it: a number and its unit."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSpinBox, QWidget

from crm_desktop.desktop.core.look import Look

_UNITS = (("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86_400))
_MOST = 9_999


class DurationEntry(QWidget):
    """A number and seconds, minutes, hours or days; `changed` when it is another."""

    changed = Signal()

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.number = number_entry(look, 0, _MOST)
        self.number.setAccessibleName(name)
        self.unit = QComboBox()
        self.unit.setAccessibleName(f"{name}: unit")
        for words, seconds in _UNITS:
            self.unit.addItem(words, seconds)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.px(4))
        row.addWidget(self.number)
        row.addWidget(self.unit)
        self.setFocusProxy(self.number)
        self.number.valueChanged.connect(self._told)
        self.unit.currentIndexChanged.connect(self._told)

    def seconds(self) -> int:
        """What is entered."""
        return self.number.value() * int(self.unit.currentData())

    def set_seconds(self, seconds: int) -> None:
        """Show a length in the largest unit that says it exactly; tells nobody."""
        at = max(at for at, (_, unit) in enumerate(_UNITS) if not at or seconds % unit == 0)
        at = at if seconds else 0
        for field in (self.number, self.unit):
            field.blockSignals(True)
        self.unit.setCurrentIndex(at)
        self.number.setValue(seconds // _UNITS[at][1])
        for field in (self.number, self.unit):
            field.blockSignals(False)

    @Slot()
    def _told(self) -> None:
        self.changed.emit()


def number_entry(look: Look, least: int, most: int) -> QSpinBox:
    """A whole number between bounds, set off from its edge as in other fields."""
    field = QSpinBox()
    field.setRange(least, most)
    field.lineEdit().setTextMargins(look.px(7), 0, 0, 0)
    return field
