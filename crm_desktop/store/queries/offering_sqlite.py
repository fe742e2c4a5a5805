"""One round of routing on SQLite: `app.route` of migrations/sql/0039_routing.sql in Python."""

from __future__ import annotations

import heapq
from collections.abc import Collection
from datetime import datetime, timedelta
from random import sample
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Row,
    and_,
    bindparam,
    column,
    func,
    insert,
    literal_column,
    select,
    text,
    tuple_,
    update,
)

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.routing import Decision, Hand, Wanted, room, virtual_entry
from crm_desktop.domain.states import AssignmentState, ContactState
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Activity, Assignment, Contact, RoutingDecision
from crm_desktop.store.models.base import UtcDateTime
from crm_desktop.store.queries import events
from crm_desktop.store.queries.offering_known import (
    People,
    Waiting,
    least_weights,
    rules,
    wanted,
    weights,
)

#: When nobody is free, of so many it is looked why in one round.
_LOOKED_AT, _ASKED_ABOUT = 1, 8
#: So far back a line is looked at in one round.
_DEEPEST = 500

# Written out, not bound: a database knows by them alone that a partial index holds the rows.
_QUEUED = Contact.state == literal_column("'queued'")
_OPEN = Assignment.ended_at.is_(None)
_NOW: BindParameter[datetime] = bindparam("now", UtcDateTime)
_STANDING = Assignment.state == literal_column("'offered'")

_EXPIRED = (
    select(Assignment.id, Assignment.contact_id, Assignment.staff_id, Contact.queue_id)
    .join(Contact, Contact.id == Assignment.contact_id)
    .where(
        _OPEN,
        _STANDING,
        Assignment.expires_at <= _NOW,
        Contact.state == literal_column("'offered'"),
        Contact.owner_id == Assignment.staff_id,
    )
    .order_by(Assignment.expires_at, Assignment.id)
    .limit(bindparam("many"))
)
_NEXT_EXPIRY = select(func.min(Assignment.expires_at)).where(_OPEN, _STANDING)
# One queue, one channel and the same points stand in the order of entry: a line. SQLite goes from
# one to the next by a step in the index, and by another to who heads it; the contacts themselves,
# with their long texts, are not read. Visitors are called by desks.
_HEADS = text(
    """
    SELECT l.queue_id, l.channel, l.priority, l.boost,
           (SELECT w.id FROM contact w
            WHERE w.state = 'queued' AND w.queue_id = l.queue_id AND w.channel = l.channel
              AND w.priority = l.priority AND w.boost = l.boost
            ORDER BY w.queued_at, w.id LIMIT 1) AS id,
           (SELECT min(w.queued_at) FROM contact w
            WHERE w.state = 'queued' AND w.queue_id = l.queue_id AND w.channel = l.channel
              AND w.priority = l.priority AND w.boost = l.boost) AS queued_at
    FROM (SELECT DISTINCT queue_id, channel, priority, boost FROM contact
          WHERE state = 'queued' AND channel <> 'visit') l
    """
).columns(
    column("queue_id"),
    column("channel"),
    column("priority"),
    column("boost"),
    column("id"),
    column("queued_at", UtcDateTime),
)
_IN_LINE = and_(
    _QUEUED,
    Contact.queue_id == bindparam("queue"),
    Contact.channel == bindparam("channel"),
    Contact.priority == bindparam("priority"),
    Contact.boost == bindparam("boost"),
)
_BEHIND = (
    select(Contact.id, Contact.queued_at)
    .where(
        _IN_LINE,
        tuple_(Contact.queued_at, Contact.id)
        > tuple_(bindparam("queued_at", UtcDateTime), bindparam("id")),
    )
    .order_by(Contact.queued_at, Contact.id)
    .limit(1)
)
_OVERDUE = (
    select(Contact.id)
    .where(
        _IN_LINE,
        Contact.queued_at <= bindparam("before", UtcDateTime),
        Contact.overflowed_at.is_(None),
    )
    .order_by(Contact.queued_at, Contact.id)
    .limit(bindparam("many"))
)
_LAST_DECISION = (
    select(RoutingDecision.kind, RoutingDecision.queue_id, RoutingDecision.considered)
    .where(RoutingDecision.contact_id == bindparam("contact"))
    .order_by(RoutingDecision.id.desc())
    .limit(1)
)
_CONTACT = select(
    Contact.id,
    Contact.state,
    Contact.owner_id,
    Contact.queue_id,
    Contact.channel,
    Contact.queued_at,
).where(Contact.id == bindparam("contact"))
_DECISIONS = (
    select(
        RoutingDecision.at,
        RoutingDecision.kind,
        RoutingDecision.queue_id,
        RoutingDecision.staff_id,
        RoutingDecision.considered,
    )
    .where(RoutingDecision.contact_id == bindparam("contact"))
    .order_by(RoutingDecision.id.desc())
    .limit(20)
)
_DECIDE = insert(RoutingDecision)
_MOVE = (
    update(Contact)
    .where(Contact.id == bindparam("of_contact"))
    .values(state=bindparam("to_state"), owner_id=bindparam("to_owner"), state_since=_NOW)
)
_OVERFLOW = (
    update(Contact)
    .where(Contact.id == bindparam("of_contact"))
    .values(queue_id=bindparam("to_queue"), overflowed_at=_NOW)
)
_TIME_OUT = (
    update(Assignment)
    .where(Assignment.id == bindparam("of_assignment"))
    .values(state=AssignmentState.TIMED_OUT.value, ended_at=_NOW)
)
_OFFER = (
    insert(Assignment)
    .values(state=AssignmentState.OFFERED.value, how="push", offered_at=_NOW, note="", reason="")
    .inline()
)
_GIVEN = (
    update(Activity).where(Activity.staff_id == bindparam("of_staff")).values(last_given_at=_NOW)
)
_NOT_RESPONDING = (
    update(Activity)
    .where(Activity.staff_id == bindparam("of_staff"))
    .values(not_responding_since=_NOW)
)


class _Line(NamedTuple):
    """What stands in the order of its entry: one queue, one channel, the same points."""

    queue_id: int
    channel: str
    priority: int
    boost: int

    @property
    def binds(self) -> dict[str, object]:
        """As the statement for one line names them."""
        return {
            "queue": self.queue_id,
            "channel": self.channel,
            "priority": self.priority,
            "boost": self.boost,
        }


class _Head(NamedTuple):
    """Who stands first of those in a line that were not looked at; sorts by urgency.

    `place` is how many stood before them when the round began.
    """

    entry: datetime
    id: int
    place: int
    line: _Line
    waiting: Waiting


class Round:
    """One round; what is known of queues and people is read once."""

    def __init__(self, tx: Tx, limit: int, open_queues: Collection[int]) -> None:
        self._tx = tx
        self._core = tx.settle()
        self._now = tx.now
        self._limit = limit
        self._open = frozenset(open_queues)
        self._weights = weights(tx)
        self._least = least_weights(self._weights)
        self._queues = rules(tx)

    def run(self) -> float | None:
        """Do it; the seconds until something is due, None when nothing is pushed or offered."""
        due: datetime | None = self._core.execute(_NEXT_EXPIRY).scalar()
        if due is not None and due <= self._now:
            self._time_out()
            due = self._core.execute(_NEXT_EXPIRY).scalar()
        self._overflow()
        pushed = {id_ for id_, each in self._queues.items() if each.push and id_ in self._open}
        offers = self._offer(pushed) if pushed else 0
        if offers >= self._limit:
            return 0.0
        if due is None:
            return 1.0 if pushed else None
        return min(max((due - self._now).total_seconds(), 0.0), 1.0)

    def _time_out(self) -> None:
        found = self._core.execute(_EXPIRED, {"now": self._now, "many": self._limit}).all()
        for assignment_id, contact_id, staff_id, queue_id in found:
            self._move(contact_id, ContactState.QUEUED, None)
            self._core.execute(_TIME_OUT, {"of_assignment": assignment_id, "now": self._now})
            self._core.execute(_NOT_RESPONDING, {"of_staff": staff_id, "now": self._now})
            self._decide(contact_id, queue_id, staff_id, "timed_out", {})
            self._log("contact.offer_timed_out", contact_id, staff=staff_id)
            self._tx.changed(Topic.CONTACT, contact_id)
            self._tx.changed(Topic.STAFF, staff_id)

    def _overflow(self) -> None:
        full = {
            id_: each
            for id_, each in self._queues.items()
            if each.overflow_seconds is not None
            and each.overflow_queue_id is not None
            and each.overflow_queue_id in self._open
            # Whatever the rule was before its queue was restricted.
            and (self._queues[each.overflow_queue_id].restricted or not each.restricted)
        }
        for line in {each.line for each in self._heads(full)}:
            queue = full[line.queue_id]
            before = self._now - timedelta(seconds=queue.overflow_seconds or 0)
            binds = {**line.binds, "before": before, "many": self._limit}
            for contact_id, *_ in self._core.execute(_OVERDUE, binds).all():
                to = queue.overflow_queue_id
                self._core.execute(
                    _OVERFLOW, {"of_contact": contact_id, "to_queue": to, "now": self._now}
                )
                self._decide(contact_id, to, None, "overflow", {})
                self._log("contact.overflowed", contact_id, queue=to, from_queue=line.queue_id)
                self._tx.changed(Topic.CONTACT, contact_id)

    def _offer(self, pushed: Collection[int]) -> int:
        people = People(self._tx, self._weights)
        offers = self._give_out(people, people.roomy(self._weights, pushed))
        if not offers:
            self._look_why(people, pushed)
        return offers

    def _give_out(self, people: People, roomy: dict[int, Hand]) -> int:
        """Offers to those who have room, the most urgent contact first; how many."""
        offers, hopeless = 0, set[tuple[int, str]]()
        heads = self._heads({queue for each in roomy.values() for queue in each.queues})
        heapq.heapify(heads)
        while heads and offers < self._limit and not all(each.kept for each in roomy.values()):
            head = heapq.heappop(heads)
            # Nobody can be offered anything more of a queue's channel.
            kind = (head.line.queue_id, head.line.channel)
            if kind in hopeless:
                continue
            queue, weight = self._queues[head.line.queue_id], self._weights[head.line.channel]
            if not room(roomy.values(), *kind, *weight):
                hopeless.add(kind)
                continue
            contact = wanted(self._tx, head.waiting, queue, *weight)
            decision = people.decided(contact)
            if decision.chosen is None:
                self._found_nobody(contact, decision)
                if not decision.of_one_contact:
                    # Who waited less has to show no less skill.
                    continue
            else:
                hand = people.hands[decision.chosen]
                self._give(contact, hand, decision)
                offers += 1
                if not hand.has_room(*self._least):
                    del roomy[hand.staff_id]
            # What came later is not looked at before the rest of this line.
            if head.place >= _DEEPEST:
                break
            self._move_up(heads, head)
        return offers

    def _look_why(self, people: People, pushed: Collection[int]) -> None:
        """Why some of those who head a line are not offered; first those never looked at."""
        heads = self._heads(pushed)
        some = sample(heads, min(len(heads), _ASKED_ABOUT))
        some.sort(key=lambda each: self._last_decision(each.id) is not None)
        for head in some[:_LOOKED_AT]:
            queue, weight = self._queues[head.line.queue_id], self._weights[head.line.channel]
            contact = wanted(self._tx, head.waiting, queue, *weight)
            decision = people.decided(contact)
            if decision.chosen is None:
                self._found_nobody(contact, decision)

    def _heads(self, queues: Collection[int]) -> list[_Head]:
        """Who heads each line of these queues."""
        if not queues:
            return []
        return [
            self._head(_Line(*row[:4]), 0, *row[4:])
            for row in self._core.execute(_HEADS).all()
            if row[0] in queues
        ]

    def _move_up(self, heads: list[_Head], gone: _Head) -> None:
        """Whoever stands behind one that was looked at heads the line."""
        binds = {**gone.line.binds, "queued_at": gone.waiting.queued_at, "id": gone.id}
        row = self._core.execute(_BEHIND, binds).first()
        if row is not None:
            heapq.heappush(heads, self._head(gone.line, gone.place + 1, *row))

    def _head(self, line: _Line, place: int, id_: int, queued_at: datetime) -> _Head:
        entry = virtual_entry(
            queued_at,
            line.priority + line.boost,
            self._queues[line.queue_id].ageing_seconds,
            self._weights[line.channel][1],
        )
        waiting = Waiting(id_, line.queue_id, line.channel, queued_at)
        return _Head(entry, id_, place, line, waiting)

    def _give(self, contact: Wanted, hand: Hand, decision: Decision) -> None:
        queue = self._queues[contact.queue_id]
        self._move(contact.id, ContactState.OFFERED, hand.staff_id)
        self._core.execute(_GIVEN, {"of_staff": hand.staff_id, "now": self._now})
        number = self._decide(
            contact.id, contact.queue_id, hand.staff_id, "offer", decision.considered
        )
        self._core.execute(
            _OFFER,
            {
                "contact_id": contact.id,
                "staff_id": hand.staff_id,
                "now": self._now,
                "expires_at": self._now + timedelta(seconds=queue.offer_seconds),
                "decision_id": number,
            },
        )
        self._log("contact.offered", contact.id, staff=hand.staff_id, decision=number)
        hand.give(contact.weight, contact.interruptible, f"{self._now:%Y-%m-%d %H:%M:%S.%f}")
        self._tx.changed(Topic.CONTACT, contact.id)

    def _found_nobody(self, contact: Wanted, decision: Decision) -> None:
        """Written when the reasons are others than the last time."""
        before = self._last_decision(contact.id)
        if (
            before is None
            or (before.kind, before.queue_id) != ("nobody", contact.queue_id)
            or before.considered.keys() != decision.considered.keys()
        ):
            self._decide(contact.id, contact.queue_id, None, "nobody", decision.considered)

    def _last_decision(self, contact_id: int) -> Row[str, int, dict[str, Any]] | None:
        return self._core.execute(_LAST_DECISION, {"contact": contact_id}).first()

    def _move(self, contact_id: int, state: ContactState, owner: int | None) -> None:
        self._core.execute(
            _MOVE,
            {
                "of_contact": contact_id,
                "to_state": state.value,
                "to_owner": owner,
                "now": self._now,
            },
        )

    def _decide(
        self,
        contact_id: int,
        queue_id: int | None,
        staff_id: int | None,
        kind: str,
        considered: dict[str, list[int]],
    ) -> int:
        made = self._core.execute(
            _DECIDE,
            {
                "contact_id": contact_id,
                "queue_id": queue_id,
                "staff_id": staff_id,
                "kind": kind,
                "considered": considered,
            },
        )
        number: int = made.inserted_primary_key[0]  # type: ignore[index]
        return number

    def _log(self, kind: str, contact_id: int, **data: Any) -> None:
        events.append(self._tx, kind, contact_id=contact_id, **data)


def explained(tx: Tx, contact_id: int, open_queues: Collection[int]) -> dict[str, Any]:
    """`app.explain`: what was decided about a contact, newest first, and what would be now."""
    row = tx.core.execute(_CONTACT, {"contact": contact_id}).first()
    actor = tx.actor
    if (
        row is None
        or actor is None
        or not (row.queue_id in actor.queues or row.owner_id == actor.id)
    ):
        raise NotFound("no such contact")
    queue = rules(tx)[row.queue_id]
    is_open = row.queue_id in open_queues
    now = None
    if row.state == ContactState.QUEUED and queue.push and is_open:
        waiting = Waiting(row.id, row.queue_id, row.channel, row.queued_at)
        known = weights(tx)
        contact = wanted(tx, waiting, queue, *known[row.channel])
        decision = People(tx, known).decided(contact)
        now = [decision.chosen, decision.considered]
    return {
        "state": row.state,
        "queue": row.queue_id,
        "push": queue.push,
        "open": is_open,
        "now": now,
        "decisions": [tuple(each) for each in tx.core.execute(_DECISIONS, {"contact": contact_id})],
    }
