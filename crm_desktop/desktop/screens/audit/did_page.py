"""What this person did on a day: a timeline in plain words, and what changed behind an entry."""

from __future__ import annotations

from datetime import date, timedelta

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.audit.changes_pane import ChangesPane
from crm_desktop.desktop.widgets.buttons import Button, IconButton, Kind
from crm_desktop.desktop.widgets.card import PanelHeader, Surface
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop.widgets.date_entry import DateEntry, read_day
from crm_desktop.desktop.widgets.hour_chart import HourChart
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.audit_views import AuditedPerson, Deed, Hour, RowChange
from crm_desktop.domain.errors import CrmError

_ICONS = {
    "read": ("eye", Tone.INFO),
    "row": ("pencil", Tone.WARNING),
    "event": ("circle-dot", Tone.WARNING),
}


class DidPage(QWidget):
    """Signals: `person_chosen` an id, `day_chosen` a date, `entry_chosen` (source, id),
    `earlier_asked`, `contact_wanted` an id, `export_asked`.
    """

    person_chosen = Signal(object)
    day_chosen = Signal(object)
    entry_chosen = Signal(object)
    earlier_asked = Signal()
    contact_wanted = Signal(object)
    export_asked = Signal()

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._clock = look, clock
        self._day = words.local(clock.now()).date()
        self._deeds: dict[object, Deed] = {}
        self._people: dict[object, str] = {}
        self.setAccessibleName("What a person did")
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setObjectName("audit-did")
        split.addWidget(self._build_left())
        split.addWidget(self._build_right())
        split.setChildrenCollapsible(False)
        split.setSizes([look.px(700), look.px(420)])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(split)

    def focus(self) -> None:
        """Put the keyboard on the choice of a person."""
        self.person.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_people(self, people: tuple[AuditedPerson, ...]) -> None:
        """Whom one may ask about."""
        self._people = {each.id: each.name for each in people}
        self._changes.set_people(self._people)
        self.person.set_rows(
            [
                Row(each.id, each.name, "", "user", right="" if each.active else "left")
                for each in people
            ]
        )

    def show_did(self, did: tuple[Deed, ...], *, more: bool) -> None:
        """Show the timeline."""
        self._deeds = {(each.source, each.id): each for each in did}
        self.list.set_rows([_row(each) for each in did])
        name = self._people.get(self.person.key(), "")
        self._head(words.count(len(did), "entry", "entries") + (" and earlier" if more else ""))
        self._earlier.setVisible(more)
        self._export.setEnabled(bool(did))
        self._none.set_text(f"{name} did and read nothing on this day.", "Choose another day.")
        self._pages.setCurrentIndex(1 if did else 0)
        if not did:
            self._changes.clear()

    def show_hours(self, hours: tuple[Hour, ...]) -> None:
        """Show the bars."""
        found: dict[int, tuple[int, int]] = {}
        for each in hours:
            reads, changes = found.get(words.local(each.at).hour, (0, 0))
            found[words.local(each.at).hour] = (reads + each.reads, changes + each.changes)
        self._chart.set_hours(found)
        reads = sum(each.reads for each in hours)
        changes = sum(each.changes for each in hours)
        self._legend.setText(
            f"By the hour: {words.count(reads, 'read')}, {words.count(changes, 'change')} on top"
        )

    def show_changes(self, changes: tuple[RowChange, ...]) -> None:
        """Show what stands behind the current entry."""
        deed = self._deeds.get(self.list.current_key())
        self._changes.show_changes(changes, deed)

    def show_trouble(self, trouble: CrmError) -> None:
        """Say why there is no answer."""
        said = words_for(trouble)
        self._none.set_text(said.happened, said.to_do)
        self._export.setEnabled(False)
        self._pages.setCurrentIndex(0)

    def _build_left(self) -> QWidget:
        look = self._look
        self._header = PanelHeader(look, "What a person did")
        self._export = Button(look, "Export…", icon="download")
        self._export.clicked.connect(self.export_asked)
        self._export.setEnabled(False)
        self._header.add(self._export)
        self._chart = HourChart(look, "Reads and changes by the hour")
        self._legend = Text(look, "By the hour", muted=True, wrap=True)
        self.list = RowList(look, "What the person did")
        self.list.current.connect(self.entry_chosen)
        self.list.opened.connect(self._open)
        self._none = EmptyState(
            look, "users", "Nobody is chosen.", "Asking is written down, like every opening."
        )
        self._earlier = Button(look, "Show earlier ones", kind=Kind.QUIET, icon="chevron-down")
        self._earlier.clicked.connect(self.earlier_asked)
        self._earlier.hide()
        listed = QWidget()
        inner = QVBoxLayout(listed)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addWidget(self.list, 1)
        inner.addWidget(self._earlier, 0, Qt.AlignmentFlag.AlignHCenter)
        self._pages = QStackedWidget()
        for each in (self._none, listed):
            self._pages.addWidget(each)
        left = Surface(look)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header)
        column.addLayout(self._build_choice())
        column.addWidget(self._pages, 1)
        return left

    def _build_choice(self) -> QVBoxLayout:
        look = self._look
        self.person = ChoiceField(look, "Person", "Choose a person…")
        self.person.chosen.connect(self.person_chosen)
        self.day = DateEntry(look)
        self.day.setAccessibleName("Day")
        self.day.set_value(self._day.isoformat())
        self.day.editingFinished.connect(self._day_entered)
        self.day.textChanged.connect(self._day_picked)
        self.before = IconButton(look, "chevron-left", "The day before")
        after = IconButton(look, "chevron-right", "The day after")
        self.before.clicked.connect(self._day_before)
        after.clicked.connect(self._day_after)
        row = QHBoxLayout()
        row.setSpacing(look.px(6))
        row.addWidget(self.person, 3)
        row.addWidget(self.before)
        row.addWidget(self.day, 2)
        row.addWidget(after)
        top = QVBoxLayout()
        edge = look.px(12)
        top.setContentsMargins(edge, edge, edge, edge)
        top.setSpacing(look.px(8))
        top.addLayout(row)
        top.addWidget(self._chart)
        top.addWidget(self._legend)
        return top

    def _build_right(self) -> QWidget:
        self._changes = ChangesPane(self._look)
        self._changes.contact_wanted.connect(self.contact_wanted)
        return self._changes

    def _head(self, told: str) -> None:
        name = self._people.get(self.person.key(), "A person")
        self._header.set_text(f"{name} on {self._day.day} {self._day:%b %Y}", told)

    def _go_to(self, day: date) -> None:
        if day == self._day:
            return
        self._day = day
        self.day.set_value(day.isoformat())
        self.day_chosen.emit(day)

    @Slot()
    def _day_entered(self) -> None:
        day = read_day(self.day.text(), words.local(self._clock.now()).date())
        if day is not None:
            self._go_to(day)

    @Slot(str)
    def _day_picked(self, _text: str) -> None:
        """The calendar writes a day while the field has not the keyboard."""
        if not self.day.hasFocus():
            self._day_entered()

    @Slot()
    def _day_before(self) -> None:
        self._go_to(self._day - timedelta(days=1))

    @Slot()
    def _day_after(self) -> None:
        self._go_to(self._day + timedelta(days=1))

    @Slot(object)
    def _open(self, key: object) -> None:
        deed = self._deeds.get(key)
        if deed is not None and deed.contact_id is not None:
            self.contact_wanted.emit(deed.contact_id)


def _row(each: Deed) -> Row:
    icon, tone = _ICONS.get(each.source, _ICONS["event"])
    pill = None
    if each.changes:
        pill = (words.count(each.changes, "row"), Tone.NEUTRAL)
    return Row(
        (each.source, each.id),
        each.words,
        each.about,
        icon,
        tone,
        words.clock_time(each.at),
        pill,
    )
