"""What the chat's door needs from the rest of the centre, and how it is set up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Protocol

from crm_desktop.channels.web.limits import MEGABYTE, BodyLimits, Rate
from crm_desktop.domain.chats import (
    ChatLine,
    ChatSite,
    LeftMessage,
    NewChat,
    Opening,
    Place,
    Started,
    VisitorView,
)
from crm_desktop.domain.views import NewAttachment


@dataclass(frozen=True, slots=True)
class Offered:
    """A service that is offered before a chat; `schema` holds the asked questions alone."""

    code: str
    title: str
    schema: Mapping[str, object]


class ChatPort(Protocol):
    """The centre behind the door; every call blocks and may raise DatabaseTrouble.

    Whoever holds a token is the visitor of its chat; an unknown one is NotFound.
    """

    def sites(self) -> tuple[ChatSite, ...]:
        """Every website that has a chat."""

    def opening(self, site_id: int) -> Opening:
        """Whether it is answered now."""

    def notices(self, language: str) -> tuple[str, ...]:
        """What the council says to everybody just now."""

    def offered(self, site: ChatSite) -> tuple[Offered, ...]:
        """The services that a visitor chooses from, with what is asked."""

    def start(self, site_id: int, new: NewChat) -> Started:
        """Begin a chat; the same `key` again gives the same chat.

        Raises Blocked, Closed and InvalidInput.
        """

    def leave_message(self, site_id: int, message: LeftMessage) -> str:
        """Keep a message for later and return its reference; raises Blocked and InvalidInput."""

    def resume(self, token: str, after: int) -> VisitorView:
        """The chat with its lines after a number, oldest first; it has a page open now."""

    def say(
        self, token: str, client_id: str, text: str, files: tuple[NewAttachment, ...] = ()
    ) -> ChatLine:
        """Keep what was said, and return its line after the commit; the same id, the same line.

        Raises Blocked, ChatOver and InvalidInput.
        """

    def end(self, token: str) -> None:
        """The visitor ends the chat."""

    def rate(self, token: str, stars: int, words: str) -> None:
        """Keep what the visitor thought of it, 1 to 5; raises InvalidInput."""

    def transcript(self, token: str, email: str) -> None:
        """Have the conversation mailed; raises InvalidInput."""

    def file(self, token: str, seq: int, attachment_id: int) -> NewAttachment:
        """A file of a line; NotFound for any that is not this chat's."""

    def views(self, after: Mapping[int, int]) -> Mapping[int, VisitorView]:
        """Many chats at once, each with its lines after a number, oldest first."""

    def places(self, site_id: int) -> Mapping[int, Place]:
        """Where each waiting chat stands."""

    def typing(self, texts: Mapping[str, str]) -> None:
        """What visitors are typing, by token; "" has stopped."""

    def seen(self, seqs: Mapping[str, int]) -> None:
        """How far visitors have seen, by token."""

    def present(self, chat_ids: Collection[int]) -> None:
        """These chats have a page open now."""

    def left(self, token: str) -> None:
        """No page of this chat is open here any more."""


@dataclass(frozen=True, slots=True)
class Limits(BodyLimits):
    """Sizes in bytes, times in seconds, rates and numbers per client unless said otherwise.

    `page_frames`: how many frames may wait for a page that does not read. Whoever talks faster than
    `says` is heard later, not refused; so is whoever sends more `frames` of any kind. `megabytes`
    are of files.
    """

    file_bytes: int = 10 * MEGABYTE
    files_bytes: int = 20 * MEGABYTE
    files: int = 4
    json_bytes: int = 64 * 1024
    json_seconds: float = 20.0
    ask_seconds: float = 20.0
    hello_seconds: float = 15.0
    send_seconds: float = 15.0
    left_seconds: float = 10.0
    page_frames: int = 200
    pages_a_client: int = 40
    pages_in_all: int = 3_000
    reads: Rate = field(default=Rate(120, 120.0))
    starts: Rate = field(default=Rate(10, 6.0))
    sends: Rate = field(default=Rate(20, 20.0))
    talks: Rate = field(default=Rate(80, 80.0))
    says: Rate = field(default=Rate(20, 60.0))
    frames: Rate = field(default=Rate(100, 600.0))
    megabytes: Rate = field(default=Rate(100, 10.0))


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """How the door is set up.

    `secret` tells clients apart without their addresses, the same in every gateway. `resources` is
    the folder `resources/web/chat`. Only peers inside `proxies` may say whom they speak for.
    """

    secret: str = field(repr=False)
    resources: Path
    council: str = "The council"
    home: str = ""
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    limits: Limits = field(default=Limits())
