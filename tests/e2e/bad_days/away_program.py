"""A desktop as a process of its own that a test orders about, one JSON line a step, and kills.

argv: folder and url as JSON. Each line on standard input is one order; each answer is one line of
JSON on standard output, {"answer": …}, or {"trouble": …} for what could not be done in time or is
a bug. `do` is one of: sign_in, try_in, press, said, search, log, stand, key.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.screens.logged.dialog import LogDialog
from crm_desktop.desktop.screens.sign_in.screen import SignInScreen
from crm_desktop.desktop.shell.alone import AloneWindow
from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop_root import Run
from crm_desktop.workstation.paths import Paths
from crm_desktop.workstation.settings import load
from tests.servers import processes, stacks

_EVERY_MS = 20
#: Then it says why not; whoever gave the order waits a little longer.
_SECONDS = processes.PATIENCE - 20


class Hand(QObject):
    """Does what it is told as soon as it can be done."""

    told = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._order: dict[str, Any] | None = None
        self._until = 0.0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._try)
        self._timer.start(_EVERY_MS)
        self.told.connect(self._take, Qt.ConnectionType.QueuedConnection)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in sys.stdin:
            self.told.emit(json.loads(line))

    @Slot(object)
    def _take(self, order: dict[str, Any]) -> None:
        self._order = order
        self._until = time.monotonic() + _SECONDS

    @Slot()
    def _try(self) -> None:
        order = self._order
        if order is None:
            return
        steps: dict[str, Callable[[dict[str, Any]], object]] = {
            "sign_in": self._sign_in,
            "try_in": self._try_in,
            "press": self._press,
            "said": self._said,
            "search": self._search,
            "log": self._log,
            "stand": self._stand,
            "key": self._key,
        }
        try:
            answer = steps[order["do"]](order)
        except Exception:  # noqa: BLE001 - told to the test, which fails
            self._say("trouble", traceback.format_exc())
            return
        if answer is not None:
            self._say("answer", answer)
        elif time.monotonic() > self._until:
            self._say("trouble", f"not done; on the screen is: {_all_said()}")

    def _say(self, what: str, value: object) -> None:
        self._order = None
        sys.stdout.write(json.dumps({what: value}) + "\n")
        sys.stdout.flush()

    def _try_in(self, order: dict[str, Any]) -> object:
        """Enter name and password, and wait for nothing."""
        self._sign_in(order)
        return "tried" if order.get("asked") else None

    def _press(self, order: dict[str, Any]) -> object:
        """A button, once it can be pressed."""
        for window in QApplication.topLevelWidgets():
            for each in window.findChildren(QAbstractButton):
                if each.text() == order["words"] and each.isVisible() and each.isEnabled():
                    QTest.mouseClick(each, Qt.MouseButton.LeftButton)
                    return "pressed"
        return None

    def _sign_in(self, order: dict[str, Any]) -> object:
        if _window(MainWindow):
            return "signed in"
        screen = _window(SignInScreen)
        if screen is None or order.get("asked"):
            return None
        fields = {each.accessibleName(): each for each in screen.findChildren(QLineEdit)}
        if "Password" not in fields or not fields["Password"].isEnabled():
            return None
        if not fields["Password"].isVisible():
            return None
        order["asked"] = True
        for name in ("Name", "Password"):
            fields[name].clear()
            QTest.keyClicks(fields[name], order[name])
        for box in screen.findChildren(QCheckBox):
            box.setChecked(False)
        QTest.keyClick(fields["Password"], Qt.Key.Key_Return)
        return None

    def _said(self, order: dict[str, Any]) -> object:
        """What the window says, once that has these words."""
        for kind in (MainWindow, AloneWindow, SignInScreen):
            window = _window(kind)
            if window is not None:
                said = " ".join(accessibility.texts(accessibility.tree(window)))
                return said if order["words"] in said else None
        return None

    def _search(self, order: dict[str, Any]) -> object:
        window = _window(MainWindow) or _window(AloneWindow)
        if isinstance(window, MainWindow):
            window.go("knowledge")
            panel = window.pages.knowledge_screen
        elif isinstance(window, AloneWindow):
            panel = window.knowledge
        else:
            return None
        if not order.get("asked"):
            order["asked"] = True
            QTest.keyClicks(panel.field, order["text"])
        return self._said({"words": order["words"]})

    def _stand(self, order: dict[str, Any]) -> object:
        """At this desk of a one-stop-shop."""
        window = _window(MainWindow)
        if not isinstance(window, MainWindow):
            return None
        if not order.get("asked"):
            order["asked"] = True
            window.go("desk")
        screen = window.pages.desk_screen
        if screen.line.is_away or not screen.check_in.can_issue:
            return None
        window.pages.at_desk.choose_place(order["place"])
        return "there"

    def _key(self, order: dict[str, Any]) -> object:
        """Type a name at the desk, perhaps none, and a key."""
        window = _window(MainWindow) or _window(AloneWindow)
        if isinstance(window, AloneWindow):
            screen = window.desk_screen
        else:
            screen = window.pages.desk_screen if isinstance(window, MainWindow) else None
        if screen is None:
            return None
        field = screen.check_in.name
        QTest.keyClicks(field, order.get("text", ""))
        ctrl = Qt.KeyboardModifier.ControlModifier if order.get("ctrl") else Qt.KeyboardModifier(0)
        QTest.keyClick(field, Qt.Key[f"Key_{order['key']}"], ctrl)
        return "pressed"

    def _log(self, order: dict[str, Any]) -> object:
        window = _window(MainWindow) or _window(AloneWindow)
        if not isinstance(window, MainWindow | AloneWindow):
            return None
        forms = [each for each in window.findChildren(LogDialog) if each.isVisible()]
        if not forms:
            if order.get("asked"):
                return "kept"
            order["asked"] = True
            window.log.open_form()
            return None
        if not order.get("filled"):
            order["filled"] = True
            form = forms[0]
            for name, words in order["fields"].items():
                QTest.keyClicks(_field(form, name), words)
            for each in form.findChildren(ChoiceField):
                if each.accessibleName().startswith("Service"):
                    each.choose(order["service"])
            QTest.keyClick(form, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        return None


def _window(kind: type[QWidget]) -> QWidget | None:
    found = QApplication.topLevelWidgets()
    return next((each for each in found if isinstance(each, kind) and each.isVisible()), None)


def _all_said() -> list[str]:
    """What each window says."""
    windows = [each for each in QApplication.topLevelWidgets() if each.isVisible()]
    said = [" ".join(accessibility.texts(accessibility.tree(each))) for each in windows]
    return [f"{type(each).__name__}: {text}" for each, text in zip(windows, said, strict=True)]


def _field(root: QWidget, name: str) -> QWidget:
    kinds = (QLineEdit, QPlainTextEdit)
    every = [each for kind in kinds for each in root.findChildren(kind)]
    field = next(each for each in every if each.accessibleName() == name)
    if isinstance(field, QLineEdit):
        field.clear()
    return field


def main() -> None:
    """Run until killed."""
    stacks.tell_when_asked()
    orders = json.loads(sys.argv[1])
    folder = Path(orders["folder"])
    app = QApplication(sys.argv[:1])
    paths = Paths(folder / "config", folder / "data", folder / "cache", folder / "log")
    run = Run(app, replace(load(paths), database_url=orders["url"]), paths, None)
    run.begin(None)
    hand = Hand()
    app.exec()
    del hand


if __name__ == "__main__":
    main()
