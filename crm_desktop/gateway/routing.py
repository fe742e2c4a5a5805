"""Offers what waits, round after round, as soon as something changes and when an offer runs out.

Every gateway does it and none needs a lease: the database lets one of several rounds at once
happen, so nothing stands still while a gateway that was killed still has its leases.
"""

from __future__ import annotations

import threading
import time

from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, routing

#: While nothing is pushed or offered it is looked this often whether that is still so.
_LOOK_SECONDS = 5.0
#: Many changes at once are one reason to look, and whoever just called must not wait for the
#: last one's round: rounds take half of the time at most. However long they take, others get to
#: write between them: SQLite has one writer at a time, who comes when nobody else is at it.
_SHARE = 2
#: Where nothing is pushed they begin so far apart at least.
_IDLE_PAUSE_SECONDS = 1.0


class Router(Worker):
    """This gateway's rounds of routing."""

    def __init__(self, db: Database) -> None:
        super().__init__("routing")
        self._rounds = routing.Rounds(db)
        self._awake = threading.Event()

    def wake(self) -> None:
        """Contacts or people changed; callable from any thread."""
        self._awake.set()

    def stop(self) -> None:
        """End after the round under way."""
        super().stop()
        self._awake.set()

    def work(self) -> None:
        """One round, then sleep until something is due or somebody wakes us."""
        self._awake.clear()
        began = time.monotonic()
        due_in = self._rounds.turn().due_in
        took = time.monotonic() - began
        if due_in == 0 or self.stopping.is_set():
            return
        self._awake.wait(_LOOK_SECONDS if due_in is None else due_in)
        pause = _IDLE_PAUSE_SECONDS if due_in is None else _SHARE * took
        self.stopping.wait(max(0.0, began + pause - time.monotonic()))
