"""What became of a visitor who came while the database was away, on SQLite: app.visit_went of
0038_visit_times.sql in Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from crm_desktop.domain.errors import Conflict, NotFound, Taken
from crm_desktop.domain.states import AssignmentState, ContactState
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import me
from crm_desktop.store.models import (
    Appointment,
    Assignment,
    Contact,
    Event,
    Place,
    Queue,
    SlotTaken,
    Staff,
    Visit,
)
from crm_desktop.store.queries import visits_sqlite as visits

_S = ContactState
_WAY = (_S.QUEUED, _S.CALLED, _S.ACTIVE, _S.COMPLETED)
_UNSEEN = (_S.NO_SHOW, _S.LEFT)
_OVER = (_S.COMPLETED, *_UNSEEN)
_KINDS = {
    _S.COMPLETED: "contact.completed",
    _S.NO_SHOW: "contact.no_show",
    _S.LEFT: "contact.left",
}
_MOST_CALLS = 99


def went(tx: Tx, p: Mapping[str, Any]) -> None:
    """See app.visit_went."""
    contact = tx.session.get(Contact, p["contact"], populate_existing=True)
    visit = tx.session.get(Visit, p["contact"], populate_existing=True)
    if contact is None or visit is None or not (contact.while_away and _may(tx, contact)):
        raise NotFound("no such visit")
    if visit.left_at is not None or contact.state in (*_OVER, _S.WRAP_UP):
        return
    if contact.owner_id not in (None, me(tx).id):
        by = tx.session.get_one(Staff, contact.owner_id).name
        raise Taken("the visitor is with somebody else", by=by)
    ends, aside = ContactState(p["state"]), contact.state in (_S.HELD, _S.PARKED)
    # Laid aside since, they were called before.
    stands = _WAY.index(_S.ACTIVE if aside else ContactState(contact.state))
    times = _times(tx, contact, p)
    if p["place"] is not None:
        place = tx.session.get(Place, p["place"])
        if place is None or place.site_id != visit.site_id:
            raise NotFound("no such desk or room")
    if len(_WAY) - 1 <= stands if ends in _OVER else _WAY.index(ends) <= stands:
        return
    if ends not in _OVER and not stands:
        visits.free(tx, p["place"])
    _write(tx, contact, visit, p, stands, times)
    _booked(tx, contact.id, ends)
    _assign(tx, contact.id, ends, stands, times)
    _tell(tx, contact, visit, p, stands, times)


def _may(tx: Tx, contact: Contact) -> bool:
    """Who knows the service, and whoever has checked them in."""
    queue = tx.session.get(Queue, contact.queue_id)
    checked_in = select(Event.id).where(
        Event.contact_id == contact.id,
        Event.kind == "contact.received",
        Event.actor_id == me(tx).id,
    )
    known = queue is not None and (not queue.restricted or queue.id in me(tx).queues)
    return known or tx.session.scalar(checked_in) is not None


def _times(tx: Tx, contact: Contact, p: Mapping[str, Any]) -> dict[str, datetime | None]:
    """When it happened, none later than now; raises Conflict for what cannot have been."""
    given = {
        name: datetime.fromisoformat(p[name]) if p[name] else None
        for name in ("called", "seen", "ended")
    }
    ends = ContactState(p["state"])
    order = [contact.received_at, *(each for each in given.values() if each)]
    known = {name for name, at in given.items() if at}
    needed = {
        _S.CALLED: {"called"}, _S.ACTIVE: {"called", "seen"}, _S.COMPLETED: {"seen", "ended"},
        _S.NO_SHOW: {"called", "ended"}, _S.LEFT: {"ended"},
    }.get(ends)  # fmt: skip
    desk = ends in (_S.CALLED, _S.ACTIVE, _S.NO_SHOW)
    if (
        needed is None
        or not needed <= known
        or (ends not in _OVER and "ended" in known)
        or (desk and p["place"] is None)
        or not 0 <= p["calls"] <= _MOST_CALLS
        or (ends is _S.COMPLETED and p["resolution"] not in visits.AT_ONCE)
        or order != sorted(order)
        or order[-1] > tx.now + timedelta(minutes=1)
    ):
        raise Conflict("this cannot have been")
    return {name: min(at, tx.now) if at else None for name, at in given.items()}


def _write(  # noqa: PLR0917 - the facts of one visit
    tx: Tx,
    contact: Contact,
    visit: Visit,
    p: Mapping[str, Any],
    stands: int,
    times: dict[str, datetime | None],
) -> None:
    ends, called, seen, ended = ContactState(p["state"]), *times.values()
    unseen = ends in _UNSEEN
    visit.place_id = None if unseen else visit.place_id if stands else p["place"]
    visit.called_at, visit.calls = called or visit.called_at, max(visit.calls, p["calls"])
    visit.seen_at, visit.left_at = visit.seen_at or seen, ended
    contact.state, contact.owner_id = ends, None if unseen else me(tx).id
    contact.state_since = ended or seen or called or tx.now
    contact.first_taken_at = contact.first_taken_at or seen
    if ends is _S.COMPLETED:
        contact.completed_at, contact.resolution = ended, p["resolution"]
        contact.avoidable, contact.end_reason = False, "normal"
    if ends in _OVER:
        contact.due_at = None
    tx.session.flush()


def _booked(tx: Tx, contact_id: int, ends: ContactState) -> None:
    if ends not in _OVER:
        return
    for booked in tx.session.scalars(
        select(Appointment).where(
            Appointment.visit_id == contact_id, Appointment.state.in_(("arrived", "served"))
        )
    ):
        booked.state = "served" if ends is _S.COMPLETED else "no_show"
        if ends is not _S.COMPLETED:
            tx.session.execute(
                delete(SlotTaken).where(
                    SlotTaken.appointment_id == booked.id, SlotTaken.at > tx.now
                )
            )


def _assign(
    tx: Tx, contact_id: int, ends: ContactState, stands: int, times: dict[str, datetime | None]
) -> None:
    called, seen, ended = times.values()
    done = AssignmentState.COMPLETED if ends is _S.COMPLETED else AssignmentState.RETURNED
    if not stands and (called or seen):
        tx.session.add(
            Assignment(
                contact_id=contact_id,
                staff_id=me(tx).id,
                state=done if ends in _OVER else AssignmentState.ACCEPTED,
                accepted_at=called or seen,
                ended_at=ended,
                how="called" if called else "counter",
            )
        )
    elif ends in _OVER:
        for each in tx.session.scalars(
            select(Assignment).where(
                Assignment.contact_id == contact_id, Assignment.ended_at.is_(None)
            )
        ):
            each.state, each.ended_at = done, ended
    tx.session.flush()


def _tell(  # noqa: PLR0917 - the facts of one visit
    tx: Tx,
    contact: Contact,
    visit: Visit,
    p: Mapping[str, Any],
    stands: int,
    times: dict[str, datetime | None],
) -> None:
    ends, called, seen, ended = ContactState(p["state"]), *times.values()
    if not stands and called:
        facts = {"place": p["place"], "site": visit.site_id, "calls": p["calls"]}
        visits.log(tx, "visit.called", contact.id, at=called, **facts)
    if stands < _WAY.index(_S.ACTIVE) and seen:
        visits.log(tx, "contact.taken", contact.id, at=seen)
    if ended:
        facts = {"before": "called" if called else "queued"}
        if ends is _S.COMPLETED:
            facts = {
                "resolution": p["resolution"],
                "avoidable": False,
                "service": contact.service_id,
            }
        visits.log(tx, _KINDS[ends], contact.id, at=ended, **facts)
