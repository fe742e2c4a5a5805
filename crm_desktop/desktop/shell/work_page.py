"""Queue and workspace side by side; where there is no room for both, one at a time."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.queue.screen import QueueScreen
from crm_desktop.desktop.screens.workspace.screen import WorkspaceScreen
from crm_desktop.desktop.widgets.buttons import Button, Kind
from crm_desktop.desktop.widgets.card import Surface

#: Below this width (at 100 %) only one of the two is seen.
_NARROW = 820
_QUEUE_WIDTH = 340
#: From this width on (at 100 %) the queue is so wide.
_WIDE, _WIDE_QUEUE = 1550, 460


class WorkPage(QWidget):
    """The main screen. `back` says that the narrow window went back to the queue."""

    back = Signal()

    def __init__(
        self,
        look: Look,
        queue: QueueScreen,
        workspace: WorkspaceScreen,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look, self._queue, self._workspace = look, queue, workspace
        self._showing_contact = False
        self._bar = Surface(look)
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(0, 0, 0, 0)
        back = Button(look, "Queue", kind=Kind.QUIET, icon="arrow-left")
        back.clicked.connect(self.show_queue)
        row.addWidget(back)
        row.addStretch(1)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar)
        column.addWidget(workspace, 1)
        self._right = right
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setObjectName("work")
        self._split.addWidget(queue)
        self._split.addWidget(right)
        self._split.setStretchFactor(1, 1)
        self._split.setChildrenCollapsible(False)
        self._given = look.px(_QUEUE_WIDTH)
        self._split.setSizes([self._given, look.px(1000)])
        queue.setMinimumWidth(look.px(250))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._split)
        look.changed.connect(self._arrange)
        self._arrange()

    def show_contact(self) -> None:
        """A contact was opened: it must be seen."""
        self._showing_contact = True
        self._arrange()

    @Slot()
    def show_queue(self) -> None:
        """Go back to the queue."""
        self._showing_contact = False
        self._arrange()
        self._queue.focus()
        self.back.emit()

    def minimumSizeHint(self) -> QSize:
        """Room for one of the two. The contact's is asked for where it alone is seen: in less room
        than it has now it first does without what is beside it.
        """
        part = self._right if self._queue.isHidden() else self._queue
        return QSize(_least_width(part), part.minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One or both."""
        super().resizeEvent(event)
        self._arrange()
        self._share(event.size().width())

    def _share(self, width: int) -> None:
        """A wide window gives the list room for its subjects, unless a person moved the border."""
        wanted = self._look.px(_WIDE_QUEUE if width >= self._look.px(_WIDE) else _QUEUE_WIDTH)
        untouched = abs(self._split.sizes()[0] - self._given) <= self._split.handleWidth() * 2
        if untouched and wanted != self._given:
            self._given = wanted
            self._split.setSizes([wanted, max(width - wanted, 1)])

    @Slot()
    def _arrange(self) -> None:
        both = _least_width(self._queue) + _least_width(self._right) + self._split.handleWidth()
        narrow = self.width() < max(self._look.px(_NARROW), both)
        self._queue.setMinimumWidth(self._look.px(250))
        self._bar.setVisible(narrow)
        self._queue.setVisible(not narrow or not self._showing_contact)
        self._right.setVisible(not narrow or self._showing_contact)


def _least_width(part: QWidget) -> int:
    return max(part.minimumWidth(), part.minimumSizeHint().width())
