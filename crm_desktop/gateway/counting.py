"""Figures in their rhythm: soon after contacts moved, and the past in the time that is left."""

from __future__ import annotations

import threading
import time

from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, counting
from crm_desktop.services.leases import Lease

#: Figures are reckoned at most so often, and at least now and then: time goes on.
_SECONDS = 3.0
_ANYWAY_SECONDS = 30.0
#: Whatever it takes, so many times as long is left to the others.
_REST = 15
#: Making up for the past may take more: it ends.
_REST_FROM_PAST = 3


class FigureKeeper(Worker):
    """The one keeper of figures, beside the sweeper and under its lease."""

    def __init__(self, db: Database, lease: Lease) -> None:
        super().__init__("figures")
        self._db = db
        self._lease = lease
        self._moved = threading.Event()
        self._moved.set()
        self._next = self._anyway = 0.0

    def wake(self) -> None:
        """Contacts moved; callable from any thread."""
        self._moved.set()

    def stop(self) -> None:
        """End after the round under way."""
        super().stop()
        self._moved.set()

    def work(self) -> None:
        """Reckon what goes on, or a piece of the past, then sleep."""
        began = time.monotonic()
        due = self._next if self._moved.is_set() else self._anyway
        if began >= due:
            self._moved.clear()
            counting.keep(self._db, self._lease)
            now = time.monotonic()
            self._next = now + max(_SECONDS, _REST * (now - began))
            self._anyway = max(self._next, now + _ANYWAY_SECONDS)
        elif counting.catch_up(self._db, self._lease) or counting.follow(self._db, self._lease):
            self.stopping.wait(_REST_FROM_PAST * (time.monotonic() - began))
        elif self._moved.is_set():
            self.stopping.wait(self._next - began)
        else:
            self._moved.wait(self._anyway - began)
