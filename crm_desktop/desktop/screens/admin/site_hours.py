"""Opening hours as an administrator types them: each day of the week, and special days."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.buttons import Button, IconButton
from crm_desktop.desktop.widgets.date_entry import DateEntry, read_day
from crm_desktop.desktop.widgets.moment_entry import read_time
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.calendar import Calendar, Region, Window, Windows
from crm_desktop.domain.errors import InvalidInput

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_REGIONS = {
    Region.ENGLAND_AND_WALES: "Closed on bank holidays of England and Wales",
    Region.UNITED_KINGDOM: "Closed on bank holidays anywhere in the United Kingdom",
    Region.NONE: "Open on bank holidays as on any day",
}
_EMPTY = Calendar(((),) * 7)
_HOW = "09:00-17:00, or 09:00-12:30, 13:00-17:00; nothing for closed"


def read_windows(text: str) -> Windows | None:
    """The opening times of a day as they are typed ("9-12.30, 13:00-17:00"); None when not read."""
    bare = text.strip().lower()
    if bare in ("", "closed"):
        return ()
    try:
        found = [_window(each) for each in re.split(r"\s*(?:,|;|\band\b)\s*", bare)]
    except ValueError:
        return None
    found.sort(key=lambda each: each.opens)
    overlap = any(later.opens < earlier.closes for earlier, later in pairwise(found))
    return None if overlap else tuple(found)


def say_windows(windows: Windows) -> str:
    """As "09:00-12:30, 13:00-17:00"; empty for closed."""
    return ", ".join(map(str, windows))


def _window(text: str) -> Window:
    opens, dash, closes = re.sub(r"\s+(to|until)\s+|[–—]", "-", text).partition("-")
    return Window.parse(f"{_clock(opens)}-{_clock(closes)}") if dash else Window.parse(text)


def _clock(text: str) -> str:
    bare = text.strip()
    if bare in ("24:00", "24", "midnight"):
        return "24:00"
    found = read_time(f"{bare}:00" if bare.isdecimal() and len(bare) < 3 else bare)
    if found is None:
        raise ValueError(text)
    return found.strftime("%H:%M")


class HoursEditor(QWidget):
    """A week, bank holidays, and special days; `hours` reads what was entered."""

    def __init__(self, look: Look, hours: Calendar | None) -> None:
        super().__init__()
        self._look, self._known = look, hours or _EMPTY
        self._days = [_hours_field(f"Open on {day}") for day in _DAYS]
        grid = QGridLayout()
        grid.setHorizontalSpacing(look.px(10))
        for at, (day, field) in enumerate(zip(_DAYS, self._days, strict=True)):
            label = Text(look, day)
            label.setBuddy(field)
            grid.addWidget(label, at, 0)
            grid.addWidget(field, at, 1)
            field.setText(say_windows(self._known.week[at]))
        grid.setColumnStretch(1, 1)
        self._holidays = QComboBox()
        self._holidays.setAccessibleName("Bank holidays")
        for region, words in _REGIONS.items():
            self._holidays.addItem(words, region)
        self._holidays.setCurrentIndex(list(_REGIONS).index(self._known.holidays))
        self._holidays.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._special: list[_SpecialDay] = []
        self._rows = QVBoxLayout()
        self._rows.setSpacing(look.px(6))
        more = Button(look, "Add a special day", icon="plus")
        more.setAutoDefault(False)
        more.clicked.connect(self._add)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, look.px(4), 0, 0)
        column.setSpacing(look.px(8))
        column.addLayout(grid)
        column.addWidget(Text(look, f"Times of a day: {_HOW}.", Role.SMALL, muted=True, wrap=True))
        column.addWidget(Text(look, "Bank holidays", Role.SMALL_STRONG, muted=True))
        column.addWidget(self._holidays)
        column.addSpacing(look.px(6))
        column.addWidget(Text(look, "Special days", Role.HEADING))
        column.addWidget(Text(look, "Open or closed on these days whatever the week and bank "
                              "holidays say.", Role.SMALL, muted=True, wrap=True))  # fmt: skip
        column.addLayout(self._rows)
        column.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)
        for special, windows in self._known.special:
            self._add_day(special, windows)

    def hours(self) -> Calendar:
        """What was entered; raises InvalidInput whose fields name the days that cannot be read."""
        wrong: dict[str, str] = {}
        week = []
        for day, field in zip(_DAYS, self._days, strict=True):
            found = read_windows(field.text())
            if found is None:
                wrong[day] = _HOW
            week.append(found or ())
        special: dict[date, Windows] = {}
        for each in self._special:
            each_day, found = each.day(), read_windows(each.times.text())
            if each_day is None:
                wrong["special days"] = "a day such as 24/12/2026"
            elif found is None:
                wrong[each.when.text()] = _HOW
            elif each_day in special:
                wrong[each.when.text()] = "stands there twice"
            else:
                special[each_day] = found
        if wrong:
            raise InvalidInput("opening hours", fields=wrong)
        region = Region(self._holidays.currentData())
        return Calendar(tuple(week), tuple(sorted(special.items())), region, self._known.zone)

    @Slot()
    def _add(self) -> None:
        self._add_day(None, ()).when.setFocus()

    def _add_day(self, day: date | None, windows: Windows) -> _SpecialDay:
        row = _SpecialDay(self._look, day, windows)
        row.gone.connect(self._remove)
        self._special.append(row)
        self._rows.addWidget(row)
        return row

    @Slot(object)
    def _remove(self, row: _SpecialDay) -> None:
        self._special.remove(row)
        self._rows.removeWidget(row)
        row.hide()
        row.deleteLater()
        self._holidays.setFocus()


class _SpecialDay(QWidget):
    """A day and its times. `gone` when it is taken away."""

    gone = Signal(object)

    def __init__(self, look: Look, day: date | None, windows: Windows) -> None:
        super().__init__()
        self.when = DateEntry(look)
        self.when.setAccessibleName("Special day")
        if day is not None:
            self.when.set_value(day.isoformat())
        self.times = _hours_field("Open on that day")
        self.times.setText(say_windows(windows))
        remove = IconButton(look, "x", "No special day")
        remove.clicked.connect(self._remove)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.when, 1)
        row.addWidget(self.times, 1)
        row.addWidget(remove)

    def day(self) -> date | None:
        """Which day, None when it cannot be read."""
        return read_day(self.when.value(), date.today())  # noqa: DTZ011 - ISO text by now

    @Slot()
    def _remove(self) -> None:
        self.gone.emit(self)


def _hours_field(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setPlaceholderText("closed")
    return field
