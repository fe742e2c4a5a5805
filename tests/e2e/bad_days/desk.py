"""What a test does and sees at a real desktop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.screens.sign_in.screen import SignInScreen
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.states import Visibility
from tests.gui.shell.conftest import settled

#: Opens the program on the database of an address and gives its sign-in screen; what is to happen
#: `before` comes after the end of the program that was open.
OpenProgram = Callable[..., SignInScreen]

_Window = TypeVar("_Window", bound=QWidget)


def said(window: QWidget) -> str:
    """Everything that a screen reader would find in a window."""
    return " ".join(accessibility.texts(accessibility.tree(window)))


def wait_said(qtbot: QtBot, window: QWidget, words: str) -> None:
    """Return when the window says these words."""

    def check() -> None:
        assert words in said(window), said(window)

    qtbot.waitUntil(check)


def take(qtbot: QtBot, desktop: Desktop, contact_id: int) -> None:
    """Take a contact and wait until its workspace is open."""
    desktop.window.commands.gestures.take(contact_id)
    qtbot.waitUntil(desktop.window.workplace.presenter.can_write)
    settled(qtbot, desktop)


def type_reply(desktop: Desktop, text: str) -> None:
    """Type into the reply."""
    desktop.window.workplace.screen.focus_reply(Visibility.PUBLIC)
    QTest.keyClicks(desktop.window.workplace.screen.compose.composer.editor, text)


def reply_shown(desktop: Desktop) -> str:
    """What stands in the reply."""
    return desktop.window.workplace.screen.compose.composer.text(Visibility.PUBLIC)


def press_send(desktop: Desktop) -> None:
    """Ask for the reply to be sent, as Ctrl+Enter does."""
    desktop.window.workplace.screen.compose.send_asked.emit()


def sign_in(screen: QWidget, login: str, password: str) -> None:
    """Enter a name and a password, and press Enter."""
    for name, words in (("Name", login), ("Password", password)):
        field = next(
            each for each in screen.findChildren(QLineEdit) if each.accessibleName() == name
        )
        field.clear()
        QTest.keyClicks(field, words)
    QTest.keyClick(field, Qt.Key.Key_Return)


def choose(qtbot: QtBot, screen: SignInScreen, name: str) -> None:
    """Choose who one is, where no password is asked for."""
    (people,) = screen.findChildren(RowList)
    qtbot.waitUntil(lambda: any(row.title == name for row in people.rows()))
    people.opened.emit(next(row.key for row in people.rows() if row.title == name))


def windows(kind: type[_Window]) -> list[_Window]:
    """The windows of a kind that are on the screen."""
    found = QApplication.topLevelWidgets()
    return [each for each in found if isinstance(each, kind) and each.isVisible()]
