"""What a call asks of a person besides: keys for a machine at the other end, and a last word."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.buttons import Button, Kind
from crm_desktop.desktop.widgets.keypad import Keypad
from crm_desktop.desktop.widgets.text import ElidedText, Text
from crm_desktop.domain.call_asking import MOST_WORDS

REASONS = (
    "Abusive or offensive language",
    "Threats against staff or others",
    "Discriminatory remarks",
    "Repeats the same after a final answer",
    "Another reason",
)


class KeypadDialog(QDialog):
    """`pressed` carries each key; it stays open beside the work until Escape."""

    pressed = Signal(str)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keypad")
        self._typed = ElidedText(look, "", Role.HEADING)
        self._typed.setAccessibleName("Keys pressed")
        self._keypad = Keypad(look)
        column = QVBoxLayout(self)
        column.addWidget(self._typed)
        column.addWidget(self._keypad)
        column.addWidget(Text(look, "Type or press. Esc closes.", Role.SMALL, muted=True))
        self._keypad.pressed.connect(self._press)
        self._keypad.setFocus()

    @property
    def typed(self) -> str:
        """What was pressed so far."""
        return self._typed.text()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits count wherever the focus is."""
        if event.text() and event.text() in "0123456789*#" and not event.isAutoRepeat():
            self._press(event.text())
        else:
            super().keyPressEvent(event)

    @Slot(str)
    def _press(self, key: str) -> None:
        self._typed.setText(self._typed.text() + key)
        self.pressed.emit(key)


class WarnedDialog(QDialog):
    """`chosen` carries the words under which the call is ended: a reason, and one's own words."""

    chosen = Signal(str)

    def __init__(self, look: Look, who: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Warned, then ended")
        column = QVBoxLayout(self)
        column.addWidget(Text(look, f"End the call with {who}?", Role.HEADING, wrap=True))
        column.addWidget(
            Text(
                look,
                "Only after you have warned them that you will. It is recorded with the call, and "
                "the wrap-up follows.",
                muted=True,
                wrap=True,
            )
        )
        self._reasons = QButtonGroup(self)
        for at, said in enumerate(REASONS):
            radio = QRadioButton(f"&{at + 1}  {said}")
            radio.setAccessibleName(said)
            self._reasons.addButton(radio, at)
            column.addWidget(radio)
        self._words = QLineEdit()
        self._words.setAccessibleName("In your own words")
        self._words.setPlaceholderText("What was said, in your own words")
        label = Text(look, "In your own words", Role.SMALL_STRONG, muted=True)
        label.setBuddy(self._words)
        column.addWidget(label)
        column.addWidget(self._words)
        self._end = Button(look, "End the call", kind=Kind.DANGER, icon="phone-off", key="Return")
        back = Button(look, "Go on talking", key="Esc")
        foot = QHBoxLayout()
        foot.addWidget(back)
        foot.addStretch(1)
        foot.addWidget(self._end)
        column.addLayout(foot)
        for each in (self._end, back):
            each.setAutoDefault(False)
        self._reasons.idToggled.connect(self._fit)
        self._words.textChanged.connect(self._fit)
        self._words.returnPressed.connect(self._choose)
        self._end.clicked.connect(self._choose)
        back.clicked.connect(self.reject)
        self.setMinimumWidth(look.px(460))
        self._fit()
        first = self._reasons.button(0)
        if first is not None:
            first.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A digit chooses, Enter ends."""
        typed = event.text()
        if typed.isdecimal() and 1 <= int(typed) <= len(REASONS):
            button = self._reasons.button(int(typed) - 1)
            if button is not None:
                button.setChecked(True)
                self._words.setFocus()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _fit(self) -> None:
        at = self._reasons.checkedId()
        needs = at == len(REASONS) - 1 and not self._words.text().strip()
        if at >= 0:
            # Both travel together, and no further than the database takes.
            self._words.setMaxLength(MOST_WORDS - len(REASONS[at]) - 2)
        self._end.setEnabled(at >= 0 and not needs)

    @Slot()
    def _choose(self) -> None:
        if self._end.isEnabled():
            self._end.setEnabled(False)
            reason, own = REASONS[self._reasons.checkedId()], self._words.text().strip()
            self.chosen.emit(f"{reason}: {own}" if own else reason)
            self.accept()
