"""Takes all that a window and those that belong to it show off the screen, and puts it back.

What is only hidden still stands in the tree that screen readers find: it is taken out of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication, QDialog, QLayout, QWidget

#: The property of windows that show nothing of customers, and stay.
STAYS = "stays_when_locked"


@dataclass(frozen=True, slots=True)
class _Taken:
    """A widget as it was before it was taken away."""

    widget: QWidget
    parent: QWidget | None
    flags: Qt.WindowType
    geometry: QRect
    seen: bool
    modal: bool


class Curtain:
    """For one window whose layout holds nothing but `content`."""

    def __init__(self, window: QWidget, content: QWidget) -> None:
        self._window, self._content = window, content
        self._shelf: QWidget | None = None
        self._taken: list[_Taken] = []
        self._instead: QWidget | None = None
        self._focus: QWidget | None = None

    @property
    def is_drawn(self) -> bool:
        """Whether something else is shown instead."""
        return self._shelf is not None

    def draw(self, instead: QWidget) -> None:
        """Show this in place of everything."""
        if self._shelf is not None:
            self._show(instead)
            return
        self._focus = self._window.focusWidget()
        self._shelf = QWidget()
        for each in QApplication.topLevelWidgets():
            if each.windowType() in (Qt.WindowType.Popup, Qt.WindowType.ToolTip):
                each.hide()
        inner = [
            each
            for each in self._window.children()
            if isinstance(each, QWidget) and not each.property(STAYS)
        ]
        own = [each for each in self._windows() if each not in inner]
        for widget in [*inner, *own]:
            self._take(widget, self._shelf)
        self._show(instead)

    def lift(self, *, shown: bool = True) -> None:
        """Put everything back as it was, and show it unless the windows are about to close."""
        if self._shelf is None:
            return
        self._drop()
        for each in self._taken:
            each.widget.setParent(each.parent, each.flags)
            if each.widget is self._content:
                self._layout().addWidget(each.widget)
            else:
                each.widget.setGeometry(each.geometry)
            if not shown:
                continue
            if each.seen and each.modal and isinstance(each.widget, QDialog):
                each.widget.open()
            elif each.seen:
                each.widget.show()
        self._taken.clear()
        self._shelf.deleteLater()
        self._shelf = None
        if self._focus is not None and self._window.isAncestorOf(self._focus):
            self._focus.setFocus()

    def _windows(self) -> list[QWidget]:
        """Windows that belong to this one and were ever shown; menus are made anew each time."""
        return [
            each
            for each in QApplication.topLevelWidgets()
            if each is not self._window
            and each.windowHandle() is not None
            and each.windowType() not in (Qt.WindowType.Popup, Qt.WindowType.ToolTip)
            and not each.property(STAYS)
            and _belongs(each, self._window)
        ]

    def _take(self, widget: QWidget, shelf: QWidget) -> None:
        self._taken.append(
            _Taken(
                widget,
                widget.parentWidget(),
                widget.windowFlags(),
                widget.geometry(),
                not widget.isHidden(),
                widget.isModal(),
            )
        )
        if widget is self._content:
            self._layout().removeWidget(widget)
        widget.setParent(shelf)

    def _show(self, instead: QWidget) -> None:
        self._drop()
        self._instead = instead
        self._layout().addWidget(instead)
        instead.show()
        self._window.activateWindow()
        instead.setFocus()

    def _drop(self) -> None:
        if self._instead is not None:
            self._layout().removeWidget(self._instead)
            self._instead.hide()
            self._instead.deleteLater()
            self._instead = None

    def _layout(self) -> QLayout:
        layout = self._window.layout()
        assert layout is not None
        return layout


def _belongs(widget: QWidget, window: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None and parent is not window:
        parent = parent.parentWidget()
    return parent is window
