"""Finds and reads articles at typing speed."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.answers import Answer, Answers, Hits
from crm_desktop.desktop.core.presenting import CancelToken, Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.views import ArticleHit, ArticleView

_LIMIT, _ALL = 50, 100


class KnowledgeScreenView(Protocol):
    """What the presenter asks of the screen."""

    def show_hits(self, hits: tuple[ArticleHit, ...], *, suggested: bool) -> None:
        """Show what was found."""

    def show_article(self, article: ArticleView) -> None:
        """Show one article."""

    def show_kept(self, at: datetime | None) -> None:
        """What is shown comes from this computer's copy of then; None: from the database."""

    def show_knowledge_trouble(self, trouble: CrmError) -> None:
        """Say why nothing is shown."""


class KnowledgePresenter(Presenter):
    """The knowledge screen."""

    def __init__(self, answers: Answers, tasks: Tasks, view: KnowledgeScreenView) -> None:
        super().__init__(tasks)
        self._answers = answers
        self._view = view
        self._read: int | None = None
        self._text = ""
        self._kept = False

    def start(self) -> None:
        """Show what there is."""
        self.search("")

    def search(self, text: str) -> None:
        """Find articles; without words all of them by title."""
        self._text = text
        self._tasks.search(
            partial(self._find, text.strip()),
            self._show_hits,
            failed=self._view.show_knowledge_trouble,
            key="search",
        )

    def read(self, article_id: int) -> None:
        """Bring one article."""
        self._read = article_id
        self._tasks.read(
            partial(self._answers.read, article_id),
            self._show_article,
            failed=self._view.show_knowledge_trouble,
            key="article",
        )

    def changed(self, changes: Changes) -> None:
        """Read the article again when it changed, and search again what a copy answered."""
        if self._kept and changes.has(Topic.EVERYTHING):
            self.search(self._text)
        if self._read is not None and (
            changes.has(Topic.EVERYTHING) or self._read in changes.ids(Topic.KNOWLEDGE)
        ):
            self.read(self._read)

    def _find(self, text: str, _token: CancelToken) -> Answer[Hits]:
        return self._answers.search(text, _LIMIT) if text else self._answers.browse(_ALL)

    def _show_hits(self, answer: Answer[Hits]) -> None:
        self._kept = answer.kept_at is not None
        self._view.show_kept(answer.kept_at)
        self._view.show_hits(answer.found, suggested=False)

    def _show_article(self, answer: Answer[ArticleView]) -> None:
        self._view.show_article(answer.found)
