"""A centre's telephones as an administrator sets them up: what may be said, what is wrong with it.

The database holds to the same rules (migrations/sql/0021_telephones.sql).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.identifiers import normal_phone

#: The kind of its account.
KIND = "asterisk"
#: How often a position is said, in seconds; 0 for never.
ANNOUNCE = (15, 600)
DIGITS = "1234567890*#"
_URL = re.compile(
    r"https://([A-Za-z0-9.-]{1,200}|\[[0-9A-Fa-f:]{2,45}\])(:\d{1,5})?"
    r"|http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?",
    re.ASCII,
)
_USER = re.compile(r"[A-Za-z0-9._-]{1,40}")
_APP = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,30}")
_NUMBER = re.compile(r"\+?[0-9]{2,20}")
_EXTENSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_WAYS = ("header", "phone")
#: As a file below the PBX's sounds.
_SOUND = re.compile(r"sound:[A-Za-z0-9_/-]{1,100}")
#: How many may wait before the next is told that the line is busy; 0: however many.
MOST_WAITING = 500


@dataclass(frozen=True, slots=True)
class Pbx:
    """How a gateway reaches the PBX, and how the PBX reaches people and the world.

    `outbound` and `advisor` are its endpoints with {number} and {extension} in them. `answer_by`:
    the desktop's Answer has the telephone told to pick up ("header"), or does nothing, because a
    person picks it up ("phone"). `recording_notice` is played before a conversation is recorded.
    """

    url: str
    user: str
    app: str = "crm"
    outbound: str = "PJSIP/{number}@trunk"
    advisor: str = "PJSIP/{extension}"
    answer_by: str = "header"
    recording_notice: str = "sound:conf-now-recording"

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Pbx:
        """From an account's settings; what is missing there is as usual."""
        known = {each.name for each in fields(cls)}
        given = {name: str(value) for name, value in data.items() if name in known}
        return cls(**{"url": "", "user": "", **given})

    def to_data(self) -> dict[str, str]:
        """As an account's settings keep it."""
        return asdict(self)

    @property
    def secret_name(self) -> str:
        """Under which the gateway's keyring has the password.

        It names where the password goes: no other secret can be sent there, nor this one elsewhere.
        """
        return f"ari:{self.user}@{self.url}"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a digit of a line's menu means."""

    digit: str
    name: str
    queue_id: int
    service_id: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A number that the public calls; the columns of `TelephoneLine` say what each field means."""

    number: str
    name: str
    queue_id: int
    service_id: int | None = None
    active: bool = True
    announce_seconds: int = 45
    record: bool = True
    voicemail: bool = True
    callback: bool = True
    most_waiting: int = 0
    choices: tuple[Choice, ...] = ()

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Line:
        """From what the database keeps."""
        plain = {name: data[name] for name in (*_LINE, *_FLAGS)}
        return cls(**plain, choices=tuple(Choice(**each) for each in data["choices"]))

    def to_data(self) -> dict[str, Any]:
        """What the database keeps; `from_data` reads it back."""
        ordered = sorted(self.choices, key=lambda each: DIGITS.find(each.digit))
        return {
            **{name: getattr(self, name) for name in (*_LINE, *_FLAGS)},
            "choices": [asdict(each) for each in ordered],
        }


_LINE = ("number", "name", "queue_id", "service_id", "announce_seconds", "most_waiting")
_FLAGS = ("active", "record", "voicemail", "callback")


@dataclass(frozen=True, slots=True)
class KnownPbx:
    """The PBX's account, and what the gateway last said of it; not `active`: switched off.

    `seen` is what a change must have seen.
    """

    id: int
    pbx: Pbx
    seen: Mapping[str, Any]
    secret_name: str
    active: bool
    status: str
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class KnownLine:
    """A line with its id."""

    id: int
    line: Line


@dataclass(frozen=True, slots=True)
class Phone:
    """A member of staff and the extension that rings for them, None without one."""

    staff_id: int
    name: str
    login: str
    active: bool
    extension: str | None


@dataclass(frozen=True, slots=True)
class Telephones:
    """All that is set up. Lines by number, people by name; `queues` and `services` by id.

    A queue is its name, its code, and whether it is restricted; a service likewise.
    """

    pbx: KnownPbx | None
    lines: tuple[KnownLine, ...]
    phones: tuple[Phone, ...]
    queues: Mapping[int, tuple[str, str, bool]]
    services: Mapping[int, tuple[str, str, bool]]


def normal_number(text: str) -> str:
    """A line's number in E.164 where it can be, else as the PBX says it, without spaces."""
    return normal_phone(text) or re.sub(r"[\s().-]+", "", text)


def check_pbx(wanted: Pbx) -> None:
    """Raises InvalidInput whose `fields` say for each wrong one what would be right."""
    _refuse("the PBX", dict(_wrong_pbx(wanted)))


def check_line(wanted: Line) -> None:
    """Raises InvalidInput whose `fields` say for each wrong one what would be right."""
    _refuse("a telephone line", dict(_wrong_line(wanted)))


def check_extension(extension: str | None) -> None:
    """Raises InvalidInput (field extension); None is nobody's telephone."""
    if extension is not None and not _EXTENSION.fullmatch(extension):
        words = "letters and digits, as the PBX names the telephone: 101"
        raise InvalidInput("an extension", fields={"extension": words})


def _refuse(what: str, wrong: Mapping[str, str]) -> None:
    if wrong:
        raise InvalidInput(what, fields=dict(wrong))


def _wrong_pbx(wanted: Pbx) -> Iterator[tuple[str, str]]:
    if not _URL.fullmatch(wanted.url):
        yield (
            "address",
            ("https://SERVER:PORT, or http://127.0.0.1:8088 for a PBX on the gateway's computer"),
        )
    if not _USER.fullmatch(wanted.user):
        yield "user", "the name of a user of ari.conf"
    if not _APP.fullmatch(wanted.app):
        yield "application", "its name in the dialplan, such as crm"
    if not is_endpoint(wanted.outbound, "{number}"):
        yield "calls out", "an endpoint with {number} in it, such as PJSIP/{number}@trunk"
    if not is_endpoint(wanted.advisor, "{extension}"):
        yield "telephones", "an endpoint with {extension} in it, such as PJSIP/{extension}"
    if not _SOUND.fullmatch(wanted.recording_notice):
        yield "recording notice", "a sound of the PBX, such as sound:custom/recorded"
    if wanted.answer_by not in _WAYS:
        yield "answer", f"one of {', '.join(_WAYS)}"


def is_endpoint(text: str, place: str) -> bool:
    """Whether it is an endpoint of the PBX with a place for what is dialled, once."""
    technology, slash, rest = text.partition("/")
    around = rest.split(place)
    return bool(
        slash
        and re.fullmatch(r"[A-Za-z0-9_]{1,20}", technology)
        and len(around) == 2
        and len(text) <= 200
        and all(re.fullmatch(r"[A-Za-z0-9_.@:+/-]*", each) for each in around)
    )


def _wrong_line(wanted: Line) -> Iterator[tuple[str, str]]:
    if not _NUMBER.fullmatch(wanted.number):
        yield "number", "as the public dial it, such as 01632 960 100"
    if not _is_name(wanted.name):
        yield "name", "what colleagues call it, such as Council tax line"
    if wanted.announce_seconds and not ANNOUNCE[0] <= wanted.announce_seconds <= ANNOUNCE[1]:
        yield "announcements", f"every {ANNOUNCE[0]} to {ANNOUNCE[1]} seconds, or never"
    if not 0 <= wanted.most_waiting <= MOST_WAITING:
        yield "waiting", f"at most {MOST_WAITING}, or 0 for however many"
    digits = [each.digit for each in wanted.choices]
    for each in wanted.choices:
        if each.digit not in DIGITS or len(each.digit) != 1:
            yield f"choice {each.digit}", "one key of a telephone"
        elif digits.count(each.digit) > 1:
            yield f"choice {each.digit}", "a key means one thing"
        elif not _is_name(each.name):
            yield f"choice {each.digit}", "say what it is for"


def _is_name(text: str) -> bool:
    return bool(text.strip()) and len(text) <= 100 and text.isprintable()
