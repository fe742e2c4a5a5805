"""Finds and reads articles at typing speed."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import CancelToken, Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.views import ArticleHit, ArticleView
from crm_desktop.services import Database, knowledge

_LIMIT = 50


class KnowledgeScreenView(Protocol):
    """What the presenter asks of the screen."""

    def show_hits(self, hits: tuple[ArticleHit, ...], *, suggested: bool) -> None:
        """Show what was found."""

    def show_article(self, article: ArticleView) -> None:
        """Show one article."""

    def show_knowledge_trouble(self, trouble: CrmError) -> None:
        """Say why nothing is shown."""


class KnowledgePresenter(Presenter):
    """The knowledge screen."""

    def __init__(self, db: Database, tasks: Tasks, view: KnowledgeScreenView) -> None:
        super().__init__(tasks)
        self._db = db
        self._view = view
        self._read: int | None = None

    def start(self) -> None:
        """Show what there is."""
        self.search("")

    def search(self, text: str) -> None:
        """Find articles; without words all of them by title."""
        self._tasks.search(
            partial(self._find, text.strip()),
            partial(self._view.show_hits, suggested=False),
            failed=self._view.show_knowledge_trouble,
            key="search",
        )

    def read(self, article_id: int) -> None:
        """Bring one article."""
        self._read = article_id
        self._tasks.read(
            partial(knowledge.read, self._db, article_id),
            self._view.show_article,
            failed=self._view.show_knowledge_trouble,
            key="article",
        )

    def changed(self, changes: Changes) -> None:
        """Read the article again when it changed."""
        if self._read is not None and (
            changes.has(Topic.EVERYTHING) or self._read in changes.ids(Topic.KNOWLEDGE)
        ):
            self.read(self._read)

    def _find(self, text: str, _token: CancelToken) -> tuple[ArticleHit, ...]:
        if not text:
            return knowledge.browse(self._db)
        return knowledge.search(self._db, text, limit=_LIMIT)
