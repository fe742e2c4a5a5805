"""Which calls a command moves at this moment: between two bridges a channel is in neither."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

#: By then the PBX has told of every move.
_SETTLES = 0.5


class Moving:
    """Kept by whoever does commands, asked by the switchboard; on any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[int, float] = {}

    @contextmanager
    def of(self, contact_id: int) -> Iterator[None]:
        """A command moves a call; what it did is on its way for a moment more."""
        self._set(contact_id, float("inf"))
        try:
            yield
        finally:
            self._set(contact_id, time.monotonic() + _SETTLES)

    def has(self, contact_id: int) -> bool:
        """Whether one does."""
        with self._lock:
            return contact_id in self._until

    def settled(self) -> list[int]:
        """Those that none moves any more, once: what was left alone meanwhile can go on."""
        now = time.monotonic()
        with self._lock:
            over = [each for each, until in self._until.items() if until <= now]
            for each in over:
                del self._until[each]
        return over

    def _set(self, contact_id: int, until: float) -> None:
        with self._lock:
            self._until[contact_id] = until
