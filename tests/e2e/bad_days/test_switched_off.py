"""Somebody is switched off, or gets other queues, while their desktop is open on PostgreSQL."""

from __future__ import annotations

import time

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.screens.sign_in.screen import SignInScreen
from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.domain.states import StaffRole, Visibility
from crm_desktop.services import staff
from crm_desktop.store.models import Draft, Staff
from tests.centre import PASSWORD, Centre
from tests.e2e.bad_days.desk import OpenProgram, said, sign_in, wait_said, windows
from tests.e2e.bad_days.program import address_of
from tests.gui.shell.conftest import waiting

_TEXT = "Dear Margaret, we come tomorrow"
_SECONDS = 30


def test_an_open_desktop_stops_keeps_the_text_and_opens_again_when_it_may(
    own_centre: Centre, open_program: OpenProgram, qtbot: QtBot
) -> None:
    contact_id = own_centre.add_contact()
    owner = own_centre.as_owner()
    window = _open(own_centre, open_program, qtbot)
    window.commands.gestures.take(contact_id)
    qtbot.waitUntil(window.workplace.presenter.can_write)
    window.workplace.screen.focus_reply(Visibility.PUBLIC)
    QTest.keyClicks(window.workplace.screen.compose.composer.editor, _TEXT)
    # This computer has no keyring: the database has what was typed five seconds ago, or left.
    window.workplace.screen.compose.left.emit()
    qtbot.waitUntil(lambda: _drafts(own_centre) == 1)
    began = time.monotonic()
    staff.disable(owner, _id(own_centre, "anna"))

    qtbot.waitUntil(lambda: not windows(MainWindow), timeout=_SECONDS * 1_000)
    assert time.monotonic() - began < _SECONDS
    (screen,) = windows(SignInScreen)
    wait_said(qtbot, screen, "Your sign-in has been switched off.")
    assert "Your unsent text is kept in the database" in said(screen)
    # The closed window is deleted at one of the next turns of the event loop.
    qtbot.waitUntil(lambda: "Margaret" not in _anywhere())
    assert own_centre.cluster is not None
    tries = own_centre.cluster.log().count("not permitted to log in")
    qtbot.wait(3_000)
    assert own_centre.cluster.log().count("not permitted to log in") == tries, "not for ever"
    sign_in(screen, "anna", PASSWORD)
    (banner,) = screen.findChildren(Banner)
    qtbot.waitUntil(banner.isVisible)
    assert "Your sign-in has been switched off." in banner.text()

    staff.enable(owner, _id(own_centre, "anna"))
    sign_in(screen, "anna", PASSWORD)
    qtbot.waitUntil(lambda: bool(windows(MainWindow)))
    (again,) = windows(MainWindow)
    again.commands.gestures.take(contact_id)
    qtbot.waitUntil(again.workplace.presenter.can_write)
    composer = again.workplace.screen.compose.composer
    qtbot.waitUntil(lambda: composer.text(Visibility.PUBLIC) == _TEXT)


def test_other_queues_and_another_role_are_there_within_half_a_minute(
    own_centre: Centre, open_program: OpenProgram, qtbot: QtBot
) -> None:
    contact_id = own_centre.add_contact(queue="care")
    window = _open(own_centre, open_program, qtbot)
    assert waiting(window) == []
    began = time.monotonic()

    owner, anna = own_centre.as_owner(), _id(own_centre, "anna")
    staff.change(owner, anna, "Anna Whitlock", StaffRole.TEAM_LEADER, ["care"])

    qtbot.waitUntil(lambda: waiting(window) == [contact_id], timeout=_SECONDS * 1_000)
    qtbot.waitUntil(lambda: window.registry.has("go.admin"), timeout=_SECONDS * 1_000)
    assert time.monotonic() - began < _SECONDS


def test_somebody_else_signs_in_at_a_locked_desktop(
    own_centre: Centre, open_program: OpenProgram, qtbot: QtBot
) -> None:
    own_centre.add_contact()
    window = _open(own_centre, open_program, qtbot)
    window.lock.lock()
    qtbot.waitUntil(lambda: _other(window) is not None)
    other_button = _other(window)
    assert other_button is not None
    other_button.click()

    qtbot.waitUntil(lambda: not windows(MainWindow))
    (screen,) = windows(SignInScreen)
    sign_in(screen, "ben", PASSWORD)
    qtbot.waitUntil(lambda: bool(windows(MainWindow)))
    (other,) = windows(MainWindow)
    assert other.windowTitle() == "Ben Achebe"
    assert accessibility.problems(other) == []


def _open(centre: Centre, open_program: OpenProgram, qtbot: QtBot) -> MainWindow:
    assert centre.cluster is not None
    url = f"{address_of(centre.target)}"
    sign_in(open_program(url), "anna", PASSWORD)
    qtbot.waitUntil(lambda: bool(windows(MainWindow)))
    (window,) = windows(MainWindow)
    qtbot.waitUntil(lambda: window.strip.light is not None)
    return window


def _other(window: MainWindow) -> QAbstractButton | None:
    """The button with which somebody else signs in, once it can be pressed."""
    buttons = window.findChildren(QAbstractButton)
    words = "Sign in as somebody else"
    usable = (each for each in buttons if each.isVisible() and each.isEnabled())
    return next((each for each in usable if each.text().startswith(words)), None)


def _drafts(centre: Centre) -> int:
    with centre.as_owner().read() as tx:
        return tx.session.query(Draft).count()


def _anywhere() -> str:
    return " ".join(said(each) for each in QApplication.topLevelWidgets())


def _id(centre: Centre, login: str) -> int:
    with centre.as_owner().read() as tx:
        found: int = tx.session.query(Staff.id).filter(Staff.login == login).scalar()
        return found
