"""What decides where an arrival goes: accounts, services, queues and their clocks.

Read whole once a transaction, in a few statements, so that it is never older than that and several
arrivals share the cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from crm_desktop.domain.matching import ServiceWords
from crm_desktop.store.database import Tx
from crm_desktop.store.models import OpeningCalendar, Queue, QueueTarget, Service
from crm_desktop.store.queries import accounts
from crm_desktop.store.queries.accounts import Account

#: The queue that takes what nothing else does.
GENERAL_QUEUE = "general"


@dataclass(frozen=True, slots=True)
class QueueRules:
    """How a queue counts: its opening hours as JSON, and its targets by channel.

    A target is (seconds, whether they count in opening hours only).
    """

    queue_id: int
    code: str
    priority: int
    hours: dict[str, Any]
    targets: dict[str, tuple[int, bool]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceRules:
    """What a service says about contacts and cases that concern it."""

    id: int
    code: str
    name: str
    queue_id: int
    priority: int
    case_target_seconds: int | None


@dataclass(frozen=True, slots=True)
class Routing:
    """All of it, by id. `words`: what people write about each service that is offered."""

    accounts: Mapping[int, Account]
    own_addresses: frozenset[str]
    services: Mapping[int, ServiceRules]
    words: tuple[ServiceWords, ...]
    queues: Mapping[int, QueueRules]

    def service_by_code(self, code: str) -> ServiceRules | None:
        """A service by its code."""
        return next((each for each in self.services.values() if each.code == code), None)

    @property
    def general_queue(self) -> QueueRules | None:
        """The queue for what nothing else takes: the one with the code, else the oldest."""
        queues = self.queues.values()
        general = (each for each in queues if each.code == GENERAL_QUEUE)
        return next(general, next(iter(queues), None))

    def account_at(self, kind: str, addresses: frozenset[str]) -> Account | None:
        """The account in use of a kind that one of the addresses is of, else the first."""
        found = [each for each in self.accounts.values() if each.active and each.kind == kind]
        meant = (each for each in found if each.address in addresses)
        return next(meant, found[0] if found else None)


_SERVICES = select(
    Service.id,
    Service.code,
    Service.name,
    Service.queue_id,
    Service.priority,
    Service.case_target_seconds,
    Service.keywords,
    Service.active & ~Service.restricted,
).order_by(Service.id)
_QUEUES = (
    select(Queue.id, Queue.code, Queue.priority, OpeningCalendar.hours)
    .join(OpeningCalendar, OpeningCalendar.id == Queue.calendar_id)
    .order_by(Queue.id)
)
_TARGETS = select(
    QueueTarget.queue_id, QueueTarget.channel, QueueTarget.seconds, QueueTarget.in_opening_hours
)


def read(tx: Tx) -> Routing:
    """How things stand in this transaction."""
    known = {each.id: each for each in accounts.everyone(tx)}
    services: dict[int, ServiceRules] = {}
    words: list[ServiceWords] = []
    for row in tx.core.execute(_SERVICES):
        services[row[0]] = ServiceRules(*row[:6])
        # Restricted ones are never guessed.
        if row[6] and row[7]:
            words.append(ServiceWords(row[0], _weighted(row[6])))
    queues = {row[0]: QueueRules(*row) for row in tx.core.execute(_QUEUES)}
    for queue_id, channel, seconds, in_opening_hours in tx.core.execute(_TARGETS):
        if queue_id in queues:
            queues[queue_id].targets[channel] = (seconds, in_opening_hours)
    own = frozenset(each.address for each in known.values() if each.address)
    return Routing(known, own, services, tuple(words), queues)


def _weighted(keywords: Iterable[object]) -> tuple[tuple[str, float], ...]:
    """Catalogue keywords: a plain phrase weighs its words, a pair [phrase, weight] what it says."""
    found = []
    for each in keywords:
        if isinstance(each, str):
            found.append((each, float(len(each.split()))))
        elif isinstance(each, list | tuple) and len(each) == 2:
            found.append((str(each[0]), float(each[1])))
    return tuple(found)
