"""One utterance: who, when, what, its files, and what went wrong with it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.attachments import AttachedFile, AttachmentStrip
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, Kind
from crm_desktop.desktop.widgets.card import Card
from crm_desktop.desktop.widgets.mail_view import MailView
from crm_desktop.desktop.widgets.pill import Avatar, IconTile, Pill
from crm_desktop.desktop.widgets.text import ElidedText, Text
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
    """Signals: `file_opened` an AttachmentView's id, `link_opened` an address, `edit_asked` and
    `release_asked` a stopped message's id.
    """

    file_opened = Signal(object)
    link_opened = Signal(str)
    edit_asked = Signal(object)
    release_asked = Signal(object)

    def __init__(self, look: Look, clock: Clock, message: MessageView, me: str) -> None:
        super().__init__(look, _tone(message))
        self._clock = clock
        self.message = message
        self._images: Mapping[str, bytes] = {}
        self.setAccessibleName(_spoken(message))
        self.body.addLayout(self._head())
        if message.problems:
            self.body.addWidget(
                Text(look, " ".join(message.problems), Role.SMALL, tone=Tone.WARNING, wrap=True)
            )
        self._text = MailView(look, f"Text of {_spoken(message)}")
        self._text.link_opened.connect(self.link_opened)
        self.body.addWidget(self._text)
        self._files = AttachmentStrip(look)
        self._files.opened.connect(self.file_opened)
        self.body.addWidget(self._files)
        self._files.set_files(
            [
                AttachedFile(each.id, each.name, each.content_type, each.size)
                for each in message.attachments
                if not each.inline
            ]
        )
        self._warn(me)
        self._show()

    def set_images(self, images: Mapping[str, bytes]) -> None:
        """The pictures of the message have been read."""
        self._images = images
        if "cid:" in self.message.html:
            self._show()

    def _head(self) -> QHBoxLayout:
        message, look = self.message, self._look
        row = QHBoxLayout()
        row.setSpacing(look.px(8))
        note = message.visibility is Visibility.INTERNAL
        if note:
            row.addWidget(IconTile(look, "sticky-note", Tone.WARNING))
        else:
            row.addWidget(Avatar(look, _author(message), 26))
        row.addWidget(ElidedText(look, _author(message), Role.STRONG, snug=True))
        row.addWidget(ElidedText(look, _toward(message), Role.SMALL, muted=True), 1)
        if note:
            row.addWidget(Pill(look, "Internal note, never sent", Tone.WARNING))
        elif message.state in _STATES:
            row.addWidget(Pill(look, *_STATES[message.state]))
        moment = Text(look, words.when(message.at, self._clock.now()), Role.SMALL, muted=True)
        moment.setToolTip(words.full(message.at))
        row.addWidget(moment)
        return row

    def _warn(self, me: str) -> None:
        message = self.message
        if message.state is MessageState.STOPPED:
            self._add_stopped(me)
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

    def _add_stopped(self, me: str) -> None:
        """What the leak check found; sending all the same takes two steps."""
        findings = self.message.findings
        stopped = Banner(
            self._look,
            Tone.DANGER,
            "shield-alert",
            "The leak check stopped this reply. It has not been sent.",
            "\n".join(f"•  {each}" for each in findings),
        )
        stopped.add_action("Edit").clicked.connect(self._edit)
        each = "this" if len(findings) == 1 else f"each of these {len(findings)}"
        checked = QCheckBox(f"I have checked {each}, and it may go to {_recipients(self.message)}")
        anyway = Button(self._look, f"Send anyway as {me}", kind=Kind.DANGER)
        anyway.setEnabled(False)
        checked.toggled.connect(anyway.setEnabled)
        anyway.clicked.connect(self._release)
        row = QHBoxLayout()
        row.addWidget(checked, 1)
        row.addWidget(anyway)
        self.body.addWidget(stopped)
        self.body.addLayout(row)

    def _show(self) -> None:
        message = self.message
        if message.html:
            self._text.show_html(message.html, self._images)
        else:
            self._text.show_text(message.reply_text or message.text, message.text)

    @Slot()
    def _edit(self) -> None:
        self.edit_asked.emit(self.message.id)

    @Slot()
    def _release(self) -> None:
        self.release_asked.emit(self.message.id)


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
    first = message.to[0][1] if message.to else "the customer"
    more = len(message.to) + len(message.cc) - 1
    return f"{first} and {more} more" if more > 0 else first


def _spoken(message: MessageView) -> str:
    if message.visibility is Visibility.INTERNAL:
        return f"Internal note by {_author(message)}"
    kind = "Reply by" if message.direction is Direction.OUTBOUND else "Message from"
    return f"{kind} {_author(message)}"
