"""Whatever the bytes, a mail is read in bounded work and nothing is raised."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_desktop.channels.email.parse import UNREADABLE, parse_mail
from crm_desktop.channels.email.report import mail_as_json, message_as_json
from crm_desktop.domain.messages import InboundMessage

HEAD = b"From: a@b.org\r\n"


def nested(levels: int) -> bytes:
    """Multiparts inside multiparts."""
    parts = (
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level)
        for level in range(levels)
    )
    return HEAD + b"".join(parts) + b"Content-Type: text/plain\r\n\r\nhi\r\n"


def typed(content_type: bytes, body: bytes) -> bytes:
    """A mail of one part."""
    return HEAD + b"Content-Type: " + content_type + b"\r\n\r\n" + body


MIXED = b"multipart/mixed; boundary=x"
HOSTILE = {
    "empty": b"",
    "nothing but NULs": b"\0" * 10_000,
    "a thousand levels": nested(1000),
    "mails inside mails": b"Content-Type: message/rfc822\r\n\r\n" * 3000,
    "a hundred thousand parts": typed(MIXED, b"--x\r\n\r\nhi\r\n" * 100_000),
    "a million false boundaries": typed(MIXED, b"--xy\n" * 1_000_000),
    "a giant header": HEAD + b"X-A: " + b"a" * 5_000_000 + b"\r\nSubject: s\r\n\r\nbody",
    "a million headers": b"a: b\r\n" * 1_000_000 + b"\r\nbody",
    "a giant folded header": HEAD + b"X: y\r\n" + b" z\r\n" * 500_000 + b"\r\nbody",
    "open comments": b"From: " + b"(" * 30_000 + b"\r\n\r\nx",
    "open quotes": b"From: " + b'"\\' * 15_000 + b"\r\n\r\nx",
    "a hundred thousand recipients": HEAD + b"To: " + b"a@b.org," * 100_000 + b"\r\n\r\nx",
    "encoded words without end": b"Subject: " + b"=?" * 16_000 + b"\r\n\r\nx",
    "parameters without end": b"Content-Type: text/plain" + b'; a="' * 6000 + b"\r\n\r\nx",
    "numbered parameters": b"Content-Type: a/b; x*9999999999999999=1; x*-1*=''\r\n\r\nx",
    "deep divs": typed(b"text/html", b"<div>" * 100_000),
    "misnested tags": typed(b"text/html", b"<p><b><i><u>" * 50_000),
    "deep tables": typed(b"text/html", b"<table><tr><td>" * 50_000),
    "only angles": typed(b"text/html", b"<" * 500_000),
    "open attributes": typed(b"text/html", b'<img alt="' * 50_000),
    "comments never closed": typed(b"text/html", b"<!--" * 100_000),
    "blank lines": HEAD + b"\r\n" + b" \n" * 400_000,
    "attributions": HEAD + b"\r\n" + b"On monday x wrote:\n\n>q\nans\n" * 20_000,
    "padding": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"A=" * 1_000_000,
    "blank report": typed(b"message/delivery-status", b"\n \n" * 100_000),
    "addresses of a mailer": b"From: mailer-daemon@x\r\nSubject: undeliverable\r\n\r\n"
    + b"a@a" * 100_000,
    "punycode": typed(b"text/plain; charset=punycode", b"a-" + b"z" * 200_000),
    "lone surrogates": typed(b"text/plain; charset=utf-7", b"+2AA-+3AA-"),
    "every byte": bytes(range(256)) * 4000,
    "a winmail.dat of noise": typed(b"application/ms-tnef", b"\x78\x9f\x3e\x22" + b"\xff" * 5000),
    "an invitation of noise": typed(b"text/calendar", b"SUMMARY:" * 50_000),
}


def sound(found: InboundMessage) -> None:
    """Every string can be stored and sent, and the reader did not need its last net."""
    line = json.dumps(message_as_json(found), ensure_ascii=False)
    line.encode("utf-8")
    assert "\\u0000" not in line
    assert UNREADABLE not in found.problems


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_read_like_any_other(name: str) -> None:
    sound(parse_mail(HOSTILE[name], external_id="1"))


def test_what_was_not_opened_is_kept_whole() -> None:
    raw = nested(1000)
    found = parse_mail(raw, external_id="1")
    assert found.attachments[-1].content == raw
    assert any("deeper" in each for each in found.problems)


def test_a_header_after_a_giant_one_is_still_read() -> None:
    assert parse_mail(HOSTILE["a giant header"], external_id="1").subject == "s"


FUZZ = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@FUZZ
@given(st.binary(max_size=2000))
def test_random_bytes_are_read(raw: bytes) -> None:
    sound(parse_mail(raw, external_id="1"))


SEEDS = (
    (
        b"From: =?utf-8?q?A=C3=A9?= <a@b.org>\r\nTo: x@y.org, Z <z@y.org>\r\n"
        b"Subject: =?utf-8?b?w6k=?= hi\r\nDate: Sat, 21 Nov 2026 10:30:00 +0100\r\n"
        b"Message-ID: <1@b.org>\r\nReferences: <2@b.org> <3@b.org>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="AA"\r\n\r\npre\r\n--AA\r\n'
        b'Content-Type: multipart/alternative; boundary="BB"\r\n\r\n--BB\r\n'
        b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: "
        b"quoted-printable\r\n\r\nH=E9llo\r\n\r\nOn Monday, B wrote:\r\n> hi\r\n--BB\r\n"
        b"Content-Type: text/html; charset=utf-8\r\n\r\n<p style='color:red'>Hi <img src=cid:1></p>"
        b"\r\n--BB--\r\n--AA\r\nContent-Type: image/png; name*0*=utf-8''a%20; name*1=b.png\r\n"
        b"Content-ID: <1>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--AA--\r\n"
    ),
    (
        b"From: MAILER-DAEMON@x.org\r\nReturn-Path: <>\r\nSubject: Undeliverable\r\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=R\r\n\r\n--R\r\n"
        b"\r\nsorry <c@d.org>\r\n--R\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; c@d.org\r\nAction: failed\r\n"
        b"Status: 5.1.1\r\n\r\n--R\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <o@x>\r\n\r\n"
        b"\r\n--R--\r\n"
    ),
    typed(
        b"text/calendar; method=REQUEST",
        b"BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:x\nDTSTART:20261124T1030\n",
    ),
)


@FUZZ
@given(
    st.sampled_from(SEEDS),
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=12)),
        min_size=1,
        max_size=6,
    ),
)
def test_damaged_mails_are_read(seed: bytes, damage: list[tuple[float, int, bytes]]) -> None:
    raw = seed
    for where, removed, inserted in damage:
        at = int(where * len(raw))
        raw = raw[:at] + inserted + raw[at + removed :]
    sound(parse_mail(raw, external_id="1"))


@FUZZ
@given(st.sampled_from(SEEDS), st.floats(0, 1))
def test_mails_cut_off_anywhere_are_read(seed: bytes, where: float) -> None:
    sound(parse_mail(seed[: int(where * len(seed))], external_id="1"))


def test_a_failure_of_the_reader_itself_still_delivers_the_mail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("crm_desktop.channels.email.parse.parse_tree", broken)
    found = parse_mail(b"From: a@b.org\r\n\r\nx", external_id="7")
    assert (found.problems, found.auto_generated) == ((UNREADABLE,), True)
    assert found.attachments[0].content == b"From: a@b.org\r\n\r\nx"


def test_the_report_has_exactly_the_published_keys() -> None:
    assert list(mail_as_json(SEEDS[0])) == [
        "from", "to", "cc", "subject", "text", "reply_text", "html", "attachments", "message_id",
        "in_reply_to", "references", "date", "auto_generated", "bounce", "problems",
    ]  # fmt: skip
    assert mail_as_json(SEEDS[1])["bounce"] == {
        "recipient": "c@d.org",
        "status": "5.1.1",
        "action": "failed",
    }
