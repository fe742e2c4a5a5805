"""Opens the figures of a site, and remembers which site was looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.layout import SITE, number_of
from crm_desktop.desktop.shell.desk import Desk, later_for
from crm_desktop.domain.changes import Changes

# What few desktops ever open is loaded when it is opened, not with the program.
if TYPE_CHECKING:
    from crm_desktop.desktop.screens.figures.site_dialog import SiteDayDialog
    from crm_desktop.desktop.screens.figures.site_presenter import SiteDayPresenter
    from crm_desktop.domain.site_figures import SiteFigure

_LOOKED_AT = "figures/site"


class SiteDesk(QObject):
    """One a main window. `contact_wanted` carries the id of a contact behind a figure."""

    contact_wanted = Signal(object)

    def __init__(self, desk: Desk, registry: CommandRegistry, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._window = desk, window
        self.dialog: SiteDayDialog | None = None
        self._presenter: SiteDayPresenter | None = None
        registry.bind("view.site_figures", self.open)

    @Slot()
    def open(self) -> None:
        """Show the site that was looked at last, else where this computer stands."""
        if self.dialog is not None:
            self.dialog.show()
            self.dialog.raise_()
            self.dialog.activateWindow()
            return
        from crm_desktop.desktop.screens.figures.site_dialog import SiteDayDialog
        from crm_desktop.desktop.screens.figures.site_presenter import SiteDayPresenter

        desk = self._desk
        dialog = SiteDayDialog(desk.look, desk.clock.now, self._window)
        site = number_of(desk.settings, _LOOKED_AT) or number_of(desk.settings, SITE)
        self._presenter = SiteDayPresenter(
            desk.db, desk.runner.for_owner(dialog), dialog, later_for(dialog), site
        )
        dialog.bind(self._presenter)
        dialog.contact_wanted.connect(self.contact_wanted)
        dialog.site_chosen.connect(self._keep)
        dialog.finished.connect(self._closed)
        desk.clock.tick.connect(dialog.tick)
        self.dialog = dialog
        dialog.show()
        self._presenter.start()

    @Slot(object, object)
    def open_behind(self, site_id: int, figure: SiteFigure) -> None:
        """Show who is behind a number of a site's today."""
        self.open()
        assert self.dialog is not None
        self.dialog.ask(site_id, figure)

    @Slot()
    def close(self) -> None:
        """This person has it no more."""
        if self.dialog is not None:
            self.dialog.reject()

    def changed(self, changes: Changes) -> None:
        """Tell the figures."""
        if self._presenter is not None:
            self._presenter.changed(changes)

    @Slot(object)
    def _keep(self, site_id: int) -> None:
        self._desk.settings.set(_LOOKED_AT, str(site_id))

    @Slot(int)
    def _closed(self, _result: int) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        self._desk.clock.tick.disconnect(dialog.tick)
        if self._presenter is not None:
            self._presenter.stop()
        self.dialog = self._presenter = None
        dialog.deleteLater()
