"""Offering what waits to who can take it, and saying afterwards why it went as it did."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from crm_desktop.domain.changes import Changes
from crm_desktop.domain.routing import Why
from crm_desktop.domain.states import DeclineReason
from crm_desktop.domain.views import Moved
from crm_desktop.store.database import Database
from crm_desktop.store.queries import offering, taking

#: So many offers a round: the lock that keeps rounds apart is held for milliseconds.
MOST_OFFERS = 50
#: Calendars know minutes: which queues are open is read so often at the most. Whether a queue is
#: pushed a round reads itself.
_HOURS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Turn:
    """What a round did. `due_in`: seconds until the next may have to do something.

    None: nothing is pushed or offered, so only a change can make one needful.
    """

    changes: Changes
    due_in: float | None


@dataclass(frozen=True, slots=True)
class Considered:
    """Who was not chosen, for one reason, by name."""

    why: Why
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One decision. `kind`: offer, nobody, overflow, returned, timed_out, or now.

    `person` is to whom it went, or from whom it came back.
    """

    at: datetime
    kind: str
    queue: str
    person: str | None
    considered: tuple[Considered, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A contact's routing, newest first; `now` is what would be decided while it waits.

    `push` and `open` are its queue's: what is not both is offered to nobody.
    """

    contact_id: int
    state: str
    push: bool
    open: bool
    now: DecisionView | None
    decisions: tuple[DecisionView, ...]


class Rounds:
    """Round after round, done in nobody's name, by a gateway. Of several at once one does it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._ahead: offering.Ahead | None = None
        self._read_at = 0.0

    def turn(self, most: int = MOST_OFFERS) -> Turn:
        """One round: offers that ran out, what overflows, and up to `most` offers."""
        ahead = self._known()
        if not ahead.needful:
            return Turn(Changes(), None)
        with self._db.write_at_once() as tx:
            due_in = offering.route(tx, most, ahead.open_queues)
            return Turn(tx.changes, due_in)

    def _known(self) -> offering.Ahead:
        now = time.monotonic()
        # That there was nothing to do can be otherwise at once.
        if self._ahead and self._ahead.needful and now - self._read_at < _HOURS_SECONDS:
            return self._ahead
        with self._db.read_at_once() as tx:
            self._ahead = offering.ahead(tx)
        self._read_at = now
        return self._ahead


def turn(db: Database, most: int = MOST_OFFERS) -> Turn:
    """One round by itself."""
    return Rounds(db).turn(most)


def route(db: Database, most: int = MOST_OFFERS) -> Changes:
    """One round, and what it changed."""
    return turn(db, most).changes


def decline(db: Database, contact_id: int, reason: DeclineReason, words: str = "") -> Moved:
    """Do not take what one is offered. Raises InvalidInput when OTHER has no words."""
    with db.write() as tx:
        tx.guard.decline(contact_id, reason, words)
        return taking.as_it_is(tx, contact_id)


def boost(db: Database, contact_id: int, points: int, reason: str) -> Moved:
    """Make a contact more urgent, by 0 to 5 points, for a reason that is kept with it."""
    with db.write() as tx:
        tx.guard.boost(contact_id, points, reason)
        return taking.as_it_is(tx, contact_id)


def explain(db: Database, contact_id: int) -> Explanation:
    """Why it went to whom it went, and not to others; and why nobody has it now.

    Raises NotFound for who may not read the contact.
    """
    with db.read() as tx:
        told = offering.explained(tx, contact_id, offering.ahead(tx).open_queues)
        queues, people = offering.names(tx)

    def view(decided: offering.Decided) -> DecisionView:
        return DecisionView(
            decided.at,
            decided.kind,
            queues.get(decided.queue_id, ""),
            people.get(decided.staff_id) if decided.staff_id else None,
            tuple(
                Considered(Why(why), tuple(sorted(people.get(each, "") for each in ids)))
                for why, ids in sorted(decided.considered.items())
            ),
        )

    return Explanation(
        contact_id,
        told.state,
        told.push,
        told.open,
        view(told.now) if told.now else None,
        tuple(view(each) for each in told.decisions),
    )
