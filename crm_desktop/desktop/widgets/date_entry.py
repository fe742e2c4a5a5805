"""A day as a person types it ("19/11/26", "19 nov", "today"), or picks it from a calendar."""

from __future__ import annotations

import re
from datetime import date, timedelta

from PySide6.QtCore import QDate, QPoint, Qt, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent, QTextCharFormat
from PySide6.QtWidgets import QCalendarWidget, QLineEdit, QMenu, QWidget, QWidgetAction

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.buttons import IconButton

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NAMED = {"yesterday": -1, "today": 0, "tomorrow": 1}
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})\Z")
_TYPED = re.compile(
    r"(?:[a-z]{3,9},?\s+)?(\d{1,2})(?:st|nd|rd|th)?[\s/.-]+([a-z]{3,9}|\d{1,2})"
    r"(?:[\s/.,-]+(\d{4}|\d{2}))?\Z",
    re.IGNORECASE,
)


def read_day(text: str, today: date) -> date | None:
    """The day that is meant, None when it is none; without a year it is the nearest one."""
    bare = " ".join(text.split()).lower()
    if bare in _NAMED:
        return today + timedelta(days=_NAMED[bare])
    if found := _ISO.match(bare):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if not (found := _TYPED.match(bare)):
        return None
    month = _month(found[2])
    if found[3]:
        return _day(int(found[3]) + (2000 if len(found[3]) == 2 else 0), month, int(found[1]))
    nearby = (_day(today.year + step, month, int(found[1])) for step in (-1, 0, 1))
    return min((day for day in nearby if day), key=lambda day: abs(day - today), default=None)


def say_day(day: date) -> str:
    """ "Thu 19 Nov 2026", in every locale."""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def _month(text: str) -> int:
    short = text[:3].capitalize()
    return _MONTHS.index(short) + 1 if short in _MONTHS else int(text) if text.isdigit() else 0


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


class DateEntry(QLineEdit):
    """A line that reads days and has a calendar at its end (Alt+Down); empty is allowed."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setPlaceholderText("dd/mm/yyyy")
        # An action's icon would be as small at 200 % as at 100.
        self._open = IconButton(look, "calendar", "Choose from a calendar (Alt+Down)", parent=self)
        self._open.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._open.clicked.connect(self._show_calendar)
        self.editingFinished.connect(self._tidy)

    def value(self) -> str:
        """The day as ISO text; what is no day stays as it was typed; "" when empty."""
        day = read_day(self.text(), date.today())  # noqa: DTZ011 - "today" is the person's
        return day.isoformat() if day else self.text().strip()

    def set_value(self, text: str) -> None:
        """Show a day given as ISO text, or any other text as it is."""
        day = read_day(text, date.today())  # noqa: DTZ011 - "today" is the person's
        self.setText(say_day(day) if day else text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The calendar's button stays at the end, and the text before it."""
        super().resizeEvent(event)
        wide = self._open.iconSize().width() + self._look.px(12)
        self._open.setGeometry(self.width() - wide, 0, wide, self.height())
        # The sheet keeps eight pixels free at the end already.
        self.setTextMargins(0, 0, wide - self._look.px(8), 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Alt+Down opens the calendar, as it opens a list."""
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if alt and event.key() == Qt.Key.Key_Down:
            self._show_calendar()
            return
        super().keyPressEvent(event)

    @Slot()
    def _tidy(self) -> None:
        shown = self.text()
        self.set_value(self.value())
        if not shown.strip():
            self.clear()

    @Slot()
    def _show_calendar(self) -> None:
        if self.isReadOnly():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        calendar = QCalendarWidget(menu)
        calendar.setAccessibleName("Calendar")
        calendar.setFirstDayOfWeek(Qt.DayOfWeek.Monday)
        # Qt paints weekends red, which the dark schemes drown; they say nothing here.
        for weekend in (Qt.DayOfWeek.Saturday, Qt.DayOfWeek.Sunday):
            calendar.setWeekdayTextFormat(weekend, QTextCharFormat())
        calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        if (day := QDate.fromString(self.value(), Qt.DateFormat.ISODate)).isValid():
            calendar.setSelectedDate(day)
        calendar.activated.connect(self._pick)
        calendar.clicked.connect(self._pick)
        calendar.activated.connect(menu.close)
        calendar.clicked.connect(menu.close)
        holder = QWidgetAction(menu)
        holder.setDefaultWidget(calendar)
        menu.addAction(holder)
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))
        calendar.setFocus()

    @Slot(QDate)
    def _pick(self, day: QDate) -> None:
        self.set_value(day.toString(Qt.DateFormat.ISODate))
