"""The menu of P: sensible times, until the customer replies, or a time of one's own."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QDateTime, Qt, QTimeZone, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDateTimeEdit, QDialog, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.shell.parking import ParkUntil, choices, next_morning
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.text import Text


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
            dialog = _TimeDialog(self._look, self._clock, parent)
            dialog.chosen.connect(self.chosen)
            dialog.open()


class _TimeDialog(QDialog):
    """A time of one's own, London time."""

    chosen = Signal(object)

    def __init__(self, look: Look, clock: Clock, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Park until")
        zone = QTimeZone(b"Europe/London")
        start = QDateTime.fromSecsSinceEpoch(int(next_morning(clock.now()).timestamp()), zone)
        self._edit = QDateTimeEdit(start)
        self._edit.setTimeZone(zone)
        self._edit.setDisplayFormat("ddd d MMM yyyy HH:mm")
        self._edit.setCalendarPopup(True)
        now = QDateTime.fromSecsSinceEpoch(int(clock.now().timestamp()) + 60, zone)
        self._edit.setMinimumDateTime(now)
        self._edit.setAccessibleName("Park until")
        park, back = PrimaryButton(look, "Park"), Button(look, "Cancel")
        park.clicked.connect(self._park)
        back.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(back)
        row.addWidget(park)
        column = QVBoxLayout(self)
        column.addWidget(Text(look, "Park until", Role.SMALL_STRONG, muted=True))
        column.addWidget(self._edit)
        column.addLayout(row)

    @Slot()
    def _park(self) -> None:
        until = datetime.fromtimestamp(self._edit.dateTime().toSecsSinceEpoch(), UTC)
        self.chosen.emit(ParkUntil(words.full(until), until))
        self.accept()
