"""What a command makes of a call where the PBX's own events say nothing of it: whose it is now.

For the gateway, under the PBX's lease. Each looks again at what then stands, in the order of locks
of `services.calls`, and raises Conflict when it is another's by now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm_desktop.domain.calls import CallState, LegRole
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, NotFound
from crm_desktop.domain.states import AssignmentState, Channel, ContactState
from crm_desktop.domain.wrap_up import TRANSFERRED_OUT
from crm_desktop.services.calls import going_on
from crm_desktop.services.intake_parts import finding
from crm_desktop.services.leases import Lease, writing
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import call_passing as passing
from crm_desktop.store.queries import calls as queries
from crm_desktop.store.queries import events, messages
from crm_desktop.store.queries.calls import Standing, StandingLeg
from crm_desktop.store.queries.routing import read as read_routing

#: So urgent is who was passed on: they have waited before.
PASSED_ON = 3
_PASSED_ON_WORDS = "Passed on by a colleague"
WARNED = "warned and ended"


@dataclass(frozen=True, slots=True)
class Passing:
    """A call that its holder passes on, blind."""

    contact_id: int
    by: int
    note: str = ""


def muted(db: Database, contact_id: int, staff_id: int, under: Lease, *, on: bool) -> None:
    """The holder is heard no more, or again."""
    with writing(db, under) as tx:
        _of_theirs(tx, contact_id, staff_id)
        queries.change(tx, contact_id, muted=on)
        kind = "call.muted" if on else "call.unmuted"
        events.append(tx, kind, contact_id=contact_id, staff=staff_id)
        tx.changed(Topic.CALL, contact_id)


def recording(db: Database, contact_id: int, state: str, why: str, under: Lease) -> None:
    """What is said is recorded (on), or left out for now (paused)."""
    with writing(db, under) as tx:
        going_on(tx, contact_id)
        queries.change(tx, contact_id, recording=state)
        events.append(tx, "call.recording", contact_id=contact_id, state=state, why=why)
        tx.changed(Topic.CALL, contact_id)


def listens(db: Database, contact_id: int, channel: str, mode: str, under: Lease) -> None:
    """A listener wants to be in the call in another way."""
    with writing(db, under) as tx:
        queries.change_leg(tx, channel, mode=mode)
        tx.changed(Topic.CALL, contact_id)


def listened(db: Database, contact_id: int, staff_id: int, mode: str, under: Lease) -> None:
    """A team leader hears a call now: how."""
    with writing(db, under) as tx:
        events.append(tx, "call.listened", contact_id=contact_id, staff=staff_id, mode=mode)
        tx.changed(Topic.CALL, contact_id)


def warned(db: Database, contact_id: int, staff_id: int, words: str, under: Lease) -> None:
    """The caller was warned, and the call is ended for it."""
    with writing(db, under) as tx:
        _of_theirs(tx, contact_id, staff_id)
        queries.change_contact(tx, contact_id, end_reason=WARNED)
        events.append(tx, "call.warned", contact_id=contact_id, staff=staff_id, reason=words)
        tx.changed(Topic.CONTACT, contact_id)


def to_queue(db: Database, what: Passing, queue_id: int, under: Lease) -> None:
    """The caller waits again, in this queue, before who has not waited yet."""
    with writing(db, under) as tx:
        call = _held(tx, what)
        _wait_again(tx, call, queue_id, owner_id=None)
        queries.assignment(
            tx, what.contact_id, AssignmentState.TRANSFERRED, ended_at=utcnow(), note=what.note
        )
        _passed(tx, call, what, {"queue": queue_id})


def to_person(db: Database, what: Passing, staff_id: int, under: Lease) -> None:
    """It is offered to a colleague, and waits in its queue when they do not pick up."""
    with writing(db, under) as tx:
        call = _held(tx, what)
        _wait_again(tx, call, call.queue_id, owner_id=staff_id)
        queries.assignment(
            tx, what.contact_id, AssignmentState.TRANSFERRED, ended_at=utcnow(), note=what.note
        )
        passing.offer(tx, what.contact_id, staff_id, what.note)
        _passed(tx, call, what, {"staff": staff_id})


def to_outside(
    db: Database, contact_id: int, by: int, number: str, under: Lease, *, how: str
) -> None:
    """The caller goes on with somebody outside, and the holder wraps up.

    After a blind transfer the PBX alone has the call, so that it has ended for us; after a warm
    one it ends when one of the two hangs up.
    """
    with writing(db, under) as tx:
        call = _held(tx, Passing(contact_id, by))
        sums = queries.counted(call, tx.now)
        queries.change(tx, contact_id, muted=False, **{**sums, "counted_at": None})
        queries.change_contact(
            tx, contact_id, state=ContactState.WRAP_UP.value, end_reason=TRANSFERRED_OUT
        )
        queries.assignment(tx, contact_id, AssignmentState.WRAPPING)
        to = {"number": number}
        events.append(tx, "call.transferred", contact_id=contact_id, staff=by, to=to, how=how)
        if how == "blind":
            _over(tx, call, sums)
        events.append(tx, "contact.wrap_up", contact_id=contact_id, staff=by)
        tx.changed(Topic.CONTACT, contact_id)
        tx.changed(Topic.CALL, contact_id)


def _over(tx: Tx, call: Standing, sums: Mapping[str, object]) -> None:
    queries.change(
        tx, call.contact_id, state=CallState.ENDED.value, state_since=utcnow(), ended_at=utcnow(),
        ended_by="advisor",
    )  # fmt: skip
    queries.end_legs(tx, call.contact_id)
    events.append(
        tx, "call.ended", contact_id=call.contact_id, by="advisor", cause=None, cut_off=False,
        talk=sums.get("talk_seconds", call.talk_seconds),
        hold=sums.get("hold_seconds", call.hold_seconds),
    )  # fmt: skip


def handed_over(db: Database, contact_id: int, by: int, third: StandingLeg, under: Lease) -> None:
    """Whoever was asked has the call now, and the contact with all that belongs to it."""
    if third.staff_id is None:
        raise Conflict("they are no colleague")
    with writing(db, under) as tx:
        call = _held(tx, Passing(contact_id, by))
        queries.change_contact(
            tx, contact_id, state=ContactState.ACTIVE.value, owner_id=third.staff_id
        )
        queries.assignment(tx, contact_id, AssignmentState.TRANSFERRED, ended_at=utcnow())
        passing.give(tx, contact_id, third.staff_id)
        queries.change_leg(tx, third.channel, role=LegRole.ADVISOR.value)
        queries.change(tx, contact_id, muted=False)
        to = {"staff": third.staff_id}
        events.append(
            tx, "contact.transferred", contact_id=contact_id,
            queue=None, staff=third.staff_id, from_queue=call.queue_id, by=by,
        )  # fmt: skip
        events.append(tx, "contact.taken", contact_id=contact_id, staff=third.staff_id)
        events.append(tx, "call.transferred", contact_id=contact_id, staff=by, to=to, how="warm")
        tx.changed(Topic.STAFF, by, third.staff_id)
        tx.changed(Topic.CONTACT, contact_id)
        tx.changed(Topic.CALL, contact_id)


def extension_of(db: Database, staff_id: int) -> str:
    """Where a colleague is rung; empty when nowhere."""
    with db.read() as tx:
        return passing.extension_of(tx, staff_id)


def third_began(
    db: Database, contact_id: int, channel: str, to: Mapping[str, object], under: Lease
) -> None:
    """Somebody is about to be asked: by their id, or by a number."""
    staff_id = to.get("staff")
    number = str(to.get("number", ""))
    with writing(db, under) as tx:
        going_on(tx, contact_id)
        name = passing.name_of(tx, staff_id) if isinstance(staff_id, int) else ""
        queries.add_leg(
            tx, contact_id, channel, LegRole.THIRD, staff_id=staff_id, number=number, name=name
        )
        if isinstance(staff_id, int):
            # Whoever is asked knows nothing of this call until they are told.
            tx.changed(Topic.STAFF, staff_id)
        tx.changed(Topic.CALL, contact_id)


def _of_theirs(tx: Tx, contact_id: int, staff_id: int) -> Standing:
    call = going_on(tx, contact_id)
    if call.owner_id != staff_id:
        raise Conflict("the call is somebody else's by now")
    return call


def _held(tx: Tx, what: Passing) -> Standing:
    call = _of_theirs(tx, what.contact_id, what.by)
    if call.contact_state not in (ContactState.ACTIVE, ContactState.HELD):
        raise Conflict(f"the contact is {call.contact_state}")
    return call


def _wait_again(tx: Tx, call: Standing, queue_id: int, owner_id: int | None) -> None:
    rules = read_routing(tx).queues.get(queue_id)
    if rules is None:
        raise NotFound("no such queue")
    state = ContactState.QUEUED if owner_id is None else ContactState.OFFERED
    passing.wait_again(
        tx,
        call.contact_id,
        state=state.value,
        owner_id=owner_id,
        queue_id=queue_id,
        priority=rules.priority,
        due_at=finding.due(tx.now, rules, Channel.CALL),
        boost=PASSED_ON,
        why=_PASSED_ON_WORDS,
    )
    queries.change(
        tx, call.contact_id, state=CallState.WAITING.value, state_since=utcnow(), muted=False,
        **{**queries.counted(call, tx.now), "counted_at": None},
    )  # fmt: skip


def _passed(tx: Tx, call: Standing, what: Passing, to: dict[str, int]) -> None:
    if what.note.strip():
        messages.add_message(tx, passing.note(what.contact_id, what.by, what.note.strip()))
    events.append(
        tx, "contact.transferred", contact_id=what.contact_id,
        queue=to.get("queue"), staff=to.get("staff"), from_queue=call.queue_id, by=what.by,
    )  # fmt: skip
    events.append(
        tx, "call.transferred", contact_id=what.contact_id, staff=what.by, to=to, how="blind"
    )
    tx.changed(Topic.CONTACT, what.contact_id)
    tx.changed(Topic.CALL, what.contact_id)
