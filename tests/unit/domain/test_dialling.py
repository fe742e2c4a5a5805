"""Numbers are found where people write them, and those who must not be phoned are known."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crm_desktop.domain import dialling
from crm_desktop.domain.views import AdjustmentView, CustomerView

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def _customer(*needs: str, prefers: str = "") -> CustomerView:
    adjustments = tuple(AdjustmentView(each, NOW, None) for each in needs)
    return CustomerView(1, "person", "Ada", NOW, prefers, (), (), adjustments, (), 0, 0, ())


def test_numbers_are_found_in_what_is_written_and_dates_and_references_are_not() -> None:
    text = "Ring 01632 960123 or +44 7700 900123 (ref 2026-11-27, C-8F3-T9K-4, NR13 6AB), 0800 1111"

    found = [each.norm for each in dialling.numbers_in(text)]

    assert found == ["+441632960123", "+447700900123", "+448001111"]
    assert dialling.number_at(text, text.index("960")) == dialling.numbers_in(text)[0]
    assert dialling.number_at(text, text.index("2026")) is None


@pytest.mark.parametrize(
    ("typed", "dialled"),
    [
        ("01632 960 123", "+441632960123"),
        ("(01632) 960123", "+441632960123"),
        ("0033 1 23 45 67 89", "+33123456789"),
        ("2001", "2001"),
        ("Margaret", ""),
        ("", ""),
        ("7" * 300, ""),
    ],
)
def test_what_is_typed_is_dialled_as_a_number_or_not_at_all(typed: str, dialled: str) -> None:
    assert dialling.dialable(typed) == dialled


def test_numbers_are_read_out_as_people_write_them() -> None:
    assert dialling.shown("+441632960123") == "01632 960123"
    assert dialling.shown("+33123456789") == "+33 1 23 45 67 89"
    assert dialling.shown("2001") == "2001"


@pytest.mark.parametrize(
    ("words", "warned"),
    [
        ("Never telephone: the telephone causes panic attacks.", True),
        ("Please do not call her at home", True),
        ("Don’t ring before noon", True),
        ("No phone calls", True),
        ("Not by telephone", True),
        ("never leave a voicemail", False),
        ("Dyslexia: short sentences, call to go through long letters.", False),
    ],
)
def test_who_is_never_to_be_phoned_is_known_by_the_words(words: str, warned: bool) -> None:
    assert bool(dialling.never_phone(_customer("Large print", words))) is warned
    assert dialling.never_phone(None) == ""
