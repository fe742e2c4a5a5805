"""Where a call goes, or who is asked about it: a colleague, a queue or a number, in one field."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.presence import PRESENCE_WORDS
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.search_field import SearchField
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain import dialling
from crm_desktop.domain.call_asking import MOST_WORDS
from crm_desktop.domain.call_targets import CallTargets, Colleague
from crm_desktop.domain.states import Presence
from crm_desktop.domain.text import fold

#: What is typed is looked at as a number from so many digits on.
_NUMBER_FROM = 3


class CallTransferDialog(QDialog):
    """`ask_first` and `at_once` carry {"staff" | "queue" | "number": …} and the name; `at_once` the
    note too. Enter asks first; where that cannot be, it transfers. `open()` it.
    """

    ask_first = Signal(object, str)
    at_once = Signal(object, str, str)

    def __init__(self, look: Look, who: str, targets: CallTargets, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Transfer or ask")
        # Who can pick up stands before who cannot.
        people = sorted(targets.colleagues, key=_order)
        self._rows = [
            Row(("heading", "staff"), "COLLEAGUES", heading=True),
            *(_colleague(each) for each in people),
            Row(("heading", "queues"), "QUEUES", heading=True),
            *(_queue(each.id, each.name) for each in targets.queues),
        ]
        self._no_phone = {each.id for each in targets.colleagues if not each.has_phone}
        self._busy = {each.id for each in targets.colleagues if each.on_call}
        self._is_over = False
        self._field = SearchField(look, "Transfer to", hint="Colleague, queue or number")
        self._list = RowList(look, "Colleagues, queues and numbers")
        self._note = QLineEdit()
        self._note.setMaxLength(MOST_WORDS)
        self._note.setAccessibleName("Note for whoever takes the call")
        self._note.setPlaceholderText("What they should know, for a transfer at once")
        label = Text(look, "Note", Role.SMALL_STRONG, muted=True)
        label.setBuddy(self._note)
        self._why = Text(look, "", Role.SMALL, muted=True, wrap=True)
        self._ask = PrimaryButton(look, "Ask first", icon="message-circle", key="Return")
        self._go = Button(look, "Transfer at once", icon="phone-forwarded", key="Ctrl+Return")
        self._go.setShortcut("Ctrl+Return")
        self._back = Button(look, "Cancel")
        for each in (self._ask, self._go, self._back):
            each.setAutoDefault(False)
        self._lay_out(look, who, label)
        self._connect()
        self.resize(look.px(520), look.px(560))
        self._narrow("")
        self._field.setFocus()

    def call_over(self) -> None:
        """There is nothing to transfer any more. It stays: who types must not type elsewhere."""
        self._is_over = True
        self._fit()

    def _lay_out(self, look: Look, who: str, label: Text) -> None:
        foot = QHBoxLayout()
        foot.addWidget(self._back)
        foot.addStretch(1)
        foot.addWidget(self._go)
        foot.addWidget(self._ask)
        column = QVBoxLayout(self)
        column.addWidget(Text(look, f"The call with {who}", Role.HEADING, wrap=True))
        column.addWidget(self._field)
        column.addWidget(self._list, 1)
        column.addWidget(label)
        column.addWidget(self._note)
        column.addWidget(self._why)
        column.addLayout(foot)

    def _connect(self) -> None:
        self._ask.clicked.connect(self._asked)
        self._go.clicked.connect(self._transferred)
        self._back.clicked.connect(self.reject)
        self._field.textChanged.connect(self._narrow)
        self._field.moved.connect(self._list.step)
        self._field.left.connect(self.reject)
        self._field.returnPressed.connect(self._entered)
        self._note.returnPressed.connect(self._entered)
        self._list.opened.connect(self._entered)
        self._list.current.connect(self._fit)

    @Slot(str)
    def _narrow(self, text: str) -> None:
        parts = fold(text).split()
        fit = [row for row in self._rows if all(part in fold(row.title) for part in parts)]
        number = dialling.dialable(text) if sum(map(str.isdigit, text)) >= _NUMBER_FROM else ""
        if number:
            shown = dialling.shown(number)
            fit.insert(0, Row(("number", number), f"Call {shown}", "A number", "phone-outgoing"))
        self._list.set_rows([row for row in fit if not (parts and row.heading)])
        self._list.setCurrentIndex(self._list.model().index(-1, 0))
        self._list.step(1)
        self._fit()

    @Slot()
    @Slot(object)
    def _fit(self, _key: object = None) -> None:
        """Say what cannot be, before it is tried."""
        row = self._chosen()
        kind, value = self._target(row)
        why = ""
        if self._is_over:
            why = "The call is over: nobody was asked, and it was not transferred."
        elif row is None:
            why = "Nobody of that name, no such queue, and no telephone number."
        elif kind == "queue":
            why = "A queue cannot be asked: the call waits there, before those who came later."
        elif kind == "staff" and value in self._no_phone:
            why = "No telephone is known for them. Transfer to their queue instead."
        elif kind == "staff" and value in self._busy:
            why = "They are on the telephone now."
        cannot = kind == "staff" and (value in self._no_phone or value in self._busy)
        reachable = row is not None and not cannot and not self._is_over
        self._ask.setEnabled(reachable and kind != "queue")
        self._go.setEnabled(reachable)
        self._why.setText(why)

    @Slot()
    @Slot(object)
    def _entered(self, _key: object = None) -> None:
        if self._ask.isEnabled():
            self._asked()
        elif self._go.isEnabled():
            self._transferred()

    @Slot()
    def _asked(self) -> None:
        row = self._chosen()
        if row is not None:
            kind, value = self._target(row)
            self.ask_first.emit({kind: value}, row.title)
            self.accept()

    @Slot()
    def _transferred(self) -> None:
        row = self._chosen()
        if row is not None:
            kind, value = self._target(row)
            self.at_once.emit({kind: value}, row.title, self._note.text().strip())
            self.accept()

    def _chosen(self) -> Row | None:
        key = self._list.current_key()
        return next((row for row in self._list.rows() if row.key == key and not row.heading), None)

    @staticmethod
    def _target(row: Row | None) -> tuple[str, object]:
        return row.key if row is not None and isinstance(row.key, tuple) else ("", None)


def _order(person: Colleague) -> tuple[bool, bool, bool, str]:
    return (
        not person.has_phone,
        person.presence is not Presence.AVAILABLE,
        person.on_call,
        person.name.casefold(),
    )


def _colleague(person: Colleague) -> Row:
    words, _, tone = PRESENCE_WORDS[person.presence]
    if not person.has_phone:
        words, tone = "no telephone", Tone.NEUTRAL
    elif person.on_call:
        words, tone = "on a call", Tone.WARNING
    role = person.role.value.replace("_", " ").capitalize()
    pill = (words.lower(), tone)
    return Row(("staff", person.id), person.name, role, "user", Tone.NEUTRAL, pill=pill)


def _queue(queue_id: int, name: str) -> Row:
    return Row(("queue", queue_id), name, "Queue", "inbox", Tone.NEUTRAL)
