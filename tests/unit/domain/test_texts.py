"""To whom texts go, and what they say: no name, nothing of a service, and no more than fits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crm_desktop.domain.texts import TextFacts, TextKind, mobile, words

SITE = {"en": "Guildhall", "cy": "Neuadd y Dref"}


@pytest.mark.parametrize(
    ("text", "norm"),
    [
        ("07700 900 982", "+447700900982"),
        ("+44 (0)7911 123456", "+447911123456"),
        ("07911123456", "+447911123456"),
        ("01632 960123", None),
        ("0800 1111", None),
        ("09012 345678", None),
        ("07077 123456", None),
        ("+33 6 12 34 56 78", None),
        ("07911 123456 ext 5", None),
        ("", None),
        ("0770", None),
        ("0" * 16, None),
        ("07700 90098x", None),
        ("٠٧٧٠٠٩٠٠٩٨٢", None),
    ],
)
def test_texts_go_to_mobiles_of_this_country_alone(text: str, norm: str | None) -> None:
    assert mobile(text) == norm


_FOUR = "You are H014 at Guildhall. 4 people are before you, about 20 min. "
_AGAIN = "We will text you again when it is nearly your turn."
_PUMP = "Eich tocyn yw H014 yn Neuadd y Dref. Mae 5 o bobl o’ch blaen, tua 10 munud. "
_ETO = "Byddwn yn anfon neges arall pan fydd eich tro bron â dod."


@pytest.mark.parametrize(
    ("before", "wait", "language", "said"),
    [
        (
            4, 1190, "en",
            _FOUR + _AGAIN,
        ),
        (
            1, None, "en",
            "You are H014 at Guildhall. 1 person is before you. Please stay in the waiting area.",
        ),
        (0, 0, "en", "You are H014 at Guildhall. You are next. Please stay in the waiting area."),
        (
            5, 600, "cy",
            _PUMP + _ETO,
        ),
    ],
)  # fmt: skip
def test_a_ticket_says_how_long_it_takes(
    before: int, wait: int | None, language: str, said: str
) -> None:
    facts = TextFacts(
        TextKind.TICKET, language, SITE[language], "H014", before=before, wait_seconds=wait
    )

    assert words(facts) == said


@pytest.mark.parametrize("language", ["en", "cy", "pl"])
def test_every_text_fits_two_and_says_where(language: str) -> None:
    for kind in TextKind:
        facts = TextFacts(
            kind, language, "Neuadd y Dref Abertawe", "H014", 12, 3_000, "Desg 12",
            datetime(2026, 12, 4, 10, 30, tzinfo=UTC), "A-8F3-T9K-4",
        )  # fmt: skip
        said = words(facts)
        assert len(said) <= 200
        assert "Neuadd y Dref Abertawe" in said
        assert "{" not in said


def test_an_appointment_says_its_own_time_by_the_clock_here() -> None:
    at = datetime(2026, 7, 3, 9, 30, tzinfo=UTC)
    ticket = TextFacts(TextKind.TICKET, "en", "Guildhall", "B003", before=3, at=at)
    reminder = TextFacts(TextKind.REMINDER, "en", "Guildhall", at=at, reference="A-8F3-T9K-4")

    assert "Your appointment is at 10:30." in words(ticket)
    assert "before you" not in words(ticket)
    assert "3/7/2026 at 10:30, Guildhall" in words(reminder)
    assert "A-8F3-T9K-4" in words(reminder)
