"""Offers and urgency on SQLite: the rules of migrations/sql/0009_*.sql."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed
from crm_desktop.domain.people import Person
from crm_desktop.domain.routing import MOST_BOOST
from crm_desktop.domain.states import IN_HAND, AssignmentState, ContactState, DeclineReason
from crm_desktop.store.guard_sqlite_calls import TALKED
from crm_desktop.store.models import Assignment, AtPlace, Contact, Event, RoutingDecision, Visit
from crm_desktop.store.models.base import utcnow

_LONGEST_REASON = 200
_ENDED = (
    *(ContactState.COMPLETED, ContactState.SPAM),
    *(ContactState.ABANDONED, ContactState.FAILED),
)
_OPEN = Assignment.ended_at.is_(None)


def decline(
    session: Session, me: Person, contact: Contact, reason: DeclineReason, words: str
) -> None:
    """See `Guard.decline`."""
    if contact.owner_id != me.id:
        raise NotAllowed("it was not offered to you")
    if len(words) > _LONGEST_REASON or (reason is DeclineReason.OTHER and not words.strip()):
        raise InvalidInput("say why, in up to 200 letters")
    _back(contact)
    session.execute(
        update(Assignment)
        .where(Assignment.contact_id == contact.id, _OPEN)
        .values(
            state=AssignmentState.DECLINED,
            ended_at=utcnow(),
            reason=reason.value,
            note=words.strip(),
        )
    )
    _log(session, me, "contact.declined", contact.id, reason=reason.value)


def boost(session: Session, me: Person, contact: Contact, points: int, reason: str) -> None:
    """See `Guard.boost`."""
    if contact.state in _ENDED:
        raise Conflict(f"the contact is {contact.state}")
    if not 0 <= points <= MOST_BOOST:
        raise InvalidInput("0 to 5 points")
    reason = reason.strip()
    if not reason or len(reason) > _LONGEST_REASON:
        raise InvalidInput("say why, in up to 200 letters")
    before, contact.boost = contact.boost, points
    contact.boost_reason = reason if points else ""
    _log(session, me, "contact.boosted", contact.id, points=points, before=before, reason=reason)


def return_work(session: Session, actor: Person | None, staff_id: int, why: str) -> tuple[int, ...]:
    """What is offered, in hand or in wrap-up goes back to its queue and has waited all the time.

    What is parked is nobody's now and stays so; never what they talk about at this moment. Gives
    all their ids. They work at no desk or room any more.
    """
    going = (ContactState.OFFERED, ContactState.CALLED, *IN_HAND)
    held = session.scalars(
        select(Contact)
        .where(
            Contact.owner_id == staff_id,
            Contact.state.in_([*going, ContactState.PARKED]),
            ~TALKED,
        )
        .order_by(Contact.id)
        .execution_options(populate_existing=True)
    ).all()
    for contact in held:
        if contact.state == ContactState.PARKED:
            contact.owner_id = None
            _log(session, actor, "contact.let_go", contact.id, reason=why, staff=staff_id)
            continue
        _back(contact)
        session.execute(update(Visit).where(Visit.contact_id == contact.id).values(place_id=None))
        for assignment in session.scalars(
            select(Assignment).where(Assignment.contact_id == contact.id, _OPEN)
        ):
            offered = assignment.state == AssignmentState.OFFERED
            assignment.state = AssignmentState.RESCINDED if offered else AssignmentState.RETURNED
            assignment.ended_at = utcnow()
            assignment.note = why
        session.add(
            RoutingDecision(
                contact_id=contact.id, queue_id=contact.queue_id, staff_id=staff_id, kind="returned"
            )
        )
        _log(session, actor, "contact.returned", contact.id, reason=why, staff=staff_id)
    session.execute(
        update(AtPlace)
        .where(AtPlace.staff_id == staff_id, AtPlace.left_at.is_(None))
        .values(left_at=utcnow())
    )
    session.flush()
    return tuple(contact.id for contact in held)


def _back(contact: Contact) -> None:
    """It waits in its queue, and has waited all the time."""
    contact.state, contact.state_since = ContactState.QUEUED, utcnow()
    contact.owner_id = None


def _log(
    session: Session, actor: Person | None, kind: str, contact_id: int, **data: object
) -> None:
    session.add(
        Event(kind=kind, actor_id=actor.id if actor else None, contact_id=contact_id, data=data)
    )
    session.flush()
