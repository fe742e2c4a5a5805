"""One utterance: who, when, what, its files, and what went wrong with it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.workspace.card_head import CardHead, Said
from crm_desktop.desktop.screens.workspace.post_mark import PostMark
from crm_desktop.desktop.widgets.attachments import AttachedFile, AttachmentStrip
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, Kind
from crm_desktop.desktop.widgets.card import Card
from crm_desktop.desktop.widgets.mail_view import MailView
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.social import Network
from crm_desktop.domain.social_thread import PostView
from crm_desktop.domain.states import Direction, MessageState, Visibility
from crm_desktop.domain.views import MessageView

_STATES: dict[MessageState, tuple[str, Tone]] = {
    MessageState.PENDING: ("going out", Tone.ACCENT),
    MessageState.STOPPED: ("stopped", Tone.DANGER),
    MessageState.FAILED: ("not delivered", Tone.DANGER),
    MessageState.WITHDRAWN: ("taken back", Tone.NEUTRAL),
    MessageState.SENT: ("sent", Tone.OK),
}


class MessageCard(Card):
    """Shows one message, and then another: making a card takes longer than filling it.

    Signals: `file_opened` an AttachmentView's id, `link_opened` an address, `edit_asked` and
    `release_asked` a stopped message's id, `dial_wanted` a number of the text.
    """

    file_opened = Signal(object)
    link_opened = Signal(str)
    edit_asked = Signal(object)
    release_asked = Signal(object)
    dial_wanted = Signal(str)

    def __init__(self, look: Look, clock: Clock, me: str) -> None:
        super().__init__(look)
        self._clock, self._me = clock, me
        self.message: MessageView | None = None
        self._images: Mapping[str, bytes] = {}
        self._head = CardHead(look)
        self.body.addWidget(self._head)
        self._mark: PostMark | None = None
        self._post: PostView | None = None
        self._checked: QCheckBox | None = None
        self._problems = Text(look, "", Role.SMALL, tone=Tone.WARNING, wrap=True)
        self._problems.hide()
        self.body.addWidget(self._problems)
        self._text = MailView(look)
        self._text.link_opened.connect(self.link_opened)
        self._text.dial_wanted.connect(self.dial_wanted)
        self.body.addWidget(self._text)
        self._files = AttachmentStrip(look)
        self._files.opened.connect(self.file_opened)
        self.body.addWidget(self._files)

    def show_message(self, message: MessageView, images: Mapping[str, bytes]) -> None:
        """Show this one; `images` are the pictures that were read, by Content-ID."""
        before, self.message, self._images = self.message, message, images
        self.set_tone(_tone(message))
        self.setAccessibleName(_spoken(message))
        self._show_head(message)
        self._problems.setText(" ".join(message.problems))
        self._problems.setVisible(bool(message.problems))
        self._text.set_name(f"Text of {_spoken(message)}")
        self._show_files(message)
        self._warn(message)
        # What a person unfolded or marked stays so while nothing but the state has changed.
        if before is None or _words(before) != _words(message):
            self._show()

    def show_post(self, post: PostView | None, network: Network | None) -> None:
        """What the message is on its network; None: it is no post, or that is not known yet."""
        self._post = post
        if self._mark is None and post is not None:
            self._mark = PostMark(self._look, self._clock)
            self._mark.link_opened.connect(self.link_opened)
            self.body.insertWidget(1, self._mark)
        if self._mark is not None:
            self._mark.show_post(post if network else None, network or Network.BLUESKY)
        if self.message is not None:
            self._show_files(self.message)
            if self._checked is not None:
                self._checked.setText(self._may_go(self.message))

    def _show_files(self, message: MessageView) -> None:
        """A picture of a post is called what it is said to show."""
        alts = self._post.alts if self._post else {}
        self._files.set_files(
            [
                AttachedFile(each.id, alts.get(each.id) or each.name, each.content_type, each.size)
                for each in message.attachments
                if not each.inline
            ]
        )

    def set_images(self, images: Mapping[str, bytes]) -> None:
        """The pictures of the message have been read."""
        self._images = images
        if self.message is not None and "cid:" in self.message.html:
            self._show()

    @property
    def is_bare(self) -> bool:
        """Whether the card can show any other message: it has nothing that belongs to this one."""
        return self.message is None or not (self.message.failure or _is_stopped(self.message))

    def _show_head(self, message: MessageView) -> None:
        note = message.visibility is Visibility.INTERNAL
        said = f"{message.subject}, never sent" if message.subject else "Internal note, never sent"
        state = (said, Tone.WARNING) if note else _STATES.get(message.state)
        self._head.say(
            Said(
                _author(message),
                _toward(message),
                state,
                words.when(message.at, self._clock.now()),
                words.full(message.at),
                note=note,
            )
        )

    def _warn(self, message: MessageView) -> None:
        if _is_stopped(message):
            self._add_stopped(message)
        elif message.failure:
            self.body.addWidget(
                Banner(
                    self._look,
                    Tone.DANGER,
                    "circle-alert",
                    "This reply was not delivered.",
                    message.failure,
                )
            )

    def _add_stopped(self, message: MessageView) -> None:
        """What the leak check found; sending all the same takes two steps."""
        findings = message.findings
        stopped = Banner(
            self._look,
            Tone.DANGER,
            "shield-alert",
            "The leak check stopped this reply. It has not been sent.",
            "\n".join(f"•  {each}" for each in findings),
        )
        stopped.add_action("Edit").clicked.connect(self._edit)
        checked = self._checked = QCheckBox(self._may_go(message))
        anyway = Button(self._look, f"Send anyway as {self._me}", kind=Kind.DANGER)
        anyway.setEnabled(False)
        checked.toggled.connect(anyway.setEnabled)
        anyway.clicked.connect(self._release)
        row = QHBoxLayout()
        row.addWidget(checked, 1)
        row.addWidget(anyway)
        self.body.addWidget(stopped)
        self.body.addLayout(row)

    def _may_go(self, message: MessageView) -> str:
        """What a person says who sends it all the same."""
        found = len(message.findings)
        each = "this" if found == 1 else f"each of these {found}"
        everybody = self._post is not None and self._post.public
        may = "everybody may read it" if everybody else f"it may go to {_recipients(message)}"
        return f"I have checked {each}, and {may}"

    def _show(self) -> None:
        message = self.message
        if message is None:
            return
        # A document may have nothing to say beside its files.
        self._text.setVisible(bool(message.html or message.text or not message.attachments))
        if message.html:
            self._text.show_html(message.html, self._images)
        else:
            self._text.show_text(message.reply_text or message.text, message.text)

    @Slot()
    def _edit(self) -> None:
        if self.message is not None:
            self.edit_asked.emit(self.message.id)

    @Slot()
    def _release(self) -> None:
        if self.message is not None:
            self.release_asked.emit(self.message.id)


def _is_stopped(message: MessageView) -> bool:
    return message.state is MessageState.STOPPED


def _words(message: MessageView) -> tuple[object, ...]:
    return message.id, message.html, message.reply_text, message.text


def _tone(message: MessageView) -> Tone | None:
    if message.visibility is Visibility.INTERNAL:
        return Tone.WARNING
    return Tone.ACCENT if message.direction is Direction.OUTBOUND else None


def _author(message: MessageView) -> str:
    if message.direction is Direction.OUTBOUND:
        return message.author or message.sender_name or "The council"
    return message.sender_name or message.sender_address or message.author or "Unknown"


def _toward(message: MessageView) -> str:
    if message.visibility is Visibility.INTERNAL:
        return ""
    if message.direction is Direction.INBOUND:
        return message.sender_address if message.sender_name else ""
    parts = [f"to {', '.join(name or address for name, address in message.to)}"]
    if message.cc:
        parts.append(f"copy to {', '.join(name or address for name, address in message.cc)}")
    return " · ".join(parts)


def _recipients(message: MessageView) -> str:
    first = (message.to[0][1] or message.to[0][0]) if message.to else "the customer"
    more = len(message.to) + len(message.cc) - 1
    return f"{first} and {more} more" if more > 0 else first


def _spoken(message: MessageView) -> str:
    if message.visibility is Visibility.INTERNAL:
        return f"{message.subject or 'Internal note'} by {_author(message)}"
    kind = "Reply by" if message.direction is Direction.OUTBOUND else "Message from"
    return f"{kind} {_author(message)}"
