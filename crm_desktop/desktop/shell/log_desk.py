"""Logging by hand in the main window: its form, its list, and the bar that tells what became."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.live import FeedState
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.presenting import CancelToken, Tasks
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.logged.book import LogBook
from crm_desktop.desktop.shell.desk import Desk, later_for
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.domain.logged import LoggedContact, ToEnter
from crm_desktop.domain.views import FoundCustomer, ServiceInfo
from crm_desktop.services import Database, customers

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.logged.dialog import LogDialog
    from crm_desktop.desktop.screens.logged.waiting import WaitingDialog
    from crm_desktop.services.logged import Logged

#: So many are named, the newest.
_MOST_TOLD = 3


class LogBar(Banner):
    """What was entered, and what was not and why; `opened` asks for the list."""

    opened = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, Tone.OK, "clipboard-check", wide=True, closable=True, parent=parent)
        self._open = self.add_action("Show")
        self._open.clicked.connect(self.opened)
        self._entered: list[tuple[str, str]] = []
        self._refused, self._why = 0, ""
        self.closed.connect(self._entered.clear)
        self.hide()

    def show_entered(self, said: LoggedContact, became: Logged) -> None:
        """One more was entered; what was told before and not dismissed stays."""
        entered = became.row.entered_at if became.row else None
        times = f"happened {words.clock_time(said.happened_at)}"
        if entered is not None:
            times += f", entered {words.clock_time(entered)}"
        self._entered.append((f"{said.who}, {said.about}", times))
        announce(self, f"Entered: {said.who}, {said.about}, {times}")
        self._say()

    def show_refused(self, entries: tuple[ToEnter, ...]) -> None:
        """These were not entered, each for its reason."""
        refused = [each for each in entries if each.refused]
        if len(refused) > self._refused:
            announce(self, f"Not entered: {refused[-1].said.who}. {refused[-1].refused}")
        self._refused = len(refused)
        self._why = refused[-1].refused if refused else ""
        self._say()

    def _say(self) -> None:
        self._open.setVisible(bool(self._refused))
        told = "; ".join(f"{which} ({times})" for which, times in self._entered[-_MOST_TOLD:])
        told = f"Entered: {told}." if told else ""
        if self._refused:
            self.set_tone(Tone.DANGER, "circle-alert")
            head = f"{words.count(self._refused, 'logged contact')} could not be entered."
            self.set_text(head, " ".join(each for each in (self._why, "It is kept.", told) if each))
        else:
            self.set_tone(Tone.OK, "clipboard-check")
            if len(self._entered) == 1:
                ((which, times),) = self._entered
                self.set_text(f"Entered: {which}.", f"{times.capitalize()}.")
            else:
                self.set_text(f"{len(self._entered)} contacts were entered.", told)
        self.setVisible(bool(self._refused or told))


class LogDesk(QObject):
    """Implements `LogView`. `waiting_changed` carries how many contacts are to be entered."""

    waiting_changed = Signal(int)

    def __init__(
        self,
        desk: Desk,
        registry: CommandRegistry,
        window: QWidget,
        services: Callable[[], tuple[ServiceInfo, ...]],
    ) -> None:
        super().__init__(window)
        self._desk, self._registry, self._window = desk, registry, window
        self._services = services
        self._form: LogDialog | None = None
        self._list: WaitingDialog | None = None
        self.bar = LogBar(desk.look)
        self.bar.opened.connect(self.open_waiting)
        self.book = LogBook(
            desk.db,
            desk.runner.for_owner(self),
            desk.log,
            self,
            clock=desk.clock.now,
            is_away=lambda: desk.live.is_away,
            later=later_for(self),
        )
        registry.bind("contact.log", self.open_form)
        registry.bind("contact.logged", self.open_waiting)
        registry.set_enabled("contact.logged", False)

    @property
    def is_busy(self) -> bool:
        """Whether somebody types into the form, or looks at the list."""
        return self._form is not None or self._list is not None

    def start(self) -> None:
        """Enter what an earlier run left."""
        self.book.start()

    @Slot(object)
    def set_state(self, state: FeedState) -> None:
        """The database is back: enter what waits."""
        if state.connected:
            self.book.enter()

    @Slot()
    def open_form(self) -> None:
        """Log a contact."""
        self._show_form()

    @Slot()
    def open_waiting(self) -> None:
        """Show what is to be entered."""
        if self._list is not None or not self.book.entries:
            return
        # Not at the start: most days nobody asks for it.
        from crm_desktop.desktop.screens.logged.waiting import WaitingDialog

        log = self._desk.log
        self._list = WaitingDialog(
            self._desk.look, self._window, problem=log.problem, damaged=log.damaged
        )
        self._list.change_asked.connect(self._mend)
        self._list.again_asked.connect(self.book.try_again)
        self._list.discard_asked.connect(self.book.discard)
        self._list.finished.connect(self._list_closed)
        self._list.show_entries(self.book.entries)
        self._list.open()

    # LogView

    def show_to_enter(self, entries: tuple[ToEnter, ...]) -> None:
        """See `LogView`."""
        self._registry.set_enabled("contact.logged", bool(entries))
        self.waiting_changed.emit(len(entries))
        self.bar.show_refused(entries)
        if self._list is not None:
            self._list.show_entries(entries)

    def show_kept(self, entry: ToEnter) -> None:
        """See `LogView`."""
        if self._form is not None:
            self._form.accept()
        if self._desk.live.is_away:
            announce(
                self._window, f"Kept: {entry.said.who}. It is entered when the database is back"
            )

    def show_entered(self, said: LoggedContact, became: Logged) -> None:
        """See `LogView`."""
        self.bar.show_entered(said, became)

    def _show_form(self, mended: ToEnter | None = None) -> None:
        if self._form is not None:
            self._form.raise_()
            return
        from crm_desktop.desktop.screens.logged.dialog import LogDialog

        away = self._desk.live.is_away
        self._form = LogDialog(
            self._desk.look,
            self._desk.clock.now(),
            self._list or self._window,
            services=self._services(),
            away=away,
            mended=mended.said if mended else None,
            refused=mended.refused if mended else "",
        )
        if not away:
            tasks = self._desk.runner.for_owner(self._form)
            self._form.bind(_CustomerSearch(self._desk.db, tasks, self._form))
        self._form.submitted.connect(self.book.keep)
        self._form.finished.connect(self._form_closed)
        self._form.open()

    @Slot(object)
    def _mend(self, key: str) -> None:
        entry = self.book.mend(key)
        if entry is not None:
            self._show_form(entry)

    @Slot(int)
    def _form_closed(self, _result: int) -> None:
        self._form = None
        self.book.let_be()

    @Slot(int)
    def _list_closed(self, _result: int) -> None:
        self._list = None


class _CustomerSearch:
    """Finds customers for the form, by all that search knows."""

    def __init__(self, db: Database, tasks: Tasks, view: LogDialog) -> None:
        self._db, self._tasks, self._view = db, tasks, view

    def search(self, text: str) -> None:
        """Answers with `show_found`; a database that went away meanwhile finds nobody."""
        if not text.strip():
            self._view.show_found(())
            return
        self._tasks.search(
            partial(self._find, text.strip()),
            self._view.show_found,
            failed=lambda _trouble: self._view.show_found(()),
            key="customers",
        )

    def _find(self, text: str, _token: CancelToken) -> tuple[FoundCustomer, ...]:
        return customers.search(self._db, text)
