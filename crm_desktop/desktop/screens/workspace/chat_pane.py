"""A chat on the screen: who it is and where, the lines, and what must be decided about them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.workspace.chat_state import Fate, KnownChat, Saying
from crm_desktop.desktop.screens.workspace.chat_words import language
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, Kind
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.desktop.widgets.chat_view import ChatView
from crm_desktop.desktop.widgets.pill import Pill
from crm_desktop.desktop.widgets.text import ElidedText
from crm_desktop.domain.chats import ChatState, EndedBy

#: Below this width (at 100 %) the page and the address are said on hovering alone.
_NARROW = 620
#: Below this height (at 100 %) its head does without buttons.
_LOW = 200
_SHORT = 80


class _Head(Surface):
    """Whether the visitor is there, the page they are on, their address and language."""

    def __init__(self, look: Look, registry: CommandRegistry) -> None:
        super().__init__(look)
        self._low = self._may_mail = self._may_end = False
        self._state = Pill(look, "")
        self._language = Pill(look, "", Tone.INFO, "globe")
        self._page = ElidedText(look, "", Role.SMALL, muted=True)
        self._email = ElidedText(look, "", Role.SMALL, muted=True, snug=True)
        self._mail = Button(look, "").follow(registry.action("chat.email"))
        self._end = Button(look, "", kind=Kind.DANGER).follow(registry.action("chat.end"))
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._state)
        self._row.addWidget(self._language)
        self._row.addWidget(self._page, 1)
        for each in (self._email, self._mail, self._end):
            self._row.addWidget(each)
        self._space()
        look.changed.connect(self._space)

    def show_chat(self, chat: KnownChat, *, mine: bool, asking: bool) -> None:
        """Say how the visitor is; `asking`: a notice below offers to go on by mail already."""
        view = chat.view
        if view is None:
            self._state.set_content("Reading …", Tone.NEUTRAL)
            self._language.hide()
            self._may_mail = self._may_end = False
            self._fit()
            return
        words_, tone, icon = _state(chat)
        self._state.set_icon(icon)
        self._state.set_content(words_, tone)
        if view.gone_since is not None:
            self._state.setToolTip(f"Since {words.full(view.gone_since)}")
        spoken = language(view.language)
        self._language.setVisible(bool(spoken))
        self._language.set_content(f"Reads {spoken}", Tone.INFO)
        self._page.setText(f"On {_page(view.page)}" if view.page else "")
        self._page.setAccessibleName(f"The page they are on: {view.page}" if view.page else "")
        self._email.setText(view.email)
        self._may_end = mine and chat.is_open
        gone = view.gone_since is not None or view.state is ChatState.ENDED
        self._may_mail = mine and gone and not chat.by_email and not asking
        self._fit()

    def set_low(self, low: bool) -> None:
        """Where there is little height it does without buttons: keys and the menu have the same."""
        if low != self._low:
            self._low = low
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Less room, fewer words."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        narrow = self.width() < self._look.px(_NARROW)
        self._email.setVisible(bool(self._email.text()) and not narrow)
        for button, wanted in ((self._mail, self._may_mail), (self._end, self._may_end)):
            button.set_bare(narrow)
            button.setVisible(wanted and not self._low)

    @Slot()
    def _space(self) -> None:
        px = self._look.px
        self._row.setContentsMargins(px(14), px(7), px(12), px(7))
        self._row.setSpacing(px(8))


class ChatPane(QWidget):
    """Signals: `confirmed`, `retried` and `taken_back` carry a Saying's key; `file_opened`,
    `link_opened` and `earlier_wanted` are the view's; `looked` when the window comes to the front.
    """

    confirmed = Signal(str)
    retried = Signal(str)
    taken_back = Signal(str)
    file_opened = Signal(object)
    link_opened = Signal(str)
    earlier_wanted = Signal()
    looked = Signal()

    def __init__(
        self, look: Look, registry: CommandRegistry, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._key = ""
        self._head = _Head(look, registry)
        self.view = ChatView(look)
        self.view.file_opened.connect(self.file_opened)
        self.view.link_opened.connect(self.link_opened)
        self.view.earlier_wanted.connect(self.earlier_wanted)
        self._stopped = Banner(look, Tone.DANGER, "shield-alert")
        self._stopped.add_action("Change it", Kind.PRIMARY).clicked.connect(self._take_back)
        self._stopped.add_action("Send anyway", Kind.DANGER).clicked.connect(self._confirm)
        self._failed = Banner(look, Tone.DANGER, "circle-alert")
        self._failed.add_action("Try again", Kind.PRIMARY).clicked.connect(self._retry)
        self._failed.add_action("Put it back").clicked.connect(self._take_back)
        self._left = Banner(look, Tone.WARNING, "log-out")
        self._answer = self._left.add_action("Answer by email")
        self._answer.clicked.connect(registry.action("chat.email").trigger)
        self._below = QVBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self.view, 1)
        column.addLayout(self._below)
        for each in (self._left, self._failed, self._stopped):
            self._below.addWidget(each)
            each.hide()
        look.changed.connect(self._space)
        self._space()

    def show_chat(self, chat: KnownChat, *, mine: bool) -> None:
        """Say how it stands; the lines are the view's."""
        left = self._show_left(chat, mine=mine)
        self._head.show_chat(chat, mine=mine, asking=left)
        saying = chat.in_trouble() if mine else None
        self._key = saying.key if saying else ""
        self._show_trouble(saying)

    @property
    def asking(self) -> str:
        """What must be decided, in words; empty when nothing must."""
        return next(
            (each.text() for each in (self._stopped, self._failed) if not each.isHidden()), ""
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Most of little room is for reading."""
        super().resizeEvent(event)
        self._head.set_low(event.size().height() < self._look.px(_LOW))

    def changeEvent(self, event: QEvent) -> None:
        """The window came to the front: what stands here is read now."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.looked.emit()

    def _show_trouble(self, saying: Saying | None) -> None:
        stopped = saying is not None and saying.fate is Fate.STOPPED
        failed = saying is not None and saying.fate is Fate.FAILED
        if saying is not None and stopped:
            self._stopped.set_text(
                "The leak check stopped your line. It has not been sent.",
                "\n".join(f"•  {each}" for each in saying.why),
            )
        if saying is not None and failed:
            text = " ".join(saying.text.split())
            short = text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"
            self._failed.set_text(f"Not sent: “{short}”", " ".join(saying.why))
        self._stopped.setVisible(stopped)
        self._failed.setVisible(failed)

    def _show_left(self, chat: KnownChat, *, mine: bool) -> bool:
        """Say that nobody is there to be answered; returns whether that is so."""
        view = chat.view
        left = (
            mine
            and view is not None
            and view.waiting_since is not None
            and (view.gone_since is not None or view.ended_by in (EndedBy.GONE, EndedBy.VISITOR))
            and not chat.by_email
        )
        self._left.setVisible(left)
        if left and view is not None:
            self._left.set_text(
                f"{view.visitor or 'The visitor'} left before you answered.",
                f"{view.email} is known: your answer can go there."
                if view.email
                else "No email address is known. They may come back to this chat.",
            )
        return left

    @Slot()
    def _confirm(self) -> None:
        self.confirmed.emit(self._key)

    @Slot()
    def _retry(self) -> None:
        self.retried.emit(self._key)

    @Slot()
    def _take_back(self) -> None:
        self.taken_back.emit(self._key)

    @Slot()
    def _space(self) -> None:
        px = self._look.px
        self._below.setContentsMargins(px(12), 0, px(12), px(6))
        self._below.setSpacing(px(6))


def _state(chat: KnownChat) -> tuple[str, Tone, str]:
    view = chat.view
    assert view is not None
    if view.ended_by is EndedBy.EMAIL:
        return "Goes on by email", Tone.INFO, "mail"
    if view.state is ChatState.ENDED:
        return "Ended", Tone.NEUTRAL, "circle-x"
    if view.gone_since is not None:
        return f"Left {words.clock_time(view.gone_since)}", Tone.WARNING, "log-out"
    return "In the chat", Tone.OK, "message-square"


def _page(url: str) -> str:
    """An address as it is read: without how it is fetched."""
    return url.split("://", 1)[-1].rstrip("/")
