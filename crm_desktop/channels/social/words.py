"""What strangers wrote, made harmless to show: no control, no direction, no end."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from crm_desktop.domain.social import MAX_TEXT

MAX_NAME = 200
MAX_ALT = 2_000
#: Longer ones are no ids of any network.
MAX_ID = 500
_CUT = "The text was longer than any post may be; only its beginning is shown."
#: Controls; what turns the direction of writing; what is not seen (joiners and variation
#: selectors stay: emoji and some scripts are written with them); halves of characters.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_BREAK = re.compile(r"\r\n?|[\u2028\u2029\x85]")
_SPACE = re.compile(r"\s+")
_HANDLE = re.compile(r"[^A-Za-z0-9._@:-]")


def plain(text: object, limit: int = MAX_TEXT) -> str:
    """A text of several lines without what could deceive or disturb; "" for anything else."""
    if not isinstance(text, str):
        return ""
    return _UNSEEN.sub("", _BREAK.sub("\n", text[: limit + 1_000])).strip()[:limit]


def line(text: object, limit: int = MAX_NAME) -> str:
    """The same on one line."""
    return _SPACE.sub(" ", plain(text, limit)).strip()


def cut(text: object, problems: list[str]) -> str:
    """`plain`, and a problem when there was more of it."""
    if isinstance(text, str) and len(text) > MAX_TEXT:
        problems.append(_CUT)
    return plain(text)


def handle(text: object) -> str:
    """A handle in the letters that handles have: another script's lookalikes show as `?`."""
    return _HANDLE.sub("?", text[:MAX_NAME]) if isinstance(text, str) else ""


def time(text: object, otherwise: datetime) -> datetime:
    """A moment as networks write it; `otherwise` for what is none."""
    if isinstance(text, datetime):
        found = text
    else:
        try:
            found = datetime.fromisoformat(str(text))
        except (ValueError, OverflowError):
            return otherwise
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return otherwise


def mapping(tree: object, *path: str) -> Mapping[str, object]:
    """The object at `path` inside a tree, {} where there is none."""
    for step in path:
        tree = tree.get(step) if isinstance(tree, Mapping) else None
    return tree if isinstance(tree, Mapping) else {}


def items(tree: object, *path: str) -> Sequence[Mapping[str, object]]:
    """The objects of the list at `path`, () where there is none."""
    for step in path:
        tree = tree.get(step) if isinstance(tree, Mapping) else None
    return [each for each in tree if isinstance(each, Mapping)] if isinstance(tree, list) else ()


def identity(tree: Mapping[str, object], name: str) -> str:
    """An id as it is, "" when it is none: too long, or with what no id has."""
    found = tree.get(name)
    given = str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
    return given if len(given) <= MAX_ID and given.isprintable() and " " not in given else ""
