"""What an administrator says of a website's chat, in words, as its account keeps it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from crm_desktop.domain.errors import InvalidInput

_KEY = re.compile(r"[a-z0-9-]{3,40}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LANGUAGES = ("en", "cy")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_MOST_MINUTES = 120


def chat_account(told: Mapping[str, object]) -> dict[str, object]:
    """The settings of an account of kind `chat` from `key=value` words.

    Lists are separated by commas; `greeting.cy` and `questions.missed_bin` name what they are
    about. Raises InvalidInput with what is wrong, by setting.
    """
    settings: dict[str, object] = {}
    wrong: dict[str, str] = {}
    for name, value in told.items():
        try:
            _take(settings, name, str(value).strip())
        except ValueError as trouble:
            wrong[name] = str(trouble)
    for name in ("key", "origins"):
        if name not in told:
            wrong[name] = "is needed"
    if wrong:
        raise InvalidInput("chat", fields=wrong)
    return settings


def _take(settings: dict[str, object], name: str, value: str) -> None:
    group, _, about = name.partition(".")
    if group == "greeting" and about in _LANGUAGES:
        _within(settings, group)[about] = value
    elif group == "questions" and about:
        _within(settings, group)[about] = _list(value)
    elif name in _READERS:
        settings[name] = _READERS[name](value)
    else:
        raise ValueError("is no setting of a chat")


def _within(settings: dict[str, object], group: str) -> dict[str, object]:
    found = settings.setdefault(group, {})
    assert isinstance(found, dict)
    return found


def _list(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _key(value: str) -> str:
    if not _KEY.fullmatch(value):
        raise ValueError("must be 3 to 40 small letters, digits and hyphens")
    return value


def _origins(value: str) -> list[str]:
    origins = _list(value)
    for each in origins:
        parts = urlsplit(each)
        is_safe = parts.scheme == "https" or (
            parts.scheme == "http" and parts.hostname in _LOOPBACK
        )
        if not is_safe or each != f"{parts.scheme}://{parts.netloc}" or each != each.lower():
            raise ValueError(f"{each} must look like https://www.council.example and nothing more")
    if not origins:
        raise ValueError("must name a website")
    return origins


def _languages(value: str) -> list[str]:
    languages = _list(value)
    if not languages or not set(languages) <= set(_LANGUAGES):
        raise ValueError("must be en, cy or both")
    return languages


def _colour(value: str) -> str:
    if not _COLOUR.fullmatch(value):
        raise ValueError("must look like #12324a")
    return value


def _minutes(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= _MOST_MINUTES:
        raise ValueError(f"must be from 1 to {_MOST_MINUTES}")
    return int(value)


_READERS = {
    "key": _key,
    "origins": _origins,
    "services": _list,
    "languages": _languages,
    "colour": _colour,
    "gone_minutes": _minutes,
}
