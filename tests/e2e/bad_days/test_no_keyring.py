"""No keyring: work goes on, nothing secret is written anywhere, and each place says so."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.store.models import ChannelAccount, Message, OutboxItem
from tests.centre import PASSWORD, Centre
from tests.e2e.bad_days.desk import OpenProgram, sign_in, wait_said, windows
from tests.e2e.bad_days.program import StartGateway, address_of
from tests.gui.shell.conftest import Open
from tests.integration.gateway.looking import watching
from tests.integration.gateway.test_bad_days import answer
from tests.integration.services.arrivals import account_id, change


def test_signing_in_works_without_being_remembered_and_drafts_say_how_safe_they_are(
    postgres_centre: Centre, open_program: OpenProgram, qtbot: QtBot
) -> None:
    screen = open_program(address_of(postgres_centre.target))
    wait_said(qtbot, screen, "This computer has no keyring, so no password can be remembered.")
    assert not any(box.isEnabled() for box in screen.findChildren(QCheckBox))

    sign_in(screen, "anna", PASSWORD)

    qtbot.waitUntil(lambda: bool(windows(MainWindow)))
    wait_said(
        qtbot,
        windows(MainWindow)[0],
        "There is no keyring, so unsent drafts are not kept on this computer. "
        "They are held while the program runs, and in the database once it has them.",
    )


def test_a_gateway_without_its_password_keeps_the_mail_and_says_what_to_do(
    sqlite_centre: Centre, start_gateway: StartGateway, open_desktop: Open, qtbot: QtBot
) -> None:
    settings = {"host": "127.0.0.1", "port": 9, "user": "desk", "address": "contact@crm.test"}
    relay = account_id(sqlite_centre, "smtp")
    change(sqlite_centre, ChannelAccount, relay, settings=settings, secret_name="relay")
    _, message_id = answer(sqlite_centre)
    desktop = open_desktop(sqlite_centre, "anna")

    gateway = start_gateway(sqlite_centre).wait_ready()

    wait_said(qtbot, desktop.window, "Outgoing mail: The gateway's computer has no keyring")
    wait_said(qtbot, desktop.window, "name a private file of passwords in its setting secrets_file")
    with watching(sqlite_centre) as watch:
        item = watch.row(OutboxItem, message_id=message_id, state="pending")
        assert watch.row(Message, id=message_id).state == "pending"
    assert "no keyring" in item.last_error
    assert gateway.alive
