"""A gateway is stopped (SIGSTOP) in the middle of everything and wakes when its leases are lost."""

from __future__ import annotations

import email
import itertools
import os
import signal
import smtplib
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email.policy import SMTP
from pathlib import Path

import pytest
from sqlalchemy import select

from crm_desktop.store.models import (
    BlobChunk,
    ChannelAccount,
    Contact,
    Event,
    Lease,
    Message,
    OutboxItem,
)
from tests.centre import Centre
from tests.e2e.bad_days.program import GatewayProgram, StartGateway, deliver
from tests.integration.gateway.conftest import use_relay
from tests.integration.gateway.looking import Watch, citizens_mail, watching
from tests.integration.gateway.test_bad_days import SilentRelay, answer
from tests.integration.services.arrivals import event_kinds
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.processes import wait_for
from tests.servers.stalling_proxy import StallingProxy

_NUMBERS = itertools.count(1)
#: A lease and two of its holder's rounds: by then another works, and the woken one knows it.
_HANDED_OVER, _ROUNDS = 10.0, 5.0


@pytest.fixture
def mailbox(shared_directory: Path) -> Iterator[Dovecot]:
    """A mailbox on a server of its own."""
    server = Dovecot(shared_directory / f"stopped-{os.getpid()}-{next(_NUMBERS)}")
    server.start()
    yield server.mailbox_of("box@crm.test")
    server.stop()


def test_who_wakes_after_the_lease_writes_nothing(
    centre: Centre, mailbox: Dovecot, start_gateway: StartGateway
) -> None:
    secrets = {"mailbox": PASSWORD}
    with SilentRelay() as relay, StallingProxy(mailbox.port, b"BODY[") as imap:
        use_relay(centre, relay.port)
        _add_mailbox(centre, mailbox, imap.port)
        first = start_gateway(centre, secrets=secrets).wait_ready()
        # Mail is leaving, a mailbox is being read, and somebody hands a mail in.
        contact_id, message_id = answer(centre)
        assert relay.arrived.acquire(timeout=60)
        mailbox.put(_with_file("In the mailbox"))
        assert imap.held.wait(60)
        with _handing_in(first, _with_file("At the door")) as rest, watching(centre) as watch:
            _stop(centre, first)
            rest()

            second = start_gateway(centre, secrets=secrets).wait_ready()
            ready = time.monotonic()
            assert deliver(second, _with_file("At the door")) == 250
            watch.row(OutboxItem, message_id=message_id, state="done")
            handed_over = time.monotonic() - ready
            watch.contact(subject="In the mailbox")
            # Whoever wrote late would set the mailbox back to the mail before.
            mailbox.put(_with_file("Later in the mailbox"))
            watch.contact(subject="Later in the mailbox")
            _wait_owner(watch, second)

            before = _written(centre)
            imap.go_on()
            os.kill(first.pid, signal.SIGCONT)
            # Two of its rounds: it has noticed, and what it was doing has come to its end.
            time.sleep(_ROUNDS)
            assert _written(centre) == before
            assert first.alive
            _only_owner(centre, second)

            second.kill()
            killed = time.monotonic()
            _wait_owner(watch, first)
            assert time.monotonic() - killed <= _HANDED_OVER

    ids = {email.message_from_bytes(each)["Message-ID"] for each in relay.taken}
    assert (len(relay.taken), len(ids)) == (2, 1)
    assert event_kinds(centre, contact_id).count("message.sent") == 1
    assert event_kinds(centre, contact_id).count("outbox.repeated") == 1
    with centre.as_owner().read() as tx:
        subjects = sorted(tx.session.scalars(select(Contact.subject)))
    assert subjects.count("At the door") == subjects.count("In the mailbox") == 1
    assert handed_over <= _HANDED_OVER


def _stop(centre: Centre, gateway: GatewayProgram) -> None:
    """Stop it, but not while it holds SQLite's only lock: that holds everybody up."""
    while True:
        os.kill(gateway.pid, signal.SIGSTOP)
        if centre.path is None:
            return
        with closing(sqlite3.connect(centre.path, timeout=0, isolation_level=None)) as db:
            try:
                db.execute("BEGIN IMMEDIATE")
                db.execute("ROLLBACK")
            except sqlite3.OperationalError:
                os.kill(gateway.pid, signal.SIGCONT)
                time.sleep(0.05)
            else:
                return


@contextmanager
def _handing_in(gateway: GatewayProgram, raw: bytes) -> Iterator[Callable[[], None]]:
    """A mail that the gateway waits for; what is given hands the rest of it in and hangs up."""
    server = smtplib.SMTP("127.0.0.1", gateway.smtp, timeout=60)
    server.ehlo()
    server.mail("sender@example.org")
    server.rcpt("contact@crm.test")
    assert server.docmd("DATA")[0] == 354

    def rest() -> None:
        assert raw.endswith(b"\r\n")
        server.send(raw + b".\r\n")
        server.close()

    yield rest
    server.close()


def _add_mailbox(centre: Centre, mailbox: Dovecot, port: int) -> None:
    settings = {
        "host": "127.0.0.1",
        "port": port,
        "security": "plain",
        "user": mailbox.user,
        "address": mailbox.user,
    }
    with centre.as_owner().write() as tx:
        tx.session.add(
            ChannelAccount(kind="imap", name="Mailbox", secret_name="mailbox", settings=settings)
        )


def _with_file(subject: str) -> bytes:
    mail = citizens_mail(subject)
    mail.replace_header("Message-ID", f"<{subject.replace(' ', '.')}@example.org>")
    mail.add_attachment(subject.encode(), maintype="application", subtype="pdf", filename="a.pdf")
    mail.set_boundary("the-same-every-time")
    return mail.as_bytes(policy=SMTP)


def _written(centre: Centre) -> list[list[tuple[object, ...]]]:
    """All that a gateway writes, but what the living one renews by itself."""
    with centre.as_owner().read() as tx:
        return [
            [tuple(row) for row in tx.session.execute(select(*columns).order_by(columns[0]))]
            for columns in (
                (Contact.id, Contact.state, Contact.subject),
                (Message.id, Message.state, Message.external_id, Message.sent_at),
                (OutboxItem.id, OutboxItem.state, OutboxItem.attempts, OutboxItem.fence),
                (Event.id, Event.kind),
                (BlobChunk.sha256, BlobChunk.n),
                (ChannelAccount.id, ChannelAccount.status, ChannelAccount.cursor),
                (Lease.name, Lease.owner, Lease.fence),
            )
        ]


def _wait_owner(watch: Watch, gateway: GatewayProgram) -> None:
    """Return when every lease is this gateway's."""

    def owned() -> bool:
        with watch.db.read() as tx:
            owners = tx.session.execute(select(Lease.owner, Lease.expires_at > tx.now)).all()
        return {(f":{gateway.pid}:" in owner, lives) for owner, lives in owners} == {(True, True)}

    wait_for(owned, "the leases' new owner")


def _only_owner(centre: Centre, gateway: GatewayProgram) -> None:
    with centre.as_owner().read() as tx:
        owners = set(tx.session.scalars(select(Lease.owner)))
    assert all(f":{gateway.pid}:" in owner for owner in owners), owners
