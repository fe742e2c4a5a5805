"""The database's server does not know the password: said once, and not tried again and again."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.gateway_root import EXIT_REFUSED
from tests.centre import PASSWORD, Centre
from tests.e2e.bad_days.desk import OpenProgram, sign_in, wait_said, windows
from tests.e2e.bad_days.program import StartGateway, address_of

_REFUSED = "password authentication failed"


def test_each_asks_once_and_says_what_to_do(
    own_centre: Centre, start_gateway: StartGateway, open_program: OpenProgram, qtbot: QtBot
) -> None:
    assert own_centre.cluster is not None
    gateway = start_gateway(own_centre, password="wrong")
    without = start_gateway(own_centre, password=None)
    screen = open_program(address_of(own_centre.target))
    sign_in(screen, "anna", "wrong")

    wait_said(qtbot, screen, "That name and password were not accepted.")
    wait_said(qtbot, screen, "Check both, then try again.")
    assert gateway.wait() == EXIT_REFUSED
    assert "refused the gateway's name or password. Nothing was changed." in gateway.words()
    assert "crm-desktop admin staff gateway" in gateway.words()
    assert without.wait() == EXIT_REFUSED
    assert "The gateway's computer has no keyring" in without.words()
    assert own_centre.cluster.log().count(_REFUSED) == 3, "once each"

    sign_in(screen, "anna", PASSWORD)
    qtbot.waitUntil(lambda: bool(windows(MainWindow)))
    assert own_centre.cluster.log().count(_REFUSED) == 3
