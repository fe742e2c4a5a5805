"""References survive being read out, typed back, misheard and quoted in a subject."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.references import (
    ALPHABET,
    CAPACITY,
    find_references,
    make_reference,
    parse_reference,
    spoken,
)

EXAMPLE = "C-8F3-T9K-4"
numbers = st.integers(0, CAPACITY - 1)


def symbols_of(reference: str) -> str:
    return reference.replace("-", "")[1:]


def test_the_example_of_the_domain_is_valid() -> None:
    assert parse_reference(EXAMPLE) == EXAMPLE


@given(numbers)
def test_every_single_wrong_symbol_is_caught(number: int) -> None:
    symbols = symbols_of(make_reference(number))

    for place, right in enumerate(symbols):
        for wrong in ALPHABET.replace(right, ""):
            assert parse_reference(symbols[:place] + wrong + symbols[place + 1 :]) is None


@given(numbers)
def test_every_swap_of_neighbours_is_caught(number: int) -> None:
    symbols = symbols_of(make_reference(number))

    for place in range(6):
        left, right = symbols[place], symbols[place + 1]
        swapped = symbols[:place] + right + left + symbols[place + 2 :]
        assert left == right or parse_reference(swapped) is None


def test_swaps_of_any_two_symbols_at_any_place_are_caught() -> None:
    """Exhaustive: the code is linear, so zeros elsewhere prove it for every reference."""
    for place in range(6):
        for left in ALPHABET:
            for right in ALPHABET.replace(left, ""):
                valid = _completed(place, left, right)
                if valid is None:
                    continue
                swapped = valid[:place] + right + left + valid[place + 2 :]
                assert parse_reference(swapped) is None


def _completed(place: int, left: str, right: str) -> str | None:
    """A valid seven symbols with these two neighbours: another place takes up the slack."""
    spare = 0 if place > 0 else 5
    for filler in ALPHABET:
        symbols = ["0"] * 7
        symbols[spare], symbols[place], symbols[place + 1] = filler, left, right
        if parse_reference("".join(symbols)):
            return "".join(symbols)
    raise AssertionError("every place can take up the slack")


@given(numbers, numbers)
def test_no_two_numbers_share_a_reference(one: int, other: int) -> None:
    assert (make_reference(one) == make_reference(other)) == (one == other)


def test_a_long_run_of_cases_has_distinct_references() -> None:
    run = {make_reference(number) for number in range(50_000)}

    assert len(run) == 50_000


def test_cases_opened_one_after_another_look_nothing_alike() -> None:
    alike = [
        sum(
            a == b
            for a, b in zip(make_reference(n), make_reference(n + 1), strict=True)
            if a not in "C-"
        )
        for n in range(2_000)
    ]

    assert sum(alike) / len(alike) < 0.5


@given(numbers)
def test_a_reference_is_read_back_as_it_was_written(number: int) -> None:
    reference = make_reference(number)

    assert parse_reference(reference) == reference
    assert find_references(f"Re: [{reference}] bins") == (reference,)


@pytest.mark.parametrize(
    "typed",
    ["c-8f3-t9k-4", "C8F3T9K4", " 8f3 t9k 4 ", "C 8F3 T9K 4", "C–8F3–T9K–4", "8F3T9K4"],
)
def test_what_people_type_is_understood(typed: str) -> None:
    assert parse_reference(typed) == EXAMPLE


def test_letters_that_look_like_digits_are_digits() -> None:
    reference = next(r for r in map(make_reference, range(999)) if "0" in r and "1" in r)

    assert parse_reference(reference.replace("0", "o").replace("1", "l")) == reference
    assert parse_reference(reference.replace("0", "O").replace("1", "i")) == reference


@pytest.mark.parametrize("text", ["", "C", "U" * 7, "C-8F3-T9K", "C-8F3-T9K-44", "Kſ", "８" * 7])
def test_what_is_no_reference_is_none(text: str) -> None:
    assert parse_reference(text) is None


def test_references_are_found_in_running_text_each_once() -> None:
    other = make_reference(7)
    text = f"See [C-8F3-T9K-4], c8f3t9k4 and {other.lower()}."

    assert find_references(text) == (EXAMPLE, other)


def test_a_wrong_check_symbol_is_not_found() -> None:
    assert find_references("RE: C-8F3-T9K-5 and xC-8F3-T9K-4 and C-8F3-T9K-4x") == ()


def test_ordinary_words_are_not_references() -> None:
    assert find_references("complete " * 3 + "children contacts collects") == ()


@given(st.text())
def test_no_text_makes_the_search_fail(text: str) -> None:
    found = find_references(text)

    assert all(parse_reference(each) == each for each in found)
    parse_reference(text)


@pytest.mark.parametrize("number", [-1, CAPACITY])
def test_numbers_beyond_the_capacity_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="no reference"):
        make_reference(number)


def test_a_reference_is_read_aloud() -> None:
    assert spoken(EXAMPLE) == "Charlie, 8 Foxtrot 3, Tango 9 Kilo, 4"
