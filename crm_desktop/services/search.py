"""One field that finds everything: customers, cases, contacts and answers."""

from __future__ import annotations

from dataclasses import dataclass

from crm_desktop.domain.views import Hit
from crm_desktop.services import knowledge
from crm_desktop.services.searching import detail, read_terms
from crm_desktop.store.database import Database

_ARTICLES = 5


@dataclass(frozen=True, slots=True)
class Found:
    """What fits a text; `partial`: more may fit than is there, older contacts above all."""

    hits: tuple[Hit, ...]
    partial: bool = False


def find(db: Database, text: str, limit: int = 20) -> Found:
    """What fits a text, at most `limit`: an exact reference, number, address or name first.

    Whatever the text holds, this raises nothing but DatabaseTrouble.
    """
    terms = read_terms(text)
    if not (terms.words or terms.norm):
        return Found(())
    with db.read() as tx:
        records = tx.guard.search(terms, limit)
        contacts = tx.guard.search_contacts(terms.words, limit)
        if not (records or contacts.hits):
            records = tx.guard.search_meant(terms.words, limit)
        titles = knowledge.titles(tx, text, min(_ARTICLES, limit))
    articles = [Hit("article", each.id, each.title, each.service_name) for each in titles]
    # Many names must not push contacts out, nor many records the few answers.
    room = limit - len(articles)
    names = records[: max(room - len(contacts.hits), room // 2)]
    found = tuple(
        Hit(each.kind, each.id, each.title, detail(each), each.contact_id)
        for each in (*names, *contacts.hits)
    )
    cut = len(records) >= limit or len(names) < len(records) or len(found) > room
    return Found((*found[:room], *articles), contacts.partial or cut)
