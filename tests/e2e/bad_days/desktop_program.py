"""A desktop as a process of its own, for a test to kill: takes a contact and types, or looks.

Orders come as JSON in argv: folder, url, login, contact, and the text to type (empty: say what
stands in the reply). It says on standard output what it did.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.desktop_root import Run
from crm_desktop.domain.states import Visibility
from crm_desktop.workstation.paths import Paths
from crm_desktop.workstation.settings import load
from tests.servers import stacks

_EVERY_MS = 20


class Hand(QObject):
    """Does what a person would, as soon as the window lets them."""

    def __init__(self, contact_id: int, text: str, leave: bool) -> None:
        super().__init__()
        self._contact_id, self._text, self._leave = contact_id, text, leave
        self._asked = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(_EVERY_MS)

    @Slot()
    def _look(self) -> None:
        found = QApplication.topLevelWidgets()
        window = next((each for each in found if isinstance(each, MainWindow)), None)
        if window is None:
            return
        workplace = window.workplace
        if not self._asked:
            self._asked = True
            if self._text:
                window.commands.gestures.take(self._contact_id)
            else:
                window.open_contact(self._contact_id)
            return
        if workplace.presenter.contact is None or not workplace.presenter.can_write():
            return
        composer = workplace.screen.compose.composer
        if self._text:
            workplace.screen.focus_reply(Visibility.PUBLIC)
            QTest.keyClicks(composer.editor, self._text)
            if self._leave:
                workplace.screen.compose.left.emit()
        self._timer.stop()
        sys.stdout.write(json.dumps(composer.text(Visibility.PUBLIC)) + "\n")
        sys.stdout.flush()


def main() -> None:
    """Run until killed, or until standard output has been read and standard input ends."""
    stacks.tell_when_asked()
    orders = json.loads(sys.argv[1])
    folder = Path(orders["folder"])
    app = QApplication(sys.argv[:1])
    paths = Paths(folder / "config", folder / "data", folder / "cache", folder / "log")
    settings = replace(load(paths), database_url=orders["url"])
    run = Run(app, settings, paths, None)
    run.begin(orders["login"])
    hand = Hand(orders["contact"], orders["text"], orders["leave"])
    app.exec()
    del hand


if __name__ == "__main__":
    main()
