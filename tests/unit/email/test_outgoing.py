"""Mail as it leaves: what it holds, who it says it is, and what cannot be smuggled in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crm_desktop.channels.email.outgoing import build, message_id_for
from crm_desktop.channels.email.parse import parse_mail
from crm_desktop.channels.email.templates import fill, placeholders, reply_html
from crm_desktop.channels.email.threads import (
    answered_ids,
    references_for_reply,
    reply_subject,
    subject_reference,
)
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.messages import (
    Address,
    InboundMessage,
    OutboundAttachment,
    OutboundMessage,
)
from crm_desktop.domain.states import Channel

WHEN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LOGO = OutboundAttachment("logo.png", "image/png", b"\x89PNG", inline=True, content_id="logo")
BILL = OutboundAttachment("bìll.pdf", "application/pdf", b"%PDF")
MESSAGE = OutboundMessage(
    message_id="<1@council.test>",
    sender=Address("Council, Desk", "desk@council.test"),
    to=(Address("Siân Lee", "ann@example.org"),),
    cc=(),
    subject="Your bin",
    text="It comes on Friday.\n\nDana",
    html="",
)


def sent(message: OutboundMessage) -> InboundMessage:
    """What the recipient's mail program makes of a mail."""
    return parse_mail(build(message, written_at=WHEN).as_bytes(), external_id="1")


def test_plain_text_is_one_part() -> None:
    mail = build(MESSAGE, written_at=WHEN)
    assert mail.get_content_type() == "text/plain"
    assert sent(MESSAGE).text == MESSAGE.text
    assert sent(MESSAGE).sent_at == WHEN
    assert sent(MESSAGE).sender == MESSAGE.sender
    assert sent(MESSAGE).to == MESSAGE.to


def test_text_html_pictures_and_files_nest_as_mail_programs_expect() -> None:
    message = replace(MESSAGE, html='<p>Hi <img src="cid:logo"></p>', attachments=(LOGO, BILL))
    mail = build(message, written_at=WHEN)
    shapes = [part.get_content_type() for part in mail.walk()]
    assert shapes == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html",
        "image/png", "application/pdf",
    ]  # fmt: skip
    found = sent(message)
    assert [(each.name, each.inline) for each in found.attachments] == [
        ("logo.png", True),
        ("bìll.pdf", False),
    ]
    assert found.attachments[1].content == b"%PDF"


@pytest.mark.parametrize(
    "kind", ["message/rfc822", "multipart/mixed", "nonsense", "a/b\r\nX: 1", "text/plain"]
)
def test_any_file_arrives_unchanged(kind: str) -> None:
    file = OutboundAttachment("a.bin", kind, b"From: x\r\n\r\n\xff\n")
    (found,) = sent(replace(MESSAGE, attachments=(file,))).attachments
    assert found.content == file.content


def test_no_value_can_add_a_header() -> None:
    evil = "x\r\nBcc: spy@evil.test\r\n\r\nbody"
    message = replace(
        MESSAGE,
        message_id=f"<1@council.test>{evil}",
        sender=Address(evil, "desk@council.test"),
        to=(Address(evil, "ann@example.org"),),
        subject=evil,
        in_reply_to=f"<2@x.org>\r\n{evil}",
        references=(evil, "<3@x.org>"),
        attachments=(OutboundAttachment(evil, "a/b", b"x", True, evil),),
        html="<p>x</p>",
    )
    mail = build(message, written_at=WHEN)
    for part in mail.walk():
        assert not part["Bcc"]
    assert b"\nBcc:" not in mail.as_bytes()


@pytest.mark.parametrize("address", ["", "nobody", "a@b.org\r\nBcc: c@d.org", "a@b, c@d"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput):
        build(replace(MESSAGE, to=(Address("", address),)), written_at=WHEN)


def test_long_message_ids_are_not_encoded_beyond_recognition() -> None:
    ids = tuple(f"<{'a' * 100}{number}@example.org>" for number in range(20))
    mail = build(replace(MESSAGE, in_reply_to=ids[0], references=ids), written_at=WHEN)
    raw = mail.as_bytes()
    assert b"=?" not in raw.split(b"\r\n\r\n")[0].split(b"In-Reply-To")[1]
    assert parse_mail(raw, external_id="1").references == ids
    assert max(len(line) for line in raw.split(b"\r\n")) < 200


def test_only_automatic_mail_says_that_no_person_wrote_it() -> None:
    assert build(MESSAGE, written_at=WHEN)["Auto-Submitted"] is None
    mail = build(replace(MESSAGE, automatic=True), written_at=WHEN)
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "All"


def test_every_mail_bears_our_mark_against_loops() -> None:
    assert build(MESSAGE, written_at=WHEN)["X-CRM-Desktop"] == "1"
    assert sent(MESSAGE).auto_generated


def test_a_message_id_depends_on_its_seed_alone() -> None:
    first = message_id_for("message 7", "Council.test ")
    assert first == message_id_for("message 7", "council.test")
    assert first != message_id_for("message 8", "council.test")
    assert first.startswith("<")
    assert first.endswith("@council.test>")


def test_odd_characters_of_any_kind_can_be_sent() -> None:
    text = "a\0b\ud800c\u2028" + "é" * 5000 + "\n.\nFrom here"
    found = sent(replace(MESSAGE, text=text, subject="\ud800 " + "ŷ" * 300))
    assert found.text.endswith("é\n.\nFrom here")


TEMPLATE = "Dear {{customer_name}},\n{{ body }}\n{{customer_name}} {{reference}}"


def test_placeholders_are_listed_and_filled() -> None:
    assert placeholders(TEMPLATE) == ("customer_name", "body", "reference")
    values = {"customer_name": "Ann {{reference}}", "body": r"\1 x", "reference": "C-1"}
    assert fill(TEMPLATE, values) == ("Dear Ann {{reference}},\n\\1 x\nAnn {{reference}} C-1")


def test_gaps_that_nobody_filled_stop_the_text() -> None:
    with pytest.raises(InvalidInput) as gaps:
        fill(TEMPLATE + "{{Wrong Name}}", {"customer_name": "Ann", "body": "  "})
    assert gaps.value.params["fields"] == dict.fromkeys(
        ["body", "reference", "{{Wrong Name}}"], "Fill this in"
    )


def test_a_replys_html_escapes_words_and_makes_links() -> None:
    text = "Hi <Ann> & co\nsee https://x.test/a?b=1&c=2.\n\nBye"
    assert reply_html(text) == (
        '<p>Hi &lt;Ann&gt; &amp; co<br>see <a href="https://x.test/a?b=1&amp;c=2">'
        "https://x.test/a?b=1&amp;c=2</a>.</p><p>Bye</p>"
    )


def test_a_template_frames_the_reply() -> None:
    frame = '<div>{{body}}</div><p>{{advisor_name}}</p><img src="cid:logo">'
    assert reply_html("Hi", frame, {"advisor_name": "D. <A>"}) == (
        '<div><p>Hi</p></div><p>D. &lt;A&gt;</p><img src="cid:logo">'
    )


@pytest.mark.parametrize(
    ("subject", "reference"),
    [
        ("Re: Your bin [C-8F3-T9K-4]", "C-8F3-T9K-4"),
        ("re: your bin c8f3t9k4", "C-8F3-T9K-4"),
        ("AW: C-8F3-T9K-4: bin", "C-8F3-T9K-4"),
        ("Re: [ c 8f3 t9k 4 ]", "C-8F3-T9K-4"),
        ("Re: C-8F3-T9K-5", None),
        ("Nothing here", None),
        ("", None),
    ],
)
def test_our_reference_is_found_in_a_subject(subject: str, reference: str | None) -> None:
    assert subject_reference(subject) == reference


def test_a_reference_in_our_brackets_comes_before_another() -> None:
    from crm_desktop.domain.references import make_reference

    other = make_reference(7)
    assert subject_reference(f"about {other} [C-8F3-T9K-4]") == "C-8F3-T9K-4"


@pytest.mark.parametrize(
    ("subject", "reply"),
    [
        ("Bin", "Re: Bin [C-8F3-T9K-4]"),
        ("Re: AW: Fwd: Bin", "Re: Bin [C-8F3-T9K-4]"),
        ("Re: Bin [C-8F3-T9K-4]", "Re: Bin [C-8F3-T9K-4]"),
        ("ATB: Bin", "Re: Bin [C-8F3-T9K-4]"),
        ("Regarding bins", "Re: Regarding bins [C-8F3-T9K-4]"),
        ("Re:", "Re: your message [C-8F3-T9K-4]"),
    ],
)
def test_a_replys_subject_has_one_re_and_one_reference(subject: str, reply: str) -> None:
    assert reply_subject(subject, "C-8F3-T9K-4") == reply


def test_threads_hang_on_the_nearest_message_first() -> None:
    mail = InboundMessage(
        Channel.EMAIL,
        "1",
        Address("", ""),
        message_id="<4>",
        in_reply_to="<3>",
        references=("<1>", "<2>", "<3>", "<4>"),
    )
    assert answered_ids(mail) == ("<3>", "<2>", "<1>")
    assert references_for_reply("<4>", mail.references) == ("<1>", "<2>", "<3>", "<4>")
    many = tuple(f"<{number}>" for number in range(50))
    assert references_for_reply("<x>", many) == ("<0>", *many[-18:], "<x>")
