"""How mailboxes, listeners and back offices are doing, and what the gateway needs to run them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.views import AccountStatus
from crm_desktop.services import leases
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database
from crm_desktop.store.queries import accounts as queries
from crm_desktop.store.queries.accounts import Account

__all__ = [
    "Account",
    "active",
    "get",
    "is_served",
    "must_be_writable",
    "set_status",
    "setting",
    "statuses",
]

#: A gateway that serves an account gives a sign of life at least every 30 s.
_SIGN_OF_LIFE = timedelta(seconds=90)


def statuses(db: Database) -> tuple[AccountStatus, ...]:
    """Every account in use with its status."""
    with db.read() as tx:
        return queries.statuses(tx)


def active(db: Database) -> tuple[Account, ...]:
    """Every account in use as the gateway runs it, with settings and cursor."""
    with db.read() as tx:
        return queries.active(tx)


def get(db: Database, account_id: int) -> Account:
    """One account, active or not; raises NotFound."""
    with db.read() as tx:
        account = queries.get(tx, account_id)
    if account is None:
        raise NotFound(f"no channel account {account_id}")
    return account


def setting(db: Database, key: str) -> dict[str, Any]:
    """One fact about the centre, empty when it was never set."""
    with db.read() as tx:
        return queries.setting(tx, key)


def must_be_writable(db: Database) -> None:
    """Raise DatabaseTrouble unless what comes in now could be written."""
    with db.write() as tx:
        queries.try_to_write(tx)


def is_served(db: Database, account_id: int) -> bool:
    """Whether some gateway said lately that the account works."""
    with db.read() as tx:
        found = next((each for each in queries.statuses(tx) if each.id == account_id), None)
        return found is not None and found.status == "ok" and tx.now - found.at < _SIGN_OF_LIFE


def set_status(
    db: Database, account_id: int, status: str, words: str, under: Lease | None = None
) -> Changes:
    """Write an account's heartbeat; desktops are told only of what is new.

    `under` is the lease of whoever serves the account; raises LeaseLost.
    """
    with leases.writing(db, under) as tx:
        if queries.set_status(tx, account_id, status, words):
            tx.changed(Topic.ACCOUNT, account_id)
        return tx.changes
