"""Safety markers on SQLite: the rules of migrations/sql/0005_quality.sql."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import MarkerState, StaffRole
from crm_desktop.store.models import Customer, Event, SafetyMarker

_UNDECIDED = (MarkerState.PROPOSED, MarkerState.REVIEW_DUE)


def propose(session: Session, me: Person, customer_id: int, words: str) -> int:
    """See `Guard.marker_propose`."""
    if not words.strip():
        raise InvalidInput("say what colleagues must know")
    if session.get(Customer, customer_id) is None:
        raise NotFound("no such customer")
    marker = SafetyMarker(customer_id=customer_id, state=MarkerState.PROPOSED, words=words.strip())
    session.add(marker)
    session.flush()
    _log(session, me, "marker.proposed", marker)
    return marker.id


def activate(session: Session, me: Person, marker_id: int, review_on: date) -> None:
    """See `Guard.marker_activate`."""
    marker = _decided(session, me, marker_id, _UNDECIDED)
    if review_on <= datetime.now(UTC).date():
        raise InvalidInput("a day to come on which it is reviewed")
    marker.state, marker.review_on = MarkerState.ACTIVE, review_on
    _log(session, me, "marker.activated", marker)


def end(session: Session, me: Person, marker_id: int) -> None:
    """See `Guard.marker_end`."""
    marker = _decided(session, me, marker_id, (*_UNDECIDED, MarkerState.ACTIVE))
    marker.state = MarkerState.REMOVED
    _log(session, me, "marker.ended", marker)


def _decided(
    session: Session, me: Person, marker_id: int, states: tuple[MarkerState, ...]
) -> SafetyMarker:
    if me.role is not StaffRole.TEAM_LEADER:
        raise NotAllowed("a team leader decides that")
    marker = session.get(SafetyMarker, marker_id, populate_existing=True)
    if marker is None:
        raise NotFound("no such marker")
    if marker.state not in states:
        raise Conflict(f"the marker is {marker.state}")
    return marker


def _log(session: Session, me: Person, kind: str, marker: SafetyMarker) -> None:
    session.add(
        Event(
            kind=kind,
            actor_id=me.id,
            customer_id=marker.customer_id,
            data={"marker": marker.id},
        )
    )
    session.flush()
