"""A site's calendar: a day by desk and room, or a week of one of them, walked by arrow keys."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Shade, Tone
from crm_desktop.desktop.screens.appointments.slot_table import CellDelegate
from crm_desktop.desktop.screens.appointments.words import STATES, cell, refused
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button
from crm_desktop.desktop.widgets.chooser import ChoiceField, Chooser
from crm_desktop.desktop.widgets.dialog_room import resize_within
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.desktop.widgets.tips import plain_tip
from crm_desktop.domain.appointments import Appointment, AppointmentState, Diary
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.visits import SiteInfo

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.appointments.presenter import CalendarPresenter

_STEP = timedelta(minutes=15)
_ROW = Qt.ItemDataRole.UserRole
_WHY = (
    "The customer cannot come",
    "The customer no longer needs it",
    "We cannot see them then",
    "Booked by mistake",
)
_LATE = (10, 20, 30, 45, 60)
_ALL_ROOMS = 0


class CalendarDialog(QDialog):
    """Implements `CalendarView`. `book_wanted` carries the site, `move_wanted` it and the
    appointment.
    """

    book_wanted = Signal(int)
    move_wanted = Signal(int, object)

    def __init__(self, look: Look, today: date, site_id: int | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Calendar of appointments")
        self._look, self._today, self._day = look, today, today
        self._wanted_site = site_id
        self._presenter: CalendarPresenter | None = None
        self._opening = True
        #: Whom the question that is open is about, whatever the calendar shows meanwhile.
        self._meant: Appointment | None = None
        self._build()
        self._lay_out()

    def bind(self, presenter: CalendarPresenter) -> None:
        """Give the calendar who answers it."""
        self._presenter = presenter

    # CalendarView

    def show_sites(self, sites: tuple[SiteInfo, ...]) -> None:
        """See `CalendarView`."""
        self.site.set_rows([Row(each.id, each.name, "", "map-pin") for each in sites])
        known = {each.id for each in sites}
        first = sites[0].id if sites else None
        self.site.choose(self._wanted_site if self._wanted_site in known else first)
        if not sites:
            self._wrong.set_text("There is no site yet.", "An administrator sets sites up.")
            self._wrong.show()
        self._read()

    def show_diary(self, first: date, days: int, diary: Diary) -> None:
        """See `CalendarView`."""
        self.room.set_rows(
            [Row(_ALL_ROOMS, "Every desk and room, one day")]
            + [Row(each.id, f"{each.name}, the week") for each in diary.rooms]
        )
        self._title.setText(
            f"{first:%A} {first.day} {first:%B} {first.year}"
            if days == 1
            else f"Week of {first.day} {first:%B} {first.year}"
        )
        stood, place = self.current(), (self.table.currentRow(), self.table.currentColumn())
        self._show(first, days, diary)
        if self._opening:
            # Where the next one who comes stands; nobody arrows there through a day.
            booked = (each for each in diary.rows if each.state is AppointmentState.BOOKED)
            stood = min(booked, key=lambda each: each.starts_at, default=None)
            self._opening = False
            self.table.setFocus()
        row, column = (self._cell_of(stood) if stood else None) or place
        self.table.setCurrentCell(max(row, 0), max(column, 0))
        self._fit()

    def show_trouble(self, trouble: CrmError) -> None:
        """See `CalendarView`."""
        self._wrong.set_text(*refused(trouble))
        self._wrong.show()
        announce(self, self._wrong.text())

    def refresh(self) -> None:
        """Something was booked or moved: read again."""
        self._read()

    def current(self) -> Appointment | None:
        """The appointment on which the keyboard stands."""
        item = self.table.currentItem()
        found = item.data(_ROW) if item is not None else None
        return found if isinstance(found, Appointment) else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Page keys go on and back a day or week."""
        steps = {Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1}
        if (step := steps.get(Qt.Key(event.key()))) is not None:
            self._go(step)
            return
        super().keyPressEvent(event)

    def _build(self) -> None:
        look = self._look
        self._wrong = Banner(look, Tone.DANGER, "circle-alert", wide=True, closable=True)
        self._wrong.hide()
        self.site = ChoiceField(look, "Site")
        self.room = ChoiceField(look, "Desk or room")
        self.room.set_rows([Row(_ALL_ROOMS, "Every desk and room, one day")])
        self.room.choose(_ALL_ROOMS)
        self._title = Text(look, "", Role.TITLE)
        self._back = Button(look, "Back", key="Alt+Left")
        self._now = Button(look, "Today", key="Alt+Home")
        self._on = Button(look, "On", key="Alt+Right")
        self.table = QTableWidget()
        self.table.setAccessibleName("Appointments")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        head = self.table.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        # Names of rooms are longer than a column is wide.
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        head.setFixedHeight(look.px(44))
        head.setMinimumSectionSize(look.px(80))
        self.table.setWordWrap(True)
        self.table.setItemDelegate(CellDelegate(look, self.table))
        self.new = Button(look, "Book…", key="Alt+B")
        self.arrived = Button(look, "Arrived", key="Alt+A")
        self.move_it = Button(look, "Another time…", key="Alt+M")
        self.late = Button(look, "Late…", key="Alt+L")
        self.cancel = Button(look, "Cancel it…", key="Alt+C")
        self._close = Button(look, "Close", key="Esc")
        for each, key in (
            (self._back, "Alt+Left"), (self._now, "Alt+Home"), (self._on, "Alt+Right"),
            (self.new, "Alt+B"), (self.arrived, "Alt+A"), (self.move_it, "Alt+M"),
            (self.late, "Alt+L"), (self.cancel, "Alt+C"), (self._close, ""),
        ):  # fmt: skip
            each.setAutoDefault(False)
            # A button's own shortcut would press it slowly, to be seen.
            if key:
                QShortcut(QKeySequence(key), self).activated.connect(each.click)
        self.site.chosen.connect(self._read)
        self.room.chosen.connect(self._read)
        self._back.clicked.connect(self._go_back)
        self._on.clicked.connect(self._go_on)
        self._now.clicked.connect(self._go_now)
        self.table.currentItemChanged.connect(self._fit)
        self.new.clicked.connect(self._book)
        self.arrived.clicked.connect(self._arrived)
        self.move_it.clicked.connect(self._move)
        self.late.clicked.connect(self._ask_late)
        self.cancel.clicked.connect(self._ask_why)
        self._close.clicked.connect(self.reject)

    def _lay_out(self) -> None:
        px = self._look.px
        head, steps, foot = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for field in (self.site, self.room):
            head.addWidget(field, 1)
        steps.addWidget(self._title, 1)
        for button in (self._back, self._now, self._on):
            steps.addWidget(button)
        for button in (self.new, self.arrived, self.move_it, self.late, self.cancel):
            foot.addWidget(button)
        foot.addStretch(1)
        foot.addWidget(self._close)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(16), px(14), px(16), px(12))
        column.setSpacing(px(10))
        column.addWidget(self._wrong)
        column.addLayout(head)
        column.addLayout(steps)
        column.addWidget(self.table, 1)
        column.addLayout(foot)
        resize_within(self, self._look, px(1180), px(800))

    def _show(self, first: date, days: int, diary: Diary) -> None:
        """Lines are quarters of an hour, columns desks and rooms, or days."""
        rooms = diary.rooms
        columns: list[tuple[int, date, str]]
        if days == 1:
            columns = [(each.id, first, each.name) for each in rooms]
        else:
            place = self.room.key()
            span = (first + timedelta(days=n) for n in range(days))
            columns = [
                (place, day, f"{day:%a} {day.day}") for day in span if isinstance(place, int)
            ]
        where = {(place, day): number for number, (place, day, _) in enumerate(columns)}
        spans = [*diary.open, *((row.starts_at, row.ends_at) for row in diary.rows)]
        minutes = [each for span in spans for each in _minutes(*span)]
        begins, ends = min(minutes, default=9 * 60) // 15, -(-max(minutes, default=17 * 60) // 15)
        table, theme = self.table, self._look.theme
        table.clearSpans()
        table.clear()
        table.setColumnCount(len(columns))
        table.setRowCount(ends - begins)
        table.setHorizontalHeaderLabels([name for *_, name in columns])
        labels = (f"{n // 4:02}:{n % 4 * 15:02}" for n in range(begins, ends))
        table.setVerticalHeaderLabels([each if each.endswith("00") else "" for each in labels])
        table.verticalHeader().setDefaultSectionSize(self._look.px(24))
        for number, (_, day, name) in enumerate(columns):
            hours = [
                _minutes(first, last)
                for first, last in diary.open
                if words.local(first).date() == day
            ]
            for line in range(ends - begins):
                self._empty(line, number, (begins + line) * 15, name, hours)
        for place, at in diary.taken:
            column = where.get((place, words.local(at).date()))
            if column is not None:
                self._put(column, _minute(at) // 15 - begins, 1, "Taken", theme.tone(Tone.NEUTRAL))
        for row in diary.rows:
            column = where.get((row.place_id, words.local(row.starts_at).date()))
            if column is None:
                continue
            top = _minute(row.starts_at) // 15 - begins
            # Down to the quarter in which it ends: the next may begin there.
            lines = max(1, _minutes(row.starts_at, row.ends_at)[1] // 15 - begins - top)
            item = self._put(column, top, lines, cell(row), theme.tone(STATES[row.state][1]))
            item.setData(_ROW, row)
            said = cell(row).replace("\n", ", ")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{said}, {row.reference}")
            item.setToolTip(plain_tip(f"{said}\n{row.reference}"))

    def _cell_of(self, wanted: Appointment) -> tuple[int, int] | None:
        """Where an appointment stands now; None when it is not on this page any more."""
        for line in range(self.table.rowCount()):
            for column in range(self.table.columnCount()):
                item = self.table.item(line, column)
                found = item.data(_ROW) if item is not None else None
                if isinstance(found, Appointment) and found.id == wanted.id:
                    return line, column
        return None

    def _empty(
        self, line: int, column: int, minute: int, name: str, hours: list[tuple[int, int]]
    ) -> None:
        """A quarter of an hour that is free, or in which the site is closed."""
        is_open = any(opens <= minute < closes for opens, closes in hours)
        item = QTableWidgetItem("")
        said = f"{minute // 60:02}:{minute % 60:02}, {name}, {'free' if is_open else 'closed'}"
        item.setData(Qt.ItemDataRole.AccessibleTextRole, said)
        if not is_open:
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            item.setBackground(self._look.theme.sunken)
        self.table.setItem(line, column, item)

    def _put(self, column: int, top: int, lines: int, said: str, shade: Shade) -> QTableWidgetItem:
        item = QTableWidgetItem(said)
        item.setBackground(shade.soft)
        item.setForeground(shade.text)
        item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.table.setItem(top, column, item)
        if lines > 1:
            self.table.setSpan(top, column, lines, 1)
        return item

    @Slot()
    def _read(self) -> None:
        site = self.site.key()
        if self._presenter is None or not isinstance(site, int):
            return
        week = self.room.key() not in (_ALL_ROOMS, None)
        first = self._day - timedelta(days=self._day.weekday()) if week else self._day
        self._presenter.show(site, first, 7 if week else 1)

    def _go(self, step: int) -> None:
        week = self.room.key() not in (_ALL_ROOMS, None)
        self._day += timedelta(days=step * (7 if week else 1))
        self._read()

    @Slot()
    def _go_back(self) -> None:
        self._go(-1)

    @Slot()
    def _go_on(self) -> None:
        self._go(1)

    @Slot()
    def _go_now(self) -> None:
        self._day = self._today
        self._read()

    @Slot()
    def _fit(self) -> None:
        row = self.current()
        booked = row is not None and row.state is AppointmentState.BOOKED
        for button in (self.move_it, self.late, self.cancel):
            button.setEnabled(booked)
        # One arrives on the day.
        today = row is not None and words.local(row.starts_at).date() == self._today
        self.arrived.setEnabled(booked and today)

    @Slot()
    def _book(self) -> None:
        site = self.site.key()
        if isinstance(site, int):
            self.book_wanted.emit(site)

    @Slot()
    def _move(self) -> None:
        site, row = self.site.key(), self.current()
        if isinstance(site, int) and row is not None:
            self.move_wanted.emit(site, row)

    @Slot()
    def _arrived(self) -> None:
        row = self.current()
        if row is not None and self._presenter is not None:
            self._presenter.arrived(row, uuid4().hex)

    @Slot()
    def _ask_late(self) -> None:
        rows = [Row(each, f"{each} minutes late") for each in _LATE]
        self._ask("How late?", rows, self.late).chosen.connect(self._late)

    @Slot()
    def _ask_why(self) -> None:
        rows = [Row(each, each) for each in _WHY]
        self._ask("Why is it cancelled?", rows, self.cancel).chosen.connect(self._cancelled)

    @Slot(object)
    def _late(self, minutes: object) -> None:
        row = self._meant
        if row is not None and isinstance(minutes, int) and self._presenter is not None:
            self._presenter.late(row, minutes)

    @Slot(object)
    def _cancelled(self, why: object) -> None:
        row = self._meant
        if row is not None and isinstance(why, str) and self._presenter is not None:
            self._presenter.cancel(row, why)

    def _ask(self, title: str, rows: list[Row], under: QWidget) -> Chooser:
        self._meant = self.current()
        chooser = Chooser(self._look, title, rows, self)
        chooser.open_at(under.mapToGlobal(QPoint(0, under.height())))
        return chooser


def _minutes(first: datetime, last: datetime) -> tuple[int, int]:
    """From which minute of its day to which; what goes on at midnight ends its day there."""
    over = words.local(last).date() > words.local(first).date()
    return _minute(first), 24 * 60 if over else _minute(last)


def _minute(at: datetime) -> int:
    here = words.local(at)
    return here.hour * 60 + here.minute
