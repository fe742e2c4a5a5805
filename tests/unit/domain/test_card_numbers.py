"""What looks like a payment card's number, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.card_numbers import has_card_number, masked, refuse_card_numbers
from crm_desktop.domain.errors import InvalidInput


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111\u00a01111\u00a01111\u00a01111",
        "Her card: 5555 5555 5555 4444, exp. 12/29",
        "378282246310005",
        "3782 822463 10005",
        "(4222222222222)",
        "6011 1111 1111 1117",
        "3530111333300000",
        "30569309025904",
        "2223 0031 2200 3222",
        "6759649826438453",
    ],
)
def test_a_card_s_number_is_known(text: str) -> None:
    assert has_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4111111111111112",
        "0000 0000 0000 0000",
        "01632 960 001 or +44 808 157 0192",
        "+4915112345678901",
        "C-8F3-T9K-4",
        "UPRN 100090013456",
        "12 May 2026, 10:30 to 11:45",
        "41111111111111111111111",
        "4111  1111  1111  1111",
        # The number of a telephone (IMEI), and of a moment: both pass the check.
        "490154203237518",
        "43284338866816",
        "1000000000000008",
    ],
)
def test_other_numbers_are_not(text: str) -> None:
    assert not has_card_number(text)


@given(
    st.sampled_from(["4", "51", "27", "37", "36", "35", "60", "65"]),
    st.randoms(use_true_random=False),
)
def test_of_an_issuer_s_digits_exactly_one_last_digit_makes_a_card(
    first: str, random: object
) -> None:
    length = {"37": 14, "36": 13}.get(first, 15)
    while len(first) < length:
        first += str(random.randrange(10))  # type: ignore[attr-defined]

    passing = [digit for digit in "0123456789" if has_card_number(first + digit)]

    assert len(passing) == 1


def test_the_field_is_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        refuse_card_numbers(notes="4111111111111111", subject="Bins")

    assert set(refused.value.params["fields"]) == {"notes"}  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Charge 4111 1111 1111 1111, please", "Charge •••• •••• •••• 1111, please"),
        ("4111111111111111 or 5555-5555-5555-4444", "••••••••••••1111 or ••••-••••-••••-4444"),
        ("Ring 07700 900123 about C-8F3-T9K-4", "Ring 07700 900123 about C-8F3-T9K-4"),
        ("4111 1111 1111 1112", "4111 1111 1111 1112"),
    ],
)
def test_of_what_a_customer_wrote_only_card_numbers_are_hidden(text: str, kept: str) -> None:
    assert masked(text) == kept
    assert not has_card_number(masked(text))
