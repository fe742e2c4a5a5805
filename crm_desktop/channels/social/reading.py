"""What the web interfaces of networks answer and deliver, read with suspicion.

A value of a wrong kind is as good as none, every text has an end, and what no database can keep
or no screen should show is gone from it: everybody may write to us on a network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from crm_desktop.channels.social import words
from crm_desktop.domain.social import MAX_TEXT, Post

#: Longest text that is kept of a post, characters; no network allows as many.
LONGEST_POST: Final = 100_000
#: The same of a name, an id or an address.
LONGEST_LINE: Final = 2_000
#: Most things that are read from one list.
MOST: Final = 2_000

_NO_RECORD: Final[Mapping[str, object]] = {}
_NO_LIST: Final[list[object]] = []
_FAR_FUTURE = 4_102_444_800  # the year 2100, in seconds


class Unreadable(ValueError):
    """It is not JSON, or not of a size or depth that any real one has."""


def read(body: bytes) -> object:
    """A JSON document as plain values; raises Unreadable."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as trouble:
        raise Unreadable(type(trouble).__name__) from None


def record(value: object) -> Mapping[str, object]:
    """A JSON object, or an empty one."""
    return value if isinstance(value, dict) else _NO_RECORD


def records(value: object) -> list[Mapping[str, object]]:
    """The objects in a list, at most MOST."""
    listed = value[:MOST] if isinstance(value, list) else _NO_LIST
    return [each for each in listed if isinstance(each, dict)]


def texts(value: object) -> list[str]:
    """The lines in a list, at most MOST."""
    listed = value[:MOST] if isinstance(value, list) else _NO_LIST
    return [said for each in listed if (said := words.line(each, LONGEST_LINE))]


def text(of: Mapping[str, object], name: str) -> str:
    """What somebody wrote, with its lines; empty when there is none."""
    return words.plain(of.get(name), LONGEST_POST)


def shortened(post: Post) -> Post:
    """A post whose text is at most MAX_TEXT long, with a problem that says so."""
    if len(post.text) <= MAX_TEXT:
        return post
    problem = f"Only the first {MAX_TEXT:,} characters are shown; open the post to read on"
    return replace(post, text=post.text[:MAX_TEXT], problems=(*post.problems, problem))


def line(of: Mapping[str, object], name: str) -> str:
    """One line of a record, such as a name or an address; a whole number is its digits."""
    value = of.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**40 else ""
    return words.line(value, LONGEST_LINE)


def number(of: Mapping[str, object], name: str) -> int | None:
    """A whole number, also one that is written as text."""
    value = of.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def moment(of: Mapping[str, object], name: str, *, milliseconds: bool = False) -> datetime | None:
    """A time: ISO 8601 with a zone, or seconds (or milliseconds) since 1970."""
    seconds = number(of, name)
    if seconds is not None:
        seconds = seconds // 1000 if milliseconds else seconds
        return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _FAR_FUTURE else None
    value = of.get(name)
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo and 1970 < found.year < 2100 else None
