"""Pictures of posts: fetched in measure from where strangers may point, and never decoded."""

from __future__ import annotations

import socket
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from crm_desktop.channels.social.safety import Bounded, is_local, is_protected, is_public
from crm_desktop.domain.social import MAX_PICTURE

_SECONDS = 20.0
_TRIES = 3
#: What a picture begins with, and its ending.
_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"GIF87a", "image/gif", "gif"),
    (b"GIF89a", "image/gif", "gif"),
)


class Found(NamedTuple):
    """Where a post says that a picture of it is."""

    address: str
    alt: str


class Fetcher:
    """Fetches pictures; `server` is the network's own, which may be on this machine."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._own = _place(server)
        self._http = httpx.Client(
            transport=Bounded(MAX_PICTURE, _SECONDS),
            timeout=_SECONDS,
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": "CRM-Desktop"},
        )

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def content(self, address: str) -> bytes:
        """The bytes there; none when they cannot, or may not, be had."""
        for _ in range(_TRIES):
            try:
                if not is_protected(address):
                    return b""
                where, headers, extensions = self._pinned(address)
                answer = self._http.get(where, headers=headers, extensions=extensions)
            except (httpx.NetworkError, httpx.RemoteProtocolError):
                # It broke off; a picture is not asked for again later.
                continue
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError):
                return b""
            return answer.content if answer.status_code == 200 else b""
        return b""

    def _pinned(self, address: str) -> tuple[str, dict[str, str], dict[str, str]]:
        """The address by a number that was looked at: a name could lead into our own network."""
        if _place(address) == self._own or (is_local(address) and is_local(self._server)):
            return address, {}, {}
        url = httpx.URL(address)
        found = socket.getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
        numbers = [str(each[4][0]) for each in found]
        if not all(map(is_public, numbers)):
            raise ValueError("not of the internet")
        headers = {"Host": url.netloc.decode("ascii")}
        return str(url.copy_with(host=numbers[0])), headers, {"sni_hostname": url.host}


def kind_of(content: bytes) -> tuple[str, str] | None:
    """Content type and ending by what the bytes begin with; None: no picture that we know."""
    for beginning, content_type, ending in _KINDS:
        if content.startswith(beginning):
            return content_type, ending
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp", "webp"
    return None


def _place(address: str) -> tuple[str, str, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port
