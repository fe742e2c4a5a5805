"""Random days of contacts as raw events, and what a slow reader makes of them, minute by minute."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from crm_desktop.domain.states import Channel
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Contact, Event, QueueTarget
from tests.centre import Centre

MINUTE = timedelta(minutes=1)
#: T and s of the random days, in seconds; half a minute more, so that no wait is just as long.
TARGET, SHORT = 20 * 60 + 30, 5 * 60 + 30
CHANNELS = (Channel.CALL, Channel.CHAT, Channel.EMAIL)
QUEUES = ("general", "waste")
PEOPLE = ("anna", "ben")
_NOBODY_LEFT = ("answered_by_resident", "moved_to_private")
_RESOLUTIONS = ("resolved", "handed_off", "signposted_council", "no_action", *_NOBODY_LEFT)


@dataclass
class Raw:
    """A contact as its events tell it: (at, kind, actor, data) in order."""

    id: int
    channel: Channel
    inbound: bool
    queue: int
    events: list[tuple[datetime, str, int | None, dict[str, Any]]] = field(default_factory=list)
    state: str = "queued"
    holder: int | None = None


class Days:
    """Random contacts and presences from `begin` on, written past the services."""

    def __init__(self, centre: Centre, begin: datetime, seed: int, contacts: int = 40) -> None:
        self.begin = begin
        self._random = random.Random(seed)
        self.queues = [centre.queue_id(code) for code in QUEUES]
        self.people = [centre.person(login).id for login in PEOPLE]
        self.presences: list[tuple[datetime, int, str]] = []
        with centre.as_owner().write() as tx:
            for queue_id in self.queues:
                for channel in CHANNELS:
                    _promise(tx, queue_id, channel)
            self.contacts = [self._contact(tx) for _ in range(contacts)]
            for person in self.people:
                self._presence(tx, person)

    def _minutes(self, low: int, high: int) -> timedelta:
        return self._random.randint(low, high) * MINUTE

    def _contact(self, tx: Tx) -> Raw:
        pick = self._random
        raw = Raw(0, pick.choice(CHANNELS), pick.random() > 0.1, pick.choice(self.queues))
        at = self.begin + self._minutes(0, 300)
        kind = "contact.received" if raw.inbound else "contact.logged"
        raw.events.append((at, kind, None if raw.inbound else pick.choice(self.people), {}))
        if not raw.inbound:
            raw.state, raw.holder = "active", raw.events[0][2]
        came, first = at, raw.queue
        for _ in range(pick.randint(0, 7)):
            at += self._minutes(0, 45)
            self._step(raw, at)
        row = Contact(
            channel=raw.channel, direction="inbound" if raw.inbound else "outbound",
            state=raw.state, queue_id=raw.queue, who="Somebody", received_at=came, queued_at=came,
            owner_id=raw.holder,
        )  # fmt: skip
        tx.session.add(row)
        tx.session.flush()
        raw.id = row.id
        raw.queue = first
        for when, what, actor, data in raw.events:
            tx.session.execute(
                insert(Event).values(
                    at=when, kind=what, actor_id=actor, contact_id=row.id, data=data
                )
            )
        return raw

    def _step(self, raw: Raw, at: datetime) -> None:
        pick = self._random
        moves = {
            "queued": ("taken", "taken", "taken", "abandoned", "spam", "transferred"),
            "active": ("wrap_up", "completed", "returned", "parked", "checked", "handoff"),
            "wrap_up": ("completed", "completed", "resumed"),
            "parked": ("resumed", "woken"),
        }.get(raw.state)
        if moves is None:
            return
        move = pick.choice(moves)
        actor = raw.holder or pick.choice(self.people)
        data: dict[str, Any] = {}
        kind = f"contact.{move}"
        if move == "transferred":
            target = pick.choice([each for each in self.queues if each != raw.queue])
            data = {"queue": target, "staff": None, "from_queue": raw.queue}
            raw.queue = target
        elif move == "completed":
            data = {"resolution": pick.choice(_RESOLUTIONS), "avoidable": pick.random() < 0.3}
        elif move == "handoff":
            kind = "handoff.requested"
        raw.events.append((at, kind, actor, data))
        after = {
            "taken": "active", "resumed": "active", "returned": "queued", "woken": "queued",
            "transferred": "queued", "checked": "active", "handoff": "active",
        }  # fmt: skip
        raw.state = after.get(move, move)
        if raw.state in ("queued", "spam", "abandoned"):
            raw.holder = None
        else:
            raw.holder = actor

    def _presence(self, tx: Tx, person: int) -> None:
        at = self.begin + self._minutes(0, 30)
        for chosen in ("available", "lunch", "available", "offline"):
            self.presences.append((at, person, chosen))
            tx.session.execute(
                insert(Event).values(
                    at=at, kind="staff.presence", actor_id=person, data={"presence": chosen}
                )
            )
            at += self._minutes(30, 200)


def _promise(tx: Tx, queue_id: int, channel: Channel) -> None:
    found = tx.session.get(QueueTarget, (queue_id, channel.value))
    if found is None:
        found = QueueTarget(queue_id=queue_id, channel=channel.value, seconds=TARGET)
        tx.session.add(found)
    found.seconds, found.in_opening_hours, found.short_seconds = TARGET, False, SHORT
    tx.session.flush()


def _slot(at: datetime) -> datetime:
    return at - timedelta(minutes=at.minute % 30, seconds=at.second, microseconds=at.microsecond)


Sums = dict[tuple[datetime, int, str], Counter[str]]


def reference(days: Days, until: datetime) -> Sums:
    """The sums of every half hour, from nothing but the raw events."""
    sums: Sums = defaultdict(Counter)
    for raw in days.contacts:
        _count(raw, sums)
    _spend(days, until, sums)
    return {key: +found for key, found in sums.items() if +found}


def _count(raw: Raw, sums: Sums) -> None:
    queue, queues = raw.queue, []
    for _, kind, _, data in raw.events:
        queues.append(queue)
        if kind == "contact.transferred":
            queue = data["queue"]
    came = raw.events[0][0]
    left = taken = completed = handed_off = False
    for (at, kind, _, data), where in zip(raw.events, queues, strict=True):
        key, wait = (_slot(at), where, raw.channel.value), round((at - came).total_seconds())
        tally = sums[key]
        if raw.inbound and kind == "contact.received":
            tally["arrivals"] += 1
        if raw.inbound and not left and kind in (
            "contact.taken", "contact.abandoned", "contact.spam", "contact.completed"
        ):  # fmt: skip
            left = True
            if kind == "contact.taken":
                tally["answered"] += 1
                tally["wait_seconds"] += wait
                tally["answered_within"] += wait <= TARGET
            elif kind == "contact.abandoned":
                tally["abandoned"] += 1
                tally["abandoned_within"] += wait <= TARGET
                tally["abandoned_short"] += wait <= SHORT
            else:
                tally["other_exits"] += 1
        taken = taken or kind == "contact.taken"
        handed_off = handed_off or kind == "handoff.requested"
        if kind == "contact.completed" and not completed:
            completed = True
            tally["handled"] += taken
            if raw.inbound and data["resolution"] not in _NOBODY_LEFT:
                resolved = data["resolution"] == "resolved"
                tally["completed"] += 1
                tally["resolved"] += resolved
                tally["first_point"] += resolved and not handed_off
                tally["avoidable"] += data["avoidable"]


def _spend(days: Days, until: datetime, sums: Sums) -> None:
    """Every minute of every person, in turn."""
    spent: dict[tuple[datetime, int, str], float] = defaultdict(float)
    at = days.begin
    while at < until:
        for person in days.people:
            chosen = [each for each in days.presences if each[1] == person and each[0] <= at]
            if chosen and max(chosen)[2] != "available":
                continue
            mine = [
                (queue, raw.channel)
                for raw in days.contacts
                for holder, queue in [_held(raw, at)]
                if holder == person
            ]
            urgent = [each for each in mine if each[1] in (Channel.CALL, Channel.CHAT)] or mine
            for queue, channel in urgent:
                spent[_slot(at), queue, channel.value] += 60 / len(urgent)
        at += MINUTE
    for key, seconds in spent.items():
        sums[key]["handle_seconds"] += round(seconds)


def _held(raw: Raw, at: datetime) -> tuple[int | None, int]:
    """Who has it in hand at a minute, and the queue that it was begun in."""
    holder, queue, begun = None, raw.queue, raw.queue
    for when, kind, actor, data in raw.events:
        if when > at:
            break
        if kind == "contact.transferred":
            queue = data["queue"]
        if kind in ("contact.taken", "contact.resumed", "contact.logged"):
            holder, begun = actor, queue
        elif kind not in ("contact.wrap_up", "contact.checked", "handoff.requested"):
            holder = None
    return holder, begun


def available(days: Days, until: datetime) -> dict[int, int]:
    """How many seconds each person was available."""
    found: Counter[int] = Counter()
    for person in days.people:
        own = sorted(each for each in days.presences if each[1] == person)
        ends = [*(each[0] for each in own[1:]), until]
        for (at, _, chosen), end in zip(own, ends, strict=True):
            if chosen == "available":
                found[person] += int((min(end, until) - at).total_seconds())
    return dict(found)
