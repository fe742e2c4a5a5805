"""The people of the leader's queues: what each does, for how long, on what."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.layout import Settings
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.team.board_pane import BoardPane
from crm_desktop.desktop.screens.team.people_lines import COLUMNS, PersonLine, chips
from crm_desktop.desktop.widgets.board import BoardRow
from crm_desktop.desktop.widgets.chips import FilterChips
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.domain.calls import Verb
from crm_desktop.domain.team import Group, PersonNow, TeamBoard

_FILTER = "team/person/filter"
_KEYS = {"L": Verb.LISTEN, "W": Verb.WHISPER, "J": Verb.BARGE}
_LISTENING = {
    Verb.LISTEN: ("ear", "Listen to their call", "Nobody hears you"),
    Verb.WHISPER: ("message-circle", "Whisper to them", "The customer does not hear you"),
    Verb.BARGE: ("users", "Join their call", "Both hear you"),
}
NOT_ON_CALL = "They are not on a call of one of your queues."


class PeoplePane(BoardPane):
    """Every signal carries a person's id. Enter asks for the person, Alt+Enter for a message; while
    they are on a call L listens to it, W whispers, J joins: `listen_wanted` carries its contact and
    the Verb.
    """

    person_wanted = Signal(object)
    message_wanted = Signal(object)
    history_wanted = Signal(object)
    contacts_wanted = Signal(object)
    gone_home = Signal(object)
    listen_wanted = Signal(object, object)

    kind, title, columns, several = "person", "People", COLUMNS, False

    def __init__(
        self, look: Look, clock: Clock, ways: Settings, parent: QWidget | None = None
    ) -> None:
        empty = EmptyState(look, "users", "Nobody here", "")
        super().__init__(look, clock, ways, empty, parent)
        self._all: tuple[PersonLine, ...] = ()
        self._lines: dict[int, PersonLine] = {}
        self._known: dict[int, PersonLine] = {}
        self.chips = FilterChips(look, "What they do", exclusive=False)
        self.chips.set_chips(chips(()))
        self.chips.choose(*(self._ways.get(_FILTER) or "").split())
        self.chips.chosen.connect(self._filter)
        self._row = QHBoxLayout()
        self._row.addWidget(self.chips)
        self.column.insertLayout(1, self._row)
        self.table.opened.connect(self.person_wanted)
        self.table.detail_asked.connect(self.message_wanted)
        self.table.menu_asked.connect(self._ask_menu)
        self.table.installEventFilter(self)
        look.changed.connect(self._space)
        self._space()

    def show_board(self, board: TeamBoard) -> None:
        """Show these people."""
        self._all = tuple(self._line(each) for each in board.people)
        self.chips.set_chips(chips(self._all))
        here = sum(each.group is not Group.OFFLINE for each in self._all)
        self.header.set_text("People", f"{here:,} of {len(self._all):,} here")
        self.arrange()

    def arrange(self) -> None:
        """See `BoardPane`."""
        now, groups = self._clock.now(), set(self.chips.keys())
        lines = [each for each in self._all if not groups or each.group.value in groups]
        lines.sort(key=lambda each: each.order(self._sorted), reverse=self._down)
        before = self._lines
        self._lines = {each.person.id: each for each in lines}
        if self._all:
            self.empty.set_text("Nobody is that now.", "Choose another word above.")
        else:
            self.empty.set_text("Nobody shares a queue with you.", "Staff belong to queues.")
        # Who is as before reads as before but for the clock, which has its own ticks.
        shown = {row.key: row for row in self.table.board.rows}
        self.show_rows(
            [
                shown[each.person.id]
                if each.person.id in shown and before.get(each.person.id) is each
                else each.row(now)
                for each in lines
            ]
        )

    def reading(self, key: int, now: datetime) -> BoardRow | None:
        """See `BoardPane`."""
        line = self._lines.get(key)
        return None if line is None else line.row(now)

    def name_of(self, staff_id: int) -> str:
        """What somebody on the board is called; empty when they are not."""
        known = self._known.get(staff_id)
        return known.person.name if known is not None else ""

    def lines(self) -> tuple[PersonLine, ...]:
        """What is shown of each person, in order."""
        return tuple(self._lines.values())

    def _line(self, person: PersonNow) -> PersonLine:
        """The line of somebody; the same object while they are as before."""
        known = self._known.get(person.id)
        if known is None or known.person != person:
            known = self._known[person.id] = PersonLine.of(person)
        return known

    @Slot(object)
    def _filter(self, keys: tuple[str, ...]) -> None:
        self._ways.set(_FILTER, " ".join(keys))
        self.arrange()

    @Slot(object, object)
    def _ask_menu(self, key: int, spot: QPoint) -> None:
        line = self._lines.get(key)
        if line is None:
            return
        menu = QMenu()
        for icon, text, signal in (
            ("user", "Skills, queues, presence…\tEnter", self.person_wanted),
            ("message-square", "Message…\tAlt+Enter", self.message_wanted),
            ("history", "Presence today…", self.history_wanted),
            ("list", "Show their contacts", self.contacts_wanted),
            ("home", "Gone home: give everything back", self.gone_home),
        ):
            action = menu.addAction(self._look.icon(icon), text)
            action.triggered.connect(partial(signal.emit, key))
        self._add_listening(menu, line)
        menu.addSeparator()
        self.sort_menu(menu)
        self.pop_up(menu, spot)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the person on whom the keyboard stands."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            verb = _KEYS.get(event.text().upper()) if not event.modifiers() else None
            line = self._lines.get(self.table.current_key() or 0)
            if verb is not None and line is not None:
                call = line.call
                if call is None:
                    announce(self.table, NOT_ON_CALL)
                elif not event.isAutoRepeat():
                    self.listen_wanted.emit(call, verb)
                return True
        return super().eventFilter(watched, event)

    def _add_listening(self, menu: QMenu, line: PersonLine) -> None:
        menu.addSeparator()
        menu.setToolTipsVisible(True)
        for key, verb in _KEYS.items():
            icon, text, tip = _LISTENING[verb]
            action = menu.addAction(self._look.icon(icon), f"{text}\t{key}")
            action.setEnabled(line.call is not None)
            action.setToolTip(tip if line.call is not None else NOT_ON_CALL)
            action.triggered.connect(partial(self.listen_wanted.emit, line.call, verb))

    @Slot()
    def _space(self) -> None:
        side, top = self._look.px(10), self._look.px(7)
        self._row.setContentsMargins(side, top, side, top)
