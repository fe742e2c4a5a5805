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


class InHand:
    """What the threads of a lane are doing: work that is claimed and not here was never begun.

    `doubt`: a claim's answer was lost, so there may be such work. Hold `lock` from a claim until
    what it gave is in `ids`.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.ids: set[int] = set()
        self.doubt = False


class LaneWorker(Worker):
    """One of the threads that empty a lane; each does one item at a time."""

    def __init__(
        self, db: Database, lane: Lane, lease: Lease, in_hand: InHand, number: int = 1
    ) -> None:
        super().__init__(f"{lane.lease_name}:{number}")
        self._db = db
        self._lane = lane
        self._lease = lease
        self._in_hand = in_hand
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
        if self._in_hand.doubt:
            self._put_back()
        due = outbox.seconds_until_due(self._db, self._lane, self._lease)
        if due is None or due > 0:
            if not self.stopping.is_set():
                self._awake.wait(_LOOK_SECONDS if due is None else min(due, _LOOK_SECONDS))
            return
        for work in self._claim():
            self._settle(work, outbox.attempt(self._db, self._lane, work))
            self._in_hand.ids.discard(work.id)

    def _claim(self) -> tuple[Work, ...]:
        with self._in_hand.lock:
            try:
                claimed = outbox.claim(self._db, self._lane, self._lease)
            except DatabaseTrouble:
                self._in_hand.doubt = True
                raise
            self._in_hand.ids.update(work.id for work in claimed)
            return claimed

    def _put_back(self) -> None:
        """Free what was claimed without our hearing of it: else it would wait for minutes."""
        with self._in_hand.lock:
            outbox.put_back(self._db, self._lane, self._lease, self._in_hand.ids)
            self._in_hand.doubt = False

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
