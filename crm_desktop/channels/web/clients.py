"""Who is asking, and whether they ask too often."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.requests import HTTPConnection

from crm_desktop.channels.web.limits import Rate

#: Clients remembered at once; the one unseen for longest is forgotten first.
MAX_CLIENTS = 10_000

_Networks = Sequence[IPv4Network | IPv6Network]


class TokenBuckets:
    """One bucket a client, in memory; time in seconds."""

    def __init__(self, rate: Rate, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, tokens: float = 1) -> bool:
        """Whether this client may go on now, and may take so many."""
        now = self._now()
        left, at = self._buckets.pop(client, (float(self._rate.burst), now))
        left = min(self._rate.burst, left + (now - at) * self._rate.per_minute / 60)
        allowed = left >= tokens
        self._buckets[client] = (left - tokens if allowed else left, now)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return allowed


class Pace:
    """One bucket for one connection: whoever is too fast is heard later."""

    def __init__(self, rate: Rate, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._now = now
        self._tokens = float(rate.burst)
        self._at = now()

    async def wait(self) -> None:
        """Return when it may go on."""
        now = self._now()
        gained = (now - self._at) * self._rate.per_minute / 60
        self._tokens = min(self._rate.burst, self._tokens + gained) - 1
        self._at = now
        if self._tokens < 0:
            await asyncio.sleep(-self._tokens * 60 / self._rate.per_minute)


def client_of(request: HTTPConnection, proxies: _Networks) -> str:
    """The client's address; a proxy's word is taken only from a configured proxy.

    Of X-Forwarded-For the last entry that is no proxy of ours counts: what stands before it
    was written by the client. An IPv6 client is its /64, for it owns all of that.
    """
    peer = request.client.host if request.client else ""
    if not _within(peer, proxies):
        return _client(peer)
    told = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",")]
    for address in reversed(told):
        if not _within(address, proxies):
            return _client(address)
    return _client(peer)


def is_https(request: HTTPConnection, proxies: _Networks) -> bool:
    """Whether the client's own connection is encrypted."""
    peer = request.client.host if request.client else ""
    if _within(peer, proxies):
        return request.headers.get("x-forwarded-proto", "").strip().lower() == "https"
    return request.url.scheme in ("https", "wss")


def _within(address: str, networks: _Networks) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _client(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)
