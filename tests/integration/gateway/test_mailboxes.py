"""A real mailbox: pushed, taken in once, marked as seen only when it is safe."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.services import intake
from crm_desktop.store.models import ChannelAccount, Contact, Lease, Message
from tests.centre import Centre
from tests.integration.gateway.conftest import Secrets
from tests.integration.gateway.looking import citizens_mail, rows, watching
from tests.servers.dovecot import PASSWORD, Dovecot

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def imap_server(shared_directory: Path) -> Iterator[Dovecot]:
    """One IMAP server for all tests of this worker."""
    server = Dovecot(shared_directory / f"gateway-dovecot-{os.getpid()}")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mailbox(imap_server: Dovecot) -> Dovecot:
    """An empty mailbox."""
    return imap_server.mailbox_of(f"box{next(_NUMBERS)}@crm.test")


def _add_account(centre: Centre, mailbox: Dovecot) -> int:
    settings = {
        "host": "127.0.0.1",
        "port": mailbox.tls_port,
        "security": "tls",
        "user": mailbox.user,
        "ca_file": str(mailbox.certificate),
        "address": mailbox.user,
    }
    with centre.as_owner().write() as tx:
        account = ChannelAccount(
            kind="imap", name="Mailbox", secret_name="mailbox", settings=settings
        )
        tx.session.add(account)
        tx.session.flush()
        return account.id


def test_mail_of_a_mailbox_is_taken_in_once_and_marked_afterwards(
    centre: Centre, mailbox: Dovecot, secrets: Secrets, start_gateway: Callable[[], Gateway]
) -> None:
    secrets.values["mailbox"] = PASSWORD
    account_id = _add_account(centre, mailbox)
    mailbox.put(citizens_mail("Waiting before").as_bytes())
    with watching(centre) as watch:
        gateway = start_gateway()
        watch.contact(subject="Waiting before")
        watch.row(ChannelAccount, id=account_id, status="ok")

        mailbox.put(citizens_mail("Pushed later").as_bytes())
        pushed = watch.contact(subject="Pushed later")
        watch.until(lambda _: all(b"\\Seen" in flags for flags in mailbox.flags().values()))
        gateway.stop()

        start_gateway()
        mailbox.put(citizens_mail("After the restart").as_bytes())
        watch.contact(subject="After the restart")

    assert pushed.account_id == account_id
    assert rows(centre.as_owner(), Contact) == 3
    with centre.as_owner().read() as tx:
        cursor = tx.session.get_one(ChannelAccount, account_id).cursor
        ids = tx.session.scalars(select(Message.external_id).order_by(Message.id)).all()
    assert ids == [f"{cursor['uidvalidity']}:{number}" for number in (1, 2, 3)]


def test_two_gateways_read_a_mailbox_once(
    centre: Centre, mailbox: Dovecot, secrets: Secrets, start_gateway: Callable[[], Gateway]
) -> None:
    secrets.values["mailbox"] = PASSWORD
    account_id = _add_account(centre, mailbox)
    start_gateway()
    start_gateway()
    with watching(centre) as watch:
        watch.row(Lease, name=f"imap:{account_id}")
        for number in range(3):
            mailbox.put(citizens_mail(f"Mail {number}").as_bytes())
        watch.contact(subject="Mail 2")

    assert rows(centre.as_owner(), Contact) == 3


def test_a_wrong_password_is_said_in_words_and_the_rest_works(
    centre: Centre, mailbox: Dovecot, secrets: Secrets, start_gateway: Callable[[], Gateway]
) -> None:
    secrets.values["mailbox"] = "wrong"
    account_id = _add_account(centre, mailbox)
    mailbox.put(citizens_mail("Unreachable").as_bytes())
    with watching(centre) as watch:
        start_gateway()
        refused = watch.row(ChannelAccount, id=account_id, status="trouble")
        watch.row(ChannelAccount, kind="smtp_listener", status="ok")

    assert "refused the user name or the password" in refused.status_words
    assert rows(centre.as_owner(), Contact) == 0


def test_a_missing_password_names_the_account(
    centre: Centre, mailbox: Dovecot, start_gateway: Callable[[], Gateway]
) -> None:
    account_id = _add_account(centre, mailbox)
    with watching(centre) as watch:
        start_gateway()
        said = watch.row(ChannelAccount, id=account_id, status="trouble")

    assert "no password for the account “Mailbox”" in said.status_words


def test_a_mail_that_cannot_be_read_reaches_a_person_as_a_file(
    sqlite_centre: Centre,
    mailbox: Dovecot,
    secrets: Secrets,
    start_gateway_of: Callable[[Centre], Gateway],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = intake.receive
    # No mail is known that trips intake; should there be one, it must not close the mailbox.
    monkeypatch.setattr(
        intake,
        "receive",
        lambda db, account, message, **more: (
            _trip() if message.subject == "Poison" else whole(db, account, message, **more)
        ),
    )
    secrets.values["mailbox"] = PASSWORD
    _add_account(sqlite_centre, mailbox)
    mailbox.put(citizens_mail("Poison").as_bytes())
    mailbox.put(citizens_mail("Next").as_bytes())
    with watching(sqlite_centre) as watch:
        start_gateway_of(sqlite_centre)
        watch.contact(subject="Next")
        kept = watch.contact(subject="A mail that could not be read")

    assert kept.auto_generated


def _trip() -> None:
    raise ZeroDivisionError("words of a citizen")
