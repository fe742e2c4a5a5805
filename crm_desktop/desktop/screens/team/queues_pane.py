"""The leader's queues: which is in trouble, who serves it, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from PySide6.QtCore import QPoint, Signal, Slot
from PySide6.QtWidgets import QMenu, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.layout import Settings
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.team.board_pane import BoardPane
from crm_desktop.desktop.screens.team.queue_lines import COLUMNS, Level, QueueLine
from crm_desktop.desktop.widgets.board import BoardRow
from crm_desktop.desktop.widgets.buttons import IconButton
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.domain.team import Staffing, TeamBoard
from crm_desktop.services.forecast import Ahead


class QueuesPane(BoardPane):
    """`queues_chosen` carries the ids whose contacts are wanted, none for all; `settings_wanted`
    and `huddle_wanted` carry a queue's id; `wallboard_wanted` and `site_figures_wanted` nothing.
    """

    queues_chosen = Signal(object)
    settings_wanted = Signal(object)
    huddle_wanted = Signal(object)
    wallboard_wanted = Signal()
    site_figures_wanted = Signal()

    kind, title, columns, several = "queue", "Queues", COLUMNS, True

    def __init__(
        self, look: Look, clock: Clock, ways: Settings, parent: QWidget | None = None
    ) -> None:
        empty = EmptyState(
            look, "inbox", "You lead no queue.", "An administrator puts you into queues."
        )
        super().__init__(look, clock, ways, empty, parent)
        self._board = TeamBoard((), (), {})
        self._levels: Mapping[int, Level] = {}
        self._ahead: Mapping[int, Ahead] = {}
        self._lines: dict[int, QueueLine] = {}
        self.rules = IconButton(look, "settings", "Settings of the chosen queue")
        self.rules.clicked.connect(self._ask_settings)
        wall = IconButton(look, "monitor", "Wallboard in a window of its own")
        wall.clicked.connect(self.wallboard_wanted)
        site = IconButton(look, "building-2", "Figures of a site")
        site.clicked.connect(self.site_figures_wanted)
        for button in (self.rules, site, wall):
            self.header.add(button)
        self.table.chosen.connect(self.queues_chosen)
        self.table.opened.connect(self._open)
        self.table.detail_asked.connect(self.settings_wanted)
        self.table.menu_asked.connect(self._ask_menu)

    def show_board(self, board: TeamBoard) -> None:
        """Show these queues, served by these people."""
        self._board = board
        self.arrange()

    def show_day(self, levels: Mapping[int, Level], ahead: Mapping[int, Ahead]) -> None:
        """Show the service levels of today and what the next thirty minutes bring, by queue."""
        self._levels, self._ahead = levels, ahead
        self.arrange()

    def arrange(self) -> None:
        """See `BoardPane`."""
        now = self._clock.now()
        lines = [
            QueueLine(
                each,
                self._board.staff.get(each.id, Staffing()),
                self._levels.get(each.id),
                self._ahead.get(each.id),
            )
            for each in self._board.queues
        ]
        lines.sort(key=lambda each: each.order(self._sorted, now), reverse=self._down)
        # Whatever they are sorted by, trouble stands at the top.
        lines.sort(key=lambda each: not each.in_trouble(now))
        self._lines = {each.queue.id: each for each in lines}
        rows = [each.row(now) for each in lines]
        self.show_rows(rows)
        waiting = sum(each.waiting for each in self._board.queues)
        troubled = sum(row.tone is not None for row in rows)
        said = f"{waiting:,} waiting"
        self.rules.setEnabled(bool(rows))
        self.header.set_text("Queues", f"{said} · {troubled} in trouble" if troubled else said)

    def reading(self, key: int, now: datetime) -> BoardRow | None:
        """See `BoardPane`."""
        line = self._lines.get(key)
        return None if line is None else line.row(now)

    def names(self, ids: tuple[int, ...]) -> str:
        """What queues are called, as "Adult social care and Council Tax"."""
        known = [self._lines[each].queue.name for each in ids if each in self._lines]
        if len(known) > 2:
            return words.count(len(known), "queue")
        return " and ".join(known)

    @Slot(object)
    def _open(self, key: int) -> None:
        self.table.choose(key)
        self.queues_chosen.emit(self.table.keys() or (key,))

    @Slot()
    def _ask_settings(self) -> None:
        key = self.table.current_key()
        if key is not None:
            self.settings_wanted.emit(key)

    @Slot(object, object)
    def _ask_menu(self, key: int, spot: QPoint) -> None:
        menu = QMenu()
        for icon, text, call in (
            ("list", "Show its contacts", partial(self.queues_chosen.emit, (key,))),
            ("megaphone", "Huddle to this queue…", partial(self.huddle_wanted.emit, key)),
            ("settings", "Settings…\tAlt+Enter", partial(self.settings_wanted.emit, key)),
        ):
            menu.addAction(self._look.icon(icon), text).triggered.connect(call)
        menu.addSeparator()
        self.sort_menu(menu)
        self.pop_up(menu, spot)
