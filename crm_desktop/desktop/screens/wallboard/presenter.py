"""Keeps a wallboard as things are: read when something moved, and at most every other second."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError, NotFound
from crm_desktop.domain.figure_views import CentreFigures
from crm_desktop.domain.site_figures import SiteFigures
from crm_desktop.domain.visits import SiteInfo
from crm_desktop.services import Database, figures, site_figures, visits

_PAUSE_MS = 2_000
#: Time goes on where nothing moves: a day ends, people become available.
_ANYWAY_MS = 60_000


class WallboardView(Protocol):
    """What the presenter asks of the screen."""

    def show_figures(self, found: CentreFigures) -> None:
        """Show these now."""

    def show_site(self, found: SiteFigures) -> None:
        """Show these of one site now."""

    def show_trouble(self, trouble: CrmError) -> None:
        """What is shown is old."""


class WallboardPresenter(Presenter):
    """`later` runs something after milliseconds, unless the view is gone by then.

    `site_id` is whose figures hang there, None for the centre's; `turned` hears of another.
    """

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        view: WallboardView,
        later: Callable[[int, Callable[[], None]], None],
        *,
        site_id: int | None = None,
        turned: Callable[[int | None], None] | None = None,
    ) -> None:
        super().__init__(tasks)
        self._db, self._view, self._later = db, view, later
        self._site, self._turned = site_id, turned
        self._resting = self._asked = self._stopped = False

    def start(self) -> None:
        """Read, and again now and then."""
        self._read()
        self._later(_ANYWAY_MS, self._anyway)

    def changed(self, changes: Changes) -> None:
        """Read again what moved."""
        if self._site is None:
            concerned = changes.has(Topic.QUEUE_STAT, Topic.STAFF)
        else:
            concerned = self._site in changes.ids(Topic.SITE) or changes.has(Topic.EVERYTHING)
        if concerned:
            self._ask()

    def next_site(self) -> None:
        """The first site, then the next, and after the last one the centre again."""
        self._tasks.read(
            partial(visits.sites, self._db),
            self._turn,
            failed=self._view.show_trouble,
            key="wallboard sites",
        )

    def stop(self) -> None:
        """Nobody looks any more."""
        self._stopped = True

    def _ask(self) -> None:
        if self._stopped:
            return
        if self._resting:
            self._asked = True
        else:
            self._read()

    def _read(self) -> None:
        self._resting, self._asked = True, False
        self._later(_PAUSE_MS, self._rested)
        if self._site is None:
            self._tasks.read(
                partial(figures.today, self._db),
                self._show,
                failed=self._view.show_trouble,
                key="wallboard",
            )
        else:
            self._tasks.read(
                partial(site_figures.of_day, self._db, self._site),
                self._show_site,
                failed=self._not_there,
                key="wallboard",
            )

    def _turn(self, sites: tuple[SiteInfo, ...]) -> None:
        known = [None, *(each.id for each in sites)]
        at = known.index(self._site) if self._site in known else 0
        self._site = known[(at + 1) % len(known)]
        if self._turned is not None:
            self._turned(self._site)
        self._read()

    def _show_site(self, found: SiteFigures) -> None:
        self._view.show_site(found.for_everybody())

    def _not_there(self, trouble: CrmError) -> None:
        """A site that hung there last may be gone by now: the centre hangs there then."""
        if isinstance(trouble, NotFound):
            self._site = None
            self._read()
        else:
            self._view.show_trouble(trouble)

    def _show(self, found: CentreFigures) -> None:
        # Everybody in the room reads it.
        self._view.show_figures(found.for_everybody())

    def _rested(self) -> None:
        self._resting = False
        if self._asked:
            self._ask()

    def _anyway(self) -> None:
        if not self._stopped:
            self._ask()
            self._later(_ANYWAY_MS, self._anyway)
