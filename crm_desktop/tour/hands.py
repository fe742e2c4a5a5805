"""Working a window as a person does: keys to whatever has the focus, and eyes on what it says."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QRadioButton, QWidget

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.widgets.banner import ErrorBar
from crm_desktop.tour.trouble import StepFailed
from crm_desktop.tour.waiting import PATIENCE, settle, until

W = TypeVar("W", bound=QWidget)

_MOST_TABS = 120
_SAID = 600


class Hands:
    """Keyboard and eyes at one window."""

    def __init__(self, window: QWidget) -> None:
        self.window = window

    def press(self, *keys: str) -> None:
        """Press keys one after the other, as "F9" or "Ctrl+Return"."""
        for key in keys:
            combination = QKeySequence(key)[0]  # type: ignore[index]  # the stubs know it not
            QTest.keyClick(self._hand(), combination.key(), combination.keyboardModifiers())
            # A person's next key comes after what this one did has been drawn.
            QApplication.processEvents()

    def type(self, text: str) -> None:
        """Type a text; its line ends are the Enter key."""
        for number, line in enumerate(text.split("\n")):
            if number:
                self.press("Return")
            QTest.keyClicks(self._hand(), line)

    def tab_to(self, name: str) -> QWidget:
        """Press Tab until what has the focus is called `name`, or begins so."""
        passed = []
        for _ in range(_MOST_TABS):
            held = QApplication.focusWidget()
            if held is not None and _called(held).startswith(name):
                return held
            passed.append(_called(held) if held is not None else "nothing")
            self.press("Tab")
        raise StepFailed(f"a way to “{name}” with the Tab key", " → ".join(passed))

    def choose(self, question: str, answer: str) -> None:
        """Go to a question's buttons with Tab, to the answer with arrows, and choose it."""
        button = self.tab_to(question)
        for _ in range(_MOST_TABS):
            if button.accessibleName().endswith(f": {answer}"):
                break
            # Arrows walk among radio buttons, Tab among ticks.
            self.press("Right" if isinstance(button, QRadioButton) else "Tab")
            button = QApplication.focusWidget() or self.window
        else:
            raise StepFailed(f"the answer “{answer}” to “{question}”", button.accessibleName())
        if not getattr(button, "isChecked", bool)():
            self.press("Space")

    def click(self, widget: QWidget) -> None:
        """Press the left mouse button in the middle of a widget."""
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    def find(self, kind: builtins.type[W], name: str) -> W:
        """The visible widget of a kind and accessible name; StepFailed when it is not there."""
        found: list[W] = self.window.findChildren(kind)
        for each in found:
            if each.accessibleName() == name and each.isVisibleTo(self.window):
                return each
        raise StepFailed(f"a {kind.__name__} called “{name}”", self.said())

    def reads(self, *texts: str) -> bool:
        """Whether the window says all of these, as a screen reader would."""
        said = "\n".join(self.texts())
        return all(each in said for each in texts)

    def wait_for(self, *texts: str, part: QWidget | None = None, seconds: float = PATIENCE) -> None:
        """Wait until the window, or a part of it, says all of these."""
        looked_at = Hands(part) if part is not None else self
        words = " and ".join(f"“{each}”" for each in texts)
        until(lambda: looked_at.reads(*texts), f"{words} on the screen", looked_at.said, seconds)

    def wait_until(self, ask: Callable[[], bool], expected: str) -> None:
        """Wait until something holds of the window."""
        until(ask, expected, self.said)

    def said(self) -> str:
        """What the window says, shortened."""
        said = " | ".join(self.texts())
        return said if len(said) <= _SAID else f"{said[:_SAID]} …"

    def complain(self) -> None:
        """StepFailed when the window reports trouble in its error bar."""
        for bar in self.window.findChildren(ErrorBar):
            if bar.isVisibleTo(self.window):
                raise StepFailed("no trouble on the screen", bar.text())

    def picture(self, path: Path) -> None:
        """Save what the window shows as a PNG."""
        settle()
        if not self.window.grab().save(str(path)):
            raise StepFailed(f"a picture at {path}", "it could not be written")

    def _hand(self) -> QWidget:
        """Where keys go: a popup or what has its focus, else the focus, else the window."""
        popup = QApplication.activePopupWidget()
        if popup is not None:
            return popup.focusWidget() or popup
        return QApplication.focusWidget() or self.window

    def texts(self) -> list[str]:
        """Every name and value in the window, in order."""
        return list(accessibility.visible_texts(self.window))


def _called(widget: QWidget) -> str:
    """What a screen reader calls it: a button without a name by its text."""
    return widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
