"""The main window: bars, rail, pages, and the one place where changes reach every presenter."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.layout import restore_layout, save_layout
from crm_desktop.desktop.core.live import FeedState
from crm_desktop.desktop.core.palette import CommandPalette
from crm_desktop.desktop.core.shortcuts import ShortcutSheet
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.queue.presenter import QueuePresenter
from crm_desktop.desktop.screens.queue.screen import QueueScreen
from crm_desktop.desktop.shell.alarm_desk import AlarmDesk
from crm_desktop.desktop.shell.article_keeper import ArticleKeeper
from crm_desktop.desktop.shell.away import WHY_NOT, AwayBanner
from crm_desktop.desktop.shell.booking_desk import BookingDesk
from crm_desktop.desktop.shell.call_desk import CallDesk
from crm_desktop.desktop.shell.chat_desk import ChatDesk
from crm_desktop.desktop.shell.commands import COMMANDS
from crm_desktop.desktop.shell.contact_commands import ContactCommands, Target
from crm_desktop.desktop.shell.desk import Desk, later_for
from crm_desktop.desktop.shell.detached import DetachedWindow
from crm_desktop.desktop.shell.finders import NumberFinder, RecordFinder
from crm_desktop.desktop.shell.incident_desk import IncidentDesk
from crm_desktop.desktop.shell.leaving import Leaving
from crm_desktop.desktop.shell.lock import Locker
from crm_desktop.desktop.shell.log_desk import LogDesk
from crm_desktop.desktop.shell.pages import PAGES, Pages
from crm_desktop.desktop.shell.people_desk import PeopleDesk
from crm_desktop.desktop.shell.presence_desk import PresenceDesk
from crm_desktop.desktop.shell.private import Private
from crm_desktop.desktop.shell.public_desk import PublicDesk
from crm_desktop.desktop.shell.site_desk import SiteDesk
from crm_desktop.desktop.shell.standing import StandingKeeper
from crm_desktop.desktop.shell.status import StatusKeeper
from crm_desktop.desktop.shell.top_bar import TopBar
from crm_desktop.desktop.shell.wallboard import FigureDesk
from crm_desktop.desktop.shell.work_page import WorkPage
from crm_desktop.desktop.shell.workplace import Workplace
from crm_desktop.desktop.widgets.banner import ErrorBar
from crm_desktop.desktop.widgets.rail import NavigationRail, Place
from crm_desktop.desktop.widgets.status import StatusStrip
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.chats import Said
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import StaffRole
from crm_desktop.domain.views import ContactView, CustomerView, Hit, Moved, QueueCounts, QueueRow
from crm_desktop.services import replies

PRODUCT = "CRM Desktop"
_COMPACT, _SCHEME, _SCALE = "queue/compact", "look/scheme", "look/scale"
_STEP = 25


class MainWindow(QWidget):
    """Everything that one signed-in person sees. Show it, call `start()` and then `go_on()`."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._windows: list[DetachedWindow] = []
        # The platform puts the application's name behind every title.
        self.setWindowTitle(desk.person.name)
        self.setAccessibleName(PRODUCT)
        self.registry = CommandRegistry(desk.look, {desk.person.role}, self)
        self.registry.add(COMMANDS)
        self.error = ErrorBar(desk.look)
        self.away = AwayBanner(
            desk.look,
            self.registry.action("contact.log"),
            self.registry.action("contact.logged"),
            desk.articles.problem,
        )
        self._build_work()
        self.pages = Pages(desk, self)
        self._place = "queue"
        self._build_frame()
        self._bind_commands()
        self.palette_box = CommandPalette(
            desk.look,
            self.registry,
            desk.runner.for_owner(self),
            [NumberFinder(self.calls.ask_number), RecordFinder(desk.db, self.open_hit)],
            self,
        )
        self.registry.attach(self)
        self._connect()
        self._connect_sites()
        self._standing = StandingKeeper(
            desk.db, desk.runner.for_owner(self), self._person_changed, self.lock.end
        )
        self._fit_person(desk.person)
        self.resize(desk.look.px(1440), desk.look.px(900))
        restore_layout(self, desk.settings, "main")

    @property
    def detached(self) -> tuple[DetachedWindow, ...]:
        """The workspaces in windows of their own."""
        return tuple(self._windows)

    def start(self) -> None:
        """Read what is shown first."""
        self._queue_presenter.start()
        self._desk.clock.start()
        self.queue.focus()
        if self._desk.person.role is StaffRole.DESK:
            self.go("desk")

    def go_on(self) -> None:
        """The queue is drawn: read all else, and listen."""
        self._queue_presenter.go_on()
        self.workplace.start()
        self._status.start()
        self.presence.keeper.start()
        self.calls.start()
        self.log.start()
        self._articles.begin()
        self.people.start()
        self.alarms.start()
        self.pages.enter_visitors()

    def open_contact(self, contact_id: int) -> None:
        """Show a contact in the workspace."""
        self.go("queue")
        self.workplace.presenter.open(contact_id)
        self.queue.list.choose(contact_id)
        self._work.show_contact()

    @Slot(object)
    def _wrap_up(self, contact_id: int) -> None:
        """Open a contact and begin its wrap-up; one that is not read yet is opened only."""
        self.open_contact(contact_id)
        self._begin_wrap_up()

    def _begin_wrap_up(self) -> None:
        """Where it can be seen, whichever page is shown."""
        self.go("queue")
        self._work.show_contact()
        self.workplace.presenter.begin_wrap_up()

    def open_hit(self, hit: Hit) -> None:
        """Show what the palette found."""
        if hit.kind == "customer":
            self.open_customer(hit.id)
        elif hit.kind == "article":
            self.go("knowledge")
            self.pages.knowledge.read(hit.id)
        elif hit.contact_id is not None or hit.kind == "contact":
            self.open_contact(hit.contact_id or hit.id)
        else:
            self.go("cases")
            self.pages.cases_screen.field.setText(hit.title)

    @Slot(object)
    def open_customer(self, customer_id: int) -> None:
        """Show what is known of somebody."""
        self.go("customers")
        self.pages.customers.open(customer_id)

    @Slot(object)
    def ask_who_saw(self, customer: CustomerView) -> None:
        """Show who has seen a customer; for team leaders."""
        self.go("audit")
        self.pages.ask_who_saw(customer)

    def go(self, key: str) -> None:
        """Show a page of the rail."""
        self._place = key
        self._rail.show_place(key)
        page = self.pages.widget(key) or self._work
        if self._stack.indexOf(page) < 0:
            self._stack.addWidget(page)
            if key == "desk":
                self.commands.add_toast(self.pages.desk_screen.toast)
            elif key == "staff":
                self.commands.add_toast(self.pages.staff_screen.toast)
            elif key == "admin":
                self.commands.add_toast(self.pages.admin_screen.telephones.toast)
                self.commands.add_toast(self.pages.admin_screen.sites.toast)
            elif key == "team":
                self.commands.add_toast(self.pages.team.contacts.toast)
        self._stack.setCurrentWidget(page)
        self.pages.shown(key)

    @Slot(object)
    def changed(self, changes: Changes) -> None:
        """Something changed here or elsewhere: every presenter decides what to read again."""
        self._queue_presenter.changed(changes)
        self.workplace.changed(changes)
        self.pages.changed(changes)
        self._status.changed(changes)
        self._standing.changed(changes)
        self.presence.changed(changes)
        self.calls.changed(changes)
        self.chats.changed(changes)
        self._articles.changed(changes)
        self.figures.changed(changes)
        self.site_figures.changed(changes)
        self.public.changed(changes)
        self.bookings.changed(changes)
        self.people.changed(changes)
        self.alarms.changed(changes)
        self.incidents.changed(changes)
        for window in self._windows:
            window.changed(changes)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep what is typed, the layout, and stop listening; a person is asked first."""
        if event.spontaneous() and not self.lock.is_locked:
            event.ignore()
            self._leaving.ask()
            return
        if self.lock.is_locked:
            self.hide()
            self.lock.reveal()
        for window in list(self._windows):
            window.close()
        self.figures.close()
        self.site_figures.close()
        self.alarms.stop()
        self.workplace.stop()
        self.pages.stop()
        self.public.close()
        self.presence.keeper.stop()
        save_layout(self, self._desk.settings, "main")
        self._desk.clock.stop()
        super().closeEvent(event)

    def _build_work(self) -> None:
        desk = self._desk
        self.queue = QueueScreen(desk.look, desk.clock, self.registry.action("queue.next"))
        self._queue_presenter = QueuePresenter(
            desk.db,
            desk.runner.for_owner(self.queue),
            self.queue,
            me=desk.person.id,
            now=desk.clock.now,
            later=later_for(self.queue),
        )
        self.queue.bind(self._queue_presenter)
        self.workplace = Workplace(desk, self.registry, self)
        self._work = WorkPage(desk.look, self.queue, self.workplace.screen)
        self.commands = ContactCommands(desk, self.registry, self, self.open_contact, self.error)
        self.commands.set_target(self._target)
        self.commands.add_toast(self.workplace.screen.toast)
        self.commands.add_toast(self.workplace.screen.meanwhile.toast)
        self.commands.add_toast(self.workplace.screen.document_toast)
        self.calls = CallDesk(desk, self.registry, self, self.workplace, self.open_contact)
        self.commands.calls = self.workplace.calls = self.calls
        self.chats = ChatDesk(desk, self.registry, self, self.workplace, self.open_contact)
        self.commands.chats = self.chats
        self.log = LogDesk(desk, self.registry, self, lambda: self.workplace.services)
        self.bookings = BookingDesk(desk, self.registry, self, self._target)
        self._articles = ArticleKeeper(desk, self)
        self.figures = FigureDesk(desk, self)
        self.site_figures = SiteDesk(desk, self.registry, self)

    def _build_frame(self) -> None:
        look = self._desk.look
        self.top = TopBar(look, PRODUCT)
        self.people = PeopleDesk(self._desk, self.registry, self)
        self.top.add(self.calls.phone)
        self.top.add(self.people.notes)
        self.top.add(self.people.new)
        self.strip = StatusStrip(look)
        self._status = StatusKeeper(self._desk, self.strip)
        self.alarms = AlarmDesk(self._desk, self.registry, self)
        self.strip.add(self.alarms.sign)
        self.incidents = IncidentDesk(self._desk, self.registry, self, self._target)
        self.alarms.ended.connect(self.incidents.after)
        self.top.held.connect(self.alarms.raise_alarm)
        self._rail = NavigationRail(look)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._work)
        self.private = Private(look, self._stack)
        self.public = PublicDesk(self._desk, self)
        self.pages.called_here.connect(self.public.called_here)
        self._rail.add(Place("queue", "Queue", "inbox"))
        for key, text, icon, bottom in PAGES:
            self._rail.add(Place(key, text, icon), bottom=bottom)
        self._rail.show_place("queue")
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self._stack, 1)
        right.addWidget(self.commands.toast)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._rail)
        middle.addLayout(right, 1)
        content = QWidget()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(content)
        self.lock = Locker(self._desk, self, content, PRODUCT)
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        said = (self.people.strip, self.people.bar)
        live = (self.calls.slot, self.chats.slot)
        for each in (
            self.top,
            *live,
            *said,
            self.away,
            self.log.bar,
            self.bookings.bar,
            self.public.bar,
            self.error,
        ):
            column.addWidget(each)
        column.addLayout(middle, 1)
        column.addWidget(self.strip)
        self.presence = PresenceDesk(
            self._desk, self, content, self.top.presence, self.registry, self.lock, self.error
        )
        self.presence.phone = self.calls
        self.chats.is_locked = partial(getattr, self.lock, "is_locked")
        self._leaving = Leaving(self._desk, self, self._quit)

    @Slot()
    def _hide_personal(self) -> None:
        """Who came to a site stands in a window of its own: it goes too."""
        self.private.toggle()
        if self.private.is_on:
            self.site_figures.close()

    def _connect_sites(self) -> None:
        self.site_figures.contact_wanted.connect(self.open_contact)
        self.pages.site_figures_wanted.connect(self.site_figures.open)
        self.figures.site_wanted.connect(self.site_figures.open_behind)
        self.lock.ended.connect(self.site_figures.close)

    def _connect(self) -> None:
        desk = self._desk
        desk.live.changed.connect(self.changed)
        desk.live.state_changed.connect(self.away.set_state)
        desk.live.state_changed.connect(self._fit_to_state)
        desk.live.state_changed.connect(self.log.set_state)
        self.log.waiting_changed.connect(self.away.show_to_enter)
        desk.live.state_changed.connect(self.strip.light.set_state)
        desk.live.state_changed.connect(self._feed_said)
        self.lock.hidden.connect(self._rest)
        self.lock.back.connect(self._go_on)
        desk.runner.trouble.connect(self.error.show_trouble)
        self.people.trouble.connect(self.error.show_trouble)
        self.alarms.trouble.connect(self.error.show_trouble)
        desk.runner.writing.connect(desk.live.rest)
        desk.runner.wrote.connect(self._wrote)
        self.top.search_asked.connect(self._open_palette)
        self.presence.take.connect(self.commands.gestures.take)
        self.presence.offered.connect(self.calls.offered)
        self.calls.moved.connect(self._call_moved)
        self.calls.talking.connect(self.lock.idle.touched)
        for customer in (self.workplace.customer_number, self.pages.customer_number):
            customer.connect(self.calls.ask_number)
        self.pages.listen_wanted.connect(self.calls.listen)
        self._rail.chosen.connect(self.go)
        self.queue.opened.connect(self.open_contact)
        self.queue.chosen.connect(self._fit)
        self.queue.counted.connect(self._counted)
        self.queue.held.connect(self.chats.held)
        self.queue.busy.connect(self.presence.keeper.set_busy)
        self.queue.density_changed.connect(self._density_changed)
        self.workplace.screen.shown.connect(self._fit)
        self.workplace.screen.over.connect(self._contact_over)
        self.workplace.saved.connect(self._status.draft_saved)
        self.workplace.trouble.connect(self.error.show_trouble)
        self.workplace.contact_wanted.connect(self.open_contact)
        self.workplace.seen_wanted.connect(self.ask_who_saw)
        self.pages.seen_wanted.connect(self.ask_who_saw)
        self.pages.contact_wanted.connect(self.open_contact)
        self.figures.contact_wanted.connect(self.open_contact)
        self.pages.figure_wanted.connect(self.figures.open_behind)
        self.pages.wallboard_wanted.connect(self.figures.open_wallboard)
        self.pages.customer_wanted.connect(self.open_customer)
        self.pages.person_wanted.connect(self.people.open_person)
        self.pages.note_wanted.connect(self.people.note_to)
        self.pages.queue_huddle_wanted.connect(self.people.huddle_to_queue)
        self.lock.ended.connect(self.figures.close)
        self.pages.scheme_chosen.connect(self._set_scheme)
        self.pages.scale_chosen.connect(self._set_scale)
        self.pages.sign_out_asked.connect(self._leaving.ask)
        self.pages.desk_here.connect(self.top.show_here)

    def _bind_commands(self) -> None:
        bind = self.registry.bind
        bind("queue.next", self._take_next)
        bind("contact.open", self._open_chosen)
        bind("contact.detach", self._detach)
        bind("contact.wrap_up", self._begin_wrap_up)
        self.pages.wrap_up_wanted.connect(self._wrap_up)
        bind("go.queue", self._go_to_queue)
        for place in (key for key, *_ in PAGES):
            bind(f"go.{place}", partial(self.go, place))
        bind("go.palette", self._open_palette)
        bind("view.private", self._hide_personal)
        bind("view.public", self._open_public)
        bind("desk.printer", self._choose_printer)
        bind("view.density", self._toggle_density)
        bind("view.larger", partial(self._change_scale, _STEP))
        bind("view.smaller", partial(self._change_scale, -_STEP))
        for scheme in Scheme:
            bind(f"view.{scheme.value}", partial(self._set_scheme, scheme))
        bind("view.wallboard", self.figures.open_wallboard)
        bind("view.reload", partial(self.changed, Changes.everything()))
        bind("help.shortcuts", self._show_shortcuts)
        bind("app.lock", self.lock.lock)
        bind("app.quit", self._leaving.ask)
        compact = self._desk.settings.get(_COMPACT) != "no"
        self.queue.set_compact(compact)
        self.registry.set_checked("view.density", compact)
        self.registry.set_checked("view.side", True)

    @Slot(object)
    def _feed_said(self, state: FeedState) -> None:
        if state.refused is not None:
            self.lock.end(state.refused)

    @Slot()
    def _rest(self) -> None:
        """Nobody is here: keep what is typed, take no commands."""
        for workplace in (self.workplace, *(each.workplace for each in self._windows)):
            workplace.keep()
        for registry in (self.registry, *(each.registry for each in self._windows)):
            registry.suspend(True)
        self.figures.set_locked(True)

    @Slot()
    def _go_on(self) -> None:
        for registry in (self.registry, *(each.registry for each in self._windows)):
            registry.suspend(False)
        self.figures.set_locked(False)

    def _fit_person(self, person: Person) -> None:
        """Offer what this role may do; what others' queues held is read again."""
        for registry in (self.registry, *(each.registry for each in self._windows)):
            registry.set_roles({person.role})
        for key, *_ in PAGES:
            self._rail.set_shown(key, self.pages.has(key))
        if not self.pages.has(self._place):
            self.go("queue")
        if not person.leads:
            self.figures.close()
        if not self.pages.has("desk"):
            self.site_figures.close()
        self._status.show_person()
        self.people.fit()
        self._fit()

    def _person_changed(self, person: Person) -> None:
        self._fit_person(person)
        self.changed(Changes.everything())

    def _target(self) -> Target:
        """The open contact while its workspace has the focus, else the chosen row."""
        contact = self.workplace.presenter.contact
        inside = self.workplace.screen.isAncestorOf(self.focusWidget() or self)
        chosen = self.queue.list.current_row()
        if contact is not None and (inside or chosen is None or chosen.id == contact.row.id):
            return contact
        return chosen

    @Slot()
    def _fit(self) -> None:
        self.commands.fit()
        self.registry.set_enabled("contact.open", self.queue.list.current_row() is not None)

    @Slot(object)
    def _wrote(self, answer: Changes | Any) -> None:
        """An own change shows at once."""
        if isinstance(answer, Moved):
            self._queue_presenter.moved(answer)
            for workplace in (self.workplace, *(each.workplace for each in self._windows)):
                workplace.presenter.moved(answer)
        # What shows itself by its answer is read again when the feed tells of it.
        if not (isinstance(answer, Moved | replies.Sent | Said) and self._desk.live.is_live):
            self._desk.live.publish(answer if isinstance(answer, Changes) else answer.changes)

    @Slot(object)
    def _fit_to_state(self, state: FeedState) -> None:
        """Grey what needs the database while it is away, and let what is typed wait."""
        why = "" if state.connected else WHY_NOT
        self.registry.set_away(why)
        self.workplace.set_away(why)
        for window in self._windows:
            window.set_away(why)

    @Slot(object)
    def _counted(self, counts: QueueCounts) -> None:
        self._rail.set_badge("queue", counts.waiting)

    def _go_to_queue(self) -> None:
        self.go("queue")
        self._work.show_queue()

    def _take_next(self) -> None:
        if self.workplace.screen.is_wrapping_up:
            self.workplace.screen.wrap_up.complete_and_next()
        else:
            self.commands.gestures.take_next(self._queue_presenter.wanted)

    @Slot(bool)
    def _contact_over(self, then_next: bool) -> None:
        if then_next:
            self._take_next()
        else:
            self.queue.focus()

    def _open_chosen(self) -> None:
        row = self.queue.list.current_row()
        if isinstance(row, QueueRow):
            self.open_contact(row.id)

    def _detach(self) -> None:
        contact: ContactView | None = self.workplace.presenter.contact
        if contact is None:
            return
        self.workplace.presenter.close()
        self.workplace.screen.show_nothing(f"{contact.row.who} is in a window of its own.")
        window = DetachedWindow(self._desk, contact.row.id, self, self.calls, self.chats)
        window.set_away(WHY_NOT if self._desk.live.is_away else "")
        window.closed.connect(self._detached_closed)
        window.registry.bind("huddle.read", self.people.read_first)
        window.workplace.seen_wanted.connect(self._ask_from_beside)
        self._windows.append(window)
        self.presence.join(window.registry)
        self.calls.join(window.registry)
        window.show()

    @Slot()
    def _call_moved(self) -> None:
        """What rings, talks or has ended is so in every place that shows it."""
        self.presence.refresh()
        self.queue.show_calls(self.calls.presenter.calls)
        self._status.show_telephone(self.calls.telephone)
        self.pages.show_telephone(self.calls.telephone)
        self.workplace.fit()
        self._fit()

    @Slot(object)
    def _detached_closed(self, window: DetachedWindow) -> None:
        self._windows.remove(window)
        self.presence.part(window.registry)
        self.calls.part(window.registry)

    @Slot(object)
    def _ask_from_beside(self, customer: CustomerView) -> None:
        self.ask_who_saw(customer)
        self.activateWindow()

    @Slot()
    def _choose_printer(self) -> None:
        """Ask where this computer prints tickets."""
        self.go("desk")
        self.pages.desk_screen.choose_printer()

    @Slot()
    def _open_public(self) -> None:
        """Hang the public screen of the site where this computer stands."""
        self.go("desk")
        self.pages.desk_screen.with_site(self.public.open)

    @Slot()
    def _open_palette(self) -> None:
        self.palette_box.toggle()

    def _show_shortcuts(self) -> None:
        ShortcutSheet(self._desk.look, self.registry, self).open()

    def _toggle_density(self) -> None:
        self.queue.set_compact(not self.queue.list.is_compact)

    @Slot(bool)
    def _density_changed(self, compact: bool) -> None:
        self.registry.set_checked("view.density", compact)
        self._desk.settings.set(_COMPACT, "yes" if compact else "no")

    @Slot(object)
    def _set_scheme(self, scheme: Scheme) -> None:
        self._desk.look.set_scheme(scheme)
        self._desk.settings.set(_SCHEME, scheme.value)

    @Slot(int)
    def _set_scale(self, scale: int) -> None:
        self._desk.look.set_scale(scale)
        self._desk.settings.set(_SCALE, str(self._desk.look.scale))

    def _change_scale(self, step: int) -> None:
        self._set_scale(self._desk.look.scale + step)

    def _quit(self) -> None:
        self.close()
