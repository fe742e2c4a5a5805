"""What is said in public tells nothing that only the customer's record knows."""

from __future__ import annotations

import pytest

from crm_desktop.domain.public_words import Record, told

RECORD = Record(
    name="Mrs Siân O'Brien",
    emails=("sian@example.org",),
    phones=("+441632960123",),
    accounts=("70-12345-6",),
    addresses=(("Flat 2, 14 Elm Road\nNorbridge", "NR13 6AB"),),
    services=("Housing Benefit claim",),
    answers=("1980-05-04", "recycling", "The gate code is 4412, beside the shed", "yes", "GB29 X"),
    notes=("Needs large print because of her eyes",),
)


def _told(text: str, *, shown: tuple[str, ...] = ("Shaz", "shaz.example"), said: str = "") -> int:
    return len(told(text, RECORD, shown=shown, said=said))


@pytest.mark.parametrize(
    "text",
    [
        "Dear O’Brien",
        "Thank you, SIAN",
        "We write to sian@example.org",
        "We call 01632 960 123",
        "We call (01632) 960123 then",
        "Account 70123456",
        "We come to 14 elm road",
        "We come to Elm Road",
        "nr136ab is on Tuesday's round",
        "Is it Flat 2?",
        "Your Housing Benefit claim is late",
        "Born on 4 May 1980?",
        "Born on the 4th May?",
        "Born 04/05/1980?",
        "Born 4.5.80?",
        "The GATE code is 4412",
        "Your recycling comes later",
        "We send large print because of her eyes",
        "Your number is GB29X",
        "C-8F3-T9K-4 it is",
        "E\u200blm Ro\u00adad",
    ],
)
def test_what_only_the_record_knows_is_found(text: str) -> None:
    assert _told(text) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "We are sorry, Shaz. We come tomorrow before noon, yes.",
        "Norbridge has a new round from Monday. Mrs May said so.",
        "Call us on 01632 960 999 or write to us.",
        "The road is closed until 4 June.",
        "The code of conduct is on our page.",
        "We are a large council; print the page if you like.",
    ],
)
def test_what_anybody_may_know_is_not(text: str) -> None:
    assert _told(text) == 0


def test_what_was_said_in_public_is_known_already() -> None:
    said = "I am Sian O'Brien of 14 Elm Road NR13 6AB, where is my recycling? C-8F3-T9K-4"
    text = "Dear Sian O'Brien, 14 Elm Road (NR13 6AB): recycling comes today, C-8F3-T9K-4"
    assert _told(text) == 6
    assert _told(text, said=said) == 0


def test_a_display_name_is_theirs_to_show() -> None:
    assert _told("Dear Siân", shown=("Sian O.", "sian.example")) == 0


def test_an_empty_record_tells_nothing() -> None:
    assert told("Dear Margaret, 14 Elm Road", Record(), shown=(), said="") == ()


def test_each_thing_is_told_once() -> None:
    assert _told("Elm Road, Elm Road, ELM ROAD") == 1
