"""The rules of a queue: its team leaders and administrators read and set them."""

from __future__ import annotations

from crm_desktop.domain import queue_settings as rules
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.queue_settings import QueueAround, QueueSettings
from crm_desktop.store.database import Database
from crm_desktop.store.queries import queue_settings as queries


def read(db: Database, queue_id: int) -> tuple[QueueSettings, QueueAround]:
    """The rules, and what they speak of. Raises NotFound."""
    with db.read() as tx:
        return queries.settings(tx, queue_id), queries.around(tx, queue_id)


def change(db: Database, queue_id: int, seen: QueueSettings, wanted: QueueSettings) -> Changes:
    """Set the rules, which hold from the next decision on.

    `seen` is what was read: Conflict when somebody changed them since, and nothing is overwritten.
    Raises InvalidInput(fields), NotFound for a queue or skill, NotAllowed.
    """
    rules.check(queue_id, wanted)
    with db.write() as tx:
        tx.guard.queue_change(queue_id, seen, wanted)
        # Routing looks anew at what waits, and team screens at the queue's promise.
        tx.changed(Topic.QUEUE_STAT, queue_id)
        return tx.changes
