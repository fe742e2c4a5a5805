"""What a team leader does for people; the database decides who may (sql/0012_people.sql).

SQLite follows the same rules in Python; both pass tests/integration/store/test_people_contract.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, insert, or_, select, text

from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.people import Person
from crm_desktop.domain.people_now import LEVELS
from crm_desktop.domain.states import StaffRole
from crm_desktop.store import guard_sqlite_offers as offers
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Event,
    Membership,
    Queue,
    SignOut,
    Skill,
    Staff,
    StaffSkill,
)
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import presence_sqlite

#: Why the work of somebody who was signed out went back.
SIGNED_OUT = "signed out by a team leader"
_LONGEST_SKILL = 80
#: Belongs now, not only until yesterday.
CURRENT = or_(Membership.until.is_(None), Membership.until > utcnow())
_ENDED = text(
    "SELECT EXISTS (SELECT 1 FROM membership WHERE until <= :now OR off_until <= :now)"
    " OR EXISTS (SELECT 1 FROM staff_skill WHERE until <= :now)"
)


def call(tx: Tx, function: str, **given: object) -> Any:
    """What one of the guarded functions gives; on PostgreSQL."""
    names = ", ".join(f":{name}" for name in given)
    found = tx.settle().execute(text(f"SELECT app.{function}({names})"), given)
    tx.forget()
    return found.scalar()


def call_json(tx: Tx, function: str, given: Mapping[str, object]) -> Any:
    """What one that is given one JSON object gives."""
    statement = text(f"SELECT app.{function}(CAST(:given AS jsonb))")
    found = tx.settle().execute(statement, {"given": json.dumps(given)})
    tx.forget()
    return found.scalar()


def me(tx: Tx) -> Person:
    """Who asks; raises NotAllowed for nobody."""
    if tx.actor is None:
        raise NotAllowed("not signed in as staff")
    return tx.actor


def belongs(tx: Tx, staff_id: int, queues: frozenset[int]) -> bool:
    """Whether a person belongs to one of these queues now."""
    shared = exists().where(
        Membership.staff_id == staff_id, Membership.queue_id.in_(queues), CURRENT
    )
    return bool(tx.session.scalar(select(shared)))


def set_queue(
    tx: Tx,
    staff_id: int,
    queue_id: int,
    *,
    member: bool,
    until: datetime | None,
    off_until: datetime | None,
) -> None:
    """Let a person belong to a queue, until a time or for good; or to it no more.

    Until `off_until` nothing of it is offered to them. Raises NotAllowed for a queue that is not
    one's own, or for longer than it is, and for oneself; NotFound; InvalidInput for a past time.
    """
    if tx.dialect == "postgresql":
        call(
            tx, "person_queue",
            staff=staff_id, queue=queue_id, member=member, until=until, off_until=off_until,
        )  # fmt: skip
        return
    person, leader = _led(tx, staff_id), me(tx)
    if tx.session.get(Queue, queue_id) is None:
        raise NotFound("no such queue")
    _check_own_queue(tx, leader, queue_id, until, member=member)
    if member and any(each is not None and each <= tx.now for each in (until, off_until)):
        raise InvalidInput("a time to come")
    known = tx.session.get(Membership, (person.id, queue_id), populate_existing=True)
    if not member:
        tx.session.execute(
            delete(Membership).where(
                Membership.staff_id == person.id, Membership.queue_id == queue_id
            )
        )
    elif known is None:
        tx.session.add(
            Membership(staff_id=person.id, queue_id=queue_id, until=until, off_until=off_until)
        )
    else:
        known.until, known.off_until = until, off_until
    _log(
        tx, "staff.queue", person.id,
        queue=queue_id, member=member, until=_iso(until), off_until=_iso(off_until),
    )  # fmt: skip


def set_skill(
    tx: Tx, staff_id: int, skill_id: int, level: int | None, until: datetime | None
) -> None:
    """Say how well a person can do something, until a time or for good; None: not any more.

    Raises NotAllowed, NotFound, and InvalidInput for a level that is none or a past time.
    """
    if tx.dialect == "postgresql":
        call(tx, "person_skill", staff=staff_id, skill=skill_id, level=level, until=until)
        return
    person = _led(tx, staff_id)
    if tx.session.get(Skill, skill_id) is None:
        raise NotFound("no such skill")
    past = until is not None and until <= tx.now
    if level is not None and (level not in LEVELS or past):
        raise InvalidInput("a level of 1 to 5, and a time to come")
    known = tx.session.get(StaffSkill, (person.id, skill_id), populate_existing=True)
    if known is not None and level is None:
        tx.session.delete(known)
    elif known is not None and level is not None:
        known.level, known.until = level, until
    elif level is not None:
        tx.session.add(StaffSkill(staff_id=person.id, skill_id=skill_id, level=level, until=until))
    _log(tx, "staff.skill", person.id, skill=skill_id, level=level, until=_iso(until))


def put_skill(tx: Tx, skill_id: int | None, name: str) -> int:
    """A new skill, or another name for a known one; raises NotAllowed unless an administrator asks,
    InvalidInput, Conflict for a name that is taken, and NotFound.
    """
    if tx.dialect == "postgresql":
        made: int = call(tx, "skill_put", skill=skill_id, name=name)
        return made
    if tx.actor is not None and tx.actor.role is not StaffRole.ADMIN:
        raise NotAllowed("only an administrator may say who works here")
    name = name.strip()
    if not name or len(name) > _LONGEST_SKILL:
        raise InvalidInput(f"a name of up to {_LONGEST_SKILL} letters")
    same = select(Skill.id).where(func.lower(Skill.name) == name.lower())
    if tx.session.scalar(same.where(Skill.id != skill_id) if skill_id else same) is not None:
        raise Conflict("a skill of that name is there")
    if skill_id is None:
        newest = tx.session.scalar(select(func.max(Skill.id))) or 0
        bare = "".join(each if each.isalnum() and each.isascii() else "_" for each in name.lower())
        skill = Skill(code=f"{bare.strip('_')}_{newest + 1}", name=name)
        tx.session.add(skill)
    else:
        found = tx.session.get(Skill, skill_id)
        if found is None:
            raise NotFound("no such skill")
        skill = found
        skill.name = name
    tx.session.flush()
    tx.session.add(Event(kind="skill.put", actor_id=tx.actor_id, data={"skill": skill.id}))
    tx.session.flush()
    return skill.id


def sign_out(tx: Tx, staff_id: int) -> tuple[int, ...]:
    """Close a person's desktops; gives the contacts that went back to their queues.

    They may sign in again. Raises NotAllowed and NotFound.
    """
    if tx.dialect == "postgresql":
        return tuple(call(tx, "sign_out", staff=staff_id))
    person = _led(tx, staff_id)
    tx.session.add(SignOut(staff_id=person.id, by_id=me(tx).id))
    tx.session.flush()
    given = offers.return_work(tx.session, tx.actor, person.id, SIGNED_OUT)
    leader = me(tx).id
    presence_sqlite.sign_out(tx, person.id, by=leader, actor=leader, why=SIGNED_OUT)
    return given


def signed_out_by(tx: Tx, staff_id: int) -> str:
    """Who closed a person's desktops last; empty when nobody did."""
    query = (
        select(Staff.name)
        .join(SignOut, SignOut.by_id == Staff.id)
        .where(SignOut.staff_id == staff_id)
        .order_by(SignOut.id.desc())
    )
    return tx.session.scalar(query.limit(1)) or ""


def any_ended(tx: Tx) -> bool:
    """Whether something that was for a while is over; [gateway]."""
    return bool(tx.core.scalar(_ENDED.bindparams(now=_bound(tx))))


def end_whiles(tx: Tx) -> tuple[int, ...]:
    """Take back what was for a while and is over; gives the people whom it concerns; [gateway]."""
    if tx.dialect == "postgresql":
        return tuple(call(tx, "whiles_end"))
    over: list[tuple[int, dict[str, int]]] = []
    for row in tx.session.scalars(select(Membership).where(Membership.until <= utcnow())):
        over.append((row.staff_id, {"queue": row.queue_id}))
        tx.session.delete(row)
    tx.session.flush()
    for row in tx.session.scalars(select(Membership).where(Membership.off_until <= utcnow())):
        over.append((row.staff_id, {"back_on": row.queue_id}))
        row.off_until = None
    for had in tx.session.scalars(select(StaffSkill).where(StaffSkill.until <= utcnow())):
        over.append((had.staff_id, {"skill": had.skill_id}))
        tx.session.delete(had)
    tx.session.flush()
    events = [
        {"kind": "staff.while_ended", "data": {"staff": staff_id, **what}}
        for staff_id, what in over
    ]
    if events:
        tx.session.execute(insert(Event), events)
    return tuple(sorted({staff_id for staff_id, _ in over}))


def _bound(tx: Tx) -> object:
    """Now, as the dialect's raw SQL compares it."""
    if tx.dialect == "postgresql":
        return tx.now
    return tx.now.replace(tzinfo=None).isoformat(" ", "microseconds")


def _led(tx: Tx, staff_id: int) -> Staff:
    leader = me(tx)
    if not leader.leads:
        raise NotAllowed("a team leader does that")
    person = tx.session.get(Staff, staff_id, populate_existing=True)
    if person is None or not person.active:
        raise NotFound("nobody of that number works here")
    if person.id == leader.id:
        raise NotAllowed("one's own are for somebody else to change")
    if leader.role is not StaffRole.ADMIN and (
        person.role == StaffRole.ADMIN or not belongs(tx, staff_id, leader.queues)
    ):
        raise NotAllowed("not somebody of your queues")
    return person


def _check_own_queue(
    tx: Tx, leader: Person, queue_id: int, until: datetime | None, *, member: bool
) -> None:
    if leader.role is StaffRole.ADMIN:
        return
    mine = tx.session.scalar(
        select(Membership).where(
            Membership.staff_id == leader.id, Membership.queue_id == queue_id, CURRENT
        )
    )
    if mine is None:
        raise NotAllowed("not a queue of yours")
    if member and mine.until is not None and (until is None or until > mine.until):
        raise NotAllowed("not for longer than it is yours")


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _log(tx: Tx, kind: str, staff_id: int, **data: object) -> None:
    tx.session.flush()
    tx.session.add(Event(kind=kind, actor_id=tx.actor_id, data={"staff": staff_id, **data}))
    tx.session.flush()
