"""Sites on one page: a list of them, and the form, the addresses and the end of the chosen one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.layout import Settings
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.admin.set_up_screen import SetUpScreen
from crm_desktop.desktop.screens.admin.site_addresses import AddressesDialog
from crm_desktop.desktop.screens.admin.site_form import SiteForm
from crm_desktop.desktop.widgets.buttons import Button, Kind, PrimaryButton
from crm_desktop.desktop.widgets.card import PanelHeader
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.sites import KnownSite, Sites

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.admin.sites_presenter import SitesPresenter

SITES = "sites"
#: The gateway's address as devices reach it, as it was typed here last.
_BASE = "admin/gateway_address"
_FIRST = (
    "A site is a shop, library or office that people visit: say when it is open, what people come "
    "about, and which desks and rooms it has. docs/VISITS.md takes you through it."
)


class SitesScreen(SetUpScreen):
    """Implements `SitesView`. Enter changes the chosen site."""

    def __init__(self, look: Look, settings: Settings, parent: QWidget | None = None) -> None:
        nothing = EmptyState(look, "building-2", "No site yet", _FIRST)
        super().__init__(look, "Sites", nothing, parent)
        self._settings = settings
        self._presenter: SitesPresenter | None = None
        self._known: Sites | None = None
        nothing.add_action("Add a site…", Kind.PRIMARY).clicked.connect(self._add_site)
        self.list = RowList(look, "Sites")
        self.list.opened.connect(self._change_site)
        self.list.current.connect(self._chosen)
        self._fill(self._head_row(), self.list)

    def bind(self, presenter: SitesPresenter) -> None:
        """Give the screen who answers it."""
        self._presenter = presenter

    def focus(self) -> None:
        """Put the keyboard where one begins."""
        self.list.setFocus()

    # SitesView

    def show_sites(self, known: Sites) -> None:
        """See `SitesView`."""
        self._known = known
        self._show_whole(set_up=bool(known.sites))
        self.list.set_rows([_row(each) for each in known.sites])
        used = sum(each.site.active for each in known.sites)
        self._head.set_text("Sites", f"{used} in use")
        if known.sites and self.list.current_key() is None:
            self.list.make_current(known.sites[0].id)
        self._chosen(None)

    # Its parts

    def _head_row(self) -> QWidget:
        look = self._look
        self._head = PanelHeader(look, "Sites")
        self._add = PrimaryButton(look, "Add…", icon="plus")
        self._add.setAccessibleName("Add a site")
        self._change = Button(look, "Change…")
        self._change.setAccessibleName("Change the chosen site")
        self._addresses = Button(look, "Kiosk and screen…", icon="monitor")
        self._end = Button(look, "Close site")
        for button, does in (
            (self._change, self._change_site),
            (self._addresses, self._show_addresses),
            (self._end, self._switch),
            (self._add, self._add_site),
        ):
            button.clicked.connect(does)
            self._head.add(button)
        return self._head

    # What a person does

    def _site(self) -> KnownSite | None:
        sites = self._known.sites if self._known else ()
        return next((each for each in sites if each.id == self.list.current_key()), None)

    @Slot(object)
    def _chosen(self, _key: object) -> None:
        site = self._site()
        for button in (self._change, self._end):
            button.setEnabled(site is not None)
        off = site is not None and not site.site.active
        self._addresses.setEnabled(site is not None and not off)
        self._end.setText("Open again" if off else "Close site")

    @Slot()
    def _add_site(self) -> None:
        self._open(None)

    @Slot()
    def _change_site(self) -> None:
        site = self._site()
        if site is not None:
            self._open(site)

    def _open(self, site: KnownSite | None) -> None:
        if self._known is None or self._presenter is None:
            return
        form = SiteForm(self._look, self._known, site, self)
        put = partial(self._presenter.put, site)

        def entered() -> None:
            try:
                wanted = form.site()
            except InvalidInput as wrong:
                form.show_wrong(wrong)
                return
            put(
                wanted,
                lambda: form.done_well() if isValid(form) else None,
                lambda wrong: form.show_wrong(wrong) if isValid(form) else self.show_trouble(wrong),
            )

        form.entered.connect(entered)
        form.open()

    @Slot()
    def _switch(self) -> None:
        site = self._site()
        if site is not None and self._presenter is not None:
            self._presenter.use(site, active=not site.site.active)

    @Slot()
    def _show_addresses(self) -> None:
        site, presenter = self._site(), self._presenter
        if site is None or presenter is None:
            return
        dialog = AddressesDialog(self._look, site, self._settings.get(_BASE) or "", self)
        dialog.base_chosen.connect(partial(self._settings.set, _BASE))

        def renew() -> None:
            presenter.renew_key(
                site,
                lambda key: dialog.show_key(key) if isValid(dialog) else None,
                lambda no: dialog.show_wrong(no) if isValid(dialog) else self.show_trouble(no),
            )

        dialog.renew_wanted.connect(renew)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _row(known: KnownSite) -> Row:
    site = known.site
    used = len(known.used)
    parts = [
        site.code,
        site.address,
        words.count(len(site.services), "service"),
        f"{known.staffed} of {words.count(used, 'desk or room', 'desks and rooms')} staffed",
    ]
    if not site.active:
        pill = ("closed for good", Tone.WARNING)
    else:
        pill = ("open now", Tone.OK) if known.is_open else ("closed now", Tone.NEUTRAL)
    return Row(
        known.id,
        site.name,
        " · ".join(filter(None, parts)),
        "building-2",
        Tone.ACCENT if site.active else Tone.NEUTRAL,
        pill=pill,
    )
