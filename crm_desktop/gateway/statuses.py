"""How each account is doing: written when it changes, and now and then as a sign of life."""

from __future__ import annotations

import logging
import threading
import time

from crm_desktop.domain.errors import DatabaseTrouble, LeaseLost
from crm_desktop.gateway.bugs import trace
from crm_desktop.services import Database, accounts
from crm_desktop.services.leases import Lease

OK = "ok"
TROUBLE = "trouble"
_BEAT_SECONDS = 30.0

_LOG = logging.getLogger(__name__)
#: Status, words, and the lease under which it was said.
_Told = tuple[str, str, Lease | None]


class StatusBoard:
    """Takes reports from all threads; a database that is away only delays them.

    `under` is the lease of whoever reports; with it gone, so is what it said.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._told: dict[int, _Told] = {}
        self._written: dict[int, tuple[_Told, float]] = {}

    def ok(self, account_id: int, under: Lease | None = None) -> None:
        """The account works."""
        self._tell(account_id, (OK, "", under))

    def trouble(self, account_id: int, words: str, under: Lease | None = None) -> None:
        """The account does not work; `words` are for an administrator."""
        self._tell(account_id, (TROUBLE, words, under))

    def forget(self, account_id: int) -> None:
        """Another gateway speaks for this account now."""
        with self._lock:
            self._told.pop(account_id, None)
            self._written.pop(account_id, None)

    def beat(self) -> None:
        """Write what is new, and what was last written long ago. Never raises."""
        now = time.monotonic()
        with self._lock:
            due = {
                account_id: told
                for account_id, told in self._told.items()
                if self._written.get(account_id, (None, 0.0))[0] != told
                or now - self._written[account_id][1] > _BEAT_SECONDS
            }
        for account_id, told in due.items():
            self._write(account_id, told, now)

    def _write(self, account_id: int, told: _Told, now: float) -> None:
        try:
            accounts.set_status(self._db, account_id, *told)
        except LeaseLost:
            self._forget_if(account_id, told)
        except DatabaseTrouble:
            pass
        except Exception as bug:  # noqa: BLE001 - a mail that was just sent must not look unsent
            _LOG.error("statuses: %s", trace(bug))
        else:
            with self._lock:
                self._written[account_id] = (told, now)

    def _forget_if(self, account_id: int, told: _Told) -> None:
        with self._lock:
            if self._told.get(account_id) == told:
                del self._told[account_id]

    def _tell(self, account_id: int, told: _Told) -> None:
        with self._lock:
            known = self._told.get(account_id)
            self._told[account_id] = told
        if known != told:
            self.beat()
