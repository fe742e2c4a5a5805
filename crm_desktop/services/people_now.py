"""What a team leader does for people: queues and skills for good or for a while, and signing
somebody out; presence is `services.presence.set_for`.
"""

from __future__ import annotations

from collections.abc import Sequence

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.people_now import PersonNow, QueueOf, Skill, SkillOf
from crm_desktop.store import leading
from crm_desktop.store.database import Database
from crm_desktop.store.queries import people_now as queries


def person(db: Database, staff_id: int) -> PersonNow:
    """Somebody with the queues that this leader may give or take, and every skill.

    Raises NotFound.
    """
    with db.read() as tx:
        found = queries.person(tx, staff_id)
    if found is None:
        raise NotFound(what="That person")
    return found


def people_led(db: Database) -> tuple[tuple[int, str], ...]:
    """(id, name) of everybody whom this leader may speak to one by one."""
    with db.read() as tx:
        return queries.people_led(tx)


def change(
    db: Database, staff_id: int, queues: Sequence[QueueOf] = (), skills: Sequence[SkillOf] = ()
) -> Changes:
    """Make these queues and skills of a person so, all or none; others stay as they are.

    Raises NotAllowed unless this person leads them and the queues are their own for as long,
    NotFound, and InvalidInput for a past time.
    """
    with db.write() as tx:
        for queue in queues:
            leading.set_queue(
                tx,
                staff_id,
                queue.queue_id,
                member=queue.member,
                until=queue.until if queue.member else None,
                off_until=queue.off_until if queue.member else None,
            )
        for skill in skills:
            until = skill.until if skill.level is not None else None
            leading.set_skill(tx, staff_id, skill.skill_id, skill.level, until)
        tx.changed(Topic.STAFF, staff_id)
        return tx.changes


def sign_out(db: Database, staff_id: int) -> Changes:
    """Close a person's desktops; they may sign in again, and their unsent text is kept.

    What they had in hand returns by rule. Raises NotAllowed and NotFound.
    """
    with db.write() as tx:
        freed = leading.sign_out(tx, staff_id)
        tx.changed(Topic.STAFF, staff_id)
        tx.changed(Topic.CONTACT, *freed)
        return tx.changes


def skills(db: Database) -> tuple[Skill, ...]:
    """The catalogue of skills, by name."""
    with db.read() as tx:
        return queries.skills(tx)


def put_skill(db: Database, skill_id: int | None, name: str) -> Changes:
    """Add a skill (None), or call one another name; for administrators.

    Raises NotAllowed, NotFound, InvalidInput for no name, Conflict for one that is taken.
    """
    with db.write() as tx:
        leading.put_skill(tx, skill_id, name)
        tx.changed(Topic.STAFF, 0)
        return tx.changes
