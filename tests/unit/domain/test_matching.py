"""A contact's own words propose its service, and what to look up for it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.matching import ServiceWords, key_terms, propose

BINS, TAX, POTHOLES = 1, 2, 3
SERVICES = (
    ServiceWords(BINS, (("missed bin", 3), ("bin", 1), ("not emptied", 2), ("recycling", 1))),
    ServiceWords(TAX, (("council tax", 3), ("direct debit", 1), ("moved house", 1))),
    ServiceWords(POTHOLES, (("pothole", 3), ("road", 1))),
)


def test_the_heaviest_words_win() -> None:
    assert propose(SERVICES, "My brown bins were NOT emptied on Oak Road") == BINS
    assert propose(SERVICES, "We’ve moved house, please change our Council Tax") == TAX


def test_endings_do_not_matter() -> None:
    assert propose(SERVICES, "Two enormous potholes!") == POTHOLES


def test_a_phrase_must_stand_together() -> None:
    assert propose(SERVICES, "I missed the bus; the council and its tax") is None


def test_keywords_that_differ_in_their_ending_only_count_once() -> None:
    twice = ServiceWords(9, (("road", 1.5), ("roads", 1.0)))

    assert propose((twice,), "Three roads and a road") is None


def test_too_little_proposes_nothing() -> None:
    assert propose(SERVICES, "the road") is None
    assert propose(SERVICES, "") is None
    assert propose((), "missed bin") is None


def test_an_even_match_proposes_nothing() -> None:
    assert propose(SERVICES, "council tax and a pothole") is None


@given(st.text())
def test_no_text_makes_a_proposal_fail(text: str) -> None:
    assert propose(SERVICES, text) in (None, BINS, TAX, POTHOLES)
    assert len(key_terms(text)) <= 12


def test_key_terms_leave_out_small_talk() -> None:
    text = "Dear Sir, thank you for your email. I would like a blue badge for my mother."

    assert key_terms(text) == ("blue", "badge", "mother")


def test_the_councils_own_words_come_first() -> None:
    text = "Margaret next door says the wheelie bin, the wheelie bin! Regards"

    assert key_terms(text, limit=2) == ("wheelie", "bin")


def test_a_term_appears_once_whatever_its_ending() -> None:
    assert key_terms("bins bin BIN binned") == ("bins",)
