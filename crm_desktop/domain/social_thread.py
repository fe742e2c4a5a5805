"""A conversation on a social network as a desktop shows it, and an answer as it asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from crm_desktop.domain.social import Network, Picture

#: What every network takes with a post, and what no picture may weigh, in bytes.
MOST_PICTURES = 4
LARGEST_PICTURE = 8_000_000
PICTURE_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})


@dataclass(frozen=True, slots=True)
class EarlierText:
    """What a post said before it was edited, and until when."""

    text: str
    until: datetime


@dataclass(frozen=True, slots=True)
class PostView:
    """What a message of the conversation is on its network; its text is the message's.

    `by_us`: somebody of ours wrote it, here or elsewhere. `handle` is "" where people have none
    that others know (Facebook), `name` what they call themselves. `url` is "" while it has no
    public page. `answers` is the message that it answers, where that is in the conversation.
    `versions` are its earlier texts, oldest first. `alts` describe its pictures, by attachment. A
    deleted post is gone from the network; what it said stays with us.
    """

    message_id: int
    contact_id: int
    public: bool
    by_us: bool
    handle: str
    url: str
    answers: int | None
    edited_at: datetime | None
    deleted_at: datetime | None
    versions: tuple[EarlierText, ...] = ()
    alts: Mapping[int, str] = field(default_factory=dict)
    sent: bool = True
    name: str = ""

    @property
    def can_be_answered(self) -> bool:
        """Whether it is somebody else's and still there."""
        return not self.by_us and self.deleted_at is None


@dataclass(frozen=True, slots=True)
class SocialThread:
    """The posts of a contact and of its thread, oldest first, and through which account.

    `answered` is the message that an answer goes to unless another is chosen: the newest of this
    contact that can be answered, None when there is none. `handle` is our own there, `limit` how
    long a post may be (`post_length`), `private_limit` a private one.
    """

    contact_id: int
    network: Network
    account_name: str
    handle: str
    limit: int
    private_limit: int
    posts: tuple[PostView, ...]

    @property
    def answered(self) -> int | None:
        """See the class."""
        found = [each for each in self.posts if each.can_be_answered]
        own = [each for each in found if each.contact_id == self.contact_id] or found
        return own[-1].message_id if own else None

    def post(self, message_id: int) -> PostView | None:
        """What one of the messages is."""
        return next((each for each in self.posts if each.message_id == message_id), None)


@dataclass(frozen=True, slots=True)
class PostReply:
    """An answer to a post, for everybody to see or for its author alone.

    `in_reply_to` is a message of the conversation that can be answered; what was said in private
    is answered in private. Public pictures need a description (`alt`).
    """

    text: str
    public: bool
    in_reply_to: int
    pictures: tuple[Picture, ...] = ()
    template_id: int | None = None
