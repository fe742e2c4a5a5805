"""Posts on social networks: what comes in, what goes out, and what a network can be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

#: Of what somebody wrote to us; a longer text is cut and has a problem that says so.
MAX_TEXT = 20_000
#: Of one picture in bytes, and of pictures in one post.
MAX_PICTURE = 10 * 1024 * 1024
MAX_PICTURES = 10


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

    `post_id` is stable and enough to find the post again. `root_id` names the conversation: the
    post it began with, or the network's own id of a private one, which is never that of a public
    one. `reply_ref` is what the network wants to have back with an answer to it, as JSON. `text`
    is plain, without control and direction characters, at most MAX_TEXT long. `problems` are words
    for the advisor about what could not be read, such as a picture that was too large. `by_us`:
    the account itself wrote it, with this program or elsewhere.
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

    Nothing is missed; something may come twice, then it is the same or was edited. `deleted` are
    ids of posts that are known to be gone. The cursor may hold `limit`: how long a post may be on
    this server, where servers differ (`domain.post_length`).
    """

    posts: tuple[Post, ...]
    cursor: Mapping[str, object]
    deleted: tuple[str, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class OutboundPost:
    """What we say. `key` (32 hexadecimal digits) makes a repeated try the same post.

    With `reply_to` None it is a post of its own. Private ones go to `author_id` alone, also when
    `reply_to` is a public post: then they begin a private conversation. `reply_ref` is that of
    the post that is answered.
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
    """Where something that we said stands, and what it is to whoever answers it.

    `root_id` is the conversation that it is now part of: answers to it will carry the same.
    """

    post_id: str
    root_id: str
    url: str = ""
    reply_ref: Mapping[str, object] = field(default_factory=dict)


class SocialNetwork(Protocol):
    """One account on one network, used by one thread at a time.

    Every call may raise ConnectorTrouble: `retry` says whether trying again can help, the param
    `fate` what became of a `send` (`not_sent`, `refused`, `unknown`), and `after_seconds`, where
    it is there, when the network will listen again (its rate limits): not sooner.
    """

    def news(self, cursor: Mapping[str, object]) -> News:
        """What came since; an empty cursor: from now on, with at most what is unread."""

    def look_again(self, post_ids: Sequence[str]) -> Mapping[str, Post | None]:
        """These posts as they are now, without their pictures; None: deleted.

        Any number may be asked for. What cannot be said now is left out.
        """

    def send(self, post: OutboundPost, *, tried_at: datetime | None = None) -> SentPost:
        """Say something, once per `key`; `tried_at`: when an earlier try of it began."""

    def delete(self, post_id: str) -> None:
        """Take back a public post of ours; one that is gone already is no trouble.

        It may be repeated whenever it is not known whether it was done.
        """

    def close(self) -> None:
        """Let go of connections."""
