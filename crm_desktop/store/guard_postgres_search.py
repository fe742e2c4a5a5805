"""Search on PostgreSQL: the functions of migrations/sql/0002_search_postgresql.sql."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from crm_desktop.store.guard import FoundContacts, SearchHit, SearchTerms
from crm_desktop.store.search_words import as_meant, as_typed, expression

_RECORDS = text(
    "SELECT kind, id, title, detail, contact_id"
    " FROM app.search(:folded, :words, :reference, :norm, CAST(:limit AS integer))"
)
_NAMED = text(
    "SELECT kind, id, title, detail, contact_id"
    " FROM app.search_names(CAST(:words AS tsquery), CAST(:limit AS integer))"
)
_NAME_WORDS = text(
    "SELECT app.name_words(:letters, CAST(:shortest AS integer), CAST(:longest AS integer))"
)
_CONTACTS = text(
    "SELECT ids, partial FROM app.search_contacts"
    "(:whole, :last, CAST(:limit AS integer), CAST(:patience AS integer))"
)
_SHOWN = text("SELECT id, who, subject FROM contact WHERE id = ANY (:ids) ORDER BY id DESC")


def search(session: Session, terms: SearchTerms, limit: int) -> tuple[SearchHit, ...]:
    """Exact references and identifiers, names that begin so, then names that hold the words."""
    return _hits(
        session,
        _RECORDS,
        folded=terms.folded,
        words=expression(as_typed(terms.words), sqlite=False),
        reference=terms.reference,
        norm=terms.norm,
        limit=limit,
    )


def meant(session: Session, words: tuple[str, ...], limit: int) -> tuple[SearchHit, ...]:
    """Names that hold what these words are near to."""
    wanted = as_meant(words, _NameWords(session))
    if not wanted:
        return ()
    return _hits(session, _NAMED, words=expression(wanted, sqlite=False), limit=limit)


def contacts(
    session: Session, words: tuple[str, ...], limit: int, patience_ms: int
) -> FoundContacts:
    """The newest contacts with these words."""
    if not words:
        return FoundContacts((), partial=False)
    *whole, last = words
    (found,) = _rows(session, _CONTACTS, whole=whole, last=last, limit=limit, patience=patience_ms)
    # Read as oneself, so that search shows nothing that the policy would not.
    rows = _rows(session, _SHOWN, ids=found.ids) if found.ids else ()
    hits = tuple(SearchHit("contact", row.id, row.who, row.subject, row.id) for row in rows)
    return FoundContacts(hits, partial=found.partial)


class _NameWords:
    """The words of all names, as `search_words.NameWords`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, letters: tuple[str, ...], shortest: int, longest: int) -> Iterable[str]:
        span = {"shortest": shortest, "longest": longest}
        rows = _rows(self._session, _NAME_WORDS, letters=list(letters), **span)
        return [row[0] for row in rows]


def _hits(session: Session, statement: TextClause, **params: object) -> tuple[SearchHit, ...]:
    """Each once: the first of equals was found by something more exact."""
    rows = _rows(session, statement, **params)
    return tuple(dict.fromkeys(SearchHit(*tuple(row)) for row in rows))


def _rows(
    session: Session, statement: TextClause, **params: object
) -> Sequence[Row[*tuple[Any, ...]]]:
    # What was written through the session must be there before a function looks; and not through
    # the session, which takes longer than the database.
    session.flush()
    return session.connection().execute(statement, params).all()
