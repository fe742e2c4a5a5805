"""What is looked after: channels by team leaders, telephones and sites by administrators."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.admin.presenter import AdminPresenter
from crm_desktop.desktop.screens.admin.screen import AdminScreen
from crm_desktop.desktop.screens.admin.sites_presenter import SitesPresenter
from crm_desktop.desktop.screens.admin.sites_screen import SITES, SitesScreen
from crm_desktop.desktop.screens.admin.telephones_presenter import TelephonesPresenter
from crm_desktop.desktop.screens.admin.telephones_screen import LINES, PHONES, TelephonesScreen
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.desktop.widgets.tabs import TabStrip
from crm_desktop.domain.changes import Changes

CHANNELS = "channels"


class AdminPages(Surface):
    """Channels, telephone lines, extensions and sites under tabs. `contact_wanted` carries an id.

    `is_admin` is asked each time that the page is gone to: a role may change meanwhile.
    """

    contact_wanted = Signal(object)

    def __init__(
        self,
        look: Look,
        channels: AdminScreen,
        telephones: TelephonesScreen,
        sites: SitesScreen,
        is_admin: Callable[[], bool],
    ) -> None:
        super().__init__(look)
        self._is_admin = is_admin
        self._readers: tuple[AdminPresenter, TelephonesPresenter, SitesPresenter] | None = None
        self.setAccessibleName("Admin")
        self.channels, self.telephones, self.sites = channels, telephones, sites
        channels.contact_wanted.connect(self.contact_wanted)
        self.tabs = TabStrip(look, "Admin")
        self.tabs.add(CHANNELS, "Channels")
        self.tabs.add(LINES, "Telephone lines")
        self.tabs.add(PHONES, "Extensions")
        self.tabs.add(SITES, "Sites")
        self.tabs.chosen.connect(self._turn)
        self._pages = QStackedWidget()
        for each in (channels, telephones, sites):
            self._pages.addWidget(each)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        column.addWidget(self._pages, 1)

    def bind(
        self, channels: AdminPresenter, telephones: TelephonesPresenter, sites: SitesPresenter
    ) -> None:
        """Give the pages who reads them."""
        self._readers = (channels, telephones, sites)
        self.channels.bind(channels)
        self.telephones.bind(telephones)
        self.sites.bind(sites)

    def start(self) -> None:
        """Read the first; the others when they are gone to."""
        if self._readers is not None:
            self._readers[0].start()

    def changed(self, changes: Changes) -> None:
        """Read again what is shown."""
        for each in self._readers or ():
            each.changed(changes)

    def focus(self) -> None:
        """It was gone to: show whose it is."""
        admin = self._is_admin()
        self.tabs.setVisible(admin)
        if not admin:
            self.tabs.choose(CHANNELS)
        elif self._pages.currentWidget() is self.telephones:
            self.telephones.focus()
        elif self._pages.currentWidget() is self.sites:
            self.sites.focus()

    @Slot(str)
    def _turn(self, key: str) -> None:
        if key == CHANNELS:
            self._pages.setCurrentWidget(self.channels)
            return
        if key == SITES:
            self._pages.setCurrentWidget(self.sites)
            if self._readers is not None:
                self._readers[2].start()
            return
        self.telephones.turn(key)
        self._pages.setCurrentWidget(self.telephones)
        if self._readers is not None:
            self._readers[1].start()
