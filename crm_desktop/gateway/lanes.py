"""Emptying one lane of the outbox: asleep until something is due, awake within milliseconds."""

from __future__ import annotations

import threading

from crm_desktop.domain.errors import DatabaseTrouble, LeaseLost
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, outbox
from crm_desktop.services.leases import Lease
from crm_desktop.services.outbox import Lane, Outcome, Work

#: Without any notice the lane is looked at this often: a notice may have been lost.
_LOOK_SECONDS = 2.0
_RETRY_SECONDS = 0.5


class LaneWorker(Worker):
    """One of the threads that empty a lane; each does one item at a time."""

    def __init__(self, db: Database, lane: Lane, lease: Lease, number: int = 1) -> None:
        super().__init__(f"{lane.lease_name}:{number}")
        self._db = db
        self._lane = lane
        self._lease = lease
        self._awake = threading.Event()

    def wake(self) -> None:
        """Something may have been put in; callable from any thread."""
        self._awake.set()

    def stop(self) -> None:
        """End after the item under way."""
        super().stop()
        self._awake.set()

    def work(self) -> None:
        """Do one due item, or sleep until one is due or somebody wakes us."""
        self._awake.clear()
        due = outbox.seconds_until_due(self._db, self._lane, self._lease)
        if due is None or due > 0:
            if not self.stopping.is_set():
                self._awake.wait(_LOOK_SECONDS if due is None else min(due, _LOOK_SECONDS))
            return
        for work in outbox.claim(self._db, self._lane, self._lease):
            self._settle(work, outbox.attempt(self._db, self._lane, work))

    def _settle(self, work: Work, outcome: Outcome) -> None:
        """Write what came of it, however long the database is away: it did happen."""
        while True:
            try:
                outbox.settle(self._db, self._lane, self._lease, work, outcome)
            except DatabaseTrouble:
                if self.stopping.wait(_RETRY_SECONDS):
                    raise
            except LeaseLost:
                # Somebody else has the item; whether also the lane, the next claim tells.
                return
            else:
                return
