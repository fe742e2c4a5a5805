"""Knowledge articles: found by their words on both dialects, read, and their use written down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnClause,
    Select,
    TableClause,
    column,
    func,
    literal,
    or_,
    select,
    table,
    text,
    union_all,
)

from crm_desktop.domain.article_search import KeptArticle
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.spelling import Wanted, errors_allowed
from crm_desktop.domain.views import ArticleView
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Article, ArticleUse, Contact, Service
from crm_desktop.store.search_words import expression

_term: ColumnClause[str] = column("term")
_VOCABULARY: TableClause = table("article_vocabulary", _term, column("doc"))
_LAST = "\U0010ffff"
_FAMILY_LETTERS = 3
#: A word that more articles hold than this says too little to be worth ranking them all.
_READ = 500
_RANKED = 60


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that may fit; `rank` is the database's, higher is better."""

    id: int
    title: str
    keywords: tuple[str, ...]
    service_id: int | None
    rank: float


@dataclass(frozen=True, slots=True)
class Titled:
    """What names an article."""

    id: int
    title: str
    service_name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a list shows of an article."""

    id: int
    title: str
    summary: str
    body: str
    service_name: str
    url: str


@dataclass(frozen=True, slots=True)
class ContactWords:
    """What a contact says of its matter."""

    subject: str
    folded: str
    service_id: int | None


def beginning_alike(tx: Tx, words: Sequence[str]) -> tuple[str, ...]:
    """The words of all articles that begin with the first letters of any of these."""
    ranges = {word[:_FAMILY_LETTERS] for word in words}
    if not ranges:
        return ()
    parts = [
        select(_term).select_from(_VOCABULARY).where(_term >= each, _term < each + _LAST)
        for each in sorted(ranges)
    ]
    return tuple(tx.session.scalars(union_all(*parts)))


def neighbours(tx: Tx, word: str, *, unfinished: bool) -> tuple[tuple[str, int], ...]:
    """Words of articles, with how many have them, that a misspelt word may stand for.

    People rarely mistype the first letter; when they do, it is missing or swapped.
    """
    allowed = errors_allowed(word)
    if not allowed:
        return ()
    length = func.length(_term)
    parts = []
    for letter in sorted({word[0], word[1]}):
        part: Select[*tuple[Any, ...]] = (
            select(_term, column("doc"))
            .select_from(_VOCABULARY)
            .where(_term >= letter, _term < letter + _LAST, length >= len(word) - allowed)
        )
        parts.append(part if unfinished else part.where(length <= len(word) + allowed))
    return tuple((term, doc) for term, doc in tx.session.execute(union_all(*parts)))


def candidates(
    tx: Tx, wanted: Sequence[Wanted], *, every: bool, enough: int
) -> tuple[Candidate, ...]:
    """The best articles that hold every wanted word, or any of them.

    Bodies are read only when titles and keywords alone do not give `enough`.
    """
    if not wanted:
        return ()
    ranks = _ranks(tx, wanted, every=every, heads=True)
    if len(ranks) < enough:
        ranks = _ranks(tx, wanted, every=every, heads=False) | ranks
    return _candidates(tx, _articles().where(Article.id.in_(ranks)), ranks) if ranks else ()


def _ranks(tx: Tx, wanted: Sequence[Wanted], *, every: bool, heads: bool) -> dict[int, float]:
    """The database's rank of the best articles by their ids."""
    if sqlite := tx.dialect == "sqlite":
        query = _SQLITE
    else:
        query = _POSTGRESQL_HEADS if heads else _POSTGRESQL
    words = expression(wanted, sqlite=sqlite, every=every)
    if sqlite and heads:
        words = f"{{title keywords}} : ({words})"
    found = tx.session.execute(text(query), {"query": words, "read": _READ, "limit": _RANKED})
    return {id_: float(rank) for id_, rank in found}


def of_service(tx: Tx, service_id: int, limit: int) -> tuple[Candidate, ...]:
    """The articles of a service, whatever words they hold."""
    query = _articles().where(Article.service_id == service_id)
    return _candidates(tx, query.order_by(Article.title, Article.id).limit(limit), {})


_SQLITE = """
    SELECT * FROM (SELECT rowid, -bm25(article_words, 20.0, 5.0, 1.0) FROM article_words
                   WHERE article_words MATCH :query LIMIT :read)
    ORDER BY 2 DESC, 1 LIMIT :limit
"""
_POSTGRESQL = """
    SELECT id, ts_rank(words, q)
    FROM (SELECT id, words, q FROM article_words, CAST(:query AS tsquery) AS q
          WHERE words @@ q LIMIT :read) AS found
    ORDER BY 2 DESC, 1 LIMIT :limit
"""
_POSTGRESQL_HEADS = _POSTGRESQL.replace("words, q", "heads, q").replace("words @@", "heads @@")


def _articles() -> Select[*tuple[Any, ...]]:
    return select(Article.id, Article.title, Article.keywords, Article.service_id)


def _candidates(
    tx: Tx, query: Select[*tuple[Any, ...]], ranks: dict[int, float]
) -> tuple[Candidate, ...]:
    rows = tx.session.execute(query)
    return tuple(
        Candidate(id_, title, tuple(map(str, keywords)), service_id, ranks.get(id_, 0.0))
        for id_, title, keywords, service_id in rows
    )


def titled(tx: Tx, ids: Iterable[int]) -> dict[int, Titled]:
    """What names these articles."""
    wanted = sorted(ids)
    if not wanted:
        return {}
    rows = tx.session.execute(
        select(Article.id, Article.title, func.coalesce(Service.name, literal("")))
        .outerjoin(Service, Service.id == Article.service_id)
        .where(Article.id.in_(wanted))
    )
    return {row[0]: Titled(*row) for row in rows}


def shown(tx: Tx, ids: Iterable[int]) -> dict[int, Shown]:
    """What lists show of these articles."""
    return {row.id: row for row in _shown(tx, _SHOWN.where(Article.id.in_(sorted(ids))))}


def by_title(tx: Tx, service_id: int | None, limit: int) -> tuple[Shown, ...]:
    """The first articles by title, of one service or of all."""
    query = _SHOWN.order_by(Article.title, Article.id).limit(limit)
    if service_id is not None:
        query = query.where(Article.service_id == service_id)
    return _shown(tx, query)


_SHOWN = select(
    Article.id,
    Article.title,
    Article.summary,
    Article.body,
    func.coalesce(Service.name, literal("")),
    Article.url,
).outerjoin(Service, Service.id == Article.service_id)


def _shown(tx: Tx, query: Select[*tuple[Any, ...]]) -> tuple[Shown, ...]:
    return tuple(Shown(*row) for row in tx.session.execute(query))


def read(tx: Tx, article_id: int) -> ArticleView:
    """A whole article; raises NotFound."""
    row = tx.session.execute(
        select(
            Article.id,
            Article.title,
            Article.summary,
            Article.body,
            func.coalesce(Service.name, literal("")),
            Article.url,
            Article.review_on,
            Article.updated_at,
        )
        .outerjoin(Service, Service.id == Article.service_id)
        .where(Article.id == article_id)
    ).one_or_none()
    if row is None:
        raise NotFound("no such article")
    return ArticleView(*row)


def stamps(tx: Tx) -> dict[int, str]:
    """Every article with a word that changes whenever it, or its service's name, does."""
    rows = tx.session.execute(
        select(Article.id, Article.updated_at, Article.service_id, Service.name).outerjoin(
            Service, Service.id == Article.service_id
        )
    )
    return {id_: _stamp(updated_at, service_id, name) for id_, updated_at, service_id, name in rows}


def _stamp(updated_at: datetime, service_id: int | None, service_name: str | None) -> str:
    return f"{updated_at.isoformat()} {service_id or ''} {service_name or ''}"


def whole(tx: Tx, ids: Sequence[int]) -> tuple[KeptArticle, ...]:
    """These articles with all that a computer keeps of them."""
    rows = tx.session.execute(
        select(Article, Service.name)
        .outerjoin(Service, Service.id == Article.service_id)
        .where(Article.id.in_(sorted(ids)))
    )
    return tuple(
        KeptArticle(
            id=each.id,
            stamp=_stamp(each.updated_at, each.service_id, name),
            title=each.title,
            summary=each.summary,
            body=each.body,
            keywords=tuple(map(str, each.keywords)),
            service_id=each.service_id,
            service_name=name or "",
            url=each.url,
            review_on=each.review_on,
            updated_at=each.updated_at,
        )
        for each, name in rows
    )


def words_of_contact(tx: Tx, contact_id: int) -> ContactWords:
    """What a contact of this person's queues or hands says; raises NotFound."""
    query = select(Contact.subject, Contact.folded, Contact.service_id).where(
        Contact.id == contact_id
    )
    if tx.dialect == "sqlite" and tx.actor is not None:
        # PostgreSQL's policies say this themselves.
        mine = Contact.queue_id.in_(sorted(tx.actor.queues))
        query = query.where(or_(mine, Contact.owner_id == tx.actor.id))
    row = tx.session.execute(query).one_or_none()
    if row is None:
        raise NotFound("no such contact")
    return ContactWords(*row)


def add_use(tx: Tx, article_id: int, contact_id: int, how: str) -> None:
    """Write down that an article went into an answer."""
    tx.session.add(
        ArticleUse(article_id=article_id, contact_id=contact_id, staff_id=tx.actor_id, how=how)
    )
