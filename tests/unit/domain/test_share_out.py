"""Work is shared evenly, to whom it belongs, and the same question has the same answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.reassigning import Candidate, Piece, share_out
from crm_desktop.domain.states import Presence

ANNA = Candidate(1, "Anna", Presence.AVAILABLE, 100, 0, 0, frozenset({1, 2}))
BEN = Candidate(2, "Ben", Presence.AVAILABLE, 100, 0, 0, frozenset({1}))
CORA = Candidate(3, "Cora", Presence.LUNCH, 100, 0, 0, frozenset({3}))
PIECES = [Piece(n, 1, 20) for n in range(1, 11)]


def test_equal_people_get_equal_piles() -> None:
    assert Counter(share_out(PIECES, [BEN, ANNA]).values()) == {1: 5, 2: 5}


def test_who_has_more_gets_less() -> None:
    busy = replace(ANNA, load=100, contacts=5)

    assert Counter(share_out(PIECES, [busy, BEN]).values()) == {1: 3, 2: 7}


def test_who_can_do_half_gets_a_third() -> None:
    half = replace(ANNA, capacity=50)

    assert Counter(share_out(PIECES[:9], [half, BEN]).values()) == {1: 3, 2: 6}


def test_members_of_its_queue_come_first_and_all_when_nobody_is() -> None:
    pieces = [Piece(1, 3, 20), Piece(2, 3, 20), Piece(3, 9, 20), Piece(4, 9, 20)]

    given_out = share_out(pieces, [ANNA, CORA])

    assert (given_out[1], given_out[2]) == (3, 3)
    assert (given_out[3], given_out[4]) == (1, 1)


@given(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from([20, 33, 100])), max_size=40),
    st.permutations([ANNA, BEN, CORA]),
)
def test_the_same_question_has_the_same_answer_and_nothing_is_left(
    work: list[tuple[int, int]], people: list[Candidate]
) -> None:
    pieces = [Piece(n, queue, weight) for n, (queue, weight) in enumerate(work)]

    given_out = share_out(pieces, people)

    assert given_out == share_out(pieces, [ANNA, BEN, CORA])
    assert set(given_out) == {each.contact_id for each in pieces}
