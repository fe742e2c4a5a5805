"""A chat in a workspace: its pane instead of cards of messages, its lines instead of replies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage, QTextCursor
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QStackedWidget

from crm_desktop.desktop.core import accessibility, words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.chats import ChatState, EndedBy
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import Channel, ContactState, Resolution, Visibility
from crm_desktop.domain.views import ContactView

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.workspace.chat_pane import ChatPane
    from crm_desktop.desktop.screens.workspace.chat_state import KnownChat, Saying
    from crm_desktop.desktop.screens.workspace.chatting import Chatting
    from crm_desktop.desktop.screens.workspace.screen import WorkspaceScreen
    from crm_desktop.desktop.widgets.chat_items import ChatItem
    from crm_desktop.desktop.widgets.chat_view import Place

_CARDS, _CHAT = range(2)
#: A picture larger than this is opened by whoever wants to see it, in bytes.
_LARGEST = 8_000_000
_OVER = "The chat has ended. Answer by email (Ctrl+Shift+E), or wrap up (F12)."


class ChatSide(QObject):
    """Implements `ChattingView` for one workspace; what chats need is made with the first of them.

    `stands` tells that a chat stands otherwise: what can be done with it may be another; `looked`
    that the window came to the front over it.
    """

    stands = Signal()
    looked = Signal()

    def __init__(
        self,
        screen: WorkspaceScreen,
        look: Look,
        clock: Clock,
        registry: CommandRegistry,
        person: Person,
    ) -> None:
        super().__init__(screen)
        self._screen, self._look, self._clock = screen, look, clock
        self._registry, self._person = registry, person
        self._make: Callable[[], Chatting] | None = None
        self._made: Chatting | None = None
        self._contact: ContactView | None = None
        self._chat: KnownChat | None = None
        self._schema: Mapping[str, object] = {}
        self._asked: tuple[int, str] = (0, "")
        self._places: dict[int, Place] = {}
        self._limits: dict[int, int] = {}
        self._shown_id = 0
        self._asking = ""
        self.pages = QStackedWidget()
        self.pages.addWidget(screen.conversation)

    def bind(self, make: Callable[[], Chatting]) -> None:
        """Say who answers it, once there is a chat."""
        self._make = make

    @property
    def chatting(self) -> Chatting:
        """Who answers it."""
        if self._made is None:
            assert self._make is not None
            self._made = self._make()
        return self._made

    @cached_property
    def pane(self) -> ChatPane:
        """The pane of chats."""
        from crm_desktop.desktop.screens.workspace.chat_pane import ChatPane

        pane = ChatPane(self._look, self._registry)
        pane.confirmed.connect(self._confirm)
        pane.retried.connect(self._retry)
        pane.taken_back.connect(self._take_back)
        pane.file_opened.connect(self._screen.file_wanted)
        pane.link_opened.connect(self._screen.link_wanted)
        pane.earlier_wanted.connect(self._show_earlier)
        pane.looked.connect(self._looked)
        self.pages.addWidget(pane)
        return pane

    @property
    def is_shown(self) -> bool:
        """Whether the open contact is shown as a chat."""
        return self.pages.currentIndex() == _CHAT

    @property
    def is_open(self) -> bool:
        """Whether the open contact is a chat that goes on."""
        return self.is_shown and self._chat is not None and self._chat.is_open

    @property
    def takes_lines(self) -> bool:
        """Whether what is written goes into the chat; else it is a mail."""
        return self.is_shown and self._chat is not None and not self._chat.by_email

    def is_chat(self, contact: ContactView) -> bool:
        """Whether the contact is shown by its lines."""
        if contact.row.channel is not Channel.CHAT or self._make is None:
            return False
        chat = self.chatting.chat
        return chat is None or chat.contact_id != contact.row.id or not chat.missing

    def show_contact(self, contact: ContactView, *, fresh: bool) -> None:
        """A contact was opened, or the same read again."""
        if contact.row.channel is not Channel.CHAT or self._make is None:
            # Mostly the contact before was none either.
            if self._contact is not None or self.is_shown:
                self.leave()
                self._contact = None
            return
        if fresh:
            self._remember()
        self._contact = contact
        self.chatting.show(contact, fresh=fresh)

    def changed(self, changes: Changes) -> None:
        """Read again what is shown and changed."""
        if self._made is not None:
            self._made.changed(changes)

    def leave(self) -> None:
        """No chat is shown any more."""
        self._remember()
        self._shown_id = 0
        self._chat = None
        if self._made is not None:
            self._made.show(None, fresh=True)
        self.pages.setCurrentIndex(_CARDS)
        self._screen.compose.set_chat("")
        self._fit()

    def say(self) -> None:
        """Say what stands in the box."""
        screen = self._screen
        written = screen.compose.written().reply
        screen.compose.clear(Visibility.PUBLIC)
        screen.unsent.said()
        self.chatting.say(written.text.strip(), written.attachments, written.template_id)
        self.pane.view.to_end()

    def ready(self) -> None:
        """A chat came into this person's hands and is open: they write there, unless they write."""
        focus = self._screen.window().focusWidget()
        writing = isinstance(focus, QLineEdit | QPlainTextEdit) and not focus.isReadOnly()
        if not writing and self._screen.presenter.can_write():
            self._screen.focus_reply(Visibility.PUBLIC)

    def bind_commands(self) -> None:
        """What can be done with the chat that is open, as commands of its window."""
        bind = self._registry.bind
        bind("chat.end", self._end)
        bind("chat.email", self._ask_email)
        bind("chat.warned", self._ask_warning)
        bind("chat.block", self._ask_block)
        self._fit()

    def typed(self) -> None:
        """The person types a line."""
        if self.takes_lines and self._screen.compose.composer.text(Visibility.PUBLIC).strip():
            self.chatting.typed()

    # ChattingView

    def show_chat(self, chat: KnownChat, *, other: bool) -> None:
        """See `ChattingView`."""
        contact = self._contact
        if contact is None or contact.row.id != chat.contact_id:
            return
        self._chat = chat
        mine = self._screen.presenter.is_mine and contact.row.state is not ContactState.OFFERED
        self.pane.show_chat(chat, mine=mine)
        self._show_items(chat, contact, other=other or self._shown_id != chat.contact_id)
        self._shown_id = chat.contact_id
        self.pages.setCurrentIndex(_CHAT)
        self._fit_box(chat, contact)
        if chat.view is not None and chat.view.answers:
            self._screen.case_pane.prefill(chat.view.answers)
        self._say_asking()
        self._fit()

    def show_no_chat(self) -> None:
        """See `ChattingView`."""
        if self._contact is not None:
            self.pages.setCurrentIndex(_CARDS)
            self._screen.conversation.show_contact(self._contact)
            self._screen.compose.set_chat("")
            self._fit()

    def show_questions(self, schema: Mapping[str, object]) -> None:
        """See `ChattingView`."""
        self._schema, self._asked = schema, (0, "")
        if self._chat is not None and self._contact is not None and self.is_shown:
            self._show_items(self._chat, self._contact, other=False)

    def show_picture(self, attachment_id: int, picture: object) -> None:
        """See `ChattingView`."""
        if isinstance(picture, QImage):
            self.pane.view.show_thumb(attachment_id, picture)

    def is_looking(self) -> bool:
        """See `ChattingView`."""
        return self.is_shown and self.pane.isVisible() and self.pane.isActiveWindow()

    def put_back(self, saying: Saying) -> None:
        """See `ChattingView`."""
        composer = self._screen.compose.composer
        composer.set_mode(Visibility.PUBLIC)
        before = composer.text(Visibility.PUBLIC).strip()
        text = f"{saying.text}\n{before}" if before else saying.text
        composer.set_text(text, Visibility.PUBLIC)
        for file in saying.files:
            self._screen.compose.add_file(file)
        self._screen.unsent.keep()
        composer.editor.moveCursor(QTextCursor.MoveOperation.End)
        composer.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def ended(self, by: EndedBy) -> None:
        """See `ChattingView`."""
        screen, chat = self._screen, self._chat
        if by is EndedBy.EMAIL and chat is not None:
            from crm_desktop.domain.chats import transcript

            screen.focus_reply(Visibility.PUBLIC)
            lines = tuple(chat.lines[seq] for seq in sorted(chat.lines))
            screen.compose.quote(transcript(lines))
            screen.unsent.keep()
            accessibility.announce(screen, "The chat goes on by email")
            return
        screen.presenter.begin_wrap_up()
        if by in (EndedBy.WARNED, EndedBy.BLOCKED):
            screen.wrap_up.choose(Resolution.WARNED_ENDED)

    def show_trouble(self, trouble: CrmError) -> None:
        """See `ChattingView`."""
        self._screen.notices.tell(trouble)

    def _show_items(self, chat: KnownChat, contact: ContactView, *, other: bool) -> None:
        from crm_desktop.desktop.screens.workspace import chat_words

        limit = self._limits.get(chat.contact_id, chat_words.PAGE)
        items = chat_words.rows(
            chat,
            contact,
            self._asked_of(chat),
            self._person.name,
            now=self._clock.now(),
            limit=limit,
        )
        self.pane.view.setAccessibleName(f"Chat with {chat_words.visitor(chat, contact)}")
        if other:
            self.pane.view.show_other(items, self._place_of(chat.contact_id))
        else:
            self.pane.view.show_items(items)
        self._want_pictures(items)
        self._show_files(chat)

    def _asked_of(self, chat: KnownChat) -> str:
        """What was asked before the chat, put into words once."""
        from crm_desktop.desktop.screens.workspace import chat_words

        if chat.view is None or not chat.view.answers:
            return ""
        if self._asked[0] != chat.contact_id:
            said = chat_words.answers_words(chat.view.answers, self._schema)
            self._asked = (chat.contact_id, said)
        return self._asked[1]

    def _want_pictures(self, items: tuple[ChatItem, ...]) -> None:
        for item in items:
            file = item.file
            if (
                file is not None
                and file.media_type.startswith("image/")
                and file.size <= _LARGEST
                and isinstance(file.key, int)
                and not self.pane.view.has_thumb(file.key)
            ):
                self.chatting.want_picture(file.key)

    def _show_files(self, chat: KnownChat) -> None:
        now = self._clock.now()
        self._screen.show_files(
            [
                Row(
                    file.id,
                    file.name,
                    f"{words.size(file.size)} · {line.who}",
                    "image" if file.content_type.startswith("image/") else "paperclip",
                    right=words.when(line.at, now),
                )
                for line in chat.lines.values()
                for file in line.files
            ]
        )

    def _fit_box(self, chat: KnownChat, contact: ContactView) -> None:
        from crm_desktop.desktop.screens.workspace import chat_words

        compose = self._screen.compose
        if chat.by_email:
            if compose.is_chat and chat.view is not None and chat.view.email:
                compose.set_to(chat.view.email)
            compose.set_chat("")
            return
        over = chat.view is not None and chat.view.state is ChatState.ENDED
        compose.set_chat(chat_words.visitor(chat, contact), _OVER if over else "")

    def _say_asking(self) -> None:
        asking = self.pane.asking
        if asking and asking != self._asking:
            accessibility.announce(self.pane, asking)
        self._asking = asking

    def _fit(self) -> None:
        """Enable what fits the chat."""
        screen, chat = self._screen, self._chat
        mine = self.is_shown and self._contact is not None and screen.presenter.can_write()
        on = mine and chat is not None and chat.is_open
        view = chat.view if chat is not None else None
        enable = self._registry.set_enabled
        for each in ("chat.end", "chat.warned", "chat.block"):
            enable(each, on)
        enable("chat.email", mine and view is not None and view.ended_by is not EndedBy.EMAIL)
        self.stands.emit()

    def _place_of(self, contact_id: int) -> Place:
        from crm_desktop.desktop.widgets.chat_view import Place

        return self._places.get(contact_id, Place())

    def _remember(self) -> None:
        """Where somebody was in the chat that is left."""
        if self.is_shown and self._shown_id:
            self._places[self._shown_id] = self.pane.view.place

    @Slot()
    def _show_earlier(self) -> None:
        from crm_desktop.desktop.screens.workspace import chat_words

        if self._chat is not None and self._contact is not None:
            number = self._chat.contact_id
            self._limits[number] = self._limits.get(number, chat_words.PAGE) + chat_words.PAGE
            self._show_items(self._chat, self._contact, other=False)

    @Slot()
    def _looked(self) -> None:
        # The window is active only once this event is over.
        QTimer.singleShot(0, self, self._looked_now)

    @Slot()
    def _looked_now(self) -> None:
        if self._made is not None:
            self._made.looked()
        self.looked.emit()

    def _who(self) -> str:
        return (self._chat.view.visitor if self._chat and self._chat.view else "") or "the visitor"

    def _end(self) -> None:
        self.chatting.end()

    def _ask_email(self) -> None:
        from crm_desktop.desktop.screens.workspace.chat_dialogs import ByEmailDialog

        view = self._chat.view if self._chat is not None else None
        if view is None:
            return
        dialog = ByEmailDialog(
            self._look,
            self._who(),
            view.email or (self._contact.reply_to if self._contact else ""),
            open_=self.is_open,
            parent=self._screen.window(),
        )
        dialog.chosen.connect(self._go_on_by_email)
        dialog.open()

    @Slot(str)
    def _go_on_by_email(self, email: str) -> None:
        self.chatting.to_email(email)

    def _ask_warning(self) -> None:
        from crm_desktop.desktop.screens.workspace.chat_dialogs import WarnDialog

        dialog = WarnDialog(self._look, self._who(), self._screen.window())
        dialog.warned.connect(self._warn)
        dialog.ended.connect(self._end_warned)
        dialog.open()

    @Slot(str)
    def _warn(self, text: str) -> None:
        self.chatting.say(text)

    @Slot()
    def _end_warned(self) -> None:
        self.chatting.end(EndedBy.WARNED)

    def _ask_block(self) -> None:
        from crm_desktop.desktop.screens.workspace.chat_dialogs import BlockDialog

        dialog = BlockDialog(self._look, self._who(), self._screen.window())
        dialog.chosen.connect(self._block)
        dialog.open()

    @Slot(str, int)
    def _block(self, reason: str, hours: int) -> None:
        self.chatting.block(reason, hours)

    @Slot(str)
    def _confirm(self, key: str) -> None:
        self.chatting.confirm(key)

    @Slot(str)
    def _retry(self, key: str) -> None:
        self.chatting.retry(key)

    @Slot(str)
    def _take_back(self, key: str) -> None:
        self.chatting.take_back(key)
