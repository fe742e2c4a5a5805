"""What is asked before a chat goes on by mail, is ended after a warning, or its visitor blocked."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.buttons import Button, Kind, PrimaryButton
from crm_desktop.desktop.widgets.text import Text

_WARNING = (
    "I want to help you, but I cannot do so while I am spoken to like this. "
    "If it goes on I will end this chat."
)
_HOURS = {1: "An hour", 12: "The rest of the day", 24 * 7: "A week", 24 * 30: "A month"}
_LONGEST = 300


class _Asking(QDialog):
    """A heading, what the subclass asks, and buttons at the foot."""

    def __init__(self, look: Look, title: str, told: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._look = look
        self._column = QVBoxLayout(self)
        self._column.setSpacing(look.px(8))
        self._column.addWidget(Text(look, told, wrap=True))
        self.setMinimumWidth(look.px(440))

    def _label(self, words: str, field: QWidget) -> None:
        label = Text(self._look, words, Role.SMALL_STRONG, muted=True)
        label.setBuddy(field)
        field.setAccessibleName(words)
        self._column.addWidget(label)
        self._column.addWidget(field)

    def _foot(self, *buttons: Button) -> None:
        foot = QHBoxLayout()
        foot.addStretch(1)
        back = Button(self._look, "Cancel")
        back.setAutoDefault(False)
        back.clicked.connect(self.reject)
        for each in (back, *buttons):
            foot.addWidget(each)
        self._column.addLayout(foot)


class ByEmailDialog(_Asking):
    """`chosen` carries the address."""

    chosen = Signal(str)

    def __init__(self, look: Look, who: str, email: str, *, open_: bool, parent: QWidget) -> None:
        told = f"The chat with {who} {'ends and' if open_ else ''} goes on by email. "
        told += "What was said stands below your reply."
        super().__init__(look, "Continue by email", " ".join(told.split()), parent)
        self.address = QLineEdit(email)
        self.address.setMaxLength(_LONGEST)
        self.address.textChanged.connect(self._fit)
        self._label("Email address", self.address)
        self._go = PrimaryButton(look, "Continue by email")
        self._go.clicked.connect(self._choose)
        self._foot(self._go)
        self._fit()
        self.address.setFocus()

    @Slot()
    def _fit(self) -> None:
        before, _, after = self.address.text().strip().partition("@")
        self._go.setEnabled(bool(before) and "." in after)

    @Slot()
    def _choose(self) -> None:
        self.chosen.emit(self.address.text().strip())
        self.accept()


class WarnDialog(_Asking):
    """`warned` carries the words to say; `ended`: they were warned, and the chat ends now."""

    warned = Signal(str)
    ended = Signal()

    def __init__(self, look: Look, who: str, parent: QWidget) -> None:
        told = f"Nobody has to bear abuse. Warn {who} first; if it goes on, end the chat here."
        super().__init__(look, "Warn, then end", told, parent)
        self.words = QPlainTextEdit(_WARNING)
        self.words.setTabChangesFocus(True)
        self.words.setFixedHeight(look.px(84))
        self._label("The warning", self.words)
        self.warn = PrimaryButton(look, "Send the warning")
        self.warn.clicked.connect(self._warn)
        self.end = Button(look, "They were warned: end the chat", kind=Kind.DANGER)
        self.end.setAutoDefault(False)
        self.end.clicked.connect(self._end)
        self._foot(self.end, self.warn)
        self.warn.setFocus()

    @Slot()
    def _warn(self) -> None:
        text = self.words.toPlainText().strip()
        if text:
            self.warned.emit(text)
            self.accept()

    @Slot()
    def _end(self) -> None:
        self.ended.emit()
        self.accept()


class BlockDialog(_Asking):
    """`chosen` carries the reason and the hours."""

    chosen = Signal(str, int)

    def __init__(self, look: Look, who: str, parent: QWidget) -> None:
        told = (
            f"The chat ends, and {who} cannot start another from where they are for as long as "
            "you choose. Other people who use the same connection cannot, either."
        )
        super().__init__(look, "Block this visitor", told, parent)
        self.reason = QLineEdit()
        self.reason.setMaxLength(_LONGEST)
        self.reason.setPlaceholderText("Threatened a colleague, after a warning")
        self.reason.textChanged.connect(self._fit)
        self._label("Why", self.reason)
        self._group = QButtonGroup(self)
        self._column.addWidget(Text(look, "For how long", Role.SMALL_STRONG, muted=True))
        for hours, words in _HOURS.items():
            choice = QRadioButton(words)
            choice.setAccessibleName(f"For how long: {words}")
            choice.setChecked(hours == 12)
            self._group.addButton(choice, hours)
            self._column.addWidget(choice)
        self._column.addWidget(
            Text(look, "A team leader sees the reason and can lift it.", Role.SMALL, muted=True)
        )
        self._go = Button(look, "Block and end the chat", kind=Kind.DANGER)
        self._go.clicked.connect(self._choose)
        self._foot(self._go)
        self._fit()
        self.reason.setFocus()

    @Slot()
    def _fit(self) -> None:
        self._go.setEnabled(bool(self.reason.text().strip()))

    @Slot()
    def _choose(self) -> None:
        self.chosen.emit(self.reason.text().strip(), self._group.checkedId())
        self.accept()
