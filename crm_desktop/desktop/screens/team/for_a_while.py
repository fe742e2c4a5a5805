"""Choosing until when: for good, or for one of the whiles that people say."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtWidgets import QComboBox, QWidget

from crm_desktop.desktop.core import words

_HOURS = (1, 2, 4)
_LATER = (("for a week", timedelta(days=7)), ("for 4 weeks", timedelta(days=28)))


class WhileBox(QComboBox):
    """`value()` is a time or None; `always` is what None is called. A time that was set before
    stays choosable as it is.
    """

    def __init__(self, always: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._always = always
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)

    def show_value(self, value: datetime | None, now: datetime) -> None:
        """Offer the usual whiles from now on, with this one chosen."""
        self.clear()
        self.addItem(self._always, None)
        if value is not None:
            self.addItem(f"until {words.when(value, now)}", value)
        for hours in _HOURS:
            self.addItem(f"for {words.count(hours, 'hour')}", now + timedelta(hours=hours))
        self.addItem("until tonight", tonight(now))
        for said, span in _LATER:
            self.addItem(said, now + span)
        self.setCurrentIndex(1 if value is not None else 0)

    def value(self) -> datetime | None:
        """Until when, None for the first choice."""
        chosen = self.currentData()
        return chosen if isinstance(chosen, datetime) else None


def tonight(now: datetime) -> datetime:
    """The end of the day in London; past 23:30 that of tomorrow."""
    here = words.local(now + timedelta(minutes=30))
    return here.replace(hour=23, minute=59, second=0, microsecond=0)
