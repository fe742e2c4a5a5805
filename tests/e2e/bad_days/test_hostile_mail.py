"""Mail that is broken, poisonous, endless or huge, handed to a running gateway."""

from __future__ import annotations

import smtplib
import socket
from email.policy import SMTP

from sqlalchemy import select

from crm_desktop.store.models import Contact, Message
from tests.centre import Centre
from tests.e2e.bad_days.program import GatewayProgram, StartGateway, deliver
from tests.integration.gateway.looking import citizens_mail, rows

MEGABYTE = 1024 * 1024
_HEAD = b"From: eve@example.org\r\nTo: contact@crm.test\r\nSubject: %s\r\n"


def _nested(levels: int) -> bytes:
    opened = b"".join(
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (at, at + 1)
        for at in range(levels)
    )
    return b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n" + opened


#: subject: what follows the first three headers. Each is taken, because each is somebody's words.
TAKEN = {
    b"no body": b"",
    b"nul bytes": b"\r\nA\x00B\x00\r\n",
    b"\xff\xfe raw bytes": b"X-\xff: \x00\r\n\r\n\xff\xfe\xfd\r\n",
    b"a charset that is none": b'Content-Type: text/plain; charset="x-\x27--"\r\n\r\nhi\r\n',
    b"broken base64": b"Content-Transfer-Encoding: base64\r\n\r\n====%%%%A\r\n",
    b"never closed": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhi\r\n",
    b"no boundary": b"Content-Type: multipart/mixed\r\n\r\nhi\r\n",
    b"three hundred deep": _nested(300),
    b"a giant header": b"X-Big: " + b"x" * 100_000 + b"\r\n\r\nhi\r\n",
    b"ten thousand headers": b"X-A: 1\r\n" * 10_000 + b"\r\nhi\r\n",
    b"=?utf-8?q?=0D=0ABcc:_all=40example.org?=": b"\r\nhi\r\n",
    b"=?utf-8?b?" + b"QUFB" * 5_000 + b"?=": b"\r\nhi\r\n",
    b"two senders": b"From: mallory@example.net\r\nFrom: <>\r\n\r\nhi\r\n",
    b"a script": (
        b"Content-Type: text/html\r\n\r\n<script>alert(1)</script>"
        b'<img src="http://tracker.example/x.png" onerror=alert(1)><a href="javascript:x">b</a>\r\n'
    ),
    b"a path for a name": (
        b"Content-Type: application/x-sh\r\n"
        b'Content-Disposition: attachment; filename="../../../../etc/cron.d/x\x00.sh"\r\n\r\nrm\r\n'
    ),
    b"right to left \xe2\x80\xaegnp.exe": b"Date: never\r\nMessage-ID: <\x00>\r\n\r\nhi\r\n",
    b"lone surrogates": b'Content-Type: text/plain; charset="utf-7"\r\n\r\n+2AA-\r\n',
}


def test_every_broken_mail_becomes_a_contact_and_the_gateway_lives_on(
    centre: Centre, start_gateway: StartGateway
) -> None:
    gateway = start_gateway(centre).wait_ready()

    answers = {subject: deliver(gateway, _HEAD % subject + rest) for subject, rest in TAKEN.items()}
    answers[b"no headers at all"] = deliver(gateway, b"\r\n\x00\x01\x02 just bytes\r\n")

    assert set(answers.values()) == {250}, answers
    assert deliver(gateway, citizens_mail("A sound one")) == 250
    with centre.as_owner().read() as tx:
        found = tx.session.execute(
            select(Contact.subject, Message.body_html, Message.problems).join(
                Message, Message.contact_id == Contact.id
            )
        ).all()
    assert len(found) == len(TAKEN) + 2
    assert sum(bool(problems) for _, _, problems in found) >= 5
    assert all("\n" not in subject and "\x00" not in subject for subject, _, _ in found)
    assert not any(
        bad in (html or "") for _, html, _ in found for bad in ("<script", "onerror", "javascript:")
    )


def test_a_hundred_megabytes_are_refused_and_take_no_memory(
    sqlite_centre: Centre, start_gateway: StartGateway
) -> None:
    gateway = start_gateway(sqlite_centre, settings={"MAX_MAIL_BYTES": 10 * MEGABYTE}).wait_ready()
    assert deliver(gateway, citizens_mail("Before")) == 250
    before = gateway.peak_memory()

    assert _stream(gateway, 100 * MEGABYTE) == 552
    assert _declare(gateway, 100 * MEGABYTE) == 552

    assert gateway.peak_memory() - before < 40 * MEGABYTE
    assert deliver(gateway, citizens_mail("Afterwards")) == 250
    assert rows(sqlite_centre.as_owner(), Contact) == 2


def _stream(gateway: GatewayProgram, size: int) -> int:
    """Send a mail that says nothing of its size."""
    lines = (b"x" * 998 + b"\r\n") * 100
    with smtplib.SMTP("127.0.0.1", gateway.smtp, timeout=60) as server:
        server.ehlo()
        server.docmd("MAIL", "FROM:<eve@example.org>")
        server.rcpt("contact@crm.test")
        assert server.docmd("DATA")[0] == 354
        for _ in range(size // len(lines)):
            server.send(lines)
        return server.docmd(".")[0]


def _declare(gateway: GatewayProgram, size: int) -> int:
    with smtplib.SMTP("127.0.0.1", gateway.smtp, timeout=60) as server:
        server.ehlo()
        return server.mail("eve@example.org", [f"size={size}"])[0]


def test_a_mail_that_goes_round_is_refused_for_good(
    sqlite_centre: Centre, start_gateway: StartGateway
) -> None:
    gateway = start_gateway(sqlite_centre).wait_ready()
    ours = citizens_mail("Our own", X_CRM_Desktop="1")
    hops = b"".join(b"Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\n" for _ in range(31))

    assert deliver(gateway, hops + citizens_mail("Round and round").as_bytes(policy=SMTP)) == 554
    assert deliver(gateway, ours) == 554

    assert rows(sqlite_centre.as_owner(), Contact) == 0


#: What is no mail: no words, an endless line, a giant address, and a hanging up in the middle.
NO_SMTP = (
    b"\x00\xff\xfe\r\n",
    b"A" * 600_000 + b"\r\n",
    b"MAIL FROM:<" + b"a" * 5_000 + b"@b.test>\r\n",
    b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@crm.test>\r\nDATA\r\nFrom: x\r\n\r\nhalf",
)


def test_who_does_not_speak_smtp_leaves_nothing_and_harms_nobody(
    sqlite_centre: Centre, start_gateway: StartGateway
) -> None:
    gateway = start_gateway(sqlite_centre).wait_ready()

    for said in NO_SMTP:
        with socket.create_connection(("127.0.0.1", gateway.smtp), 20) as line:
            line.sendall(said)
            line.recv(100)

    assert deliver(gateway, citizens_mail()) == 250
    assert rows(sqlite_centre.as_owner(), Contact) == 1
