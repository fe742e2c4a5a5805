"""The database goes away during work and comes back: nothing lost, nothing twice, all told."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import httpx
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.store.models import Contact, Message
from tests.centre import Centre
from tests.e2e.bad_days.desk import (
    OpenProgram,
    press_send,
    reply_shown,
    said,
    take,
    type_reply,
    wait_said,
    windows,
)
from tests.e2e.bad_days.program import GatewayProgram, StartGateway, deliver
from tests.gui.shell.conftest import Open, rows_shown, settled
from tests.integration.gateway.looking import citizens_mail, rows
from tests.servers import processes


def test_a_server_that_stops_during_work_costs_nothing(
    own_centre: Centre, start_gateway: StartGateway, open_desktop: Open, qtbot: QtBot
) -> None:
    assert own_centre.cluster is not None
    contact_id = own_centre.add_contact()
    gateway = start_gateway(own_centre).wait_ready()
    desktop = open_desktop(own_centre, "anna")
    take(qtbot, desktop, contact_id)
    type_reply(desktop, "We come tomorrow.")
    own_centre.close()

    own_centre.cluster.stop("immediate")

    wait_said(qtbot, desktop.window, "The database is away since")
    assert deliver(gateway, citizens_mail("Kept by its sender")) == 451
    assert httpx.get(f"{gateway.web}/forms").status_code == 503
    press_send(desktop)
    wait_said(qtbot, desktop.window, "Your text is still here.")
    assert reply_shown(desktop) == "We come tomorrow."

    own_centre.cluster.start()
    _until_accepted(gateway, citizens_mail("Kept by its sender"))

    wait_said(qtbot, desktop.window, "The database was away from")
    wait_said(qtbot, desktop.window, "Everything on screen has been read again")
    qtbot.waitUntil(
        lambda: "Kept by its sender" in [row.subject for row in rows_shown(desktop.window)]
    )
    settled(qtbot, desktop)
    assert reply_shown(desktop) == "We come tomorrow."
    press_send(desktop)
    wait_said(qtbot, desktop.window, "going out")
    settled(qtbot, desktop)
    assert (reply_shown(desktop), _replies(own_centre)) == ("", 1)
    assert rows(own_centre.as_owner(), Contact) == 2


def test_a_file_that_is_moved_away_is_missed_and_nothing_is_made_in_its_place(
    sqlite_centre: Centre,
    tmp_path: Path,
    start_gateway: StartGateway,
    open_desktop: Open,
    qtbot: QtBot,
) -> None:
    path, aside = sqlite_centre.path, tmp_path / "moved.db"
    assert path is not None
    contact_id = sqlite_centre.add_contact()
    gateway = start_gateway(sqlite_centre).wait_ready()
    desktop = open_desktop(sqlite_centre, "anna")
    take(qtbot, desktop, contact_id)
    type_reply(desktop, "We come tomorrow.")

    _move(path, aside)

    assert deliver(gateway, citizens_mail("Kept by its sender")) == 451
    wait_said(qtbot, desktop.window, "The database is away since")
    press_send(desktop)
    wait_said(qtbot, desktop.window, "Your text is still here.")
    assert httpx.get(f"{gateway.web}/healthz").status_code == 503
    assert not path.exists()

    _move(aside, path)
    _until_accepted(gateway, citizens_mail("Kept by its sender"))
    wait_said(qtbot, desktop.window, "Everything on screen has been read again")
    settled(qtbot, desktop)
    assert reply_shown(desktop) == "We come tomorrow."
    press_send(desktop)
    wait_said(qtbot, desktop.window, "going out")
    settled(qtbot, desktop)
    assert (reply_shown(desktop), _replies(sqlite_centre)) == ("", 1)
    assert rows(sqlite_centre.as_owner(), Contact) == 2


def test_a_file_that_is_gone_at_the_next_start_is_not_replaced_by_an_empty_one(
    sqlite_centre: Centre, start_gateway: StartGateway, open_program: OpenProgram, qtbot: QtBot
) -> None:
    path = sqlite_centre.path
    assert path is not None
    first = open_program(sqlite_centre.target.url)
    wait_said(qtbot, first, "Anna Whitlock")
    QTest.keyClick(first.focusWidget(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(windows(MainWindow)))

    again = open_program(sqlite_centre.target.url, before=lambda: _remove(path))
    gateway = start_gateway(sqlite_centre)

    wait_said(qtbot, again, "The database cannot be reached. Nothing was changed or created.")
    wait_said(qtbot, again, f"Database: {path}")
    processes.wait_for(lambda: "no database that can be opened" in gateway.words(), "words")
    assert "Try again" in said(again)
    assert not windows(MainWindow)
    assert gateway.alive
    assert not path.exists()


def _remove(path: Path) -> None:
    for part in ("-wal", "-shm", ""):
        path.with_name(path.name + part).unlink(missing_ok=True)


def _move(path: Path, to: Path) -> None:
    for part in ("-wal", "-shm", ""):
        whole = path.with_name(path.name + part)
        if whole.exists():
            whole.rename(to.with_name(to.name + part))


def _replies(centre: Centre) -> int:
    with centre.as_owner().read() as tx:
        wanted = select(Message.id).where(Message.direction == "outbound")
        return len(tx.session.scalars(wanted).all())


def _until_accepted(gateway: GatewayProgram, mail: EmailMessage) -> None:
    """Try again as a mail server does."""
    processes.wait_for(lambda: deliver(gateway, mail) == 250, "the mail's acceptance")
