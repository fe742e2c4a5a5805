"""The twelve keys of a telephone, for the mouse and for the keyboard."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.buttons import Button

KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#")
_SPOKEN = {"*": "star", "#": "hash"}
_COLUMNS = 3


class Keypad(QWidget):
    """`pressed` carries one character; keys typed while anything of it has the focus count too."""

    pressed = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setAccessibleName("Keypad")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._buttons: dict[str, Button] = {}
        self._grid = QGridLayout(self)
        for at, key in enumerate(KEYS):
            button = Button(look, key)
            button.setAccessibleName(_SPOKEN.get(key, key))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setAutoDefault(False)
            button.clicked.connect(partial(self.pressed.emit, key))
            self._buttons[key] = button
            self._grid.addWidget(button, at // _COLUMNS, at % _COLUMNS)
        look.changed.connect(self._space)
        self._space()

    def button(self, key: str) -> Button:
        """One of the twelve."""
        return self._buttons[key]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits, star and hash; a key that is held down counts once."""
        typed = event.text()
        if typed in self._buttons and not event.isAutoRepeat():
            self.pressed.emit(typed)
        else:
            super().keyPressEvent(event)

    def _space(self) -> None:
        px = self._look.px
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(px(6))
        for button in self._buttons.values():
            button.setMinimumSize(px(64), px(38))
