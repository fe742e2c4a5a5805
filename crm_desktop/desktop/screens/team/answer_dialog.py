"""One text for many customers, and what becomes of their contacts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.names import RESOLUTIONS
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.reassigning import OneAnswer
from crm_desktop.domain.states import Resolution
from crm_desktop.domain.views import TemplateInfo

_GAPS = (
    "{{customer_name}}, {{reference}} and {{advisor_name}} are filled in for each. The leak check "
    "looks at every answer; you can take them back for 10 seconds."
)


class AnswerDialog(QDialog):
    """`entered` carries a OneAnswer for `number` contacts."""

    entered = Signal(object)

    def __init__(
        self, look: Look, number: int, templates: Sequence[TemplateInfo], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        many = words.count(number, "contact")
        self.setWindowTitle(f"Answer {many}")
        self._look = look
        self._templates = tuple(templates)
        self._column = QVBoxLayout(self)
        self.canned = QComboBox()
        self.canned.addItem("Write it here", None)
        for each in self._templates:
            self.canned.addItem(each.title, each.id)
        self.canned.activated.connect(self._insert)
        self._labelled("Canned reply", self.canned)
        self.subject = QLineEdit()
        self.subject.setPlaceholderText("Each thread’s own")
        self._labelled("Subject", self.subject)
        self.text = QPlainTextEdit()
        self.text.setTabChangesFocus(True)
        self.text.textChanged.connect(self._typed)
        self._labelled("Text", self.text)
        self._column.setStretchFactor(self.text, 1)
        self._column.addWidget(Text(look, _GAPS, Role.SMALL, muted=True, wrap=True))
        self.then = QComboBox()
        self.then.addItem("Leave them where they are", None)
        for resolution, name in RESOLUTIONS.items():
            self.then.addItem(f"Close them: {name.lower()}", resolution.value)
        self._labelled("Afterwards", self.then)
        self.go = PrimaryButton(look, f"Answer {many}", icon="send")
        self.go.clicked.connect(self._go)
        back = Button(look, "Cancel")
        back.setAutoDefault(False)
        back.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(back)
        foot.addWidget(self.go)
        self._column.addLayout(foot)
        room = parent.screen().availableGeometry()
        self.resize(min(look.px(540), room.width() - 40), min(look.px(520), room.height() - 80))
        self._typed()
        self.text.setFocus()

    def _labelled(self, said: str, field: QWidget) -> None:
        label = Text(self._look, said, Role.SMALL_STRONG, muted=True)
        label.setBuddy(field)
        field.setAccessibleName(said)
        if isinstance(field, QComboBox):
            field.view().setAccessibleName(said)
        self._column.addWidget(label)
        self._column.addWidget(field)

    @Slot(int)
    def _insert(self, _place: int) -> None:
        key = self.canned.currentData()
        template = next((each for each in self._templates if each.id == key), None)
        if template is not None:
            self.text.setPlainText(template.body)
            self.subject.setText(template.subject)

    @Slot()
    def _typed(self) -> None:
        self.go.setEnabled(bool(self.text.toPlainText().strip()))

    @Slot()
    def _go(self) -> None:
        kept = self.then.currentData()
        self.entered.emit(
            OneAnswer(
                self.text.toPlainText(),
                self.subject.text().strip(),
                Resolution(kept) if kept else None,
            )
        )
        self.accept()
