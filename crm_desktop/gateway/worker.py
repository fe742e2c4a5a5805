"""A thread that does one job over and over, survives bad days and ends when told."""

from __future__ import annotations

import logging
import random
import threading
from abc import ABC, abstractmethod

from crm_desktop.domain.errors import CrmError, DatabaseTrouble, LeaseLost
from crm_desktop.gateway.bugs import trace

_LOG = logging.getLogger(__name__)
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 15.0
#: Between tries while the database is away: when it is back, work goes on within moments.
_AWAY_PAUSE = 0.5


class Worker(ABC):
    """Start once, stop once. `work` is called until `stop`; what it raises never ends the thread.

    LeaseLost does end it: somebody else does the job now.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.stopping = threading.Event()
        self._away = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end soon; returns at once."""
        self.stopping.set()

    def join(self) -> None:
        """Wait until the thread has ended."""
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    @abstractmethod
    def work(self) -> None:
        """One round; waits by itself until there is something to do, but never past `stop`."""

    def close(self) -> None:  # noqa: B027 - most rounds open nothing
        """Give back what the rounds opened; called once on the thread."""

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self.stopping.is_set():
            try:
                self.work()
                self._away = False
                pause = _FIRST_PAUSE
                continue
            except LeaseLost:
                _LOG.info("%s: another gateway does this now", self.name)
                break
            except DatabaseTrouble as trouble:
                if not self._away:
                    _LOG.warning("%s: %s, trying again", self.name, trouble.code)
                self._away = True
                # Spread: a dozen threads of every gateway try at once.
                self.stopping.wait(_AWAY_PAUSE * random.uniform(0.5, 1.0))  # noqa: S311
                continue
            except CrmError as trouble:
                _LOG.warning("%s: %s, trying again", self.name, trouble.code)
            except Exception as bug:  # noqa: BLE001 - the others depend on this thread
                _LOG.error("%s: %s", self.name, trace(bug))
            self.stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        self.close()
