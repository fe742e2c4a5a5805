"""Sees whether the gateway still fits its database, when somebody has upgraded it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from crm_desktop.domain.errors import DatabaseNewer
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, gateway_session


class FitWatch(Worker):
    """Looks when it is woken; `outgrown` hears, on this thread, that the database is newer."""

    def __init__(self, db: Database, outgrown: Callable[[DatabaseNewer], None]) -> None:
        super().__init__("fitting")
        self._db = db
        self._outgrown = outgrown
        self._awake = threading.Event()

    def wake(self) -> None:
        """It may have been upgraded; callable from any thread."""
        self._awake.set()

    def stop(self) -> None:
        """End after the look under way."""
        super().stop()
        self._awake.set()

    def work(self) -> None:
        """Wait, then look."""
        self._awake.wait()
        if self.stopping.is_set():
            return
        try:
            gateway_session.still_fits(self._db)
        except DatabaseNewer as trouble:
            self._outgrown(trouble)
        self._awake.clear()
