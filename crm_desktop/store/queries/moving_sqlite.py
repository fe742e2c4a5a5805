"""The rules of 0011_reassign.sql in Python, for SQLite: both pass the same contract test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Row,
    bindparam,
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
from crm_desktop.domain.states import AssignmentState, ContactState, Visibility
from crm_desktop.store.database import Tx
from crm_desktop.store.guard_sqlite_calls import left_alone
from crm_desktop.store.guard_sqlite_offers import return_work
from crm_desktop.store.models import (
    Assignment,
    ChannelWeight,
    Contact,
    Membership,
    Message,
    MoveBatch,
    MoveItem,
    Queue,
    Service,
    Staff,
    Visit,
)
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import events
from crm_desktop.store.queries import moving_sqlite_rows as bulk

_UNDONE_WITHIN = timedelta(seconds=15)
_LONGEST_NOTE = 20_000
_MOST_PRIORITY = 9
_IN_HAND = (ContactState.ACTIVE, ContactState.HELD, ContactState.WRAP_UP)
#: Visitors are sent on by desks, one by one.
_NOT_OF_VISITORS = frozenset({"given", "answered", "parked", "spam"})
_OPEN_ASSIGNMENTS = (AssignmentState.OFFERED, AssignmentState.ACCEPTED, AssignmentState.WRAPPING)

Chosen = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was moved, what was not as (id, who, why), and the batch that undoes it."""

    moved: Sequence[int]
    skipped: Sequence[tuple[int, str, str]]
    batch: int | None


def give(tx: Tx, chosen: Chosen, queue_id: int | None, note: str) -> Outcome:
    """See `moving.give`."""
    me = _leader(tx)
    if len(note) > _LONGEST_NOTE or any((each["to"] is None) == (queue_id is None)
                                        for each in chosen):  # fmt: skip
        raise Conflict("give to people or to a queue")
    _check_targets(tx, {each["to"] for each in chosen} - {None}, queue_id)
    items = _looked_at(tx, me, chosen, OPEN, "given")
    _leave_what_does_not_fit(tx, items, queue_id)
    batch = _batch(tx, me, "given", items)
    moving = [each for each in items if not each.why]
    afresh = [
        each.id
        for each in moving
        if each.row.state == ContactState.PARKED
        or each.row.queue_id != (queue_id or each.row.queue_id)
    ]
    ids = [each.id for each in moving]
    bulk.end(tx, ids, AssignmentState.TRANSFERRED)
    bulk.set_all(tx, afresh, queued_at=utcnow())
    state = ContactState.QUEUED if queue_id is not None else ContactState.OFFERED
    there = {} if queue_id is None else {"queue_id": queue_id, "owner_id": None}
    kept = {"parked_until": None, "parked_for_reply": False}
    bulk.set_all(tx, ids, state=state, state_since=utcnow(), **kept, **there)
    bulk.log(
        tx, me, "contact.transferred",
        {
            each.id: {
                "queue": queue_id, "staff": each.to, "from_queue": each.row.queue_id,
                "from_staff": each.row.owner_id, "batch": batch,
            }
            for each in moving
        },
    )  # fmt: skip
    if queue_id is None:
        bulk.offer(tx, moving, note)
    if note:
        bulk.add_notes(tx, batch, moving, me, note)
    return _ended(tx, batch, items)


def change(tx: Tx, chosen: Chosen, what: str, value: Mapping[str, Any]) -> Outcome:
    """See `moving.change`."""
    me = _leader(tx)
    values = _values(tx, me, what, value)
    moves = what in ("parked", "spam")
    states = [each for each in OPEN if what != "parked" or each is not ContactState.PARKED]
    items = _looked_at(tx, me, chosen, states, what)
    batch = _batch(tx, me, what, items)
    ids = [each.id for each in items if not each.why]
    if moves:
        spam = what == "spam"
        nobodys = [
            each.id
            for each in items
            if not each.why and (spam or each.row.state == ContactState.OFFERED)
        ]
        bulk.end(
            tx, ids, AssignmentState.COMPLETED if spam else AssignmentState.RETURNED, note=what
        )
        bulk.set_all(tx, nobodys, owner_id=None)
        values |= {"state": what, "state_since": utcnow()}
    bulk.set_all(tx, ids, **values)
    bulk.log(tx, me, f"contact.{what}", {each: {**value, "batch": batch} for each in ids})
    return _ended(tx, batch, items)


def gone_home(tx: Tx, staff_id: int, note: str) -> Outcome:
    """See `moving.gone_home`."""
    me = _leader(tx)
    shares = select(Membership.staff_id).where(
        Membership.staff_id == staff_id,
        Membership.queue_id.in_(me.queues),
        or_(Membership.until.is_(None), Membership.until > utcnow()),
    )
    if tx.core.scalar(shares.limit(1)) is None:
        raise NotFound("no such colleague")
    theirs = select(Contact.id, *bulk.STANDING).where(
        Contact.owner_id == staff_id,
        Contact.state.in_({*OPEN, ContactState.CALLED} - {ContactState.QUEUED}),
    )
    items = [bulk.Item(row.id, None, row) for row in tx.core.execute(theirs.order_by(Contact.id))]
    batch = _batch(tx, me, "gone_home", items)
    return_work(tx.session, tx.actor, staff_id, note or "gone home")
    tx.settle()
    now = bulk.rows(tx, [each.id for each in items])
    changed = [each for each in items if bulk.plain(now[each.id]) != each.before]
    return _ended(tx, batch, changed)


def take_over(tx: Tx, batch: int | None, chosen: Chosen) -> Outcome:
    """See `moving.take_over`."""
    me = _leader(tx)
    if batch is not None:
        _own(tx, me, batch, "answered")
    (item,) = _looked_at(tx, me, chosen, OPEN, "answered")
    batch = _batch(tx, me, "answered", [item], batch)
    if item.why:
        return Outcome([], [(item.id, item.who, item.why)], batch)
    before = item.before
    if before["owner_id"] != me.id or before["state"] not in _IN_HAND:
        bulk.end(tx, [item.id], AssignmentState.TRANSFERRED)
        bulk.set_all(
            tx, [item.id], state=ContactState.ACTIVE, state_since=utcnow(), owner_id=me.id,
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
    row = bulk.rows(tx, [contact_id]).get(contact_id)
    if row is None or row.owner_id != me.id or not tx.core.scalar(select(answer)):
        raise NotFound("no such answer")
    tx.core.execute(update(MoveBatch).where(MoveBatch.id == batch).values(at=utcnow()))
    of_it = (MoveItem.batch_id == batch, MoveItem.contact_id == contact_id, MoveItem.why == "")
    if back:
        item = tx.core.execute(select(MoveItem.__table__).where(*of_it)).one()
        bulk.put_back(tx, me, [item], known)
        row = bulk.rows(tx, [contact_id])[contact_id]
    tx.core.execute(
        update(MoveItem).where(*of_it).values(after=bulk.plain(row), message_id=message_id)
    )


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
    now = bulk.rows(tx, [each.contact_id for each in items])
    # Nobody is at that desk: the line has them.
    waiting = _visitors(tx, (id_ for id_, row in now.items() if row.state == ContactState.QUEUED))
    untouched, skipped = [], []
    for item in items:
        row = now[item.contact_id]
        if bulk.plain(row) != item.after:
            who = bulk.last_hand(tx, me, item.contact_id, row.owner_id)
            skipped.append((item.contact_id, who, Why.CHANGED.value))
            continue
        if item.contact_id in waiting:
            skipped.append((item.contact_id, "", Why.VISITOR.value))
            continue
        untouched.append(item)
    bulk.put_back(tx, me, untouched, known)
    back = [each.contact_id for each in untouched]
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


def _looked_at(
    tx: Tx, me: Person, chosen: Chosen, states: Sequence[ContactState], kind: str
) -> list[bulk.Item]:
    """What was chosen as it is now, each once, with why it must be left alone."""
    if not 1 <= len(chosen) <= MOST_AT_ONCE:
        raise Conflict("one to ten thousand contacts")
    tx.settle()
    rows = bulk.rows(tx, [each["id"] for each in chosen])
    talked = left_alone(tx, kind)
    waited_on = _visitors(tx, rows) if kind in _NOT_OF_VISITORS else frozenset()
    items: dict[int, bulk.Item] = {}
    for each in chosen:
        row = rows.get(each["id"])
        if row is None or row.queue_id not in me.queues:
            item = bulk.Item(each["id"], each["to"], None, Why.GONE)
        elif (row.state, row.owner_id, row.queue_id, row.state_since) != (
            each["state"], each["owner"], each["queue"], datetime.fromisoformat(each["since"]),
        ):  # fmt: skip
            who = bulk.last_hand(tx, me, row.id, row.owner_id)
            item = bulk.Item(row.id, each["to"], row, Why.CHANGED, who)
        elif row.id in waited_on:
            item = bulk.Item(row.id, each["to"], row, Why.VISITOR)
        else:
            fits = row.state in states and row.id not in talked
            item = bulk.Item(row.id, each["to"], row, "" if fits else Why.NOT_NOW)
        items.setdefault(item.id, item)
    return [items[id_] for id_ in sorted(items)]


def _visitors(tx: Tx, ids: Iterable[int]) -> frozenset[int]:
    """Those of the contacts whose visitor is in the building."""
    found: set[int] = set()
    for part in bulk.parts(list(ids)):
        here = select(Visit.contact_id).where(Visit.contact_id.in_(part), Visit.left_at.is_(None))
        found.update(tx.core.scalars(here))
    return frozenset(found)


def _leave_what_does_not_fit(tx: Tx, items: Iterable[bulk.Item], queue_id: int | None) -> None:
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


def _batch(
    tx: Tx, me: Person, kind: str, items: Sequence[bulk.Item], batch: int | None = None
) -> int:
    """Write down what each was, before anything is moved."""
    if batch is None:
        made = insert(MoveBatch).values(leader_id=me.id, kind=kind).returning(MoveBatch.id)
        batch = tx.core.execute(made).scalar_one()
    ids = [each.id for each in items if not each.why]
    held: dict[int, tuple[int, str]] = {}
    for part in bulk.parts(ids):
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


def _ended(tx: Tx, batch: int, items: Sequence[bulk.Item]) -> Outcome:
    tx.forget()
    moved = [each.id for each in items if not each.why]
    now = bulk.rows(tx, moved)
    after = (
        update(MoveItem)
        .where(MoveItem.batch_id == batch)
        .where(MoveItem.contact_id == bindparam("of_contact"))
        .values(after=bindparam("stands", type_=MoveItem.__table__.c.after.type))
    )
    if moved:
        tx.core.execute(
            after, [{"of_contact": id_, "stands": bulk.plain(now[id_])} for id_ in moved]
        )
    kept = set(moved)
    # What turned out not to have moved is no part of it.
    tx.core.execute(
        delete(MoveItem).where(
            MoveItem.batch_id == batch, MoveItem.why == "", MoveItem.after.is_(None)
        )
    )
    skipped = [(each.id, each.who, str(each.why)) for each in items if each.id not in kept]
    return Outcome(moved, skipped, batch)


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
