"""A desktop as a process of its own that works on while its database changes servers.

Signs in by its screen, takes a contact, and types into the reply without end; beside it keeps one
numbered note after the other, each until it is kept. Orders come as JSON in argv: folder, url,
name, password, contact. It says on standard output, a JSON object a line, what happened and when:
`live` with true or false, `noted` with the note's number, `typed` with all of the text. On the line
`stop` it types no more, and says `typed` for the last time.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import uuid
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from crm_desktop.desktop.core.live import FeedState
from crm_desktop.desktop.core.tasks import Lane
from crm_desktop.desktop.screens.sign_in.screen import SignInScreen
from crm_desktop.desktop.shell.desk import Desk
from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.desktop_root import Run
from crm_desktop.domain.states import Visibility
from crm_desktop.domain.views import Writing
from crm_desktop.services import replies
from crm_desktop.workstation.paths import Paths
from crm_desktop.workstation.settings import load
from tests.servers import stacks

_LOOK_MS, _TYPE_MS, _NOTE_MS = 20, 100, 100


def say(what: str, value: object) -> None:
    """One line for the test."""
    sys.stdout.write(json.dumps({"what": what, "value": value, "at": time.time()}) + "\n")
    sys.stdout.flush()


class Hand(QObject):
    """Does what a person would, as soon as the window lets them."""

    told = Signal(str)

    def __init__(self, run: Run, orders: dict[str, str]) -> None:
        super().__init__()
        self._run, self._orders = run, orders
        self._signed_in = self._taken = False
        self._words = 0
        self._note = 1
        self._writing = Writing(uuid.uuid4().hex)
        self._window: MainWindow | None = None
        self._looking = self._every(_LOOK_MS, self._look)
        self._typing = self._every(_TYPE_MS, self._type)
        self._looking.start()
        self.told.connect(self._stop)
        threading.Thread(target=self._listen, daemon=True).start()

    def _every(self, milliseconds: int, call: object) -> QTimer:
        timer = QTimer(self)
        timer.setInterval(milliseconds)
        timer.timeout.connect(call)
        return timer

    def _listen(self) -> None:
        for line in sys.stdin:
            self.told.emit(line.strip())

    @Slot()
    def _look(self) -> None:
        shown = QApplication.topLevelWidgets()
        if not self._signed_in:
            screen = next((each for each in shown if isinstance(each, SignInScreen)), None)
            if screen is not None and screen.isVisible():
                self._signed_in = True
                for name in ("Name", "Password"):
                    field = next(
                        each
                        for each in screen.findChildren(QLineEdit)
                        if each.accessibleName() == name
                    )
                    QTest.keyClicks(field, self._orders[name.lower()])
                QTest.keyClick(field, Qt.Key.Key_Return)
            return
        window = next((each for each in shown if isinstance(each, MainWindow)), None)
        if window is None:
            return
        if not self._taken:
            self._taken, self._window = True, window
            window.commands.gestures.take(int(self._orders["contact"]))
        elif window.workplace.presenter.contact and window.workplace.presenter.can_write():
            self._looking.stop()
            desk = self._desk()
            desk.live.state_changed.connect(self._live)
            say("live", desk.live.is_live)
            window.workplace.screen.focus_reply(Visibility.PUBLIC)
            self._typing.start()
            self._keep_note()

    def _desk(self) -> Desk:
        assert self._run._desktop is not None
        return self._run._desktop.desk

    @Slot(object)
    def _live(self, state: FeedState) -> None:
        say("live", state.connected)

    @Slot()
    def _type(self) -> None:
        assert self._window is not None
        self._words += 1
        editor = self._window.workplace.screen.compose.composer.editor
        QTest.keyClicks(editor, f"word{self._words} ")

    @Slot(str)
    def _stop(self, _line: str) -> None:
        assert self._window is not None
        self._typing.stop()
        composer = self._window.workplace.screen.compose.composer
        say("typed", composer.text(Visibility.PUBLIC))

    @Slot()
    def _keep_note(self) -> None:
        desk, writing = self._desk(), self._writing
        contact = int(self._orders["contact"])
        text = f"{self._orders['name']} {self._note}"
        desk.runner.run(
            lambda: replies.note(desk.db, contact, text, writing=writing),
            owner=self,
            done=lambda _changes: self._noted(),
            failed=lambda _trouble: self._again(),
            lane=Lane.WRITE,
        )

    def _noted(self) -> None:
        say("noted", self._note)
        self._note += 1
        self._writing = Writing(uuid.uuid4().hex)
        QTimer.singleShot(_NOTE_MS, self._keep_note)

    def _again(self) -> None:
        self._writing = Writing(self._writing.key, again=True)
        QTimer.singleShot(_NOTE_MS, self._keep_note)


def main() -> None:
    """Run until killed."""
    stacks.tell_when_asked()
    orders = json.loads(sys.argv[1])
    folder = Path(orders["folder"])
    app = QApplication(sys.argv[:1])
    paths = Paths(folder / "config", folder / "data", folder / "cache", folder / "log")
    run = Run(app, replace(load(paths), database_url=orders["url"]), paths, None)
    run.begin(None)
    hand = Hand(run, orders)
    app.exec()
    del hand


if __name__ == "__main__":
    main()
