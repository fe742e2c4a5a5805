"""The SMTP listener as a forwarding mail server sees it."""

from __future__ import annotations

import errno
import smtplib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from crm_desktop.channels.email.listener import (
    MAX_HOPS,
    MAX_SESSIONS,
    Deliver,
    MailListener,
    envelope_id,
)
from crm_desktop.domain.errors import (
    ConnectorTrouble,
    DatabaseAway,
    DatabaseFull,
    InvalidInput,
    TooLarge,
)

MAIL = b"From: ann@example.org\r\nSubject: Bins\r\n\r\nHello\r\n"
Delivered = tuple[bytes, str, tuple[str, ...]]
Listen = Callable[..., MailListener]


@pytest.fixture
def delivered() -> list[Delivered]:
    """What the listener handed on."""
    return []


@pytest.fixture
def listen(delivered: list[Delivered]) -> Iterator[Listen]:
    """Start a listener on a free port."""
    started: list[MailListener] = []

    def keep(raw: bytes, sender: str, recipients: tuple[str, ...]) -> None:
        delivered.append((raw, sender, recipients))

    def start(deliver: Deliver = keep, **options: object) -> MailListener:
        listener = MailListener("127.0.0.1", 0, deliver, **options)  # type: ignore[arg-type]  # a test's own mixture
        listener.start()
        started.append(listener)
        return listener

    yield start
    for each in started:
        each.stop()


def send(listener: MailListener, raw: bytes = MAIL, to: str = "desk@council.test") -> None:
    """Send as any mail server would."""
    with smtplib.SMTP("127.0.0.1", listener.port, timeout=30) as server:
        server.sendmail("ann@example.org", [to], raw)


def refusal(listener: MailListener, raw: bytes = MAIL) -> int:
    """The answer to a mail that is not taken."""
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(listener, raw)
    return refused.value.smtp_code


def test_a_mail_is_handed_on_with_its_envelope(listen: Listen, delivered: list[Delivered]) -> None:
    send(listen())
    assert delivered == [(MAIL, "ann@example.org", ("desk@council.test",))]


def test_accepted_means_delivered(listen: Listen) -> None:
    may_end, answered = threading.Event(), threading.Event()
    order: list[str] = []

    def slow(*_: object) -> None:
        may_end.wait(20)
        order.append("committed")

    listener = listen(slow)

    def client() -> None:
        send(listener)
        order.append("accepted")
        answered.set()

    thread = threading.Thread(target=client)
    thread.start()
    assert order == []
    may_end.set()
    thread.join(20)
    assert order == ["committed", "accepted"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DatabaseAway("gone"), 451),
        (DatabaseFull("full"), 452),
        (OSError(errno.ENOSPC, "No space left on device"), 452),
        (TooLarge(limit=1, size=2), 552),
        (InvalidInput("no"), 554),
        (RuntimeError("a bug"), 451),
    ],
)
def test_a_mail_that_is_not_safe_is_not_accepted(
    listen: Listen, error: Exception, code: int
) -> None:
    def fail(*_: object) -> None:
        raise error

    assert refusal(listen(fail)) == code


def test_after_trouble_the_same_mail_can_be_sent_again(listen: Listen) -> None:
    tries: list[bytes] = []

    def fails_once(raw: bytes, *_: object) -> None:
        tries.append(raw)
        if len(tries) == 1:
            raise DatabaseAway

    listener = listen(fails_once)
    assert refusal(listener) == 451
    send(listener)
    assert tries == [MAIL, MAIL]


def test_a_mail_sent_again_has_the_same_id_and_another_has_not(
    listen: Listen, delivered: list[Delivered]
) -> None:
    listener = listen()
    send(listener)
    send(listener)
    send(listener, to="other@council.test")
    send(listener, MAIL + b".")
    first, again, elsewhere, otherwise = (envelope_id(*each) for each in delivered)
    assert first == again
    assert len({first, elsewhere, otherwise}) == 3


def test_mail_for_others_is_not_relayed(listen: Listen, delivered: list[Delivered]) -> None:
    listener = listen(domains=frozenset({"Council.test"}))
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(listener, to="bob@elsewhere.org")
    assert refused.value.recipients["bob@elsewhere.org"][0] == 550
    send(listener, to="desk@COUNCIL.TEST")
    assert len(delivered) == 1


def test_a_mail_that_has_come_too_far_is_a_loop(listen: Listen, delivered: list[Delivered]) -> None:
    listener = listen()
    assert refusal(listener, b"Received: by x\r\n" * (MAX_HOPS + 1) + MAIL) == 554
    send(listener, b"Received: by x\r\n" * MAX_HOPS + MAIL)
    assert len(delivered) == 1


def test_our_own_mail_coming_back_is_a_loop_and_another_centres_is_not(
    listen: Listen, delivered: list[Delivered]
) -> None:
    listener = listen(domains=frozenset({"council.test"}))
    mark = b"X-CRM-Desktop: 1\r\n"
    assert refusal(listener, mark + b"Message-ID: <1@council.test>\r\n" + MAIL) == 554
    assert refusal(listener, mark + b"From: desk@council.test\r\n\r\nx") == 554
    send(listener, mark + b"Message-ID: <1@other-council.test>\r\n" + MAIL)
    assert len(delivered) == 1


def test_without_domains_any_marked_mail_is_a_loop(listen: Listen) -> None:
    assert refusal(listen(), b"X-CRM-Desktop: 1\r\n" + MAIL) == 554


def test_a_mail_announced_too_large_is_refused_before_it_is_sent(listen: Listen) -> None:
    listener = listen(size_limit=10_000)
    with (
        smtplib.SMTP("127.0.0.1", listener.port, timeout=30) as server,
        pytest.raises(smtplib.SMTPSenderRefused) as refused,
    ):
        server.sendmail("ann@example.org", ["desk@council.test"], MAIL + b"x" * 20_000)
    assert refused.value.smtp_code == 552


def test_a_hundred_megabytes_sent_without_announcing_them_are_counted_and_refused(
    listen: Listen, delivered: list[Delivered]
) -> None:
    listener = listen(size_limit=1_000_000)
    line = b"x" * 998 + b"\r\n"
    with socket.create_connection(("127.0.0.1", listener.port), timeout=60) as client:
        answers = client.makefile("rb")
        for command in (b"HELO me", b"MAIL FROM:<a@b.org>", b"RCPT TO:<c@d.org>", b"DATA"):
            answers.readline()
            client.sendall(command + b"\r\n")
        assert answers.readline().startswith(b"354")
        for _ in range(100):
            client.sendall(line * 1000)
        client.sendall(b".\r\n")
        assert answers.readline().startswith(b"552")
    assert delivered == []
    send(listener)
    assert len(delivered) == 1


def test_long_lines_and_dots_arrive_unchanged(listen: Listen, delivered: list[Delivered]) -> None:
    raw = MAIL + b"y" * 5000 + b"\r\n.\r\n..dots\r\n"
    send(listen(), raw)
    assert delivered[0][0] == raw


def test_beyond_so_many_clients_others_are_asked_to_come_later(listen: Listen) -> None:
    listener = listen()
    clients = [smtplib.SMTP("127.0.0.1", listener.port, timeout=30) for _ in range(MAX_SESSIONS)]
    with pytest.raises(smtplib.SMTPConnectError) as refused:
        smtplib.SMTP("127.0.0.1", listener.port, timeout=30)
    assert refused.value.smtp_code == 421
    for each in clients:
        each.quit()
    # "221" came after the session had ended for the server, or ends it now: try until it did.
    send_when_let_in(listener)


def send_when_let_in(listener: MailListener) -> None:
    """Send, as a mail server does that was asked to come later."""
    for _ in range(1000):
        try:
            send(listener)
        except smtplib.SMTPConnectError:
            continue
        return
    raise AssertionError("never let in again")


def test_stopping_lets_a_delivery_finish(listen: Listen) -> None:
    begun, may_end = threading.Event(), threading.Event()
    finished: list[bool] = []

    def slow(*_: object) -> None:
        begun.set()
        may_end.wait(20)
        finished.append(True)

    listener = listen(slow)

    def client() -> None:
        with pytest.raises(smtplib.SMTPException):
            send(listener)

    thread = threading.Thread(target=client)
    thread.start()
    assert begun.wait(20)
    releasing = threading.Timer(0.1, may_end.set)
    releasing.start()
    listener.stop()
    assert finished == [True]
    thread.join(20)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", listener.port or 1), timeout=5)


def test_an_address_in_use_is_said(listen: Listen) -> None:
    taken = listen()
    with pytest.raises(ConnectorTrouble, match="Cannot listen"):
        MailListener("127.0.0.1", taken.port, lambda *_: None).start()


def test_other_machines_may_reach_it_only_when_allowed() -> None:
    with pytest.raises(InvalidInput):
        MailListener("0.0.0.0", 2525, lambda *_: None)
    assert MailListener("0.0.0.0", 2525, lambda *_: None, allow_remote=True).port == 2525
