"""The conversation: what was said, oldest first, what is long past folded away."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.workspace.fold import MORE, Fold
from crm_desktop.desktop.screens.workspace.message_card import MessageCard
from crm_desktop.desktop.widgets.buttons import Button, Kind
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.desktop.widgets.flow import lay_out
from crm_desktop.domain.social_thread import SocialThread
from crm_desktop.domain.views import ContactView, MessageView

#: A new message has found its height within this time.
_SETTLES_MS = 300
#: So many cards that show nothing are kept for the next contact.
_SPARE = 6
#: By then nobody waits for what was opened: a card is made for the answer to it.
_RESTS_MS = 400


class Conversation(QScrollArea):
    """Messages as cards; signals as MessageCard's."""

    file_opened = Signal(object)
    link_opened = Signal(str)
    edit_asked = Signal(object)
    release_asked = Signal(object)
    dial_wanted = Signal(str)

    def __init__(self, look: Look, clock: Clock, me: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._clock, self._me = look, clock, me
        self._cards: dict[int, MessageCard] = {}
        self._spare: list[MessageCard] = []
        self._images: Mapping[str, bytes] = {}
        self._posts: SocialThread | None = None
        self._contact_id = 0
        self._fold = Fold()
        #: Where the first message stands: after the button of earlier ones.
        self._first = 1
        self.setAccessibleName("Conversation")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        ground = Surface(look, sunken=True)
        # Where it grows or shrinks at its end, what stands before that is not drawn again.
        ground.setAttribute(Qt.WidgetAttribute.WA_StaticContents)
        self._column = QVBoxLayout(ground)
        self._earlier = Button(look, "Earlier messages", kind=Kind.QUIET, icon="history")
        self._earlier.clicked.connect(self._unfold)
        self._column.addWidget(self._earlier, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addStretch(1)
        self.setWidget(ground)
        self._following = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_RESTS_MS)
        self._rest.timeout.connect(self._make_ready)
        self.verticalScrollBar().rangeChanged.connect(self._to_end)
        look.changed.connect(self._space)
        self._space()

    def set_head(self, head: QWidget) -> None:
        """What stands above the messages and scrolls with them."""
        self._column.insertWidget(0, head)
        self._first += 1

    def show_contact(self, contact: ContactView) -> None:
        """Show the messages of a contact; those that did not change stay as they are."""
        fresh = contact.row.id != self._contact_id
        if fresh:
            self._contact_id, self._images, self._posts = contact.row.id, {}, None
            self._fold.begin(contact.thread, contact.messages)
        else:
            self._fold.go_on(contact.thread, contact.messages)
        grew = self._show(self._fold.shown)
        self._say_hidden()
        lay_out(self, *(card.body for card in self._cards.values()), self._column)
        if fresh:
            self.verticalScrollBar().setValue(0)
        elif grew:
            self._follow()
        self._rest.start()

    def set_images(self, images: Mapping[str, bytes]) -> None:
        """The pictures of the messages have been read."""
        self._images = images
        for card in self._cards.values():
            card.set_images(images)

    def show_posts(self, posts: SocialThread) -> None:
        """What the messages are on their network has been read."""
        self._posts = posts
        for card in self._cards.values():
            self._mark(card)

    def _mark(self, card: MessageCard) -> None:
        posts, message = self._posts, card.message
        post = posts.post(message.id) if posts and message else None
        card.show_post(post, posts.network if posts else None)

    def message(self, message_id: int) -> MessageView | None:
        """A message that is shown."""
        card = self._cards.get(message_id)
        return card.message if card else None

    def _say_hidden(self) -> None:
        hidden = self._fold.hidden
        earlier = words.count(hidden, "earlier message")
        self._earlier.setText(f"{MORE} of {earlier}" if hidden > MORE else earlier)
        self._earlier.setVisible(bool(hidden))

    def _show(self, messages: tuple[MessageView, ...]) -> bool:
        """Returns whether something was added at the end."""
        wanted = {message.id: message for message in messages}
        last_known = max(self._kept(wanted), default=0)
        self._let_go(wanted)
        for place, message in enumerate(messages, start=self._first):
            card = self._cards.get(message.id)
            if card is None:
                card = self._cards[message.id] = self._spare.pop(0) if self._spare else self._make()
            if self._column.indexOf(card) != place:
                self._column.removeWidget(card)
                self._column.insertWidget(place, card)
            if card.message != message:
                card.show_message(message, self._images)
                self._mark(card)
            if card.isHidden():
                card.show()
        for card in self._spare:
            card.hide()
        return bool(messages) and messages[-1].id > last_known > 0

    def _kept(self, wanted: Mapping[int, MessageView]) -> list[int]:
        return [
            number for number, card in self._cards.items() if wanted.get(number) == card.message
        ]

    def _let_go(self, wanted: Mapping[int, MessageView]) -> None:
        """Free the cards of messages that are not shown any more; those that can be used again
        stand ready in their order, so that a reader and Tab find cards as the eye does.
        """
        free = []
        for number, card in list(self._cards.items()):
            changed = wanted.get(number) != card.message
            if number not in wanted or (changed and not card.is_bare):
                del self._cards[number]
                free.append(card)
        bare = [card for card in free if card.is_bare]
        self._spare = [*bare, *self._spare]
        for card in (*self._spare[_SPARE:], *(each for each in free if not each.is_bare)):
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        del self._spare[_SPARE:]

    @Slot()
    def _make_ready(self) -> None:
        """Making a card and dressing it takes longer than all else about a reply."""
        if not self._spare:
            card = self._make()
            card.hide()
            self._spare.append(card)
            self._column.insertWidget(self._first + len(self._cards), card)
            for each in (card, *card.findChildren(QWidget)):
                each.ensurePolished()

    def _make(self) -> MessageCard:
        card = MessageCard(self._look, self._clock, self._me)
        card.file_opened.connect(self.file_opened)
        card.link_opened.connect(self.link_opened)
        card.edit_asked.connect(self.edit_asked)
        card.release_asked.connect(self.release_asked)
        card.dial_wanted.connect(self.dial_wanted)
        return card

    @Slot()
    def _unfold(self) -> None:
        self._fold.more()
        self._show(self._fold.shown)
        self._say_hidden()

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
