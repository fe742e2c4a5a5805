"""Reads who was called lately, and what everybody should know; never a name."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.visits import Called, SiteLine
from crm_desktop.services import Database, kiosks, visits


class PublicView(Protocol):
    """What the presenter asks of the screen."""

    def show_called(self, called: tuple[Called, ...]) -> None:
        """Show these, the newest first; one that is new is sounded and said."""

    def show_notices(self, notices: tuple[str, ...]) -> None:
        """Show what everybody should know."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say that what is shown may be old."""


class PublicPresenter(Presenter):
    """One site's public screen."""

    def __init__(self, db: Database, tasks: Tasks, view: PublicView, site_id: int) -> None:
        super().__init__(tasks)
        self._db, self._view, self._site = db, view, site_id

    def start(self) -> None:
        """Read both."""
        self._read()
        self._read_notices()

    def changed(self, changes: Changes) -> None:
        """Read again what may be another."""
        away = changes.has(Topic.EVERYTHING)
        here = self._site in changes.ids(Topic.CALLED) | changes.ids(Topic.SITE)
        if away or here:
            self._read()
        if away or changes.has(Topic.SERVICE_NOTICE) or self._site in changes.ids(Topic.SITE):
            self._read_notices()

    def _read(self) -> None:
        self._tasks.read(
            partial(visits.line, self._db, self._site),
            self._show,
            failed=self._view.show_trouble,
            key="called",
        )

    def _show(self, line: SiteLine) -> None:
        self._view.show_called(line.called)

    def _read_notices(self) -> None:
        self._tasks.read(
            partial(kiosks.notices, self._db, self._site),
            self._view.show_notices,
            failed=self._view.show_trouble,
            key="notices",
        )
