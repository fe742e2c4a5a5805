"""The day on the team leader's screen: the tiles, each queue's service level, and what is next."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.figure_views import CentreFigures
from crm_desktop.services import Database, figures, forecast
from crm_desktop.services.forecast import Ahead

#: They are of a whole day: nobody sees more in them every second.
_SOON_MS = (3_000, 5_000)
_AGAIN_MS = (45_000, 75_000)
_Today = tuple[CentreFigures, Mapping[int, Ahead]]


class FiguresView(Protocol):
    """What the presenter asks of the screen."""

    def show_figures(self, found: CentreFigures, ahead: Mapping[int, Ahead]) -> None:
        """Show these, and what the next thirty minutes bring by queue."""

    def show_trouble(self, trouble: CrmError | None) -> None:
        """Say why they may be old."""


class FiguresPresenter(Presenter):
    """Reads them while they are looked at; `later` is after milliseconds on the GUI thread."""

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        view: FiguresView,
        *,
        later: Callable[[int, Callable[[], None]], None],
    ) -> None:
        super().__init__(tasks)
        self._db, self._view, self._later = db, view, later
        self._seen = self._soon = False
        self._round = 0

    def set_seen(self, seen: bool) -> None:
        """They are looked at, or no more."""
        self._seen = seen
        self._round += 1
        if seen:
            self._again(self._round)

    def changed(self, changes: Changes) -> None:
        """Something that counts may have happened."""
        concerned = changes.has(Topic.QUEUE_STAT, Topic.CONTACT, Topic.FORECAST)
        if self._seen and concerned and not self._soon:
            self._soon = True
            self._later(random.randint(*_SOON_MS), self._read)  # noqa: S311 - no secret

    def _again(self, number: int) -> None:
        if self._seen and number == self._round:
            self._read()
            self._later(random.randint(*_AGAIN_MS), partial(self._again, number))  # noqa: S311

    def _read(self) -> None:
        self._soon = False
        if self._seen:
            self._tasks.read(
                partial(_today, self._db),
                self._show,
                failed=self._view.show_trouble,
                key="team-figures",
            )

    def _show(self, found: _Today) -> None:
        self._view.show_figures(*found)


def _today(db: Database) -> _Today:
    """On a worker: the day so far, and what is next."""
    return figures.today(db), forecast.ahead(db)
