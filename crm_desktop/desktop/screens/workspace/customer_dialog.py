"""Who is this? Search as you type, choose, or make a new record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.search_field import SearchField
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import Conflict, CrmError
from crm_desktop.domain.views import ContactView, FoundCustomer
from crm_desktop.services import customers

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.workspace.beside import CustomerChoice

_FIELDS = {
    "name": "Name",
    "email": "Email",
    "phone": "Telephone",
    "lines": "Address",
    "postcode": "Postcode",
}


class CustomerDialog(QDialog):
    """Implements `CustomerChoiceView`; open it with `open()`."""

    def __init__(self, look: Look, contact: ContactView, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Choose the customer")
        self._choice: CustomerChoice | None = None
        self._anyway = False
        self._field = SearchField(look, "Search customers", hint="Name, number, address, reference")
        self._list = RowList(look, "Customers found")
        self._use = PrimaryButton(look, "Use this customer")
        self._create = Button(look, "Make this record and use it", icon="user-plus")
        self._wrong = Text(look, "", Role.SMALL, tone=Tone.DANGER, wrap=True)
        self._wrong.hide()
        self._inputs = {name: QLineEdit() for name in _FIELDS}
        form = QFormLayout()
        for name, words in _FIELDS.items():
            self._inputs[name].setAccessibleName(words)
            form.addRow(words, self._inputs[name])
        self._inputs["name"].setText(contact.row.who if "@" not in contact.row.who else "")
        self._inputs["email"].setText(contact.reply_to)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self._create)
        column = QVBoxLayout(self)
        column.addWidget(self._field)
        column.addWidget(self._list, 1)
        column.addWidget(self._use, 0, Qt.AlignmentFlag.AlignRight)
        column.addWidget(Text(look, "Nobody we know? A new record:", Role.STRONG))
        column.addLayout(form)
        column.addWidget(self._wrong)
        column.addLayout(foot)
        self.resize(look.px(520), look.px(560))
        self._field.asked.connect(self._search)
        self._field.moved.connect(self._list.step)
        self._field.left.connect(self.reject)
        self._field.returnPressed.connect(self._choose)
        self._list.opened.connect(self._choose)
        self._use.clicked.connect(self._choose)
        self._create.clicked.connect(self._make)
        for each in (self._use, self._create):
            each.setAutoDefault(False)

    def bind(self, choice: CustomerChoice) -> None:
        """Give the dialog who answers it."""
        self._choice = choice

    def show_found(self, found: tuple[FoundCustomer, ...]) -> None:
        """See `CustomerChoiceView`."""
        self._list.set_rows([Row(each.id, each.name, each.detail, "user") for each in found])
        if found:
            self._list.step(1)

    def chosen(self) -> None:
        """See `CustomerChoiceView`."""
        self.accept()

    def not_created(self, trouble: CrmError) -> None:
        """See `CustomerChoiceView`."""
        fields = trouble.params.get("fields")
        names = trouble.params.get("names")
        if isinstance(trouble, Conflict) and isinstance(names, tuple):
            who = " and ".join(str(name) for name in names)
            said = f"{who} has this address or number already. Press again if they share it."
            self._anyway = True
            self._create.setText("Make it all the same")
        elif isinstance(fields, dict):
            said = ". ".join(str(each) for each in fields.values())
        else:
            said = words_for(trouble).sentence()
        self._wrong.setText(said)
        self._wrong.show()

    @Slot(str)
    def _search(self, text: str) -> None:
        if self._choice:
            self._choice.search(text)

    @Slot()
    def _choose(self) -> None:
        key = self._list.current_key()
        if self._choice and isinstance(key, int):
            self._choice.choose(key)

    @Slot()
    def _make(self) -> None:
        if self._choice:
            values = {name: field.text().strip() for name, field in self._inputs.items()}
            self._choice.create(customers.NewCustomer(**values), anyway=self._anyway)
