"""Nothing of another customer leaves unseen, and the customer's own data stops nothing."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import replace

import pytest

from crm_desktop.domain.leak_check import (
    Allowed,
    Finding,
    Known,
    Outgoing,
    OutgoingFile,
    candidates,
    check,
)
from crm_desktop.domain.leak_text import Candidate, FindingKind, name_key
from crm_desktop.domain.references import make_reference

ANN, BOB = 1, 2
OURS, THEIRS, NOBODYS = make_reference(1), make_reference(2), make_reference(3)
LETTERS_ONLY = next(
    each
    for each in map(make_reference, itertools.count(4))
    if not any(symbol.isdigit() for symbol in each)
)
LOGO = hashlib.sha256(b"logo").hexdigest()
OTHER_PICTURE = hashlib.sha256(b"a screenshot of Bob's record").hexdigest()


def ids(*customers: int) -> frozenset[int]:
    """Owners of one thing."""
    return frozenset(customers)


KNOWN = Known(
    emails={
        "ann@example.org": ids(ANN),
        "bob@example.org": ids(BOB),
        "home@example.org": ids(ANN, BOB),
    },
    phones={"+441632960001": ids(ANN), "+441632960002": ids(BOB)},
    references={OURS: ids(ANN), THEIRS: ids(BOB), NOBODYS: ids(), LETTERS_ONLY: ids(BOB)},
    names={
        "ann lee": ids(ANN),
        "robert o obrien jones": ids(BOB),
        "bob smith": ids(BOB),
        "sian ap rhys": ids(BOB),
        "jose garcia": ids(BOB),
    },
)
ALLOWED = Allowed(
    customer_ids=ids(ANN),
    emails=frozenset({"Ann@Example.org", "desk@council.test"}),
    phones=frozenset({"01632 960001"}),
    references=frozenset({OURS}),
    names=frozenset({"Mrs Ann Lee", "Dana Achebe"}),
    images=frozenset({LOGO}),
)
CLEAN = Outgoing(("ann@example.org",), "Your bin", "Dear Ann Lee,\n\nit comes on Friday.")


def looked_up(found: tuple[Candidate, ...]) -> Known:
    """What the database would answer: only what was asked for."""
    asked = {each.value for each in found}

    def part(table: object) -> dict[str, frozenset[int]]:
        assert isinstance(table, dict)
        return {key: owners for key, owners in table.items() if key in asked}

    return Known(part(KNOWN.emails), part(KNOWN.phones), part(KNOWN.references), part(KNOWN.names))


def found_in(outgoing: Outgoing, allowed: Allowed = ALLOWED) -> list[tuple[FindingKind, str]]:
    """Kind and place of every finding."""
    return [(each.kind, each.where) for each in check(outgoing, allowed, looked_up)]


def test_a_clean_message_goes() -> None:
    assert found_in(CLEAN) == []


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Ask bob@example.org about it.", FindingKind.EMAIL),
        ("Ask BOB@Example.ORG.", FindingKind.EMAIL),
        ("Ask (mailto:bob@example.org?subject=x)", FindingKind.EMAIL),
        ("See https://x.test/?to=bob@example.org&a=1", FindingKind.EMAIL),
        ("Ask b\u200bob@example.org", FindingKind.EMAIL),
        ("Ask ｂｏｂ@example.org", FindingKind.EMAIL),
        ("Ring 01632 960002.", FindingKind.PHONE),
        ("Ring (01632) 960 002!", FindingKind.PHONE),
        ("Ring +44 (0)1632 960002", FindingKind.PHONE),
        ("Ring 01632-960-002 or so", FindingKind.PHONE),
        ("Ring 01632 960001 01632 960002", FindingKind.PHONE),
        ("tel:+441632960002", FindingKind.PHONE),
        (f"Your case {THEIRS}", FindingKind.REFERENCE),
        (f"Your case {THEIRS.lower()}", FindingKind.REFERENCE),
        (f"Your case {NOBODYS}", FindingKind.REFERENCE),
        ("Dear Bob Smith,", FindingKind.NAME),
        ("DEAR BOB SMITH", FindingKind.NAME),
        ("Smith, Bob has", FindingKind.NAME),
        ("for Bob\nSmith", FindingKind.NAME),
        ("for Robert O. O'Brien-Jones", FindingKind.NAME),
        (
            THEIRS.translate({ord(each): ord(each) + 0xFEE0 for each in "0123456789"}),
            FindingKind.REFERENCE,
        ),
        ("for Bob      Smith", FindingKind.NAME),
        ("for Siân ap Rhys", FindingKind.NAME),
        ("for Sian Ap Rhys", FindingKind.NAME),
        ("for José García", FindingKind.NAME),
        ("for Jose\u0301 GARCIA", FindingKind.NAME),
    ],
)
@pytest.mark.parametrize("place", ["subject", "text", "html"])
def test_another_customers_data_in_words_is_found(
    words: str, kind: FindingKind, place: str
) -> None:
    match place:
        case "subject":
            outgoing = replace(CLEAN, subject=words)
        case "text":
            outgoing = replace(CLEAN, text=words)
        case _:
            outgoing = replace(CLEAN, html=f"<p>{words}</p>")
    assert [each[0] for each in found_in(outgoing)] == [kind]


@pytest.mark.parametrize(
    "html",
    [
        "<p>Dear <b>Bob</b> <i>Smith</i></p>",
        "<p>Dear <b>Bob</b><i>Smith</i></p>",
        "<p>Dear B<b>o</b>b Smith</p>",
        "<p>Dear &#66;ob&nbsp;Smith</p>",
        "<p>Dear Bob\n          Smith</p>",
        "<p>Dear Bob\n\n   Smith</p>",
        "<p>Dear Bob<br>Smith</p>",
        '<span style="display:none">Bob Smith</span>',
        "<!-- bob smith -->",
        '<p title="bob smith">x</p>',
        '<p data-case="bob_smith">x</p>',
        '<a href="https://x.test/bob%20smith">x</a>',
        '<img src="cid:logo" alt="bob smith">',
        "<style>/* Bob Smith */</style>",
        "<!DOCTYPE bob smith>",
        "<?bob smith?>",
    ],
)
def test_a_name_hidden_in_formatted_text_is_found(html: str) -> None:
    assert [each[0] for each in found_in(replace(CLEAN, html=html))] == [FindingKind.NAME]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("bob_smith.pdf", FindingKind.NAME),
        ("BobSmith-bill.pdf", FindingKind.NAME),
        ("smith, bob.pdf", FindingKind.NAME),
        (f"{THEIRS}.pdf", FindingKind.REFERENCE),
        (THEIRS.replace("-", "_") + ".pdf", FindingKind.REFERENCE),
        (LETTERS_ONLY.replace("-", "_") + ".pdf", FindingKind.REFERENCE),
        ("bob@example.org.pdf", FindingKind.EMAIL),
        ("call 01632960002.pdf", FindingKind.PHONE),
    ],
)
def test_another_customers_data_in_a_file_name_is_found(name: str, kind: FindingKind) -> None:
    file = OutgoingFile(name, "application/pdf", "ab")
    assert (kind, "file name") in found_in(replace(CLEAN, files=(file,)))


def test_a_signature_picture_that_is_not_the_templates_is_found() -> None:
    """A council sent one customer's data inside a signature picture."""
    page = '<p>Regards</p><img src="cid:sig">'
    swapped = OutgoingFile("signature.png", "image/png", OTHER_PICTURE, True, "sig")
    assert found_in(replace(CLEAN, html=page, files=(swapped,))) == [
        (FindingKind.IMAGE, "pictures")
    ]
    proper = replace(swapped, sha256=LOGO)
    assert found_in(replace(CLEAN, html=page, files=(proper,))) == []


def test_a_picture_shown_by_its_id_counts_as_inline_whatever_it_says() -> None:
    file = OutgoingFile("x.png", "image/png", OTHER_PICTURE, False, "sig")
    page = '<img src="CID:sig">'
    assert found_in(replace(CLEAN, html=page, files=(file,))) == [(FindingKind.IMAGE, "pictures")]


def test_a_picture_marked_inline_counts_even_when_nothing_shows_it() -> None:
    file = OutgoingFile("x.png", "image/png", OTHER_PICTURE, True, "sig")
    assert found_in(replace(CLEAN, files=(file,))) == [(FindingKind.IMAGE, "pictures")]


def test_the_id_of_a_picture_is_looked_at_as_well() -> None:
    file = OutgoingFile("x.png", "image/png", LOGO, True, "bob@example.org")
    assert found_in(replace(CLEAN, files=(file,))) == [(FindingKind.EMAIL, "file name")]


def test_an_attached_photo_is_no_inline_picture() -> None:
    file = OutgoingFile("photo.jpg", "image/jpeg", OTHER_PICTURE)
    assert found_in(replace(CLEAN, files=(file,))) == []


@pytest.mark.parametrize(
    "html",
    [
        '<img src="data:image/png;base64,AAAA">',
        '<img src="https://x.test/a.png">',
        '<td background="https://x.test/a.png">',
        "<p style=\"background: url('https://x.test/a.png')\">x</p>",
    ],
)
def test_pictures_that_do_not_come_with_the_message_are_found(html: str) -> None:
    assert (FindingKind.IMAGE, "formatted text") in found_in(replace(CLEAN, html=html))


def test_recipients_outside_the_conversation_are_found() -> None:
    outgoing = replace(CLEAN, recipients=("ANN@example.org", "bob@example.org", "rubbish"))
    assert found_in(outgoing) == [(FindingKind.RECIPIENT, "recipients")] * 2


@pytest.mark.parametrize(
    "words",
    [
        "Dear Ann Lee, dear ANN LEE",
        "ann@example.org, 01632 960001, +44 1632 960001",
        f"Your case {OURS}",
        "Yours, Dana Achebe",
        "Write to unknown@nowhere.test or ring 01632 960999",
        "The home address home@example.org is shared",
        "On 21 November 2026 at 10:30, £1,234.56, 12345678901",
    ],
)
def test_the_customers_own_and_nobodys_data_stop_nothing(words: str) -> None:
    outgoing = replace(CLEAN, subject=words, text=words, html=f"<p title='{words}'>{words}</p>")
    assert found_in(outgoing) == []


def test_an_address_that_is_none_is_never_allowed() -> None:
    allowed = replace(ALLOWED, emails=frozenset({"rubbish"}))
    outgoing = replace(CLEAN, recipients=("rubbish",))
    assert found_in(outgoing, allowed) == [(FindingKind.RECIPIENT, "recipients")]


def test_what_the_customer_wrote_may_be_quoted_back() -> None:
    said = f"my neighbour bob smith (bob@example.org, 01632 960002) has {THEIRS}"
    quoted = f"On Monday you wrote:\n> My neighbour Bob Smith\n> {said}"
    outgoing = replace(CLEAN, text=quoted, html=f"<blockquote>{quoted}</blockquote>")
    assert found_in(outgoing, replace(ALLOWED, said=said)) == []
    assert {each[0] for each in found_in(outgoing)} == {
        FindingKind.EMAIL,
        FindingKind.PHONE,
        FindingKind.REFERENCE,
        FindingKind.NAME,
    }


def test_a_name_within_the_recipients_own_longer_name_stops_nothing() -> None:
    allowed = replace(ALLOWED, names=frozenset({"Jo Bob Smith"}))
    assert found_in(replace(CLEAN, text="Dear Jo Bob Smith,"), allowed) == []
    assert found_in(replace(CLEAN, text="Dear Jo Bob Smith, and Bob Smith"), allowed) == [
        (FindingKind.NAME, "text")
    ]


def test_words_of_two_paragraphs_are_no_name() -> None:
    assert found_in(replace(CLEAN, text="Thanks, Bob\n\nSmith Street is closed")) == []
    for part in ("</p><p>", "<br><br>", "<hr>", "<p>", "</p>"):
        assert found_in(replace(CLEAN, html=f"<p>Thanks, Bob{part}Smith Street</p>")) == []


def test_small_words_in_a_row_are_no_name() -> None:
    for words in ("we bob smith around", "we Bob smith around", "we bob Smith around"):
        assert found_in(replace(CLEAN, text=words)) == []


def test_those_whom_the_customer_speaks_for_stop_nothing() -> None:
    allowed = replace(ALLOWED, customer_ids=ids(ANN, BOB))
    assert found_in(replace(CLEAN, text=f"Bob Smith, bob@example.org, {THEIRS}"), allowed) == []


def test_a_finding_says_what_it_found_on_the_screen_and_hides_it_in_logs() -> None:
    finding = Finding(FindingKind.EMAIL, "bob@example.org", "text")
    assert "bob@example.org" in finding.words
    assert "bob@example.org" not in finding.masked + repr(finding) + str(finding)
    assert all(Finding(kind, "x", "text").words for kind in FindingKind)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Mrs Ann Lee", "ann lee"),
        ("Dr. Prof. Ann  LEE", "ann lee"),
        ("Siân O'Brien-Jones", "sian obrien jones"),
        ("Mr Lee", "mr lee"),
        ("", ""),
    ],
)
def test_names_are_compared_without_titles_case_and_accents(name: str, key: str) -> None:
    assert name_key(name) == key


def test_a_name_that_the_customer_wrote_first_may_be_answered() -> None:
    outgoing = Outgoing(("ann@example.org",), "Your letter", "Thank you for naming Bob Smith.")
    allowed = Allowed(emails=frozenset({"ann@example.org"}), said="it was bob smith who called")

    assert "bob smith" not in {each.value for each in candidates(outgoing, allowed)}


def test_a_name_that_the_customer_turned_may_be_answered() -> None:
    outgoing = Outgoing(("ann@example.org",), "Your letter", "Thank you for naming Bob Smith.")
    allowed = Allowed(emails=frozenset({"ann@example.org"}), said="it was Smith, Bob who called")

    assert "bob smith" not in {each.value for each in candidates(outgoing, allowed)}


def test_words_of_a_name_that_were_said_apart_allow_nothing() -> None:
    outgoing = Outgoing(("ann@example.org",), "Your letter", "Thank you for naming Bob Smith.")
    allowed = Allowed(emails=frozenset({"ann@example.org"}), said="Smith called. Then came bob")

    assert "bob smith" in {each.value for each in candidates(outgoing, allowed)}
