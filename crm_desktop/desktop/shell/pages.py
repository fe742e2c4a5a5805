"""The pages of the rail beside queue and workspace, each with its presenter."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core.layout import restore_panes
from crm_desktop.desktop.core.live import FeedState
from crm_desktop.desktop.core.tasks import OwnedTasks
from crm_desktop.desktop.shell.desk import Desk, later_for
from crm_desktop.desktop.shell.finders import contact_of_case
from crm_desktop.desktop.widgets.knowledge_panel import KnowledgePanel
from crm_desktop.domain.call_targets import OwnTelephone
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.states import StaffRole
from crm_desktop.domain.views import CustomerView, HistoryEntry

# What many never go to is loaded when it is gone to, not with the program.
if TYPE_CHECKING:
    from crm_desktop.desktop.screens.admin.pages import AdminPages
    from crm_desktop.desktop.screens.audit.screen import AuditScreen
    from crm_desktop.desktop.screens.cases.screen import CasesScreen
    from crm_desktop.desktop.screens.customers.presenter import CustomersPresenter
    from crm_desktop.desktop.screens.customers.screen import CustomersScreen
    from crm_desktop.desktop.screens.desk.going_on import GoingOnDesk
    from crm_desktop.desktop.screens.desk.screen import DeskScreen
    from crm_desktop.desktop.screens.knowledge.presenter import KnowledgePresenter
    from crm_desktop.desktop.screens.recordings.screen import RecordingsScreen
    from crm_desktop.desktop.screens.settings.screen import SettingsScreen
    from crm_desktop.desktop.screens.staff.screen import StaffScreen
    from crm_desktop.desktop.screens.team.screen import TeamScreen
    from crm_desktop.desktop.shell.team_desk import TeamDesk

#: key, words, icon, whether at the foot of the rail
PAGES = (
    ("desk", "Desk", "map-pin", False),
    ("team", "Team", "users", False),
    ("customers", "Customers", "user", False),
    ("cases", "Cases", "briefcase", False),
    ("knowledge", "Knowledge", "book-open", False),
    ("recordings", "Recordings", "voicemail", True),
    ("audit", "Audit", "eye", True),
    ("staff", "Staff", "circle-user", True),
    ("admin", "Admin", "list-checks", True),
    ("settings", "Settings", "settings", True),
)
_KEYS = frozenset(key for key, *_ in PAGES)
#: The pages that are not everybody's.
WHOSE = {
    "desk": frozenset({StaffRole.DESK, StaffRole.TEAM_LEADER, StaffRole.ADMIN}),
    "team": frozenset({StaffRole.TEAM_LEADER, StaffRole.ADMIN}),
    "staff": frozenset({StaffRole.ADMIN}),
    "recordings": frozenset({StaffRole.TEAM_LEADER, StaffRole.ADMIN}),
    "audit": frozenset({StaffRole.TEAM_LEADER, StaffRole.ADMIN}),
    "admin": frozenset({StaffRole.TEAM_LEADER, StaffRole.ADMIN}),
}


class _Page(Protocol):
    """What reads a page: a presenter, or several put together."""

    def start(self) -> None:
        """Read what it shows."""

    def changed(self, changes: Changes) -> None:
        """Read again what it shows."""


class Pages(QObject):
    """Builds each page when it is first gone to, and reads nothing before that.

    `customers` and `knowledge` are there once their page has been built.
    """

    contact_wanted = Signal(object)
    wrap_up_wanted = Signal(object)
    customer_wanted = Signal(object)
    person_wanted = Signal(object)
    note_wanted = Signal(object, str)
    figure_wanted = Signal(object)
    wallboard_wanted = Signal()
    site_figures_wanted = Signal()
    queue_huddle_wanted = Signal(object)
    seen_wanted = Signal(object)
    scheme_chosen = Signal(object)
    scale_chosen = Signal(int)
    sign_out_asked = Signal()
    customer_number = Signal(str, object)
    listen_wanted = Signal(object, object)

    #: Where this computer stands, and who is at that desk; empty: nowhere.
    desk_here = Signal(str)

    #: Who was called from here while the database is away: a tuple of Called, the newest first.
    called_here = Signal(object)

    customers: CustomersPresenter
    knowledge: KnowledgePresenter
    at_desk: GoingOnDesk

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._presenters: list[_Page] = []
        self._unread: dict[str, _Page] = {}
        self._telephone = OwnTelephone("", "")

    def has(self, key: str) -> bool:
        """Whether this person has that page; the one role or the other may come while working."""
        return self._desk.person.role in WHOSE.get(key, StaffRole)

    def widget(self, key: str) -> QWidget | None:
        """The page of a place; None when it is not one of these, or not this person's."""
        if key not in _KEYS or not self.has(key):
            return None
        page: QWidget = getattr(self, f"{key}_screen")
        return page

    @cached_property
    def desk_screen(self) -> DeskScreen:
        """The counter of a one-stop-shop."""
        from crm_desktop.desktop.shell.desk_page import desk_page

        desk = self._desk
        screen, self.at_desk = desk_page(
            desk, opened=self.contact_wanted.emit, called_here=self.called_here.emit
        )
        desk.live.state_changed.connect(self._desk_state)
        screen.opened.connect(self.contact_wanted)
        screen.wrap_up_wanted.connect(self.wrap_up_wanted)
        screen.here.connect(self.desk_here)
        screen.figures_wanted.connect(self.site_figures_wanted)
        restore_panes(screen, desk.settings, "main")
        self._begin("desk", self.at_desk)
        return screen

    def stop(self) -> None:
        """The window closes: whoever was at a desk leaves it."""
        if "desk_screen" in self.__dict__:
            self.at_desk.stop()

    def enter_visitors(self) -> None:
        """Who came while the database was away is entered, whichever page is shown."""
        if self._desk.visitors.visits() and self.has("desk"):
            _ = self.desk_screen
            unread = self._unread.pop("desk", None)
            if unread is not None:
                unread.start()

    @Slot(object)
    def _desk_state(self, state: FeedState) -> None:
        """The desk goes on without the database, once it has begun."""
        if "desk" not in self._unread:
            self.at_desk.set_state(state)

    @cached_property
    def customers_screen(self) -> CustomersScreen:
        """Who is known."""
        from crm_desktop.desktop.screens.customers.presenter import CustomersPresenter
        from crm_desktop.desktop.screens.customers.screen import CustomersScreen

        screen = CustomersScreen(self._desk.look, self._desk.clock, audited=self._desk.person.leads)
        self.customers = CustomersPresenter(self._desk.db, self._tasks(screen), screen)
        screen.bind(self.customers)
        screen.history_wanted.connect(self._open_history)
        screen.seen_wanted.connect(self.seen_wanted)
        screen.dial_wanted.connect(self.customer_number)
        self._presenters.append(self.customers)
        return screen

    @cached_property
    def cases_screen(self) -> CasesScreen:
        """What is open."""
        from crm_desktop.desktop.screens.cases.presenter import CasesPresenter
        from crm_desktop.desktop.screens.cases.screen import CasesScreen

        screen = CasesScreen(self._desk.look, self._desk.clock)
        presenter = CasesPresenter(self._desk.db, self._tasks(screen), screen)
        screen.bind(presenter)
        screen.contact_wanted.connect(self.contact_wanted)
        self._begin("cases", presenter)
        return screen

    @cached_property
    def knowledge_screen(self) -> KnowledgePanel:
        """What may be said."""
        from crm_desktop.desktop.screens.knowledge.presenter import KnowledgePresenter

        screen = KnowledgePanel(self._desk.look, beside=True, inserts=False)
        self.knowledge = KnowledgePresenter(self._desk.answers, self._tasks(screen), screen)
        screen.bind(self.knowledge)
        self._begin("knowledge", self.knowledge)
        return screen

    @cached_property
    def settings_screen(self) -> SettingsScreen:
        """How it looks, and who is here."""
        from crm_desktop.desktop.screens.settings.screen import SettingsScreen

        screen = SettingsScreen(self._desk.look, self._desk.facts)
        screen.scheme_chosen.connect(self.scheme_chosen)
        screen.scale_chosen.connect(self.scale_chosen)
        screen.sign_out_asked.connect(self.sign_out_asked)
        screen.show_telephone(self._telephone)
        return screen

    @cached_property
    def admin_screen(self) -> AdminPages:
        """What a team leader looks after, and what an administrator sets up."""
        from crm_desktop.desktop.screens.admin.pages import AdminPages
        from crm_desktop.desktop.screens.admin.presenter import AdminPresenter
        from crm_desktop.desktop.screens.admin.screen import AdminScreen
        from crm_desktop.desktop.screens.admin.sites_presenter import SitesPresenter
        from crm_desktop.desktop.screens.admin.sites_screen import SitesScreen
        from crm_desktop.desktop.screens.admin.telephones_presenter import TelephonesPresenter
        from crm_desktop.desktop.screens.admin.telephones_screen import TelephonesScreen

        desk = self._desk
        channels = AdminScreen(desk.look, desk.clock)
        telephones = TelephonesScreen(desk.look, desk.clock)
        sites = SitesScreen(desk.look, desk.settings)
        screen = AdminPages(
            desk.look, channels, telephones, sites, lambda: desk.person.role is StaffRole.ADMIN
        )
        screen.bind(
            AdminPresenter(desk.db, self._tasks(channels), channels),
            TelephonesPresenter(desk.db, self._tasks(telephones), telephones),
            SitesPresenter(desk.db, self._tasks(sites), sites),
        )
        screen.contact_wanted.connect(self.contact_wanted)
        self._begin("admin", screen)
        return screen

    @cached_property
    def audit_screen(self) -> AuditScreen:
        """Who has seen what, and what was done."""
        from crm_desktop.desktop.screens.audit.presenter import AuditPresenter
        from crm_desktop.desktop.screens.audit.screen import AuditScreen

        desk = self._desk
        screen = AuditScreen(desk.look, desk.clock)
        presenter = AuditPresenter(desk.db, self._tasks(screen), screen, now=desk.clock.now)
        screen.bind(presenter)
        screen.contact_wanted.connect(self.contact_wanted)
        self._begin("audit", presenter)
        return screen

    @cached_property
    def recordings_screen(self) -> RecordingsScreen:
        """What was recorded, and who asks for it."""
        from crm_desktop.desktop.screens.recordings.presenter import RecordingsPresenter
        from crm_desktop.desktop.screens.recordings.screen import RecordingsScreen

        screen = RecordingsScreen(self._desk.look, self._desk.clock)
        presenter = RecordingsPresenter(
            self._desk.db, self._tasks(screen), screen, later=later_for(screen)
        )
        screen.bind(presenter)
        self._begin("recordings", presenter)
        return screen

    @cached_property
    def staff_screen(self) -> StaffScreen:
        """Who works here."""
        from crm_desktop.desktop.screens.staff.presenter import StaffPresenter
        from crm_desktop.desktop.screens.staff.screen import StaffScreen

        screen = StaffScreen(self._desk.look, self._desk.clock)
        presenter = StaffPresenter(self._desk.db, self._tasks(screen), screen)
        screen.bind(presenter)
        self._begin("staff", presenter)
        return screen

    @cached_property
    def team(self) -> TeamDesk:
        """How the leader's queues and people do now."""
        from crm_desktop.desktop.shell.team_desk import TeamDesk

        team = TeamDesk(self._desk)
        restore_panes(team.screen, self._desk.settings, "main")
        team.contact_wanted.connect(self.contact_wanted)
        team.customer_wanted.connect(self.customer_wanted)
        team.person_wanted.connect(self.person_wanted)
        team.note_wanted.connect(self.note_wanted)
        team.figure_wanted.connect(self.figure_wanted)
        team.wallboard_wanted.connect(self.wallboard_wanted)
        team.site_figures_wanted.connect(self.site_figures_wanted)
        team.queue_huddle_wanted.connect(self.queue_huddle_wanted)
        team.listen_wanted.connect(self.listen_wanted)
        self._begin("team", team)
        return team

    @property
    def team_screen(self) -> TeamScreen:
        """The page of the team."""
        return self.team.screen

    def _tasks(self, screen: QWidget) -> OwnedTasks:
        return self._desk.runner.for_owner(screen)

    def _begin(self, key: str, presenter: _Page) -> None:
        """A page that reads when it is first gone to."""
        self._presenters.append(presenter)
        self._unread[key] = presenter

    def shown(self, key: str) -> None:
        """A page was gone to: read it, if it was not, and put the keyboard into it."""
        page = self.widget(key)
        unread = self._unread.pop(key, None)
        if unread is not None:
            unread.start()
        focus = getattr(page, "focus", None)
        if focus is not None:
            focus()

    def changed(self, changes: Changes) -> None:
        """Tell every page's presenter."""
        for presenter in self._presenters:
            presenter.changed(changes)

    def show_telephone(self, telephone: OwnTelephone) -> None:
        """What is known of this person's telephone, for the settings."""
        self._telephone = telephone
        if "settings_screen" in self.__dict__:
            self.settings_screen.show_telephone(telephone)

    def ask_who_saw(self, customer: CustomerView) -> None:
        """Show who has seen a customer; nothing for whom the page is not."""
        if self.has("audit"):
            self.audit_screen.ask_about_customer(customer.id, customer.name)

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
