"""Mail that machines wrote, and the reports of what could not be delivered."""

from __future__ import annotations

import pytest

from crm_desktop.channels.email.parse import parse_mail
from crm_desktop.domain.messages import Bounce


def automatic(*headers: str, sender: str = "ann@example.org") -> bool:
    """Whether a mail with these headers counts as a machine's."""
    raw = "\r\n".join((f"From: {sender}", *headers, "", "Hello"))
    return parse_mail(raw.encode(), external_id="1").auto_generated


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner-email=a@b.org",
        "AUTO-SUBMITTED: Auto-Notified",
        "Precedence: bulk",
        "Precedence: List",
        "Precedence: junk",
        "X-Auto-Response-Suppress: All",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        "X-Autoreply: yes",
        "X-Autorespond: away",
        "Return-Path: <>",
        "Return-Path: < >",
        "List-Id: <news.example.org>",
        "List-Unsubscribe: <mailto:off@example.org>",
        "X-CRM-Desktop: 1",
        "X-Loop: a@b.org",
        "Subject: Automatic reply: your message",
        "Subject: Out of Office: away",
        "Subject: Ateb awtomatig: i ffwrdd",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=x",
    ],
)
def test_a_machines_mail_is_known(header: str) -> None:
    assert automatic(header)


@pytest.mark.parametrize(
    "sender", ["MAILER-DAEMON@x.org", "postmaster@x.org", "bounces+1=ann@x.org"]
)
def test_mail_systems_are_machines(sender: str) -> None:
    assert automatic(sender=sender)


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: no",
        "Precedence: first-class",
        "X-Auto-Response-Suppress: None",
        "Return-Path: <ann@example.org>",
        "Subject: Re: automatic gates",
        "Subject: Office out of order",
        "List: of bins",
    ],
)
def test_a_persons_mail_is_not_taken_for_a_machines(header: str) -> None:
    assert not automatic(header)


def report(*recipients: str, original: str = "message/rfc822") -> bytes:
    """A delivery report as RFC 3464 has it."""
    lines = [
        "From: Mail system <MAILER-DAEMON@mx.test>",
        "To: desk@council.test",
        "Return-Path: <>",
        "Subject: Undelivered Mail Returned to Sender",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=R",
        "",
        "--R",
        "",
        "I'm sorry.",
        "--R",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.test",
        "",
        *recipients,
        "--R",
        f"Content-Type: {original}",
        "",
        "From: desk@council.test",
        "Message-ID: <ours@council.test>",
        "",
        "Dear Ann",
        "--R--",
    ]
    return "\r\n".join(lines).encode()


FAILED = (
    "Final-Recipient: rfc822; Ann@Example.org\r\nAction: failed\r\nStatus: 5.1.1 (unknown)\r\n"
    "Diagnostic-Code: smtp; 550 5.1.1 No such\r\n  user here\r\n"
)


@pytest.mark.parametrize("original", ["message/rfc822", "text/rfc822-headers"])
def test_a_delivery_report_names_the_address_and_our_message(original: str) -> None:
    found = parse_mail(report(FAILED, original=original), external_id="1")
    assert found.bounce == Bounce(
        "ann@example.org", "5.1.1", "failed", "<ours@council.test>", "550 5.1.1 No such user here"
    )
    assert found.auto_generated
    assert found.text == "I'm sorry."


def test_the_address_that_we_wrote_to_counts_rather_than_where_it_led() -> None:
    fields = f"Original-Recipient: rfc822;<ann@first.org>\r\n{FAILED}"
    found = parse_mail(report(fields), external_id="1").bounce
    assert found is not None
    assert found.recipient == "ann@first.org"


def test_of_several_addresses_the_failed_one_is_named() -> None:
    delayed = "Final-Recipient: rfc822; bo@example.org\r\nAction: delayed\r\nStatus: 4.4.1\r\n"
    found = parse_mail(report(delayed, FAILED), external_id="1")
    assert found.bounce is not None
    assert (found.bounce.recipient, found.bounce.action) == ("ann@example.org", "failed")
    assert "2 addresses" in found.problems[0]


def test_a_report_of_a_success_is_told_as_such() -> None:
    relayed = "Final-Recipient: rfc822; bo@example.org\r\nAction: delivered\r\nStatus: 2.0.0\r\n"
    found = parse_mail(report(relayed), external_id="1").bounce
    assert found is not None
    assert (found.action, found.status) == ("delivered", "2.0.0")


def test_a_report_that_names_nobody_is_no_bounce_and_says_so() -> None:
    found = parse_mail(report("X-Nothing: 1\r\n"), external_id="1")
    assert found.bounce is None
    assert "not whose" in found.problems[0]


def words(sender: str, body: str, *headers: str) -> Bounce | None:
    """The bounce in a note without any standard part."""
    raw = "\r\n".join((f"From: {sender}", "To: desk@council.test", *headers, "", body))
    return parse_mail(raw.encode(), external_id="1").bounce


QMAIL = (
    "Hi. This is the qmail-send program at mx.test.\r\nI'm afraid I wasn't able to deliver your "
    "message to the following addresses.\r\nThis is a permanent error; I've given up.\r\n\r\n"
    "<ann@example.org>:\r\nSorry, no mailbox here by that name. (#5.1.1)\r\n\r\n"
    "--- Below this line is a copy of the message.\r\n\r\nMessage-ID: <ours@council.test>\r\n"
)


def test_qmails_note_is_understood() -> None:
    assert words("MAILER-DAEMON@mx.test", QMAIL, "Return-Path: <>") == Bounce(
        "ann@example.org", "5.1.1", "failed", "<ours@council.test>"
    )


def test_exims_header_is_understood() -> None:
    body = "A message could not be delivered to:\r\n\r\n  ann@example.org\r\n    SMTP error 550"
    found = words("Mailer-Daemon@mx.test", body, "X-Failed-Recipients: ann@example.org")
    assert found == Bounce("ann@example.org", "", "failed")


def test_a_delay_is_no_failure() -> None:
    body = "Your message has not yet been delivered to\r\n\r\n  ann@example.org\r\n"
    found = words("Mailer-Daemon@mx.test", body)
    assert found == Bounce("ann@example.org", "", "delayed")


def test_nothing_is_invented() -> None:
    assert words("MAILER-DAEMON@mx.test", "Undeliverable, somehow.") is None
    assert words("MAILER-DAEMON@mx.test", "Hello\r\nann@example.org\r\n") is None
    assert words("ann@example.org", QMAIL) is None
