"""The queue on the screen: pages, rows read again, counts, and saved views."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crm_desktop.domain.states import Channel
from crm_desktop.domain.views import (
    Cursor,
    QueueCounts,
    QueueFilter,
    QueueInfo,
    QueueNews,
    QueuePage,
    QueueRow,
    SavedViewInfo,
    ServiceInfo,
)
from crm_desktop.store.asking import alone
from crm_desktop.store.database import Database
from crm_desktop.store.queries import catalogue
from crm_desktop.store.queries import queue as queries


def page(
    db: Database, wanted: QueueFilter, after: Cursor | None = None, limit: int = 50
) -> QueuePage:
    """What is in hand and the counts (with the first page), `limit` of what waits, by breach."""
    with alone(db) as tx:
        return queries.page(tx, wanted, after, limit)


def rows(db: Database, ids: Iterable[int]) -> tuple[QueueRow, ...]:
    """These contacts as they are now; those that are gone or not this person's are missing."""
    with alone(db) as tx:
        return queries.by_ids(tx, ids)


def news(
    db: Database, ids: Iterable[int], wanted: QueueFilter, *, counting: bool = False
) -> QueueNews:
    """These contacts as they are now, without those that a list of what is `wanted` cannot show;
    with the counts, if they are to be read as well.
    """
    with alone(db) as tx:
        return queries.news(tx, ids, wanted, counting=counting)


def counts(db: Database) -> QueueCounts:
    """How much waits in this person's queues, and how much is in their hands."""
    with alone(db) as tx:
        return queries.counts(tx)


def queues(db: Database) -> tuple[QueueInfo, ...]:
    """Every queue by name."""
    with db.read() as tx:
        return catalogue.queues(tx)


def services(db: Database) -> tuple[ServiceInfo, ...]:
    """The service catalogue by group and name."""
    with db.read() as tx:
        return catalogue.services(tx)


def saved_views(db: Database) -> tuple[SavedViewInfo, ...]:
    """This person's views by name."""
    with db.read() as tx:
        return tuple(
            SavedViewInfo(id_, name, _filter(stored))
            for id_, name, stored in catalogue.saved_views(tx)
        )


def save_view(db: Database, name: str, wanted: QueueFilter) -> None:
    """Keep these filters under a name, in place of an own view of that name."""
    stored = {
        "channels": sorted(wanted.channels),
        "queue_id": wanted.queue_id,
        "service_id": wanted.service_id,
        "mine": wanted.mine,
        "overdue": wanted.overdue,
    }
    with db.write() as tx:
        catalogue.save_view(tx, name, stored)


def delete_view(db: Database, view_id: int) -> None:
    """Remove an own view."""
    with db.write() as tx:
        catalogue.delete_view(tx, view_id)


def _filter(stored: dict[str, Any]) -> QueueFilter:
    return QueueFilter(
        channels=frozenset(Channel(each) for each in stored.get("channels", ())),
        queue_id=stored.get("queue_id"),
        service_id=stored.get("service_id"),
        mine=bool(stored.get("mine")),
        overdue=bool(stored.get("overdue")),
    )
