"""Words are compared without accents and case, and shortened between words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.text import excerpt, fold, tokens


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Siân", "sian"),
        ("ŁUCZAK", "luczak"),
        ("Ọláwálé", "olawale"),
        ("STRASSE Straße", "strasse strasse"),
        ("ﬁnance", "finance"),
        ("O’Brien", "o’brien"),
    ],
)
def test_accents_and_case_fold_away(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(st.text())
def test_what_stands_beside_a_letter_does_not_change_how_it_folds(text: str) -> None:
    assert fold(f"Plain ASCII {text} É") == f"plain ascii {fold(text)} e"


@given(st.text())
def test_folding_twice_changes_nothing_for_words(text: str) -> None:
    assert tokens(" ".join(tokens(text))) == tokens(text)


def test_tokens_are_words_and_numbers() -> None:
    assert tokens("Didn't O’Neil's bin_store, NR13 6AB?") == (
        "didnt", "oneils", "bin", "store", "nr13", "6ab",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("Short.", 20, "Short."),
        ("  two\n\n lines ", 20, "two lines"),
        ("The bin was not emptied again", 20, "The bin was not…"),
        ("x" * 50, 10, "x" * 9 + "…"),
        ("", 10, ""),
    ],
)
def test_an_excerpt_ends_between_words(text: str, limit: int, short: str) -> None:
    assert excerpt(text, limit) == short


@given(st.text(), st.integers(10, 80))
def test_an_excerpt_is_never_longer_than_its_limit(text: str, limit: int) -> None:
    assert len(excerpt(text, limit)) <= limit
    assert "\n" not in excerpt(text, limit)
