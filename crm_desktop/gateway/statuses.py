"""How each account is doing: written when it changes, and now and then as a sign of life."""

from __future__ import annotations

import logging
import threading
import time

from crm_desktop.domain.errors import DatabaseTrouble
from crm_desktop.gateway.bugs import trace
from crm_desktop.services import Database, accounts

_LOG = logging.getLogger(__name__)

OK = "ok"
TROUBLE = "trouble"
_BEAT_SECONDS = 30.0


class StatusBoard:
    """Takes reports from all threads; a database that is away only delays them."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._told: dict[int, tuple[str, str]] = {}
        self._written: dict[int, tuple[tuple[str, str], float]] = {}

    def ok(self, account_id: int) -> None:
        """The account works."""
        self._tell(account_id, OK, "")

    def trouble(self, account_id: int, words: str) -> None:
        """The account does not work; `words` are for an administrator."""
        self._tell(account_id, TROUBLE, words)

    def forget(self, account_id: int) -> None:
        """Another gateway speaks for this account now."""
        with self._lock:
            self._told.pop(account_id, None)
            self._written.pop(account_id, None)

    def beat(self) -> None:
        """Write what is new, and what was last written long ago; never raises.

        Whoever reports has just sent a mail: trouble with the report must not look like trouble
        with the mail, which would be sent again.
        """
        now = time.monotonic()
        with self._lock:
            due = {
                account_id: told
                for account_id, told in self._told.items()
                if self._written.get(account_id, (None, 0.0))[0] != told
                or now - self._written[account_id][1] > _BEAT_SECONDS
            }
        for account_id, told in due.items():
            try:
                accounts.set_status(self._db, account_id, *told)
            except DatabaseTrouble:
                continue
            except Exception as bug:  # noqa: BLE001
                _LOG.error("statuses: %s", trace(bug))
                continue
            with self._lock:
                self._written[account_id] = (told, now)

    def _tell(self, account_id: int, status: str, words: str) -> None:
        with self._lock:
            known = self._told.get(account_id)
            self._told[account_id] = (status, words)
        if known != (status, words):
            self.beat()
