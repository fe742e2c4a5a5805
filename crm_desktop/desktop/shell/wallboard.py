"""Opens the wallboard on the monitor where it hung last, and the contacts behind figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core.layout import number_of
from crm_desktop.desktop.core.live import FeedState
from crm_desktop.desktop.shell.curtain import STAYS
from crm_desktop.desktop.shell.desk import Desk, later_for
from crm_desktop.desktop.shell.second_monitor import hang, keep
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.states import Channel

# What few desktops ever open is loaded when it is opened, not with the program.
if TYPE_CHECKING:
    from crm_desktop.desktop.screens.wallboard.presenter import WallboardPresenter
    from crm_desktop.desktop.screens.wallboard.screen import Wallboard
    from crm_desktop.domain.figures import Figure
    from crm_desktop.domain.site_figures import SiteFigure

_LIGHT, _SITE = "wallboard/light", "wallboard/site"


class FigureDesk(QObject):
    """One a main window. `contact_wanted` carries the id of a contact behind a figure,
    `site_wanted` a site's id and the figure whose visitors are asked for.
    """

    contact_wanted = Signal(object)
    site_wanted = Signal(object, object)

    def __init__(self, desk: Desk, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._window = desk, window
        self._wall: Wallboard | None = None
        self._presenter: WallboardPresenter | None = None
        self._locked = False
        desk.live.state_changed.connect(self._feed_said)

    @property
    def wallboard(self) -> Wallboard | None:
        """The wallboard, while it is open."""
        return self._wall

    def open_wallboard(self) -> None:
        """Open it, or bring it to the front."""
        if self._wall is not None:
            self._wall.show()
            self._wall.raise_()
            self._wall.activateWindow()
            return
        from crm_desktop.desktop.screens.wallboard.presenter import WallboardPresenter
        from crm_desktop.desktop.screens.wallboard.screen import Wallboard

        desk = self._desk
        light = desk.settings.get(_LIGHT) == "yes"
        wall = Wallboard(desk.look, desk.clock, light=light, parent=self._window)
        # It names no customer and no colleague, and others in the room go on reading it.
        wall.setProperty(STAYS, True)
        wall.opened.connect(self.open_behind)
        wall.left.connect(self._left)
        wall.light_chosen.connect(self._keep_light)
        self._wall = wall
        self._presenter = WallboardPresenter(
            desk.db,
            desk.runner.for_owner(wall),
            wall,
            later_for(wall),
            site_id=number_of(desk.settings, _SITE),
            turned=self._keep_site,
        )
        wall.site_turned.connect(self._next_site)
        if desk.live.is_away and desk.live.state is not None:
            wall.set_away(desk.live.state.since)
        hang(wall, desk.settings, "wallboard", self._window)
        self._presenter.start()

    def close(self) -> None:
        """This person has it no more."""
        if self._wall is not None:
            self._wall.close()

    def set_locked(self, locked: bool) -> None:
        """While the desktop is locked nothing behind a figure is shown."""
        self._locked = locked

    def changed(self, changes: Changes) -> None:
        """Tell the wallboard."""
        if self._presenter is not None:
            self._presenter.changed(changes)

    @Slot(object)
    def open_behind(
        self,
        figure: Figure | SiteFigure,
        queue_id: int | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Show the contacts behind a figure, in front of the main window."""
        if self._locked:
            return
        from crm_desktop.domain.site_figures import SiteFigure

        if isinstance(figure, SiteFigure):
            if self._wall is not None and self._wall.site_id is not None:
                self._window.activateWindow()
                self.site_wanted.emit(self._wall.site_id, figure)
            return
        from crm_desktop.desktop.screens.figures.dialog import BehindDialog
        from crm_desktop.desktop.screens.figures.presenter import BehindPresenter

        desk = self._desk
        dialog = BehindDialog(desk.look, figure, desk.clock.now, self._window)
        presenter = BehindPresenter(
            desk.db, desk.runner.for_owner(dialog), dialog, figure, of=(queue_id, channel)
        )
        dialog.bind(presenter)
        dialog.contact_wanted.connect(self.contact_wanted)
        self._window.activateWindow()
        dialog.show()
        dialog.activateWindow()
        presenter.start()

    @Slot()
    def _left(self) -> None:
        wall = self._wall
        if wall is None:
            return
        keep(wall, self._desk.settings, "wallboard", full=wall.is_full)
        if self._presenter is not None:
            self._presenter.stop()
        self._wall = self._presenter = None

    @Slot()
    def _next_site(self) -> None:
        if self._presenter is not None:
            self._presenter.next_site()

    def _keep_site(self, site_id: int | None) -> None:
        self._desk.settings.set(_SITE, str(site_id or ""))

    @Slot(bool)
    def _keep_light(self, light: bool) -> None:
        self._desk.settings.set(_LIGHT, "yes" if light else "no")

    @Slot(object)
    def _feed_said(self, state: FeedState) -> None:
        if self._wall is not None:
            self._wall.set_away(None if state.connected else state.since)
