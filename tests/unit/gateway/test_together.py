"""Work shared by those who wait for it: everybody's own answer, and nobody else's trouble."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from crm_desktop.gateway.together import Together

THREADS, TURNS = 8, 40


class Work:
    """Doubles numbers, several at a time; a negative one spoils its whole batch."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, ...]] = []
        self.kept: list[int] = []

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        """Keep all of them or none."""
        self.batches.append(tuple(numbers))
        for each in numbers:
            if each < 0:
                raise ValueError(each)
        self.kept.extend(numbers)
        return [2 * each for each in numbers]


def _all_at_once(together: Together[int, int], numbers: range) -> list[int | str]:
    """What each thread was answered, or told of its trouble."""
    begin = Barrier(THREADS)

    def one(thread: int) -> list[int | str]:
        begin.wait(30)
        answers: list[int | str] = []
        for number in numbers[thread::THREADS]:
            try:
                answers.append(together.do(number))
            except ValueError as error:
                answers.append(f"refused {error}")
        return answers

    with ThreadPoolExecutor(THREADS) as pool:
        return [each for answers in pool.map(one, range(THREADS)) for each in answers]


def test_everybody_gets_the_answer_to_what_they_asked_once() -> None:
    work = Work()
    numbers = range(THREADS * TURNS)

    answers = _all_at_once(Together(work, most=3), numbers)

    assert sorted(map(int, answers)) == [2 * each for each in numbers]
    assert sorted(work.kept) == list(numbers)
    assert max(map(len, work.batches)) <= 3


def test_what_fails_is_told_to_whoever_brought_it_and_costs_the_others_nothing() -> None:
    work = Work()
    numbers = range(-THREADS, THREADS * TURNS)

    answers = _all_at_once(Together(work, most=5), numbers)

    refused = [each for each in answers if isinstance(each, str)]
    assert sorted(refused) == sorted(f"refused {each}" for each in range(-THREADS, 0))
    assert sorted(work.kept) == list(range(THREADS * TURNS))


def test_who_comes_alone_is_done_alone_and_tried_once() -> None:
    work = Work()
    together = Together(work, most=5)

    assert together.do(1) == 2
    with pytest.raises(ValueError, match="-7"):
        together.do(-7)
    assert together.do(3) == 6
    assert work.batches == [(1,), (-7,), (3,)]
