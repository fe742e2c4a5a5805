"""The simulated day, moment by moment: who comes, who answers, who gives up, and two engines."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from random import Random

from sqlalchemy import insert, select, text, update

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import DatabaseAway
from crm_desktop.domain.states import AssignmentState, Channel, ContactState, DeclineReason
from crm_desktop.services import Database, routing, visits
from crm_desktop.store.models import Assignment, Contact
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import events
from tests.simulation.check import DONE
from tests.simulation.clock import Clock
from tests.simulation.day import Arrival, Plan
from tests.simulation.erlang_says import RINGS
from tests.simulation.people import AT_ONCE, WRAPS, Desk
from tests.simulation.place import OFFER_SECONDS, Place

#: How often everybody's desktop says that it is there, and the engines look by themselves.
_SEEN_SECONDS, _ROUND_SECONDS = 45.0, 15.0
#: One round in so many is asked of both engines at the same moment.
_BOTH = 10
#: The last customer comes, and what is in hand then is done; longer than this it is stuck.
_AFTERWARDS = 4 * 3600.0

_NEW_CONTACT = insert(Contact).returning(Contact.id)
_OFFERS = (
    select(Assignment.id, Assignment.contact_id, Assignment.staff_id)
    .where(Assignment.ended_at.is_(None), Assignment.state == AssignmentState.OFFERED.value)
    .order_by(Assignment.id)
)
_GONE = (
    update(Contact)
    .where(Contact.state == ContactState.QUEUED.value)
    .values(state=ContactState.ABANDONED.value, state_since=utcnow(), owner_id=None)
)
_LEFT = select(Contact.id, Contact.channel, Contact.state, Contact.state_since, Contact.owner_id)
_LEFT = _LEFT.where(Contact.state.not_in([each.value for each in DONE]))
_RINGING = select(Contact.id).where(Contact.state == ContactState.OFFERED.value)
_WAITS = select(Contact.id).where(Contact.state == ContactState.QUEUED.value)

_LOOK_AGAIN = text("SELECT pg_stat_clear_snapshot()")
#: Ends a round that waits for the lock; gives a row when there was one.
_KILLED = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE usename = 'gateway' AND query LIKE '%app.route%' AND wait_event_type = 'Lock'"
)


class Simulation:
    """One day. `killed` is how late in it the second engine is killed in the middle of a round,
    `late` by how many seconds all the `acts` of people were late together.
    """

    def __init__(self, place: Place, clock: Clock, plan: Plan, random: Random) -> None:
        self._place = place
        self._clock = clock
        self._plan = plan
        self._random = random
        self._moments: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self._rounds = count(1)
        self._engines = list(place.gateways)
        self._told: set[int] = set()
        self._known: dict[int, Arrival] = {}
        self._open = 0
        self._kill_after = 0.0
        self.killed: float | None = None
        #: How late everything was together, in seconds: the day does not wait for a slow computer.
        self.late, self.acts = 0.0, 0

    def run(self, arrivals: Sequence[Arrival]) -> None:
        """Live through the day; raises AssertionError when it does not come to an end."""
        for each in arrivals:
            self._at(each.at, partial(self._arrive, each))
        self._at(0.0, self._seen)
        self._at(0.0, self._now_and_then)
        self._kill_after = arrivals[-1].at / 2
        self._open = len(arrivals)
        while self._open:
            when, _, act = heapq.heappop(self._moments)
            assert when < arrivals[-1].at + _AFTERWARDS, self._left()
            self._clock.reach(when)
            self.late += self._clock.seconds - when
            self.acts += 1
            act()

    def _left(self) -> str:
        """What is not done with, and who has it."""
        with self._place.owner.read() as tx:
            rows = list(tx.core.execute(_LEFT))
        desks = {row.owner_id: self._place.desks[row.owner_id] for row in rows if row.owner_id}
        return f"{self._open} contacts were never done with: {rows}, of {desks}"

    def _at(self, when: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._moments, (when, next(self._number), act))

    def _in(self, seconds: float, act: Callable[[], None]) -> None:
        self._at(self._clock.seconds + seconds, act)

    # Customers

    def _arrive(self, arrival: Arrival) -> None:
        if arrival.channel is Channel.VISIT:
            contact_id = self._place.shop.check_in(self._place.gateways[0])
        else:
            contact_id = self._add(arrival.channel)
        self._known[contact_id] = arrival
        if arrival.patience is not None:
            self._in(arrival.patience, partial(self._give_up, contact_id))
        if self.killed is None and self._clock.seconds > self._kill_after:
            self._try_to_kill()
        if arrival.channel is Channel.VISIT:
            self._call()
        else:
            self._round()

    def _add(self, channel: Channel) -> int:
        queue_id, priority = self._place.queues[channel]
        with self._place.gateways[0].write() as tx:
            contact_id = tx.core.execute(
                _NEW_CONTACT,
                {
                    "channel": channel.value, "state": ContactState.QUEUED.value,
                    "queue_id": queue_id, "priority": priority, "who": "Somebody",
                    "direction": "inbound", "subject": "", "preview": "", "folded": "",
                    "parked_for_reply": False, "needs_checking": False, "check_reason": "",
                    "auto_generated": False,
                },
            ).scalar_one()  # fmt: skip
            events.append(tx, "contact.received", contact_id=contact_id, queue=queue_id)
            tx.changed(Topic.CONTACT, contact_id)
        return int(contact_id)

    def _give_up(self, contact_id: int) -> None:
        """Nobody gives up while it rings; whoever was not answered then does."""
        if self._known[contact_id].channel is Channel.VISIT:
            self._leave(contact_id)
            return
        with self._place.gateways[0].write() as tx:
            gone = tx.core.execute(_GONE.where(Contact.id == contact_id)).rowcount
            if gone:
                events.append(tx, "contact.abandoned", contact_id=contact_id)
                tx.changed(Topic.CONTACT, contact_id)
            rings = tx.core.scalar(_RINGING.where(Contact.id == contact_id))
        if gone:
            self._open -= 1
            self._round()
        elif rings:
            self._in(RINGS, partial(self._give_up, contact_id))

    def _leave(self, contact_id: int) -> None:
        """Whoever was called by then goes to the desk instead."""
        with self._place.owner.read() as tx:
            waits = tx.core.scalar(_WAITS.where(Contact.id == contact_id))
        if waits:
            self._place.shop.left(contact_id)
            self._open -= 1

    # The engines

    def _now_and_then(self) -> None:
        self._in(_ROUND_SECONDS, self._now_and_then)
        self._round()

    def _seen(self) -> None:
        self._in(_SEEN_SECONDS, self._seen)
        self._place.see_everybody()

    def _round(self) -> None:
        if len(self._engines) > 1 and next(self._rounds) % _BOTH == 0:
            other = threading.Thread(target=routing.route, args=(self._engines[1],))
            other.start()
            routing.route(self._engines[0])
            other.join()
        else:
            routing.route(self._random.choice(self._engines))
        with self._place.owner.read() as tx:
            offers = list(tx.core.execute(_OFFERS))
        for assignment_id, contact_id, staff_id in offers:
            if assignment_id not in self._told:
                self._told.add(assignment_id)
                self._offered(contact_id, self._place.desks[staff_id])

    def _try_to_kill(self) -> None:
        """End the second engine's session while it writes an offer: nothing of it is kept.

        A round that has nothing to offer lives, and the next arrival is another chance.
        """
        doomed = self._engines[1]
        lived = threading.Event()
        with self._place.owner.write() as tx:
            tx.core.execute(text("LOCK TABLE assignment IN SHARE MODE"))
            round_of_it = threading.Thread(target=_until_killed, args=(doomed, lived))
            round_of_it.start()
            while round_of_it.is_alive() and not tx.core.scalar(_KILLED):
                # A transaction sees the sessions as they were when it first looked.
                tx.core.execute(_LOOK_AGAIN)
                round_of_it.join(0.01)
            round_of_it.join()
        if not lived.is_set():
            self._engines.remove(doomed)
            self.killed = self._clock.seconds

    # The shop, whose visitors are called by whoever is free

    def _call(self) -> None:
        called = self._place.shop.call()
        if called is not None:
            self._in(RINGS, partial(self._serve, *called))

    def _serve(self, desk: Desk, contact_id: int) -> None:
        """They stand at the desk."""
        visits.serve(desk.db, contact_id)
        handling = self._known[contact_id].handling
        self._in(handling * (1 - WRAPS), partial(desk.wrap_up, contact_id))
        self._in(handling, partial(self._served, desk, contact_id))

    def _served(self, desk: Desk, contact_id: int) -> None:
        desk.complete(contact_id)
        self._open -= 1
        self._place.shop.free(desk)
        self._call()

    # Advisors

    def _offered(self, contact_id: int, desk: Desk) -> None:
        drawn = self._random.random()
        if drawn < self._plan.declines:
            self._in(RINGS, partial(self._decline, contact_id, desk))
        elif drawn < self._plan.declines + self._plan.ignores:
            self._in(OFFER_SECONDS + 0.1, self._round)
            self._in(OFFER_SECONDS + 60.0, partial(self._come_back, desk))
        else:
            self._in(RINGS, partial(self._accept, contact_id, desk))

    def _decline(self, contact_id: int, desk: Desk) -> None:
        if self._still_offered(contact_id, desk):
            routing.decline(desk.db, contact_id, DeclineReason.NOT_MY_SKILL)
            self._round()

    def _come_back(self, desk: Desk) -> None:
        with self._place.owner.write() as tx:
            tx.core.execute(
                text("UPDATE activity SET not_responding_since = NULL WHERE staff_id = :id"),
                {"id": desk.staff_id},
            )
        self._round()

    def _still_offered(self, contact_id: int, desk: Desk) -> bool:
        with self._place.owner.read() as tx:
            found = tx.core.execute(
                select(Contact.id).where(
                    Contact.id == contact_id,
                    Contact.state == ContactState.OFFERED.value,
                    Contact.owner_id == desk.staff_id,
                )
            )
            return found.first() is not None

    def _accept(self, contact_id: int, desk: Desk) -> None:
        if not self._still_offered(contact_id, desk) or not desk.accept(contact_id):
            return
        arrival = self._known[contact_id]
        if arrival.channel in AT_ONCE:
            desk.begin_talking(contact_id, self._clock.seconds)
            self._in(arrival.handling * (1 - WRAPS), partial(desk.wrap_up, contact_id))
            self._in(arrival.handling, partial(self._hang_up, contact_id, desk))
        else:
            desk.waiting.append(contact_id)
            desk.left[contact_id] = arrival.handling
            self._write(desk)

    def _hang_up(self, contact_id: int, desk: Desk) -> None:
        desk.complete(contact_id)
        desk.talking.discard(contact_id)
        self._open -= 1
        self._write(desk)
        self._round()

    def _write(self, desk: Desk) -> None:
        begun = desk.next_written(self._clock.seconds)
        if begun is not None:
            self._at(desk.until, partial(self._written, begun, desk, desk.until))

    def _written(self, contact_id: int, desk: Desk, until: float) -> None:
        if desk.doing != contact_id or desk.until != until:
            return  # a call came between
        desk.complete(contact_id)
        desk.doing = None
        del desk.left[contact_id]
        self._open -= 1
        self._write(desk)
        self._round()


def _until_killed(engine: Database, lived: threading.Event) -> None:
    try:
        routing.route(engine)
    except DatabaseAway:
        return
    lived.set()
