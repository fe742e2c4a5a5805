"""Writing an incident down, and the list of those that were."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.incidents.presenter import IncidentWriter
from crm_desktop.desktop.widgets.banner import ErrorBar
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.dialog_room import resize_within
from crm_desktop.desktop.widgets.entry_form import EntryForm
from crm_desktop.desktop.widgets.moment_entry import MomentEntry
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.alarms import Incident, IncidentInput, IncidentKind
from crm_desktop.domain.errors import CrmError, InvalidInput

_KINDS = {
    IncidentKind.ABUSE: "Abuse or insults",
    IncidentKind.THREAT: "A threat",
    IncidentKind.ASSAULT: "An assault",
    IncidentKind.WEAPON: "A weapon",
    IncidentKind.DAMAGE: "Damage",
    IncidentKind.HEALTH: "Somebody was ill or hurt",
    IncidentKind.OTHER: "Something else",
}


class IncidentForm(EntryForm):
    """Asks what `first` does not say yet. `leads`: this person may close it."""

    def __init__(
        self,
        look: Look,
        clock: Clock,
        first: IncidentInput,
        parent: QWidget,
        *,
        leads: bool,
        customer: str = "",
        marker_proposed: bool = False,
    ) -> None:
        super().__init__(look, "Incident", "Save", parent)
        self._first = first
        self._writer: IncidentWriter | None = None
        self.let_scroll("Incident", 620, 720)
        self.kind = QComboBox()
        for kind, said in _KINDS.items():
            self.kind.addItem(said, kind)
        self.kind.setCurrentIndex(self.kind.findData(first.kind))
        self.add_field("What kind", self.kind)
        self.when = MomentEntry(look, first.happened_at, clock=clock.now)
        self.add_field("When it happened", self.when)
        self.what = self._editor("What happened", first.what)
        self.measures = self._editor("What was done", first.done)
        self.lessons = self._editor("What was learnt", first.lessons)
        self.police = QLineEdit(first.police_reference)
        self.add_field("Reference of the police, if there is one", self.police)
        self.marker = QPlainTextEdit()
        if first.customer_id is not None and not marker_proposed:
            self._add_editor(f"Proposal for a safety marker on {customer or 'the customer'}",
                             self.marker)  # fmt: skip
            self.add_hint(
                "Empty proposes none. Say what colleagues must know before they meet them; a team "
                "leader decides."
            )
        self.close_it = QCheckBox("Close it: the lessons are learnt, and it changes no more")
        if leads:
            self.fields.addWidget(self.close_it)
        self.entered.connect(self._save)
        self.what.setFocus()

    def bind(self, writer: IncidentWriter) -> None:
        """Give the form who keeps it."""
        self._writer = writer

    def _editor(self, said: str, text: str) -> QPlainTextEdit:
        editor = QPlainTextEdit(text)
        self._add_editor(said, editor)
        return editor

    def _add_editor(self, said: str, editor: QPlainTextEdit) -> None:
        editor.setTabChangesFocus(True)
        editor.setMinimumHeight(self._look.px(76))
        # As high as the form has room for, all alike: none asks for more.
        editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.add_field(said, editor)
        self.fields.setStretchFactor(editor, 1)

    @Slot()
    def _save(self) -> None:
        happened = self.when.moment()
        if happened is None:
            self.show_wrong(InvalidInput(fields={"When it happened": "a day and a time, as 10:50"}))
            return
        if not self.what.toPlainText().strip():
            self.show_wrong(InvalidInput(fields={"What happened": "say it in a few words"}))
            return
        if self.close_it.isChecked() and not self.lessons.toPlainText().strip():
            self.show_wrong(InvalidInput(fields={"What was learnt": "say it before you close it"}))
            return
        if self._writer is not None:
            said = replace(
                self._first,
                happened_at=happened,
                kind=IncidentKind(self.kind.currentData()),
                what=self.what.toPlainText(),
                done=self.measures.toPlainText(),
                lessons=self.lessons.toPlainText(),
                police_reference=self.police.text(),
            )
            marker = self.marker.toPlainText()
            self._writer.save(said, marker, close=self.close_it.isChecked())


class IncidentsDialog(QDialog):
    """Implements `IncidentsView`. `change_asked` carries an Incident, `new_asked` nothing."""

    change_asked = Signal(object)
    new_asked = Signal()

    def __init__(self, look: Look, clock: Clock, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Incidents")
        self._look, self._clock = look, clock
        self._found: dict[object, Incident] = {}
        self._error = ErrorBar(look)
        self.list = RowList(look, "Incidents")
        self.list.current.connect(self._chosen)
        self._text = Text(look, "", wrap=True, selectable=True)
        self._text.setAccessibleName("The incident")
        self._facts = Text(look, "", Role.SMALL, muted=True, wrap=True)
        self._change = Button(look, "Change…", icon="pencil")
        self._change.clicked.connect(self._ask_change)
        self._change.setEnabled(False)
        self._empty = EmptyState(
            look, "shield-alert", "No incidents", "Write one down after an alarm, or at any time."
        )
        right = QWidget()
        column = QVBoxLayout(right)
        column.addWidget(self._text)
        column.addWidget(self._facts)
        column.addStretch(1)
        self._both = QSplitter()
        self._both.addWidget(self.list)
        self._both.addWidget(right)
        self._both.setSizes([look.px(340), look.px(460)])
        self._both.setChildrenCollapsible(False)
        new = PrimaryButton(look, "Write one down…", icon="shield-alert")
        new.clicked.connect(self.new_asked)
        close = Button(look, "Close")
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addWidget(self._change)
        foot.addStretch(1)
        for each in (close, new):
            foot.addWidget(each)
        for each in (close, new, self._change):
            each.setAutoDefault(False)
        outer = QVBoxLayout(self)
        outer.addWidget(self._error)
        outer.addWidget(self._both, 1)
        outer.addWidget(self._empty, 1)
        outer.addLayout(foot)
        resize_within(self, look, look.px(860), look.px(540))

    def show_incidents(self, found: tuple[Incident, ...]) -> None:
        """See `IncidentsView`."""
        self._found = {each.id: each for each in found}
        self.list.set_rows([self._row(each) for each in found])
        self._both.setVisible(bool(found))
        self._empty.setVisible(not found)
        if found and self.list.current_key() not in self._found:
            self.list.make_current(found[0].id)
        self._chosen(self.list.current_key())

    def show_trouble(self, trouble: CrmError) -> None:
        """See `IncidentsView`."""
        self._error.show_trouble(trouble)

    def _row(self, each: Incident) -> Row:
        now = self._clock.now()
        where = each.place or each.customer
        detail = " · ".join(
            part
            for part in (words.when(each.said.happened_at, now), where, each.written_by)
            if part
        )
        closed = each.closed_at is not None
        return Row(
            each.id,
            each.said.what.replace("\n", " "),
            detail,
            "shield-alert",
            Tone.NEUTRAL if closed else Tone.WARNING,
            pill=("closed", Tone.NEUTRAL) if closed else ("open", Tone.WARNING),
        )

    @Slot(object)
    def _chosen(self, key: object) -> None:
        found = self._found.get(key)
        self._change.setEnabled(found is not None and found.closed_at is None)
        if found is None:
            return
        said = found.said
        parts = (
            (_KINDS[said.kind], said.what),
            ("What was done", said.done),
            ("What was learnt", said.lessons),
            ("Police", said.police_reference),
        )
        self._text.setText("\n\n".join(f"{name}: {text}" for name, text in parts if text))
        now = self._clock.now()
        facts = [
            f"Happened {words.when(said.happened_at, now)}",
            found.place,
            found.customer,
            f"written down by {found.written_by} {words.when(found.written_at, now)}",
            "a safety marker is proposed" if found.marker_id is not None else "",
            f"closed {words.when(found.closed_at, now)}" if found.closed_at else "",
        ]
        self._facts.setText(" · ".join(each for each in facts if each))

    @Slot()
    def _ask_change(self) -> None:
        found = self._found.get(self.list.current_key())
        if found is not None:
            self.change_asked.emit(found)
