"""Keeps the sites as they are set up, and changes them for an administrator."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Tasks
from crm_desktop.desktop.screens.admin.set_up_presenter import (
    Done,
    Failed,
    SetUpPresenter,
    SetUpView,
)
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.sites import KnownSite, Sites, SiteSetUp
from crm_desktop.services import Database, sites


class SitesView(SetUpView, Protocol):
    """What the presenter asks of the screen."""

    def show_sites(self, known: Sites) -> None:
        """Show all that is set up."""


class SitesPresenter(SetUpPresenter[SitesView]):
    """The sites, their hours, services, desks and rooms."""

    topics = (Topic.SITE, Topic.STAFF)

    def __init__(self, db: Database, tasks: Tasks, view: SitesView) -> None:
        super().__init__(tasks, view)
        self._db = db

    def put(self, known: KnownSite | None, wanted: SiteSetUp, done: Done, failed: Failed) -> None:
        """A new site, or a known one otherwise; `done` and `failed` are the form's."""
        if known is None:
            work = partial(sites.add, self._db, wanted)
        else:
            work = partial(sites.change, self._db, known, wanted)
        self._do(work, f"{wanted.name} is set up", done, failed)

    def use(self, known: KnownSite, *, active: bool) -> None:
        """Close a site, which can be taken back, or open it again."""
        work = partial(sites.use, self._db, known, active=active)
        name = known.site.name
        if active:
            self._do_plainly(work, f"{name} is in use again")
        else:
            words = f"{name} is closed; its kiosks and screens stop"
            self._do_undoable(work, words, partial(self._use_again, known.id))

    def renew_key(self, known: KnownSite, done: Callable[[str], None], failed: Failed) -> None:
        """Another key for kiosks and screens; `done` is given it."""
        found: list[str] = []

        def work() -> Changes:
            key, changes = sites.renew_key(self._db, known.id)
            found.append(key)
            return changes

        def finished(_changes: Changes) -> None:
            done(found[-1])
            self._read()

        self._tasks.write(work, finished, failed=failed)

    def _use_again(self, site_id: int) -> None:
        """As it is by now."""

        def again() -> Changes:
            known = next(e for e in sites.read(self._db).sites if e.id == site_id)
            return sites.use(self._db, known, active=True)

        self._do_plainly(again, "The site is in use again")

    def _read(self) -> None:
        self._tasks.read(
            partial(sites.read, self._db),
            self._view.show_sites,
            failed=self._view.show_trouble,
            key="admin sites",
        )
