"""Mails as they really come: every shape is read as a person would read it."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

import pytest

from crm_desktop.channels.email.parse import parse_mail
from crm_desktop.domain.messages import Address, InboundMessage

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def mail(*lines: str | bytes, sender: str = "From: Ann Lee <ann@example.org>") -> InboundMessage:
    """Parse a mail whose lines are given, headers first; `sender` comes before them."""
    raw = b"\r\n".join(
        each if isinstance(each, bytes) else each.encode() for each in (sender, *lines)
    )
    return parse_mail(raw, external_id="1:1")


def test_a_plain_mail_is_read_whole() -> None:
    found = mail(
        "To: desk@council.test, Bob <bob@council.test>",
        "Cc: ann@example.org",
        "Subject: Missed bin",
        "Date: Sat, 21 Nov 2026 10:30:00 +0100",
        "Message-ID: <a1@example.org>",
        "",
        "My bin was missed.",
    )
    assert found.sender == Address("Ann Lee", "ann@example.org")
    assert found.to == (Address("", "desk@council.test"), Address("Bob", "bob@council.test"))
    assert found.cc == (Address("", "ann@example.org"),)
    assert (found.subject, found.text) == ("Missed bin", "My bin was missed.")
    assert found.sent_at == datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    assert (found.message_id, found.problems, found.html) == ("<a1@example.org>", (), "")
    assert (found.auto_generated, found.bounce, found.external_id) == (False, None, "1:1")


@pytest.mark.parametrize(
    ("charset", "encoding", "text"),
    [
        ("utf-8", "utf-8", "Dŵr a thân — diolch"),
        ("iso-8859-1", "cp1252", "Café “£5”"),
        ("iso-8859-14", "iso-8859-14", "Tŷ dŵr"),
        ("gb2312", "gb18030", "您好，垃圾桶"),
        ("shift_jis", "cp932", "こんにちは①"),
        ("iso-2022-jp", "iso-2022-jp", "こんにちは"),
        ("koi8-r", "koi8-r", "Здравствуйте"),
        ("windows-1250", "cp1250", "zażółć gęślą"),
        ("utf-16", "utf-16", "Hello Ünicode"),
        ("utf-7", "utf-7", "Grüße"),
        ("ks_c_5601-1987", "cp949", "안녕하세요"),
        ('"windows-1252"', "cp1252", "naïve"),
        ("US-ASCII", "utf-8", "not really ascii: é"),
    ],
)
def test_text_is_read_in_the_charset_that_it_declares(
    charset: str, encoding: str, text: str
) -> None:
    body = b64encode(text.encode(encoding))
    found = mail(
        f"Content-Type: text/plain; charset={charset}",
        "Content-Transfer-Encoding: base64",
        "",
        body,
    )
    assert (found.text, found.problems) == (text, ())


def test_text_in_another_charset_than_declared_is_guessed_and_said() -> None:
    found = mail("Content-Type: text/plain; charset=utf-8", "", "Le café à côté".encode("cp1252"))
    assert found.text == "Le café à côté"
    assert "may be wrong" in found.problems[0]


def test_an_unknown_charset_is_named_and_the_text_still_shown() -> None:
    found = mail("Content-Type: text/plain; charset=klingon", "", "Hello é")
    assert found.text == "Hello é"
    assert "klingon" in found.problems[0]


@pytest.mark.parametrize("charset", ["punycode", "unicode_escape", "idna", "zlib", "rot13", "a\0b"])
def test_codecs_that_are_no_charset_are_refused(charset: str) -> None:
    found = mail(f"Content-Type: text/plain; charset={charset}", "", "a\\u0041-b")
    assert found.text == "a\\u0041-b"
    assert found.problems


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        ("=?utf-8?q?Caf=C3=A9_closed?=", "Café closed"),
        ("=?UTF-8?B?U2Now7Zu?= =?UTF-8?B?ZSBHcsO8w59l?=", "Schöne Grüße"),
        # One letter cut in two across words, as some phones do it.
        ("=?utf-8?b?Y2Fmww==?=\r\n =?utf-8?b?qQ==?=", "café"),
        ("=?iso-8859-1?Q?p=E9t=E9?=", "pété"),
        ("=?utf-8*en?q?hello?=", "hello"),
        ("=?utf-8?q?no end", "=?utf-8?q?no end"),
        ("=?nonsense?b?w6k=?=", "é"),
        ("Re: =?utf-8?q?a?= b =?utf-8?q?c?=", "Re: a b c"),
        ("folded\r\n\tsubject", "folded subject"),
        ("=?utf-8?q?bad=0Anew=0D=00line?=", "bad new line"),
    ],
)
def test_encoded_words_are_decoded_even_when_broken(raw: str, subject: str) -> None:
    found = mail(f"Subject: {raw}", "", "x")
    assert found.subject == subject


def test_a_subject_in_raw_eight_bit_is_read() -> None:
    assert mail("Subject: Tŷ Mawr", "", "x").subject == "Tŷ Mawr"
    assert mail(b"Subject: Caf\xe9", "", "x").subject == "Café"


@pytest.mark.parametrize(
    ("raw", "name", "address"),
    [
        ("ann@example.org", "", "ann@example.org"),
        ("<Ann@Example.ORG>", "", "ann@example.org"),
        ('"Lee, Ann" <ann@example.org>', "Lee, Ann", "ann@example.org"),
        ("ann@example.org (Ann Lee)", "Ann Lee", "ann@example.org"),
        ("=?utf-8?q?Si=C3=A2n?= <sian@example.org>", "Siân", "sian@example.org"),
        ('"=?utf-8?q?Si=C3=A2n?=" <sian@example.org>', "Siân", "sian@example.org"),
        ("Ann Lee ann@example.org", "Ann Lee", "ann@example.org"),
        ("Ann <ann @ example.org>", "Ann", "ann@example.org"),
        ('"Ann <ann@example.org>', "Ann", "ann@example.org"),
        ("Ann <<ann@example.org>>", "Ann", "ann@example.org"),
        ("Ann <@relay.test:ann@example.org>", "Ann", "ann@example.org"),
        ("Ann <mailto:ann@example.org>", "Ann", "ann@example.org"),
        ("'Ann Lee' <ann@example.org>", "Ann Lee", "ann@example.org"),
        ("ann@example.org <ann@example.org>", "ann@example.org", "ann@example.org"),
        ('"ann lee"@example.org', "", '"ann lee"@example.org'),
        ("Ann\x00\x07 <ann@example.org>", "Ann", "ann@example.org"),
        ("nobody in particular", "nobody in particular", ""),
        ("Ann <not an address>", "Ann", ""),
    ],
)
def test_senders_are_found_however_they_are_written(raw: str, name: str, address: str) -> None:
    found = mail("Subject: x", "", "y", sender=f"From: {raw}")
    assert found.sender == Address(name, address)


def test_groups_are_opened_and_empty_ones_name_nobody() -> None:
    found = mail("To: undisclosed-recipients:;", "Cc: Team: a@x.org, B <b@x.org>; c@x.org", "", "x")
    assert found.to == ()
    assert [each.address for each in found.cc] == ["a@x.org", "b@x.org", "c@x.org"]


def test_without_a_from_line_the_next_best_sender_is_taken() -> None:
    found = mail("Return-Path: <ann@example.org>", "", "x", sender="X-Nothing: 1")
    assert found.sender.address == "ann@example.org"


def test_a_mail_with_no_sender_at_all_says_so() -> None:
    assert mail("", "x", sender="Subject: s").problems == ("The mail does not say who sent it.",)


def test_threads_are_read_tolerantly() -> None:
    found = mail(
        "Message-ID: bare@example.org",
        "In-Reply-To: Your message of today <a1@x.org> and so on",
        "References: <a1@x.org><a2@x.org>\r\n\t<a1@x.org> junk <a 3@x.org>",
        "",
        "x",
    )
    assert found.message_id == "<bare@example.org>"
    assert found.in_reply_to == "<a1@x.org>"
    assert found.references == ("<a1@x.org>", "<a2@x.org>", "<a3@x.org>")


def test_of_very_many_references_the_first_and_the_latest_are_kept() -> None:
    ids = [f"<{number}@x.org>" for number in range(500)]
    found = mail("References: " + " ".join(ids), "", "x")
    assert len(found.references) == 100
    assert (found.references[0], found.references[-1]) == (ids[0], ids[-1])


@pytest.mark.parametrize(
    ("raw", "when"),
    [
        ("Sat, 21 Nov 2026 10:30:00 GMT", datetime(2026, 11, 21, 10, 30, tzinfo=UTC)),
        ("21 Nov 2026 10:30 -0000", datetime(2026, 11, 21, 10, 30, tzinfo=UTC)),
        ("Sat, 21 Nov 2026 10:30:00 +0530 (IST)", datetime(2026, 11, 21, 5, 0, tzinfo=UTC)),
        ("yesterday", None),
        ("Sat, 99 Nov 99999 10:30:00 +9999", None),
        ("", None),
    ],
)
def test_dates_become_utc_or_nothing(raw: str, when: datetime | None) -> None:
    found = mail(f"Date: {raw}", "", "x")
    assert found.sent_at == when
    assert bool(found.problems) == (when is None)


def multipart(kind: str, *parts: str | bytes) -> bytes:
    """A multipart body with its own Content-Type line, to stand as headers' end or as a part."""
    boundary = f"=_{kind}_{len(parts)}"
    out = [f'Content-Type: multipart/{kind}; boundary="{boundary}"'.encode(), b""]
    for part in parts:
        out += [f"--{boundary}".encode(), part if isinstance(part, bytes) else part.encode()]
    return b"\r\n".join((*out, f"--{boundary}--".encode(), b""))


PLAIN = "Content-Type: text/plain\r\n\r\nHello"
HTML = "Content-Type: text/html\r\n\r\n<p>Hello <b>you</b></p>"


def picture(name: str = "p.png", *more: str) -> str:
    """An image part."""
    head = (f'Content-Type: image/png; name="{name}"', "Content-Transfer-Encoding: base64", *more)
    return "\r\n".join((*head, "", b64encode(PNG).decode()))


def test_of_alternatives_the_text_and_the_html_are_taken() -> None:
    found = mail(multipart("alternative", PLAIN, HTML))
    assert (found.text, found.html) == ("Hello", "<p>Hello <b>you</b></p>")
    assert found.attachments == ()


def test_html_alone_gives_its_text_too() -> None:
    found = mail(HTML)
    assert (found.text, found.html) == ("Hello you", "<p>Hello <b>you</b></p>")


def test_an_empty_text_alternative_gives_way_to_the_html() -> None:
    found = mail(multipart("alternative", "Content-Type: text/plain\r\n\r\n  ", HTML))
    assert found.text == "Hello you"


def test_a_watch_alternative_is_not_a_file() -> None:
    amp = "Content-Type: text/x-amp-html\r\n\r\n<html amp4email>"
    assert mail(multipart("alternative", PLAIN, amp, HTML)).attachments == ()


def test_inline_pictures_stay_inline_and_keep_their_content_id() -> None:
    page = 'Content-Type: text/html\r\n\r\n<p>See <img src="cid:pic@1" alt="map"></p>'
    related = multipart("related", page, picture("p.png", "Content-ID: <pic@1>"))
    found = mail(multipart("alternative", PLAIN, related))
    (attachment,) = found.attachments
    assert attachment.inline
    assert (attachment.content_id, attachment.content) == ("pic@1", PNG)
    assert 'src="cid:pic@1"' in found.html


def test_a_picture_with_an_id_that_the_page_does_not_show_is_a_file() -> None:
    found = mail(multipart("mixed", HTML, picture("p.png", "Content-ID: <other>")))
    assert not found.attachments[0].inline


def test_texts_around_a_picture_are_all_shown() -> None:
    last = "Content-Type: text/plain\r\n\r\nBye"
    found = mail(multipart("mixed", PLAIN, picture(), last))
    assert found.text == "Hello\n\nBye"


def test_plain_and_html_stretches_make_one_page() -> None:
    found = mail(multipart("mixed", HTML, "Content-Type: text/plain\r\n\r\nList <footer>"))
    assert found.html == "<p>Hello <b>you</b></p>\n<p>List &lt;footer&gt;</p>"
    assert found.text == "Hello you\n\nList <footer>"


def test_a_text_file_is_attached_and_not_shown() -> None:
    note = 'Content-Type: text/plain; name="n.txt"\r\nContent-Disposition: attachment\r\n\r\nsecret'
    found = mail(multipart("mixed", PLAIN, note))
    assert found.text == "Hello"
    assert [(each.name, each.content) for each in found.attachments] == [("n.txt", b"secret")]


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename=report.pdf", "report.pdf"),
        ('attachment; filename="my report.pdf"', "my report.pdf"),
        ("attachment; filename*=utf-8''t%C5%B7%20mawr.pdf", "tŷ mawr.pdf"),
        ("attachment; filename*0*=utf-8''t%C5%B7; filename*1=_two.pdf", "tŷ_two.pdf"),
        ("attachment; filename*1=b.pdf; filename*0=a", "ab.pdf"),
        ('attachment; filename="=?utf-8?q?t=C5=B7.pdf?="', "tŷ.pdf"),
        ('attachment; filename="a;b.pdf"', "a;b.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        (r'attachment; filename="C:\\\\Users\\\\ann\\\\a.pdf"', "a.pdf"),
        ('attachment; filename="con.txt"', "_con.txt"),
        ('attachment; filename="bill\u202egpj.exe"', "billgpj.exe"),
        ('attachment; filename="...."', "attachment-1.pdf"),
        ("attachment", "attachment-1.pdf"),
        (f'attachment; filename="{"x" * 500}.pdf"', "x" * 116 + ".pdf"),
        ('attachment; filename="a:b|c?.pdf"', "a_b_c_.pdf"),
    ],
)
def test_file_names_are_decoded_and_made_safe(disposition: str, name: str) -> None:
    part = f"Content-Type: application/pdf\r\nContent-Disposition: {disposition}\r\n\r\n%PDF"
    found = mail(multipart("mixed", PLAIN, part))
    assert [each.name for each in found.attachments] == [name]


def test_an_invitation_is_a_file_and_a_line() -> None:
    event = "\r\n".join(
        (
            "Content-Type: text/calendar; method=REQUEST",
            "",
            "BEGIN:VCALENDAR",
            "METHOD:REQUEST",
            "BEGIN:VEVENT",
            "SUMMARY:Site visit\\, bins",
            "DTSTART;TZID=Europe/London:20261124T103000",
            "LOCATION:Town",
            "  Hall",
            "END:VEVENT",
            "END:VCALENDAR",
        )
    )
    found = mail(multipart("alternative", PLAIN, event))
    assert (
        found.text == "Hello\n\nCalendar invitation: Site visit, bins, 2026-11-24 10:30, Town Hall"
    )
    assert [each.content_type for each in found.attachments] == ["text/calendar"]


FORWARDED = "\r\n".join(
    (
        "Content-Type: message/rfc822",
        "",
        "From: Bo <bo@y.org>",
        "Subject: Hole in road",
        "Message-ID: <inner@y.org>",
        "",
        "There is a hole.",
    )
)


def test_a_forwarded_mail_is_a_file_and_its_words_are_shown() -> None:
    found = mail(multipart("mixed", PLAIN, FORWARDED))
    assert [each.name for each in found.attachments] == ["Hole in road.eml"]
    assert "From: Bo <bo@y.org>" in found.text
    assert found.text.endswith("There is a hole.")
    assert found.reply_text == "Hello"


def test_a_mail_that_is_only_a_forwarded_mail_keeps_its_words_as_the_reply() -> None:
    found = mail(FORWARDED)
    assert found.reply_text.endswith("There is a hole.")
    assert found.message_id == ""


def test_files_inside_a_forwarded_mail_can_be_opened() -> None:
    inner = b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n" + multipart(
        "mixed", PLAIN, picture("deep.png")
    )
    names = [each.name for each in mail(multipart("mixed", PLAIN, inner)).attachments]
    assert names == ["in.eml", "deep.png"]


def test_a_digest_holds_mails() -> None:
    found = mail(multipart("digest", "\r\nSubject: one\r\n\r\n1st", "\r\nSubject: two\r\n\r\n2nd"))
    assert [each.name for each in found.attachments] == ["one.eml", "two.eml"]
    assert "1st" in found.text


def test_a_signed_mail_shows_its_words_and_lists_the_signature() -> None:
    seal = "Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nxx"
    found = mail(multipart("signed", PLAIN, seal))
    assert found.text == "Hello"
    assert [each.name for each in found.attachments] == ["smime.p7s"]


def test_an_encrypted_mail_says_so() -> None:
    found = mail("Content-Type: application/pkcs7-mime; name=smime.p7m", "", "xx")
    assert "encrypted" in found.problems[0]
    assert found.attachments[0].name == "smime.p7m"


@pytest.mark.parametrize(
    ("encoding", "body", "text"),
    [
        ("base64", "SGVsbG8", "Hello"),
        ("base64", "SGVs bG8=\r\n!!", "Hello"),
        ("base64", "SGVs\r\nbG8=SGVsbG8=", "HelloHello"),
        ("BASE64 ", "SGVsbG8=", "Hello"),
        ("quoted-printable", "H=65llo=\r\n you", "Hello you"),
        ("quoted-printable", "100% =XY =", "100% =XY"),
        ("x-uuencode", "begin 644 a\r\n%2&5L;&\\\r\n`\r\nend", "Hello"),
        ("7bit", "Hello", "Hello"),
        ("binary; really", "Hello", "Hello"),
    ],
)
def test_transfer_encodings_are_undone_even_when_broken(
    encoding: str, body: str, text: str
) -> None:
    found = mail("Content-Type: text/plain", f"Content-Transfer-Encoding: {encoding}", "", body)
    assert found.text.strip() == text


def test_base64_that_breaks_off_says_so() -> None:
    found = mail("Content-Transfer-Encoding: base64", "", "SGVsbG8gd29ybGQhI")
    assert found.text == "Hello world!"
    assert "breaks off" in found.problems[0]


def test_an_unknown_transfer_encoding_says_so_and_shows_the_text_as_it_is() -> None:
    found = mail("Content-Transfer-Encoding: morse", "", "... --- ...")
    assert found.text == "... --- ..."
    assert "morse" in found.problems[0]


def test_a_mail_cut_off_keeps_what_came() -> None:
    whole = multipart("mixed", PLAIN, picture())
    found = mail(whole[: len(whole) - 40])
    assert found.text == "Hello"
    assert len(found.attachments) == 1
    assert "breaks off" in found.problems[0]


@pytest.mark.parametrize(
    "content_type", ["multipart/mixed", "multipart/mixed; boundary=never", "multipart/mixed; b=x"]
)
def test_a_multipart_without_its_boundary_is_shown_as_text(content_type: str) -> None:
    found = mail(f"Content-Type: {content_type}", "", "Only words")
    assert found.text == "Only words"
    assert "boundary" in found.problems[0]


def test_a_boundary_that_begins_like_another_is_not_mixed_up() -> None:
    inner = f"Content-Type: multipart/alternative; boundary=ab\r\n\r\n--ab\r\n{PLAIN}\r\n--ab--"
    found = mail("Content-Type: multipart/mixed; boundary=a", "", "--a", inner, "--a--")
    assert found.text == "Hello"


def test_lines_may_end_in_lf_or_in_cr_alone() -> None:
    source = b"From: a@b.org\r\nSubject: s\r\n" + multipart("mixed", PLAIN, HTML)
    expected = parse_mail(source, external_id="1")
    assert parse_mail(source.replace(b"\r\n", b"\n"), external_id="1") == expected
    assert parse_mail(source.replace(b"\r\n", b"\r"), external_id="1") == expected


def test_a_mailbox_separator_line_before_the_headers_is_skipped() -> None:
    assert mail("Subject: s", "", "x", sender="From ann Sat Nov 21 2026").subject == "s"


def test_a_line_that_is_no_header_begins_the_body() -> None:
    found = mail("Subject: s", "this is no header", "more")
    assert (found.subject, found.text) == ("s", "this is no header\nmore")
    assert found.problems


def test_text_without_any_header_is_shown() -> None:
    assert parse_mail(b"just words\nand more", external_id="1").text == "just words\nand more"


def test_an_invalid_content_type_counts_as_plain_text() -> None:
    assert mail("Content-Type: text", "", "Hi").text == "Hi"
    assert mail("Content-Type: ;;;", "", "Hi").text == "Hi"
    assert mail("Content-Type: a/b/c", "", "Hi").text == "Hi"


def test_no_string_holds_what_a_database_refuses() -> None:
    found = mail(
        b"Subject: =?utf-8?q?a=00b?=\xff",
        "Content-Type: text/plain; charset=utf-7",
        "",
        b"a\x00b +2AA-",
        sender='From: "A\x00" <a@b.org>',
    )
    for each in (found.subject, found.text, found.sender.name):
        assert "\0" not in each
        each.encode()


def test_a_text_too_long_to_show_is_attached_whole() -> None:
    found = mail("", "word " * 200_000)
    assert len(found.text) == 500_000
    assert len(found.attachments[0].content) == 1_000_000
    assert "very long" in found.problems[0]


def test_more_parts_than_are_opened_keeps_the_whole_mail() -> None:
    found = mail(multipart("mixed", *[PLAIN] * 1500))
    assert found.attachments[-1].name == "whole-mail.eml"
    assert "1000 parts" in found.problems[0]
