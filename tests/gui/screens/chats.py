"""A believable chat, and a port that plays the services for presenters and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.chats import (
    ChatInHand,
    ChatLine,
    ChatState,
    ChatView,
    EndedBy,
    LineKind,
    Said,
    Side,
)
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.domain.views import (
    AttachmentView,
    ContactView,
    Moved,
    NewAttachment,
    QueueRow,
    Writing,
)
from tests.gui.screens import sample
from tests.gui.screens.sample import ME, MINUTE, NOW

CONTACT, CHAT = 301, 91
PAGE = "https://www.northmere.example/bins/missed-collection"
SECOND = timedelta(seconds=1)
_V, _S, _C, _SAID = Side.VISITOR, Side.STAFF, Side.CENTRE, LineKind.SAID
_SORRY = (
    "Good morning Margaret, I am sorry to hear that. Was it out by half past six, and is it the "
    "whole street or your house alone?"
)
_STREET = "The whole street I think, the lorry turned round at the bridge"
_CREW = "Thank you. A crew comes back within two working days. Please leave it out."
_LOST = (
    "Sorry, lost my connection. Can you text me when they come? <b>please</b> "
    "https://www.northmere.example/bins"
)
_TALK: tuple[tuple[LineKind, Side, str, str], ...] = (
    (_SAID, _V, "Margaret Okafor", "Hello, my green bin was not emptied today"),
    (LineKind.JOINED, _C, "Sarah", ""),
    (_SAID, _S, "Sarah", _SORRY),
    (_SAID, _V, "Margaret Okafor", "It was out last night."),
    (_SAID, _V, "Margaret Okafor", _STREET),
    (_SAID, _S, "Sarah", _CREW),
    (LineKind.AWAY, _C, "", ""),
    (LineKind.RETURNED, _C, "", ""),
    (_SAID, _V, "Margaret Okafor", _LOST),
)


def lines(times: int = 1) -> tuple[ChatLine, ...]:
    """What was said, oldest first; `times` over for a long chat."""
    talk = _TALK * times
    start = NOW - len(talk) * 20 * SECOND
    return tuple(
        ChatLine(
            seq, kind, side, who, start + seq * 20 * SECOND, text,
            message_id=1_000 + seq if kind is LineKind.SAID else None,
        )
        for seq, (kind, side, who, text) in enumerate(talk, start=1)
    )  # fmt: skip


def photo(seq: int) -> ChatLine:
    """A line that brings a picture and a document."""
    files = (
        AttachmentView(71, "bin at the kerb.jpg", "image/jpeg", 412_000, False, ""),
        AttachmentView(72, "collection letter.pdf", "application/pdf", 96_000, False, ""),
    )
    return ChatLine(
        seq, LineKind.SAID, Side.VISITOR, "Margaret Okafor", NOW - 5 * SECOND, "",
        message_id=1_000 + seq, files=files,
    )  # fmt: skip


def view(**given: Any) -> ChatView:
    """A chat that goes on."""
    said: tuple[ChatLine, ...] = given.pop("lines", lines())
    values: dict[str, Any] = {
        "chat_id": CHAT,
        "contact_id": CONTACT,
        "state": ChatState.OPEN,
        "visitor": "Margaret Okafor",
        "email": "m.okafor@example.org",
        "language": "en",
        "page": PAGE,
        "started_at": NOW - 10 * MINUTE,
        "waiting_since": NOW - 40 * SECOND,
        "gone_since": None,
        "visitor_seq": 6,
        "last_seq": max((each.seq for each in said), default=0),
        "ended_by": None,
        "rating": None,
        "rating_words": "",
        "answers": {"address": "14 Mill Lane, Norwich NR2 3TT", "bin": "blue"},
        "lines": said,
    }
    return ChatView(**{**values, **given})


def row(**given: Any) -> QueueRow:
    """The chat in hand."""
    values: dict[str, Any] = {
        "channel": Channel.CHAT,
        "state": ContactState.ACTIVE,
        "owner_id": ME,
        "owner_name": "S. Whitlock",
        "service_id": 1,
        "service_name": "Missed collection",
    }
    number = given.pop("id", CONTACT)
    return sample.row(number, "Margaret Okafor", "Missed bin", MINUTE, **{**values, **given})


def contact(**given: Any) -> ContactView:
    """The chat's contact, as the workspace opens it."""
    note = sample.contact().messages[1]
    values: dict[str, Any] = {
        "row": row(),
        "messages": (replace(note, at=NOW - 61 * SECOND),),
        "cases": (),
        "reply_to": "m.okafor@example.org",
    }
    return sample.contact(**{**values, **given})


def in_hand() -> tuple[ChatInHand, ...]:
    """Four chats side by side."""

    def one(number: int, who: str, last: str, side: Side = Side.VISITOR, **given: Any) -> Any:
        values: dict[str, Any] = {
            "subject": "Missed bin",
            "last_seq": 9,
            "unread": 0,
            "waiting_since": None,
            "gone_since": None,
            "state": ChatState.OPEN,
        }
        return ChatInHand(
            CONTACT + number, CHAT + number, who, last_text=last, last_side=side,
            **{**values, **given},
        )  # fmt: skip

    return (
        one(0, "Margaret Okafor", "Can you text me when they come?",
            waiting_since=NOW - 12 * SECOND),
        one(1, "Tomasz Brandt", "Is the tip open on Sunday?", unread=2,
            waiting_since=NOW - 75 * SECOND),
        one(2, "Aisha Rahman", "I send you the form now.", Side.STAFF, gone_since=NOW - MINUTE),
        one(3, "P. Osei", "ok thanks, one more thing about the permit", unread=1,
            waiting_since=NOW - 44 * SECOND),
    )  # fmt: skip


class Door:
    """Plays `services.chats` for one chat: what is said is kept, in order, once."""

    def __init__(self, chat: ChatView | None = None) -> None:
        self.chat = chat or view()
        self.lines: list[ChatLine] = list(self.chat.lines)
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.typed = ""
        self.findings: tuple[str, ...] = ()
        self.trouble: CrmError | None = None
        self.mine: tuple[ChatInHand, ...] = ()
        self.image: object = None
        self._known: dict[str, ChatLine] = {}

    def visitor_says(self, text: str, at: datetime = NOW) -> ChatLine:
        """The visitor utters a line."""
        return self._add(Side.VISITOR, self.chat.visitor, text, at)

    def said(self, name: str) -> list[tuple[Any, ...]]:
        """What a method was called with, call by call."""
        return [args for called, args in self.calls if called == name]

    def open_chat(self, contact_id: int, after: int) -> ChatView | None:
        """See `ChatPort`."""
        self.calls.append(("open_chat", (contact_id, after)))
        fresh = tuple(each for each in self.lines if each.seq > after)
        return replace(self.chat, lines=fresh, last_seq=len(self.lines))

    def in_hand(self) -> tuple[ChatInHand, ...]:
        """See `ChatsPort`."""
        self.calls.append(("in_hand", ()))
        return self.mine

    def say(
        self,
        contact_id: int,
        text: str,
        *,
        writing: Writing,
        template_id: int | None,
        confirmed: bool,
        files: tuple[NewAttachment, ...],
    ) -> Said:
        """See `ChatPort`."""
        self.calls.append(("say", (contact_id, text, writing, template_id, confirmed, files)))
        if self.trouble is not None:
            raise self.trouble
        if self.findings and not confirmed:
            return Said(None, self.findings, Changes())
        if writing.key not in self._known:
            self._known[writing.key] = self._add(Side.STAFF, "Sarah", text, NOW)
        return Said(self._known[writing.key], (), Changes.of(Topic.CHAT, CHAT))

    def _add(self, side: Side, who: str, text: str, at: datetime) -> ChatLine:
        seq = len(self.lines) + 1
        line = ChatLine(seq, LineKind.SAID, side, who, at, text, message_id=1_000 + seq)
        self.lines.append(line)
        return line

    def visitor_typing(self, chat_id: int) -> str:
        """See `ChatPort`."""
        self.calls.append(("visitor_typing", (chat_id,)))
        return self.typed

    def schema(self, _service_id: int) -> Mapping[str, object]:
        """See `ChatPort`."""
        return sample.SCHEMA

    def picture(self, attachment_id: int) -> object:
        """See `ChatPort`."""
        self.calls.append(("picture", (attachment_id,)))
        if self.trouble is not None:
            raise self.trouble
        return self.image

    def end(self, contact_id: int, by: EndedBy) -> Moved:
        """See `ChatPort`."""
        self.calls.append(("end", (contact_id, by)))
        return self._over(contact_id, by)

    def block(self, contact_id: int, reason: str, hours: int) -> Moved:
        """See `ChatPort`."""
        self.calls.append(("block", (contact_id, reason, hours)))
        return self._over(contact_id, EndedBy.BLOCKED)

    def seen(self, contact_id: int, seq: int) -> None:
        """See `ChatPort`."""
        self.calls.append(("seen", (contact_id, seq)))

    def typing(self, contact_id: int) -> None:
        """See `ChatPort`."""
        self.calls.append(("typing", (contact_id,)))

    def to_email(self, contact_id: int, email: str) -> Moved:
        """See `ChatPort`."""
        self.calls.append(("to_email", (contact_id, email)))
        self.chat = replace(self.chat, email=email)
        return self._over(contact_id, EndedBy.EMAIL)

    def _over(self, contact_id: int, by: EndedBy) -> Moved:
        self.chat = replace(self.chat, state=ChatState.ENDED, ended_by=by)
        return Moved(contact_id, None, Changes())
