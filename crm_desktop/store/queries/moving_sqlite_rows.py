"""Contacts, assignments and events of a move of many, read and written at once, on SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, bindparam, case, insert, select, update

from crm_desktop.domain.people import Person
from crm_desktop.domain.states import AssignmentState, MessageState, Visibility
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Assignment, Contact, Event, Message, MoveItem, Staff
from crm_desktop.store.models.base import utcnow

#: All of a contact that a move may change.
STANDING = (
    Contact.state,
    Contact.state_since,
    Contact.owner_id,
    Contact.queue_id,
    Contact.queued_at,
    Contact.priority,
    Contact.service_id,
    Contact.due_at,
    Contact.parked_until,
    Contact.parked_for_reply,
    Contact.first_taken_at,
    Contact.completed_at,
    Contact.resolution,
    Contact.avoidable,
    Contact.end_reason,
)
_TIMES = frozenset(
    {"state_since", "queued_at", "due_at", "parked_until", "first_taken_at", "completed_at"}
)
_EVENT = insert(Event).inline()
_OFFERED_TO = (
    update(Contact).where(Contact.id == bindparam("of_contact")).values(owner_id=bindparam("to"))
)
_AS_BEFORE = (
    update(Contact)
    .where(Contact.id == bindparam("of_contact"))
    .values({each.key: bindparam(f"was_{each.key}") for each in STANDING})
)
_OPEN_AGAIN = (
    update(Assignment)
    .where(Assignment.id == bindparam("of_id"))
    .values(state=bindparam("was"), ended_at=None, reason="", expires_at=bindparam("expires"))
)
#: SQLite takes so many values in one statement without a thought.
_AT_ONCE = 500


@dataclass(slots=True)
class Item:
    """A contact of the batch that is being made; `row` is it before."""

    id: int
    to: int | None
    row: Any
    why: str = ""
    who: str = ""

    @property
    def before(self) -> dict[str, Any]:
        """As it stood."""
        return plain(self.row) if self.row is not None else {}


def put_back(tx: Tx, me: Person, items: Sequence[Row[Any]], batch: Row[Any]) -> None:
    """These of a batch become as they were before it."""
    if not items:
        return
    were = [{"of_contact": each.contact_id, **_columns(each.before)} for each in items]
    tx.core.execute(_AS_BEFORE, were)
    earlier = {each.assignment_id: each.assignment_state for each in items if each.assignment_id}
    _rescind_but(tx, [each.contact_id for each in items], set(earlier))
    ended = (Assignment.id, Assignment.expires_at, Assignment.ended_at)
    for part in parts(sorted(earlier)):
        query = select(*ended).where(Assignment.id.in_(part), Assignment.ended_at.is_not(None))
        # An offer loses no time by it.
        again = [
            {
                "of_id": id_,
                "was": earlier[id_],
                "expires": expires and at and expires + (tx.now - at),
            }
            for id_, expires, at in tx.core.execute(query)
        ]
        if again:
            tx.core.execute(_OPEN_AGAIN, again)
    for part in parts([each.message_id for each in items if each.message_id]):
        notes = update(Message).where(Message.id.in_(part))
        internal = notes.where(Message.visibility == Visibility.INTERNAL)
        tx.core.execute(internal.values(state=MessageState.WITHDRAWN))
    log(
        tx, me, "contact.undone",
        {
            each.contact_id: {
                "what": batch.kind, "batch": batch.id, "state": each.before["state"],
                "staff": each.before["owner_id"], "queue": each.before["queue_id"],
            }
            for each in items
        },
    )  # fmt: skip


def _rescind_but(tx: Tx, ids: Sequence[int], kept: set[int]) -> None:
    """End what was given of these contacts since, which is not what they had before."""
    for part in parts(ids):
        opened = select(Assignment.id).where(
            Assignment.contact_id.in_(part), Assignment.ended_at.is_(None)
        )
        since = sorted(set(tx.core.scalars(opened)) - kept)
        for some in parts(since):
            ended = {"state": AssignmentState.RESCINDED, "ended_at": utcnow()}
            tx.core.execute(update(Assignment).where(Assignment.id.in_(some)).values(**ended))


def _columns(before: Mapping[str, Any]) -> dict[str, Any]:
    """What a JSON column kept, for `_AS_BEFORE`."""
    return {
        f"was_{name}": datetime.fromisoformat(value) if name in _TIMES and value else value
        for name, value in before.items()
    }


def rows(tx: Tx, ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Those of these contacts that there are, by id."""
    found: dict[int, Row[Any]] = {}
    for part in parts(ids):
        query = select(Contact.id, *STANDING).where(Contact.id.in_(part))
        found |= {row.id: row for row in tx.core.execute(query)}
    return found


def plain(row: Row[Any]) -> dict[str, Any]:
    """As a JSON column keeps it."""
    said = dict(row._mapping)
    del said["id"]
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in said.items()
    }


def parts(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    """The ids, so many at once as one statement takes."""
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))


def last_hand(tx: Tx, me: Person, contact_id: int, owner_id: int | None) -> str:
    """Whoever touched it last: its holder, else the actor of its newest event."""
    if owner_id is not None and owner_id != me.id:
        return tx.core.scalar(select(Staff.name).where(Staff.id == owner_id)) or ""
    newest = (
        select(Staff.name)
        .join(Event, Event.actor_id == Staff.id)
        .where(Event.contact_id == contact_id)
        .order_by(Event.id.desc())
    )
    return tx.core.scalar(newest.limit(1)) or ""


def log(tx: Tx, me: Person, kind: str, said: Mapping[int, Mapping[str, Any]]) -> None:
    """One event for each contact."""
    rows = [
        {"kind": kind, "actor_id": me.id, "contact_id": contact_id, "data": dict(data)}
        for contact_id, data in said.items()
    ]
    if rows:
        tx.core.execute(_EVENT, rows)


def set_all(tx: Tx, ids: Sequence[int], **values: Any) -> None:
    """The same columns of all these contacts."""
    for part in parts(ids):
        tx.core.execute(update(Contact).where(Contact.id.in_(part)).values(**values))


def end(tx: Tx, ids: Sequence[int], state: AssignmentState, *, note: str | None = None) -> None:
    """End what is open of contacts; an offer that nobody took is rescinded."""
    offered = Assignment.state == AssignmentState.OFFERED
    rescinded = state if state is AssignmentState.COMPLETED else AssignmentState.RESCINDED
    noted = {} if note is None else {"note": note}
    for part in parts(ids):
        tx.core.execute(
            update(Assignment)
            .where(Assignment.contact_id.in_(part), Assignment.ended_at.is_(None))
            .values(state=case((offered, rescinded), else_=state), ended_at=utcnow(), **noted)
        )


def offer(tx: Tx, moving: Sequence[Item], note: str) -> None:
    """Each to its taker, for good."""
    rows = [
        {
            "contact_id": each.id, "staff_id": each.to, "state": AssignmentState.OFFERED.value,
            "note": note, "how": "given",
        }
        for each in moving
    ]  # fmt: skip
    if rows:
        tx.core.execute(insert(Assignment).inline(), rows)
        tx.core.execute(_OFFERED_TO, [{"of_contact": each.id, "to": each.to} for each in moving])


def add_notes(tx: Tx, batch: int, moving: Sequence[Item], me: Person, note: str) -> None:
    """The same internal note with each."""
    said = insert(Message).values(
        contact_id=bindparam("of_contact"),
        direction="outbound",
        visibility=Visibility.INTERNAL,
        state=MessageState.SENT,
        author_id=me.id,
        body_text=note,
        reply_text=note,
    )
    linked = (
        update(MoveItem)
        .where(MoveItem.batch_id == batch, MoveItem.contact_id == bindparam("of_contact"))
        .values(message_id=bindparam("note"))
    )
    with_id = said.returning(Message.id)
    notes = [
        {
            "of_contact": each.id,
            "note": tx.core.execute(with_id, {"of_contact": each.id}).scalar_one(),
        }
        for each in moving
    ]
    if notes:
        tx.core.execute(linked, notes)
