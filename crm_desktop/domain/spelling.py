"""Words as people mistype them, and the forms that a word takes, found in a vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crm_desktop.domain.matching import stem_of

_SHORTEST = 4  # letters; shorter words have too many neighbours
_TWO_ERRORS_FROM = 7
_LONG_STEM = 5
_MOST_ALIKE = 64
_LONGEST_ENDING = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """One word of a search: any of `forms`, or anything that begins with `prefix`."""

    forms: tuple[str, ...]
    prefix: str = ""

    def matches(self, word: str) -> bool:
        """Whether a folded word is one that is looked for."""
        return word in self.forms or bool(self.prefix and word.startswith(self.prefix))


def errors_allowed(word: str) -> int:
    """How many wrong letters are forgiven in a word of this length."""
    if len(word) < _SHORTEST or not word.isalpha():
        return 0
    return 2 if len(word) >= _TWO_ERRORS_FROM else 1


def same_family(word: str, other: str) -> bool:
    """Whether two words are forms of one: bin and bins, collect and collection."""
    first, second = sorted((stem_of(word), stem_of(other)), key=len)
    return first == second or (
        len(first) >= _LONG_STEM
        and second.startswith(first)
        and len(second) - len(first) <= _LONGEST_ENDING
    )


def corrected(
    word: str, vocabulary: Iterable[tuple[str, int]], *, unfinished: bool = False
) -> str | None:
    """The likeliest word of a vocabulary of (word, how often), None when none is near.

    An `unfinished` word is compared with the beginnings of words.
    """
    limit = errors_allowed(word)
    letters = set(word)
    best: tuple[int, int, str] | None = None
    for term, often in vocabulary:
        # A cheap look first: a wrong letter changes the set of letters by two at most.
        missing = letters - set(term)
        if len(missing) > limit or not (unfinished or len(set(term) - letters) <= limit):
            continue
        away = distance(word, term, of_prefix=unfinished)
        found = (away, -often, term)
        if away <= limit and (best is None or found < best):
            best = found
    return best[2] if best else None


def alike(word: str, vocabulary: Iterable[str], *, unfinished: bool = False) -> tuple[str, ...]:
    """All words of a vocabulary that are nearest to one that may be misspelt.

    Of three letters only their order is forgiven: any other three are too near.
    """
    limit = errors_allowed(word)
    letters, best = set(word), limit
    found: list[str] = []
    for term in vocabulary:
        if len(letters - set(term)) > best:
            continue
        away = distance(word, term, of_prefix=unfinished)
        if away and len(word) == len(term) == _SHORTEST - 1 and sorted(word) == sorted(term):
            away = 0
        if away < best:
            best, found = away, []
        if away <= best:
            found.append(term)
    return tuple(sorted(found)[:_MOST_ALIKE])


def distance(word: str, term: str, *, of_prefix: bool = False) -> int:
    """Letters to insert, remove, replace or swap with a neighbour to turn one into the other.

    With `of_prefix` the beginning of `term` that is nearest counts.
    """
    before: list[int] = []
    row = list(range(len(term) + 1))
    for n, letter in enumerate(word, 1):
        two_before, before, row = before, row, [n]
        for m, other in enumerate(term, 1):
            cost = min(row[m - 1] + 1, before[m] + 1, before[m - 1] + (letter != other))
            swapped = n > 1 and m > 1 and letter == term[m - 2] and other == word[n - 2]
            row.append(min(cost, two_before[m - 2] + 1) if swapped else cost)
    return min(row) if of_prefix else row[-1]
