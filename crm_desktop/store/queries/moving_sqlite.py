"""The rules of 0011_reassign.sql in Python, for SQLite: both pass the same contract test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Row,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from crm_desktop.domain.errors import Conflict, NotAllowed, NotFound
from crm_desktop.domain.people import Person
from crm_desktop.domain.reassigning import MOST_AT_ONCE, OPEN, Why
from crm_desktop.domain.states import AssignmentState, ContactState, MessageState, Visibility
from crm_desktop.store.database import Tx
from crm_desktop.store.guard_sqlite_offers import return_work
from crm_desktop.store.models import (
    Assignment,
    ChannelWeight,
    Contact,
    Event,
    Membership,
    Message,
    MoveBatch,
    MoveItem,
    Queue,
    Service,
    Staff,
)
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import events

_UNDONE_WITHIN = timedelta(seconds=15)
_LONGEST_NOTE = 20_000
_MOST_PRIORITY = 9
_IN_HAND = (ContactState.ACTIVE, ContactState.HELD, ContactState.WRAP_UP)
_OPEN_ASSIGNMENTS = (AssignmentState.OFFERED, AssignmentState.ACCEPTED, AssignmentState.WRAPPING)
#: All of a contact that a move may change.
_STANDING = (
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
#: SQLite takes so many values in one statement without a thought.
_AT_ONCE = 500

Chosen = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was moved, what was not as (id, who, why), and the batch that undoes it."""

    moved: Sequence[int]
    skipped: Sequence[tuple[int, str, str]]
    batch: int | None


@dataclass(slots=True)
class _Item:
    """A contact of the batch that is being made; `row` is it before."""

    id: int
    to: int | None
    row: Any
    why: str = ""
    who: str = ""

    @property
    def before(self) -> dict[str, Any]:
        """As it stood."""
        return _plain(self.row) if self.row is not None else {}


def give(tx: Tx, chosen: Chosen, queue_id: int | None, note: str) -> Outcome:
    """See `moving.give`."""
    me = _leader(tx)
    if len(note) > _LONGEST_NOTE or any((each["to"] is None) == (queue_id is None)
                                        for each in chosen):  # fmt: skip
        raise Conflict("give to people or to a queue")
    _check_targets(tx, {each["to"] for each in chosen} - {None}, queue_id)
    items = _looked_at(tx, me, chosen, OPEN)
    _leave_what_does_not_fit(tx, items, queue_id)
    batch = _batch(tx, me, "given", items)
    moving = [each for each in items if not each.why]
    for item in moving:
        before = item.before
        other = queue_id is not None and queue_id != before["queue_id"]
        afresh = other or before["state"] == ContactState.PARKED
        state = ContactState.QUEUED if item.to is None else ContactState.OFFERED
        _end(tx, item.id, AssignmentState.TRANSFERRED)
        _set(
            tx, item.id, state=state, state_since=utcnow(), owner_id=item.to,
            parked_until=None, parked_for_reply=False,
            **({"queue_id": queue_id} if queue_id is not None else {}),
            **({"queued_at": utcnow()} if afresh else {}),
        )  # fmt: skip
        events.append(
            tx, "contact.transferred", contact_id=item.id, queue=queue_id, staff=item.to,
            from_queue=before["queue_id"], from_staff=before["owner_id"], batch=batch,
        )  # fmt: skip
    if queue_id is None:
        _offer(tx, moving, note)
    if note:
        _add_notes(tx, batch, moving, me, note)
    return _ended(tx, batch, items)


def change(tx: Tx, chosen: Chosen, what: str, value: Mapping[str, Any]) -> Outcome:
    """See `moving.change`."""
    me = _leader(tx)
    values = _values(tx, me, what, value)
    moves = what in ("parked", "spam")
    states = [each for each in OPEN if what != "parked" or each is not ContactState.PARKED]
    items = _looked_at(tx, me, chosen, states)
    batch = _batch(tx, me, what, items)
    for item in items:
        if item.why:
            continue
        set_here = dict(values)
        if moves:
            offered = item.before["state"] == ContactState.OFFERED
            set_here |= {"state": what, "state_since": utcnow()}
            if what == "spam" or offered:
                set_here["owner_id"] = None
            done = AssignmentState.COMPLETED if what == "spam" else AssignmentState.RETURNED
            _end(tx, item.id, done, note=what)
        _set(tx, item.id, **set_here)
        events.append(tx, f"contact.{what}", contact_id=item.id, **value, batch=batch)
    return _ended(tx, batch, items)


def gone_home(tx: Tx, staff_id: int, note: str) -> Outcome:
    """See `moving.gone_home`."""
    me = _leader(tx)
    shares = select(Membership.staff_id).where(
        Membership.staff_id == staff_id, Membership.queue_id.in_(me.queues)
    )
    if tx.core.scalar(shares.limit(1)) is None:
        raise NotFound("no such colleague")
    theirs = select(Contact.id, *_STANDING).where(
        Contact.owner_id == staff_id,
        Contact.state.in_(set(OPEN) - {ContactState.QUEUED}),
    )
    items = [_Item(row.id, None, row) for row in tx.core.execute(theirs.order_by(Contact.id))]
    batch = _batch(tx, me, "gone_home", items)
    return_work(tx.session, tx.actor, staff_id, note or "gone home")
    tx.settle()
    now = _rows(tx, [each.id for each in items])
    changed = [each for each in items if _plain(now[each.id]) != each.before]
    return _ended(tx, batch, changed)


def take_over(tx: Tx, batch: int | None, chosen: Chosen) -> Outcome:
    """See `moving.take_over`."""
    me = _leader(tx)
    if batch is not None:
        _own(tx, me, batch, "answered")
    (item,) = _looked_at(tx, me, chosen, OPEN)
    batch = _batch(tx, me, "answered", [item], batch)
    if item.why:
        return Outcome([], [(item.id, item.who, item.why)], batch)
    before = item.before
    if before["owner_id"] != me.id or before["state"] not in _IN_HAND:
        _end(tx, item.id, AssignmentState.TRANSFERRED)
        _set(
            tx, item.id, state=ContactState.ACTIVE, state_since=utcnow(), owner_id=me.id,
            parked_until=None, parked_for_reply=False,
            first_taken_at=func.coalesce(Contact.first_taken_at, utcnow()),
        )  # fmt: skip
        tx.core.execute(
            insert(Assignment).values(
                contact_id=item.id, staff_id=me.id, state=AssignmentState.ACCEPTED,
                accepted_at=utcnow(),
            )
        )  # fmt: skip
        events.append(tx, "contact.taken", contact_id=item.id, batch=batch)
    tx.core.execute(update(MoveBatch).where(MoveBatch.id == batch).values(at=utcnow()))
    return _ended(tx, batch, [item])


def took_over(tx: Tx, batch: int, contact_id: int, message_id: int, *, back: bool) -> None:
    """See `moving.took_over`."""
    me = _leader(tx)
    known = _own(tx, me, batch, "answered")
    tx.settle()
    answer = exists().where(
        Message.id == message_id,
        Message.contact_id == contact_id,
        Message.author_id == me.id,
        Message.visibility == Visibility.PUBLIC,
    )
    row = _rows(tx, [contact_id]).get(contact_id)
    if row is None or row.owner_id != me.id or not tx.core.scalar(select(answer)):
        raise NotFound("no such answer")
    tx.core.execute(update(MoveBatch).where(MoveBatch.id == batch).values(at=utcnow()))
    of_it = (MoveItem.batch_id == batch, MoveItem.contact_id == contact_id, MoveItem.why == "")
    if back:
        item = tx.core.execute(select(MoveItem.__table__).where(*of_it)).one()
        _put_back(tx, item, known, timedelta())
        row = _rows(tx, [contact_id])[contact_id]
    tx.core.execute(update(MoveItem).where(*of_it).values(after=_plain(row), message_id=message_id))


def undo(tx: Tx, batch: int, only: Sequence[int] | None, *, ends: bool) -> Outcome:
    """See `moving.undo`."""
    me = _leader(tx)
    known = _own(tx, me, batch)
    if known.undone_at is not None or known.at < tx.now - _UNDONE_WITHIN:
        raise Conflict("too late to take it back")
    kept = select(MoveItem.__table__).where(MoveItem.batch_id == batch, MoveItem.why == "")
    items = [
        each for each in tx.core.execute(kept.order_by(MoveItem.contact_id))
        if only is None or each.contact_id in set(only)
    ]  # fmt: skip
    now = _rows(tx, [each.contact_id for each in items])
    back, skipped = [], []
    for item in items:
        row = now[item.contact_id]
        if _plain(row) != item.after:
            who = _last_hand(tx, me, item.contact_id, row.owner_id)
            skipped.append((item.contact_id, who, Why.CHANGED.value))
            continue
        _put_back(tx, item, known, tx.now - known.at)
        back.append(item.contact_id)
    if ends:
        tx.core.execute(update(MoveBatch).where(MoveBatch.id == batch).values(undone_at=utcnow()))
    else:
        done = delete(MoveItem).where(MoveItem.batch_id == batch, MoveItem.contact_id.in_(back))
        tx.core.execute(done)
    return Outcome(back, skipped, None)


def answers(tx: Tx, batch: int) -> tuple[tuple[int, int], ...]:
    """See `moving.answers`."""
    known = _own(tx, _leader(tx), batch)
    rows = tx.core.execute(
        select(MoveItem.contact_id, MoveItem.message_id)
        .where(MoveItem.batch_id == batch, MoveItem.message_id.is_not(None))
        .where(literal(known.kind) == "answered")
        .order_by(MoveItem.contact_id)
    )
    return tuple((row[0], int(row[1] or 0)) for row in rows)


def loads(tx: Tx) -> dict[int, tuple[int, int]]:
    """How many points and contacts everybody has open, by the id of staff."""
    _leader(tx)
    rows = tx.core.execute(
        select(
            Assignment.staff_id,
            func.sum(func.coalesce(ChannelWeight.weight, 0)),
            func.count(),
        )
        .join(Contact, Contact.id == Assignment.contact_id)
        .outerjoin(ChannelWeight, ChannelWeight.channel == Contact.channel)
        .where(Assignment.ended_at.is_(None), Assignment.state.in_(_OPEN_ASSIGNMENTS))
        .group_by(Assignment.staff_id)
    )
    return {staff_id: (int(load), number) for staff_id, load, number in rows}


def _leader(tx: Tx) -> Person:
    if tx.actor is None or not tx.actor.leads:
        raise NotAllowed("only a team leader moves many")
    return tx.actor


def _check_targets(tx: Tx, staff_ids: set[int], queue_id: int | None) -> None:
    if (
        queue_id is not None
        and tx.core.scalar(select(Queue.id).where(Queue.id == queue_id)) is None
    ):
        raise NotFound("no such queue or person")
    active = set(tx.core.scalars(select(Staff.id).where(Staff.id.in_(staff_ids), Staff.active)))
    if active != staff_ids:
        raise NotFound("no such queue or person")


def _looked_at(tx: Tx, me: Person, chosen: Chosen, states: Sequence[ContactState]) -> list[_Item]:
    """What was chosen as it is now, each once, with why it must be left alone."""
    if not 1 <= len(chosen) <= MOST_AT_ONCE:
        raise Conflict("one to ten thousand contacts")
    tx.settle()
    rows = _rows(tx, [each["id"] for each in chosen])
    items: dict[int, _Item] = {}
    for each in chosen:
        row = rows.get(each["id"])
        if row is None or row.queue_id not in me.queues:
            item = _Item(each["id"], each["to"], None, Why.GONE)
        elif (row.state, row.owner_id, row.queue_id, row.state_since) != (
            each["state"], each["owner"], each["queue"], datetime.fromisoformat(each["since"]),
        ):  # fmt: skip
            who = _last_hand(tx, me, row.id, row.owner_id)
            item = _Item(row.id, each["to"], row, Why.CHANGED, who)
        else:
            item = _Item(row.id, each["to"], row, "" if row.state in states else Why.NOT_NOW)
        items.setdefault(item.id, item)
    return [items[id_] for id_ in sorted(items)]


def _leave_what_does_not_fit(tx: Tx, items: Iterable[_Item], queue_id: int | None) -> None:
    closed = set(tx.core.scalars(select(Queue.id).where(Queue.restricted)))
    members = set(
        tx.core.execute(
            select(Membership.staff_id, Membership.queue_id)
            .where(Membership.queue_id.in_(closed))
            .where(or_(Membership.until.is_(None), Membership.until > utcnow()))
        ).all()
    )
    names = dict(tx.core.execute(select(Staff.id, Staff.name)).all())
    for item in items:
        if item.why or item.row is None:
            continue
        row = item.row
        waits = row.queue_id == queue_id and row.state == ContactState.QUEUED
        has = item.to is not None and row.owner_id == item.to and row.state != ContactState.PARKED
        if waits or has:
            item.why, item.who = Why.THERE_ALREADY, names.get(item.to, "") if item.to else ""
        elif item.to and row.queue_id in closed and (item.to, row.queue_id) not in members:
            item.why, item.who = Why.NOT_A_MEMBER, names.get(item.to, "")


def _batch(tx: Tx, me: Person, kind: str, items: Sequence[_Item], batch: int | None = None) -> int:
    """Write down what each was, before anything is moved."""
    if batch is None:
        made = insert(MoveBatch).values(leader_id=me.id, kind=kind).returning(MoveBatch.id)
        batch = tx.core.execute(made).scalar_one()
    ids = [each.id for each in items if not each.why]
    held: dict[int, tuple[int, str]] = {}
    for part in _parts(ids):
        still = select(Assignment.contact_id, Assignment.id, Assignment.state).where(
            Assignment.contact_id.in_(part), Assignment.ended_at.is_(None)
        )
        for contact_id, id_, state in tx.core.execute(still.order_by(Assignment.id)):
            held[contact_id] = (id_, state)
    rows = [
        {
            "batch_id": batch, "contact_id": each.id, "staff_id": each.to, "why": str(each.why),
            "who": each.who, "before": None if each.why else each.before,
            "assignment_id": held.get(each.id, (None, None))[0],
            "assignment_state": held.get(each.id, (None, None))[1],
        }
        for each in items
    ]  # fmt: skip
    if rows:
        tx.core.execute(insert(MoveItem).prefix_with("OR IGNORE"), rows)
    return batch


def _ended(tx: Tx, batch: int, items: Sequence[_Item]) -> Outcome:
    tx.forget()
    moved = [each.id for each in items if not each.why]
    now = _rows(tx, moved)
    after = (
        update(MoveItem)
        .where(MoveItem.batch_id == batch)
        .where(MoveItem.contact_id == bindparam("of_contact"))
        .values(after=bindparam("stands", type_=MoveItem.__table__.c.after.type))
    )
    if moved:
        tx.core.execute(after, [{"of_contact": id_, "stands": _plain(now[id_])} for id_ in moved])
    kept = set(moved)
    # What turned out not to have moved is no part of it.
    tx.core.execute(
        delete(MoveItem).where(
            MoveItem.batch_id == batch, MoveItem.why == "", MoveItem.after.is_(None)
        )
    )
    skipped = [(each.id, each.who, str(each.why)) for each in items if each.id not in kept]
    return Outcome(moved, skipped, batch)


def _put_back(tx: Tx, item: Row[Any], batch: Row[Any], lost: timedelta) -> None:
    contact_id, before = item.contact_id, dict(item.before)
    events.append(
        tx,
        "contact.undone",
        contact_id=contact_id,
        what=batch.kind,
        batch=batch.id,
        state=before["state"],
        staff=before["owner_id"],
        queue=before["queue_id"],
    )
    for name in _TIMES:
        before[name] = datetime.fromisoformat(before[name]) if before[name] else None
    _set(tx, contact_id, **before)
    opened = [Assignment.contact_id == contact_id, Assignment.ended_at.is_(None)]
    if item.assignment_id is not None:
        opened.append(Assignment.id != item.assignment_id)
    tx.core.execute(
        update(Assignment).where(*opened).values(state=AssignmentState.RESCINDED, ended_at=utcnow())
    )
    earlier = select(Assignment.expires_at, Assignment.ended_at).where(
        Assignment.id == item.assignment_id
    )
    found = tx.core.execute(earlier).first()
    if found is not None and found.ended_at is not None:
        # An offer loses no time by it.
        expires = found.expires_at + lost if found.expires_at else None
        tx.core.execute(
            update(Assignment)
            .where(Assignment.id == item.assignment_id)
            .values(state=item.assignment_state, ended_at=None, reason="", expires_at=expires)
        )
    tx.core.execute(
        update(Message)
        .where(Message.id == item.message_id, Message.visibility == Visibility.INTERNAL)
        .values(state=MessageState.WITHDRAWN)
    )


def _values(tx: Tx, me: Person, what: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """The columns to set; raises Conflict for what cannot be set."""
    if what == "priority" and 0 <= value["priority"] <= _MOST_PRIORITY:
        return {"priority": value["priority"]}
    if what == "service" and _may_be_about(tx, me, value["service"]):
        return {"service_id": value["service"]}
    if what == "due":
        due = datetime.fromisoformat(value["due"])
        if tx.now - timedelta(days=1) <= due <= tx.now + timedelta(days=366):
            return {"due_at": due}
    if what == "parked":
        until = datetime.fromisoformat(value["until"]) if value["until"] else None
        if until > tx.now if until else value["for_reply"]:
            return {"parked_until": until, "parked_for_reply": value["for_reply"]}
    if what == "spam":
        return {"parked_until": None, "parked_for_reply": False}
    raise Conflict("this cannot be set")


def _may_be_about(tx: Tx, me: Person, service_id: int | None) -> bool:
    if service_id is None:
        return True
    found = tx.core.execute(
        select(Service.queue_id, Service.restricted, Queue.restricted)
        .join(Queue, Queue.id == Service.queue_id)
        .where(Service.id == service_id, Service.active)
    ).first()
    return found is not None and (found[0] in me.queues or not (found[1] or found[2]))


def _own(tx: Tx, me: Person, batch: int, kind: str = "") -> Row[Any]:
    found = tx.core.execute(
        select(MoveBatch.__table__).where(MoveBatch.id == batch, MoveBatch.leader_id == me.id)
    ).first()
    if found is None or (kind and (found.kind != kind or found.undone_at is not None)):
        raise NotFound("no such batch")
    return found


def _rows(tx: Tx, ids: Sequence[int]) -> dict[int, Row[Any]]:
    found: dict[int, Row[Any]] = {}
    for part in _parts(ids):
        rows = tx.core.execute(select(Contact.id, *_STANDING).where(Contact.id.in_(part)))
        found |= {row.id: row for row in rows}
    return found


def _plain(row: Row[Any]) -> dict[str, Any]:
    """As a JSON column keeps it."""
    said = dict(row._mapping)
    del said["id"]
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in said.items()
    }


def _parts(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))


def _last_hand(tx: Tx, me: Person, contact_id: int, owner_id: int | None) -> str:
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


def _set(tx: Tx, contact_id: int, **values: Any) -> None:
    tx.core.execute(update(Contact).where(Contact.id == contact_id).values(**values))


def _end(tx: Tx, contact_id: int, state: AssignmentState, *, note: str | None = None) -> None:
    """End what is open of a contact; an offer that nobody took is rescinded."""
    ended = case(
        (
            (Assignment.state == AssignmentState.OFFERED) & (state != AssignmentState.COMPLETED),
            AssignmentState.RESCINDED,
        ),
        else_=state,
    )
    noted = {} if note is None else {"note": note}
    tx.core.execute(
        update(Assignment)
        .where(Assignment.contact_id == contact_id, Assignment.ended_at.is_(None))
        .values(state=ended, ended_at=utcnow(), **noted)
    )


def _offer(tx: Tx, moving: Sequence[_Item], note: str) -> None:
    rows = [
        {
            "contact_id": each.id, "staff_id": each.to, "state": AssignmentState.OFFERED.value,
            "note": note, "how": "given",
        }
        for each in moving
    ]  # fmt: skip
    if rows:
        tx.core.execute(insert(Assignment).inline(), rows)


def _add_notes(tx: Tx, batch: int, moving: Sequence[_Item], me: Person, note: str) -> None:
    for item in moving:
        said = insert(Message).values(
            contact_id=item.id, direction="outbound", visibility=Visibility.INTERNAL,
            state=MessageState.SENT, author_id=me.id, body_text=note, reply_text=note,
        )  # fmt: skip
        message_id = tx.core.execute(said.returning(Message.id)).scalar_one()
        tx.core.execute(
            update(MoveItem)
            .where(MoveItem.batch_id == batch, MoveItem.contact_id == item.id)
            .values(message_id=message_id)
        )
