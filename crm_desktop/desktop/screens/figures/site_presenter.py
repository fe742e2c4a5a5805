"""Reads a day of a site and keeps it as it is, and who is behind each number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.site_figures import SiteBehind, SiteFigure, SiteFigures
from crm_desktop.domain.visits import SiteInfo
from crm_desktop.services import Database, site_figures, visits

#: They are of a whole day: nobody sees more in them every second.
_PAUSE_MS = 2_000
_AGAIN_MS = 60_000


class SiteDayView(Protocol):
    """What the presenter asks of the window."""

    def show_sites(self, sites: tuple[SiteInfo, ...], chosen: int | None) -> None:
        """Offer these."""

    def show_figures(self, found: SiteFigures) -> None:
        """Show these now."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what could not be read; what is shown is old."""


class SiteDayPresenter(Presenter):
    """`later` runs something after milliseconds, unless the window is gone by then."""

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        view: SiteDayView,
        later: Callable[[int, Callable[[], None]], None],
        site_id: int | None,
    ) -> None:
        super().__init__(tasks)
        self._db, self._view, self._later = db, view, later
        self._site = site_id
        self._day: date | None = None
        self._resting = self._asked = self._stopped = False

    def start(self) -> None:
        """Read which sites there are, then the day."""
        self._tasks.read(
            partial(visits.sites, self._db),
            self._sites,
            failed=self._view.show_trouble,
            key="figures sites",
        )
        self._later(_AGAIN_MS, self._again)

    def stop(self) -> None:
        """Nobody looks any more."""
        self._stopped = True

    def choose_site(self, site_id: int) -> None:
        """Show this one."""
        self._site = site_id
        self._read()

    def choose_day(self, day: date | None) -> None:
        """Show this day, None for today."""
        self._day = day
        self._read()

    def changed(self, changes: Changes) -> None:
        """Something that counts may have happened there."""
        here = self._site is not None and self._site in changes.ids(Topic.SITE)
        if here or changes.has(Topic.EVERYTHING):
            self._ask()

    def behind(
        self, site_id: int, day: date, figure: SiteFigure,
        done: Callable[[tuple[SiteBehind, ...]], None], failed: Callable[[CrmError], None],
    ) -> None:  # fmt: skip
        """Read who is behind a number."""
        self._tasks.read(
            partial(site_figures.behind, self._db, site_id, day, figure),
            done,
            failed=failed,
            key="behind site",
        )

    def _sites(self, sites: tuple[SiteInfo, ...]) -> None:
        known = [each.id for each in sites]
        if self._site not in known:
            self._site = known[0] if known else None
        self._view.show_sites(sites, self._site)
        if self._site is not None:
            self._read()

    def _ask(self) -> None:
        if self._stopped or self._site is None:
            return
        if self._resting:
            self._asked = True
        else:
            self._read()

    def _read(self) -> None:
        assert self._site is not None
        self._resting, self._asked = True, False
        self._later(_PAUSE_MS, self._rested)
        self._tasks.read(
            partial(site_figures.of_day, self._db, self._site, self._day),
            self._view.show_figures,
            failed=self._view.show_trouble,
            key="figures site",
        )

    def _rested(self) -> None:
        self._resting = False
        if self._asked:
            self._ask()

    def _again(self) -> None:
        if not self._stopped:
            self._ask()
            self._later(_AGAIN_MS, self._again)
