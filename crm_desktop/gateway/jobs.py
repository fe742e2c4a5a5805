"""Jobs that one gateway at a time does, each under its lease; another takes over in seconds."""

from __future__ import annotations

import logging
import os
import socket
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from crm_desktop.domain.errors import DatabaseTrouble
from crm_desktop.gateway.statuses import StatusBoard
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, leases
from crm_desktop.services.leases import Lease

_LOG = logging.getLogger(__name__)

#: Makes the workers of a job for the lease that it is done under.
StartJob = Callable[[Lease], Iterable[Worker]]
#: The jobs there are now, by lease name; read again at every turn.
Jobs = Callable[[], Mapping[str, StartJob]]


class JobKeeper(Worker):
    """Holds on to leases, starts the jobs of those that it got and ends those that it lost.

    Has a connection of its own, so that busy workers never cost it a lease.
    """

    def __init__(self, db: Database, jobs: Jobs, statuses: StatusBoard) -> None:
        super().__init__("leases")
        self._db = db
        self._jobs = jobs
        self._statuses = statuses
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._held: dict[str, Lease] = {}
        self._workers: dict[str, list[Worker]] = {}
        self._ending: list[Worker] = []

    def work(self) -> None:
        """Renew what is held, take what is free, start and end accordingly."""
        wanted = self._jobs()
        if self._held:
            kept = leases.renew(self._db, self._held.values())
            for name, lease in list(self._held.items()):
                ended = not all(worker.alive for worker in self._workers[name])
                if lease not in kept or name not in wanted or ended:
                    self._end(name)
        free = [name for name in wanted if name not in self._held]
        if free:
            for name, lease in leases.acquire_all(self._db, free, self._owner).items():
                self._begin(name, lease, wanted[name])
        self._ending = [each for each in self._ending if each.alive]
        self._statuses.beat()
        self.stopping.wait(leases.RENEW_SECONDS)

    def close(self) -> None:
        """End all jobs, let what is under way finish, and let another gateway take over."""
        held = list(self._held.values())
        for name in list(self._held):
            self._end(name)
        for worker in self._ending:
            worker.join()
        with suppress(DatabaseTrouble):
            leases.release(self._db, held)

    def _begin(self, name: str, lease: Lease, start: StartJob) -> None:
        _LOG.info("%s: this gateway does it now", name)
        self._held[name] = lease
        self._workers[name] = list(start(lease))
        for worker in self._workers[name]:
            worker.start()

    def _end(self, name: str) -> None:
        del self._held[name]
        for worker in self._workers.pop(name):
            worker.stop()
            self._ending.append(worker)
