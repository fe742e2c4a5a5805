"""The frames between a visitor's page and the door; what comes in is read defensively."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC

from crm_desktop.domain.chats import LONGEST_TEXT, ChatLine, Place, VisitorView

_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,100}")
_ID = re.compile(r"[A-Za-z0-9-]{1,36}")
_MOST_LINES = 2**31 - 1
#: A browser's clock in milliseconds, or whatever else it counts exactly.
_LARGEST_PING = 2**53
#: A frame that holds the longest text, every letter of it escaped twice, and little more.
LARGEST_FRAME = 12 * LONGEST_TEXT + 2_000
_UNSHOWABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class BadFrame(Exception):
    """What came is no frame of ours."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The first frame: whose page this is, and the last line that it has."""

    token: str = field(repr=False)
    after: int


@dataclass(frozen=True, slots=True)
class Say:
    """Something was said; `id` is the page's own name for it."""

    id: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Typing:
    """What stands in the box so far."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """The page has shown the lines up to this one."""

    seq: int


@dataclass(frozen=True, slots=True)
class End:
    """The visitor ends the chat."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Is anybody there?"""

    number: int


Frame = Hello | Say | Typing | Seen | End | Ping


def read(text: str) -> Frame:
    """The frame that a page sent; raises BadFrame."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise BadFrame from None
    if not isinstance(told, dict) or len(told) != 1:
        raise BadFrame
    ((name, value),) = told.items()
    reader = _READERS.get(name)
    if reader is None:
        raise BadFrame
    return reader(value)


def is_token(text: str) -> bool:
    """Whether it could be a visitor's token."""
    return bool(_TOKEN.fullmatch(text))


def is_client_id(text: str) -> bool:
    """Whether it could be a page's name for what was said."""
    return bool(_ID.fullmatch(text))


def sound(text: str) -> str:
    """The text as it can be kept and shown: no control characters, one kind of line end."""
    return _UNSHOWABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _hello(value: object) -> Hello:
    told = _object(value)
    token, after = told.get("token"), told.get("after", 0)
    if not isinstance(token, str) or not is_token(token):
        raise BadFrame
    return Hello(token, _number(after))


def _say(value: object) -> Say:
    told = _object(value)
    name, text = told.get("id"), told.get("text")
    if not isinstance(name, str) or not is_client_id(name) or not isinstance(text, str):
        raise BadFrame
    return Say(name, sound(text))


def _typing(value: object) -> Typing:
    if not isinstance(value, str):
        raise BadFrame
    return Typing(sound(value)[:LONGEST_TEXT])


def _seen(value: object) -> Seen:
    return Seen(_number(value))


def _end(value: object) -> End:
    _object(value)
    return End()


def _ping(value: object) -> Ping:
    return Ping(_number(value, _LARGEST_PING))


_READERS: dict[str, Callable[[object], Frame]] = {
    "hello": _hello,
    "say": _say,
    "typing": _typing,
    "seen": _seen,
    "end": _end,
    "ping": _ping,
}


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise BadFrame
    return value


def _number(value: object, most: int = _MOST_LINES) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise BadFrame
    return value


def lines(told: Iterable[ChatLine]) -> str:
    """Lines in their order."""
    return _frame("lines", [_line(each) for each in told])


def state(view: VisitorView, place: Place | None) -> str:
    """How the chat stands."""
    return _frame(
        "state",
        {
            "state": view.state.value,
            "language": view.language,
            "last_seq": view.last_seq,
            "place": _place(place),
            "advisor": view.advisor,
            "ended_by": view.ended_by.value if view.ended_by else None,
            "rating": view.rating,
            "staff_seq": view.staff_seq,
        },
    )


def kept(say: Say, seq: int) -> str:
    """What was said is safely kept, as this line."""
    return _frame("kept", {"id": say.id, "seq": seq})


def refused(name: str, code: str, words: str) -> str:
    """What was said was not taken, and never will be as it is."""
    return _frame("refused", {"id": name, "code": code, "words": words})


def typing(advisor_types: bool) -> str:
    """Whether an advisor types."""
    return _frame("typing", advisor_types)


def pong(number: int) -> str:
    """Somebody is."""
    return _frame("pong", number)


AWAY = '{"away":{}}'


def _frame(name: str, value: object) -> str:
    return json.dumps({name: value}, ensure_ascii=False, separators=(",", ":"))


def _place(place: Place | None) -> dict[str, object] | None:
    if place is None:
        return None
    return {"position": place.position, "wait_seconds": place.wait_seconds}


def _line(line: ChatLine) -> dict[str, object]:
    return {
        "seq": line.seq,
        "kind": line.kind.value,
        "side": line.side.value,
        "who": line.who,
        "at": line.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "text": line.text,
        "id": line.client_id,
        "files": [
            {"id": file.id, "name": file.name, "type": file.content_type, "size": file.size}
            for file in line.files
        ],
    }
