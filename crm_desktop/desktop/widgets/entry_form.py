"""A dialog that asks for some fields, says what is wrong with them, and closes when all is kept."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError, InvalidInput


class EntryForm(QDialog):
    """A column of fields, what is wrong with them, and a button. `entered` when it is pressed."""

    entered = Signal()

    def __init__(self, look: Look, title: str, go: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._look = look
        self._wrong = Banner(look, Tone.DANGER, "circle-alert")
        self._wrong.hide()
        self._go = PrimaryButton(look, go)
        self._go.setDefault(True)
        self._go.clicked.connect(self._press)
        back = Button(look, "Cancel")
        back.setAutoDefault(False)
        back.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(back)
        foot.addWidget(self._go)
        self.fields = QVBoxLayout()
        column = QVBoxLayout(self)
        column.addWidget(self._wrong)
        column.addLayout(self.fields, 1)
        column.addLayout(foot)
        self.setMinimumWidth(look.px(420))

    @Slot()
    def done_well(self) -> None:
        """The database has it."""
        self.accept()

    def show_wrong(self, trouble: CrmError) -> None:
        """Say what cannot be accepted; everything stays as it was entered."""
        self._go.setEnabled(True)
        if isinstance(trouble, InvalidInput) and isinstance(trouble.params.get("fields"), dict):
            fields: dict[str, str] = trouble.params["fields"]  # type: ignore[assignment]
            self._wrong.set_text("; ".join(f"{name}: {why}" for name, why in fields.items()))
        else:
            told = words_for(trouble)
            self._wrong.set_text(told.happened, told.rest())
        self._wrong.show()
        announce(self, self._wrong.text())

    def let_scroll(self, name: str, width: int, height: int) -> None:
        """Let the fields that follow scroll; the form is of this size, in px, where there is room.

        A small screen with large letters has room for a few of them.
        """
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, self._look.px(8), 0)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(name)
        area.setWidget(body)
        self.fields.addWidget(area, 1)
        self.fields = column
        free = self.screen().availableSize()
        px = self._look.px
        self.resize(min(px(width), free.width() - px(20)), min(px(height), free.height() - px(40)))

    def add_field(self, words: str, field: QWidget) -> None:
        """Put a field at the end, under its words."""
        label = Text(self._look, words, Role.SMALL_STRONG, muted=True)
        label.setBuddy(field)
        # One that says what is chosen in it names itself.
        if not field.accessibleName():
            field.setAccessibleName(words)
        self.fields.addWidget(label)
        self.fields.addWidget(field)

    def add_hint(self, words: str) -> None:
        """Explain what stands above."""
        self.fields.addWidget(Text(self._look, words, Role.SMALL, muted=True, wrap=True))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter enters it from wherever the keyboard is; Enter alone may be a text's."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._go.click()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _press(self) -> None:
        self._go.setEnabled(False)
        self.entered.emit()
