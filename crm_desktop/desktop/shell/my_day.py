"""A person's day: one's own, or that of somebody in a team leader's queues."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Role
from crm_desktop.desktop.shell.desk import Desk
from crm_desktop.desktop.widgets.buttons import Button, IconButton
from crm_desktop.desktop.widgets.date_entry import say_day
from crm_desktop.desktop.widgets.day_bar import (
    DayBar,
    length_words,
    shift_words,
    span_tone,
    span_words,
    totals,
)
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.pill import Pill
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.presence import Span
from crm_desktop.services import presence

_LEAST = timedelta(seconds=1)


class DayDialog(QDialog):
    """Shows a day of `staff_id`; `name` is whose it is, empty for one's own."""

    def __init__(self, desk: Desk, staff_id: int, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._desk, self._staff_id = desk, staff_id
        self._tasks = desk.runner.for_owner(self)
        self._today = words.local(desk.clock.now()).date()
        self._day = self._today
        whose = f"{name}’s day" if name else "My day"
        self.setWindowTitle(whose)
        look = desk.look
        self._title = Text(look, "", Role.HEADING)
        self._shift = Text(look, "", muted=True, wrap=True)
        self._bar = DayBar(look, whose)
        self._pills = QWidget()
        self._flow = FlowLayout(self._pills)
        self._list = RowList(look, f"{whose}, part by part")
        self._before = IconButton(look, "chevron-left", "The day before")
        self._after = IconButton(look, "chevron-right", "The day after")
        self._before.clicked.connect(self._go_back)
        self._after.clicked.connect(self._go_on)
        self._lay_out()
        self.resize(look.px(560), look.px(520))
        self._read()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._before)
        head.addWidget(self._after)
        close = Button(self._desk.look, "Close")
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setSpacing(self._desk.look.px(8))
        column.addLayout(head)
        for each in (self._shift, self._bar, self._pills):
            column.addWidget(each)
        column.addWidget(self._list, 1)
        column.addLayout(foot)

    @Slot()
    def _go_back(self) -> None:
        self._show_day(self._day - timedelta(days=1))

    @Slot()
    def _go_on(self) -> None:
        self._show_day(self._day + timedelta(days=1))

    def _show_day(self, day: date) -> None:
        self._day = min(day, self._today)
        self._read()

    def _read(self) -> None:
        said = "Today" if self._day == self._today else say_day(self._day)
        self._title.setText(said)
        self._after.setEnabled(self._day < self._today)
        self._tasks.read(
            partial(presence.of, self._desk.db, self._staff_id, self._day),
            self._show,
            failed=self._failed,
            key="day",
        )

    def _show(self, found: tuple[Span, ...]) -> None:
        # What lasted no second, as between two choices or at sign-in, is nobody's time.
        spans = tuple(each for each in found if each.running or each.length >= _LEAST)
        self._shift.setText(shift_words(spans))
        self._bar.set_spans(spans)
        self._bar.setVisible(bool(spans))
        while self._flow.count():
            item = self._flow.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        for said, tone, length in totals(spans):
            self._flow.addWidget(Pill(self._desk.look, f"{said} {length_words(length)}", tone))
        self._list.set_rows([_row(each) for each in reversed(spans)])

    def _failed(self, _trouble: CrmError) -> None:
        self._shift.setText("The database is away: this day cannot be read now.")


def _row(span: Span) -> Row:
    until = "now" if span.running else words.clock_time(span.ended_at)
    length = length_words(span.length)
    return Row(
        span.began_at,
        span_words(span),
        f"Set by {span.by}" if span.by else "",
        right=f"{words.clock_time(span.began_at)} to {until}",
        pill=(length, span_tone(span)),
    )
