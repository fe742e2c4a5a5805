"""Search on SQLite: as migrations/sql/0002_search_postgresql.sql does it, on FTS5."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from crm_desktop.domain.people import Person
from crm_desktop.domain.spelling import Wanted
from crm_desktop.store.guard import FoundContacts, SearchHit, SearchTerms
from crm_desktop.store.guard_sqlite_reading import closed_services, known_queues
from crm_desktop.store.search_words import as_meant, as_typed, expression

_LAST = "\U0010ffff"
#: An unfinished word that more words begin with is looked for in the text of the newest contacts.
_MOST_FORMS = 64
#: A step back looks at so many ids, then at twice as many as the last as far as there is time, and
#: takes so many of the contacts that hold the words.
_STEP, _LONGEST_STEP, _TAKEN = 8_192, 262_144, 200

_CASE = text("""
    SELECT c.id, c.reference, s.name || ' · ' || c.state,
           (SELECT max(x.contact_id) FROM case_contact x WHERE x.case_id = c.id)
    FROM cases c JOIN service s ON s.id = c.service_id
    WHERE c.reference = :reference
      AND (c.queue_id IN (SELECT value FROM json_each(:mine))
           OR (c.queue_id IN (SELECT value FROM json_each(:known))
               AND c.service_id NOT IN (SELECT value FROM json_each(:closed))))
""")
# With the kinds the index serves it, alone the norm does not.
_IDENTIFIED = text("""
    SELECT c.id, c.name, i.kind
    FROM identifier i JOIN customer c ON c.id = i.customer_id
    WHERE i.kind IN ('email', 'phone', 'handle', 'account') AND i.norm = :norm
    ORDER BY c.id LIMIT :limit
""")
_CUSTOMERS = """
    SELECT c.id, c.name,
           coalesce((SELECT a.postcode FROM address a WHERE a.customer_id = c.id LIMIT 1), '')
    FROM {}
"""
# A range instead of LIKE, so that the index serves it.
_BEGINNING = text(
    _CUSTOMERS.format("""
        customer c WHERE c.folded >= :folded AND c.folded < :end ORDER BY c.folded LIMIT :limit
    """)
)
_NAMED = text(
    _CUSTOMERS.format("""
        (SELECT rowid AS id FROM customer_words WHERE customer_words MATCH :words
         ORDER BY rowid LIMIT :limit) AS found
        JOIN customer c ON c.id = found.id ORDER BY c.id
    """)
)
_NAME_WORDS = text("""
    SELECT term FROM customer_vocabulary
    WHERE term >= :letter AND term < :end AND length(term) BETWEEN :shortest AND :longest
""")
_FORMS = text("SELECT term FROM contact_vocabulary WHERE term >= :last AND term < :end LIMIT :most")
_KNOWN = text(
    "SELECT count(*) FROM contact_vocabulary WHERE term IN (SELECT value FROM json_each(:words))"
)
_NEWEST_ID = text("SELECT max(id) FROM contact")
_CONTACTS = """
    SELECT c.id, c.who, c.subject, CASE WHEN :read THEN c.folded END AS folded,
           c.queue_id IN (SELECT value FROM json_each(:mine)) AS seen
    FROM ({}) AS taken JOIN contact c ON c.id = taken.id ORDER BY taken.id DESC
"""
# The index gives the newest first by itself.
_WITH_WORDS = text(
    _CONTACTS.format("""
        SELECT rowid AS id FROM contact_words
        WHERE contact_words MATCH :query AND rowid >= :base AND rowid < :below
        ORDER BY rowid DESC LIMIT :most
    """)
)
_NEWEST = text(
    _CONTACTS.format("""
        SELECT id FROM contact WHERE id >= :base AND id < :below ORDER BY id DESC LIMIT :most
    """)
)


def search(session: Session, terms: SearchTerms, me: Person, limit: int) -> tuple[SearchHit, ...]:
    """Exact references and identifiers, names that begin so, then names that hold the words."""
    hits = _exact(session, terms, me, limit)
    if terms.folded:
        end = terms.folded + _LAST
        hits += _customers(session, _BEGINNING, folded=terms.folded, end=end, limit=limit)
    if terms.words and len(hits) < limit:
        hits += _named(session, as_typed(terms.words), limit)
    # The first of equals was found by something more exact.
    return tuple(dict.fromkeys(hits))


def meant(session: Session, words: tuple[str, ...], limit: int) -> tuple[SearchHit, ...]:
    """Names that hold what these words are near to."""
    return tuple(_named(session, as_meant(words, _NameWords(session)), limit))


def _exact(session: Session, terms: SearchTerms, me: Person, limit: int) -> list[SearchHit]:
    hits: list[SearchHit] = []
    if terms.reference:
        for row in _rows(
            session,
            _CASE,
            reference=terms.reference,
            mine=json.dumps(sorted(me.queues)),
            known=json.dumps(known_queues(session, me)),
            closed=json.dumps(closed_services(session, me)),
        ):
            hits.append(SearchHit("case", *tuple(row)))
    if terms.norm:
        hits += _customers(session, _IDENTIFIED, norm=terms.norm, limit=limit)
    return hits


def _named(session: Session, wanted: tuple[Wanted, ...], limit: int) -> list[SearchHit]:
    """Customers whose names hold these words, wherever."""
    if not wanted:
        return []
    return _customers(session, _NAMED, words=expression(wanted, sqlite=True), limit=limit)


class _NameWords:
    """The words of all names, as `search_words.NameWords`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, letters: tuple[str, ...], shortest: int, longest: int) -> Iterator[str]:
        span = {"shortest": shortest, "longest": longest}
        for letter in letters:
            rows = _rows(self._session, _NAME_WORDS, letter=letter, end=letter + _LAST, **span)
            yield from (row.term for row in rows)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the index is asked, and how a word of the text must begin; either may be empty."""

    query: str
    begins: str = ""


def contacts(
    session: Session, words: tuple[str, ...], me: Person, limit: int, patience_ms: int
) -> FoundContacts:
    """The newest contacts with these words, from the newest id back."""
    asked = _asked(session, words) if words else None
    if asked is None:
        return FoundContacts((), partial=False)
    below = (_rows(session, _NEWEST_ID)[0][0] or 0) + 1
    mine = json.dumps(sorted(me.queues))
    hits: list[SearchHit] = []
    step, most = _STEP, limit + 1
    now = time.monotonic()
    until = now + patience_ms / 1000
    while below > 1 and len(hits) <= limit:
        base = max(below - step, 1)
        rows = _rows(
            session,
            _WITH_WORDS if asked.query else _NEWEST,
            query=asked.query,
            base=base,
            below=below,
            most=most,
            mine=mine,
            read=bool(asked.begins),
        )
        hits += _fitting(rows, asked.begins)
        below = rows[-1].id if len(rows) == most else base
        most = _TAKEN
        began, now = now, time.monotonic()
        if 2 * (now - began) < until - now:
            step = min(2 * step, _LONGEST_STEP)
        elif now - began > until - now:
            step = max(step // 2, _STEP)
        if now > until:
            break
    return FoundContacts(tuple(hits[:limit]), partial=below > 1 or len(hits) > limit)


def _asked(session: Session, words: tuple[str, ...]) -> _Asked | None:
    """None when there is a word that no contact holds."""
    *whole, last = words
    if whole and _rows(session, _KNOWN, words=json.dumps(whole))[0][0] < len(set(whole)):
        return None
    rows = _rows(session, _FORMS, last=last, end=last + _LAST, most=_MOST_FORMS + 1)
    wanted = [Wanted((word,)) for word in whole]
    if not rows:
        return None
    if len(rows) <= _MOST_FORMS:
        forms = Wanted(tuple(row.term for row in rows))
        return _Asked(expression([*wanted, forms], sqlite=True))
    return _Asked(expression(wanted, sqlite=True), last)


def _fitting(rows: Iterable[Row[*tuple[Any, ...]]], begins: str) -> list[SearchHit]:
    return [
        SearchHit("contact", row.id, row.who, row.subject, row.id)
        for row in rows
        if row.seen and (not begins or _has_word(row.folded, begins))
    ]


def _has_word(folded: str, begins: str) -> bool:
    """Whether a word of a text begins so; many times as fast as a regular expression."""
    at = folded.find(begins)
    while at > 0 and folded[at - 1].isalnum():
        at = folded.find(begins, at + 1)
    return at >= 0


def _customers(session: Session, statement: TextClause, **params: object) -> list[SearchHit]:
    rows = _rows(session, statement, **params)
    return [SearchHit("customer", row[0], row[1], row[2], None) for row in rows]


def _rows(
    session: Session, statement: TextClause, **params: object
) -> Sequence[Row[*tuple[Any, ...]]]:
    # Not through the session, which takes longer than the database; so flush as it would.
    session.flush()
    return session.connection().execute(statement, params).all()
