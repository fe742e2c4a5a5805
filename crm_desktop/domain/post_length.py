"""How long a post is as its network counts, and how long it may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from crm_desktop.domain.social import Network
from crm_desktop.domain.x_length import weighted

#: Mastodon counts every address of the web as this long, and of another server's mention the name.
_ADDRESS_LENGTH = 23
_ADDRESS = re.compile(r"(?<![\w@#$])https?://[^\s<>\"]+", re.IGNORECASE)
_MENTION = re.compile(r"(?<![\w/=])(@\w+(?:[.-]+\w+)*)@[\w.-]*\w")
#: What ends a sentence is no part of an address that stands there.
_AFTER_ADDRESS = ".,:;!?'’”»)]}"
#: Bluesky's second limit, 3,000 bytes, beside 300 characters as people see them.
_BYTES_A_CHARACTER = 10


def length(network: Network, text: str) -> int:
    """How long `text` is on `network`: to be compared with `limit` alone."""
    return _COUNTS[network](text)


def limit(network: Network, of_server: object = None, *, public: bool = True) -> int:
    """How long a post may be, or a private message; `of_server`: what the server said itself."""
    if isinstance(of_server, int) and of_server > 0:
        return of_server
    return _LIMITS[network] if public else _PRIVATE_LIMITS[network]


def addressed(network: Network, text: str, handle: str) -> str:
    """The text as it is sent to somebody: on Mastodon their name has to stand in it.

    "" for `handle`: to nobody. This is what counts, so count it.
    """
    name = f"@{handle}"
    if network is not Network.MASTODON or not handle or name.casefold() in text.casefold():
        return text
    return f"{name} {text}"


def graphemes(text: str) -> int:
    """Characters as people see them: an emoji of seven code points is one."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    import regex

    return len(regex.findall(r"\X", text))


def _bluesky(text: str) -> int:
    return max(graphemes(text), -(-len(text.encode("utf-8", "replace")) // _BYTES_A_CHARACTER))


def _mastodon(text: str) -> int:
    shortened = _ADDRESS.sub(_as_counted, text)
    return graphemes(_MENTION.sub(r"\1", shortened))


def _as_counted(found: re.Match[str]) -> str:
    address = found[0].rstrip(_AFTER_ADDRESS)
    host = address.partition("://")[2].partition("/")[0]
    if "." not in host.strip("."):
        return found[0]
    return "x" * _ADDRESS_LENGTH + found[0][len(address) :]


_COUNTS: Mapping[Network, Callable[[str], int]] = {
    Network.BLUESKY: _bluesky,
    Network.MASTODON: _mastodon,
    Network.FACEBOOK: len,
    Network.X: weighted,
}
_LIMITS: Mapping[Network, int] = {
    Network.BLUESKY: 300,
    Network.MASTODON: 500,
    Network.FACEBOOK: 8000,
    Network.X: 280,
}
_PRIVATE_LIMITS: Mapping[Network, int] = {
    Network.BLUESKY: 1000,
    Network.MASTODON: 500,
    Network.FACEBOOK: 2000,
    Network.X: 10_000,
}
