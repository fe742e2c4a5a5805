"""The list of open contacts: many are chosen, by mouse or keys, and stay chosen while it moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QDrag, QKeyEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.channels import CHANNEL_ICONS, channel_tone
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.names import CHANNEL_NAMES
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.team.contacts_model import ContactsModel, urgency_of, whereabouts
from crm_desktop.desktop.screens.team.dragging import mime_of
from crm_desktop.desktop.widgets.painting import (
    paint_focus,
    paint_icon,
    paint_pill,
    paint_text,
    pill_size,
    text_height,
)
from crm_desktop.domain.reassigning import WorkRow

Index = QModelIndex | QPersistentModelIndex
#: So many rows before the end the next page is asked for.
_AHEAD = 20
_EDGE, _GAP = 12, 10
#: Give, move to a queue, more, undo.
LETTERS = frozenset("gqmu")
#: A narrower row (at 100 %) leaves out the channel's name and how urgent it is.
_WIDE = 560
#: So much room words need for all columns, and for who and where.
_ALL, _SOME = 330, 190
#: Columns that all rows share, at 100 %.
_CHANNEL, _TIME, _URGENCY = 78, 104, 56


class ContactsDelegate(QStyledItemDelegate):
    """One line: a tick, channel, who, what about, where it is, how long is left."""

    def __init__(self, look: Look, model: ContactsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._model = model

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """All rows are of one height."""
        return QSize(0, text_height(self._look.font(Role.STRONG)) + self._look.px(15))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one contact."""
        look, rect = self._look, QRect(option.rect)
        row, chosen = (
            self._model.row_at(index.row()),
            bool(option.state & QStyle.StateFlag.State_Selected),
        )
        painter.save()
        theme = look.theme
        if chosen:
            painter.fillRect(rect, theme.selection)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.hover)
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme.border)
        if option.state & QStyle.StateFlag.State_HasFocus:
            paint_focus(painter, look, rect.adjusted(0, 0, 0, -1), 3)
        self._content(painter, rect, row, chosen=chosen)
        painter.restore()

    def _content(self, painter: QPainter, rect: QRect, row: WorkRow, *, chosen: bool) -> None:
        look, px, theme = self._look, self._look.px, self._look.theme
        wide = rect.width() >= px(_WIDE)
        inner = rect.adjusted(px(_EDGE), 0, -px(_EDGE), -1)
        tick = "square-check" if chosen else "square"
        ink = look.ink(Tone.ACCENT) if chosen else theme.muted
        paint_icon(painter, look, inner, tick, ink, size=15)
        inner.adjust(px(15 + _GAP), 0, 0, 0)
        tone = look.ink(channel_tone(row.row.channel))
        paint_icon(painter, look, inner, CHANNEL_ICONS[row.row.channel], tone, size=15)
        inner.adjust(px(15 + 6), 0, 0, 0)
        pill = self._model.pill_of(row)
        free = self._pill(painter, inner, (pill.words, pill.tone) if pill else None, px(_TIME))
        if wide:
            said = CHANNEL_NAMES[row.row.channel]
            paint_text(painter, inner, said, look.font(Role.STRONG), theme.text)
            inner.adjust(px(_CHANNEL), 0, 0, 0)
            urgency = urgency_of(row.row.priority)
            said_so = (urgency, Tone.INFO) if urgency else None
            beside = self._pill(painter, inner, said_so, px(_URGENCY))
            # Beside an empty column what stands before it may run on, to the next pill.
            free = beside if urgency else free + beside
        self._words(painter, inner, row, free)

    def _words(self, painter: QPainter, inner: QRect, row: WorkRow, free: int) -> None:
        """Who, what about, and where it is, each in a column of its own; the last of them may use
        what is `free` of the columns at its right.
        """
        look, theme, gap = self._look, self._look.theme, self._look.px(_GAP)
        where = whereabouts(row) or row.row.queue_name
        parts = [(row.row.who, 42, look.font(Role.STRONG), theme.text)]
        if inner.width() >= look.px(_ALL):
            subject = " ".join(row.row.subject.split()) or "(no subject)"
            parts = [(row.row.who, 35, look.font(Role.STRONG), theme.text)]
            parts.append((subject, 33, look.font(), theme.muted))
        if inner.width() >= look.px(_SOME):
            parts.append((where, 100, look.font(), theme.text))
        whole = inner.width()
        for n, (said, share, font, ink) in enumerate(parts, start=1):
            room = inner.width() + free if n == len(parts) else whole * share // 100 - gap
            line = QRect(inner.left(), inner.top(), room, inner.height())
            paint_text(painter, line, said, font, ink)
            inner.adjust(room + gap, 0, 0, 0)

    def _pill(
        self, painter: QPainter, inner: QRect, said: tuple[str, Tone] | None, room: int
    ) -> int:
        """Draw at the right end, and leave the room of that column out; how much of it is free."""
        look, width = self._look, 0
        if said is not None:
            size = pill_size(look, said[0])
            width = min(size.width() + 2, room)
            box = QRect(0, 0, width, min(size.height(), inner.height() - 2))
            box.moveCenter(inner.center())
            box.moveRight(inner.right())
            paint_pill(painter, look, box, *said)
        inner.adjust(0, 0, -room - look.px(6), 0)
        return room - width


class ContactsList(QListView):
    """Signals: `opened` a contact's id, `chosen_changed`, `wants_more`, `wants_all`, `asked` the
    letter of a command (g, q, m, u).
    """

    opened = Signal(object)
    chosen_changed = Signal()
    wants_more = Signal()
    wants_all = Signal()
    asked = Signal(str)
    dragging = Signal()

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._clock = look, clock
        self._model = ContactsModel(self)
        self._more = False
        self.setModel(self._model)
        self.setItemDelegate(ContactsDelegate(look, self._model, self))
        self.setAccessibleName("Open contacts")
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setMouseTracking(True)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.selectionModel().selectionChanged.connect(self.chosen_changed)
        self.activated.connect(self._activated)
        clock.tick.connect(self._tick)
        look.changed.connect(self._relook)

    def show_rows(self, rows: Sequence[WorkRow], *, more: bool) -> None:
        """Show these by the smallest difference; what is chosen and still there stays chosen."""
        current, selected = self.current_id(), self.selectionModel()
        stays = self._model.staying(rows)
        kept = {
            row.id
            for place, row in enumerate(self._model.rows)
            if row.id not in stays and selected.isSelected(self._model.index(place))
        }
        self._more = more
        # What was chosen is told of once, at the end.
        blocked = selected.blockSignals(True)
        self._model.show(rows, stays, self._clock.now())
        selected.blockSignals(blocked)
        for place, row in enumerate(rows) if kept else ():
            if row.id in kept:
                choose = QItemSelectionModel.SelectionFlag.Select
                selected.select(self._model.index(place), choose)
        if current is not None and self.current_id() != current:
            # Its neighbour must not be opened or toggled in its stead by the next key.
            place_now = self._model.place_of(current)
            selected.setCurrentIndex(place_now, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.viewport().update()
        self.chosen_changed.emit()

    def chosen(self) -> tuple[WorkRow, ...]:
        """What is chosen, in the order of the list."""
        places = sorted(place for part in self._parts() for place in part)
        return tuple(self._model.row_at(place) for place in places)

    def how_many(self) -> int:
        """How many are chosen."""
        return sum(len(part) for part in self._parts())

    def _parts(self) -> list[range]:
        """The chosen places, in ranges: thousands in a row are one."""
        chosen = self.selectionModel().selection()
        parts = [chosen.at(n) for n in range(chosen.count())]
        return [range(part.top(), part.bottom() + 1) for part in parts if part.isValid()]

    def choose(self, ids: Iterable[int]) -> None:
        """Choose these and no others."""
        wanted, chosen = set(ids), QItemSelection()
        places = [n for n, row in enumerate(self._model.rows) if row.id in wanted]
        for n, place in enumerate(places):
            # Neighbours are one range: thousands are chosen as fast as one.
            if n and places[n - 1] == place - 1:
                continue
            last = place
            while last + 1 < self._model.rowCount() and self._model.row_at(last + 1).id in wanted:
                last += 1
            chosen.select(self._model.index(place), self._model.index(last))
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().select(chosen, flags)

    def current_id(self) -> int | None:
        """The contact under the keyboard."""
        index = self.currentIndex()
        return self._model.row_at(index.row()).id if index.isValid() else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space toggles, Ctrl+A chooses all that fit, Escape none, Enter opens; letters are
        commands, and but for Undo they mean the row under the keyboard where nothing is chosen.
        """
        key, plain = Qt.Key(event.key()), event.modifiers() == Qt.KeyboardModifier.NoModifier
        letter = event.text().lower()
        if key is Qt.Key.Key_Space:
            toggle = QItemSelectionModel.SelectionFlag.Toggle
            self.selectionModel().select(self.currentIndex(), toggle)
        elif key is Qt.Key.Key_A and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.wants_all.emit()
        elif key is Qt.Key.Key_Escape and self.selectionModel().hasSelection():
            self.clearSelection()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._activated(self.currentIndex())
        elif plain and letter in LETTERS:
            if letter != "u" and not self.selectionModel().hasSelection():
                choose = QItemSelectionModel.SelectionFlag.Select
                self.selectionModel().select(self.currentIndex(), choose)
            self.asked.emit(letter)
        elif plain and letter.isprintable() and letter:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Carry what is chosen, under a word that says how many."""
        chosen = self.chosen()
        if not chosen:
            return
        self.dragging.emit()
        drag = QDrag(self)
        drag.setMimeData(mime_of(row.id for row in chosen))
        drag.setPixmap(self._badge(words.count(len(chosen), "contact")))
        drag.setHotSpot(QPoint(-self._look.px(10), -self._look.px(6)))
        drag.exec(Qt.DropAction.CopyAction)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The rows on the surface's colour."""
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self._look.theme.surface)
        painter.end()
        super().paintEvent(event)

    def _badge(self, said: str) -> QPixmap:
        size, ratio = pill_size(self._look, said), self.devicePixelRatioF()
        picture = QPixmap(size * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        paint_pill(painter, self._look, QRect(QPoint(), size), said, Tone.ACCENT)
        painter.end()
        return picture

    @Slot(QModelIndex)
    def _activated(self, index: QModelIndex) -> None:
        if index.isValid():
            self.opened.emit(self._model.row_at(index.row()).id)

    @Slot()
    def _tick(self) -> None:
        if self.isVisible():
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
        if self._more and value >= bar.maximum() - self._look.px(30) * _AHEAD:
            self.wants_more.emit()
