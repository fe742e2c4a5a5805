"""Reads the contacts behind a figure, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.figure_views import Behind, BehindPage, CentreFigures
from crm_desktop.domain.figures import Figure
from crm_desktop.domain.states import Channel
from crm_desktop.services import Database, figures


class BehindView(Protocol):
    """What the presenter asks of the dialog."""

    def show_head(self, found: CentreFigures) -> None:
        """Show the figure itself."""

    def show_rows(self, rows: tuple[Behind, ...], names: Mapping[int, str], more: bool) -> None:
        """Show these contacts; `names` of queues by id; whether there are more."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what could not be read."""


class BehindPresenter(Presenter):
    """The contacts behind one figure; `of` a queue, a channel, both or all."""

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        view: BehindView,
        figure: Figure,
        *,
        of: tuple[int | None, Channel | None] = (None, None),
    ) -> None:
        super().__init__(tasks)
        self._db, self._view = db, view
        self._figure, (self._queue_id, self._channel) = figure, of
        self._rows: tuple[Behind, ...] = ()
        self._names: dict[int, str] = {}
        self._page = BehindPage(())

    def start(self) -> None:
        """Read the figure and the newest contacts."""
        self._tasks.read(
            partial(figures.today, self._db), self._headed, failed=self._view.show_trouble
        )

    def more(self) -> None:
        """Read the next page."""
        self._tasks.read(
            partial(
                figures.behind, self._db, self._figure, self._queue_id, self._channel,
                after=self._page.after,
            ),
            self._show,
            failed=self._view.show_trouble,
            key="behind",
        )  # fmt: skip

    def _headed(self, found: CentreFigures) -> None:
        self._names = {each.id: each.name for each in found.queues}
        self._view.show_head(found)
        self.more()

    def _show(self, page: BehindPage) -> None:
        self._page = page
        self._rows += page.rows
        self._view.show_rows(self._rows, self._names, page.after is not None)
