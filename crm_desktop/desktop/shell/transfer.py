"""Where a contact goes next: a queue or a colleague, with a word for whoever takes it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.presence import PRESENCE_WORDS
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.search_field import SearchField
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.text import fold
from crm_desktop.domain.views import QueueInfo, StaffInfo


class TransferDialog(QDialog):
    """`chosen` carries ("queue" or "staff", id), the name and the note."""

    chosen = Signal(object, str, str)

    def __init__(
        self,
        look: Look,
        queues: tuple[QueueInfo, ...],
        colleagues: tuple[StaffInfo, ...],
        me: int,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Transfer")
        self._rows = [
            Row(("heading", "queues"), "QUEUES", heading=True),
            *(Row(("queue", each.id), each.name, icon="inbox") for each in queues),
            Row(("heading", "staff"), "COLLEAGUES", heading=True),
            *(_colleague(each) for each in colleagues if each.id != me),
        ]
        self._field = SearchField(look, "Transfer to", hint="Queue or colleague")
        self._list = RowList(look, "Queues and colleagues")
        self._note = QPlainTextEdit()
        self._note.setAccessibleName("Note for whoever takes it")
        self._note.setTabChangesFocus(True)
        self._note.setMaximumHeight(look.px(84))
        label = Text(look, "Note for whoever takes it", Role.SMALL_STRONG, muted=True)
        label.setBuddy(self._note)
        self._go = PrimaryButton(look, "Transfer")
        back = Button(look, "Cancel")
        back.setAutoDefault(False)
        back.clicked.connect(self.reject)
        self._go.clicked.connect(self._transfer)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(back)
        foot.addWidget(self._go)
        column = QVBoxLayout(self)
        column.addWidget(self._field)
        column.addWidget(self._list, 1)
        column.addWidget(label)
        column.addWidget(self._note)
        column.addLayout(foot)
        self._field.textChanged.connect(self._narrow)
        self._field.moved.connect(self._list.step)
        self._field.left.connect(self.reject)
        self._field.returnPressed.connect(self._note.setFocus)
        self._list.current.connect(self._say_where)
        self.resize(look.px(460), look.px(520))
        self._narrow("")
        self._field.setFocus()

    @Slot(str)
    def _narrow(self, text: str) -> None:
        parts = fold(text).split()
        fit = [row for row in self._rows if all(part in fold(row.title) for part in parts)]
        self._list.set_rows(fit if parts else self._rows)
        self._list.setCurrentIndex(self._list.model().index(-1, 0))
        self._list.step(1)

    @Slot(object)
    def _say_where(self, _key: object) -> None:
        self._go.setEnabled(self._destination() is not None)

    @Slot()
    def _transfer(self) -> None:
        where = self._destination()
        if where is not None:
            self.chosen.emit(where.key, where.title, self._note.toPlainText().strip())
            self.accept()

    def _destination(self) -> Row | None:
        key = self._list.current_key()
        return next((row for row in self._rows if row.key == key and not row.heading), None)


def _colleague(person: StaffInfo) -> Row:
    words, _, tone = PRESENCE_WORDS[person.presence]
    role = person.role.value.replace("_", " ").capitalize()
    return Row(
        ("staff", person.id), person.name, role, "user", Tone.NEUTRAL, pill=(words.lower(), tone)
    )
