"""The knowledge base as it is kept on this computer, over the encrypted files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime
from threading import Lock
from typing import Any

from crm_desktop.domain.article_search import KeptArticle, Shelf
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.views import ArticleHit, ArticleView
from crm_desktop.services import Database, knowledge
from crm_desktop.workstation.sealed import SealedStore

#: More is not kept: the newest are.
_MOST = 5_000
_LONGEST = 200_000
_AS_OF = "as-of"


class KeptArticles:
    """The articles of one database, on worker threads only; read from the disk when first needed.

    Without a keyring nothing is kept, not even in memory, and `problem` says so.
    """

    def __init__(self, store: SealedStore, prefix: str) -> None:
        self._store, self._prefix = store, prefix
        self._lock = Lock()
        self._shelf: Shelf | None = None
        self._at: datetime | None = None
        self.problem = store.problem

    @property
    def at(self) -> datetime | None:
        """When what is kept was last the same as the database's; None: nothing is kept."""
        with self._lock:
            self._load()
            return self._at

    def missing(self, db: Database) -> tuple[int, ...]:
        """Which articles have changed since they were kept; what is gone is forgotten."""
        stamps = knowledge.stamps(db)
        newest = sorted(stamps, key=lambda id_: (stamps[id_], id_), reverse=True)[:_MOST]
        with self._lock:
            shelf = self._load()
            gone = set(shelf.articles) - set(newest)
            self._shelf = shelf.with_changes((), gone)
            for id_ in gone:
                self._store.remove(self._key(id_))
            known = {id_: each.stamp for id_, each in self._shelf.articles.items()}
        return tuple(id_ for id_ in newest if known.get(id_) != stamps[id_])

    def fetch(self, db: Database, ids: Iterable[int]) -> None:
        """Bring these articles."""
        found = [each for each in knowledge.whole(db, list(ids)) if len(each.body) <= _LONGEST]
        with self._lock:
            self._shelf = self._load().with_changes(found)
            for each in found:
                self._store.save(self._key(each.id), _written(each))

    def is_complete(self) -> None:
        """What is kept is the same as the database's, as of now."""
        with self._lock:
            self._load()
            self._at = datetime.now(UTC)
            self._store.save(self._key(_AS_OF), self._at.isoformat().encode())

    def search(
        self, text: str, limit: int, service_id: int | None = None
    ) -> tuple[ArticleHit, ...]:
        """As the database finds them, misspellings forgiven."""
        return self._all().search(text, limit, service_id)

    def browse(self, limit: int) -> tuple[ArticleHit, ...]:
        """By title."""
        return self._all().browse(limit)

    def of_service(self, service_id: int, limit: int) -> tuple[ArticleHit, ...]:
        """Those about a service."""
        return self._all().of_service(service_id, limit)

    def read(self, article_id: int) -> ArticleView:
        """One whole; raises NotFound."""
        found = self._all().articles.get(article_id)
        if found is None:
            raise NotFound("no such article", what="This article")
        return found.view()

    def _all(self) -> Shelf:
        with self._lock:
            return self._load()

    def _load(self) -> Shelf:
        if self._shelf is None:
            found: list[KeptArticle] = []
            for name, data in self._store.load_all().entries.items():
                if name == self._key(_AS_OF):
                    self._at = datetime.fromisoformat(data.decode())
                elif name.startswith(self._prefix):
                    found.append(_read(data))
            self._shelf = Shelf().with_changes(found)
        return self._shelf

    def _key(self, name: int | str) -> str:
        return f"{self._prefix}{name}"


def _written(article: KeptArticle) -> bytes:
    return json.dumps(asdict(article), default=lambda each: each.isoformat()).encode()


def _read(data: bytes) -> KeptArticle:
    found: dict[str, Any] = json.loads(data)
    review_on = found["review_on"]
    found["review_on"] = date.fromisoformat(review_on) if review_on else None
    found["updated_at"] = datetime.fromisoformat(found["updated_at"])
    found["keywords"] = tuple(found["keywords"])
    return KeptArticle(**found)
