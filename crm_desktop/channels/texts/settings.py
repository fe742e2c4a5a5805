"""What it takes to send texts by GOV.UK Notify."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import urlsplit

from crm_desktop.domain.errors import InvalidInput

HOME: Final = "api.notifications.service.gov.uk"
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_UUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
#: An API key is {its name}-{service's id}-{secret}.
#: One that is well formed, for who looks at settings before the keyring has the real one.
ANY_KEY: Final = "any" + 2 * "-00000000-0000-0000-0000-000000000000"
_KEY: Final = re.compile(rf".+-({_UUID})-({_UUID})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """A service of GOV.UK Notify.

    `template` is the id of a text template that says ((message)) and nothing else; `sender` that of
    a text message sender, empty for the service's default; `timeout` in seconds.
    """

    service_id: str
    secret: str = field(repr=False)
    template: str
    sender: str = ""
    url: str = f"https://{HOME}"
    timeout: float = 15.0

    @classmethod
    def read(cls, given: Mapping[str, str], api_key: str) -> Self:
        """The settings of an account with its key; raises InvalidInput."""
        key = _KEY.fullmatch(api_key.strip())
        wrong: dict[str, str] = {}
        if key is None:
            wrong["key"] = "Enter the whole API key, as Notify showed it when it was made"
        for name in ("template", "sender"):
            value = given.get(name, "")
            if (value or name == "template") and not re.fullmatch(_UUID, value, re.IGNORECASE):
                wrong[name] = f"Enter the id of the {name} as Notify shows it"
        url = (given.get("url") or f"https://{HOME}").rstrip("/")
        if problem := address_problem(url):
            wrong["url"] = problem
        if key is None or wrong:
            said = "; ".join(wrong.values())
            raise InvalidInput(f"Texts by GOV.UK Notify: {said}.", fields=wrong)
        return cls(key[1], key[2], given["template"], given.get("sender", ""), url)


def address_problem(address: str) -> str:
    """What is wrong with the address of the interface, or nothing.

    The key signs what goes there: it goes to Notify itself or to this computer, nowhere else.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "Not a web address"
    if parts.username or parts.query or parts.fragment or parts.path not in ("", "/"):
        return "Enter the address alone"
    if host in LOOPBACK and parts.scheme in ("http", "https"):
        return ""
    if (parts.scheme, host) != ("https", HOME) or port not in (None, 443):
        return f"Enter https://{HOME}"
    return ""
