"""The team leader's screen: trouble is seen here within seconds and put right with one gesture."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.figure_words import TEAM_TILES, shown, team_tiles
from crm_desktop.desktop.core.layout import Settings
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.team.figures_presenter import FiguresPresenter
from crm_desktop.desktop.screens.team.panes import Pane, Panes
from crm_desktop.desktop.screens.team.people_pane import PeoplePane
from crm_desktop.desktop.screens.team.presenter import TeamPresenter
from crm_desktop.desktop.screens.team.queue_lines import Level
from crm_desktop.desktop.screens.team.queues_pane import QueuesPane
from crm_desktop.desktop.widgets.banner import ErrorBar
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.desktop.widgets.figure_tile import FigureTiles
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.figure_views import CentreFigures
from crm_desktop.domain.figures import Figure
from crm_desktop.domain.team import TeamBoard
from crm_desktop.services.forecast import Ahead


class TeamScreen(Surface):
    """Implements `TeamView` and `FiguresView`. `seen` says whether it is looked at;
    `figure_wanted` carries the Figure whose contacts are wanted.
    """

    seen = Signal(bool)
    figure_wanted = Signal(object)

    def __init__(
        self, look: Look, clock: Clock, ways: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, sunken=True, parent=parent)
        self.setAccessibleName("Team")
        self._clock = clock
        self._found: CentreFigures | None = None
        self._error = ErrorBar(look)
        self.tiles = FigureTiles(look)
        self.tiles.opened.connect(self.figure_wanted)
        self.queues = QueuesPane(look, clock, ways)
        self.people = PeoplePane(look, clock, ways)
        top = QWidget()
        holder = QVBoxLayout(top)
        holder.setContentsMargins(0, 0, 0, 0)
        holder.addWidget(self.tiles)
        holder.addStretch(1)
        self.panes = Panes(look, Pane("figures", "Figures", top, "top", 0))
        self.panes.add(Pane("queues", "Queues", self.queues, "left", 30))
        self.panes.add(Pane("people", "People", self.people, "right", 36))
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._error)
        self._column.addWidget(self.panes, 1)
        clock.tick.connect(self._tick)
        look.changed.connect(self._space)
        self._space()

    def bind(self, presenter: TeamPresenter, figures: FiguresPresenter) -> None:
        """Give the screen who answers it."""
        self.seen.connect(presenter.set_seen)
        self.seen.connect(figures.set_seen)

    def focus(self) -> None:
        """Put the keyboard on the queues; where another pane is before them, that stays."""
        if self.queues.table.isVisible():
            self.queues.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_board(self, board: TeamBoard) -> None:
        """See `TeamView`."""
        self.queues.show_board(board)
        self.people.show_board(board)

    def show_figures(self, found: CentreFigures, ahead: Mapping[int, Ahead]) -> None:
        """See `FiguresView`."""
        self._found = found
        now = self._clock.now()
        self.tiles.show_figures([shown(found, each, now) for each in team_tiles(found)])
        levels: dict[int, Level] = {}
        for queue in found.queues:
            level, goal = found.level(queue.id).value, found.goal(queue.id)
            if level is not None and goal is not None:
                levels[queue.id] = Level(100 * level, goal)
        self.queues.show_day(levels, ahead)

    def show_trouble(self, trouble: CrmError | None) -> None:
        """See `TeamView`."""
        if trouble is None:
            self._error.hide()
        else:
            self._error.show_trouble(trouble)

    def showEvent(self, event: QShowEvent) -> None:
        """It is looked at."""
        super().showEvent(event)
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """It is not looked at any more."""
        super().hideEvent(event)
        self.seen.emit(False)

    @Slot()
    def _tick(self) -> None:
        """Of the figures one runs."""
        if self._found is not None and self.isVisible():
            place = TEAM_TILES.index(Figure.LONGEST_WAIT)
            now = self._clock.now()
            self.tiles.tiles[place].show_figure(shown(self._found, Figure.LONGEST_WAIT, now))

    def _space(self) -> None:
        edge = self._look.px(12)
        self._column.setContentsMargins(edge, edge, edge, edge)
        self._column.setSpacing(self._look.px(10))
