"""The pages of the rail beside queue and workspace, each with its presenter."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core.presenting import Presenter
from crm_desktop.desktop.screens.admin.presenter import AdminPresenter
from crm_desktop.desktop.screens.admin.screen import AdminScreen
from crm_desktop.desktop.screens.audit.presenter import AuditPresenter
from crm_desktop.desktop.screens.audit.screen import AuditScreen
from crm_desktop.desktop.screens.cases.presenter import CasesPresenter
from crm_desktop.desktop.screens.cases.screen import CasesScreen
from crm_desktop.desktop.screens.customers.presenter import CustomersPresenter
from crm_desktop.desktop.screens.customers.screen import CustomersScreen
from crm_desktop.desktop.screens.knowledge.presenter import KnowledgePresenter
from crm_desktop.desktop.screens.settings.screen import SettingsScreen
from crm_desktop.desktop.shell.desk import Desk
from crm_desktop.desktop.shell.finders import contact_of_case
from crm_desktop.desktop.widgets.knowledge_panel import KnowledgePanel
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.views import CustomerView, HistoryEntry

#: key, words, icon, whether at the foot of the rail
PAGES = (
    ("customers", "Customers", "user", False),
    ("cases", "Cases", "briefcase", False),
    ("knowledge", "Knowledge", "book-open", False),
    ("audit", "Audit", "eye", True),
    ("admin", "Admin", "list-checks", True),
    ("settings", "Settings", "settings", True),
)


class Pages(QObject):
    """Builds every page; a page reads nothing before it is shown for the first time."""

    contact_wanted = Signal(object)
    seen_wanted = Signal(object)
    scheme_chosen = Signal(object)
    scale_chosen = Signal(int)
    sign_out_asked = Signal()

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        look, clock, tasks = desk.look, desk.clock, desk.runner.for_owner
        self.customers_screen = CustomersScreen(look, clock, audited=desk.person.leads)
        self.customers = CustomersPresenter(
            desk.db, tasks(self.customers_screen), self.customers_screen
        )
        self.customers_screen.bind(self.customers)
        self.cases_screen = CasesScreen(look, clock)
        self.cases = CasesPresenter(desk.db, tasks(self.cases_screen), self.cases_screen)
        self.cases_screen.bind(self.cases)
        self.knowledge_screen = KnowledgePanel(look, beside=True, inserts=False)
        self.knowledge = KnowledgePresenter(
            desk.db, tasks(self.knowledge_screen), self.knowledge_screen
        )
        self.knowledge_screen.bind(self.knowledge)
        self.settings_screen = SettingsScreen(look, desk.facts)
        self._widgets: dict[str, QWidget] = {
            "customers": self.customers_screen,
            "cases": self.cases_screen,
            "knowledge": self.knowledge_screen,
            "settings": self.settings_screen,
        }
        self._presenters: list[Presenter] = [self.customers, self.cases, self.knowledge]
        self._unread: dict[str, Presenter] = {"cases": self.cases, "knowledge": self.knowledge}
        if desk.person.leads:
            self._add_audit()
            self._add_admin()
        self._connect()

    def widget(self, key: str) -> QWidget | None:
        """The page of a place; None when it is not one of these, or not this person's."""
        return self._widgets.get(key)

    def shown(self, key: str) -> None:
        """A page was gone to: read it, if it was not, and put the keyboard into it."""
        unread = self._unread.pop(key, None)
        if unread is not None:
            unread.start()
        page = self._widgets.get(key)
        if isinstance(page, CustomersScreen | CasesScreen | KnowledgePanel | AuditScreen):
            page.focus()

    def changed(self, changes: Changes) -> None:
        """Tell every page's presenter."""
        for presenter in self._presenters:
            presenter.changed(changes)

    def ask_who_saw(self, customer: CustomerView) -> None:
        """Show who has seen a customer; nothing for whom the page is not."""
        page = self._widgets.get("audit")
        if isinstance(page, AuditScreen):
            page.ask_about_customer(customer.id, customer.name)

    def _add_audit(self) -> None:
        desk = self._desk
        screen = AuditScreen(desk.look, desk.clock)
        audit = AuditPresenter(desk.db, desk.runner.for_owner(screen), screen, now=desk.clock.now)
        screen.bind(audit)
        screen.contact_wanted.connect(self.contact_wanted)
        self._widgets["audit"] = screen
        self._presenters.append(audit)
        self._unread["audit"] = audit

    def _add_admin(self) -> None:
        desk = self._desk
        self._admin_screen = AdminScreen(desk.look, desk.clock)
        admin = AdminPresenter(
            desk.db, desk.runner.for_owner(self._admin_screen), self._admin_screen
        )
        self._admin_screen.bind(admin)
        self._admin_screen.contact_wanted.connect(self.contact_wanted)
        self._widgets["admin"] = self._admin_screen
        self._presenters.append(admin)
        self._unread["admin"] = admin

    def _connect(self) -> None:
        self.cases_screen.contact_wanted.connect(self.contact_wanted)
        self.customers_screen.history_wanted.connect(self._open_history)
        self.customers_screen.seen_wanted.connect(self.seen_wanted)
        self.settings_screen.scheme_chosen.connect(self.scheme_chosen)
        self.settings_screen.scale_chosen.connect(self.scale_chosen)
        self.settings_screen.sign_out_asked.connect(self.sign_out_asked)

    @Slot(object)
    def _open_history(self, entry: HistoryEntry) -> None:
        if entry.kind == "contact":
            self.contact_wanted.emit(entry.id)
            return
        self._desk.runner.for_owner(self.customers_screen).read(
            partial(contact_of_case, self._desk.db, entry.id),
            self.contact_wanted.emit,
            failed=self.customers_screen.show_trouble,
            key="history",
        )
