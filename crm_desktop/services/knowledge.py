"""Answers in plain English: found while typing, suggested from a contact, read, and put to use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Literal

from crm_desktop.domain import article_search
from crm_desktop.domain.article_search import KeptArticle
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.matching import key_terms
from crm_desktop.domain.spelling import Wanted
from crm_desktop.domain.views import ArticleHit, ArticleView
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import events
from crm_desktop.store.queries import knowledge as queries

How = Literal["text", "link"]


def search(
    db: Database, text: str, limit: int = 10, service_id: int | None = None
) -> tuple[ArticleHit, ...]:
    """The articles that hold every word, the last of which may be unfinished; or else any.

    Accents and misspellings are forgiven. Titles weigh more than keywords and those more than
    bodies; articles of `service_id` are preferred.
    """
    with db.read() as tx:
        found, wanted = _found(tx, text, limit)
        return _hits(tx, found, wanted, service_id, limit)


def titles(tx: Tx, text: str, limit: int) -> tuple[queries.Titled, ...]:
    """What `search` finds, without reading what the articles say."""
    found, wanted = _found(tx, text, limit)
    best = _best(found, wanted, None, limit)
    titled = queries.titled(tx, best)
    return tuple(titled[id_] for id_ in best if id_ in titled)


def suggest(db: Database, contact_id: int, limit: int = 5) -> tuple[ArticleHit, ...]:
    """Articles that may answer a contact, from its own words and service; raises NotFound."""
    with db.read() as tx:
        said = queries.words_of_contact(tx, contact_id)
        wanted = _wanted(tx, key_terms(f"{said.subject}\n{said.folded}"), unfinished=False)
        found = queries.candidates(tx, wanted, every=False, enough=limit)
        if said.service_id is not None:
            known = {each.id for each in found}
            own = queries.of_service(tx, said.service_id, limit)
            found += tuple(each for each in own if each.id not in known)
        return _hits(tx, found, wanted, said.service_id, limit)


def browse(db: Database, service_id: int | None = None, limit: int = 100) -> tuple[ArticleHit, ...]:
    """The articles by title, of one service or of all; their excerpt is the summary."""
    with db.read() as tx:
        return tuple(
            _hit(each, each.summary, 0.0) for each in queries.by_title(tx, service_id, limit)
        )


def read(db: Database, article_id: int) -> ArticleView:
    """One article whole; raises NotFound."""
    with db.read() as tx:
        return queries.read(tx, article_id)


def stamps(db: Database) -> dict[int, str]:
    """Every article with a word that changes whenever the article does."""
    with db.read() as tx:
        return queries.stamps(tx)


def whole(db: Database, ids: Sequence[int]) -> tuple[KeptArticle, ...]:
    """These articles whole, to be kept on a computer."""
    with db.read() as tx:
        return queries.whole(tx, ids)


def record_use(db: Database, article_id: int, contact_id: int, how: How) -> Changes:
    """An article went into the answer to a contact; raises NotFound."""
    with db.write() as tx:
        article = queries.read(tx, article_id)
        queries.words_of_contact(tx, contact_id)
        queries.add_use(tx, article_id, contact_id, how)
        events.append(
            tx,
            "article.used",
            contact_id=contact_id,
            article=article_id,
            title=article.title,
            how=how,
        )
        tx.changed(Topic.CONTACT, contact_id)
        return tx.changes


def _wanted(tx: Tx, words: Sequence[str], *, unfinished: bool) -> tuple[Wanted, ...]:
    def near(word: str, unfinished: bool) -> Iterable[tuple[str, int]]:
        return queries.neighbours(tx, word, unfinished=unfinished)

    known = article_search.Vocabulary(partial(queries.beginning_alike, tx), near)
    return article_search.wanted(words, known, unfinished=unfinished)


def _found(
    tx: Tx, text: str, enough: int
) -> tuple[tuple[queries.Candidate, ...], tuple[Wanted, ...]]:
    """The articles that hold every word of a text, or else any, and what was looked for."""
    words = article_search.searched(text)
    if not words:
        return (), ()
    wanted = _wanted(tx, words, unfinished=not text[-1:].isspace())
    found = queries.candidates(tx, wanted, every=True, enough=enough)
    if not found and len(wanted) > 1:
        found = queries.candidates(tx, wanted, every=False, enough=enough)
    return found, wanted


def _best(
    found: Sequence[queries.Candidate],
    wanted: Sequence[Wanted],
    service_id: int | None,
    limit: int,
) -> dict[int, float]:
    """The ids of the best with their scores, best first."""
    best_rank = max((each.rank for each in found), default=0.0) or 1.0
    own = service_id is not None
    scores = {
        each.id: article_search.score(each.title, each.keywords, wanted)
        + article_search.RANK * each.rank / best_rank
        + (article_search.OWN_SERVICE if own and each.service_id == service_id else 0.0)
        for each in found
    }
    best = sorted(scores, key=lambda id_: (-scores[id_], id_))[:limit]
    return {id_: scores[id_] for id_ in best}


def _hits(
    tx: Tx,
    found: Sequence[queries.Candidate],
    wanted: Sequence[Wanted],
    service_id: int | None,
    limit: int,
) -> tuple[ArticleHit, ...]:
    best = _best(found, wanted, service_id, limit)
    shown = queries.shown(tx, best)
    return tuple(
        _hit(
            shown[id_],
            article_search.excerpt_of(shown[id_].summary, shown[id_].body, wanted),
            score,
        )
        for id_, score in best.items()
        if id_ in shown
    )


def _hit(article: queries.Shown, words: str, score: float) -> ArticleHit:
    return ArticleHit(
        id=article.id,
        title=article.title,
        summary=article.summary,
        excerpt=words,
        service_name=article.service_name,
        url=article.url,
        score=score,
    )
