"""What one contact's history counts as, and how a person's time is shared: figures' raw matter.

Each contact counts once as each of `What`, in the half hour in which it happened, so that a half
hour that is over never changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from crm_desktop.domain.call_times import CallTimes, is_call, times
from crm_desktop.domain.figures import HALF_HOUR, Promise, half_hour
from crm_desktop.domain.states import IN_HAND, OF_POSTS, Resolution

_BEGIN, _TAKEN, _COMPLETED = "contact.received", "contact.taken", "contact.completed"
_HANDED_OFF, _LOGGED = "handoff.requested", "contact.logged"
#: What ends a first wait otherwise than by being taken or given up.
_CALLBACK, _VOICEMAIL = "contact.callback", "contact.voicemail"
_OTHER_EXITS = frozenset(
    {
        _COMPLETED, "contact.spam", _CALLBACK, _VOICEMAIL, "contact.turned_away",
        "contact.answered_away",
    }
)  # fmt: skip
#: Who hung up, closed the chat, did not come when called, or left the building.
_ABANDONED = frozenset({"contact.abandoned", "contact.no_show", "contact.left"})
_GONE = "gone"
_BACK = "visit.back"


class What(StrEnum):
    """What a contact can count as."""

    ARRIVED = "arrived"
    ANSWERED = "answered"
    ABANDONED = "abandoned"
    OTHER_EXIT = "other_exit"
    HANDLED = "handled"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a contact's, or of a hand-off's that was made from it."""

    at: datetime
    kind: str
    actor_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """A contact as it is now. `handoff_counts`: its service counts hand-offs against resolution."""

    id: int
    channel: str
    inbound: bool
    queue_id: int
    received_at: datetime
    handoff_counts: bool = True


@dataclass(frozen=True, slots=True)
class Counted:
    """One contact counting as one thing. The wait is in seconds of the promise's clock."""

    contact_id: int
    what: What
    at: datetime
    queue_id: int
    channel: str
    wait_seconds: int = 0
    within: bool = False
    short: bool = False
    resolved: bool = False
    first_point: bool = False
    avoidable: bool = False
    #: Of a handled call, by its own events.
    call: CallTimes | None = None
    #: Why it left the queue, of what neither was taken nor gave up: callback, voicemail or nothing.
    exit: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A person had a contact in hand. `timed`: how long it took is told by its own events."""

    staff_id: int
    queue_id: int
    channel: str
    begin: datetime
    end: datetime
    timed: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """What a promise is, and how long a wait was by its clock."""

    promise: Callable[[int, str], Promise]
    waited: Callable[[int, str, datetime, datetime], timedelta]


def counted(subject: Subject, history: Sequence[Happening], kept: Kept) -> tuple[Counted, ...]:
    """What the contact counts as; `history` in the order in which it happened."""
    found: list[Counted] = []
    if subject.inbound:
        found += _waiting(subject, history, kept)
    found += _ending(subject, history)
    return tuple(found)


def _waiting(subject: Subject, history: Sequence[Happening], kept: Kept) -> Iterable[Counted]:
    """Entering the queue and leaving it; what was logged by hand waited for nobody."""
    if any(each.kind == _LOGGED for each in history):
        return
    came = next((each.at for each in history if each.kind == _BEGIN), None)
    if came is not None:
        first = queue_at(subject, history, 0)
        yield Counted(subject.id, What.ARRIVED, came, first, subject.channel)
    for at, each in enumerate(history):
        what = _exit(each.kind)
        if what is None or _was_undone(history, at):
            continue
        queue = queue_at(subject, history, at)
        entered = subject.received_at if came is None else came
        wait = kept.waited(queue, subject.channel, entered, max(each.at, entered)).total_seconds()
        if each.data.get("while_away") or each.data.get("by") == _GONE:
            # Nobody saw it but the PBX; a chat is given up when its page closed, which is noticed
            # later. Either says how long.
            wait = float(each.data.get("waited") or 0)
        promise = kept.promise(queue, subject.channel)
        within, short = wait <= promise.seconds, wait <= promise.short_seconds
        yield Counted(
            subject.id, what, each.at, queue, subject.channel, round(wait), within, short,
            exit=_way_out(each) if what is What.OTHER_EXIT else "",
        )  # fmt: skip
        return


def _was_undone(history: Sequence[Happening], at: int) -> bool:
    """Whether a visitor of whom it was said that they had gone was there after all."""
    follows = next((each for each in history[at + 1 :] if each.kind == _BACK), None)
    gone = history[at].kind in _ABANDONED
    return gone and follows is not None and follows.data.get("undone") is True


def _way_out(each: Happening) -> str:
    """What became of a caller who waited no longer."""
    if each.kind == _CALLBACK:
        return "callback"
    return "voicemail" if each.kind == _VOICEMAIL else ""


def _exit(kind: str) -> What | None:
    if kind == _TAKEN:
        return What.ANSWERED
    if kind in _ABANDONED:
        return What.ABANDONED
    return What.OTHER_EXIT if kind in _OTHER_EXITS else None


def _ending(subject: Subject, history: Sequence[Happening]) -> Iterable[Counted]:
    """The first completion, with its disposition as it was given then."""
    at = next((n for n, each in enumerate(history) if each.kind == _COMPLETED), None)
    if at is None:
        return
    end, queue = history[at], queue_at(subject, history, at)
    call = times(history) if is_call(history) else None
    handled = any(each.kind == _TAKEN for each in history[:at]) or (call and call.with_us)
    if handled:
        yield Counted(subject.id, What.HANDLED, end.at, queue, subject.channel, call=call)
    # Who left a message, or was not called back in the end, had nobody who completed it.
    if not subject.inbound or not (handled or end.actor_id):
        return
    resolution = end.data.get("resolution")
    if resolution in OF_POSTS:
        return  # nobody was left to be helped here: it says nothing of how well we help
    resolved = resolution == Resolution.RESOLVED
    handed_off = any(each.kind == _HANDED_OFF for each in history[:at])
    first = resolved and not (handed_off and subject.handoff_counts)
    if resolution == Resolution.HANDED_OFF and not subject.handoff_counts:
        first = True
    yield Counted(
        subject.id, What.COMPLETED, end.at, queue, subject.channel,
        resolved=resolved, first_point=first, avoidable=end.data.get("avoidable") is True,
    )  # fmt: skip


def queue_at(subject: Subject, history: Sequence[Happening], at: int) -> int:
    """The queue that the contact was in when the event at that place happened: of a move the one
    that it went to. Events that change it name `queue`, and most of them `from_queue`.
    """
    for each in reversed(history[: at + 1]):
        if each.data.get("queue"):
            return int(each.data["queue"])
    for each in history[at + 1 :]:
        if each.data.get("from_queue"):
            return int(each.data["from_queue"])
    return subject.queue_id


def spans(
    subject: Subject,
    history: Sequence[Happening],
    in_hand_after: Mapping[str, bool],
    until: datetime,
) -> tuple[Span, ...]:
    """Who had the contact in hand and when. `in_hand_after` says of the kinds that change its
    state whether somebody has it afterwards, unless the event says the state itself; what goes on
    ends at `until`.
    """
    found: list[Span] = []
    holder: int | None = None
    begin, queue = until, subject.queue_id
    last: int | None = None
    timed = is_call(history)

    def end(at: datetime) -> None:
        if holder is not None and at > begin:
            found.append(Span(holder, queue, subject.channel, begin, at, timed))

    for n, each in enumerate(history):
        after = in_hand_after.get(each.kind)
        if after is not None and "state" in each.data:
            after = each.data["state"] in IN_HAND
        if after is None or (after and holder is not None and each.kind != _TAKEN):
            continue
        end(each.at)
        holder = _holder(each, last) if after else None
        if holder is not None:
            begin, queue, last = each.at, queue_at(subject, history, n), holder
    end(until)
    return tuple(found)


def _holder(each: Happening, last: int | None) -> int | None:
    """Who takes it, or is given it; a leader may resume it for whoever had it."""
    if each.kind == "contact.resumed" and last is not None:
        return last
    named = each.data.get("staff")
    return int(named) if named else each.actor_id


@dataclass(frozen=True, slots=True)
class Presences:
    """One person's chosen presence over time: (since, available), in order; unknown before."""

    known: tuple[tuple[datetime, bool], ...] = ()

    def at(self, moment: datetime) -> bool | None:
        """Whether they were available; None while nothing is known."""
        found = None
        for since, available in self.known:
            if since > moment:
                break
            found = available
        return found


@dataclass
class Time:
    """How people's time went: seconds by (half hour, queue, channel) but of what is timed by its
    own events, and by (half hour, person) available and at work.
    """

    handled: dict[tuple[datetime, int, str], float] = field(
        default_factory=lambda: defaultdict(float)
    )
    available: dict[tuple[datetime, int], float] = field(default_factory=lambda: defaultdict(float))
    busy: dict[tuple[datetime, int], float] = field(default_factory=lambda: defaultdict(float))


def time_of(
    held: Iterable[Span],
    presences: Mapping[int, Presences],
    interruptible: frozenset[str],
    begin: datetime,
    end: datetime,
) -> Time:
    """How the time between two moments went.

    Contacts in hand side by side share their person's time; what is interruptible gets none while
    something is that is not. Nobody works on a contact while they are known to be away.
    """
    by_person: dict[int, list[Span]] = defaultdict(list)
    for each in held:
        if each.begin < end and each.end > begin:
            by_person[each.staff_id].append(each)
    found = Time()
    for person in sorted(by_person.keys() | presences.keys()):
        own, presence = by_person.get(person, []), presences.get(person, Presences())
        cuts = _cuts(own, presence, begin, end)
        _share(found, person, own, presence, cuts=cuts, interruptible=interruptible)
    return found


def _share(
    found: Time,
    person: int,
    held: list[Span],
    presence: Presences,
    *,
    cuts: list[datetime],
    interruptible: frozenset[str],
) -> None:
    for left, right in pairwise(cuts):
        seconds, slot = (right - left).total_seconds(), half_hour(left)
        available = presence.at(left)
        if available:
            found.available[slot, person] += seconds
        now = [each for each in held if each.begin <= left and each.end >= right]
        if not now or available is False:
            continue
        if available:
            found.busy[slot, person] += seconds
        at_once = [each for each in now if each.channel not in interruptible] or now
        for each in at_once:
            if not each.timed:
                found.handled[slot, each.queue_id, each.channel] += seconds / len(at_once)


def _cuts(held: list[Span], presence: Presences, begin: datetime, end: datetime) -> list[datetime]:
    """The moments at which anything changes, in order, between two."""
    moments = {begin, end}
    mark = half_hour(begin)
    while mark < end:
        moments.add(mark)
        mark += HALF_HOUR
    moments.update(each.begin for each in held)
    moments.update(each.end for each in held)
    moments.update(since for since, _ in presence.known)
    return sorted(each for each in moments if begin <= each <= end)
