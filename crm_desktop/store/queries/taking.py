"""Taking a contact: the move, the notice and the contact as it is then.

On PostgreSQL one call (app.take, app.take_next), for a transaction of one statement.
"""

from __future__ import annotations

from sqlalchemy import text

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.views import Moved, QueueFilter
from crm_desktop.store.database import Tx
from crm_desktop.store.queries import queue
from crm_desktop.store.queries.from_json import queue_row

_TAKE = text("SELECT app.take(:contact)")
_NEXT = text("SELECT app.take_next(:channels, :queue, :service, :overdue)")


def take(tx: Tx, contact_id: int) -> Moved:
    """Take this one; raises Taken(by) or NotFound."""
    if tx.dialect == "postgresql":
        return _told(tx, contact_id, tx.core.execute(_TAKE, {"contact": contact_id}).scalar())
    tx.guard.claim(contact_id)
    return as_it_is(tx, contact_id)


def take_next(tx: Tx, wanted: QueueFilter) -> Moved | None:
    """Take the most urgent that fits; None when nothing waits."""
    if tx.dialect == "postgresql":
        found = tx.core.execute(
            _NEXT,
            {
                "channels": sorted(wanted.channels) or None,
                "queue": wanted.queue_id,
                "service": wanted.service_id,
                "overdue": wanted.overdue,
            },
        ).scalar()
        return None if found is None else _told(tx, *found)
    contact_id = tx.guard.claim_next(wanted)
    return None if contact_id is None else as_it_is(tx, contact_id)


def as_it_is(tx: Tx, contact_id: int) -> Moved:
    """A contact that was moved, as it is now."""
    tx.changed(Topic.CONTACT, contact_id)
    tx.settle()
    return Moved(contact_id, next(iter(queue.by_ids(tx, [contact_id])), None), tx.changes)


def _told(tx: Tx, contact_id: int, listed: list[list[object]] | None) -> Moved:
    tx.told(Topic.CONTACT, contact_id)
    row = None if listed is None else queue_row(listed[0], listed[1])  # type: ignore[arg-type]
    return Moved(contact_id, row, tx.changes)
