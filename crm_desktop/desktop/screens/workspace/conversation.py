"""The conversation: what was said, oldest first, earlier contacts of the thread folded away."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.workspace.message_card import MessageCard
from crm_desktop.desktop.widgets.buttons import Button, Kind
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.domain.views import ContactView, MessageView

#: A new message has found its height within this time.
_SETTLES_MS = 300


class Conversation(QScrollArea):
    """Messages as cards; signals as MessageCard's."""

    file_opened = Signal(object)
    link_opened = Signal(str)
    edit_asked = Signal(object)
    release_asked = Signal(object)

    def __init__(self, look: Look, clock: Clock, me: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._clock, self._me = look, clock, me
        self._cards: dict[int, MessageCard] = {}
        self._images: Mapping[str, bytes] = {}
        self._contact_id = 0
        self._thread: tuple[MessageView, ...] = ()
        self._unfolded = False
        self.setAccessibleName("Conversation")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        ground = Surface(look, sunken=True)
        self._column = QVBoxLayout(ground)
        self._earlier = Button(look, "Earlier messages", kind=Kind.QUIET, icon="history")
        self._earlier.clicked.connect(self._unfold)
        self._column.addWidget(self._earlier, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addStretch(1)
        self.setWidget(ground)
        self._following = False
        self.verticalScrollBar().rangeChanged.connect(self._to_end)
        look.changed.connect(self._space)
        self._space()

    def show_contact(self, contact: ContactView) -> None:
        """Show the messages of a contact; those that did not change stay as they are."""
        fresh = contact.row.id != self._contact_id
        if fresh:
            self._contact_id, self._unfolded, self._images = contact.row.id, False, {}
        self._thread = contact.thread
        grew = self._show((*self._shown_thread(), *contact.messages))
        hidden = len(contact.thread) if not self._unfolded else 0
        self._earlier.setVisible(bool(hidden))
        self._earlier.setText(words.count(hidden, "earlier message"))
        if fresh:
            self.verticalScrollBar().setValue(0)
        elif grew:
            self._follow()

    def set_images(self, images: Mapping[str, bytes]) -> None:
        """The pictures of the messages have been read."""
        self._images = images
        for card in self._cards.values():
            card.set_images(images)

    def message(self, message_id: int) -> MessageView | None:
        """A message that is shown."""
        card = self._cards.get(message_id)
        return card.message if card else None

    def _shown_thread(self) -> tuple[MessageView, ...]:
        return self._thread if self._unfolded else ()

    def _show(self, messages: tuple[MessageView, ...]) -> bool:
        """Returns whether something was added at the end."""
        wanted = {message.id: message for message in messages}
        for number, card in list(self._cards.items()):
            if wanted.get(number) != card.message:
                self._column.removeWidget(card)
                card.hide()
                card.deleteLater()
                del self._cards[number]
        last_known = max(self._cards, default=0)
        for place, message in enumerate(messages, start=1):
            if message.id not in self._cards:
                self._cards[message.id] = self._make(message)
                self._column.insertWidget(place, self._cards[message.id])
        return bool(messages) and messages[-1].id > last_known > 0

    def _make(self, message: MessageView) -> MessageCard:
        card = MessageCard(self._look, self._clock, message, self._me)
        card.set_images(self._images)
        card.file_opened.connect(self.file_opened)
        card.link_opened.connect(self.link_opened)
        card.edit_asked.connect(self.edit_asked)
        card.release_asked.connect(self.release_asked)
        return card

    @Slot()
    def _unfold(self) -> None:
        self._unfolded = True
        self._earlier.hide()
        own = tuple(card.message for card in self._cards.values())
        self._show((*self._thread, *own))

    def _follow(self) -> None:
        """Go to the end now, and again while the new message finds its height."""
        self._following = True
        QTimer.singleShot(0, self, self._to_end)
        QTimer.singleShot(_SETTLES_MS, self, self._stay)

    @Slot()
    def _to_end(self) -> None:
        if self._following:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    @Slot()
    def _stay(self) -> None:
        self._following = False

    @Slot()
    def _space(self) -> None:
        edge = self._look.px(14)
        self._column.setContentsMargins(edge, edge, edge, edge)
        self._column.setSpacing(self._look.px(10))
