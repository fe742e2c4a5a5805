"""Huddles and private notes as screens know them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: The longest huddle and the longest private note, in letters.
HUDDLE_LETTERS = 500
NOTE_LETTERS = 2_000


class Scope(StrEnum):
    """To whom a huddle goes."""

    ONE = "one"
    QUEUE = "queue"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Hearers:
    """To whom: one person or one queue (`ref` is its id), or everybody."""

    scope: Scope
    ref: int | None = None


@dataclass(frozen=True, slots=True)
class Huddle:
    """One that this person has not read, and that has not expired."""

    id: int
    author: str
    to: str
    words: str
    sent_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SentHuddle:
    """One of this person's own, with how many of those to whom it was sent have read it."""

    id: int
    to: str
    words: str
    sent_at: datetime
    expires_at: datetime
    read: int
    sent_to: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """Somebody to whom a huddle was sent; `read_at` is None while they have not read it."""

    staff_id: int
    name: str
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Note:
    """One private note; `mine`: this person wrote it."""

    id: int
    mine: bool
    words: str
    at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation of notes with one colleague: the newest note, and how many are unread."""

    staff_id: int
    name: str
    last: str
    at: datetime
    unread: int
