"""Calls: what the PBX says of one becomes of its contact, and what the desktop shows of it.

The gateway's half writes under the lease of whoever holds the PBX. Each takes its locks in one
order (contact, assignment, call, legs), decides by what then stands, and writes nothing that has
happened already: an event that comes twice, late or after the next changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from crm_desktop.domain.call_outcomes import why_not_reached
from crm_desktop.domain.calls import CallState, CallView, LegRole, LegState
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import Conflict
from crm_desktop.domain.states import AssignmentState, ContactState
from crm_desktop.services.intake_parts import calling, calling_back
from crm_desktop.services.intake_parts.calling import Arrival
from crm_desktop.services.leases import Lease, writing
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import call_views, events
from crm_desktop.store.queries import calls as queries
from crm_desktop.store.queries.calls import Offer, Standing, StandingLeg

__all__ = [
    "Arrival",
    "Ended",
    "Offer",
    "Standing",
    "StandingLeg",
    "Unanswered",
    "answered",
    "candidates",
    "ended",
    "found",
    "going_on",
    "leg_began",
    "leg_ended",
    "leg_up",
    "lost",
    "mine",
    "not_answered",
    "of",
    "received",
    "ringing",
    "seen",
    "standing",
    "standing_of",
    "why_unanswered",
]

#: Where a caller waits, for a person or for one to pick up.
_WAITS = (ContactState.QUEUED, ContactState.OFFERED)
_TALKS = (ContactState.ACTIVE, ContactState.HELD)
_HUNG_UP_AS_MEANT = (CallState.VOICEMAIL, CallState.CALLBACK)
_SEEN = {
    CallState.HELD: "call.held",
    CallState.CONFERENCE: "call.conference",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that is over. `state` is its contact's now; `was` what the call did before."""

    contact_id: int
    state: ContactState
    was: CallState
    by: str
    cut_off: bool
    changes: Changes = field(default_factory=Changes)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why somebody is not responding: their phone was rung for this contact and nobody spoke.

    `reason` is no_answer, busy, rejected or unreachable; it was offered from then until then.
    """

    contact_id: int
    reason: str
    offered_at: datetime
    at: datetime


# What the desktop shows


def mine(db: Database) -> tuple[CallView, ...]:
    """The calls that one has, is offered or has not wrapped up, and those one's phone is in."""
    with db.read_at_once() as tx:
        return call_views.mine(tx)


def of(db: Database, contact_id: int) -> CallView | None:
    """A contact's call, None when it has none; raises NotFound for who may not read it."""
    with db.read_at_once() as tx:
        return call_views.of(tx, contact_id)


def candidates(db: Database, contact_id: int) -> tuple[tuple[int, str], ...]:
    """Whose number it is, as (customer id, name), for who has the call; raises NotFound."""
    with db.read_at_once() as tx:
        return call_views.candidates(tx, contact_id)


def why_unanswered(db: Database) -> Unanswered | None:
    """Why one let the newest offer pass, when that was a call: of one's own phone."""
    with db.read() as tx:
        row = queries.why_unanswered(tx, tx.actor_id) if tx.actor_id else None
        return Unanswered(*row) if row else None


# What the gateway knows and writes


def standing(db: Database, account_id: int) -> tuple[Standing, ...]:
    """Every call of a PBX that has not ended."""
    with db.read() as tx:
        return queries.of_account(tx, account_id)


def standing_of(db: Database, contact_ids: Iterable[int]) -> tuple[Standing, ...]:
    """Those of the contacts whose call has not ended."""
    with db.read() as tx:
        return queries.of_contacts(tx, contact_ids)


def received(db: Database, arrival: Arrival, under: Lease) -> int:
    """A call came in: its contact, queued; of the same channel the same one every time."""
    with writing(db, under) as tx:
        known = queries.of_channel(tx, arrival.account_id, arrival.channel)
        if known is not None:
            return known
        contact_id = calling.take_in(tx, arrival)
        calling_back.called_again(tx, contact_id)
        return contact_id


def leg_began(
    db: Database,
    contact_id: int,
    channel: str,
    role: LegRole,
    under: Lease,
    *,
    staff_id: int | None = None,
    number: str = "",
    name: str = "",
    mode: str = "",
) -> Changes:
    """A channel is about to be called for a contact; written first, so that none is unknown.

    Raises Conflict when the call is over: whoever is in it would be on the telephone for ever.
    """
    with writing(db, under) as tx:
        going_on(tx, contact_id)
        queries.add_leg(
            tx, contact_id, channel, role,
            staff_id=staff_id, number=number, name=name, mode=mode,
        )  # fmt: skip
        if staff_id is not None and role is not LegRole.ADVISOR:
            # Whoever is asked or listens knows nothing of this contact until they are told.
            tx.changed(Topic.STAFF, staff_id)
        return _told(tx, contact_id)


def going_on(tx: Tx, contact_id: int) -> Standing:
    """A call that has not ended, locked; raises Conflict when it has."""
    call = queries.locked(tx, contact_id)
    if call is None:
        raise Conflict("the call has ended")
    return call


def ringing(db: Database, contact_id: int, under: Lease) -> Changes:
    """The phone of whoever it is offered to rings."""
    with writing(db, under) as tx:
        call = queries.locked(tx, contact_id)
        if call is None or call.offer is None or call.state is not CallState.WAITING:
            return Changes()
        _set(tx, call, CallState.RINGING)
        events.append(tx, "call.ringing", contact_id=contact_id, staff=call.offer.staff_id)
        return _told(tx, contact_id)


def answered(db: Database, contact_id: int, assignment_id: int, channel: str, under: Lease) -> bool:
    """Their phone was picked up: it is theirs. False when it is offered to them no longer."""
    with writing(db, under) as tx:
        call = queries.locked(tx, contact_id)
        offer = call.offer if call else None
        if call is None or offer is None or offer.assignment_id != assignment_id:
            return False
        staff_id = offer.staff_id
        queries.change_contact(tx, contact_id, state=ContactState.ACTIVE.value, **_first(tx, call))
        queries.accept(tx, contact_id)
        _set(tx, call, CallState.TALKING, answered_at=call.answered_at or tx.now, counted_at=tx.now)
        queries.change_leg(tx, channel, state=LegState.UP.value, up_at=utcnow())
        waited = round((tx.now - call.queued_at).total_seconds(), 1)
        events.append(tx, "contact.taken", contact_id=contact_id, staff=staff_id)
        events.append(tx, "call.answered", contact_id=contact_id, staff=staff_id, waited=waited)
        tx.changed(Topic.CONTACT, contact_id)
        _told(tx, contact_id)
        return True


def _first(tx: Tx, call: Standing) -> dict[str, datetime]:
    # Who has it again after a transfer was not the first.
    return {} if call.answered_at else {"first_taken_at": tx.now}


def not_answered(
    db: Database,
    call: Standing,
    offer: Offer,
    under: Lease,
    *,
    reason: str,
    cause: int | None,
) -> bool:
    """Nobody picked up: it waits in its old place, its person is not responding and told why.

    `reason` is no_answer, busy, rejected or unreachable, `cause` the PBX's (Q.850). False when the
    offer was over already.
    """
    with writing(db, under) as tx:
        over = queries.unanswered(tx, call.contact_id, offer, reason, cause)
        if over:
            tx.changed(Topic.CONTACT, call.contact_id)
            tx.changed(Topic.STAFF, offer.staff_id)
        now = queries.locked(tx, call.contact_id)
        if now is not None and now.state is CallState.RINGING:
            _set(tx, now, CallState.WAITING)
        _told(tx, call.contact_id)
        return over


def leg_up(db: Database, contact_id: int, channel: str, under: Lease) -> Changes:
    """A channel of a call was picked up."""
    with writing(db, under) as tx:
        if not queries.change_leg(tx, channel, state=LegState.UP.value, up_at=utcnow()):
            return Changes()
        return _told(tx, contact_id)


def leg_ended(
    db: Database, contact_id: int, channel: str, cause: int | None, under: Lease
) -> Changes:
    """A channel of a call is gone, the call is not."""
    with writing(db, under) as tx:
        gone = {"state": LegState.ENDED.value, "ended_at": utcnow(), "cause": cause}
        if not queries.change_leg(tx, channel, **gone):
            return Changes()
        return _told(tx, contact_id)


def seen(db: Database, contact_id: int, state: CallState, under: Lease) -> Changes:
    """What a call does, by who is in which bridge; with it the sums of talking and holding."""
    with writing(db, under) as tx:
        call = queries.locked(tx, contact_id)
        if call is None or call.state is state:
            return Changes()
        _set(tx, call, state)
        kind = _SEEN.get(state)
        if state is CallState.CONSULTING:
            third = next(iter(call.legs_of(LegRole.THIRD)[-1:]), None)
            to = {"staff": third.staff_id} if third and third.staff_id else {}
            events.append(tx, "call.consulting", contact_id=contact_id, to=to)
        elif state is CallState.TALKING and call.state in _WAITING_WITHIN:
            kind = "call.resumed"
        if kind:
            events.append(tx, kind, contact_id=contact_id)
        return _told(tx, contact_id)


_WAITING_WITHIN = (CallState.HELD, CallState.CONSULTING, CallState.CONFERENCE)


def ended(
    db: Database, contact_id: int, *, by: str, cause: int | None, cut_off: bool, under: Lease
) -> Ended | None:
    """A call is over: given up while it waited, in wrap-up once somebody had it.

    `by` is caller, advisor or pbx. None when it had ended already.
    """
    with writing(db, under) as tx:
        call = queries.locked(tx, contact_id)
        # Who leaves a message or will be called back hangs up as they should (services.callers).
        if call is None or call.state in _HUNG_UP_AS_MEANT:
            return None
        cut_off = cut_off and call.contact_state in _TALKS
        sums = queries.counted(call, tx.now)
        queries.change(
            tx, contact_id, state=CallState.ENDED.value, state_since=utcnow(), ended_at=utcnow(),
            ended_by=by, cause=cause, cut_off=cut_off, muted=False, lost_since=None, **sums,
        )  # fmt: skip
        queries.end_legs(tx, contact_id)
        events.append(
            tx, "call.ended", contact_id=contact_id, by=by, cause=cause, cut_off=cut_off,
            talk=sums.get("talk_seconds", call.talk_seconds),
            hold=sums.get("hold_seconds", call.hold_seconds),
        )  # fmt: skip
        state = _contact_after(tx, call, by, cause)
        if state is not call.contact_state:
            tx.changed(Topic.CONTACT, contact_id)
        if cut_off:
            calling_back.after_cut_off(tx, contact_id)
        _told(tx, contact_id)
        return Ended(contact_id, state, call.state, by, cut_off, tx.changes)


def _contact_after(tx: Tx, call: Standing, by: str, cause: int | None) -> ContactState:
    """What a call's end makes of its contact; what a person made of it by hand stays."""
    contact_id, was = call.contact_id, call.contact_state
    if was in _WAITS:
        queries.change_contact(
            tx, contact_id,
            state=ContactState.ABANDONED.value, owner_id=None, end_reason="abandoned",
        )  # fmt: skip
        queries.assignment(tx, contact_id, AssignmentState.RESCINDED, ended_at=utcnow())
        waited = round((tx.now - call.queued_at).total_seconds(), 1)
        ringing = was is ContactState.OFFERED
        events.append(
            tx, "contact.abandoned", contact_id=contact_id, waited=waited, ringing=ringing
        )
        return ContactState.ABANDONED
    if was not in (*_TALKS, ContactState.DIALLING):
        return was
    failed = {}
    if was is ContactState.DIALLING:
        failed = {"end_reason": why_not_reached(by, cause)}
        events.append(tx, "call.failed", contact_id=contact_id, cause=cause, by=by)
    queries.change_contact(tx, contact_id, state=ContactState.WRAP_UP.value, **failed)
    queries.assignment(tx, contact_id, AssignmentState.WRAPPING)
    events.append(tx, "contact.wrap_up", contact_id=contact_id, staff=call.owner_id)
    return ContactState.WRAP_UP


def lost(db: Database, account_id: int, under: Lease) -> Changes:
    """The PBX cannot be seen: nothing of its calls is sure until it is."""
    with writing(db, under) as tx:
        tx.changed(Topic.CALL, *queries.lose(tx, account_id))
        return tx.changes


def found(db: Database, account_id: int, under: Lease) -> Changes:
    """The PBX is seen again, and its calls were made to agree."""
    with writing(db, under) as tx:
        tx.changed(Topic.CALL, *queries.find(tx, account_id))
        return tx.changes


def _set(tx: Tx, call: Standing, state: CallState, **values: object) -> None:
    sums = queries.counted(call, tx.now)
    queries.change(
        tx, call.contact_id, state=state.value, state_since=utcnow(), **{**sums, **values}
    )


def _told(tx: Tx, contact_id: int) -> Changes:
    tx.changed(Topic.CALL, contact_id)
    return tx.changes
