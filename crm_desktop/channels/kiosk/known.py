"""The sites by their keys, read at most every few seconds however many ask, or guess."""

from __future__ import annotations

import time
from collections.abc import Callable

from crm_desktop.channels.kiosk.port import KioskPort
from crm_desktop.channels.web.asking import Asking
from crm_desktop.domain.errors import DatabaseTrouble
from crm_desktop.domain.kiosks import KioskSite

_SECONDS = 5.0


class KnownSites:
    """Lives on the event loop. A site is known on while the database is away."""

    def __init__(
        self, port: KioskPort, ask: Asking, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._port = port
        self._ask = ask
        self._now = now
        self._by_key: dict[str, KioskSite] = {}
        self._until = 0.0

    async def find(self, key: str) -> KioskSite | None:
        """The site of that key; DatabaseTrouble only when nothing was ever read."""
        if self._now() >= self._until:
            try:
                found = await self._ask(self._port.sites)
            except (DatabaseTrouble, TimeoutError):
                if not self._by_key:
                    raise
            else:
                self._by_key = {each.key: each for each in found}
            self._until = self._now() + _SECONDS
        return self._by_key.get(key)
