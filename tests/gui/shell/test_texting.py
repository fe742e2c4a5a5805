"""At the counter a number is asked for where texts are sent, and nowhere else."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.screens.desk.screen import DeskScreen
from crm_desktop.desktop_root import Desktop
from crm_desktop.store.models import ChannelAccount, TextMessage
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.visits_centre import add_site, places

CTRL = Qt.KeyboardModifier.ControlModifier


def desk_of(
    centre: Centre, open_desktop: Open, qtbot: QtBot, site: int
) -> tuple[Desktop, DeskScreen]:
    """A desktop that stands at the site's first desk."""
    desktop = open_desktop(centre, "rose", live=False)
    QTest.keyClick(desktop.window, Qt.Key.Key_0, CTRL)
    screen = desktop.window.pages.desk_screen
    qtbot.waitUntil(lambda: bool(screen.check_in._services))
    desktop.window.pages.at_desk.choose_place(places(centre, site)[0])
    settled(qtbot, desktop)
    return desktop, screen


def test_without_an_account_no_number_is_asked_for(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    _, screen = desk_of(centre, open_desktop, qtbot, add_site(centre))

    assert not screen.check_in.phone.isVisible()


def test_a_number_is_taken_and_a_wrong_one_is_told(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    with centre.as_owner().write() as tx:
        tx.session.add(ChannelAccount(kind="texting", name="Texts"))
    desktop, screen = desk_of(centre, open_desktop, qtbot, add_site(centre))
    phone = screen.check_in.phone
    assert phone.isVisible()

    QTest.keyClicks(phone, "01632 960123")
    QTest.keyClick(phone, Qt.Key.Key_Return)
    settled(qtbot, desktop)
    assert "cannot be texted" in screen.check_in._wrong.text()
    assert phone.hasFocus(), "it is corrected there"
    grab(desktop.window, "desk-wrong-number")
    assert accessibility.problems(screen) == []
    phone.clear()
    QTest.keyClicks(phone, "07700 900982")
    QTest.keyClick(phone, Qt.Key.Key_Return)
    settled(qtbot, desktop)

    with centre.as_owner().read() as tx:
        assert tx.session.scalars(select(TextMessage.phone)).all() == ["+447700900982"]
    assert phone.text() == ""
