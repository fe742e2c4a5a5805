"""The form of a telephone line: its number, where its calls go, its menu, what callers may do."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.buttons import Button, IconButton
from crm_desktop.desktop.widgets.card import Card
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop.widgets.duration_entry import number_entry
from crm_desktop.desktop.widgets.entry_form import EntryForm
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.dialling import shown
from crm_desktop.domain.telephones import (
    ANNOUNCE,
    DIGITS,
    MOST_WAITING,
    Choice,
    KnownLine,
    Line,
    Telephones,
)

_ANY = 0
_USUAL_SECONDS = 45
_MENU = (
    "Which key leads where. What callers hear before it is recorded in the PBX: "
    "docs/TELEPHONY.md says how."
)


class LineForm(EntryForm):
    """A new line, or a `known` one."""

    def __init__(
        self, look: Look, around: Telephones, known: KnownLine | None, parent: QWidget
    ) -> None:
        title = f"Change {known.line.name}" if known else "Add a number"
        super().__init__(look, title, "Save" if known else "Add", parent)
        self._around, self._active = around, known.line.active if known else True
        line = known.line if known else None
        self._choices: list[ChoiceCard] = []
        self.let_scroll("The line", 560, 640)
        self._number = self._text(
            "Number, as the public dial it", shown(line.number) if line else ""
        )
        self._number.setPlaceholderText("01632 960 100")
        self._name = self._text("What colleagues call it", line.name if line else "")
        self._name.setPlaceholderText("Council tax line")
        self._queue = _queue_field(look, around, "Queue where its calls wait")
        self._queue.choose(line.queue_id if line else None)
        self._service = _service_field(look, around, "Service, if its calls are about one")
        self._service.choose(line.service_id or _ANY if line else _ANY)
        self.add_field("Queue where its calls wait", self._queue)
        self.add_field("Service, if its calls are about one", self._service)
        self._add_rules(line)
        self._add_menu(line)
        self.fields.addStretch(1)
        self._number.setFocus()

    def line(self) -> Line:
        """What was entered; without a queue it goes to none, which the database refuses."""
        said = self._seconds.value() if self._says.isChecked() else 0
        return Line(
            self._number.text(),
            self._name.text(),
            _id(self._queue) or 0,
            _id(self._service),
            active=self._active,
            announce_seconds=said,
            record=self._record.isChecked(),
            voicemail=self._voicemail.isChecked(),
            callback=self._callback.isChecked(),
            most_waiting=self._most.value(),
            choices=tuple(each.choice() for each in self._choices),
        )

    # Filling it

    def _text(self, words: str, value: str) -> QLineEdit:
        field = QLineEdit(value)
        self.add_field(words, field)
        return field

    def _heading(self, words: str) -> None:
        self.fields.addSpacing(self._look.px(8))
        self.fields.addWidget(Text(self._look, words, Role.HEADING))

    def _add_rules(self, line: Line | None) -> None:
        self._heading("While callers wait, and after")
        seconds = line.announce_seconds if line else _USUAL_SECONDS
        self._says = QCheckBox("Tell them their position and the expected wait, every")
        self._says.setChecked(bool(seconds))
        self._seconds = number_entry(self._look, *ANNOUNCE)
        self._seconds.setSuffix(" s")
        self._seconds.setValue(seconds or _USUAL_SECONDS)
        self._seconds.setAccessibleName("Seconds between announcements")
        self._seconds.setEnabled(bool(seconds))
        self._says.toggled.connect(self._seconds.setEnabled)
        self._says.setMinimumHeight(self._seconds.sizeHint().height())
        both = QWidget()
        flow = FlowLayout(both, self._look.px(8))
        flow.addWidget(self._says)
        flow.addWidget(self._seconds)
        self.fields.addWidget(both)
        self._add_most(line)
        self._callback = QCheckBox("They may ask to be called back, and keep their place")
        self._voicemail = QCheckBox("They may leave a message, also when the queue is closed")
        self._record = QCheckBox("Record conversations, after a spoken notice")
        for box, checked in (
            (self._callback, line.callback if line else True),
            (self._voicemail, line.voicemail if line else True),
            (self._record, line.record if line else True),
        ):
            box.setChecked(checked)
            self.fields.addWidget(box)

    def _add_most(self, line: Line | None) -> None:
        words = "So many may wait before the next hears that the line is busy"
        self._most = number_entry(self._look, 0, MOST_WAITING)
        self._most.setSpecialValueText("any")
        self._most.setValue(line.most_waiting if line else 0)
        self._most.setAccessibleName(words)
        label = Text(self._look, words, wrap=True)
        label.setBuddy(self._most)
        row = QHBoxLayout()
        row.addWidget(label, 1)
        row.addWidget(self._most)
        self.fields.addLayout(row)

    def _add_menu(self, line: Line | None) -> None:
        self._heading("Menu")
        self.add_hint(_MENU)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(self._look.px(8))
        self.fields.addLayout(self._cards)
        self._more = Button(self._look, "Add a key", icon="plus")
        self._more.setAutoDefault(False)
        self._more.clicked.connect(self._add_key)
        self.fields.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        for choice in line.choices if line else ():
            self._add_choice(choice.digit, choice)

    def _add_choice(self, digit: str, choice: Choice | None) -> ChoiceCard:
        card = ChoiceCard(self._look, self._around, digit, choice)
        card.gone.connect(self._remove)
        self._choices.append(card)
        self._cards.addWidget(card)
        self._more.setEnabled(len(self._choices) < len(DIGITS))
        return card

    @Slot()
    def _add_key(self) -> None:
        used = {each.digit() for each in self._choices}
        free = next((digit for digit in DIGITS if digit not in used), DIGITS[0])
        self._add_choice(free, None).name.setFocus()

    @Slot(object)
    def _remove(self, card: ChoiceCard) -> None:
        self._choices.remove(card)
        self._cards.removeWidget(card)
        card.hide()
        card.deleteLater()
        self._more.setEnabled(True)
        self._more.setFocus()


class ChoiceCard(Card):
    """What one key means. `gone` when it is taken away."""

    gone = Signal(object)

    def __init__(self, look: Look, around: Telephones, digit: str, choice: Choice | None) -> None:
        super().__init__(look)
        self.setAccessibleName(f"Key {digit}")
        self._digit = QComboBox()
        self._digit.addItems(list(DIGITS))
        self._digit.setCurrentIndex(DIGITS.index(digit))
        self._digit.setAccessibleName("Key")
        self.name = QLineEdit(choice.name if choice else "")
        self.name.setAccessibleName("What it is for")
        self.name.setPlaceholderText("What it is for, such as Bins and recycling")
        self._queue = _queue_field(look, around, "Queue of this key")
        self._queue.choose(choice.queue_id if choice else None)
        self._service = _service_field(look, around, "Service of this key")
        self._service.choose(choice.service_id or _ANY if choice else _ANY)
        remove = IconButton(look, "x", f"No key {digit}")
        remove.clicked.connect(self._remove)
        grid = QGridLayout()
        grid.setSpacing(look.px(6))
        grid.addWidget(self._digit, 0, 0)
        grid.addWidget(self.name, 0, 1)
        grid.addWidget(remove, 0, 2)
        grid.addWidget(self._queue, 1, 0, 1, 3)
        grid.addWidget(self._service, 2, 0, 1, 3)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)

    def digit(self) -> str:
        """Which key."""
        return self._digit.currentText()

    def choice(self) -> Choice:
        """What was entered."""
        return Choice(
            self.digit(), self.name.text().strip(), _id(self._queue) or 0, _id(self._service)
        )

    @Slot()
    def _remove(self) -> None:
        self.gone.emit(self)


def _queue_field(look: Look, around: Telephones, name: str) -> ChoiceField:
    field = ChoiceField(look, name, "Choose a queue…")
    field.set_rows([Row(id_, each[0]) for id_, each in around.queues.items()])
    return field


def _service_field(look: Look, around: Telephones, name: str) -> ChoiceField:
    field = ChoiceField(look, name)
    rows = [Row(id_, each[0]) for id_, each in around.services.items()]
    field.set_rows([Row(_ANY, "Any service"), *rows])
    return field


def _id(field: ChoiceField) -> int | None:
    key = field.key()
    return key if isinstance(key, int) and key != _ANY else None
