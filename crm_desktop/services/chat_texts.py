"""What people write in chats, fit to be kept: limits, characters, and no card numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from crm_desktop.domain.card_numbers import has_card_number, masked
from crm_desktop.domain.chats import (
    LONGEST_ANSWERS,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_FILES,
)
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.identifiers import normal_email

#: What neither database can keep in text, and what would make a line look like another.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x01-\x08\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_CLIENT_ID = re.compile(r"[A-Za-z0-9-]{1,36}")
MASKED = "The number of a payment card was hidden, but for its last four digits"


def cleaned(text: str) -> str:
    """Plain text that can be kept and shown: no control characters but tab and newline."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", _UNSTORABLE.sub("\ufffd", text)).strip()


def words(text: str, files: Sequence[object] = ()) -> str:
    """An utterance; raises InvalidInput (text) when it is nothing, or too much."""
    text = cleaned(text)
    if not text and not files:
        raise InvalidInput("Write something first", fields={"text": "Write something first"})
    if len(text) > LONGEST_TEXT:
        wrong = f"At most {LONGEST_TEXT:,} characters at once"
        raise InvalidInput(wrong, fields={"text": wrong})
    if len(files) > MOST_FILES:
        wrong = f"At most {MOST_FILES} files at once"
        raise InvalidInput(wrong, fields={"files": wrong})
    return text


def problems(text: str) -> tuple[str, ...]:
    """What an advisor is told of what a customer wrote."""
    return (MASKED,) if has_card_number(text) else ()


def person(visitor: str, email: str, *, email_needed: bool = False) -> tuple[str, str]:
    """A name and a mail address that may be missing; raises InvalidInput (visitor, email)."""
    wrong = {}
    name = masked(" ".join(cleaned(visitor).split()))
    if not name or len(name) > LONGEST_NAME:
        wrong["visitor"] = f"Give a name of at most {LONGEST_NAME} letters"
    address = normal_email(email) if email.strip() else ""
    if address is None or (email_needed and not address):
        wrong["email"] = "This is no email address"
    if wrong:
        raise InvalidInput("; ".join(wrong.values()), fields=wrong)
    return name, address or ""


def answers(given: Mapping[str, object]) -> dict[str, Any]:
    """Answers as they can be kept, card numbers hidden; raises InvalidInput (answers)."""
    try:
        text = json.dumps(dict(given), ensure_ascii=False)
    except (TypeError, ValueError):
        text = ""
    if not text or len(text) > LONGEST_ANSWERS:
        raise InvalidInput("These are no answers", fields={"answers": "These are no answers"})
    found: dict[str, Any] = _each(json.loads(text))
    return found


def _each(value: Any) -> Any:
    if isinstance(value, str):
        return masked(cleaned(value))
    if isinstance(value, dict):
        return {cleaned(key): _each(each) for key, each in value.items()}
    return [_each(each) for each in value] if isinstance(value, list) else value


def client_id(given: str) -> str:
    """What a browser calls its own utterance; raises InvalidInput (id)."""
    if not _CLIENT_ID.fullmatch(given):
        raise InvalidInput("no such id", fields={"id": "no such id"})
    return given
