"""Sending through a real SMTP server, with its refusals."""

from __future__ import annotations

import email
import email.policy
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from crm_desktop.channels.email.outgoing import SmtpSender, message_id_for
from crm_desktop.channels.email.parse import parse_mail
from crm_desktop.channels.email.settings import Security, SmtpSettings
from crm_desktop.domain.errors import ConnectorTrouble, InvalidInput
from crm_desktop.domain.messages import Address, OutboundMessage
from tests.servers import certificates
from tests.servers.smtp_sink import PASSWORD, USER, SmtpSink

MESSAGE = OutboundMessage(
    message_id=message_id_for("message 1", "council.test"),
    sender=Address("Council", "desk@council.test"),
    to=(Address("Ann Lee", "ann@example.org"),),
    cc=(Address("", "bo@example.org"),),
    subject="Your bin – tŷ",
    text="It comes on Friday.",
    html="<p>It comes on Friday.</p>",
)


def sender_for(sink: SmtpSink, **changes: object) -> SmtpSender:
    """A sender without protection, as for a server on this machine."""
    plain: dict[str, object] = {
        "host": "127.0.0.1",
        "port": sink.port,
        "security": Security.PLAIN,
        "timeout": 20.0,
    }
    return SmtpSender(SmtpSettings(**(plain | changes)))  # type: ignore[arg-type]  # a test's own mixture


def test_what_is_sent_arrives() -> None:
    with SmtpSink() as sink:
        sender_for(sink).send(MESSAGE)
        (taken,) = sink.wait_for_mail()
    found = parse_mail(taken.raw, external_id="1")
    assert taken.sender == "desk@council.test"
    assert taken.recipients == ("ann@example.org", "bo@example.org")
    assert found.message_id == MESSAGE.message_id
    assert (found.subject, found.text) == (MESSAGE.subject, MESSAGE.text)
    assert found.html == MESSAGE.html
    assert found.to == MESSAGE.to


def test_every_try_sends_the_same_message_id() -> None:
    with SmtpSink() as sink:
        sender_for(sink).send(MESSAGE)
        sender_for(sink).send(MESSAGE)
        first, second = (email.message_from_bytes(each.raw) for each in sink.wait_for_mail(2))
    assert first["Message-ID"] == second["Message-ID"] == MESSAGE.message_id


def test_starttls_and_sign_in(tmp_path: Path) -> None:
    pair = certificates.make(tmp_path)
    with SmtpSink(pair) as sink:
        sender_for(
            sink,
            security=Security.STARTTLS,
            ca_file=str(pair[0]),
            user=USER,
            password=PASSWORD,
        ).send(MESSAGE)
        assert len(sink.wait_for_mail()) == 1


def test_tls_from_the_start(tmp_path: Path) -> None:
    pair = certificates.make(tmp_path)
    with SmtpSink(pair, tls_from_the_start=True) as sink:
        sender_for(sink, security=Security.TLS, ca_file=str(pair[0])).send(MESSAGE)
        assert len(sink.wait_for_mail()) == 1


def test_speaking_tls_to_a_server_that_does_not_may_be_tried_again() -> None:
    with SmtpSink() as sink, pytest.raises(ConnectorTrouble, match="protected") as refused:
        sender_for(sink, security=Security.TLS).send(MESSAGE)
    assert refused.value.retry


def test_a_wrong_password_is_not_tried_again_and_not_told(tmp_path: Path) -> None:
    pair = certificates.make(tmp_path)
    with SmtpSink(pair) as sink:
        sender = sender_for(
            sink, security=Security.STARTTLS, ca_file=str(pair[0]), user=USER, password="a guess"
        )
        with pytest.raises(ConnectorTrouble, match="password") as refused:
            sender.send(MESSAGE)
    assert not refused.value.retry
    assert "a guess" not in str(refused.value)


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with SmtpSink(certificates.make(tmp_path)) as sink:
        sender = sender_for(sink, security=Security.STARTTLS, user=USER, password=PASSWORD)
        with pytest.raises(ConnectorTrouble, match="not trusted") as refused:
            sender.send(MESSAGE)
    assert not refused.value.retry


def test_a_server_without_starttls_gets_nothing() -> None:
    with SmtpSink() as sink:
        with pytest.raises(ConnectorTrouble, match="STARTTLS") as refused:
            sender_for(sink, security=Security.STARTTLS).send(MESSAGE)
        assert sink.taken == []
    assert not refused.value.retry


@pytest.mark.parametrize(
    ("answer", "retry"), [("451 4.3.0 later", True), ("552 5.3.4 too large", False)]
)
def test_the_servers_answer_says_whether_to_try_again(answer: str, retry: bool) -> None:
    with SmtpSink() as sink:
        sink.answer_data_with(answer)
        with pytest.raises(ConnectorTrouble) as refused:
            sender_for(sink).send(MESSAGE)
    assert refused.value.retry is retry


@pytest.mark.parametrize(
    ("answer", "retry"), [("450 4.2.1 later", True), ("550 5.1.1 No such user", False)]
)
def test_refused_recipients_are_named(answer: str, retry: bool) -> None:
    with SmtpSink() as sink:
        sink.refusals.update({"ann@example.org": answer, "bo@example.org": answer})
        with pytest.raises(ConnectorTrouble) as refused:
            sender_for(sink).send(MESSAGE)
    assert refused.value.retry is retry
    assert refused.value.params["refused"] == {
        "ann@example.org": answer,
        "bo@example.org": answer,
    }


def test_a_mail_that_some_took_is_never_sent_to_them_again() -> None:
    with SmtpSink() as sink:
        sink.refusals["bo@example.org"] = "450 4.2.1 later"
        with pytest.raises(ConnectorTrouble) as refused:
            sender_for(sink).send(MESSAGE)
        assert len(sink.wait_for_mail()) == 1
    assert not refused.value.retry
    assert refused.value.params["partly"] is True
    assert list(refused.value.params["refused"]) == ["bo@example.org"]  # type: ignore[call-overload]


def test_a_server_that_is_away_may_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    away = SmtpSettings("127.0.0.1", port=port, security=Security.PLAIN)
    with pytest.raises(ConnectorTrouble) as refused:
        SmtpSender(away).send(MESSAGE)
    assert refused.value.retry


def test_a_server_that_hangs_up_may_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as rude:
        port = rude.getsockname()[1]
        rude.settimeout(20)
        settings = SmtpSettings("127.0.0.1", port=port, security=Security.PLAIN, timeout=0.2)
        with pytest.raises(ConnectorTrouble) as refused:
            SmtpSender(settings).send(MESSAGE)
    assert refused.value.retry


def test_letters_beyond_ascii_in_an_address_need_a_server_that_takes_them() -> None:
    message = replace(MESSAGE, to=(Address("", "siân@example.org"),), cc=())
    with SmtpSink() as able:
        sender_for(able).send(message)
        assert able.wait_for_mail()[0].recipients == ("siân@example.org",)
    with SmtpSink(smtputf8=False) as unable, pytest.raises(ConnectorTrouble) as refused:
        sender_for(unable).send(message)
    assert not refused.value.retry


def test_an_address_that_is_none_is_refused_before_anything_is_sent() -> None:
    with SmtpSink() as sink:
        with pytest.raises(InvalidInput):
            sender_for(sink).send(replace(MESSAGE, to=(Address("", "nobody"),)))
        assert sink.taken == []


def test_plain_text_is_for_this_machine_alone() -> None:
    with pytest.raises(InvalidInput):
        SmtpSettings("mail.example.org", security=Security.PLAIN)
    assert "hidden" not in repr(SmtpSettings("localhost", password="hidden"))
