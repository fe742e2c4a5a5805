"""Mailbox and relay cannot be reached, then can: each mail comes in once and leaves once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from crm_desktop.store.models import ChannelAccount, Contact, Message, OutboxItem
from tests.centre import Centre
from tests.e2e.bad_days.desk import said, wait_said
from tests.e2e.bad_days.program import StartGateway
from tests.gui.shell.conftest import Open
from tests.integration.gateway.conftest import use_relay
from tests.integration.gateway.looking import citizens_mail, watching
from tests.integration.gateway.test_bad_days import answer
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.ports import free_port
from tests.servers.smtp_sink import SmtpSink


@pytest.fixture
def mailbox(shared_directory: Path) -> Iterator[Dovecot]:
    """A mailbox on a server of this test's own."""
    server = Dovecot(shared_directory / f"bad-days-dovecot-{os.getpid()}")
    server.start()
    seen = server.mailbox_of("desk@crm.test")
    yield seen
    seen.stop()


def test_the_accounts_say_so_and_everything_arrives_once_when_they_are_back(
    sqlite_centre: Centre,
    mailbox: Dovecot,
    start_gateway: StartGateway,
    open_desktop: Open,
    qtbot: QtBot,
) -> None:
    port = free_port()
    use_relay(sqlite_centre, port)
    _add_mailbox(sqlite_centre, mailbox)
    _, message_id = answer(sqlite_centre)
    mailbox.put(citizens_mail("Left in the mailbox").as_bytes())
    mailbox.stop()
    desktop = open_desktop(sqlite_centre, "anna")
    start_gateway(sqlite_centre, secrets={"mailbox": PASSWORD}).wait_ready()
    with watching(sqlite_centre) as watch:
        waits = watch.row(OutboxItem, message_id=message_id, state="pending", attempts=1)
        wait_said(qtbot, desktop.window, "Mailbox: Nothing listens at 127.0.0.1")
        wait_said(qtbot, desktop.window, "Outgoing mail: Nothing listens at 127.0.0.1")
        assert "Nothing listens at 127.0.0.1" in waits.last_error

        with SmtpSink(port=port) as sink:
            mailbox.start()
            watch.row(Message, id=message_id, state="sent")
            watch.contact(subject="Left in the mailbox")
            qtbot.waitUntil(lambda: "Nothing listens" not in said(desktop.window))

            assert len(sink.taken) == 1
        watch.row(OutboxItem, message_id=message_id, state="done")
    with sqlite_centre.as_owner().read() as tx:
        assert tx.session.query(Contact).filter_by(subject="Left in the mailbox").count() == 1


def _add_mailbox(centre: Centre, mailbox: Dovecot) -> None:
    settings = {
        "host": "127.0.0.1",
        "port": mailbox.tls_port,
        "security": "tls",
        "user": mailbox.user,
        "ca_file": str(mailbox.certificate),
        "address": mailbox.user,
    }
    with centre.as_owner().write() as tx:
        tx.session.add(
            ChannelAccount(kind="imap", name="Mailbox", secret_name="mailbox", settings=settings)
        )
