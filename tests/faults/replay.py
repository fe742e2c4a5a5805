"""The state that a contact, message or hand-off must have after its events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crm_desktop.domain.states import ContactState as State

_WORKING = (State.ACTIVE, State.HELD, State.WRAP_UP)
_KEPT = (*_WORKING, State.PARKED)
#: event kind: (from which states, to which)
_MOVES: Mapping[str, tuple[tuple[State, ...], State]] = {
    "contact.taken": ((State.QUEUED, State.OFFERED), State.ACTIVE),
    "contact.returned": ((*_KEPT, State.OFFERED), State.QUEUED),
    "contact.declined": ((State.OFFERED,), State.QUEUED),
    "contact.offer_timed_out": ((State.OFFERED,), State.QUEUED),
    "contact.let_go": ((State.PARKED,), State.PARKED),
    "contact.parked": (_WORKING, State.PARKED),
    "contact.resumed": ((State.PARKED, State.WRAP_UP, State.HELD), State.ACTIVE),
    "contact.woken": ((State.PARKED,), State.QUEUED),
    "contact.wrap_up": ((State.ACTIVE, State.HELD), State.WRAP_UP),
    "contact.completed": (_WORKING, State.COMPLETED),
    "contact.spam": ((*_WORKING, State.QUEUED, State.OFFERED), State.SPAM),
}
_TRANSFERRED = (*_KEPT, State.OFFERED, State.QUEUED)
_MESSAGE_STATES = {
    "contact.received": "received",
    "message.received": "received",
    "message.written": "pending",
    "message.stopped": "stopped",
    "message.released": "pending",
    "message.withdrawn": "withdrawn",
    "message.sent": "sent",
    "message.failed": "failed",
    "message.acknowledged": "pending",
    "handoff.told": "pending",
}


@dataclass(frozen=True, slots=True)
class Happened:
    """One event, in the order of its id."""

    kind: str
    actor_id: int | None
    data: Mapping[str, Any]


@dataclass(slots=True)
class Replayed:
    """Where a contact stands after its events; `wrong` is what could never have happened."""

    state: str = ""
    owner_id: int | None = None
    wrong: str = ""


def contact(events: Iterable[Happened]) -> Replayed:
    """Play a contact's events."""
    now = Replayed()
    for event in events:
        _play(now, event)
        if now.wrong:
            break
    return now


def _play(now: Replayed, event: Happened) -> None:
    if event.kind == "contact.received":
        if now.state:
            now.wrong = "received twice"
        now.state = State.QUEUED
        return
    if event.kind == "contact.transferred":
        _must_be_from(now, event, _TRANSFERRED)
        now.owner_id = event.data.get("staff")
        now.state = State.QUEUED if now.owner_id is None else State.OFFERED
        return
    if event.kind == "contact.offered":
        _must_be_from(now, event, (State.QUEUED,))
        now.state, now.owner_id = State.OFFERED, event.data.get("staff")
        return
    if event.kind not in _MOVES:
        return
    sources, target = _MOVES[event.kind]
    _must_be_from(now, event, sources)
    if event.kind == "contact.taken":
        if now.state == State.OFFERED and now.owner_id != event.actor_id:
            now.wrong = "taken by another than it was offered to"
        now.owner_id = event.actor_id
    now.state = target
    if target in (State.QUEUED, State.SPAM) or event.kind == "contact.let_go":
        now.owner_id = None


def _must_be_from(now: Replayed, event: Happened, sources: tuple[State, ...]) -> None:
    if now.state not in sources:
        now.wrong = f"{event.kind} while {now.state or 'not there'}"


def messages(events: Iterable[Happened]) -> dict[int, str]:
    """The state of every message that these events speak of."""
    return {
        int(event.data["message"]): _MESSAGE_STATES[event.kind]
        for event in events
        if event.kind in _MESSAGE_STATES and event.data.get("message") is not None
    }


def handoff(events: Iterable[Happened]) -> frozenset[str]:
    """The states that a hand-off may have after its events."""
    states: frozenset[str] = frozenset()
    for event in events:
        states = _HANDOFF_STATES.get(event.kind, states)
    return states


_HANDOFF_STATES = {
    "handoff.requested": frozenset({"pending"}),
    "handoff.sent": frozenset({"sent"}),
    "handoff.status": frozenset({"acknowledged", "in_progress", "done", "bounced", "overdue"}),
    "handoff.overdue": frozenset({"overdue"}),
    "handoff.failed": frozenset({"failed"}),
}
