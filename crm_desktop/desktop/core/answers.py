"""Knowledge from the database, or while that is away from the copy on this computer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from crm_desktop.domain.errors import DatabaseAway
from crm_desktop.domain.matching import key_terms
from crm_desktop.domain.views import ArticleHit, ArticleView
from crm_desktop.services import Database, knowledge

T = TypeVar("T")
Hits = tuple[ArticleHit, ...]


class LocalArticles(Protocol):
    """The copy on this computer, for worker threads; `problem` says why there is none, or is empty.

    `at` is when it was last the same as the database's, None while nothing is kept.
    """

    problem: str

    @property
    def at(self) -> datetime | None:
        """See the class."""

    def missing(self, db: Database) -> tuple[int, ...]:
        """Which articles have changed since they were kept; what is gone is forgotten."""

    def fetch(self, db: Database, ids: Iterable[int]) -> None:
        """Bring these articles."""

    def is_complete(self) -> None:
        """The copy is the same as the database, as of now."""

    def search(self, text: str, limit: int, service_id: int | None = None) -> Hits:
        """As the database finds them, misspellings forgiven."""

    def browse(self, limit: int) -> Hits:
        """By title."""

    def of_service(self, service_id: int, limit: int) -> Hits:
        """Those about a service."""

    def read(self, article_id: int) -> ArticleView:
        """One whole; raises NotFound."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What was found, and of when the copy is that it was found in; None: in the database."""

    found: T
    kept_at: datetime | None = None


class Answers:
    """Asks the database while it is there. Every method runs on a worker and raises CrmError."""

    def __init__(self, db: Database, kept: LocalArticles, is_away: Callable[[], bool]) -> None:
        self._db, self._kept, self._is_away = db, kept, is_away

    def search(self, text: str, limit: int, service_id: int | None = None) -> Answer[Hits]:
        """Articles that hold these words."""
        return self._ask(
            lambda: knowledge.search(self._db, text, limit, service_id),
            lambda: self._kept.search(text, limit, service_id),
        )

    def browse(self, limit: int) -> Answer[Hits]:
        """All articles by title."""
        return self._ask(
            lambda: knowledge.browse(self._db, limit=limit), lambda: self._kept.browse(limit)
        )

    def suggest(self, contact_id: int, subject: str, service_id: int | None) -> Answer[Hits]:
        """What may answer a contact: from its words, or by its subject and service while away."""
        return self._ask(
            lambda: knowledge.suggest(self._db, contact_id),
            lambda: self._suggest_kept(subject, service_id),
        )

    def read(self, article_id: int) -> Answer[ArticleView]:
        """One article whole."""
        return self._ask(
            lambda: knowledge.read(self._db, article_id), lambda: self._kept.read(article_id)
        )

    def _suggest_kept(self, subject: str, service_id: int | None, limit: int = 5) -> Hits:
        found = self._kept.search(f"{' '.join(key_terms(subject))} ", limit, service_id)
        known = {each.id for each in found}
        own = self._kept.of_service(service_id, limit) if service_id is not None else ()
        return (*found, *(each for each in own if each.id not in known))[:limit]

    def _ask(self, database: Callable[[], T], kept: Callable[[], T]) -> Answer[T]:
        """The database's answer; nobody waits for one that is known to be away."""
        if not self._is_away():
            try:
                return Answer(database())
            except DatabaseAway:
                if self._kept.at is None:
                    raise
        at = self._kept.at
        if at is None:
            raise DatabaseAway
        return Answer(kept(), at)
