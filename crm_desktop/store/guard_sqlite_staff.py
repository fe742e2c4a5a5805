"""Who works here, on SQLite: the rules of migrations/sql/0005_staff.sql without logins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import AssignmentState, ContactState, Presence, StaffRole
from crm_desktop.store.models import Assignment, Contact, Event, Membership, Queue, Staff
from crm_desktop.store.models.base import utcnow

_HELD = (
    *(ContactState.ACTIVE, ContactState.HELD, ContactState.WRAP_UP),
    *(ContactState.OFFERED, ContactState.PARKED),
)
_LONGEST_NAME = 200


class Staffing:
    """The staff half of `guard.Guard` for SQLite; `actor` None is the file's owner."""

    def __init__(self, session: Session, actor: Person | None) -> None:
        self._session = session
        self._actor = actor

    def add(
        self,
        login: str,
        name: str,
        role: StaffRole,
        queues: Sequence[int],
    ) -> int:
        """See `Guard.staff_add`."""
        _check_keeper(self._actor)
        _check_fits(self._session, name, queues)
        if self._session.scalar(select(exists().where(Staff.login == login))):
            raise Conflict("somebody has that login")
        staff = Staff(login=login, name=name.strip(), role=role, presence=Presence.OFFLINE)
        self._session.add(staff)
        self._session.flush()
        _belong(self._session, staff.id, queues)
        _log(self._session, self._actor, "staff.added", staff.id, role=role, queues=list(queues))
        return staff.id

    def change(
        self,
        staff_id: int,
        name: str,
        role: StaffRole,
        queues: Sequence[int],
    ) -> None:
        """See `Guard.staff_change`."""
        _check_keeper(self._actor)
        staff = _person(self._session, staff_id)
        had = sorted(
            self._session.scalars(
                select(Membership.queue_id).where(Membership.staff_id == staff_id)
            )
        )
        wanted = sorted(set(queues))
        _check_fits(self._session, name, queues)
        if (
            self._actor is not None
            and staff_id == self._actor.id
            and (role != staff.role or wanted != had)
        ):
            raise NotAllowed("one's own role and queues are another administrator's")
        if role != StaffRole.ADMIN:
            _check_not_last(self._session, staff)
        before = staff.role
        staff.name, staff.role = name.strip(), role
        self._session.flush()
        # What stays keeps its time: somebody may have it for a while.
        gone = [each for each in had if each not in wanted]
        self._session.execute(
            delete(Membership).where(Membership.staff_id == staff_id, Membership.queue_id.in_(gone))
        )
        _belong(self._session, staff_id, [each for each in wanted if each not in had])
        _log(
            self._session, self._actor, "staff.changed", staff_id,
            role=role, role_before=before, queues=wanted, queues_before=had,
        )  # fmt: skip

    def disable(self, staff_id: int) -> tuple[int, ...]:
        """See `Guard.staff_disable`; a file has no sessions to end."""
        _check_keeper(self._actor)
        staff = _person(self._session, staff_id)
        if self._actor is not None and staff_id == self._actor.id:
            raise NotAllowed("another administrator must do that")
        _check_not_last(self._session, staff)
        if not staff.active:
            return ()
        self._session.execute(
            update(Staff)
            .where(Staff.id == staff_id)
            .values(
                active=False,
                presence=Presence.OFFLINE,
                next_presence=None,
                presence_since=utcnow(),
            )
        )
        freed = tuple(
            self._session.scalars(
                select(Contact.id)
                .where(Contact.owner_id == staff_id, Contact.state.in_(_HELD))
                .order_by(Contact.id)
            )
        )
        _put_back(self._session, self._actor, freed)
        _log(self._session, self._actor, "staff.disabled", staff_id)
        return freed

    def enable(self, staff_id: int) -> None:
        """See `Guard.staff_enable`."""
        _check_keeper(self._actor)
        staff = _person(self._session, staff_id)
        if not staff.active:
            staff.active = True
            self._session.flush()
            _log(self._session, self._actor, "staff.enabled", staff_id)

    def reset(self, staff_id: int) -> None:
        """See `Guard.staff_reset`; a file has no passwords, but what was done is told alike."""
        _check_keeper(self._actor)
        _person(self._session, staff_id)
        _log(self._session, self._actor, "staff.reset", staff_id)


def _check_keeper(actor: Person | None) -> None:
    """Nobody in particular is the file's owner, as `crm-desktop admin` opens it."""
    if actor is not None and actor.role is not StaffRole.ADMIN:
        raise NotAllowed("only an administrator may say who works here")


def _check_fits(session: Session, name: str, queues: Sequence[int]) -> None:
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise InvalidInput(f"a name of up to {_LONGEST_NAME} letters")
    known = set(session.scalars(select(Queue.id)))
    if not known.issuperset(queues):
        raise NotFound("no such queue")


def _person(session: Session, staff_id: int) -> Staff:
    staff = session.get(Staff, staff_id, populate_existing=True)
    if staff is None:
        raise NotFound("nobody of that number works here")
    return staff


def _check_not_last(session: Session, staff: Staff) -> None:
    if staff.role != StaffRole.ADMIN or not staff.active:
        return
    others = select(func.count()).where(
        Staff.role == StaffRole.ADMIN, Staff.active, Staff.id != staff.id
    )
    if not session.scalar(others):
        raise Conflict("the last administrator stays one")


def _belong(session: Session, staff_id: int, queues: Sequence[int]) -> None:
    rows = [{"staff_id": staff_id, "queue_id": queue_id} for queue_id in sorted(set(queues))]
    if rows:
        session.execute(insert(Membership), rows)


def _put_back(session: Session, actor: Person | None, contact_ids: Sequence[int]) -> None:
    session.execute(
        update(Contact)
        .where(Contact.id.in_(contact_ids))
        .values(
            state=ContactState.QUEUED,
            state_since=utcnow(),
            queued_at=utcnow(),
            owner_id=None,
            parked_until=None,
            parked_for_reply=False,
        )
    )
    session.execute(
        update(Assignment)
        .where(Assignment.contact_id.in_(contact_ids), Assignment.ended_at.is_(None))
        .values(state=AssignmentState.RETURNED, ended_at=utcnow(), note="disabled")
    )
    for contact_id in contact_ids:
        session.add(
            Event(
                kind="contact.returned",
                actor_id=actor.id if actor else None,
                contact_id=contact_id,
                data={"reason": "their owner works here no more"},
            )
        )


def _log(session: Session, actor: Person | None, kind: str, staff_id: int, **data: Any) -> None:
    session.flush()
    session.add(
        Event(kind=kind, actor_id=actor.id if actor else None, data={"staff": staff_id, **data})
    )
    session.flush()
