"""Misspelt words find what was meant, and only that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.spelling import Wanted, corrected, distance, errors_allowed, same_family

VOCABULARY = (
    ("council", 40),
    ("counsel", 2),
    ("recycling", 12),
    ("receive", 3),
    ("collection", 9),
    ("bin", 30),
    ("bins", 30),
    ("parking", 8),
)
WORDS = st.text("abcdé", max_size=8)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("concil", "council"),
        ("cuoncil", "council"),
        ("recyling", "recycling"),
        ("recieve", "receive"),
        ("colection", "collection"),
        ("prking", "parking"),
        ("bni", None),
        ("margaret", None),
        ("2026", None),
        ("x", None),
    ],
)
def test_the_nearest_common_word_is_meant(word: str, meant: str | None) -> None:
    assert corrected(word, VOCABULARY) == meant


def test_an_unfinished_word_is_compared_with_beginnings() -> None:
    assert corrected("recyli", VOCABULARY) is None
    assert corrected("recyli", VOCABULARY, unfinished=True) == "recycling"


def test_of_equally_near_words_the_common_one_is_meant() -> None:
    assert corrected("counscl", VOCABULARY) == "counsel"
    assert corrected("counil", (("counil1", 1), ("council", 9), ("counts", 1))) == "council"


@given(WORDS, WORDS)
def test_distance_is_the_same_both_ways_and_nothing_only_for_equals(word: str, other: str) -> None:
    away = distance(word, other)

    assert away == distance(other, word)
    assert (away == 0) == (word == other)
    assert away <= max(len(word), len(other))
    assert distance(word, other + "zzz", of_prefix=True) <= away


def test_a_swap_of_neighbours_is_one_error() -> None:
    assert distance("cuoncil", "council") == 1


@pytest.mark.parametrize(
    ("word", "other", "same"),
    [
        ("bin", "bins", True),
        ("recycle", "recycling", True),
        ("collect", "collection", True),
        ("council", "councillor", True),
        ("apply", "applies", True),
        ("bin", "binary", False),
        ("park", "parka", False),
        ("tax", "taxi", False),
    ],
)
def test_forms_of_one_word_are_a_family(word: str, other: str, same: bool) -> None:
    assert same_family(word, other) is same
    assert same_family(other, word) is same


def test_longer_words_forgive_more() -> None:
    assert [errors_allowed(word) for word in ("bin", "bins", "recycling", "nr13px")] == [0, 1, 2, 0]


def test_a_wanted_word_matches_its_forms_and_its_beginning() -> None:
    wanted = Wanted(("bin", "bins"), "recyc")

    assert [wanted.matches(word) for word in ("bins", "recycling", "binary", "re")] == [
        True,
        True,
        False,
        False,
    ]
