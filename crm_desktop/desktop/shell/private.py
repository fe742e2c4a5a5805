"""Personal data out of sight at once, while somebody else can see the screen."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.states import EmptyState

_SAID, _HOW = "Personal data is hidden.", "Ctrl+F4 or F4 shows it again."


class Private(QObject):
    """Shows a page without anybody's data in `stack`, and the one before again."""

    def __init__(self, look: Look, stack: QStackedWidget) -> None:
        super().__init__(stack)
        self._stack = stack
        self._page = _Hidden(look, self)
        self._before: QWidget | None = None
        stack.addWidget(self._page)

    @property
    def is_on(self) -> bool:
        """Whether it is hidden now."""
        return self._stack.currentWidget() is self._page

    @Slot()
    def toggle(self) -> None:
        """Hide, or show again."""
        if self.is_on:
            if self._before is not None:
                self._stack.setCurrentWidget(self._before)
            announce(self._stack, "Personal data is shown")
            return
        self._before = self._stack.currentWidget()
        self._stack.setCurrentWidget(self._page)
        self._page.setFocus(Qt.FocusReason.ShortcutFocusReason)
        announce(self._stack, f"{_SAID} {_HOW}")


class _Hidden(EmptyState):
    """Nothing but how to go on."""

    def __init__(self, look: Look, private: Private) -> None:
        super().__init__(look, "eye-off", _SAID, _HOW)
        self._private = private
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F4 shows it again."""
        if event.key() == Qt.Key.Key_F4:
            self._private.toggle()
        else:
            super().keyPressEvent(event)
