"""Live chats: how one stands, and what desktops and doors see of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from crm_desktop.domain.changes import Changes
from crm_desktop.domain.views import AttachmentView

#: What one utterance may hold, in characters, and how many of them a second may bring.
LONGEST_TEXT = 4_000
#: What is being typed is told at most every so many seconds, and is stale after so many.
TYPING_EVERY_SECONDS = 0.5
TYPING_STALE_SECONDS = 6.0


class ChatState(StrEnum):
    """Whether a conversation goes on; where its contact stands says whose work it is."""

    OPEN = "open"
    ENDED = "ended"


class Side(StrEnum):
    """Who utters a line."""

    VISITOR = "visitor"
    STAFF = "staff"
    CENTRE = "centre"


class LineKind(StrEnum):
    """What a line of a chat is; all but `said` are the centre's own words, made by the reader."""

    SAID = "said"
    JOINED = "joined"
    MOVED = "moved"
    AWAY = "away"
    RETURNED = "returned"
    ENDED = "ended"


class EndedBy(StrEnum):
    """Why a chat is over."""

    VISITOR = "visitor"
    ADVISOR = "advisor"
    GONE = "gone"
    EMAIL = "email"
    BLOCKED = "blocked"
    WARNED = "warned"


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One line, in the order of `seq`, which has no gaps within a chat.

    `who` is the name that the visitor sees: their own, or an advisor's first name. `client_id` is
    what the visitor's browser called its own utterance. `text` is plain, whoever wrote it.
    """

    seq: int
    kind: LineKind
    side: Side
    who: str
    at: datetime
    text: str = ""
    message_id: int | None = None
    client_id: str = ""
    files: tuple[AttachmentView, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatView:
    """A chat as whoever has it in hand sees it; `lines` are those after the asked number.

    `waiting_since`: since when the visitor has had no answer, None when it is their turn.
    `visitor_seq`: how far their browser has shown it. `gone_since`: no page of theirs is open.
    """

    chat_id: int
    contact_id: int
    state: ChatState
    visitor: str
    email: str
    language: str
    page: str
    started_at: datetime
    waiting_since: datetime | None
    gone_since: datetime | None
    visitor_seq: int
    last_seq: int
    ended_by: EndedBy | None
    rating: int | None
    rating_words: str
    answers: dict[str, object]
    lines: tuple[ChatLine, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatInHand:
    """One of a person's own chats, as the strip of them shows it, in the order they were taken.

    `unread`: lines of the visitor's since the person last said or read something.
    """

    contact_id: int
    chat_id: int
    who: str
    subject: str
    last_text: str
    last_side: Side
    last_seq: int
    unread: int
    waiting_since: datetime | None
    gone_since: datetime | None
    state: ChatState


@dataclass(frozen=True, slots=True)
class Said:
    """What became of an advisor's utterance: its line, or what must be looked at first.

    With `findings` nothing was sent; the same text may be said again, confirmed.
    """

    line: ChatLine | None
    findings: tuple[str, ...]
    changes: Changes


@dataclass(frozen=True, slots=True)
class Started:
    """A chat that a visitor began; whoever holds `token` is the visitor."""

    chat_id: int
    contact_id: int
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a waiting chat stands: 1 is next; the wait expected in seconds, None when unknown."""

    position: int
    wait_seconds: int | None


@dataclass(frozen=True, slots=True)
class VisitorView:
    """What a visitor's page shows; never anybody's surname, a queue's name or a record.

    `place` only while nobody has taken it; `advisor` is a first name, "" while there is none.
    """

    chat_id: int
    state: ChatState
    language: str
    last_seq: int
    place: Place | None
    advisor: str
    advisor_typing: bool
    ended_by: EndedBy | None
    rating: int | None
    lines: tuple[ChatLine, ...] = ()
