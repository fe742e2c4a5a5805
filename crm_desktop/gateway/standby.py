"""A door whose port is somebody else's: said once, and no trouble while another gateway serves."""

from __future__ import annotations

import errno
import logging

from crm_desktop.gateway.statuses import StatusBoard
from crm_desktop.services import Database, accounts
from crm_desktop.services.accounts import Account

_LOG = logging.getLogger(__name__)


def words_for(what: str, port: int, error: OSError) -> str:
    """Why a port for `what` cannot be had, and what happens now."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} for {what} is taken, by another gateway or program. "
            "This gateway stands by and takes it over when it is free."
        )
    return f"Cannot listen for {what} on port {port}: {error.strerror}."


class Standby:
    """What one door says while it waits for its port."""

    def __init__(self, db: Database, statuses: StatusBoard) -> None:
        self._db = db
        self._statuses = statuses
        self._said = ""

    def say(self, account: Account | None, words: str) -> None:
        """Call at every try that failed; the account is in trouble only if nobody serves it."""
        if words != self._said:
            # Two that start at once: the other's first sign of life may be under way.
            _LOG.warning("%s", words)
            self._said = words
        elif account is not None:
            if accounts.is_served(self._db, account.id):
                self._statuses.forget(account.id)
            else:
                self._statuses.trouble(account.id, words)
