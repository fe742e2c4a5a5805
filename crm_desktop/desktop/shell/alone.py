"""The window of whoever starts while the database is away: knowledge, logging, and the desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.live import FeedState
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.knowledge.presenter import KnowledgePresenter
from crm_desktop.desktop.shell.alarm_desk import AlarmDesk
from crm_desktop.desktop.shell.away import AwayBanner
from crm_desktop.desktop.shell.commands import COMMANDS
from crm_desktop.desktop.shell.desk import Desk, later_for
from crm_desktop.desktop.shell.log_desk import LogDesk
from crm_desktop.desktop.shell.pages import WHOSE
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.knowledge_panel import KnowledgePanel
from crm_desktop.desktop.widgets.rail import NavigationRail, Place
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import CrmError, DatabaseTrouble, SignInRefused
from crm_desktop.domain.views import ServiceInfo
from crm_desktop.services import Database

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.desk.screen import DeskScreen

_OWN = {"contact.log", "contact.logged", "alarm.raise", "alarm.test", "alarm.show"}
#: The database is tried so often.
_EVERY_MS = 5_000
#: Somebody who types is not interrupted: the form is left first.
_WAIT_MS = 500


class Nowhere:
    """A `ChangeSource` of a database that is away."""

    def subscribe(
        self, on_changes: Callable[[Changes], None], on_state: Callable[[FeedState], None]
    ) -> Callable[[], None]:
        """See `ChangeSource`."""
        on_state(FeedState(False, datetime.now(UTC)))
        return lambda: None


class AloneWindow(QWidget):
    """`signed_in` carries the Database when it is back and has accepted name and password;
    `refused` that it has not. `sign_in` is what a worker tries.
    """

    signed_in = Signal(object)
    refused = Signal(object)

    def __init__(
        self, desk: Desk, services: tuple[ServiceInfo, ...], sign_in: Callable[[], Database]
    ) -> None:
        super().__init__()
        self._desk, self._sign_in = desk, sign_in
        self._open = True
        self.setWindowTitle(f"{desk.person.name}, without the database")
        self.setAccessibleName("Without the database")
        registry = CommandRegistry(desk.look, {desk.person.role}, self)
        registry.add(each for each in COMMANDS if each.id in _OWN)
        log, to_enter = (registry.action(each) for each in ("contact.log", "contact.logged"))
        self.away = AwayBanner(desk.look, log, to_enter, desk.articles.problem)
        has_desk = desk.person.role in WHOSE["desk"] and desk.visitors.site is not None
        works = f"{'The desk, knowledge' if has_desk else 'Knowledge'} and logging contacts"
        self._said = Banner(
            desk.look,
            Tone.INFO,
            "info",
            "You work without the database.",
            f"{works} work. Everything else opens by itself when it is back.",
            wide=True,
        )
        self.log = LogDesk(desk, registry, self, lambda: services)
        self.alarms = AlarmDesk(desk, registry, self)
        self.knowledge = KnowledgePanel(desk.look, beside=True, inserts=False)
        self._presenter = KnowledgePresenter(
            desk.answers, desk.runner.for_owner(self.knowledge), self.knowledge
        )
        self.knowledge.bind(self._presenter)
        self.desk_screen: DeskScreen | None = None
        self._rail = NavigationRail(desk.look)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.knowledge)
        if has_desk:
            self._add_desk()
        self._rail.setVisible(self.desk_screen is not None)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._rail)
        middle.addWidget(self._pages, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for each in (self.away, self._said, self.log.bar):
            column.addWidget(each)
        column.addLayout(middle, 1)
        column.addWidget(self.alarms.sign)
        registry.attach(self)
        desk.live.state_changed.connect(self._state_changed)
        self.log.waiting_changed.connect(self.away.show_to_enter)
        wide = 1440 if self.desk_screen is not None else 1000
        self.resize(desk.look.px(wide), desk.look.px(700))

    def start(self) -> None:
        """Show what is kept here, and try the database now and then."""
        self.show()
        self._desk.live.start(Nowhere())
        self.alarms.start()
        self._desk.clock.start()
        later_for(self)(_EVERY_MS, self._try)

    def closeEvent(self, event: QCloseEvent) -> None:
        """What is logged is kept already."""
        self._open = False
        self.alarms.stop()
        self._desk.clock.stop()
        self._desk.live.stop()
        super().closeEvent(event)

    @Slot(object)
    def _state_changed(self, state: FeedState) -> None:
        self.away.set_state(state)
        self._presenter.start()
        self.log.start()
        if self.desk_screen is None:
            self.knowledge.focus()
        else:
            self._at_desk.start()
            self.go("desk")

    @Slot(str)
    def go(self, key: str) -> None:
        """Show a page of the rail."""
        page = self.desk_screen if key == "desk" and self.desk_screen else self.knowledge
        self._rail.show_place(key)
        self._pages.setCurrentWidget(page)
        page.focus()

    def _add_desk(self) -> None:
        """The desk goes on with what this computer knows of its site."""
        from crm_desktop.desktop.shell.desk_page import desk_page

        self.desk_screen, self._at_desk = desk_page(
            self._desk, opened=lambda _contact: None, called_here=lambda _called: None
        )
        self._pages.addWidget(self.desk_screen)
        self._rail.add(Place("desk", "Desk", "map-pin"))
        self._rail.add(Place("knowledge", "Knowledge", "book-open"))
        self._rail.chosen.connect(self.go)

    def _try(self) -> None:
        if self._open:
            self._desk.runner.for_owner(self).write(
                self._sign_in, self._signed_in, failed=self._not_signed_in
            )

    def _signed_in(self, db: Database) -> None:
        if not self._open:
            db.close()
        elif self.log.is_busy or (self.desk_screen and self.desk_screen.is_busy):
            later_for(self)(_WAIT_MS, lambda: self._signed_in(db))
        else:
            self.signed_in.emit(db)

    def _not_signed_in(self, trouble: CrmError) -> None:
        if isinstance(trouble, DatabaseTrouble) and not isinstance(trouble, SignInRefused):
            later_for(self)(_EVERY_MS, self._try)
            return
        self._said.set_tone(Tone.DANGER, "circle-alert")
        self._said.set_text(words_for(trouble).happened, "What you logged is kept. Sign in again.")
        self.refused.emit(trouble)
