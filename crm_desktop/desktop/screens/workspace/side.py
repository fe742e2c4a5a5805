"""The panel beside the contact: who the customer is, and what we know about the matter."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.desktop.widgets.tabs import TabStrip

CUSTOMER, KNOWLEDGE = "customer", "knowledge"


def bare_column(parent: QWidget) -> QVBoxLayout:
    """A column without any room around or between."""
    made = QVBoxLayout(parent)
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(0)
    return made


class SidePanel(Surface):
    """Two pages under two tabs."""

    def __init__(self, look: Look, customer: QWidget, knowledge: QWidget) -> None:
        super().__init__(look)
        self._tabs = TabStrip(look, "Beside the contact")
        self._tabs.add(CUSTOMER, "Customer")
        self._tabs.add(KNOWLEDGE, "Knowledge")
        self._pages = QStackedWidget()
        for page in (customer, knowledge):
            self._pages.addWidget(page)
        self._tabs.chosen.connect(self._chosen)
        column = bare_column(self)
        column.addWidget(self._tabs)
        column.addWidget(self._pages, 1)
        look.changed.connect(self._widen)
        self._widen()

    def choose(self, key: str) -> None:
        """Show CUSTOMER or KNOWLEDGE."""
        self._tabs.choose(key)

    @Slot(int)
    def count_suggestions(self, count: int) -> None:
        """How many articles fit the contact."""
        self._tabs.set_count(KNOWLEDGE, count or None)

    @Slot()
    def _widen(self) -> None:
        self.setMinimumWidth(self._look.px(240))

    @Slot(str)
    def _chosen(self, key: str) -> None:
        self._pages.setCurrentIndex(0 if key == CUSTOMER else 1)
