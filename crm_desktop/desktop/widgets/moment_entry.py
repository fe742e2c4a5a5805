"""A day and a time of day as a person enters them, on a London clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.date_entry import DateEntry, read_day

_TIME = re.compile(r"(\d{1,2})\s*[:.h ]?\s*(\d{2})?\s*(am|pm)?\Z", re.IGNORECASE)


def read_time(text: str) -> time | None:
    """The time of day that is meant by "10:50", "1050", "9.30" or "2 pm"; None when it is none."""
    bare = text.strip().lower()
    if re.fullmatch(r"\d{3,4}", bare):
        bare = f"{bare[:-2]}:{bare[-2:]}"
    found = _TIME.match(bare)
    if not found:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if not (found[2] or half) or (half and not 1 <= hour <= 12):
        return None
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


class MomentEntry(QWidget):
    """`day` and `time` beside each other; times are London's, what comes out is UTC."""

    def __init__(
        self,
        look: Look,
        now: datetime,
        parent: QWidget | None = None,
        *,
        name: str = "when it happened",
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._now = clock or (lambda: datetime.now(UTC))
        self.day, self.time = DateEntry(look), QLineEdit()
        self.day.setAccessibleName(f"Day {name}")
        self.time.setAccessibleName(f"Time {name}, like 10:50")
        self.time.setPlaceholderText("hh:mm")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.px(8))
        row.addWidget(self.day, 1)
        row.addWidget(self.time)
        self.set_moment(now)
        self._relook()
        look.changed.connect(self._relook)

    def now(self) -> datetime:
        """Now, UTC."""
        return self._now()

    def set_moment(self, moment: datetime) -> None:
        """Show a moment, to the minute."""
        here = words.local(moment)
        self.day.set_value(here.date().isoformat())
        self.time.setText(f"{here:%H:%M}")

    def moment(self) -> datetime | None:
        """What is entered, UTC; None when it is no day or no time.

        An hour that comes twice when the clocks go back is the first; one that does not exist
        when they go forward is an hour later, as a clock would show it.
        """
        day = read_day(self.day.value(), words.local(self._now()).date())
        at = read_time(self.time.text())
        if day is None or at is None:
            return None
        return datetime.combine(day, at, words.LONDON).astimezone(UTC)

    @Slot()
    def _relook(self) -> None:
        self.time.setFixedWidth(self._look.px(84))
