"""One field that finds everything: customers, cases, contacts and answers."""

from __future__ import annotations

from crm_desktop.domain.views import Hit
from crm_desktop.services import knowledge
from crm_desktop.services.searching import detail, read_terms
from crm_desktop.store.database import Database

_ARTICLES = 5


def find(db: Database, text: str, limit: int = 20) -> tuple[Hit, ...]:
    """What fits a text, at most `limit`: an exact reference, number or address first.

    Whatever the text holds, this raises nothing but DatabaseTrouble.
    """
    terms = read_terms(text)
    if not (terms.words or terms.norm):
        return ()
    with db.read() as tx:
        found = tx.guard.search(terms, limit)
    records = {
        (each.kind, each.id): Hit(each.kind, each.id, each.title, detail(each), each.contact_id)
        # The first of equals stays: it was found by something exact.
        for each in reversed(found)
    }
    articles = [
        Hit("article", each.id, each.title, each.service_name)
        for each in knowledge.search(db, text, limit=min(_ARTICLES, limit))
    ]
    # Many records must not push the few answers out.
    return (*list(reversed(records.values()))[: limit - len(articles)], *articles)
