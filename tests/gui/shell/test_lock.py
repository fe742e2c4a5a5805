"""A locked desktop shows nothing of anybody, keeps what was typed, and lets its person back."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtDBus import QDBusConnection
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.presenting import ImmediateTasks
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.lock.presenter import LockPresenter
from crm_desktop.desktop.screens.lock.screen import LockScreen, OverScreen
from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.desktop.shell.system_lock import BUS_NAME
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.errors import CrmError, SwitchedOff
from crm_desktop.domain.states import Presence, StaffRole, Visibility
from crm_desktop.services import presence, staff
from crm_desktop.store.models import Activity, Draft, Staff
from tests.centre import PASSWORD, Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled, waiting
from tests.integration.conftest import postgres_centre
from tests.servers.processes import find_program
from tests.servers.session_bus import session_bus

__all__ = ["postgres_centre"]

CTRL = Qt.KeyboardModifier.ControlModifier
SECRETS = ("Margaret", "recycling", "tomorrow")


def everything_found() -> str:
    """All that a screen reader could find in this program, seen or not."""
    QAccessible.setActive(True)
    app = QApplication.instance()
    assert app is not None
    root = QAccessible.queryAccessibleInterface(app)
    nodes = [accessibility._node(root.child(at)) for at in range(root.childCount())]
    titles = [each.windowTitle() for each in QApplication.topLevelWidgets()]
    return " ".join([*(text for node in nodes for text in accessibility.texts(node)), *titles])


def presence_of(centre: Centre, login: str) -> str:
    with centre.as_owner().read() as tx:
        found: str = tx.session.query(Staff.presence).filter(Staff.login == login).scalar()
        return found


def is_locked_to_others(centre: Centre, login: str) -> bool:
    with centre.as_owner().read() as tx:
        query = tx.session.query(Activity.locked).join(Staff, Staff.id == Activity.staff_id)
        return bool(query.filter(Staff.login == login).scalar())


def cover(window: QWidget) -> QWidget:
    return next(e for e in window.findChildren(QWidget) if isinstance(e, LockScreen | OverScreen))


def button(window: QWidget, words: str) -> QAbstractButton:
    return next(e for e in window.findChildren(QAbstractButton) if e.text() == words)


def enter(window: MainWindow, password: str) -> None:
    field = cover(window).findChild(QLineEdit)
    assert field is not None
    QTest.keyClicks(field, password)
    QTest.keyClick(field, Qt.Key.Key_Return)


@pytest.fixture
def writing(centre: Centre, open_desktop: Open, qtbot: QtBot) -> Desktop:
    """Anna in the middle of a reply, with a second contact in a window of its own."""
    return _write(centre, open_desktop, qtbot)


def _write(centre: Centre, open_desktop: Open, qtbot: QtBot) -> Desktop:
    contact_id, other = centre.add_contact(), centre.add_contact(who="Margaret Two")
    desktop = open_desktop(centre, "anna")
    window = desktop.window
    window.commands.gestures.take(other)
    settled(qtbot, desktop)
    window.registry.run("contact.detach")
    window.commands.gestures.take(contact_id)
    qtbot.waitUntil(window.workplace.presenter.can_write)
    settled(qtbot, desktop)
    window.workplace.screen.focus_reply(Visibility.PUBLIC)
    QTest.keyClicks(window.workplace.screen.compose.composer.editor, "Dear Margaret, tomorrow")
    return desktop


def test_nothing_of_a_customer_is_seen_or_found_and_the_draft_is_kept(
    writing: Desktop, centre: Centre, qtbot: QtBot
) -> None:
    window = writing.window
    window.registry.run("contact.transfer")
    settled(qtbot, writing)
    assert all(each in everything_found() for each in SECRETS)

    (dialog,) = [e for e in QApplication.topLevelWidgets() if e.isVisible() and e.isModal()]
    qtbot.waitUntil(lambda: QGuiApplication.focusWindow() is dialog.windowHandle())
    QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_L, CTRL)
    settled(qtbot, writing)

    found = everything_found()
    assert window.lock.is_locked
    assert not any(each in found for each in SECRETS), found
    assert "Locked" in found
    seen = [each for each in QApplication.topLevelWidgets() if each.isVisible()]
    assert seen == [window]
    assert window.windowTitle() == "Locked"
    assert accessibility.problems(window) == []
    with centre.as_owner().read() as tx:
        assert "tomorrow" in str(tx.session.query(Draft.content).all())


def test_one_key_unlocks_a_one_person_database_and_everything_is_as_it_was(
    writing: Desktop, centre: Centre, qtbot: QtBot
) -> None:
    window, editor = writing.window, writing.window.workplace.screen.compose.composer.editor
    (detached,) = window.detached
    title = detached.windowTitle()
    window.lock.lock()
    settled(qtbot, writing)
    assert is_locked_to_others(centre, "anna")
    assert presence_of(centre, "anna") == Presence.AVAILABLE

    focus = window.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, Qt.Key.Key_Return)
    settled(qtbot, writing)

    assert not window.lock.is_locked
    assert detached.isVisible()
    assert detached.isWindow()
    assert detached.windowTitle() == title == "Margaret Two"
    assert window.windowTitle() == "Anna Whitlock"
    assert editor.toPlainText() == "Dear Margaret, tomorrow"
    assert window.focusWidget() is editor
    QTest.keyClicks(editor, " or Friday")
    assert editor.toPlainText() == "Dear Margaret, tomorrow or Friday"
    assert presence_of(centre, "anna") == Presence.AVAILABLE
    assert not is_locked_to_others(centre, "anna")


def test_no_command_works_while_it_is_locked_and_the_queue_goes_on(
    writing: Desktop, centre: Centre, qtbot: QtBot
) -> None:
    window = writing.window
    third = centre.add_contact(who="Third")
    window.lock.lock()
    for key in (Qt.Key.Key_F9, Qt.Key.Key_T, Qt.Key.Key_F5):
        QTest.keyClick(QApplication.focusWidget() or window, key)
    QTest.keyClick(window, Qt.Key.Key_K, CTRL)
    assert not window.palette_box.isVisible()
    with pytest.raises(LookupError):
        window.registry.run("nothing")
    window.registry.run("queue.next")
    settled(qtbot, writing)
    presence.choose(centre.as_person("ben"), Presence.LUNCH)

    button(window, "Unlock").click()
    window.registry.run("view.reload")
    settled(qtbot, writing)

    assert waiting(window) == [third]


def test_a_locked_desktop_that_is_closed_shows_nothing_on_its_way(
    writing: Desktop, centre: Centre, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = writing.window
    (detached,) = window.detached
    window.lock.lock()
    settled(qtbot, writing)
    shown: list[bool] = []
    monkeypatch.setattr(type(detached), "showEvent", lambda *_: shown.append(True))

    window.close()

    assert window.detached == ()
    assert shown == []
    assert not window.isVisible()


def test_a_presence_that_was_chosen_is_left_alone(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = open_desktop(centre, "anna")
    desktop.window.top.presence.chosen.emit(Presence.LUNCH)
    desktop.window.lock.lock()
    settled(qtbot, desktop)
    assert presence_of(centre, "anna") == Presence.LUNCH

    button(desktop.window, "Unlock").click()
    settled(qtbot, desktop)

    assert presence_of(centre, "anna") == Presence.LUNCH


def test_it_locks_when_nobody_touches_it_and_not_while_somebody_does(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = open_desktop(centre, "anna", lock_seconds=3)
    window = desktop.window
    handle = window.windowHandle()
    # Longer than that; a busy computer may take a second for what should take a fifth.
    for _ in range(18):
        QTest.mouseMove(handle)
        QTest.keyClick(handle, Qt.Key.Key_Shift)
        qtbot.wait(200)
    assert not window.lock.is_locked

    qtbot.waitUntil(lambda: window.lock.is_locked)


def test_it_locks_when_the_computers_screen_does(
    centre: Centre,
    open_desktop: Open,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with session_bus(tmp_path, os.environ) as env:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", env["DBUS_SESSION_BUS_ADDRESS"])
        desktop = open_desktop(centre, "anna", lock_seconds=3600)
        _wait_listens(qtbot)
        for active in ("false", "true"):
            assert not desktop.window.lock.is_locked
            _screen_saver_says(env, active)
            qtbot.wait(200)
        qtbot.waitUntil(lambda: desktop.window.lock.is_locked)
        desktop.window.lock.system.stop()


def _wait_listens(qtbot: QtBot) -> None:
    """Return when the bus knows what the desktop wants to hear: nothing is said twice."""
    qtbot.waitUntil(lambda: QDBusConnection(BUS_NAME).isConnected())
    # It answers in the order in which it is spoken to.
    QDBusConnection(BUS_NAME).interface().registeredServiceNames()


def _screen_saver_says(env: dict[str, str], active: str) -> None:
    subprocess.run(
        [
            find_program("dbus-send", "dbus"),
            *(f"--bus={env['DBUS_SESSION_BUS_ADDRESS']}", "--type=signal"),
            *("/org/gnome/ScreenSaver", "org.gnome.ScreenSaver.ActiveChanged"),
            f"boolean:{active}",
        ],
        check=True,
    )


def test_a_shared_database_asks_for_the_password_and_guesses_have_to_wait(
    postgres_centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = _write(postgres_centre, open_desktop, qtbot)
    window = desktop.window
    window.lock.lock()
    screen = cover(window)
    field = screen.findChild(QLineEdit)
    assert field is not None
    settled(qtbot, desktop)
    enter(window, "")
    settled(qtbot, desktop)
    assert window.lock.is_locked
    for _ in range(4):
        enter(window, "a guess")
        settled(qtbot, desktop)

    assert "Try again in 5 seconds." in said(window)
    assert not field.isEnabled()
    enter(window, PASSWORD)
    settled(qtbot, desktop)
    assert window.lock.is_locked, "nothing is tried while there is a wait"
    qtbot.waitUntil(field.isEnabled)
    field.clear()
    enter(window, PASSWORD)
    qtbot.waitUntil(lambda: not window.lock.is_locked)
    assert "tomorrow" in window.workplace.screen.compose.composer.editor.toPlainText()


class _Waits:
    """A view that notes how long it was told to wait."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.left = 0

    def show_busy(self, busy: bool) -> None:
        """Nothing."""

    def show_wrong(self) -> None:
        """Nothing."""

    def show_wait(self, seconds: int) -> None:
        if seconds > self.left:
            self.begun.append(seconds)
        self.left = seconds

    def show_trouble(self, trouble: CrmError) -> None:
        raise trouble


def test_each_guess_costs_twice_the_wait_until_somebody_is_let_in(postgres_centre: Centre) -> None:
    let_in: list[bool] = []
    waiting: list[Callable[[], None]] = []
    view = _Waits()
    presenter = LockPresenter(
        postgres_centre.as_person("anna"),
        ImmediateTasks(),
        unlocked=lambda: let_in.append(True),
        over=view.show_trouble,
        later=lambda _milliseconds, call: waiting.append(call),
    )
    presenter.show(view)
    for _ in range(12):
        presenter.unlock("a guess")
        while waiting:
            waiting.pop()()

    assert view.begun == [5, 10, 20, 40, 80, 160, 300, 300]
    presenter.unlock(PASSWORD)
    assert let_in == [True]
    presenter.show(view)
    presenter.unlock("a guess")
    assert view.left == 0


def test_who_is_switched_off_on_a_one_person_database_sees_no_more(
    writing: Desktop, centre: Centre, qtbot: QtBot
) -> None:
    over: list[object] = []
    writing.window.lock.ended.connect(over.append)

    staff.disable(centre.as_owner(), _id(centre, "anna"))

    qtbot.waitUntil(lambda: bool(over))
    assert isinstance(over[0], SwitchedOff)
    found = everything_found()
    assert not any(each in found for each in SECRETS), found
    assert "Your sign-in has been switched off." in found
    assert "Your unsent text is kept" in found


def test_another_role_and_other_queues_are_taken_at_once(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact(queue="care")
    desktop = open_desktop(centre, "anna")
    window = desktop.window
    assert waiting(window) == []
    assert not window.registry.has("go.admin")

    owner, anna = centre.as_owner(), _id(centre, "anna")
    staff.change(owner, anna, "Anna Whitlock", StaffRole.TEAM_LEADER, ["care"])

    qtbot.waitUntil(lambda: waiting(window) == [contact_id])
    assert window.registry.has("go.admin")
    window.registry.run("go.admin")
    settled(qtbot, desktop)
    assert window.pages.widget("admin") is not None
    assert "Team leader" in said(window)

    staff.change(owner, anna, "Anna Whitlock", StaffRole.ADVISOR, ["general"])
    qtbot.waitUntil(lambda: not window.registry.has("go.admin"))
    qtbot.waitUntil(lambda: waiting(window) == [])
    assert window.pages.widget("admin") is None
    assert not window.pages.admin_screen.isVisible()


CASES = [
    (name, width, height, scale, scheme)
    for name, width, height, scale in (
        ("1440x900", 1440, 900, 100),
        ("1280x720", 1280, 720, 100),
        ("200", 1280, 720, 200),
    )
    for scheme in (Scheme.LIGHT, Scheme.DARK)
]


@pytest.mark.parametrize("case", CASES, ids=[f"{each[0]}-{each[4].value}" for each in CASES])
def test_it_looks_calm(
    centre: Centre,
    open_desktop: Open,
    grab: Grab,
    qtbot: QtBot,
    case: tuple[str, int, int, int, Scheme],
) -> None:
    name, width, height, scale, scheme = case
    desktop = open_desktop(centre, "anna", live=False)
    desktop.desk.look.set_scheme(scheme)
    desktop.desk.look.set_scale(scale)
    desktop.window.resize(width, height)
    desktop.window.lock.lock()
    settled(qtbot, desktop)
    grab(desktop.window, f"lock-{name}-{scheme.value}")
    desktop.window.lock.end(SwitchedOff())
    settled(qtbot, desktop)
    grab(desktop.window, f"over-{name}-{scheme.value}")
    assert accessibility.problems(desktop.window) == []


def said(window: QWidget) -> str:
    return " ".join(accessibility.texts(accessibility.tree(window)))


def _id(centre: Centre, login: str) -> int:
    with centre.as_owner().read() as tx:
        found: int = tx.session.query(Staff.id).filter(Staff.login == login).scalar()
        return found
