"""What is searched for in a centre that is measured: every kind of text that people type."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import combinations

from sqlalchemy import select

from crm_desktop.domain.text import indexed_words
from crm_desktop.services import Database
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Case, Contact, Customer, Identifier
from tests.benchmarks.centre import KEPT, BenchCentre

#: Words are counted in so many of the newest contacts: more take longer and say the same.
_COUNTED = 50_000
_FREQUENT, _FEW = 20, 5
_COMMON = 150
_NOWHERE = "xylophone"


@dataclass(frozen=True, slots=True)
class SearchText:
    """One text, and what kind of search it is."""

    kind: str
    text: str


def choose(centre: BenchCentre) -> tuple[SearchText, ...]:
    """Texts of every kind; chosen once and kept beside the database."""
    kept = KEPT / f"{centre.dialect}-{centre.contacts}" / "words.json"
    if not kept.exists():
        chosen = tuple(_chosen(centre))
        kept.write_text(json.dumps([asdict(each) for each in chosen], indent=1))
    return tuple(SearchText(**each) for each in json.loads(kept.read_text()))


def _chosen(centre: BenchCentre) -> Iterator[SearchText]:
    db = Database(centre.owner())
    try:
        with db.read() as tx:
            texts = _folded(tx)
            yield from _words(texts)
            yield from _exact(tx)
            yield from _names(tx)
    finally:
        db.close()


def _folded(tx: Tx) -> list[tuple[str, ...]]:
    """The words of the newest contacts."""
    newest = select(Contact.folded).order_by(Contact.id.desc()).limit(_COUNTED)
    return [tuple(sorted(set(indexed_words(text)))) for text in tx.session.scalars(newest)]


def _words(texts: list[tuple[str, ...]]) -> Iterator[SearchText]:
    often = Counter(word for words in texts for word in words)
    ranked = [word for word, _ in often.most_common()]
    frequent, rare = ranked[:_FREQUENT], ranked[: -_FEW - 1 : -1]
    yield from (SearchText("frequent word", word) for word in frequent)
    yield from (SearchText("rare word", word) for word in rare)
    yield from (SearchText("word that nobody wrote", word) for word in (_NOWHERE, "qqqq"))
    yield from (SearchText("misspelt word", _misspelt(word)) for word in _long(ranked)[:_FEW])
    for letters in (1, 2, 3):
        yield from (
            SearchText(f"{letters} letters", each)
            for each in _beginnings(often, letters, _FREQUENT)
        )
    yield from (SearchText("unfinished word", word[:-2]) for word in _long(ranked)[:_FREQUENT])
    yield from (
        SearchText("several words", " ".join(words[:: max(1, len(words) // 3)][:3]))
        for words in texts[:_FEW]
    )
    yield from (SearchText("frequent and rare", f"{frequent[0]} {word}") for word in rare)
    yield from (SearchText("rare and a letter", f"{word} t") for word in rare)
    yield from (SearchText("frequent and nowhere", f"{word} {_NOWHERE}") for word in frequent[:3])
    yield from (SearchText("never together", pair) for pair in _never_together(texts, often))


def _long(ranked: list[str]) -> list[str]:
    return [word for word in ranked if len(word) >= 6 and word.isalpha()]


def _misspelt(word: str) -> str:
    """Two neighbours inside the word swapped."""
    return word[:2] + word[3] + word[2] + word[4:]


def _beginnings(often: Counter[str], letters: int, count: int) -> list[str]:
    together: Counter[str] = Counter()
    for word, times in often.items():
        if len(word) > letters:
            together[word[:letters]] += times
    ranked = [each for each, _ in together.most_common()]
    # The most frequent ones and the rarest: what is fast for one is slow for the other.
    return list(dict.fromkeys([*ranked[: count // 2], *ranked[-count // 2 :]]))


def _never_together(texts: list[tuple[str, ...]], often: Counter[str]) -> list[str]:
    """Pairs of frequent words of which no contact holds both, the most frequent ones first."""
    common = [word for word, _ in often.most_common(_COMMON)]
    among = set(common)
    met = {
        pair
        for words in texts
        for pair in combinations([word for word in words if word in among], 2)
    }
    pairs = [pair for pair in combinations(sorted(common), 2) if pair not in met]
    pairs.sort(key=lambda pair: min(often[pair[0]], often[pair[1]]), reverse=True)
    return [" ".join(pair) for pair in pairs[:_FEW]]


def _exact(tx: Tx) -> Iterator[SearchText]:
    references = select(Case.reference).where(Case.reference.is_not(None)).order_by(Case.id)
    for id_ in (1_000, 1):
        reference = tx.session.scalar(references.where(Case.id >= id_).limit(1))
        if reference:
            yield SearchText("reference", reference)
            break
    for kind, said in (("phone", "telephone number"), ("email", "email address")):
        values = select(Identifier.value).where(Identifier.kind == kind).order_by(Identifier.id)
        yield from (SearchText(said, value) for value in tx.session.scalars(values.limit(_FEW)))


def _names(tx: Tx) -> Iterator[SearchText]:
    people = select(Customer.name).where(Customer.kind == "person").order_by(Customer.id)
    names = [name for name in tx.session.scalars(people.limit(200)) if len(name.split()) == 2]
    yield from (SearchText("full name", name) for name in names[:_FEW])
    for name in [each for each in names if min(map(len, each.split())) >= 5][:_FEW]:
        first, last = name.split()
        yield SearchText("first name", first)
        yield SearchText("surname", last)
        yield SearchText("name the other way round", f"{last} {first}")
        yield SearchText("unfinished name", f"{first} {last[:2]}")
        yield SearchText("misspelt name", f"{_misspelt(first)} {last}")
        yield SearchText("misspelt name", f"{first} {_misspelt(last)}")
        yield SearchText("misspelt surname", _misspelt(last))
