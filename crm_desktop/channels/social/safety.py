"""Connections to networks that cannot be led astray: https, bounded in size and time."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from crm_desktop.channels.social import web
from crm_desktop.domain.errors import ConnectorTrouble, InvalidInput

#: What a page of posts can be.
MAX_ANSWER = 16 * 1024 * 1024
SECONDS = 30.0
_LEADING_ON = tuple(
    ipaddress.ip_network(each)
    for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "fec0::/10", "::/96")
)


def require_protection(address: str, field: str) -> str:
    """The address without an end; InvalidInput unless it is https, or http to this machine."""
    parts = urlsplit(address)
    if parts.hostname and is_protected(address) and not parts.username:
        return address.rstrip("/")
    raise InvalidInput(
        f"“{address[:100]}” is no address beginning with https://.",
        fields={field: "Begin with https://"},
    )


def is_protected(address: str) -> bool:
    """Whether nobody on the way can read or change what goes to this address."""
    scheme = urlsplit(address).scheme
    return scheme == "https" or (scheme == "http" and is_local(address))


def is_local(address: str) -> bool:
    """Whether an address is on this very machine."""
    return urlsplit(address).hostname in web.LOOPBACK


def is_public(host: str) -> bool:
    """Whether an IP address is one of the internet, not of a network nearby."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return False
    # Those that lead on to an IPv4 address, which may be anywhere, and the old local ones.
    if any(found in each for each in _LEADING_ON):
        return False
    return found.is_global and not found.is_multicast


class Bounded(httpx.BaseTransport):
    """HTTP to protected addresses, without redirections, compression or answers without end."""

    def __init__(self, most: int = MAX_ANSWER, seconds: float = SECONDS) -> None:
        self._inner = httpx.HTTPTransport()
        self._most = most
        self._seconds = seconds

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx; raises httpx.TransportError for what it does not do."""
        if not is_protected(str(request.url)):
            raise httpx.UnsupportedProtocol("only https", request=request)
        request.headers["Accept-Encoding"] = "identity"
        begun = time.monotonic()
        answer = self._inner.handle_request(request)
        if answer.is_redirect or answer.headers.get("content-encoding", "identity") != "identity":
            answer.close()
            raise httpx.DecodingError("redirected or packed", request=request)
        assert isinstance(answer.stream, httpx.SyncByteStream)
        stream = _Bounded(answer.stream, request, self._most, begun + self._seconds)
        return httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=stream,
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Let go of connections."""
        self._inner.close()


class _Bounded(httpx.SyncByteStream):
    def __init__(
        self, inner: httpx.SyncByteStream, request: httpx.Request, most: int, until: float
    ) -> None:
        self._inner = inner
        self._request = request
        self._most = most
        self._until = until

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for piece in self._inner:
            size += len(piece)
            if size > self._most:
                raise httpx.DecodingError("too large", request=self._request)
            if time.monotonic() > self._until:
                raise httpx.ReadTimeout("too slow", request=self._request)
            yield piece

    def close(self) -> None:
        self._inner.close()


class Quiet:
    """When a network wants to be left alone: nothing is asked of it before that is over."""

    def __init__(self, network: str) -> None:
        """`network` is its name in words."""
        self._network = network
        self._until = 0.0

    def check(self) -> None:
        """Raise ConnectorTrouble while the network wants to be left alone."""
        left = self._until - time.monotonic()
        if left > 0:
            raise web.busy(self._network, left)

    def until(self, seconds: float) -> ConnectorTrouble:
        """Remember what the network said; the trouble to raise."""
        self._until = time.monotonic() + min(max(seconds, 1.0), web.LONGEST_WAIT)
        return web.busy(self._network, seconds)
