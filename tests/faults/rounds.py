"""One seed's round in a world that runs: load, faults, recovery, rest, and the count."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from sqlalchemy import select

from crm_desktop.demo.open311.office import Fault as OfficeFault
from crm_desktop.domain.errors import DatabaseTrouble
from crm_desktop.domain.states import ContactState
from crm_desktop.store.database import Database
from crm_desktop.store.models import Contact, Lease, OutboxItem
from tests.faults import breaking
from tests.faults.check import Outside, violations
from tests.faults.found import Found
from tests.faults.plan import After, Fault, Kind, Round
from tests.faults.relay import Mood
from tests.faults.world import World

#: How long everything may take to come to rest when nothing is broken any more, in seconds.
REST_SECONDS = 60.0
_AWAITED = 0.6
_PLURAL = {"mail": "mails", "form": "forms", "reply": "replies"}
_DONE = (ContactState.COMPLETED, ContactState.SPAM)


@dataclass(slots=True)
class Report:
    """What a round was, and what was found."""

    seed: int
    dialect: str
    faults: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    seconds: float = 0.0
    rest: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)


def run(world: World, planned: Round) -> Report:
    """Run a round; the world is whole and at rest afterwards, or the report says what is not."""
    report = Report(
        planned.seed, planned.dialect, kinds=[each.kind.value for each in planned.faults]
    )
    begun = time.monotonic()
    world.relay.mood = planned.mood
    if planned.mood.silent:
        world.office.fail_next(OfficeFault("drop", processed=True))
    for each in world.workers:
        each.tell("go on")
    world.citizens.go_on()
    for line in _timeline(world, planned, begun):
        report.faults.append(line)
    mended = time.monotonic()
    report.violations += _rest(world)
    report.rest = time.monotonic() - mended
    found, outside = world.found()
    report.violations += violations(found, outside)
    report.violations += world.new_bugs()
    report.counts = _counts(found, outside)
    report.seconds = time.monotonic() - begun
    return report


def finish(world: World) -> list[str]:
    """At a world's end everything that was begun must end: what is wrong with that."""
    world.relay.mood = Mood()
    wrong = _rest(world)
    limit = time.monotonic() + REST_SECONDS
    while world.ask(_outgoing_waits) and time.monotonic() < limit:
        time.sleep(0.2)
    return [*wrong, *violations(*world.found(), final=True)]


def _timeline(world: World, planned: Round, begun: float) -> Iterator[str]:
    """Begin and mend every fault in its time; tells what happened when."""
    numbers = count()
    due: list[tuple[float, int, Fault, Callable[[], None] | None]] = [
        (each.at, next(numbers), each, None) for each in planned.faults
    ]
    heapq.heapify(due)
    while due:
        at, _, fault, mend = heapq.heappop(due)
        time.sleep(max(0.0, begun + at - time.monotonic()))
        if mend is not None:
            mend()
            yield f"{time.monotonic() - begun:.2f} mended: {fault.kind}"
            continue
        _await(world, fault)
        if fault.kind is Kind.KILL_DESKTOP:
            world.kills.append(time.time())
        mend = breaking.begin(world, fault)
        now = time.monotonic() - begun
        heapq.heappush(due, (now + fault.lasts, next(numbers), fault, mend))
        yield f"{now:.2f} begun: {fault.kind}"
    time.sleep(max(0.0, begun + planned.seconds - time.monotonic()))


def _await(world: World, fault: Fault) -> None:
    """Come in the middle of what is awaited, or soon enough without it."""
    event = {
        After.DELIVERY: world.relay.arrived,
        After.ACCEPTANCE: world.citizens.accepted,
    }.get(fault.after)
    if event is not None:
        event.clear()
        event.wait(_AWAITED)
    time.sleep(fault.delay)


def _rest(world: World) -> list[str]:
    """Start what was killed, let everybody finish, and wait until nothing moves."""
    breaking.start_server(world)
    for gateway in world.gateways:
        gateway.start()
    for worker in world.workers:
        worker.start()
    for gateway in world.gateways:
        gateway.wait_ready()
    world.citizens.pause()
    for worker in world.workers:
        worker.tell("finish")
    limit = time.monotonic() + REST_SECONDS
    while time.monotonic() < limit:
        if world.citizens.idle() and _at_rest(world):
            return []
        time.sleep(0.05)
    busy = "" if world.citizens.idle() else ", and somebody still waits for an acceptance"
    return [f"not at rest after {REST_SECONDS:.0f} s{busy}"]


def _at_rest(world: World) -> bool:
    try:
        return not world.ask(_something_moves)
    except DatabaseTrouble:
        return False


def _something_moves(db: Database) -> bool:
    """Whether a contact is not completed, a lease is not held, or work that is due is not done."""
    with db.read() as tx:
        open_contact = select(Contact.id).where(Contact.state.not_in(_DONE)).limit(1)
        lost = select(Lease.name).where(Lease.expires_at < tx.now).limit(1)
        fresh = (
            select(OutboxItem.id)
            .where(OutboxItem.state.in_(("pending", "claimed")), OutboxItem.attempts == 0)
            .limit(1)
        )
        return any(tx.session.scalar(each) is not None for each in (open_contact, lost, fresh))


def _outgoing_waits(db: Database) -> bool:
    with db.read() as tx:
        waiting = select(OutboxItem.id).where(OutboxItem.state.in_(("pending", "claimed")))
        return tx.session.scalar(waiting.limit(1)) is not None


def _counts(found: Found, outside: Outside) -> dict[str, int]:
    """How much there is by now in this world."""
    entries, mails = outside.entries, outside.deliveries
    accepted = {
        op: len({each["token"] for each in entries if (each["op"], each["what"]) == (op, "ok")})
        for op in _PLURAL
    }
    typed = {each["token"] for each in entries if each["op"] == "typed"}
    return {
        **{f"accepted {_PLURAL[op]}": number for op, number in accepted.items()},
        "contacts": len(found.contacts),
        "hand-offs": len(found.handoffs),
        "drafts typed": len(typed),
        "events": len(found.events),
        "mails delivered": sum(map(len, mails.values())),
        "mails delivered twice": sum(len(each) == 2 for each in mails.values()),
        "of unknown fate": sum(each["unknown_fate"] for each in found.outbox),
        "given up": sum(each["state"] == "dead" for each in found.outbox),
        "refused or cut off": sum(each["what"] == "no" for each in entries),
    }
