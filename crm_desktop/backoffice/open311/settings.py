"""How one Open311 office is reached and read; everything but its key, which is a secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, Self, cast
from urllib.parse import urlsplit

from crm_desktop.domain.errors import InvalidInput

Format = Literal["json", "xml", "auto"]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")

#: Statuses (beyond the standard's open and closed) and words in notes that mean "handed back".
BOUNCED_WORDS = (
    "duplicate",
    "rejected",
    "declined",
    "cancelled",
    "canceled",
    "withdrawn",
    "invalid",
    "unable to investigate",
    "no further action",
    "not our responsibility",
    "not responsible",
    "not council's responsibility",
    "not councils responsibility",
    "not the council's responsibility",
    "outside our area",
    "out of area",
    "wrong service",
)

#: The same for "somebody is at work on it".
PROGRESS_WORDS = (
    "in progress",
    "investigating",
    "under investigation",
    "action scheduled",
    "scheduled",
    "planned",
    "assigned",
    "internal referral",
    "work ordered",
    "reopen",
    "reopened",
)

#: The same for "finished", as a status; in notes these words prove nothing.
DONE_WORDS = ("closed", "fixed", "completed", "complete", "resolved", "done", "archived")


@dataclass(frozen=True, slots=True)
class Open311Settings:
    """One office.

    `endpoint` is the address under which services and requests stand, without a format. `timeout`
    is in seconds and covers each wait for the network. `photo_upload` sends the picture itself as
    the multipart field `photo_field`, which many servers take although the standard knows only
    links. The three word lists are compared with whole words, in any case.
    """

    endpoint: str
    jurisdiction_id: str = ""
    format: Format = "auto"
    timeout: float = 20.0
    ca_file: str = ""
    photo_upload: bool = False
    photo_field: str = "media"
    bounced_words: tuple[str, ...] = BOUNCED_WORDS
    progress_words: tuple[str, ...] = PROGRESS_WORDS
    done_words: tuple[str, ...] = DONE_WORDS

    def __post_init__(self) -> None:
        wrong: dict[str, str] = {}
        if problem := _endpoint_problem(self.endpoint):
            wrong["endpoint"] = problem
        if self.format not in ("json", "xml", "auto"):
            wrong["format"] = "Choose json, xml or auto"
        if not 0 < self.timeout <= 300:
            wrong["timeout"] = "Between 0 and 300 seconds"
        if wrong:
            raise InvalidInput("These Open311 settings cannot be used", fields=wrong)

    @property
    def on_this_machine(self) -> bool:
        """Whether the office answers on the loopback address, as the sandbox does."""
        return urlsplit(self.endpoint).hostname in _LOOPBACK

    @classmethod
    def read(cls, stored: Mapping[str, object]) -> Self:
        """Settings from a stored JSON object; raises InvalidInput naming what does not fit."""
        known = {field.name: field for field in fields(cls)}
        wrong = {name: "Not a setting of Open311" for name in stored if name not in known}
        values: dict[str, object] = {}
        for name, value in stored.items():
            default = "" if name == "endpoint" else getattr(known.get(name), "default", None)
            if isinstance(default, tuple) and _is_words(value):
                values[name] = tuple(cast("list[str]", value))
            elif isinstance(default, float) and type(value) in (int, float):
                values[name] = float(cast("float", value))
            elif type(value) is type(default):
                values[name] = value
            else:
                wrong.setdefault(name, "Not the right kind of value")
        if "endpoint" not in stored:
            wrong["endpoint"] = "Needed"
        if wrong:
            raise InvalidInput("These Open311 settings cannot be used", fields=wrong)
        return cls(**values)  # type: ignore[arg-type]  # each was compared with its default's type


def _endpoint_problem(endpoint: str) -> str:
    """What is wrong with an address, or nothing; a key never travels in the clear."""
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "Not a web address"
    if parts.scheme not in ("http", "https") or not host:
        return "Enter a web address that begins with https://"
    if parts.username or parts.query or parts.fragment:
        return "Enter the address alone, with no name, question mark or #"
    if parts.scheme == "http" and host not in _LOOPBACK:
        return "The office must be reached over https, or its key could be read on the way"
    return ""


def _is_words(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
