"""Huddles and private notes in the main window, and the dialogs about people."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.presenting import Presenter
from crm_desktop.desktop.screens.huddles.presenter import (
    HuddlePresenter,
    HuddleSender,
    SentPresenter,
)
from crm_desktop.desktop.screens.huddles.strip import HuddleStrip, SentBar
from crm_desktop.desktop.screens.notes.presenter import NotesPresenter, TalksPresenter
from crm_desktop.desktop.shell.desk import Desk, later_for
from crm_desktop.desktop.widgets.buttons import Button, Kind, PrimaryButton
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.huddles import Hearers, Scope
from crm_desktop.domain.views import QueueInfo
from crm_desktop.services import Database, people_now, queue

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.huddles.dialogs import HuddleDialog
    from crm_desktop.desktop.screens.notes.dialog import NotesDialog

#: What a leader is told first waits for the queue to be there.
_SOON_MS = 300
_SAID = "huddle.read"
_NOTES = "Notes"
_Hearers = tuple[tuple[QueueInfo, ...], tuple[tuple[int, str], ...]]


class PeopleDesk(QObject):
    """`strip` and `bar` go under the top bar, `notes` and `new` into it.

    `trouble` carries a CrmError for the window's bar.
    """

    trouble = Signal(object)

    def __init__(self, desk: Desk, registry: CommandRegistry, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._registry, self._window = desk, registry, window
        self._unsent: dict[int, str] = {}
        self._notes: NotesDialog | None = None
        self._open: list[Presenter] = []
        look = desk.look
        key = registry.action(_SAID).shortcut().toString()
        self.strip = HuddleStrip(look, desk.clock, key)
        self.strip.trouble.connect(self.trouble)
        self._huddles = HuddlePresenter(
            desk.db,
            desk.runner.for_owner(self.strip),
            self.strip,
            now=desk.clock.now,
            later=later_for(self.strip),
        )
        self.strip.bind(self._huddles)
        self.bar = SentBar(look, desk.clock)
        self.bar.asked.connect(self.show_sent)
        self._sent = SentPresenter(desk.db, desk.runner.for_owner(self.bar), self.bar)
        self.notes = Button(look, _NOTES, icon="message-square", kind=Kind.QUIET)
        self.notes.clicked.connect(self.open_notes)
        self.notes.hide()
        self._talks = TalksPresenter(desk.db, desk.runner.for_owner(self.notes), self._show_unread)
        self.new = PrimaryButton(look, "New huddle", icon="megaphone")
        self.new.clicked.connect(self.write_huddle)
        registry.bind("huddle.new", self.write_huddle)
        registry.bind("huddle.sent", self.show_sent)
        registry.bind("public.notices", self.show_public)
        registry.bind(_SAID, self.read_first)
        registry.bind("notes.open", self.open_notes)
        registry.bind("people.skills", self._edit_skills)
        self.fit()

    def start(self) -> None:
        """Read what was said while this person was away, after the queue."""
        later_for(self)(_SOON_MS, self._begin)

    def fit(self) -> None:
        """Offer what this person's role may do."""
        self.new.setVisible(self._registry.has("huddle.new"))

    def changed(self, changes: Changes) -> None:
        """Tell every presenter."""
        self._huddles.changed(changes)
        self._talks.changed(changes)
        if self._desk.person.leads:
            self._sent.changed(changes)
        for presenter in self._open:
            presenter.changed(changes)

    def read_first(self) -> None:
        """This person has read the oldest huddle that is shown."""
        self._huddles.read_first()

    @Slot()
    def write_huddle(self) -> None:
        """Ask what to say, and to whom."""
        self._ask_hearers(None)

    @Slot(object)
    def huddle_to(self, staff_id: int) -> None:
        """The same, to one person."""
        self._ask_hearers(Hearers(Scope.ONE, staff_id))

    @Slot(object)
    def huddle_to_queue(self, queue_id: int) -> None:
        """The same, to a queue's people."""
        self._ask_hearers(Hearers(Scope.QUEUE, queue_id))

    @Slot()
    def show_sent(self) -> None:
        """Show who has read what this leader said."""
        from crm_desktop.desktop.screens.huddles.dialogs import SentDialog

        dialog = SentDialog(self._desk.look, self._desk.clock, self._window)
        presenter = SentPresenter(self._desk.db, self._desk.runner.for_owner(dialog), dialog)
        dialog.bind(presenter)
        self._follow(dialog, presenter)

    @Slot()
    def show_public(self) -> None:
        """Show the notices for the public, to publish another."""
        from crm_desktop.desktop.screens.public_notices.dialog import NoticesDialog
        from crm_desktop.desktop.screens.public_notices.presenter import NoticesPresenter

        dialog = NoticesDialog(self._desk.look, self._desk.clock, self._window)
        presenter = NoticesPresenter(self._desk.db, self._desk.runner.for_owner(dialog), dialog)
        dialog.bind(presenter)
        self._follow(dialog, presenter)

    @Slot()
    def open_notes(self) -> None:
        """Show this person's private notes."""
        self._open_notes()

    @Slot(object, str)
    def note_to(self, staff_id: int, name: str) -> None:
        """Show the notes with one person, to write another."""
        self._open_notes().speak_to(staff_id, name)

    @Slot(object)
    def open_person(self, staff_id: int) -> None:
        """Show a person's presence, queues and skills, to change them."""
        from crm_desktop.desktop.screens.team.person_dialog import PersonDialog
        from crm_desktop.desktop.screens.team.person_presenter import PersonPresenter

        dialog = PersonDialog(self._desk.look, self._desk.clock, self._window)
        presenter = PersonPresenter(
            self._desk.db, self._desk.runner.for_owner(dialog), dialog, staff_id
        )
        dialog.bind(presenter)
        dialog.note_wanted.connect(self.note_to)
        dialog.huddle_wanted.connect(self.huddle_to)
        self._follow(dialog, presenter)

    def _begin(self) -> None:
        self._huddles.start()
        self._talks.start()
        if self._desk.person.leads:
            self._sent.start()

    def _follow(self, dialog: QWidget, presenter: Presenter) -> None:
        """Show a dialog, whose presenter hears of changes until it closes."""
        self._open.append(presenter)
        dialog.destroyed.connect(partial(_remove, self._open, presenter))
        dialog.show()
        presenter.start()

    def _open_notes(self) -> NotesDialog:
        from crm_desktop.desktop.screens.notes.dialog import NotesDialog

        if self._notes is not None:
            self._notes.raise_()
            self._notes.activateWindow()
            return self._notes
        desk = self._desk
        dialog = NotesDialog(desk.look, desk.clock, self._unsent, self._window)
        presenter = NotesPresenter(desk.db, desk.runner.for_owner(dialog), dialog)
        dialog.bind(presenter)
        dialog.finished.connect(self._notes_closed)
        self._notes = dialog
        self._follow(dialog, presenter)
        return dialog

    @Slot()
    def _notes_closed(self) -> None:
        self._notes = None

    def _ask_hearers(self, first: Hearers | None) -> None:
        desk = self._desk
        desk.runner.for_owner(self).read(
            partial(_hearers, desk.db),
            partial(self._write_huddle, first),
            failed=self.trouble.emit,
            key="hearers",
        )

    def _write_huddle(self, first: Hearers | None, found: _Hearers) -> None:
        from crm_desktop.desktop.screens.huddles.dialogs import HuddleDialog

        queues, people = found
        mine = tuple(each for each in queues if each.mine)
        dialog: HuddleDialog = HuddleDialog(self._desk.look, mine, people, self._window)
        tasks = self._desk.runner.for_owner(dialog)
        dialog.bind(HuddleSender(self._desk.db, tasks))
        if first is not None:
            dialog.speak_to(first)
        dialog.open()

    def _edit_skills(self) -> None:
        from crm_desktop.desktop.screens.team.skills_dialog import SkillKeeper, SkillsDialog

        dialog = SkillsDialog(self._desk.look, self._window)
        SkillKeeper(self._desk.db, self._desk.runner.for_owner(dialog), dialog)
        dialog.open()

    def _show_unread(self, unread: int, talks: int) -> None:
        self.notes.setText(f"{_NOTES} · {unread} new" if unread else _NOTES)
        self.notes.setAccessibleName(f"Private notes, {unread} new" if unread else "Private notes")
        self.notes.setVisible(bool(talks))
        self.notes.updateGeometry()


def _hearers(db: Database) -> _Hearers:
    """On a worker: the queues and people to whom this leader may speak."""
    return queue.queues(db), people_now.people_led(db)


def _remove(presenters: list[Presenter], gone: Presenter, _dialog: object = None) -> None:
    if gone in presenters:
        presenters.remove(gone)
