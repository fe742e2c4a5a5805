"""Addresses, Message-IDs and dates out of header values that need not follow any rule."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from crm_desktop.channels.email.decoding import clean_line
from crm_desktop.channels.email.headers import MAX_VALUE, decode_words
from crm_desktop.domain.messages import Address

MAX_ADDRESSES = 200
MAX_IDS = 100
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"?|<[^<>]*>?|[,;:()]|[^",;:<>()]+', re.DOTALL)
_ADDRESS = re.compile(
    r"[^\s@<>\"(),;:]{1,128}@[^\s@<>\"(),;:]{1,255}|\"[^\"]{1,128}\"@[^\s@<>]{1,255}"
)
_ID = re.compile(r"<([^<>]{1,990})>")
_INSIDE = re.compile(r"<([^<>\s]{1,128}@[^<>\s]{1,255})>")
_SPACED_AT = re.compile(r"\s*([@.])\s*")
_ROUTE = re.compile(r"^@[^:]*:")


def parse_addresses(value: str) -> tuple[Address, ...]:
    """Every mailbox of an address header; groups are opened, comments become names.

    An entry with no usable address keeps its words as the name and an empty address.
    """
    found: list[Address] = []
    words: list[str] = []
    comment: list[str] = []
    angle: str | None = None
    depth = 0

    def finish() -> None:
        nonlocal angle
        if words or comment or angle is not None:
            each = _mailbox("".join(words), angle, " ".join(comment))
            if each != Address("", ""):
                found.append(each)
        words.clear()
        comment.clear()
        angle = None

    for match in _TOKEN.finditer(value[:MAX_VALUE]):
        piece = match[0]
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(0, depth - 1)
        elif depth:
            comment.append(piece)
        elif piece in ",;":
            finish()
        elif piece == ":":  # what stood before it is a group's name
            words.clear()
        elif piece.startswith("<"):
            angle = angle or piece.strip("<>")
        else:
            words.append(piece)
        if len(found) > MAX_ADDRESSES:
            break
    finish()
    return tuple(found[:MAX_ADDRESSES])


def _mailbox(words: str, angle: str | None, comment: str) -> Address:
    if angle is None and (hidden := _INSIDE.search(words)):  # a quote that was never closed
        words, angle = words[: hidden.start()], hidden[1]
    if angle is not None:
        address = usable_address(angle)
        return Address(_name(words or comment or ("" if address else angle)), address)
    pieces = [words, *words.split()]
    bare = next((found for each in pieces if (found := usable_address(each))), "")
    if not bare:
        return Address(_name(words or comment), "")
    rest = " ".join(each for each in words.split() if usable_address(each) != bare)
    return Address(_name(comment or (rest if len(rest) < len(words.strip()) else "")), bare)


def _name(words: str) -> str:
    words = words.strip()
    if words.startswith('"') and words.endswith('"') and len(words) > 1:
        words = re.sub(r"\\(.)", r"\1", words[1:-1])
    return clean_line(decode_words(words), 200).strip("\"' ")


def usable_address(text: str) -> str:
    """The one address in `text` in lower case, or empty."""
    text = _ROUTE.sub("", clean_line(decode_words(text), 400))
    text = _SPACED_AT.sub(r"\1", text).removeprefix("mailto:")
    return text.lower() if _ADDRESS.fullmatch(text) else ""


def parse_ids(value: str) -> tuple[str, ...]:
    """Message-IDs with their angle brackets, in order, each once; bare ones get brackets.

    Of a very long list the first and the latest are kept: they are what threads hang on.
    """
    value = clean_line(value, MAX_VALUE)
    ids = [f"<{each}>" for each in (found.replace(" ", "") for found in _ID.findall(value)) if each]
    if not ids:
        ids = [f"<{each.strip('<>')}>" for each in value.split() if "@" in each.strip("<>@")]
    ids = list(dict.fromkeys(ids))
    return tuple(ids if len(ids) <= MAX_IDS else ids[:1] + ids[1 - MAX_IDS :])


def parse_date(value: str) -> datetime | None:
    """A mail's date in UTC; one without a zone counts as UTC; None when it cannot be read."""
    try:
        when = parsedate_to_datetime(clean_line(value, 200))
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
