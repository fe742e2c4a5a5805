"""The rules of a queue as one value, and what they speak of."""

from __future__ import annotations

from sqlalchemy import select, text

from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.queue_settings import QueueAround, QueueSettings, may_change
from crm_desktop.store.database import Tx
from crm_desktop.store.guard_sqlite_queues import settings_data
from crm_desktop.store.models import Queue, Skill
from crm_desktop.store.queries.from_json import parsed

_ASKED = text("SELECT app.queue_settings(:queue)")


def settings(tx: Tx, queue_id: int) -> QueueSettings:
    """The rules as they are now; raises NotFound."""
    if tx.dialect == "postgresql":
        found = parsed(tx.core.scalar(_ASKED, {"queue": queue_id}))
    else:
        found = settings_data(tx.session, queue_id)
    if found is None:
        raise NotFound("no such queue")
    return QueueSettings.from_data(found)


def around(tx: Tx, queue_id: int) -> QueueAround:
    """What else the rules need to be shown; raises NotFound."""
    queues = {
        id_: (name, restricted)
        for id_, name, restricted in tx.core.execute(
            select(Queue.id, Queue.name, Queue.restricted).order_by(Queue.name)
        )
    }
    if queue_id not in queues:
        raise NotFound("no such queue")
    name, restricted = queues[queue_id]
    others = {
        id_: other
        for id_, (other, closed) in queues.items()
        if id_ != queue_id and (closed or not restricted)
    }
    rows = tx.core.execute(select(Skill.id, Skill.name).order_by(Skill.name))
    skills = {row.id: row.name for row in rows}
    return QueueAround(name, restricted, others, skills, may_change(tx.actor, queue_id))
