"""The catalogue of skills: an administrator adds one, or calls one another name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.presenting import Tasks
from crm_desktop.desktop.widgets.banner import ErrorBar
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.people_now import Skill
from crm_desktop.services import Database, people_now


class SkillsDialog(QDialog):
    """Type a name, then add it, or rename the chosen one."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Skills")
        self._put: Callable[[int | None, str], None] | None = None
        self._error = ErrorBar(look)
        self.list = RowList(look, "Skills")
        self.list.current.connect(self._chosen)
        self.name = QLineEdit()
        self.name.setAccessibleName("Name")
        self.name.setPlaceholderText("Welsh, Blue Badge, complaints…")
        self.name.textChanged.connect(self._typed)
        label = Text(look, "Name", Role.SMALL_STRONG, muted=True)
        label.setBuddy(self.name)
        self.add = PrimaryButton(look, "Add", icon="plus")
        self.add.setDefault(True)
        self.add.clicked.connect(self._add)
        self.rename = Button(look, "Rename the chosen one")
        self.rename.setAutoDefault(False)
        self.rename.clicked.connect(self._rename)
        close = Button(look, "Close")
        close.setAutoDefault(False)
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        for button in (self.add, self.rename):
            foot.addWidget(button)
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.addWidget(self._error)
        column.addWidget(self.list, 1)
        column.addWidget(label)
        column.addWidget(self.name)
        column.addLayout(foot)
        self.resize(look.px(460), look.px(440))
        self.name.setFocus()
        self._typed()

    def bind(self, put: Callable[[int | None, str], None]) -> None:
        """Give the dialog who keeps a skill: its id, None for a new one, and its name."""
        self._put = put

    def show_skills(self, skills: tuple[Skill, ...]) -> None:
        """Show the catalogue."""
        self._error.hide()
        rows = [
            Row(each.id, each.name, icon="star", right=words.count(each.people, "person", "people"))
            for each in skills
        ]
        self.list.set_rows(rows)
        self._typed()

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what could not be done."""
        self._error.show_trouble(trouble)

    def kept(self, name: str) -> None:
        """The database has it."""
        announce(self, f"{name} is in the list")
        self.name.clear()
        self.name.setFocus()

    @Slot()
    def _typed(self) -> None:
        named = bool(self.name.text().strip())
        self.add.setEnabled(named)
        self.rename.setEnabled(named and self.list.current_key() is not None)

    @Slot(object)
    def _chosen(self, key: object) -> None:
        row = next((each for each in self.list.rows() if each.key == key), None)
        if row is not None:
            self.name.setText(row.title)
            self.name.selectAll()

    @Slot()
    def _add(self) -> None:
        if self._put is not None:
            self._put(None, self.name.text().strip())

    @Slot()
    def _rename(self) -> None:
        key = self.list.current_key()
        if self._put is not None and isinstance(key, int):
            self._put(key, self.name.text().strip())


class SkillKeeper:
    """Reads the catalogue for the dialog and keeps what an administrator enters."""

    def __init__(self, db: Database, tasks: Tasks, dialog: SkillsDialog) -> None:
        self._db, self._tasks, self._dialog = db, tasks, dialog
        dialog.bind(self.put)
        self._read()

    def put(self, skill_id: int | None, name: str) -> None:
        """Add one, or call one another name."""

        def kept(_changes: Changes) -> None:
            self._dialog.kept(name)
            self._read()

        self._tasks.write(
            partial(people_now.put_skill, self._db, skill_id, name),
            kept,
            failed=self._dialog.show_trouble,
        )

    def _read(self) -> None:
        self._tasks.read(
            partial(people_now.skills, self._db),
            self._dialog.show_skills,
            failed=self._dialog.show_trouble,
            key="skills",
        )
