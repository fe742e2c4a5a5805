"""A desktop whose database a test takes away, and hands to log a contact with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QDialog, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.live import FeedState
from crm_desktop.desktop.screens.logged.dialog import LogDialog
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.logged import LoggedContact, ToEnter
from crm_desktop.domain.states import Channel, Direction, Resolution
from crm_desktop.store.models import Contact
from tests.centre import Centre
from tests.gui.shell.conftest import settled


class Wire:
    """A change source whose line to the database a test cuts and mends."""

    def __init__(self, desktop: Desktop) -> None:
        self._say: Callable[[FeedState], None] = lambda _state: None
        self._tell: Callable[[Changes], None] = lambda _changes: None
        desktop.desk.live.start(self)

    def subscribe(
        self, on_changes: Callable[[Changes], None], on_state: Callable[[FeedState], None]
    ) -> Callable[[], None]:
        """See `ChangeSource`."""
        self._tell, self._say = on_changes, on_state
        return lambda: None

    def cut(self) -> None:
        """The database is away."""
        self._say(FeedState(False, datetime.now(UTC)))

    def mend(self) -> None:
        """It is back, and everything is read again."""
        self._say(FeedState(True, datetime.now(UTC)))
        self._tell(Changes.everything())


def cut(desktop: Desktop, qtbot: QtBot) -> Wire:
    """Take the database away from a desktop."""
    wire = Wire(desktop)
    wire.mend()
    settled(qtbot, desktop)
    wire.cut()
    qtbot.waitUntil(lambda: desktop.desk.live.is_away)
    return wire


def back(desktop: Desktop, wire: Wire, qtbot: QtBot) -> None:
    """Bring it back."""
    wire.mend()
    qtbot.waitUntil(lambda: desktop.desk.live.is_live)
    settled(qtbot, desktop)


def said(window: QWidget) -> str:
    """Everything that a screen reader finds."""
    return " ".join(accessibility.texts(accessibility.tree(window)))


def wait_said(qtbot: QtBot, window: QWidget, words: str) -> None:
    """Return when the window says these words."""

    def check() -> None:
        assert words in said(window), said(window)

    qtbot.waitUntil(check)


def dialog_of(qtbot: QtBot, window: QWidget, kind: type[QDialog]) -> QDialog:
    """The open dialog of a kind."""
    found: list[QDialog] = []

    def check() -> None:
        found[:] = [each for each in window.findChildren(kind) if each.isVisible()]
        assert found

    qtbot.waitUntil(check)
    return found[0]


def button(root: QWidget, words: str) -> QAbstractButton:
    """The visible button with these words."""
    found = [
        each
        for each in root.findChildren(QAbstractButton)
        if each.text().startswith(words) and each.isVisible()
    ]
    assert found, [each.text() for each in root.findChildren(QAbstractButton)]
    return found[0]


def press(root: QWidget, words: str) -> None:
    """Click it."""
    QTest.mouseClick(button(root, words), Qt.MouseButton.LeftButton)


def field(root: QWidget, name: str) -> QWidget:
    """An entry by its accessible name."""
    kinds = (QLineEdit, QPlainTextEdit)
    found = [
        each for kind in kinds for each in root.findChildren(kind) if each.accessibleName() == name
    ]
    assert found, name
    return found[0]


def enter(root: QWidget, name: str, words: str) -> None:
    """Type into an entry, in place of what stands there."""
    into = field(root, name)
    into.setFocus()
    QTest.keyClick(into, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(into, words)


def choose(root: QWidget, name: str, key: object) -> None:
    """Choose in a drop-down."""
    found = [
        each for each in root.findChildren(ChoiceField) if each.accessibleName().startswith(name)
    ]
    found[0].choose(key)


def log(
    qtbot: QtBot, desktop: Desktop, who: str = "Margaret Okafor", *, at: str = "", fill: bool = True
) -> LogDialog:
    """Open the form by its key and fill it in."""
    # Without a window manager nobody makes the window active when a dialog over it closes.
    desktop.window.activateWindow()
    qtbot.waitUntil(desktop.window.isActiveWindow)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(desktop.window, Qt.Key.Key_L, both)
    form = dialog_of(qtbot, desktop.window, LogDialog)
    assert isinstance(form, LogDialog)
    if fill:
        enter(form, "Customer", who)
        enter(form, "What it was about", "Bin missed again")
        enter(form, "What was done", "Told her that we come back on Friday.")
        choose(form, "Service", desktop.window.workplace.services[-1].id)
    if at:
        enter(form, "Time when it happened, like 10:50", at)
    return form


def submit(form: LogDialog) -> None:
    """Press Ctrl+Enter in the form."""
    QTest.keyClick(form, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def logged(centre: Centre) -> list[Contact]:
    """What was entered by hand, in order."""
    with centre.as_owner().read() as tx:
        wanted = select(Contact).where(Contact.logged_key.is_not(None)).order_by(Contact.id)
        return list(tx.session.scalars(wanted))


def an_entry(desktop: Desktop, **changes: object) -> ToEnter:
    """Something that an earlier run left."""
    services = desktop.window.workplace.services
    given: dict[str, object] = {
        "key": str(uuid4()),
        "channel": Channel.CALL,
        "direction": Direction.INBOUND,
        "happened_at": datetime.now(UTC) - timedelta(minutes=30),
        "who": "Margaret Okafor",
        "about": "Bin missed again",
        "service_id": services[-1].id,
        "service_name": services[-1].name,
        "resolution": Resolution.RESOLVED,
        "while_away": True,
        **changes,
    }
    return ToEnter(LoggedContact(**given), datetime.now(UTC))  # type: ignore[arg-type]
