"""A queue's rules on SQLite: those of 0014_queue_settings.sql and 0020_wrap_up.sql."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm_desktop.domain import queue_settings as rules
from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.people import Person
from crm_desktop.domain.queue_settings import QueueSettings, may_change
from crm_desktop.store.models import Event, Queue, QueueSkill, QueueTarget, Skill


def change(
    session: Session, me: Person, queue_id: int, seen: QueueSettings, wanted: QueueSettings
) -> None:
    """See `Guard.queue_change`."""
    before = settings_data(session, queue_id)
    if before is None:
        raise NotFound("no such queue")
    if not may_change(me, queue_id):
        raise NotAllowed("a team leader of the queue or an administrator sets its rules")
    if before != seen.to_data():
        raise Conflict("somebody else changed this queue meanwhile")
    rules.check(queue_id, wanted)
    _check_named(session, queue_id, wanted)
    _write(session, queue_id, wanted)
    after = settings_data(session, queue_id)
    data = {"queue": queue_id, "before": before, "after": after}
    session.add(Event(kind="queue.changed", actor_id=me.id, data=data))
    session.flush()


def settings_data(session: Session, queue_id: int) -> dict[str, Any] | None:
    """What `app.queue_settings` gives, on SQLite."""
    queue = session.get(Queue, queue_id, populate_existing=True)
    if queue is None:
        return None
    targets = session.scalars(select(QueueTarget).where(QueueTarget.queue_id == queue_id))
    skills = session.scalars(select(QueueSkill).where(QueueSkill.queue_id == queue_id))
    return {
        "push": queue.push,
        "offer_seconds": queue.offer_seconds,
        "ageing_seconds": queue.ageing_seconds,
        "last_advisor_seconds": queue.last_advisor_seconds,
        "overflow_queue_id": queue.overflow_queue_id,
        "overflow_seconds": queue.overflow_seconds,
        "wrap_up": queue.wrap_up,
        "wrap_up_seconds": queue.wrap_up_seconds,
        "targets": {
            each.channel: {
                "seconds": each.seconds,
                "in_opening_hours": each.in_opening_hours,
                "goal": each.goal,
                "short_seconds": each.short_seconds,
                "variant": each.variant,
            }
            for each in targets
        },
        "skills": {
            str(each.skill_id): {"level": each.level, "relax_seconds": each.relax_seconds}
            for each in skills
        },
    }


def _check_named(session: Session, queue_id: int, wanted: QueueSettings) -> None:
    """The queue and the skills that it speaks of are there, and may be spoken of."""
    if wanted.overflow_queue_id is not None:
        queue, other = (session.get(Queue, each) for each in (queue_id, wanted.overflow_queue_id))
        if queue is None or other is None:
            raise NotFound("no such queue")
        if queue.restricted and not other.restricted:
            raise InvalidInput("a restricted queue overflows into restricted ones alone")
    if not set(session.scalars(select(Skill.id))).issuperset(wanted.skills):
        raise NotFound("no such skill")


def _write(session: Session, queue_id: int, wanted: QueueSettings) -> None:
    data = wanted.to_data()
    targets, skills = data.pop("targets"), data.pop("skills")
    queue = session.get_one(Queue, queue_id)
    for name, value in data.items():
        setattr(queue, name, value)
    for table in (QueueTarget, QueueSkill):
        session.execute(delete(table).where(table.queue_id == queue_id))
    session.add_all(
        QueueTarget(queue_id=queue_id, channel=channel, **each) for channel, each in targets.items()
    )
    session.add_all(
        QueueSkill(queue_id=queue_id, skill_id=int(id_), **each) for id_, each in skills.items()
    )
    session.flush()
