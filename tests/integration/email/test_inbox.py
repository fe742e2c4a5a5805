"""The IMAP inbox against a real Dovecot."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from crm_desktop.channels.email.inbox import ImapInbox, read_fetched
from crm_desktop.channels.email.settings import ImapSettings, Security
from crm_desktop.domain.errors import ConnectorTrouble, InvalidInput
from tests.servers.dovecot import WITHOUT_IDLE, WITHOUT_STARTTLS, Dovecot, Starter

OpenInbox = Callable[..., ImapInbox]


def mail(subject: str, size: int = 10) -> bytes:
    """A small mail, or one of about `size` bytes."""
    body = (b"x" * 70 + b"\r\n") * (size // 72 + 1)
    return f"From: ann@example.org\r\nSubject: {subject}\r\n\r\n".encode() + body


def subjects(inbox: ImapInbox, last_uid: int = 0, limit: int = 100) -> list[str]:
    """The subjects of what is new."""
    found = inbox.fetch_new(inbox.uidvalidity, last_uid, limit)
    return [read_fetched(each).subject for each in found]


def test_new_mail_is_read_in_order_and_stays_unseen(
    dovecot: Dovecot, open_inbox: OpenInbox
) -> None:
    for subject in ("one", "two", "three"):
        dovecot.put(mail(subject))
    inbox = open_inbox(dovecot)
    inbox.connect()
    assert subjects(inbox, limit=2) == ["one", "two"]
    assert subjects(inbox, last_uid=2) == ["three"]
    assert subjects(inbox, last_uid=3) == []
    assert all(b"\\Seen" not in flags for flags in dovecot.flags().values())


def test_a_mails_id_is_its_uidvalidity_and_uid(dovecot: Dovecot, open_inbox: OpenInbox) -> None:
    dovecot.put(mail("one"))
    inbox = open_inbox(dovecot)
    (found,) = inbox.fetch_new(0, 0, 10)
    assert read_fetched(found).external_id == f"{inbox.uidvalidity}:1"
    assert found.raw is not None
    assert found.size == len(found.raw)


def test_mail_is_seen_only_once_it_is_marked(dovecot: Dovecot, open_inbox: OpenInbox) -> None:
    dovecot.put(mail("one"))
    dovecot.put(mail("two"))
    inbox = open_inbox(dovecot)
    inbox.connect()
    assert subjects(inbox) == ["one", "two"]
    inbox.mark_seen([2])
    inbox.mark_seen([])
    flags = dovecot.flags()
    assert b"\\Seen" not in flags[1]
    assert b"\\Seen" in flags[2]


def test_the_server_pushes_new_mail(dovecot: Dovecot, open_inbox: OpenInbox) -> None:
    inbox = open_inbox(dovecot)
    inbox.connect()
    assert inbox.can_push
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(inbox.wait, 30)
        dovecot.put(mail("pushed"))
        assert waiting.result(25)
    assert subjects(inbox) == ["pushed"]


def test_without_push_the_server_is_asked(start_dovecot: Starter, open_inbox: OpenInbox) -> None:
    server = start_dovecot(WITHOUT_IDLE)
    inbox = open_inbox(server, poll_seconds=0.1)
    inbox.connect()
    assert not inbox.can_push
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(inbox.wait, 30)
        server.put(mail("polled"))
        assert waiting.result(25)
    assert subjects(inbox) == ["polled"]


def test_waiting_ends_after_its_time(dovecot: Dovecot, open_inbox: OpenInbox) -> None:
    assert not open_inbox(dovecot).wait(0.05)


@pytest.mark.parametrize("more", ["", WITHOUT_IDLE])
def test_stop_ends_a_wait_from_another_thread(
    start_dovecot: Starter, open_inbox: OpenInbox, more: str
) -> None:
    inbox = open_inbox(start_dovecot(more), poll_seconds=600.0)
    inbox.connect()
    ringing = threading.Timer(0.2, inbox.stop)
    ringing.start()
    assert not inbox.wait(600)
    assert not inbox.wait(600)
    ringing.join()


def test_a_rebuilt_mailbox_is_read_again_under_its_new_uidvalidity(
    start_dovecot: Starter, open_inbox: OpenInbox
) -> None:
    dovecot = start_dovecot()
    dovecot.put(mail("one"))
    first = open_inbox(dovecot)
    (before,) = first.fetch_new(0, 0, 10)
    first.close()
    dovecot.stop()
    dovecot.rebuild_mailbox()
    dovecot.start()
    second = open_inbox(dovecot)
    (after,) = second.fetch_new(before.uidvalidity, before.uid, 10)
    assert after.uidvalidity != before.uidvalidity
    assert after.raw == before.raw


def test_after_the_server_was_away_the_inbox_reads_on(
    start_dovecot: Starter, open_inbox: OpenInbox
) -> None:
    dovecot = start_dovecot()
    inbox = open_inbox(dovecot)
    inbox.connect()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(inbox.wait, 60)
        dovecot.stop()
        with pytest.raises(ConnectorTrouble) as cut:
            waiting.result(25)
    assert cut.value.retry
    with pytest.raises(ConnectorTrouble) as away:
        inbox.fetch_new(0, 0, 10)
    assert away.value.retry
    dovecot.start()
    dovecot.put(mail("after"))
    assert subjects(inbox) == ["after"]


def test_a_wrong_password_is_said_without_saying_it(
    dovecot: Dovecot, open_inbox: OpenInbox
) -> None:
    inbox = open_inbox(dovecot, password="a guess")
    with pytest.raises(ConnectorTrouble) as refused:
        inbox.connect()
    assert not refused.value.retry
    assert "a guess" not in str(refused.value)
    assert "password" in str(refused.value)


def test_a_folder_that_is_not_there_is_named(dovecot: Dovecot, open_inbox: OpenInbox) -> None:
    with pytest.raises(ConnectorTrouble, match="no folder called Nowhere") as missing:
        open_inbox(dovecot, folder="Nowhere").connect()
    assert not missing.value.retry


def test_starttls_protects_a_plain_port(dovecot: Dovecot, open_inbox: OpenInbox) -> None:
    dovecot.put(mail("one"))
    inbox = open_inbox(dovecot, port=dovecot.port, security=Security.STARTTLS)
    inbox.connect()
    assert subjects(inbox) == ["one"]


def test_a_server_without_starttls_gets_no_password(
    start_dovecot: Starter, open_inbox: OpenInbox
) -> None:
    server = start_dovecot(WITHOUT_STARTTLS)
    inbox = open_inbox(server, port=server.port, security=Security.STARTTLS)
    with pytest.raises(ConnectorTrouble, match="no STARTTLS") as missing:
        inbox.connect()
    assert not missing.value.retry


def test_plain_text_is_for_this_machine_alone(dovecot: Dovecot, open_inbox: OpenInbox) -> None:
    inbox = open_inbox(dovecot, port=dovecot.port, security=Security.PLAIN)
    assert inbox.fetch_new(0, 0, 10) == []
    with pytest.raises(InvalidInput):
        ImapSettings("mail.example.org", "u", "p", security=Security.PLAIN)


def test_a_certificate_that_nobody_vouches_for_is_refused(
    dovecot: Dovecot, open_inbox: OpenInbox
) -> None:
    with pytest.raises(ConnectorTrouble, match="not trusted") as refused:
        open_inbox(dovecot, ca_file="").connect()
    assert not refused.value.retry


def test_nothing_listening_may_be_tried_again(open_inbox: OpenInbox, dovecot: Dovecot) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ConnectorTrouble) as away:
        open_inbox(dovecot, port=port).connect()
    assert away.value.retry


def test_of_a_mail_too_large_the_beginning_is_read_and_the_mail_stays(
    dovecot: Dovecot, open_inbox: OpenInbox
) -> None:
    dovecot.put(mail("huge", 3_000_000))
    dovecot.put(mail("small"))
    inbox = open_inbox(dovecot, largest_mail=1_000_000)
    huge, small = inbox.fetch_new(0, 0, 10)
    found = read_fetched(huge)
    assert huge.raw is not None
    assert len(huge.raw) < 300_000
    assert huge.size > 3_000_000
    assert found.subject == "huge"
    assert "still in the mailbox" in found.problems[0]
    assert read_fetched(small).problems == ()
    assert len(dovecot.flags()) == 2


def test_large_mails_come_a_few_at_a_time(dovecot: Dovecot, open_inbox: OpenInbox) -> None:
    for subject in ("a", "b", "c"):
        dovecot.put(mail(subject, 600_000))
    inbox = open_inbox(dovecot, largest_mail=1_000_000)
    inbox.connect()
    assert subjects(inbox) == ["a"]
    assert subjects(inbox, last_uid=1) == ["b"]


def test_a_mail_removed_while_it_was_read_says_so(dovecot: Dovecot, open_inbox: OpenInbox) -> None:
    dovecot.put(mail("one"))
    dovecot.put(mail("two"))
    inbox = open_inbox(dovecot)
    inbox.fetch_new(0, 0, 1)
    with dovecot.client() as other:
        other.select_folder("INBOX")
        other.delete_messages([2])
        other.expunge()
    (gone,) = inbox.fetch_new(inbox.uidvalidity, 1, 10)
    assert gone.raw is None
    assert "removed" in read_fetched(gone).problems[0]


def test_secrets_do_not_show() -> None:
    assert "hidden" not in repr(ImapSettings("localhost", "u", "hidden"))
