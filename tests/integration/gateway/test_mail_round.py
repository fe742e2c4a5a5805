"""The whole way of a mail: in by SMTP, answered by an advisor, out to the customer."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable

from crm_desktop.domain.views import Reply
from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.services import replies
from crm_desktop.store.models import ChannelAccount, Message
from tests.centre import Centre
from tests.integration.gateway.looking import citizens_mail, deliver, watching
from tests.integration.services.arrivals import account_id, change
from tests.servers.smtp_sink import SmtpSink


def test_a_mail_comes_in_is_answered_and_the_answer_reaches_the_customer(
    centre: Centre, sink: SmtpSink, start_gateway: Callable[[], Gateway]
) -> None:
    gateway = start_gateway()
    assert gateway.smtp_port is not None
    asked = citizens_mail("Missed bin in Ash Grove")
    with watching(centre) as watch:
        deliver(gateway.smtp_port, asked)
        contact = watch.contact(subject="Missed bin in Ash Grove")
        anna = centre.as_person("anna")
        with anna.write() as tx:
            tx.guard.claim(contact.id)

        sent = replies.send(
            anna, contact.id, Reply("We come tomorrow.", "margaret@example.org"), undo_seconds=0
        )
        (taken,) = sink.wait_for_mail()
        row = watch.row(Message, id=sent.message_id, state="sent")

    mail = email.message_from_bytes(taken.raw, policy=email.policy.default)
    assert taken.recipients == ("margaret@example.org",)
    assert mail["In-Reply-To"] == asked["Message-ID"]
    assert mail["Message-ID"] == row.rfc_id
    assert mail["Subject"] == "Re: Missed bin in Ash Grove"
    assert "We come tomorrow." in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "<p>We come tomorrow.</p>" in mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert (row.sender_address, row.sent_at is not None) == ("contact@crm.test", True)

    again = citizens_mail("Re: Missed bin in Ash Grove", In_Reply_To=str(row.rfc_id))
    with watching(centre) as watch:
        deliver(gateway.smtp_port, again)
        joined = watch.row(Message, rfc_id=str(again["Message-ID"]))
    assert joined.contact_id == contact.id


def test_the_same_delivery_twice_is_one_contact(
    centre: Centre, start_gateway: Callable[[], Gateway]
) -> None:
    gateway = start_gateway()
    assert gateway.smtp_port is not None
    mail = citizens_mail()

    deliver(gateway.smtp_port, mail)
    deliver(gateway.smtp_port, mail)

    with centre.as_owner().read() as tx:
        assert tx.session.query(Message).count() == 1


def test_an_acknowledgement_goes_once_and_never_to_a_machine(
    centre: Centre, sink: SmtpSink, start_gateway: Callable[[], Gateway]
) -> None:
    listener = account_id(centre)
    change(
        centre,
        ChannelAccount,
        listener,
        settings={"address": "contact@crm.test", "acknowledge": True},
    )
    gateway = start_gateway()
    assert gateway.smtp_port is not None
    machine = citizens_mail("Out of office", Auto_Submitted="auto-replied")
    machine.replace_header("From", "robot@example.net")

    deliver(gateway.smtp_port, machine)
    deliver(gateway.smtp_port, citizens_mail("First"))
    deliver(gateway.smtp_port, citizens_mail("Second, on the same day"))

    (taken,) = sink.wait_for_mail()
    mail = email.message_from_bytes(taken.raw, policy=email.policy.default)
    assert taken.recipients == ("margaret@example.org",)
    assert mail["Auto-Submitted"] == "auto-replied"
    with centre.as_owner().read() as tx:
        assert tx.session.query(Message).filter_by(direction="outbound").count() == 1


def test_a_robot_that_answers_everything_ends_up_talking_to_nobody(
    centre: Centre, sink: SmtpSink, start_gateway: Callable[[], Gateway]
) -> None:
    change(
        centre,
        ChannelAccount,
        account_id(centre),
        settings={"address": "contact@crm.test", "acknowledge": True},
    )
    gateway = start_gateway()
    assert gateway.smtp_port is not None

    deliver(gateway.smtp_port, citizens_mail("Round 0"))
    (first,) = sink.wait_for_mail()
    ours = email.message_from_bytes(first.raw, policy=email.policy.default)
    for number in range(1, 6):
        # A robot that says nothing about being one, and answers under a new subject each time.
        deliver(
            gateway.smtp_port, citizens_mail(f"Round {number}", In_Reply_To=str(ours["Message-ID"]))
        )

    with centre.as_owner().read() as tx:
        assert tx.session.query(Message).filter_by(direction="outbound").count() == 1
    assert len(sink.taken) == 1


def test_a_bounce_goes_to_the_message_that_bounced(
    centre: Centre, sink: SmtpSink, start_gateway: Callable[[], Gateway]
) -> None:
    from crm_desktop.store.models import Contact, Identifier, OutboxItem

    gateway = start_gateway()
    assert gateway.smtp_port is not None
    with watching(centre) as watch:
        deliver(gateway.smtp_port, citizens_mail())
        contact = watch.contact(subject="Missed bin")
        anna = centre.as_person("anna")
        with anna.write() as tx:
            tx.guard.claim(contact.id)
        sent = replies.send(
            anna, contact.id, Reply("Coming.", "margaret@example.org"), undo_seconds=0
        )
        row = watch.row(Message, id=sent.message_id, state="sent")
        watch.row(OutboxItem, message_id=sent.message_id, state="done")

        report = email.message_from_string(_REPORT.format(original=row.rfc_id))
        deliver(gateway.smtp_port, report)  # type: ignore[arg-type]
        failed = watch.row(Message, id=sent.message_id, state="failed")
        flagged = watch.row(Identifier, norm="margaret@example.org", flag="bounced")
        dead = watch.row(OutboxItem, message_id=sent.message_id, state="dead")

    assert "5.1.1" in failed.failure
    assert flagged.flagged_at is not None
    assert dead.last_error
    with centre.as_owner().read() as tx:
        assert tx.session.query(Contact).count() == 1


_REPORT = """\
From: Mail Delivery System <MAILER-DAEMON@example.org>
To: contact@crm.test
Subject: Undelivered Mail Returned to Sender
Message-ID: <report@example.org>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; margaret@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such user

--b
Content-Type: text/rfc822-headers

From: contact@crm.test
To: margaret@example.org
Message-ID: {original}

--b--
"""
