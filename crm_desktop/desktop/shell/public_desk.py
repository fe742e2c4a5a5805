"""Hangs the public screen on the second monitor, and takes it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.live import FeedState
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.shell.curtain import STAYS
from crm_desktop.desktop.shell.desk import Desk
from crm_desktop.desktop.shell.second_monitor import hang, keep
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.visits import Called

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.public_screen.presenter import PublicPresenter
    from crm_desktop.desktop.screens.public_screen.screen import PublicScreen

_NAME = "public"
_TOLD = "public/missing"


class PublicDesk(QObject):
    """One a main window. `bar` says, once, when calls cannot be heard here."""

    def __init__(self, desk: Desk, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._window = desk, window
        self.screen: PublicScreen | None = None
        self._presenter: PublicPresenter | None = None
        self.bar = Banner(desk.look, Tone.WARNING, "monitor", wide=True, closable=True)
        self.bar.hide()
        self._from_here: tuple[Called, ...] = ()
        desk.live.state_changed.connect(self._feed_said)

    def open(self, site_id: int, site: str) -> None:
        """Hang it, or bring it to the front."""
        if self.screen is not None:
            self.screen.show()
            self.screen.raise_()
            return
        from crm_desktop.desktop.screens.public_screen.presenter import PublicPresenter
        from crm_desktop.desktop.screens.public_screen.screen import PublicScreen

        desk = self._desk
        screen = PublicScreen(desk.look, desk.clock, site, self._window)
        # It names nobody, and the public goes on reading it while the desktop is locked.
        screen.setProperty(STAYS, True)
        screen.left.connect(self._left)
        self.screen = screen
        self._presenter = PublicPresenter(desk.db, desk.runner.for_owner(screen), screen, site_id)
        hang(screen, desk.settings, _NAME, self._window)
        self._presenter.start()
        if desk.live.is_away:
            self.called_here(self._from_here)
        self._tell_missing(screen.voice.missing)

    def close(self) -> None:
        """The window closes."""
        if self.screen is not None:
            self.screen.close()

    def changed(self, changes: Changes) -> None:
        """Tell the screen."""
        if self._presenter is not None:
            self._presenter.changed(changes)

    @Slot(object)
    def called_here(self, called: tuple[Called, ...]) -> None:
        """While the database is away this desk's calls are shown; others' may be missing."""
        self._from_here = called
        if self.screen is not None:
            self.screen.show_called(called)
            self.screen.set_stale(True)

    def _tell_missing(self, missing: str) -> None:
        """Whoever hangs the screen hears once what this computer lacks, and again when that is
        something else.
        """
        settings = self._desk.settings
        if missing != (settings.get(_TOLD) or ""):
            settings.set(_TOLD, missing)
            if missing:
                self.bar.set_text(
                    missing,
                    "The public screen shows every call. "
                    "Ask your administrator if calls should be heard as well.",
                )
                self.bar.show()
                announce(self.bar, self.bar.text())

    @Slot()
    def _left(self) -> None:
        if self.screen is not None:
            keep(self.screen, self._desk.settings, _NAME, full=self.screen.is_full)
        self.screen = self._presenter = None

    @Slot(object)
    def _feed_said(self, state: FeedState) -> None:
        if state.connected:
            self._from_here = ()
        if self.screen is not None:
            self.screen.set_stale(not state.connected)
