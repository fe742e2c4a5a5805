"""The audit screen: two questions under two tabs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.audit.did_page import DidPage
from crm_desktop.desktop.screens.audit.seen_page import SeenPage
from crm_desktop.desktop.widgets.banner import ErrorBar
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.desktop.widgets.tabs import TabStrip
from crm_desktop.domain.audit_views import AuditedPerson, Deed, Hour, RowChange, Sighting
from crm_desktop.domain.errors import CrmError, InvalidInput
from crm_desktop.domain.views import FoundCustomer

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.audit.presenter import AuditPresenter

SEEN, DID = "seen", "did"


class AuditScreen(Surface):
    """Implements `AuditView`. `contact_wanted` carries a contact's id."""

    contact_wanted = Signal(object)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._presenter: AuditPresenter | None = None
        self.setAccessibleName("Audit")
        self.tabs = TabStrip(look, "Audit")
        self.tabs.add(SEEN, "Who has seen a customer")
        self.tabs.add(DID, "What a person did")
        self.tabs.chosen.connect(self._turn)
        self._error = ErrorBar(look)
        self.seen = SeenPage(look, clock)
        self.did = DidPage(look, clock)
        self._pages = QStackedWidget()
        for page in (self.seen, self.did):
            self._pages.addWidget(page)
            page.contact_wanted.connect(self.contact_wanted)
            page.export_asked.connect(self._ask_file)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.tabs, self._error):
            column.addWidget(part)
        column.addWidget(self._pages, 1)

    def bind(self, presenter: AuditPresenter) -> None:
        """Give the screen who answers it."""
        self._presenter = presenter
        self.seen.asked.connect(presenter.search)
        self.seen.customer_chosen.connect(presenter.ask_who_saw)
        self.seen.earlier_asked.connect(presenter.earlier_seen)
        self.did.person_chosen.connect(presenter.ask_who_did)
        self.did.day_chosen.connect(presenter.choose_day)
        self.did.entry_chosen.connect(presenter.open_changes)
        self.did.earlier_asked.connect(presenter.earlier_done)

    def focus(self) -> None:
        """Put the keyboard where the question begins."""
        page = self._pages.currentWidget()
        if isinstance(page, SeenPage | DidPage):
            page.focus()

    def ask_about_customer(self, customer_id: int, name: str) -> None:
        """Who has seen this one? As asked from elsewhere."""
        self.tabs.choose(SEEN)
        self.seen.name_customer(name)
        if self._presenter:
            self._presenter.ask_who_saw(customer_id)

    def show_found(self, found: tuple[FoundCustomer, ...], *, asked: str) -> None:
        """See `AuditView`."""
        self.seen.show_found(found, asked=asked)

    def show_seen(self, seen: tuple[Sighting, ...], *, more: bool) -> None:
        """See `AuditView`."""
        self.seen.show_seen(seen, more=more)

    def show_people(self, people: tuple[AuditedPerson, ...]) -> None:
        """See `AuditView`."""
        self.did.show_people(people)

    def show_did(self, did: tuple[Deed, ...], *, more: bool) -> None:
        """See `AuditView`."""
        self.did.show_did(did, more=more)

    def show_hours(self, hours: tuple[Hour, ...]) -> None:
        """See `AuditView`."""
        self.did.show_hours(hours)

    def show_changes(self, changes: tuple[RowChange, ...]) -> None:
        """See `AuditView`."""
        self.did.show_changes(changes)

    def show_exported(self, lines: int) -> None:
        """See `AuditView`."""
        announce(self, f"Exported {words.count(lines, 'line')}.")

    def show_trouble(self, trouble: CrmError) -> None:
        """See `AuditView`."""
        if isinstance(trouble, InvalidInput):
            self._error.show_trouble(trouble)
        elif self._pages.currentWidget() is self.seen:
            self.seen.show_trouble(trouble)
        else:
            self.did.show_trouble(trouble)

    @Slot(str)
    def _turn(self, key: str) -> None:
        self._pages.setCurrentIndex(0 if key == SEEN else 1)

    @Slot()
    def _ask_file(self) -> None:
        dialog = QFileDialog(self, "Export as CSV")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("CSV (*.csv)")
        dialog.setDefaultSuffix("csv")
        dialog.fileSelected.connect(self._export_to)
        dialog.open()

    @Slot(str)
    def _export_to(self, file: str) -> None:
        if self._presenter is None:
            return
        if self._pages.currentWidget() is self.seen:
            self._presenter.export_seen(Path(file))
        else:
            self._presenter.export_did(Path(file))
