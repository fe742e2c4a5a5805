"""A desktop as a process of its own, worked as a person does: by keys, and by what it says.

Orders come as JSON in argv: folder, url. Then each line {"do": verb, "args": […]} of standard
input is answered with one line, {"done": …} or {"failed": words}.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QPlainTextEdit,
    QTableView,
    QTextEdit,
    QWidget,
)

from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.desktop_root import Run
from crm_desktop.tour.hands import Hands
from crm_desktop.tour.trouble import StepFailed
from crm_desktop.tour.waiting import until
from crm_desktop.workstation.paths import Paths
from crm_desktop.workstation.settings import load
from tests.servers import processes, stacks

W = TypeVar("W", bound=QWidget)

#: What does not come is told while the test still listens.
PATIENCE = processes.PATIENCE / 2


class Person(QObject):
    """Does what it is told at whichever window is in front."""

    told = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._verbs: Mapping[str, Callable[..., object]] = {
            "sign in": self._sign_in,
            "press": lambda *keys: self._hands().press(*keys),
            "type": lambda text: self._hands().type(text),
            "wait for": self._wait_for,
            "wait for one": self._wait_for_one,
            "wait until gone": self._wait_until_gone,
            "go to": self._go_to,
            "choose": lambda question, answer: self._hands().choose(question, answer),
            "focus": lambda name: self._field(name).setFocus(),
            "click": lambda name: self._hands().click(self._button(name)),
            "wait for a dialog": self._wait_for_dialog,
            "row": self._row,
            "select": self._select,
            "says": _everything,
            "picture": lambda path: self._hands().picture(Path(path)),
        }
        self.told.connect(self._do, Qt.ConnectionType.QueuedConnection)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin:
            self.told.emit(line)
        # Its parent has ended: nothing is left to be kept.
        os._exit(0)

    @Slot(str)
    def _do(self, line: str) -> None:
        told = json.loads(line)
        try:
            answer: Mapping[str, object] = {"done": self._verbs[told["do"]](*told["args"])}
        except StepFailed as trouble:
            answer = {"failed": f"{trouble}\n{_everything()}"}
        except Exception:  # noqa: BLE001 - told where the test can say it
            answer = {"failed": traceback.format_exc()}
        sys.stdout.write(json.dumps(answer, default=lambda _: None) + "\n")
        sys.stdout.flush()

    @staticmethod
    def _hands() -> Hands:
        """At the window in front; one that was in front of it may just have closed."""
        window = QApplication.activeModalWidget() or QApplication.activeWindow()
        if window is None:
            window = _windows()[-1]
            window.activateWindow()
            until(window.isActiveWindow, "a window in front", _everything, PATIENCE)
        return Hands(window)

    def _sign_in(self, login: str, password: str) -> None:
        until(lambda: "Password" in _everything(), "the sign-in screen", _everything, PATIENCE)
        for name, words in (("Name", login), ("Password", password)):
            field = self._field(name)
            field.setFocus()
            Hands(field).press("Ctrl+A")
            Hands(field).type(words)
        self._hands().press("Return")
        until(
            lambda: any(isinstance(each, MainWindow) for each in _windows()),
            "a main window",
            _everything,
            PATIENCE,
        )
        # A workstation's; the screen that is not there is smaller, and there the panel beside goes.
        next(each for each in _windows() if isinstance(each, MainWindow)).resize(1440, 900)

    @staticmethod
    def _wait_for(*texts: str) -> None:
        words = " and ".join(f"“{each}”" for each in texts)
        until(lambda: _says(*texts), words, _everything, PATIENCE)

    @staticmethod
    def _wait_for_one(*texts: str) -> str:
        def said() -> str | None:
            return next((each for each in texts if _says(each)), None)

        words = " or ".join(f"“{each}”" for each in texts)
        return until(said, words, _everything, PATIENCE)

    @staticmethod
    def _wait_until_gone(text: str) -> None:
        until(lambda: not _says(text), f"no “{text}” any more", _everything, PATIENCE)

    @staticmethod
    def _wait_for_dialog() -> None:
        until(QApplication.activeModalWidget, "a dialog", _everything, PATIENCE)

    def _go_to(self, name: str) -> str:
        return self._hands().tab_to(name).accessibleName()

    @staticmethod
    def _field(name: str) -> QWidget:
        def named(each: QWidget) -> bool:
            can = each.focusPolicy() != Qt.FocusPolicy.NoFocus
            return can and each.accessibleName().startswith(name)

        return _found(QWidget, named, f"“{name}”")

    @staticmethod
    def _button(name: str) -> QWidget:
        def named(each: QAbstractButton) -> bool:
            said = each.text().startswith(name) or each.accessibleName().startswith(name)
            return said and each.isEnabled()

        return _found(QAbstractButton, named, f"a button “{name}”")

    @staticmethod
    def _row(words: str) -> str:
        """Go with the arrow keys to the row that is spoken so; the list must have the keyboard."""
        held = QApplication.focusWidget()
        if not isinstance(held, QAbstractItemView):
            raise StepFailed("a list that has the keyboard", type(held).__name__)
        hands = Hands(held)
        hands.press("Home")
        for _ in range(held.model().rowCount()):
            if words in _spoken(held):
                return _spoken(held)
            hands.press("Down")
        raise StepFailed(f"a row “{words}”", _everything())

    @staticmethod
    def _select(words: str) -> None:
        """Mark these words in the text that has the keyboard, as the mouse would."""
        held = QApplication.focusWidget()
        if isinstance(held, QPlainTextEdit | QTextEdit):
            held.moveCursor(QTextCursor.MoveOperation.Start)
        if not isinstance(held, QPlainTextEdit | QTextEdit) or not held.find(words):
            raise StepFailed(f"“{words}” in a text", _everything())


def _found(kind: type[W], is_it: Callable[[W], bool], expected: str) -> W:
    """The first that is in sight, of the window in front before others, once there is one."""

    def look() -> W | None:
        for window in reversed(_windows()):
            for each in window.findChildren(kind):
                if each.isVisibleTo(window) and is_it(each):
                    return each
        return None

    return until(look, expected, _everything, PATIENCE)


def _spoken(view: QAbstractItemView) -> str:
    """The row of a list or table on which the keyboard stands."""
    index = view.currentIndex()
    columns = view.model().columnCount() if isinstance(view, QTableView) else 1
    cells = [index.siblingAtColumn(at) for at in range(columns)]
    roles = (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.DisplayRole)
    return " ".join(str(cell.data(role)) for cell in cells for role in roles if cell.data(role))


def _windows() -> list[QWidget]:
    return [each for each in QApplication.topLevelWidgets() if each.isVisible()]


def _everything() -> str:
    """What all windows say."""
    return " | ".join(text for window in _windows() for text in Hands(window).texts())


def _says(*texts: str) -> bool:
    said = _everything()
    return all(each in said for each in texts)


def main() -> None:
    """Run until standard input ends."""
    stacks.tell_when_asked()
    orders: dict[str, Any] = json.loads(sys.argv[1])
    folder = Path(orders["folder"])
    app = QApplication(sys.argv[:1])
    app.setQuitOnLastWindowClosed(False)
    paths = Paths(folder / "config", folder / "data", folder / "cache", folder / "log")
    run = Run(app, replace(load(paths), database_url=orders["url"]), paths, None)
    run.begin(None)
    person = Person()
    app.exec()
    del person


if __name__ == "__main__":
    main()
