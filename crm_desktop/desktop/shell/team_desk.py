"""Puts the team leader's screen together: its panes with their presenters, and what leads where."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from crm_desktop.desktop.core.presenting import Presenter
from crm_desktop.desktop.core.tasks import OwnedTasks
from crm_desktop.desktop.screens.team.contacts_pane import ContactsPane
from crm_desktop.desktop.screens.team.contacts_presenter import ContactsPresenter
from crm_desktop.desktop.screens.team.decisions_pane import DecisionsPane
from crm_desktop.desktop.screens.team.decisions_presenter import DecisionsPresenter
from crm_desktop.desktop.screens.team.figures_presenter import FiguresPresenter
from crm_desktop.desktop.screens.team.forecast_pane import ForecastPane
from crm_desktop.desktop.screens.team.forecast_presenter import ForecastPresenter
from crm_desktop.desktop.screens.team.panes import Pane
from crm_desktop.desktop.screens.team.presenter import TeamPresenter
from crm_desktop.desktop.screens.team.queue_dialog import QueueDialog
from crm_desktop.desktop.screens.team.queue_presenter import QueuePresenter
from crm_desktop.desktop.screens.team.screen import TeamScreen
from crm_desktop.desktop.shell.desk import Desk, later_for
from crm_desktop.desktop.shell.my_day import DayDialog
from crm_desktop.domain.changes import Changes


class TeamDesk(QObject):
    """`contact_wanted`, `person_wanted` and `huddle_wanted` carry an id, `note_wanted` an id and a
    name, `queue_huddle_wanted` a queue's id, `figure_wanted` a Figure, `wallboard_wanted` and
    `site_figures_wanted` nothing, `listen_wanted` the contact of a call and a Verb.
    """

    contact_wanted = Signal(object)
    customer_wanted = Signal(object)
    person_wanted = Signal(object)
    note_wanted = Signal(object, str)
    queue_huddle_wanted = Signal(object)
    figure_wanted = Signal(object)
    wallboard_wanted = Signal()
    site_figures_wanted = Signal()
    listen_wanted = Signal(object, object)

    def __init__(self, desk: Desk) -> None:
        self.screen = screen = TeamScreen(desk.look, desk.clock, desk.settings)
        super().__init__(screen)
        self._desk = desk
        self._missed = Changes()
        self._seen = False
        self._later = later_for(screen)
        self._board = TeamPresenter(desk.db, self._tasks(), screen, later=self._later)
        self._figures = FiguresPresenter(desk.db, self._tasks(), screen, later=self._later)
        screen.bind(self._board, self._figures)
        self.contacts = ContactsPane(desk.look, desk.clock)
        self._contacts = ContactsPresenter(desk.db, self._tasks(), self.contacts, later=self._later)
        self.contacts.bind(self._contacts)
        self.decisions = DecisionsPane(desk.look, desk.clock)
        self._decisions = DecisionsPresenter(
            desk.db, self._tasks(), self.decisions, later=self._later
        )
        self.decisions.bind(self._decisions)
        self.forecast = ForecastPane(desk.look, desk.clock)
        self._forecast = ForecastPresenter(
            desk.db, self._tasks(), self.forecast, now=desk.clock.now
        )
        self.forecast.bind(self._forecast)
        self._rules = QueuePresenter(desk.db, self._tasks())
        #: They read and write whether or not they are seen; here they are told when they are.
        self._panes: tuple[Presenter, ...] = (self._contacts, self._decisions, self._forecast)
        screen.panes.add(Pane("contacts", "Contacts", self.contacts, "left", 20))
        screen.panes.add(Pane("forecast", "Today", self.forecast, "left", 16))
        screen.panes.add(Pane("decisions", "Needs a decision", self.decisions, "right", 22))
        screen.panes.settle()
        self._connect()

    def start(self) -> None:
        """The page is gone to for the first time."""
        for presenter in self._panes:
            presenter.start()

    def changed(self, changes: Changes) -> None:
        """Something changed: who is not looked at is told when they are."""
        self._board.changed(changes)
        self._figures.changed(changes)
        if self._seen:
            self._tell(changes)
        else:
            self._missed |= changes

    def _connect(self) -> None:
        screen = self.screen
        screen.seen.connect(self._show)
        screen.figure_wanted.connect(self.figure_wanted)
        screen.queues.queues_chosen.connect(self._show_queues)
        screen.queues.wallboard_wanted.connect(self.wallboard_wanted)
        screen.queues.site_figures_wanted.connect(self.site_figures_wanted)
        screen.queues.settings_wanted.connect(self._open_rules)
        screen.queues.huddle_wanted.connect(self.queue_huddle_wanted)
        screen.people.person_wanted.connect(self.person_wanted)
        screen.people.message_wanted.connect(self._write_note)
        screen.people.history_wanted.connect(self._show_day)
        screen.people.contacts_wanted.connect(self._show_person)
        screen.people.gone_home.connect(self._gone_home)
        screen.people.listen_wanted.connect(self.listen_wanted)
        for pane in (screen.queues, screen.people):
            pane.contacts_dropped.connect(self.contacts.dropped)
        self.contacts.opened.connect(self.contact_wanted)
        self.decisions.counted.connect(partial(screen.panes.set_count, "decisions"))
        self.decisions.contact_wanted.connect(self.contact_wanted)
        self.decisions.customer_wanted.connect(self.customer_wanted)

    def _tasks(self) -> OwnedTasks:
        return self._desk.runner.for_owner(self.screen)

    def _tell(self, changes: Changes) -> None:
        for presenter in self._panes:
            presenter.changed(changes)

    @Slot(bool)
    def _show(self, seen: bool) -> None:
        self._seen = seen
        if seen and self._missed:
            # Much may have gone by: one page is read, not each of what it was.
            self._missed = Changes()
            self._tell(Changes.everything())

    @Slot(object)
    def _show_queues(self, ids: tuple[int, ...]) -> None:
        self.contacts.show_queues(frozenset(ids))
        self.forecast.show_queue(ids[0] if len(ids) == 1 else None)
        self.screen.panes.show_pane("contacts")

    @Slot(object)
    def _show_person(self, staff_id: int) -> None:
        self.contacts.show_person(staff_id)
        self.screen.panes.show_pane("contacts")

    @Slot(object)
    def _open_rules(self, queue_id: int) -> None:
        QueueDialog(self._desk.look, self._rules, queue_id, self.screen).open()

    @Slot(object)
    def _gone_home(self, staff_id: int) -> None:
        self._show_person(staff_id)
        self._contacts.gone_home(staff_id, self.screen.people.name_of(staff_id))

    @Slot(object)
    def _write_note(self, staff_id: int) -> None:
        self.note_wanted.emit(staff_id, self.screen.people.name_of(staff_id))

    @Slot(object)
    def _show_day(self, staff_id: int) -> None:
        DayDialog(self._desk, staff_id, self.screen.people.name_of(staff_id), self.screen).open()
