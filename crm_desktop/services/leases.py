"""Fenced leases: one gateway at a time does each piece of work, and a late one writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import leases as queries

#: How long a lease lasts unrenewed, and how often it is renewed, in seconds.
LEASE_SECONDS = 8.0
RENEW_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Lease:
    """Ownership of one piece of work; `fence` grows whenever the owner changes."""

    name: str
    fence: int


check = queries.check


@contextmanager
def writing(db: Database, under: Lease | None) -> Iterator[Tx]:
    """A transaction that raises LeaseLost with nothing written unless the lease is still ours.

    Without a lease it is a transaction like any other: for a door, which needs none.
    """
    with db.write() as tx:
        if under is not None:
            check(tx, under.name, under.fence)
        yield tx


def acquire(db: Database, name: str, owner: str, seconds: float = LEASE_SECONDS) -> Lease | None:
    """Take a free or expired lease, None while another owner holds it."""
    return acquire_all(db, [name], owner, seconds).get(name)


def acquire_all(
    db: Database, names: Iterable[str], owner: str, seconds: float = LEASE_SECONDS
) -> Mapping[str, Lease]:
    """Those of the leases that were free, now taken, in one transaction."""
    taken: dict[str, Lease] = {}
    with db.write() as tx:
        for name in sorted(names):
            fence = queries.acquire(tx, name, owner, seconds)
            if fence is not None:
                taken[name] = Lease(name, fence)
    return taken


def renew(db: Database, held: Iterable[Lease], seconds: float = LEASE_SECONDS) -> frozenset[Lease]:
    """Prolong the leases; those that are still ours come back."""
    with db.write() as tx:
        return frozenset(
            lease
            for lease in sorted(held, key=lambda each: each.name)
            if queries.renew(tx, lease.name, lease.fence, seconds)
        )


def release(db: Database, held: Iterable[Lease]) -> None:
    """Give leases up, so that another gateway takes over at once."""
    with db.write() as tx:
        for lease in sorted(held, key=lambda each: each.name):
            queries.release(tx, lease.name, lease.fence)
