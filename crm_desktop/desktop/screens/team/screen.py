"""The team leader's screen: trouble is seen here within seconds and put right with one gesture."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.layout import Settings
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.team.panes import Pane, Panes
from crm_desktop.desktop.screens.team.people_pane import PeoplePane
from crm_desktop.desktop.screens.team.presenter import TeamPresenter
from crm_desktop.desktop.screens.team.queues_pane import QueuesPane
from crm_desktop.desktop.widgets.banner import ErrorBar
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.team import TeamBoard


class TeamScreen(Surface):
    """Implements `TeamView`. `seen` says whether it is looked at."""

    seen = Signal(bool)

    def __init__(
        self, look: Look, clock: Clock, ways: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, sunken=True, parent=parent)
        self.setAccessibleName("Team")
        self._error = ErrorBar(look)
        self.queues = QueuesPane(look, clock, ways)
        self.people = PeoplePane(look, clock, ways)
        self.panes = Panes(look)
        self.panes.add(Pane("queues", "Queues", self.queues, "left", 24))
        self.panes.add(Pane("people", "People", self.people, "right", 36))
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._error)
        self._column.addWidget(self.panes, 1)
        look.changed.connect(self._space)
        self._space()

    def bind(self, presenter: TeamPresenter) -> None:
        """Give the screen who answers it."""
        self.seen.connect(presenter.set_seen)

    def focus(self) -> None:
        """Put the keyboard on the queues."""
        self.panes.show_pane("queues")
        self.queues.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_board(self, board: TeamBoard) -> None:
        """See `TeamView`."""
        self.queues.show_board(board)
        self.people.show_board(board)

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

    def _space(self) -> None:
        edge = self._look.px(12)
        self._column.setContentsMargins(edge, edge, edge, edge)
        self._column.setSpacing(self._look.px(10))
