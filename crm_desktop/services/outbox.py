"""Doing outgoing work: claimed under a lease, tried with backoff, settled under the same lease.

A lane is one kind of work with one handler. What has an unknown fate is repeated at most once and
marked; what gives up stands visibly as dead. Nothing is dropped.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from traceback import extract_tb

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import ConnectorTrouble, CrmError
from crm_desktop.domain.states import OutboxState
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import events, leases
from crm_desktop.store.queries import outbox as queries
from crm_desktop.store.queries.outbox import Work

__all__ = [
    "MAX_ATTEMPTS",
    "Lane",
    "Outcome",
    "Work",
    "attempt",
    "claim",
    "lease_of",
    "put_back",
    "seconds_until_due",
    "settle",
]

_LOG = logging.getLogger(__name__)

#: After so many tries a person decides.
MAX_ATTEMPTS = 8
#: How long a claim stands unrenewed before another try; longer than any connector's timeouts.
CLAIM_SECONDS = 180.0
_FIRST_DELAY = timedelta(seconds=5)
_LONGEST_DELAY = timedelta(hours=1)
_REPEATED_ONCE = "Nobody can tell whether it arrived; it was repeated once already"


def _nobody_knows(_tx: Tx, _work: Work) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Lane:
    """One kind of outgoing work, and how it is done.

    `perform` speaks to the outside, outside any transaction, and returns what to write when it
    went well; it raises ConnectorTrouble otherwise (`fate="unknown"` in its params when the work
    may have arrived nevertheless). `gave_up` writes that it never will by itself, with the words
    why. Both writings happen in the transaction that settles the item. `subject` marks what
    changed for the desktops and gives the event's contact. `stands` says whether somebody has seen
    meanwhile that it was done: then it is done, whatever became of the tries.
    """

    name: str
    perform: Callable[[Database, Work], Callable[[Tx], None]]
    gave_up: Callable[[Tx, Work, str], None]
    subject: Callable[[Tx, Work], int | None]
    stands: Callable[[Tx, Work], bool] = _nobody_knows

    @property
    def lease_name(self) -> str:
        """The lease under which one gateway does this lane."""
        return _lease_name(self.name)


def lease_of(work: Work) -> Lease:
    """The lease under which a piece of work was claimed."""
    return Lease(_lease_name(work.lane), work.fence)


def _lease_name(lane: str) -> str:
    return f"outbox:{lane}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try: what to write when it went well, or the trouble."""

    written: Callable[[Tx], None] | None = None
    trouble: ConnectorTrouble | None = None


def seconds_until_due(db: Database, lane: Lane, lease: Lease) -> float | None:
    """How long until the lane has something to do, None when nothing waits."""
    with db.read() as tx:
        return queries.seconds_until_due(tx, lane.name, lease.fence)


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


def put_back(db: Database, lane: Lane, lease: Lease, in_hand: Iterable[int]) -> None:
    """Free what this lease claimed and nobody has in hand: it was never begun. Raises LeaseLost."""
    with db.write() as tx:
        leases.check(tx, lease.name, lease.fence)
        queries.put_back(tx, lane.name, lease.fence, in_hand)


def attempt(db: Database, lane: Lane, work: Work) -> Outcome:
    """Try one claimed piece of work, outside any transaction; never raises."""
    try:
        return Outcome(lane.perform(db, work))
    except ConnectorTrouble as trouble:
        return Outcome(trouble=trouble)
    except CrmError as trouble:
        # The database went away before anything left.
        return Outcome(trouble=ConnectorTrouble(trouble.code, retry=True))
    except Exception as bug:  # noqa: BLE001
        # One poisonous item must not stop the lane; a person sees it in the end.
        kind, place = type(bug).__name__, extract_tb(bug.__traceback__)[-1]
        _LOG.error("outbox %d, %s: %s at %s:%s", work.id, lane.name, kind, place.name, place.lineno)
        words = f"The program failed ({type(bug).__name__})"
        return Outcome(trouble=ConnectorTrouble(words, retry=True))


def settle(db: Database, lane: Lane, lease: Lease, work: Work, outcome: Outcome) -> Changes:
    """Write what came of a try; raises LeaseLost with nothing written, or DatabaseTrouble."""
    with db.write() as tx:
        leases.check(tx, lease.name, lease.fence)
        if outcome.trouble is not None:
            _settle_trouble(tx, lane, work, outcome.trouble)
        else:
            queries.settle(tx, work, OutboxState.DONE)
            if outcome.written is not None:
                outcome.written(tx)
        return tx.changes


def _settle_trouble(tx: Tx, lane: Lane, work: Work, trouble: ConnectorTrouble) -> None:
    words = str(trouble)
    unknown = trouble.params.get("fate") == "unknown"
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
            after=max(backoff(work.attempts), _asked_to_wait(trouble)),
            unknown_fate=work.unknown_fate or unknown,
        )
        lane.subject(tx, work)


def _asked_to_wait(trouble: ConnectorTrouble) -> timedelta:
    """How long the other side said that it will not listen (its rate limits)."""
    said = trouble.params.get("after_seconds")
    return timedelta(seconds=said) if isinstance(said, int | float) else timedelta()


def _die(tx: Tx, lane: Lane, work: Work, words: str) -> None:
    if lane.stands(tx, work):
        queries.settle(tx, work, OutboxState.DONE)
        return
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
