"""Doing outgoing work: claimed under a lease, tried with backoff, settled under the same lease.

A lane is one kind of work with one handler. What has an unknown fate is repeated at most once and
marked; what gives up stands visibly as dead. Nothing is dropped.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.states import OutboxState
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import events, leases
from crm_desktop.store.queries import outbox as queries
from crm_desktop.store.queries.outbox import Work

__all__ = ["MAX_ATTEMPTS", "Lane", "Work", "claim", "perform", "seconds_until_due"]

#: After so many tries a person decides.
MAX_ATTEMPTS = 8
#: How long a claim stands unrenewed before another try; longer than any connector's timeouts.
CLAIM_SECONDS = 180.0
_FIRST_DELAY = timedelta(seconds=5)
_LONGEST_DELAY = timedelta(hours=1)
_REPEATED_ONCE = "Nobody can tell whether it arrived; it was repeated once already"


@dataclass(frozen=True, slots=True)
class Lane:
    """One kind of outgoing work, and how it is done.

    `perform` speaks to the outside, outside any transaction, and returns what to write when it
    went well; it raises ConnectorTrouble otherwise (`fate="unknown"` in its params when the work
    may have arrived nevertheless). `gave_up` writes that it never will by itself, with the words
    why. Both writings happen in the transaction that settles the item. `subject` marks what
    changed for the desktops and gives the event's contact.
    """

    name: str
    perform: Callable[[Database, Work], Callable[[Tx], None]]
    gave_up: Callable[[Tx, Work, str], None]
    subject: Callable[[Tx, Work], int | None]

    @property
    def lease_name(self) -> str:
        """The lease under which one gateway does this lane."""
        return f"outbox:{self.name}"


def seconds_until_due(db: Database, lane: Lane) -> float | None:
    """How long until the lane has something to do, None when nothing waits."""
    with db.read() as tx:
        return queries.seconds_until_due(tx, lane.name)


def claim(db: Database, lane: Lane, lease: Lease, limit: int = 1) -> tuple[Work, ...]:
    """Take due work; raises LeaseLost. What vanished twice becomes a dead letter here."""
    with db.write() as tx:
        leases.check(tx, lease.name, lease.fence)
        claimed = queries.claim(tx, lane.name, lease.fence, CLAIM_SECONDS, limit)
        for work in claimed.doubtful:
            _die(tx, lane, work, _REPEATED_ONCE)
        for work in claimed.work:
            if work.unknown_fate:
                _log(tx, lane, work, "outbox.repeated")
        return claimed.work


def perform(db: Database, lane: Lane, lease: Lease, work: Work) -> Changes:
    """Try one claimed piece of work and settle it; raises LeaseLost with nothing written."""
    try:
        written = lane.perform(db, work)
    except ConnectorTrouble as trouble:
        return _failed(db, lane, lease, work, trouble)
    with db.write() as tx:
        leases.check(tx, lease.name, lease.fence)
        written(tx)
        queries.settle(tx, work, OutboxState.DONE)
        return tx.changes


def _failed(
    db: Database, lane: Lane, lease: Lease, work: Work, trouble: ConnectorTrouble
) -> Changes:
    words = str(trouble)
    unknown = trouble.params.get("fate") == "unknown"
    with db.write() as tx:
        leases.check(tx, lease.name, lease.fence)
        if unknown and work.unknown_fate:
            _die(tx, lane, work, f"{_REPEATED_ONCE}: {words}")
        elif not trouble.retry or work.attempts >= MAX_ATTEMPTS:
            _die(tx, lane, work, words)
        else:
            queries.settle(
                tx,
                work,
                OutboxState.PENDING,
                error=words,
                after=backoff(work.attempts),
                unknown_fate=work.unknown_fate or unknown,
            )
            lane.subject(tx, work)
        return tx.changes


def _die(tx: Tx, lane: Lane, work: Work, words: str) -> None:
    queries.settle(tx, work, OutboxState.DEAD, error=words)
    lane.gave_up(tx, work, words)
    _log(tx, lane, work, "outbox.dead")


def _log(tx: Tx, lane: Lane, work: Work, kind: str) -> None:
    contact_id = lane.subject(tx, work)
    events.append(
        tx, kind, contact_id=contact_id, outbox=work.id, lane=lane.name, attempts=work.attempts
    )
    tx.changed(Topic.ACCOUNT, 0)


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many tries: 5 s doubled each time up to an hour, ± a quarter."""
    delay = min(_FIRST_DELAY * (1 << (attempts - 1)), _LONGEST_DELAY)
    return delay * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing
