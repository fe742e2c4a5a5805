"""What pages ask before a chat begins, remembered for a few seconds: every page view asks it."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from crm_desktop.channels.chat.port import ChatPort, Offered
from crm_desktop.domain.chats import ChatSite, Opening

_SECONDS = 5.0
_Key = TypeVar("_Key", bound=Hashable)
_T = TypeVar("_T")


class _Remembered(Generic[_Key, _T]):
    """Answers by what was asked."""

    def __init__(self, ask: Callable[[_Key], _T], now: Callable[[], float]) -> None:
        self._ask = ask
        self._now = now
        self._answers: dict[_Key, tuple[float, _T]] = {}

    def __call__(self, key: _Key) -> _T:
        known = self._answers.get(key)
        if known is None or self._now() - known[0] >= _SECONDS:
            known = (self._now(), self._ask(key))
            self._answers[key] = known
        return known[1]


class Sites:
    """The centre's sites by key; whatever reads blocks and may raise DatabaseTrouble.

    A site is known on while the database is away: whoever has a chat open is to be told that, not
    that there is no such chat.
    """

    def __init__(self, port: ChatPort, now: Callable[[], float] = time.monotonic) -> None:
        self._port = port
        self._by_key: dict[str, ChatSite] = {}
        self._all: _Remembered[None, tuple[ChatSite, ...]] = _Remembered(
            lambda _: port.sites(), now
        )
        self._opening: _Remembered[int, Opening] = _Remembered(port.opening, now)
        self._offered: _Remembered[int, tuple[Offered, ...]] = _Remembered(self._offers, now)
        self.notices: _Remembered[str, tuple[str, ...]] = _Remembered(port.notices, now)

    def known(self, key: str) -> ChatSite | None:
        """The site as it was read last."""
        return self._by_key.get(key)

    def find(self, key: str) -> ChatSite | None:
        """The site of that key."""
        self._by_key = {site.key: site for site in self._all(None)}
        return self._by_key.get(key)

    def opening(self, site: ChatSite) -> Opening:
        """Whether it is answered now."""
        return self._opening(site.id)

    def offered(self, site: ChatSite) -> tuple[Offered, ...]:
        """The services that are offered there."""
        return self._offered(site.id)

    def _offers(self, site_id: int) -> tuple[Offered, ...]:
        (site,) = (each for each in self._by_key.values() if each.id == site_id)
        return self._port.offered(site)
