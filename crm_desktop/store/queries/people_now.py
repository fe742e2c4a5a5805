"""A person with their queues and skills, as whoever may change them looks at them."""

from __future__ import annotations

from sqlalchemy import and_, exists, func, or_, select

from crm_desktop.domain.people_now import PersonNow, QueueOf, Skill, SkillOf
from crm_desktop.domain.states import IN_HAND, ContactState, Presence, StaffRole
from crm_desktop.store import models
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import CURRENT
from crm_desktop.store.models import Activity, Contact, Membership, Queue, Staff, StaffSkill
from crm_desktop.store.models.base import utcnow


def person(tx: Tx, staff_id: int) -> PersonNow | None:
    """Somebody who works here; None when nobody of that number does."""
    in_hand = (
        select(func.count())
        .where(Contact.owner_id == Staff.id, Contact.state.in_([*IN_HAND, ContactState.OFFERED]))
        .scalar_subquery()
    )
    row = tx.session.execute(
        select(Staff, Activity.signed_in_at, in_hand)
        .outerjoin(Activity, Activity.staff_id == Staff.id)
        .where(Staff.id == staff_id, Staff.active)
    ).one_or_none()
    if row is None:
        return None
    staff, signed_in_at, many = row
    queues = _queues(tx, staff_id)
    leader = tx.actor
    leads = leader is not None and leader.leads and leader.id != staff_id
    if leads and leader is not None and leader.role is not StaffRole.ADMIN:
        leads = staff.role != StaffRole.ADMIN and any(each.member for each in queues)
    return PersonNow(
        id=staff.id,
        name=staff.name,
        role=StaffRole(staff.role),
        presence=Presence(staff.presence),
        presence_since=staff.presence_since,
        presence_words=staff.presence_words,
        next_presence=Presence(staff.next_presence) if staff.next_presence else None,
        back_at=staff.back_at,
        signed_in=signed_in_at is not None,
        in_hand=many,
        may_lead=leads,
        queues=queues,
        skills=_skills(tx, staff_id),
    )


def _queues(tx: Tx, staff_id: int) -> tuple[QueueOf, ...]:
    """Every queue that is the looker's to give: an administrator's all, a leader's own."""
    query = (
        select(Queue.id, Queue.name, Membership.staff_id, Membership.until, Membership.off_until)
        .outerjoin(
            Membership,
            and_(Membership.queue_id == Queue.id, Membership.staff_id == staff_id, CURRENT),
        )
        .order_by(Queue.name)
    )
    if tx.actor is not None and tx.actor.role is not StaffRole.ADMIN:
        query = query.where(Queue.id.in_(tx.actor.queues))
    now = tx.now
    return tuple(
        QueueOf(id_, name, member is not None, until, off if off and off > now else None)
        for id_, name, member, until, off in tx.session.execute(query)
    )


def _skills(tx: Tx, staff_id: int) -> tuple[SkillOf, ...]:
    has = and_(
        StaffSkill.skill_id == models.Skill.id,
        StaffSkill.staff_id == staff_id,
        or_(StaffSkill.until.is_(None), StaffSkill.until > utcnow()),
    )
    rows = tx.session.execute(
        select(models.Skill.id, models.Skill.name, StaffSkill.level, StaffSkill.until)
        .outerjoin(StaffSkill, has)
        .order_by(models.Skill.name)
    )
    return tuple(SkillOf(*row) for row in rows)


def skills(tx: Tx) -> tuple[Skill, ...]:
    """The catalogue, by name."""
    rows = tx.session.execute(
        select(models.Skill.id, models.Skill.name, func.count(StaffSkill.staff_id))
        .outerjoin(StaffSkill, StaffSkill.skill_id == models.Skill.id)
        .group_by(models.Skill.id, models.Skill.name)
        .order_by(models.Skill.name)
    )
    return tuple(Skill(*row) for row in rows)


def people_led(tx: Tx) -> tuple[tuple[int, str], ...]:
    """(id, name) of everybody whom the looker may speak to one by one, by name."""
    query = select(Staff.id, Staff.name).where(Staff.active, Staff.id != tx.actor_id)
    if tx.actor is not None and tx.actor.role is not StaffRole.ADMIN:
        shared = exists().where(
            Membership.staff_id == Staff.id, Membership.queue_id.in_(tx.actor.queues), CURRENT
        )
        query = query.where(shared)
    return tuple((id_, name) for id_, name in tx.session.execute(query.order_by(Staff.name)))
