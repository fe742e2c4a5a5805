"""A conversation line by line: the newest at the bottom, and what is read stays where it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QMenu, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.buttons import Button
from crm_desktop.desktop.widgets.chat_delegate import ChatDelegate
from crm_desktop.desktop.widgets.chat_items import ITEM_ROLE, ChatItem, ChatModel, ItemKind

#: So near to its end (in pixels) a conversation counts as read to the end.
_NEAR = 6
#: So many small pictures are kept, of all conversations together.
_THUMBS = 120
_ADDRESS = re.compile(r"https?://[^\s<>\"']{3,500}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody was in a conversation; at its end, a new line scrolls it."""

    at_end: bool = True
    value: int = 0


class ChatView(QListView):
    """Signals: `file_opened` an attachment's id, `link_opened` an address, `earlier_wanted`."""

    file_opened = Signal(object)
    link_opened = Signal(str)
    earlier_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._model = ChatModel(self)
        self._delegate = ChatDelegate(look, self.viewport())
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Chat")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("sunken", "true")
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMouseTracking(True)
        self.setModel(self._model)
        self._below = Button(look, "New lines below", icon="arrow-down", parent=self)
        self._below.clicked.connect(self.to_end)
        self._below.hide()
        self._unseen = 0
        #: Where its reader is: at the end, or with this line at the top.
        self._at_end = True
        self._top: tuple[object, int] | None = None
        self.verticalScrollBar().rangeChanged.connect(self._reaches)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.activated.connect(self._activated)
        look.changed.connect(self._relook)
        self._relook()

    @property
    def items(self) -> tuple[ChatItem, ...]:
        """The rows shown now."""
        return self._model.items

    @property
    def place(self) -> Place:
        """Where the reader is."""
        return Place(self._at_end, self.verticalScrollBar().value())

    def show_items(self, items: tuple[ChatItem, ...]) -> None:
        """The same conversation as it is now; whoever reads further up stays there."""
        if items == self._model.items:
            return
        place, before = self.place, self._model.items
        anchor = self._anchor()
        self._model.set_items(items)
        self.executeDelayedItemsLayout()
        if place.at_end:
            self.to_end()
            return
        self._restore(anchor)
        known = {each.key for each in before}
        added = [each for each in items if each.key not in known and each.kind is not _TYPING]
        if added and before and added[-1] is items[-1]:
            self._unseen += len(added)
            self._say_below()

    def show_other(self, items: tuple[ChatItem, ...], place: Place) -> None:
        """Another conversation, where its reader was."""
        self._unseen, self._at_end = 0, place.at_end
        fresh = ChatModel(self)
        fresh.set_items(items)
        before, self._model = self._model, fresh
        self.setModel(fresh)
        before.deleteLater()
        self.executeDelayedItemsLayout()
        if place.at_end:
            self.to_end()
        else:
            self.verticalScrollBar().setValue(place.value)
        self._say_below()

    def show_thumb(self, key: object, image: QImage) -> None:
        """A small picture of a file, already within its box."""
        place = self.place
        thumbs = self._delegate.thumbs
        thumbs[key] = QPixmap.fromImage(image)
        while len(thumbs) > _THUMBS:
            del thumbs[next(iter(thumbs))]
        self.doItemsLayout()
        if place.at_end:
            self.to_end()

    def has_thumb(self, key: object) -> bool:
        """Whether the file's picture is there."""
        return key in self._delegate.thumbs

    @Slot()
    def to_end(self) -> None:
        """Go to the newest line."""
        self.scrollToBottom()
        self._unseen, self._at_end = 0, True
        self._say_below()

    def copied(self) -> str:
        """The chosen lines as text, with who said them."""
        chosen = sorted(self.selectedIndexes(), key=QModelIndex.row)
        items = [index.data(ITEM_ROLE) for index in chosen]
        if len(items) == 1:
            return str(items[0].text)
        return "\n".join(f"{each.who}: {each.text}" if each.who else each.text for each in items)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies what is chosen; everything else is as in every list."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on a file opens it, one on what leads further up goes there."""
        super().mouseReleaseEvent(event)
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        index = self.indexAt(event.position().toPoint())
        item = index.data(ITEM_ROLE)
        if not isinstance(item, ChatItem):
            return
        rect = self.visualRect(index)
        if item.kind is ItemKind.EARLIER:
            self.earlier_wanted.emit()
        elif item.file is not None and self._delegate.box(rect, item).contains(
            event.position().toPoint()
        ):
            self.file_opened.emit(item.file.key)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A file can be pressed: the hand says so."""
        super().mouseMoveEvent(event)
        index = self.indexAt(event.position().toPoint())
        item = index.data(ITEM_ROLE)
        pressable = isinstance(item, ChatItem) and (
            item.kind is ItemKind.EARLIER
            or (
                item.file is not None
                and self._delegate.box(self.visualRect(index), item).contains(
                    event.position().toPoint()
                )
            )
        )
        shape = Qt.CursorShape.PointingHandCursor if pressable else Qt.CursorShape.ArrowCursor
        if self.viewport().cursor().shape() != shape:
            self.viewport().setCursor(shape)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Copy, and the addresses that stand in the line."""
        item = self.currentIndex().data(ITEM_ROLE)
        if not isinstance(item, ChatItem):
            return
        menu = QMenu(self)
        copy = QAction(self._look.icon("copy"), "Copy", menu)
        copy.triggered.connect(self._copy)
        menu.addAction(copy)
        if item.file is not None:
            opens = QAction(self._look.icon("folder-open"), f"Open {item.file.name}", menu)
            opens.triggered.connect(partial(self.file_opened.emit, item.file.key))
            menu.addAction(opens)
        for url in _ADDRESS.findall(item.text)[:5]:
            go = QAction(self._look.icon("external-link"), f"Open {url[:80]}", menu)
            go.triggered.connect(partial(self.link_opened.emit, url))
            menu.addAction(go)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width is another height of every line; the end stays the end."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.doItemsLayout()
        if self._at_end:
            self.scrollToBottom()
        self._put_below()

    def changeEvent(self, event: QEvent) -> None:
        """The style sheet may have changed what is measured."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.scheduleDelayedItemsLayout()

    def _anchor(self) -> tuple[object, int] | None:
        """The first line in sight, and how far below the edge it begins."""
        index = self.indexAt(QPoint(self._look.px(20), 1))
        item = index.data(ITEM_ROLE)
        if not isinstance(item, ChatItem):
            return None
        return item.key, self.visualRect(index).top()

    def _restore(self, anchor: tuple[object, int] | None) -> None:
        if anchor is None:
            return
        for at, item in enumerate(self._model.items):
            if item.key == anchor[0]:
                top = self.visualRect(self._model.index(at)).top()
                bar = self.verticalScrollBar()
                bar.setValue(bar.value() + top - anchor[1])
                return

    def _say_below(self) -> None:
        self._below.setVisible(self._unseen > 0)
        if self._unseen:
            self._below.setText(f"{words.count(self._unseen, 'new line')} below")
            self._put_below()

    def _put_below(self) -> None:
        self._below.adjustSize()
        size, edge = self._below.size(), self._look.px(12)
        self._below.move((self.width() - size.width()) // 2, self.height() - size.height() - edge)
        self._below.raise_()

    @Slot(int, int)
    def _reaches(self, _least: int, most: int) -> None:
        """Lines became higher, lower or more: that moves nobody to the end or away from it."""
        bar = self.verticalScrollBar()
        if self._at_end:
            bar.setValue(most)
        elif bar.value() > most:
            with QSignalBlocker(bar):
                bar.setValue(most)

    @Slot()
    def _scrolled(self) -> None:
        bar = self.verticalScrollBar()
        self._at_end = bar.value() >= bar.maximum() - _NEAR
        self._top = self._anchor()
        if self._unseen and self._at_end:
            self._unseen = 0
            self._say_below()

    @Slot()
    def _copy(self) -> None:
        text = self.copied()
        if text:
            QGuiApplication.clipboard().setText(text)
            announce(self, "Copied")

    @Slot(QModelIndex)
    def _activated(self, index: QModelIndex) -> None:
        item = index.data(ITEM_ROLE)
        if isinstance(item, ChatItem) and item.kind is ItemKind.EARLIER:
            self.earlier_wanted.emit()
        elif isinstance(item, ChatItem) and item.file is not None:
            self.file_opened.emit(item.file.key)

    @Slot()
    def _relook(self) -> None:
        """In another size the reader stands where they were."""
        anchor = self._top
        self.doItemsLayout()
        if not self._at_end:
            self._restore(anchor)
        self.viewport().update()


_TYPING = ItemKind.TYPING
