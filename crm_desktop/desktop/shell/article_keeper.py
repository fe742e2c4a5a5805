"""Keeps the copy of the knowledge base on this computer fresh, behind everything else."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from crm_desktop.desktop.core.presenting import CancelToken
from crm_desktop.desktop.shell.desk import Desk, later_for
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError

#: Not before the window has been at rest for a while.
_FIRST_MS = 8_000
_AGAIN_MS = 15 * 60_000
_CHANGED_MS = 5_000
#: So many articles at once, with a pause: a search that a person types comes between.
_TOGETHER = 10
_PAUSE_MS = 40


class ArticleKeeper(QObject):
    """Only what changed is brought, a few articles at a time, on the searches' thread."""

    def __init__(self, desk: Desk, parent: QObject, *, first_ms: int = _FIRST_MS) -> None:
        super().__init__(parent)
        self._desk = desk
        self._tasks = desk.runner.for_owner(self)
        self._later = later_for(self)
        self._first_ms = first_ms
        self._turn = 0
        self._missing: tuple[int, ...] = ()

    def begin(self) -> None:
        """Look when the window has been drawn and is at rest; nothing to do without a keyring."""
        if not self._desk.articles.problem:
            self._look_in(self._first_ms)

    def changed(self, changes: Changes) -> None:
        """Look soon when an article changed, or the database was away."""
        begun = self._turn > 0
        if begun and (changes.has(Topic.KNOWLEDGE) or changes.has(Topic.EVERYTHING)):
            self._look_in(_CHANGED_MS)

    def _look_in(self, milliseconds: int) -> None:
        # Whoever was to look earlier or later gives up: one round at a time.
        self._turn += 1
        self._later(milliseconds, partial(self._look, self._turn))

    def _look(self, turn: int) -> None:
        if turn != self._turn:
            return
        if self._desk.live.is_away:
            self._look_in(_AGAIN_MS)
            return
        self._tasks.search(
            self._find, partial(self._found, turn), failed=self._not_now, key="articles"
        )

    def _find(self, _token: CancelToken) -> tuple[int, ...]:
        return self._desk.articles.missing(self._desk.db)

    def _found(self, turn: int, missing: tuple[int, ...]) -> None:
        if turn == self._turn:
            self._missing = missing
            self._bring(turn)

    def _bring(self, turn: int) -> None:
        if turn != self._turn:
            return
        some, self._missing = self._missing[:_TOGETHER], self._missing[_TOGETHER:]
        if not some:
            self._tasks.search(self._complete, self._done, key="articles")
            return
        self._tasks.search(
            partial(self._fetch, some),
            lambda _nothing: self._later(_PAUSE_MS, partial(self._bring, turn)),
            failed=self._not_now,
            key="articles",
        )

    def _fetch(self, ids: tuple[int, ...], _token: CancelToken) -> None:
        self._desk.articles.fetch(self._desk.db, ids)

    def _complete(self, _token: CancelToken) -> None:
        self._desk.articles.is_complete()

    def _done(self, _nothing: None) -> None:
        self._look_in(_AGAIN_MS)

    def _not_now(self, _trouble: CrmError) -> None:
        """The window says that the database is away; the copy stays as it is until then."""
        self._look_in(_AGAIN_MS)
