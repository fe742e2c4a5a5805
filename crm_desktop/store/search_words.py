"""What is looked for in an index of words, as each dialect writes it, and names as people mistype
them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from crm_desktop.domain.spelling import Wanted, alike, errors_allowed

_MOST_MISSPELT = 4  # words; no name is longer, and what is longer is none

#: The words of names that begin with one of these letters and are at least, and at most, so long.
NameWords = Callable[[tuple[str, ...], int, int], Iterable[str]]


def expression(wanted: Sequence[Wanted], *, sqlite: bool, every: bool = True) -> str:
    """A query of FTS5 or a tsquery for all of these, or for any; empty for nothing.

    Words are letters and digits only (domain.text), so that quoting cannot be left.
    """
    either, both = (" OR ", " AND ") if sqlite else (" | ", " & ")
    return (both if every else either).join(_one(each, sqlite=sqlite) for each in wanted)


def _one(wanted: Wanted, *, sqlite: bool) -> str:
    quote, prefix, either = ('"', "*", " OR ") if sqlite else ("'", ":*", " | ")
    forms = [f"{quote}{form}{quote}" for form in wanted.forms]
    if wanted.prefix:
        forms.append(f"{quote}{wanted.prefix}{quote}{prefix}")
    return f"({either.join(forms)})"


def as_typed(words: Sequence[str]) -> tuple[Wanted, ...]:
    """These words, the last of which may be unfinished."""
    if not words:
        return ()
    *whole, last = words
    return (*(Wanted((word,)) for word in whole), Wanted((), last))


def as_meant(words: Sequence[str], names: NameWords) -> tuple[Wanted, ...]:
    """The nearest words that names have; nothing when one of these resembles none."""
    if not words or len(words) > _MOST_MISSPELT or not all(map(str.isalpha, words)):
        return ()
    found: list[Wanted] = []
    for n, word in enumerate(words, 1):
        unfinished = n == len(words)
        wrong = errors_allowed(word)
        longest = 2 * len(word) + _MOST_MISSPELT if unfinished else len(word) + wrong
        known = tuple(names(tuple(sorted(set(word[:2]))), len(word) - wrong, longest))
        if unfinished and any(each.startswith(word) for each in known):
            found.append(Wanted((), word))
        elif near := alike(word, known, unfinished=unfinished):
            found.append(Wanted(near))
        else:
            return ()
    return tuple(found)
