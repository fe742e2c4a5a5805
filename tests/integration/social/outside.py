"""A network seen from outside: somebody who speaks to us, and what our posts look like to them."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Protocol

from crm_desktop.domain.social import Network, Picture, SocialNetwork


@dataclass(frozen=True)
class Seen:
    """A post of ours as somebody else sees it; `alts` are the descriptions of its pictures."""

    text: str
    reply_to: str = ""
    alts: tuple[str, ...] = ()
    public: bool = True


class Outside(Protocol):
    """One account of ours on a network that runs here, and a resident with an account there.

    Every verb returns when the network has taken it; when it arrives at ours is the network's
    business. Ids are those that `Post.post_id` will have.
    """

    network: Network
    #: The resident, as `Post.author_id` and `Post.handle` will name them.
    author_id: str
    handle: str
    #: Whether a private message may carry a picture, either way.
    private_pictures: bool
    #: Whether what was posted may be changed.
    edits: bool
    #: Whether this server shows that a post is gone to whoever got it.
    deletes: bool

    def open(self) -> SocialNetwork:
        """Another client of our account, as after a restart; the test closes it."""

    def mention(self, text: str, picture: Picture | None = None) -> str:
        """The resident mentions us in public."""

    def reply(self, to: str, text: str) -> str:
        """The resident answers a public post."""

    def whisper(self, text: str, picture: Picture | None = None) -> str:
        """The resident writes to us alone."""

    def edit(self, post_id: str, text: str) -> None:
        """The resident changes a public post of theirs, so that it says `text` to us."""

    def delete(self, post_id: str) -> None:
        """The resident takes a public post back."""

    def seen(self, post_id: str) -> Seen | None:
        """A post of ours, public or to the resident, as the resident sees it; None: not yet."""

    def count(self, text: str) -> int:
        """How many of our posts the resident sees that hold `text`."""


def picture(alt: str, name: str = "bins.png") -> Picture:
    """A small picture that every network takes."""
    rows = b"".join(b"\0" + b"\xd0\x20\x20" * 64 for _ in range(64))
    content = (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
    )
    return Picture(name, "image/png", content, alt)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )
