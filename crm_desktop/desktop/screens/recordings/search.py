"""Finding recordings by the number that called, and from which day to which."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import PrimaryButton
from crm_desktop.desktop.widgets.date_entry import DateEntry
from crm_desktop.desktop.widgets.text import Text

_WEEKS = timedelta(weeks=4)


class SearchPane(QWidget):
    """`asked`: a number, and the first and the last day."""

    asked = Signal(str, object, object)

    def __init__(
        self, look: Look, now: Callable[[], datetime], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self.number = QLineEdit()
        self.number.setPlaceholderText("01632 960 001")
        self.number.setAccessibleName("Telephone number")
        self.number.returnPressed.connect(self._ask)
        self.since, self.until = DateEntry(look), DateEntry(look)
        self.since.setAccessibleName("From this day")
        self.until.setAccessibleName("To this day")
        today = now().astimezone(words.LONDON).date()
        self.since.set_value((today - _WEEKS).isoformat())
        self.until.set_value(today.isoformat())
        self.find_button = PrimaryButton(look, "Find", icon="search")
        self.find_button.clicked.connect(self._ask)
        self._wrong = Text(look, "", Role.SMALL, tone=Tone.DANGER, wrap=True)
        self._wrong.hide()
        self._grid = QGridLayout(self)
        for row, label, part in (
            (0, "Number", self.number),
            (1, "From", self.since),
            (2, "To", self.until),
        ):
            self._grid.addWidget(Text(look, label, Role.SMALL_STRONG, muted=True), row, 0)
            self._grid.addWidget(part, row, 1)
        self._grid.addWidget(self.find_button, 3, 1)
        self._grid.addWidget(self._wrong, 4, 0, 1, 2)
        self._grid.setColumnStretch(1, 1)
        look.changed.connect(self._relook)
        self._relook()

    def say(self, wrong: str) -> None:
        """What must be mended; empty for nothing."""
        self._wrong.setText(wrong)
        self._wrong.setVisible(bool(wrong))

    @Slot()
    def _ask(self) -> None:
        days = _day(self.since), _day(self.until)
        if None in days:
            self.say("Enter both days, such as 3 May 2026.")
            return
        if not self.number.text().strip():
            self.say("Enter the telephone number with its area code.")
            return
        self.say("")
        self.asked.emit(self.number.text(), *days)

    @Slot()
    def _relook(self) -> None:
        px = self._look.px
        self._grid.setContentsMargins(px(12), px(12), px(12), px(12))
        self._grid.setSpacing(px(8))


def _day(entry: DateEntry) -> date | None:
    try:
        return date.fromisoformat(str(entry.value()))
    except ValueError:
        return None
