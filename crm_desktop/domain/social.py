"""Posts on social networks: what comes in, what goes out, and what a network can be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Network(StrEnum):
    """The networks; also the kinds of their accounts."""

    BLUESKY = "bluesky"
    MASTODON = "mastodon"
    FACEBOOK = "facebook"
    X = "x"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with its description for people who do not see it; whole, size-limited."""

    name: str
    content_type: str
    content: bytes = field(repr=False)
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """Something that somebody wrote to us, in public or in private; nothing in it is trusted.

    `post_id` is the network's own and stable. `root_id` names the conversation: the post it began
    with, or the network's own id of a private one. `reply_ref` is what the network wants to have
    back with an answer to it, as JSON. `text` is plain. `problems` are words for the advisor about
    what could not be read, such as a picture that was too large.
    """

    post_id: str
    root_id: str
    parent_id: str
    author_id: str
    handle: str
    author_name: str
    text: str
    at: datetime
    public: bool
    url: str = ""
    pictures: tuple[Picture, ...] = ()
    reply_ref: Mapping[str, object] = field(default_factory=dict)
    edited_at: datetime | None = None
    by_us: bool = False
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """What came since a cursor, oldest first, and the cursor after it; `more`: ask again at once.

    `deleted` are ids of posts that are known to be gone; a post that was seen before and comes
    again was edited.
    """

    posts: tuple[Post, ...]
    cursor: Mapping[str, object]
    deleted: tuple[str, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class OutboundPost:
    """What we say. `key` (32 hexadecimal digits) makes a repeated try the same post.

    With `reply_to` None it is a post of its own. Private ones go to `author_id` alone.
    """

    key: str
    text: str
    public: bool
    language: str = "en"
    reply_to: str | None = None
    reply_ref: Mapping[str, object] = field(default_factory=dict)
    author_id: str = ""
    handle: str = ""
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class SentPost:
    """Where something that we said stands."""

    post_id: str
    url: str = ""


class SocialNetwork(Protocol):
    """One account on one network; every call may raise ConnectorTrouble.

    Its `fate` says what became of a `send` (`not_sent`, `refused`, `unknown`), `retry` after how
    long it makes sense to try again: a network that says when (its rate limits) is obeyed.
    """

    def news(self, cursor: Mapping[str, object]) -> News:
        """What came since; an empty cursor: from now on, with at most what is unread."""

    def look_again(self, post_ids: Sequence[str]) -> Mapping[str, Post | None]:
        """These posts as they are now; None: deleted. What cannot be said is left out."""

    def send(self, post: OutboundPost) -> SentPost:
        """Say something, once per `key`."""

    def close(self) -> None:
        """Let go of connections."""
