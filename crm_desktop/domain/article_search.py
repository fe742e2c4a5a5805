"""How articles are searched: what is looked for, what fits best, and what is shown of it.

One ranking for articles in the database, which finds candidates by its indexes, and for those
kept on a computer (`Shelf`), which looks at each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

from crm_desktop.domain.highlight import highlighted, plain
from crm_desktop.domain.matching import is_filler
from crm_desktop.domain.spelling import Wanted, corrected, errors_allowed, same_family
from crm_desktop.domain.text import excerpt, tokens
from crm_desktop.domain.views import ArticleHit, ArticleView

_MOST_WORDS = 8
_LONGEST_WORD = 40
_SHORTEST_PREFIX = 2
_LONGEST_TEXT = 200
#: What was found is ranked again by where the words stand, alike wherever articles are kept.
_TITLE, _KEYWORD, OWN_SERVICE, RANK = 4.0, 2.0, 3.0, 1.5
_FAMILY_LETTERS = 3


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that articles use, as whoever keeps them finds them.

    `alike` gives those that begin with the first letters of any of some words; `near` gives (word,
    how many articles have it) that a misspelt word may stand for, perhaps unfinished.
    """

    alike: Callable[[Sequence[str]], Iterable[str]]
    near: Callable[[str, bool], Iterable[tuple[str, int]]]


def searched(text: str) -> tuple[str, ...]:
    """The words worth searching, without fillers unless there is nothing else."""
    words = tuple(dict.fromkeys(tokens(text[:_LONGEST_TEXT])))[:_MOST_WORDS]
    return tuple(word for word in words if not is_filler(word)) or words


def wanted(words: Sequence[str], known: Vocabulary, *, unfinished: bool) -> tuple[Wanted, ...]:
    """Every word with its forms that articles use; words that nothing resembles are left out."""
    short = [word[:_LONGEST_WORD] for word in words]
    alike = tuple(known.alike(short))
    read = [
        _one(word, alike, known, unfinished=unfinished and n == len(short) - 1)
        for n, word in enumerate(short)
    ]
    return tuple(each for each in read if each is not None)


def _one(word: str, alike: Iterable[str], known: Vocabulary, *, unfinished: bool) -> Wanted | None:
    prefix = word if unfinished and len(word) >= _SHORTEST_PREFIX else ""
    forms = tuple(sorted({term for term in alike if same_family(word, term)}))
    if forms or (prefix and any(term.startswith(prefix) for term in alike)):
        return Wanted(forms, prefix)
    meant = corrected(word, known.near(word, False))
    if meant is None and prefix:
        meant = corrected(word, known.near(word, True), unfinished=True)
    if meant is None:
        return None
    family = {term for term in known.alike([meant]) if same_family(meant, term)}
    return Wanted(tuple(sorted({meant, *family})))


def score(title: str, keywords: Sequence[str], looked_for: Sequence[Wanted]) -> float:
    """How well an article's head fits: titles weigh more than keywords."""
    in_title, in_keywords = tokens(title), tokens(" ".join(keywords))
    found = 0.0
    for each in looked_for:
        if any(map(each.matches, in_title)):
            found += _TITLE
        elif any(map(each.matches, in_keywords)):
            found += _KEYWORD
    return found


def excerpt_of(summary: str, body: str, looked_for: Sequence[Wanted]) -> str:
    """The found words in the body or else the summary, in the article's own spelling."""
    marked = partial(_is_wanted, looked_for)
    said = plain(body)
    return (
        highlighted(said, marked) or highlighted(plain(summary), marked) or excerpt(summary or said)
    )


def _is_wanted(looked_for: Sequence[Wanted], word: str) -> bool:
    return any(each.matches(word) for each in looked_for)


@dataclass(frozen=True, slots=True)
class KeptArticle:
    """A whole article as it is kept on a computer; `stamp` changes whenever it does."""

    id: int
    stamp: str
    title: str
    summary: str
    body: str
    keywords: tuple[str, ...]
    service_id: int | None
    service_name: str
    url: str
    review_on: date | None
    updated_at: datetime

    def view(self) -> ArticleView:
        """As a screen reads it."""
        return ArticleView(
            self.id,
            self.title,
            self.summary,
            self.body,
            self.service_name,
            self.url,
            self.review_on,
            self.updated_at,
        )

    def hit(self, words: str, found: float) -> ArticleHit:
        """As a list shows it, with an excerpt."""
        return ArticleHit(
            self.id, self.title, self.summary, words, self.service_name, self.url, found
        )


@dataclass(frozen=True, slots=True)
class Shelf:
    """Articles that are all at hand, with their words. Immutable: `with_changes` makes another."""

    articles: Mapping[int, KeptArticle] = field(default_factory=dict)
    words: Mapping[int, frozenset[str]] = field(default_factory=dict)

    def with_changes(self, changed: Iterable[KeptArticle], gone: Iterable[int] = ()) -> Shelf:
        """The shelf with these articles put in the place of older ones, and those taken away."""
        articles, words = dict(self.articles), dict(self.words)
        for id_ in gone:
            articles.pop(id_, None)
            words.pop(id_, None)
        for each in changed:
            articles[each.id] = each
            said = f"{each.title} {' '.join(each.keywords)} {each.summary} {each.body}"
            words[each.id] = frozenset(tokens(said))
        return Shelf(articles, words)

    def browse(self, limit: int) -> tuple[ArticleHit, ...]:
        """The articles by title; their excerpt is the summary."""
        by_title = sorted(self.articles.values(), key=lambda each: (each.title, each.id))
        return tuple(each.hit(each.summary, 0.0) for each in by_title[:limit])

    def search(
        self, text: str, limit: int, service_id: int | None = None
    ) -> tuple[ArticleHit, ...]:
        """The articles that hold every word, the last of which may be unfinished; or else any."""
        words = searched(text)
        if not words:
            return ()
        how_often = Counter(word for held in self.words.values() for word in held)
        known = Vocabulary(partial(_alike, how_often), partial(_near, how_often))
        looked_for = wanted(words, known, unfinished=not text[-1:].isspace())
        found = self._holding(looked_for, all) or self._holding(looked_for, any)
        scores = {
            each.id: score(each.title, each.keywords, looked_for)
            + (OWN_SERVICE if service_id is not None and each.service_id == service_id else 0.0)
            for each in found
        }
        best = sorted(found, key=lambda each: (-scores[each.id], each.title, each.id))[:limit]
        return tuple(
            each.hit(excerpt_of(each.summary, each.body, looked_for), scores[each.id])
            for each in best
        )

    def of_service(self, service_id: int, limit: int) -> tuple[ArticleHit, ...]:
        """The articles about a service, by title."""
        own = [each for each in self.articles.values() if each.service_id == service_id]
        own.sort(key=lambda each: (each.title, each.id))
        return tuple(each.hit(each.summary, OWN_SERVICE) for each in own[:limit])

    def _holding(
        self, looked_for: Sequence[Wanted], how: Callable[[Iterable[bool]], bool]
    ) -> list[KeptArticle]:
        if not looked_for:
            return []
        return [
            self.articles[id_]
            for id_, held in self.words.items()
            if how(_holds(held, each) for each in looked_for)
        ]


def _holds(held: frozenset[str], each: Wanted) -> bool:
    if any(form in held for form in each.forms):
        return True
    return bool(each.prefix) and any(word.startswith(each.prefix) for word in held)


def _alike(how_often: Mapping[str, int], words: Sequence[str]) -> list[str]:
    beginnings = tuple({word[:_FAMILY_LETTERS] for word in words})
    return [term for term in how_often if term.startswith(beginnings)]


def _near(how_often: Mapping[str, int], word: str, unfinished: bool) -> list[tuple[str, int]]:
    """People rarely mistype the first letter; when they do, it is missing or swapped."""
    allowed = errors_allowed(word)
    if not allowed:
        return []
    letters = (word[0], word[1])
    return [
        (term, often)
        for term, often in how_often.items()
        if term.startswith(letters)
        and len(term) >= len(word) - allowed
        and (unfinished or len(term) <= len(word) + allowed)
    ]
