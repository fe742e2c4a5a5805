"""The menu of P: sensible times, until the customer replies, or a time of one's own."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.parking import choices
from crm_desktop.desktop.widgets.time_dialog import TimeDialog


class ParkMenu(QMenu):
    """`chosen` carries a ParkUntil. Digits choose, too."""

    chosen = Signal(object)

    def __init__(self, look: Look, clock: Clock, parent: QWidget) -> None:
        super().__init__("Park", parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._look, self._clock = look, clock
        for number, choice in enumerate(choices(clock.now()), start=1):
            action = self.addAction(f"&{number}  {choice.words}", self._pick)
            action.setData(choice)
        self.addSeparator()
        self.addAction("&5  Pick a time…", self._ask_time)

    @Slot()
    def _pick(self) -> None:
        sender = self.sender()
        if isinstance(sender, QAction):
            self.chosen.emit(sender.data())

    @Slot()
    def _ask_time(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            dialog = TimeDialog(self._look, self._clock, "Park until", "Park", parent)
            dialog.chosen.connect(self.chosen)
            dialog.open()
