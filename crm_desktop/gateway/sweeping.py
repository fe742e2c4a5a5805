"""Housekeeping in its rhythm: figures soon after a change, the rest every second."""

from __future__ import annotations

import threading
import time

from crm_desktop.domain.errors import CrmError
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, presence, sweeper
from crm_desktop.services.leases import Lease

_SWEEP_SECONDS = 1.0
#: Two minutes of silence are noticed this much later at most.
_PRESENCE_SECONDS = 5.0
#: While the database or every gateway was away nobody could say that they are there: after that
#: desktops have so long to say it.
GRACE_SECONDS = 60.0
#: Figures are refreshed at most twice a second, and at least now and then. Desktops read them once
#: in a second or less, and whatever is told wakes all of them.
_STATS_SECONDS = 0.5
_STATS_ANYWAY_SECONDS = 10.0


class Sweeper(Worker):
    """The one sweeper of the centre."""

    def __init__(self, db: Database, lease: Lease, *, grace_seconds: float = GRACE_SECONDS) -> None:
        super().__init__("sweeper")
        self._grace = grace_seconds
        self._db = db
        self._lease = lease
        self._contacts_changed = threading.Event()
        self._contacts_changed.set()
        self._next_sweep = 0.0
        self._next_presence = time.monotonic() + grace_seconds
        self._next_stats = 0.0
        self._stats_anyway = 0.0

    def wake(self) -> None:
        """Contacts changed; callable from any thread."""
        self._contacts_changed.set()

    def stop(self) -> None:
        """End after the round under way."""
        super().stop()
        self._contacts_changed.set()

    def work(self) -> None:
        """Do what is due, then sleep until something is."""
        try:
            self._do_due()
        except CrmError:
            self._next_presence = time.monotonic() + self._grace
            raise
        if self._contacts_changed.is_set():
            self.stopping.wait(max(0.0, self._next_stats - time.monotonic()))
        else:
            self._contacts_changed.wait(max(0.0, self._next_sweep - time.monotonic()))

    def _do_due(self) -> None:
        now = time.monotonic()
        if now >= self._next_sweep:
            sweeper.sweep(self._db, self._lease)
            self._next_sweep = now + _SWEEP_SECONDS
        if now >= self._next_presence:
            presence.sweep(self._db, self._lease)
            self._next_presence = now + _PRESENCE_SECONDS
        changed = self._contacts_changed.is_set()
        if (changed and now >= self._next_stats) or now >= self._stats_anyway:
            self._contacts_changed.clear()
            sweeper.refresh_stats(self._db, self._lease)
            self._next_stats = now + _STATS_SECONDS
            self._stats_anyway = now + _STATS_ANYWAY_SECONDS
