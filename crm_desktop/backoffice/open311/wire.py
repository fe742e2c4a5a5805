"""An office's bytes as plain values: JSON and XML read alike, and nothing hostile gets further.

Offices differ from the standard in small ways: ids as numbers, one object where a list belongs,
a byte order mark, the wrong content type, lists wrapped once more. All of that is forgiven here;
what cannot be read at all raises `Unreadable`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: One object of an office's document.
Record = Mapping[str, object]

#: No document of the standard is nested deeper than five.
MAX_DEPTH = 12
MAX_WORDS = 2000

#: XML elements that are entries of a list; they are one even when they stand alone.
_ENTRIES = frozenset({"service", "request", "attribute", "value", "error", "service_request"})

#: Names under which an office may wrap its list.
_WRAPPERS = (
    "services",
    "service",
    "service_requests",
    "service_request",
    "requests",
    "request",
    "attributes",
    "attribute",
    "values",
    "value",
    "errors",
    "error",
)

_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


class Unreadable(Exception):
    """The bytes are neither a JSON nor an XML document that could be from an office."""


def read(body: bytes) -> object:
    """The document as plain values, whichever format it really is in."""
    body = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not body:
        raise Unreadable("empty")
    return _read_xml(body) if body.startswith(b"<") else _read_json(body)


def _read_json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as trouble:
        raise Unreadable("not JSON") from trouble


def _read_xml(body: bytes) -> object:
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, ValueError, LookupError, DefusedXmlException) as trouble:
        raise Unreadable("not XML") from trouble
    if _name(root) == "html":
        raise Unreadable("a web page")
    return _plain(root, MAX_DEPTH)


def _plain(element: Element, depth: int) -> object:
    if depth == 0:
        raise Unreadable("nested too deeply")
    children = list(element)
    if not children:
        return (element.text or "").strip()
    if all(_name(child) in _ENTRIES for child in children):
        return [_plain(child, depth - 1) for child in children]
    return {_name(child): _plain(child, depth - 1) for child in children}


def _name(element: Element) -> str:
    """The tag without its namespace; comments and instructions have no name."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def records(tree: object) -> tuple[Record, ...]:
    """The objects of a list, of a wrapped list, or the one object that stands for a list."""
    for _ in range(MAX_DEPTH):
        if not isinstance(tree, dict):
            break
        wrapper = next((name for name in _WRAPPERS if isinstance(tree.get(name), dict | list)), "")
        if not wrapper or _is_record(tree):
            return (tree,)
        tree = tree[wrapper]
    if not isinstance(tree, list):
        return ()
    flat: list[Record] = []
    for item in tree:
        if isinstance(item, dict):
            flat.append(_unwrapped(item))
        elif isinstance(item, list):  # XML: <service_requests><request>… twice wrapped
            flat.extend(each for each in item if isinstance(each, dict))
    return tuple(flat)


def _is_record(tree: Record) -> bool:
    return any(name in tree for name in ("service_code", "service_request_id", "token", "code"))


def _unwrapped(item: Record) -> Record:
    """`{"request": {…}}` as the object inside it."""
    if len(item) == 1:
        ((name, inner),) = item.items()
        if name in _WRAPPERS and isinstance(inner, dict):
            return inner
    return item


def text(record: Record, *names: str, limit: int = MAX_WORDS) -> str:
    """The first of the fields that holds something, as one clean piece of text."""
    for name in names:
        value = record.get(name)
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, float):
            value = int(value) if value.is_integer() else value
        if isinstance(value, str | int | float):
            found = _CONTROLS.sub(" ", str(value)).strip()
            if found and found not in ("null", "None"):
                return found[:limit]
    return ""


def truth(record: Record, name: str, *, default: bool) -> bool:
    """A yes or no that may come as a word, a number or a JSON boolean."""
    value = record.get(name)
    if isinstance(value, bool):
        return value
    word = text(record, name).lower()
    if word in ("true", "1", "yes", "y"):
        return True
    return False if word in ("false", "0", "no", "n") else default


def number(record: Record, name: str) -> int:
    """A small whole number, 0 where there is none."""
    word = text(record, name, limit=9)
    return int(word) if word.isascii() and word.isdigit() else 0


def moment(record: Record, name: str) -> datetime | None:
    """A date and time in UTC; the standard asks for an offset, without one it is UTC."""
    try:
        found = datetime.fromisoformat(text(record, name, limit=40))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def errors(tree: object) -> tuple[str, ...]:
    """The descriptions of a standard error document; empty when it is none."""
    if isinstance(tree, dict) and isinstance(tree.get("error"), str):
        return tuple(_distinct([text(tree, "message", "error", limit=500)]))
    found = records(tree)
    wrapped = isinstance(tree, dict) and ("errors" in tree or "error" in tree)
    if found and (wrapped or all(_is_error(each) for each in found)):
        return tuple(_distinct(text(each, "description", "message", limit=500) for each in found))
    return ()


def _is_error(record: Record) -> bool:
    return "description" in record and set(record) <= {"code", "description"}


def _distinct(words: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(word for word in words if word)
