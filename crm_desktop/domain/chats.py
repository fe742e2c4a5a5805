"""Live chats: how one stands, and what desktops and doors see of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from crm_desktop.domain.changes import Changes
from crm_desktop.domain.views import AttachmentView

#: What one utterance may hold, in characters, and how many of them a second may bring.
LONGEST_TEXT = 4_000
#: What is being typed is told at most every so many seconds, and is stale after so many.
TYPING_EVERY_SECONDS = 0.5
TYPING_STALE_SECONDS = 6.0
#: Who comes back within this time goes on with the same chat; afterwards they begin a new one.
COMES_BACK = timedelta(hours=24)
#: A page that says nothing for so long is not open any more, and so long after that the advisor is
#: told that the visitor is away: whoever goes from one page to the next is not.
PAGE_SILENT = timedelta(seconds=70)
AWAY_AFTER = timedelta(seconds=20)
#: Gone for so long, a chat is over, unless its site says otherwise.
GONE_MINUTES = 10
#: What a visitor may give of themselves, in characters; a reason to block, and for how long.
LONGEST_NAME = 100
LONGEST_PAGE = 500
LONGEST_WORDS = 1_000
LONGEST_ANSWERS = 20_000
LONGEST_REASON = 200
MOST_FILES = 5
#: So many lines are given at once to a page.
MOST_LINES = 500
LONGEST_BLOCK = timedelta(days=30)
_LONDON = ZoneInfo("Europe/London")


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
    `lines` are MOST_LINES at most, the oldest first: there are more while the last of them is not
    `last_seq`. `staff_seq`: how far whoever has it has read.
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
    staff_seq: int = 0


@dataclass(frozen=True, slots=True)
class ChatSite:
    """A council's chat, as its account says. `key` is public: it stands in the addresses.

    `origins` are the only pages that may show it. `questions` are the fields asked before a chat
    begins, by service code; a service that is not in it is asked what its form requires.
    """

    id: int
    name: str
    key: str
    origins: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    questions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    languages: tuple[str, ...] = ("en", "cy")
    greeting: Mapping[str, str] = field(default_factory=dict)
    colour: str = ""
    queue_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewChat:
    """What a visitor gives before a chat begins; nothing in it is trusted.

    `client` tells visitors apart for blocks, a keyed hash of an address, never the address.
    `answers` are to the service's form. `key`, of at least 32 letters and digits that the browser
    drew by lot, makes a repeated start the same chat with the same token.
    """

    visitor: str
    email: str = ""
    language: str = "en"
    page: str = ""
    client: str = ""
    service_code: str = ""
    answers: Mapping[str, object] = field(default_factory=dict)
    text: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class LeftMessage:
    """What is left outside opening hours; it comes in as a web form does."""

    visitor: str
    email: str
    text: str
    phone: str = ""
    language: str = "en"
    page: str = ""
    client: str = ""
    service_code: str = ""
    answers: Mapping[str, object] = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether somebody is there to chat; else from when, UTC. The wait that is expected in seconds,
    None when it is closed or nobody knows.
    """

    is_open: bool
    opens_at: datetime | None
    wait_seconds: int | None


@dataclass(frozen=True, slots=True)
class Block:
    """A visitor who is kept out until `until`: who they said they are, why, and by whom."""

    id: int
    contact_id: int
    visitor: str
    reason: str
    by: str
    at: datetime
    until: datetime


def first_name(name: str) -> str:
    """What a visitor is told of somebody's name."""
    return name.split(" ", 1)[0]


def transcript(lines: Iterable[ChatLine]) -> str:
    """A chat as plain text, for a mail: what was said, by whom and when (UK time)."""
    parts = []
    for each in lines:
        if each.kind is not LineKind.SAID:
            continue
        at = each.at.astimezone(_LONDON).strftime("%H:%M")
        names = "".join(f"\n[{file.name}]" for file in each.files)
        parts.append(f"{each.who} ({at}):\n{each.text}{names}")
    return "\n\n".join(parts)
