"""The form of one member of staff: who they are, what they do, and their first password."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.screens.staff.presenter import new_password, role_words
from crm_desktop.desktop.widgets.buttons import Button
from crm_desktop.desktop.widgets.entry_form import EntryForm
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.states import StaffRole
from crm_desktop.domain.views import QueueInfo, StaffMember
from crm_desktop.services.staff import SHORTEST_PASSWORD, NewStaff

_ONCE = (
    f"Shown this once. Copy it or read it out; or write another, of {SHORTEST_PASSWORD} characters "
    "or more. Nobody can look it up afterwards."
)
_NO_PASSWORDS = "This one-person database has no passwords: everybody here may sign in as anybody."


class _Form(EntryForm):
    """A form that may show a first password."""

    def _password_field(self) -> QLineEdit:
        field = QLineEdit(new_password())
        copy = Button(self._look, "Copy", icon="copy")
        copy.setAutoDefault(False)
        copy.clicked.connect(self._copy)
        self._secret = field
        self.add_field("Password", field)
        row = QHBoxLayout()
        row.addWidget(Text(self._look, _ONCE, Role.SMALL, muted=True, wrap=True), 1)
        row.addWidget(copy)
        self.fields.addLayout(row)
        return field

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._secret.text())
        announce(self, "Copied")


class MemberForm(_Form):
    """Somebody new, or somebody who is `known`, whose login stays as it is."""

    def __init__(
        self,
        look: Look,
        queues: Sequence[QueueInfo],
        known: StaffMember | None,
        *,
        has_passwords: bool,
        parent: QWidget,
    ) -> None:
        title = f"Change {known.name}" if known else "Add a member of staff"
        super().__init__(look, title, "Save" if known else "Add", parent)
        self._name = QLineEdit(known.name if known else "")
        self.add_field("Name", self._name)
        self._login = QLineEdit(known.login if known else "")
        self._login.setReadOnly(known is not None)
        self.add_field("Name to sign in with", self._login)
        self._role = QComboBox()
        for role in StaffRole:
            self._role.addItem(role_words(role), role)
        self._role.setCurrentIndex(list(StaffRole).index(known.role) if known else 0)
        self.add_field("Role", self._role)
        self._queues = {each.code: QCheckBox(each.name) for each in queues}
        for code, box in self._queues.items():
            box.setChecked(known is not None and code in known.queue_codes)
        self._add_queues()
        self._password: QLineEdit | None = None
        if known is None and has_passwords:
            self._password = self._password_field()
        elif known is None:
            self.fields.addWidget(Text(look, _NO_PASSWORDS, Role.SMALL, muted=True, wrap=True))
        self._name.setFocus()

    def member(self) -> NewStaff:
        """What was entered."""
        chosen = tuple(code for code, box in self._queues.items() if box.isChecked())
        role = StaffRole(self._role.currentData())
        return NewStaff(self._login.text().strip(), self._name.text().strip(), role, chosen)

    def password(self) -> str:
        """The first password, empty where there are none."""
        return self._password.text() if self._password is not None else ""

    def _add_queues(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        for box in self._queues.values():
            column.addWidget(box)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(inner)
        area.setAccessibleName("Queues")
        area.setMinimumHeight(self._look.px(120))
        self.fields.addWidget(Text(self._look, "Queues", Role.SMALL_STRONG, muted=True))
        self.fields.addWidget(area, 1)


class PasswordForm(_Form):
    """Another password for somebody."""

    def __init__(self, look: Look, known: StaffMember, parent: QWidget) -> None:
        super().__init__(look, f"New password for {known.name}", "Set this password", parent)
        words = "The password they have now stops working. Desktops that are open stay open."
        self.fields.addWidget(Text(look, words, wrap=True))
        self._field = self._password_field()
        self._field.selectAll()

    def password(self) -> str:
        """What was entered."""
        return self._field.text()
