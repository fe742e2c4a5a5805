"""F1: every command that this person has, by section, with its keys."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QDialog, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.desktop.core.commands import Command, CommandRegistry
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.buttons import Button, key_text
from crm_desktop.desktop.widgets.pill import Pill
from crm_desktop.desktop.widgets.text import Text


class ShortcutSheet(QDialog):
    """Made anew each time it is opened, from the command table; `open()` it, never `exec()`."""

    def __init__(self, look: Look, registry: CommandRegistry, window: QWidget) -> None:
        super().__init__(window)
        self._look = look
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        page = QWidget()
        grid = QGridLayout(page)
        grid.setColumnStretch(0, 1)
        grid.setVerticalSpacing(look.px(6))
        at = 0
        for section, commands in registry.sections().items():
            grid.addWidget(Text(look, section, Role.HEADING), at, 0, 1, 2)
            for at, command in enumerate(commands, at + 1):  # noqa: B020 - the next free line
                self._add(grid, at, command)
            at += 1
        grid.setRowStretch(at, 1)
        scroll = QScrollArea()
        scroll.setAccessibleName("Keyboard shortcuts")
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        column = QVBoxLayout(self)
        column.addWidget(scroll)
        close = Button(look, "Close")
        close.clicked.connect(self._close)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self.resize(look.px(520), look.px(560))

    def _add(self, grid: QGridLayout, at: int, command: Command) -> None:
        grid.addWidget(Text(self._look, command.text), at, 0)
        if command.shortcuts:
            keys = "  or  ".join(key_text(each) for each in command.shortcuts)
            grid.addWidget(Pill(self._look, keys), at, 1, Qt.AlignmentFlag.AlignRight)

    @Slot()
    def _close(self) -> None:
        self.close()
