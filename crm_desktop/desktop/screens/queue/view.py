"""The queue's list: keyboard first, live without flicker, the selection stays on its contact."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QCursor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.queue.delegate import Marks, QueueDelegate
from crm_desktop.desktop.screens.queue.model import Entry, Heading, Line, QueueModel, QueueRole
from crm_desktop.domain.calls import CallView
from crm_desktop.domain.views import QueueRow

Index = QModelIndex | QPersistentModelIndex
MINE, WAITING = "mine", "waiting"
#: So many rows before the end the next page is asked for.
_AHEAD = 10


class QueueList(QListView):
    """Signals: `opened` the contact to look at, `wants_more`, `heading_clicked` a section's key."""

    opened = Signal(object)
    chosen = Signal(object)
    wants_more = Signal()
    heading_clicked = Signal(str)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._clock = clock
        self._model = QueueModel(self)
        self._delegate = QueueDelegate(look, self._model, self)
        self._more = False
        self._rows: tuple[tuple[QueueRow, ...], tuple[QueueRow, ...]] = ((), ())
        self.setModel(self._model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Contacts in hand and waiting")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        # Scrolling then moves what is drawn and draws only the rows that come into sight.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.selectionModel().currentChanged.connect(self._current_changed)
        self.clicked.connect(self._clicked)
        clock.tick.connect(self._tick)
        look.changed.connect(self._relook)

    @property
    def queue_model(self) -> QueueModel:
        """The rows."""
        return self._model

    @property
    def is_compact(self) -> bool:
        """Whether what waits stands on one line each."""
        return self._delegate.compact

    def set_compact(self, compact: bool) -> None:
        """Change the density of what waits."""
        self._delegate.compact = compact
        self._model.show(self._entries(*self._rows), self._clock.now())
        self._relook()

    def show_calls(self, calls: Mapping[int, CallView]) -> None:
        """What this person's calls are doing, by contact."""
        self._model.calls = calls
        self._tick()

    def show_rows(
        self, mine: tuple[QueueRow, ...], waiting: tuple[QueueRow, ...], *, more: bool
    ) -> None:
        """Show these by the smallest difference; the chosen contact stays chosen."""
        kept = self.current_id()
        self._more, self._rows = more, (mine, waiting)
        self._model.show(self._entries(mine, waiting), self._clock.now())
        # Put off, the rows would be placed and drawn a turn of the event loop later.
        self.executeDelayedItemsLayout()
        if kept is None or self.current_id() == kept:
            return
        place = self._model.place_of(kept)
        if place.isValid():
            self.setCurrentIndex(place)
        else:
            # It went away: nothing else may be opened or taken in its stead by the next key.
            self.setCurrentIndex(QModelIndex())

    def current_row(self) -> QueueRow | None:
        """The chosen contact."""
        return self._model.row_at(self.currentIndex())

    def current_id(self) -> int | None:
        """The id of the chosen contact."""
        row = self.current_row()
        return row.id if row else None

    def choose(self, contact_id: int) -> None:
        """Choose a contact, if it is in the list; opens nothing."""
        place = self._model.place_of(contact_id)
        if place.isValid() and place != self.currentIndex():
            self.setCurrentIndex(place)
            self.scrollTo(place)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground, which nobody else does, and the rows on it. By itself the view asks for
        the place, size and state of every row anew, which takes longer than drawing them.
        """
        area, painter = event.rect(), QPainter(self.viewport())
        painter.fillRect(area, self._look.theme.surface)
        top = self.indexAt(area.topLeft())
        if not top.isValid():
            return
        marks = self._marks()
        rect = self.visualRect(top)
        for place in range(top.row(), self._model.rowCount()):
            entry = self._model.entry_at(place)
            rect.setHeight(self._delegate.height(entry))
            self._delegate.draw(painter, rect, entry, marks.get(place))
            rect.moveTop(rect.bottom() + 1)
            if rect.top() > area.bottom():
                return

    def _marks(self) -> dict[int, Marks]:
        """The rows that are not drawn as all others, by place."""
        chosen = self.currentIndex().row()
        selected = [each.row() for each in self.selectedIndexes()]
        view, over = self.viewport(), -1
        if view.underMouse():
            over = self.indexAt(view.mapFromGlobal(QCursor.pos())).row()
        focused = self.hasFocus()
        return {
            place: Marks(place in selected, place == over, focused and place == chosen)
            for place in (*selected, over)
        }

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens; letters are commands, never a search by typing."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            row = self.current_row()
            if row is not None:
                self.opened.emit(row.id)
            return
        if event.text().isprintable() and event.text() and not event.modifiers():
            event.ignore()
            return
        super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on a heading turns its switch."""
        entry = self.indexAt(event.position().toPoint()).data(QueueRole.ENTRY)
        if isinstance(entry, Heading) and event.button() is Qt.MouseButton.LeftButton:
            self.heading_clicked.emit(entry.key)
        super().mouseReleaseEvent(event)

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Begin at the first contact, and step over headings."""
        if not self.currentIndex().isValid():
            return self._nearest(0, 1)
        found = super().moveCursor(action, modifiers)
        if self._model.row_at(found) is not None:
            return found
        down = action in (
            QAbstractItemView.CursorAction.MoveDown,
            QAbstractItemView.CursorAction.MoveHome,
            QAbstractItemView.CursorAction.MovePageDown,
        )
        beyond = self._nearest(found.row(), 1 if down else -1)
        return beyond if beyond.isValid() else self.currentIndex()

    def _nearest(self, start: int, step: int) -> QModelIndex:
        place = start
        while 0 <= place < self._model.rowCount():
            index = self._model.index(place)
            if self._model.row_at(index) is not None:
                return index
            place += step
        return QModelIndex()

    def _entries(self, mine: tuple[QueueRow, ...], waiting: tuple[QueueRow, ...]) -> list[Entry]:
        density = "compact ▾" if self.is_compact else "comfortable ▾"
        made: list[Entry] = []
        if mine:
            made += [Heading(MINE, "WITH ME"), *(Line(row, mine=True) for row in mine)]
        if waiting:
            made += [
                Heading(WAITING, "WAITING · by next breach", density),
                *(Line(row, mine=False) for row in waiting),
            ]
        return made

    @Slot()
    def _tick(self) -> None:
        bottom = self.viewport().rect().bottomLeft()
        first, last = self.indexAt(QPoint()).row(), self.indexAt(bottom).row()
        beyond = self._model.rowCount() if last < 0 else last + 1
        self._model.tick(self._clock.now(), range(max(first, 0), beyond))

    @Slot()
    def _relook(self) -> None:
        self.scheduleDelayedItemsLayout()
        self.viewport().update()

    @Slot(int)
    def _scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        if self._more and value >= bar.maximum() - self._look.px(27) * _AHEAD:
            self.wants_more.emit()

    @Slot(QModelIndex)
    def _clicked(self, index: QModelIndex) -> None:
        row = self._model.row_at(index)
        if row is not None:
            self.opened.emit(row.id)

    @Slot(QModelIndex, QModelIndex)
    def _current_changed(self, current: QModelIndex, _before: QModelIndex) -> None:
        self.chosen.emit(self._model.row_at(current))
