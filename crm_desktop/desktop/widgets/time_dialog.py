"""A moment to come that a person picks: until when to park, by when to answer."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QDateTime, Qt, QTimeZone, Signal, Slot
from PySide6.QtWidgets import QDateTimeEdit, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.parking import ParkUntil, next_morning
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.text import Text


class TimeDialog(QDialog):
    """A time of one's own, London time. `chosen` carries a ParkUntil."""

    chosen = Signal(object)

    def __init__(self, look: Look, clock: Clock, title: str, go: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        zone = QTimeZone(b"Europe/London")
        start = QDateTime.fromSecsSinceEpoch(int(next_morning(clock.now()).timestamp()), zone)
        self._edit = QDateTimeEdit(start)
        self._edit.setTimeZone(zone)
        self._edit.setDisplayFormat("ddd d MMM yyyy HH:mm")
        # The style's size hint forgets its own arrow: the minutes would be cut off.
        self._edit.setMinimumWidth(look.px(210))
        self._edit.setCalendarPopup(True)
        now = QDateTime.fromSecsSinceEpoch(int(clock.now().timestamp()) + 60, zone)
        self._edit.setMinimumDateTime(now)
        self._edit.setAccessibleName(title)
        choose, back = PrimaryButton(look, go), Button(look, "Cancel")
        choose.clicked.connect(self._choose)
        back.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(back)
        row.addWidget(choose)
        column = QVBoxLayout(self)
        column.addWidget(Text(look, title, Role.SMALL_STRONG, muted=True))
        column.addWidget(self._edit)
        column.addLayout(row)

    @Slot()
    def _choose(self) -> None:
        until = datetime.fromtimestamp(self._edit.dateTime().toSecsSinceEpoch(), UTC)
        self.chosen.emit(ParkUntil(words.full(until), until))
        self.accept()
