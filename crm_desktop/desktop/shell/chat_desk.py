"""One's own chats in the main window: their strip, the keys that go between them, what calls."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.screens.chats.presenter import ChatsPresenter
from crm_desktop.desktop.shell.chat_port import Chats
from crm_desktop.desktop.shell.desk import Desk
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.chats import ChatInHand, ChatState, Side
from crm_desktop.domain.states import IN_HAND, Channel, Visibility
from crm_desktop.domain.views import ContactView, QueueRow

if TYPE_CHECKING:
    from crm_desktop.desktop.shell.workplace import Workplace
    from crm_desktop.desktop.widgets.chat_strip import ChatStrip, ChatTab

_SOUND = "chats/sound"
_KEYS = 5
#: So much of a line is read out; whoever wants more goes there.
_HEARD = 200


class ChatDesk(QObject):
    """Implements `ChatsView`. Its `slot` is shown while there are chats."""

    def __init__(
        self,
        desk: Desk,
        registry: CommandRegistry,
        window: QWidget,
        workplace: Workplace,
        open_contact: Callable[[int], None],
    ) -> None:
        super().__init__(window)
        self._desk, self._registry, self._window = desk, registry, window
        self._workplace, self._open = workplace, open_contact
        self.is_locked: Callable[[], bool] = bool
        self._strip: ChatStrip | None = None
        self._ready_for: int | None = None
        self.slot = QWidget()
        self._column = QVBoxLayout(self.slot)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.slot.hide()
        self.presenter = ChatsPresenter(
            Chats(desk.db), desk.runner.for_owner(self), self, shown=self._shown_contact
        )
        registry.bind("chat.next", self.go_next)
        for number in range(1, _KEYS + 1):
            registry.bind(f"chat.go_{number}", partial(self._go_to_nth, number))
        registry.bind("view.chat_sound", self._toggle_sound)
        registry.set_checked("view.chat_sound", self._sounds)
        workplace.screen.shown.connect(self._opened)
        workplace.screen.chat.looked.connect(self._another)
        desk.clock.tick.connect(self._tick)
        self._fit()

    def changed(self, changes: Changes) -> None:
        """Read again what is another."""
        self.presenter.changed(changes)

    @Slot(object)
    def held(self, mine: tuple[QueueRow, ...]) -> None:
        """What is in this person's hands, as the queue has it."""
        self.presenter.held(
            frozenset(
                row.id for row in mine if row.channel is Channel.CHAT and row.state in IN_HAND
            )
        )

    def is_open(self, contact_id: int) -> bool:
        """Whether a visitor is in a chat with this person there."""
        chat = self.presenter.of(contact_id)
        return chat is not None and chat.state is ChatState.OPEN and chat.gone_since is None

    @Slot()
    def go_next(self) -> None:
        """Go to the chat whose visitor waits longest."""
        contact_id = self.presenter.next_waiting()
        if contact_id is not None:
            self.go(contact_id)

    @Slot(object)
    def go(self, contact_id: int) -> None:
        """Go to a chat, ready to write."""
        self._open(contact_id)
        self._workplace.screen.focus_reply(Visibility.PUBLIC)

    # ChatsView

    def show_chats(self, chats: tuple[ChatInHand, ...]) -> None:
        """See `ChatsView`."""
        if chats:
            self._made().show_tabs(
                [_tab(number, each) for number, each in enumerate(chats, start=1)],
                self._workplace.presenter.contact_id,
                self._desk.clock.now(),
            )
        self.slot.setVisible(bool(chats))
        unread = sum(each.unread for each in chats)
        name = self._desk.person.name
        self._window.setWindowTitle(f"({unread}) {name}" if unread else name)
        self._fit()

    def spoke(self, chat: ChatInHand) -> None:
        """See `ChatsView`."""
        announce(self._made(), f"{chat.who}: {chat.last_text[:_HEARD]}")
        self._call_attention()

    def came(self, chat: ChatInHand) -> None:
        """See `ChatsView`."""
        announce(self._made(), f"A chat with {chat.who} is yours: {chat.last_text[:_HEARD]}")
        if self._workplace.presenter.contact_id != chat.contact_id:
            self._call_attention()
        elif self._workplace.presenter.contact is not None:
            self._workplace.screen.chat.ready()
        else:
            self._ready_for = chat.contact_id

    def _made(self) -> ChatStrip:
        if self._strip is None:
            from crm_desktop.desktop.widgets.chat_strip import ChatStrip

            self._strip = ChatStrip(self._desk.look)
            self._strip.chosen.connect(self.go)
            self._column.addWidget(self._strip)
        return self._strip

    def _call_attention(self) -> None:
        if self.is_locked():
            return
        if not self._window.isActiveWindow():
            QApplication.alert(self._window)
        if self._sounds:
            QApplication.beep()

    def _shown_contact(self) -> int | None:
        """Which chat is before the person's eyes."""
        chat = self._workplace.screen.chat
        return self._workplace.presenter.contact_id if chat.is_looking() else None

    def _go_to_nth(self, number: int) -> None:
        contact_id = self.presenter.nth(number)
        if contact_id is not None:
            self.go(contact_id)

    @Slot()
    def _another(self) -> None:
        self.presenter.refresh()

    @Slot(object)
    def _opened(self, contact: ContactView | None) -> None:
        """A chat that was taken is open now: whoever took it writes there."""
        self.presenter.refresh()
        if contact is not None and contact.row.id == self._ready_for:
            self._ready_for = None
            self._workplace.screen.chat.ready()

    @Slot()
    def _tick(self) -> None:
        if self._strip is not None and self.slot.isVisible():
            self._strip.tick(self._desk.clock.now())

    def _fit(self) -> None:
        chats = len(self.presenter.chats)
        self._registry.set_enabled("chat.next", chats > 0)
        for number in range(1, _KEYS + 1):
            self._registry.set_enabled(f"chat.go_{number}", chats >= number)

    @property
    def _sounds(self) -> bool:
        return self._desk.settings.get(_SOUND) == "yes"

    def _toggle_sound(self) -> None:
        sounds = not self._sounds
        self._desk.settings.set(_SOUND, "yes" if sounds else "no")
        self._registry.set_checked("view.chat_sound", sounds)


def _tab(number: int, chat: ChatInHand) -> ChatTab:
    from crm_desktop.desktop.widgets.chat_strip import ChatTab

    mark = ("", "")
    if chat.state is ChatState.ENDED:
        mark = ("circle-x", "ended")
    elif chat.gone_since is not None:
        mark = ("log-out", f"left {words.clock_time(chat.gone_since)}")
    last = " ".join(chat.last_text.split()) or "A file"
    return ChatTab(
        chat.contact_id,
        number,
        chat.who,
        f"You: {last}" if chat.last_side is Side.STAFF else last,
        chat.unread,
        chat.waiting_since if chat.state is ChatState.OPEN else None,
        mark,
    )
