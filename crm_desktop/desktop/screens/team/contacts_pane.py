"""The pane of open contacts: choose any number, give them, move them, change them, take it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QProgressBar,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.team.answer_dialog import AnswerDialog
from crm_desktop.desktop.screens.team.contacts_filters import ContactsFilters
from crm_desktop.desktop.screens.team.contacts_list import LETTERS, ContactsList
from crm_desktop.desktop.screens.team.contacts_menu import Ask, Asking, MoreMenu
from crm_desktop.desktop.screens.team.give_dialog import GiveDialog, people_rows, queue_rows
from crm_desktop.desktop.screens.team.skipped_dialog import SkippedDialog, summary
from crm_desktop.desktop.widgets.banner import Banner, ErrorBar, UndoToast
from crm_desktop.desktop.widgets.buttons import Button, IconButton
from crm_desktop.desktop.widgets.card import Divider, Surface
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.desktop.widgets.text import ElidedText
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.reassigning import (
    UNDO_SECONDS,
    BulkChange,
    Candidate,
    OneAnswer,
    Skipped,
    ToPeople,
    ToQueue,
    WorkFilter,
    WorkRow,
)
from crm_desktop.domain.views import QueueInfo, ServiceInfo, TemplateInfo

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.team.contacts_presenter import ContactsPresenter

#: What counts down is asked again, because time alone makes it fit: every so many ticks.
_LOOK_AGAIN = 10


class ContactsPane(Surface):
    """Implements `ContactsView`. `opened` carries the contact to look at.

    What was chosen is moved as it stood on the screen when the dialog was opened, or the drag
    begun: what changes meanwhile is left alone.
    """

    opened = Signal(object)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._clock = clock
        self._presenter: ContactsPresenter | None = None
        self._wanted = WorkFilter()
        self._queues: tuple[QueueInfo, ...] = ()
        self._services: tuple[ServiceInfo, ...] = ()
        self._people: tuple[Candidate, ...] = ()
        self._templates: tuple[TemplateInfo, ...] = ()
        self._total = self._ticks = 0
        self._hand: tuple[WorkRow, ...] = ()
        self._skipped: tuple[Skipped, ...] = ()
        self.setAccessibleName("Contacts")
        self._title = ElidedText(look, "Contacts", Role.HEADING)
        self.give_button = Button(look, "Give to…", key="G")
        self.move_button = Button(look, "Move to queue…", key="Q")
        self.more_button = Button(look, "More", key="M")
        self.filter_button = IconButton(look, "filter", "Filters")
        self.filter_button.setCheckable(True)
        self.filters = ContactsFilters(look)
        self.filters.hide()
        self.list = ContactsList(look, clock)
        self.toast = UndoToast(look)
        self.left_alone = Banner(look, Tone.WARNING, "alert-triangle", closable=True)
        self._show_left = self.left_alone.add_action("Show them…")
        self.left_alone.hide()
        self._error = ErrorBar(look)
        self._progress, self._stop = QProgressBar(), Button(look, "Stop")
        self._empty = EmptyState(look, "inbox", "Nothing is open here.")
        self._asking = Asking(look, clock, self)
        self._lay_out()
        self._connect()
        self._space()
        self._say_how_many()

    def bind(self, presenter: ContactsPresenter) -> None:
        """Give the pane who answers it."""
        self._presenter = presenter

    def focus(self) -> None:
        """Put the keyboard into the list."""
        self.list.setFocus()

    def show_queues(self, ids: frozenset[int]) -> None:
        """Only what is in these queues; none: in all of one's own."""
        self._ask(replace(self._wanted, queues=frozenset(ids), owner_id=None))

    def show_person(self, staff_id: int) -> None:
        """Everything of one person's."""
        self._ask(WorkFilter(owner_id=staff_id))

    def dropped(self, kind: str, target: int) -> None:
        """What was dragged was let fall on a person ("person") or a queue ("queue")."""
        if kind == "person":
            known = {each.id: each.name for each in self._people}
            self._give(ToPeople((target,)), known.get(target, "a colleague"), "")
        else:
            names = {each.id: each.name for each in self._queues}
            self._give(ToQueue(target), names.get(target, "a queue"), "")

    # What the presenter shows.

    def show_rows(self, rows: Sequence[WorkRow], *, more: bool) -> None:
        """See `ContactsView`."""
        self.list.show_rows(rows, more=more)
        self._stack.setCurrentIndex(0 if rows else 1)
        if not rows:
            narrowed = self._wanted != WorkFilter()
            self._empty.set_text(
                "Nothing of this kind is open." if narrowed else "Nothing is open here.",
                "Other filters may show more." if narrowed else "",
            )
        self._say_how_many()

    def show_total(self, total: int) -> None:
        """See `ContactsView`."""
        self._total = total
        self._say_how_many()

    def show_filter(self, wanted: WorkFilter) -> None:
        """See `ContactsView`."""
        self._wanted = wanted
        self.filters.show_filter(wanted)
        if replace(wanted, queues=frozenset(), owner_id=None) != WorkFilter():
            self.filter_button.setChecked(True)
        self._say_how_many()

    def show_choices(
        self,
        queues: tuple[QueueInfo, ...],
        services: tuple[ServiceInfo, ...],
        people: tuple[Candidate, ...],
        templates: tuple[TemplateInfo, ...],
    ) -> None:
        """See `ContactsView`."""
        self._queues, self._services, self._templates = queues, services, templates
        self._people = people
        self.filters.set_choices(queues, services, people)
        self._say_how_many()

    def show_people(self, people: tuple[Candidate, ...]) -> None:
        """See `ContactsView`."""
        if [each.id for each in people] != [each.id for each in self._people]:
            self.filters.set_choices(self._queues, self._services, people)
        self._people = people
        for dialog in self.findChildren(GiveDialog):
            if dialog.many:
                dialog.set_rows(self._takers())

    def choose_all(self) -> None:
        """See `ContactsView`."""
        self.list.selectAll()

    def show_done(self, said: str, skipped: Sequence[Skipped], *, undo: bool) -> None:
        """See `ContactsView`."""
        self._error.hide()
        self._skipped = tuple(skipped)
        self.left_alone.setVisible(bool(skipped))
        if skipped:
            self.left_alone.set_text(*summary(skipped))
            announce(self.left_alone, self.left_alone.text())
        if undo:
            self.toast.offer(said, UNDO_SECONDS)
        else:
            announce(self, said)

    def show_progress(self, done: int, total: int) -> None:
        """See `ContactsView`."""
        self._working.setVisible(bool(total))
        self._progress.setMaximum(max(total, 1))
        self._progress.setValue(done)
        self._progress.setFormat(f"Answering {min(done + 1, total)} of {total}")
        self._say_how_many()

    def show_trouble(self, trouble: CrmError | None) -> None:
        """See `ContactsView`."""
        if trouble is None:
            self._error.hide()
        else:
            self._error.show_trouble(trouble)

    # What a person does.

    @Slot()
    def _open_give(self) -> None:
        if not self._take_in_hand():
            return
        title = f"Give {words.count(len(self._hand), 'contact')} to"
        dialog = GiveDialog(self._look, title, self._takers(), self, many=True)
        dialog.chosen.connect(self._people_chosen)
        dialog.open()

    def _takers(self) -> list[Row]:
        return people_rows(self._people, frozenset(row.row.queue_id for row in self._hand))

    @Slot()
    def _open_move(self) -> None:
        if not self._take_in_hand():
            return
        title = f"Move {words.count(len(self._hand), 'contact')} to"
        dialog = GiveDialog(self._look, title, queue_rows(self._queues), self, many=False)
        dialog.chosen.connect(self._queue_chosen)
        dialog.open()

    @Slot()
    def _open_more(self) -> None:
        self._take_in_hand()
        menu = MoreMenu(self._clock, self, any_chosen=bool(self._hand), person=self._person_shown())
        menu.chosen.connect(self._change)
        menu.asked.connect(self._ask_further)
        button = self.more_button
        menu.popup(button.mapToGlobal(QPoint(0, button.height())))

    @Slot(object, str, str)
    def _people_chosen(self, keys: tuple[int, ...], name: str, note: str) -> None:
        self._give(ToPeople(keys), name, note)

    @Slot(object, str, str)
    def _queue_chosen(self, keys: tuple[int, ...], name: str, note: str) -> None:
        self._give(ToQueue(keys[0]), name, note)

    def _give(self, to: ToPeople | ToQueue, name: str, note: str) -> None:
        if self._presenter and self._hand:
            self._presenter.give(self._hand, to, name, note)

    @Slot(object)
    def _change(self, to: BulkChange) -> None:
        if self._presenter and self._hand:
            self._presenter.change(self._hand, to)

    @Slot(object)
    def _ask_further(self, what: Ask) -> None:
        if what is Ask.SERVICE:
            button = self.more_button
            self._asking.service(self._services, button.mapToGlobal(QPoint(0, button.height())))
        elif what is Ask.DUE:
            self._asking.due()
        elif what is Ask.PARK:
            self._asking.park()
        elif what is Ask.ANSWER:
            dialog = AnswerDialog(self._look, len(self._hand), self._templates, self)
            dialog.entered.connect(self._answer)
            dialog.open()
        elif self._presenter and self._wanted.owner_id is not None:
            self._presenter.gone_home(self._wanted.owner_id, self._person_shown())

    @Slot(object)
    def _answer(self, text: OneAnswer) -> None:
        if self._presenter:
            self._presenter.answer(self._hand, text)

    @Slot()
    def _take_in_hand(self) -> bool:
        """Keep what is chosen as it stands now."""
        self._hand = self.list.chosen()
        if self._presenter:
            self._presenter.read_people()
        return bool(self._hand)

    @Slot()
    def _undo(self) -> None:
        if self._presenter:
            self._presenter.take_back()

    @Slot()
    def _stop_answering(self) -> None:
        if self._presenter:
            self._presenter.stop_answering()

    @Slot()
    def _open_left_alone(self) -> None:
        known = {row.id: row for row in self._hand}
        SkippedDialog(self._look, self._skipped, known, self).open()

    @Slot(str)
    def _command(self, letter: str) -> None:
        {
            "g": self._open_give,
            "q": self._open_move,
            "m": self._open_more,
            "u": self.toast.undo,
        }[letter]()

    @Slot(object)
    def _ask(self, wanted: WorkFilter) -> None:
        if self._presenter:
            self._presenter.filter(wanted)

    @Slot()
    def _load_more(self) -> None:
        if self._presenter:
            self._presenter.load_more()

    @Slot()
    def _choose_all(self) -> None:
        if self._presenter:
            self._presenter.choose_all()

    @Slot(bool)
    def _show_filters(self, shown: bool) -> None:
        self.filters.setVisible(shown)
        if not shown:
            kept = WorkFilter(queues=self._wanted.queues, owner_id=self._wanted.owner_id)
            self._ask(kept)

    @Slot()
    def _tick(self) -> None:
        self._ticks = (self._ticks + 1) % _LOOK_AGAIN
        waits = self._wanted.overdue or self._wanted.waited
        if self._presenter and waits and self._ticks == 0 and self.isVisible():
            self._presenter.reload()

    # How it looks.

    @Slot()
    def _say_how_many(self) -> None:
        chosen = self.list.how_many()
        total = max(self._total, chosen)
        many = f"{chosen:,} of {total:,} selected" if chosen else f"{total:,} open"
        self._title.setText(f"{self._what()} · {many}")
        busy = not self._working.isHidden()
        self.give_button.setEnabled(bool(chosen) and not busy)
        self.move_button.setEnabled(bool(chosen) and not busy)
        self.more_button.setEnabled((bool(chosen) or bool(self._person_shown())) and not busy)

    def _what(self) -> str:
        if person := self._person_shown():
            return f"With {person}"
        names = [each.name for each in self._queues if each.id in self._wanted.queues]
        if not names or len(names) > 3:
            return f"{len(names)} queues" if names else "Contacts"
        return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))

    def _person_shown(self) -> str:
        shown = (each.name for each in self._people if each.id == self._wanted.owner_id)
        return next(shown, "")

    def _lay_out(self) -> None:
        self._buttons = QWidget()
        self._flow = FlowLayout(self._buttons)
        for each in (self.give_button, self.move_button, self.more_button):
            self._flow.addWidget(each)
        title = QHBoxLayout()
        title.addWidget(self._title, 1)
        title.addWidget(self.filter_button)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head.addLayout(title, 1)
        self._head.addWidget(self._buttons)
        self._working = QWidget()
        self._working.hide()
        self._progress.setAccessibleName("Answers written")
        working = QHBoxLayout(self._working)
        working.setContentsMargins(0, 0, 0, 0)
        working.addWidget(self._progress, 1)
        working.addWidget(self._stop)
        self._top = QVBoxLayout()
        self._top.addLayout(self._head)
        self._top.addWidget(self.filters)
        self._top.addWidget(self._working)
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._error)
        column.addLayout(self._top)
        column.addWidget(Divider(self._look))
        column.addWidget(holder, 1)
        column.addWidget(self.left_alone)
        column.addWidget(self.toast)

    def _connect(self) -> None:
        self.give_button.clicked.connect(self._open_give)
        self.move_button.clicked.connect(self._open_move)
        self.more_button.clicked.connect(self._open_more)
        self.filter_button.toggled.connect(self._show_filters)
        self.filters.changed.connect(self._ask)
        self.list.opened.connect(self.opened)
        self.list.chosen_changed.connect(self._say_how_many)
        self.list.wants_more.connect(self._load_more)
        self.list.wants_all.connect(self._choose_all)
        self.list.asked.connect(self._command)
        self.list.dragging.connect(self._take_in_hand)
        self.toast.undone.connect(self._undo)
        self._stop.clicked.connect(self._stop_answering)
        self._show_left.clicked.connect(self._open_left_alone)
        self._asking.chosen.connect(self._change)
        self._clock.tick.connect(self._tick)
        self._look.changed.connect(self._space)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The letters of the list work beside it too: an empty list has no keyboard, and what
        emptied it can be taken back.
        """
        letter = event.text().lower()
        if letter in LETTERS and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self._command(letter)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The buttons stand beside the title, or below it where there is no room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        buttons = sum(
            each.sizeHint().width() + self._look.px(6)
            for each in (self.give_button, self.move_button, self.more_button)
        )
        beside = self.width() > buttons + self._look.px(330)
        self._buttons.setMinimumWidth(buttons if beside else 0)
        direction = QBoxLayout.Direction
        self._head.setDirection(direction.LeftToRight if beside else direction.TopToBottom)

    @Slot()
    def _space(self) -> None:
        px = self._look.px
        self._top.setContentsMargins(px(14), px(8), px(12), px(8))
        self._top.setSpacing(px(8))
        self._head.setSpacing(px(8))
        self._flow.set_gap(px(6))
        self._fit()
