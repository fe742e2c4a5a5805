"""Keeps a wallboard as things are: read when something moved, and at most every other second."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.figure_views import CentreFigures
from crm_desktop.services import Database, figures

_PAUSE_MS = 2_000
#: Time goes on where nothing moves: a day ends, people become available.
_ANYWAY_MS = 60_000


class WallboardView(Protocol):
    """What the presenter asks of the screen."""

    def show_figures(self, found: CentreFigures) -> None:
        """Show these now."""

    def show_trouble(self, trouble: CrmError) -> None:
        """What is shown is old."""


class WallboardPresenter(Presenter):
    """`later` runs something after milliseconds, unless the view is gone by then."""

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        view: WallboardView,
        later: Callable[[int, Callable[[], None]], None],
    ) -> None:
        super().__init__(tasks)
        self._db, self._view, self._later = db, view, later
        self._resting = self._asked = self._stopped = False

    def start(self) -> None:
        """Read, and again now and then."""
        self._read()
        self._later(_ANYWAY_MS, self._anyway)

    def changed(self, changes: Changes) -> None:
        """Read again what moved."""
        if changes.has(Topic.QUEUE_STAT, Topic.STAFF):
            self._ask()

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
        self._tasks.read(
            partial(figures.today, self._db),
            self._show,
            failed=self._view.show_trouble,
            key="wallboard",
        )

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
