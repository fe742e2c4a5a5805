"""Mail servers for the tests of this folder."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_desktop.channels.email.inbox import ImapInbox
from crm_desktop.channels.email.settings import ImapSettings, Security
from tests.servers.dovecot import PASSWORD, Dovecot, Starter

_NUMBERS = itertools.count()


@pytest.fixture
def start_dovecot(shared_directory: Path) -> Iterator[Starter]:
    """Start an IMAP server; more lines of its configuration may be given."""
    started: list[Dovecot] = []

    def start(more: str = "") -> Dovecot:
        name = f"dovecot-{os.getpid()}-{next(_NUMBERS)}"
        server = Dovecot(shared_directory / name, more)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def shared_dovecot(shared_directory: Path) -> Iterator[Dovecot]:
    """One server for all tests of this worker; never stop it."""
    server = Dovecot(shared_directory / f"dovecot-{os.getpid()}")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def dovecot(shared_dovecot: Dovecot) -> Dovecot:
    """An empty mailbox on an ordinary IMAP server; never stop the server."""
    return shared_dovecot.mailbox_of(f"user{next(_NUMBERS)}@council.test")


def settings_for(server: Dovecot, **changes: object) -> ImapSettings:
    """How our inbox reaches a server."""
    plain: dict[str, object] = {
        "host": "127.0.0.1",
        "user": server.user,
        "password": PASSWORD,
        "port": server.tls_port,
        "security": Security.TLS,
        "ca_file": str(server.certificate),
        "timeout": 10.0,
    }
    return ImapSettings(**(plain | changes))  # type: ignore[arg-type]  # a test's own mixture


@pytest.fixture
def open_inbox() -> Iterator[object]:
    """Open inboxes that are closed when the test ends."""
    opened: list[ImapInbox] = []

    def make(server: Dovecot, **changes: object) -> ImapInbox:
        inbox = ImapInbox(settings_for(server, **changes))
        opened.append(inbox)
        return inbox

    yield make
    for inbox in opened:
        inbox.close()
