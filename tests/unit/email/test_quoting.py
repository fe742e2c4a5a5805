"""What the customer wrote this time, apart from what was quoted and signed."""

from __future__ import annotations

import pytest

from crm_desktop.channels.email.quoting import reply_text

QUOTE = "> Dear Ann,\n> your bin comes on Friday."


@pytest.mark.parametrize(
    "history",
    [
        f"On Mon, 16 Nov 2026 at 10:00, Desk <desk@council.test> wrote:\n\n{QUOTE}",
        f"On Mon, 16 Nov 2026 at 10:00, Desk\n<desk@council.test> wrote:\n{QUOTE}",
        "On Monday Desk wrote:\n\nDear Ann,\nyour bin comes on Friday.",
        f"Ar Llun, 16 Tach 2026 am 10:00, Desg <desk@council.test> ysgrifennodd:\n{QUOTE}",
        f"Am 16.11.2026 um 10:00 schrieb Desk:\n{QUOTE}",
        f"Le 16 nov. 2026 à 10:00, Desk a écrit :\n{QUOTE}",
        f"El lun, 16 nov 2026, Desk escribió:\n{QUOTE}",
        f"Il giorno lun 16 nov 2026 Desk ha scritto:\n{QUOTE}",
        f"W dniu 16.11.2026 o 10:00, Desk pisze:\n{QUOTE}",
        f"pon., 16 lis 2026 Desk <desk@council.test> wrote:\n{QUOTE}",
        f"Pe 16 nov. 2026, Desk a scris:\n{QUOTE}",
        "From: Desk <desk@council.test>\nSent: 16 Nov 2026\nTo: Ann\nSubject: Bin\n\nDear Ann",
        "________________________________\nFrom: Desk\nSent: Monday\nTo: Ann\nSubject: Bin\n\nDear",
        "Oddi wrth: Desg\nAnfonwyd: 16 Tachwedd\nAt: Ann\nPwnc: Bin\n\nAnnwyl Ann",
        "Von: Desk\nGesendet: Montag\nAn: Ann\nBetreff: Tonne\n\nHallo",
        "*From:* Desk\n*Sent:* Monday\n*To:* Ann\n*Subject:* Bin\n\nDear",
        "-----Original Message-----\nDear Ann",
        "-----Neges Wreiddiol-----\nAnnwyl Ann",
        "---------- Forwarded message ----------\nFrom: x",
        "Begin forwarded message:\n\nDear",
        QUOTE,
    ],
)
@pytest.mark.parametrize("signature", ["", "\n\n-- \nAnn Lee\n1 High Street"])
def test_history_is_folded_away(history: str, signature: str) -> None:
    assert (
        reply_text(f"It did not come.\n\nAnn{signature}\n\n{history}") == "It did not come.\n\nAnn"
    )


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nAnn Lee",
        "--\nAnn Lee",
        "Sent from my iPhone",
        "Sent from Outlook for iOS",
        "Get Outlook for Android",
        "Anfonwyd o fy iPhone",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
    ],
)
def test_signatures_are_folded_away(signature: str) -> None:
    assert reply_text(f"It came.\n\n{signature}") == "It came."


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for your mail.\nI have a question.",
        "Best regards to your crew!\nThey did well.",
        "From: my house to yours is a mile.",
        "On the day the crew wrote:",
        "- first\n- second",
        "I read what you wrote: it is wrong.",
        "5 > 3 and so on",
    ],
)
def test_ordinary_words_are_not_taken_for_history(text: str) -> None:
    assert reply_text(text) == text


def test_answers_between_the_quotes_are_kept_with_them() -> None:
    text = "On Monday Desk wrote:\n> Which day?\nFriday.\n> Which street?\nHigh Street."
    assert reply_text(text) == text


def test_an_answer_below_the_quote_is_found() -> None:
    assert reply_text(f"On Monday Desk wrote:\n{QUOTE}\n\nIt did not come.") == "It did not come."


def test_when_nothing_would_remain_all_is_shown() -> None:
    assert reply_text(QUOTE) == QUOTE
    assert reply_text("-- \nAnn Lee") == "-- \nAnn Lee"
    assert reply_text("") == ""


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 200_000,
        " \n" * 200_000,
        "_" * 200_000,
        "On a " * 50_000,
        "On Monday x wrote:\n" * 20_000,
        "From: x\n" * 20_000,
        "> " * 100_000,
        "sent from my " * 20_000,
    ],
    ids=range(8),
)
def test_long_texts_take_no_longer_than_their_length(text: str) -> None:
    assert isinstance(reply_text(text), str)
