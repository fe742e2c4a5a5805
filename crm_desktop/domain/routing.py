"""Who is offered which contact, and why not the others: the rules, without I/O.

`migrations/sql/0039_routing.sql` says the same for PostgreSQL; one contract test holds both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

#: A desktop that was silent for so long is not there.
SILENT_AFTER = timedelta(seconds=90)
#: Who declined a contact is not offered it again for so long, or for so long when there is nobody
#: else.
SPARED = timedelta(minutes=5)
SPARED_ALONE = timedelta(seconds=30)
#: By so many points a mail or a form, which can be laid aside, is less urgent than a call.
DEFERRED_POINTS = 24
MOST_BOOST = 5


class Why(StrEnum):
    """Why somebody was not offered a contact; the values are the database's."""

    AWAY = "away"
    LEAVING = "leaving"
    LOCKED = "locked"
    IDLE = "idle"
    SILENT = "silent"
    NOT_RESPONDING = "not_responding"
    #: What is known of them changed at this very moment.
    CHANGING = "changing"
    #: They want nothing of this channel for now.
    CHANNEL_OFF = "channel_off"
    SKILLS = "skills"
    DECLINED = "declined"
    OFFERED = "offered"
    FULL = "full"
    #: Kept free for something heavier that has waited longer.
    KEPT = "kept"
    #: The customer's last advisor will be free soon, and comes first.
    LAST_FIRST = "last_first"
    # They could have had it, and somebody else came first: the last advisor, who has more of the
    # skill, who has less in hand, or whose turn it was.
    NOT_LAST = "not_last"
    LESS_SKILL = "less_skill"
    BUSIER = "busier"
    SOONER = "sooner"


#: They are there for it, and only have no hand free.
_OCCUPIED = frozenset({Why.FULL, Why.OFFERED, Why.KEPT})
#: These concern one contact; what comes after it in its line may fare better.
_OF_ONE_CONTACT = frozenset({Why.DECLINED, Why.LAST_FIRST})


@dataclass(slots=True)
class Hand:
    """One who is signed in. `why` they are offered nothing at all, or None.

    `busy` is what calls, chats and visits take of their capacity, `laid` what can be laid aside
    for one. `offered` and `called`: an offer stands before them, and one that cannot be laid aside.
    `kept`: free, for something heavier. `given_at` is when they were last given work, as text that
    sorts by time, empty for never. `queues` are only looked at of who has room: those whose
    contacts they can have, now or when these have waited long enough.
    """

    staff_id: int
    why: Why | None
    capacity: int
    queues: frozenset[int] = frozenset()
    skills: dict[int, int] = field(default_factory=dict)
    busy: int = 0
    laid: int = 0
    offered: bool = False
    called: bool = False
    kept: bool = False
    given_at: str = ""
    off_channels: frozenset[str] = frozenset()

    @property
    def share(self) -> float:
        """How full they are; 1.0 is full."""
        return (self.busy + self.laid) / max(self.capacity, 1)

    def has_room(self, calls: int, mails: int) -> bool:
        """Whether they could be offered anything at all.

        `calls` is the least that a call, chat or visit takes, `mails` the least of all others.
        """
        return (
            self.why is None
            and not self.called
            and (
                self.room(interruptible=False) >= calls
                or (self.room(interruptible=True) >= mails and not self.offered)
            )
        )

    def room(self, interruptible: bool) -> int:
        """How much of such a channel they can still have."""
        return self.capacity - self.busy - (self.laid if interruptible else 0)

    def give(self, weight: int, interruptible: bool, now: str) -> None:
        """They are offered something."""
        self.offered, self.given_at = True, now
        if interruptible:
            self.laid += weight
        else:
            self.called = True
            self.busy += weight


@dataclass(frozen=True, slots=True)
class Need:
    """A skill that a queue needs, and for how long it does; None for ever."""

    skill_id: int
    level: int
    relax_seconds: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A contact that waits. `declined`: by whom, when, and whether for good."""

    id: int
    queue_id: int
    queued_at: datetime
    weight: int
    interruptible: bool
    needs: Sequence[Need] = ()
    last_one: int | None = None
    last_seconds: int = 0
    declined: Mapping[int, tuple[datetime, bool]] = field(default_factory=dict)
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whom a contact goes to, None for nobody, and the others by the reason why not."""

    chosen: int | None
    considered: dict[str, list[int]]

    @property
    def of_one_contact(self) -> bool:
        """Whether what comes after it in its line may fare better."""
        return not _OF_ONE_CONTACT.isdisjoint(self.considered)


@dataclass(slots=True)
class _Judged:
    hand: Hand
    why: Why | None
    short: int
    #: Declined: not now in any case, and not while somebody else is there.
    refused: bool
    lately: bool

    @property
    def will_do(self) -> bool:
        return (self.why is None or self.why in _OCCUPIED) and not (self.refused or self.lately)


def virtual_entry(queued_at: datetime, points: int, ageing: int, interruptible: bool) -> datetime:
    """When a contact would have had to come to be as urgent without points: nothing starves."""
    return queued_at - timedelta(
        seconds=(points - (DEFERRED_POINTS if interruptible else 0)) * ageing
    )


def decided(members: Iterable[Hand], wanted: Wanted, now: datetime) -> Decision:
    """Whom of its queue's members it goes to.

    The last advisor, the skilled, the least busy, who was given work first.
    """
    seen = [_judged(each, wanted, now) for each in members]
    # Somebody else will be there for it: who declined it lately is spared.
    left_over = any(each.will_do for each in seen)
    awaited = (
        any(
            each.hand.staff_id == wanted.last_one and each.will_do and each.why is not None
            for each in seen
        )
        and wanted.queued_at + timedelta(seconds=wanted.last_seconds) > now
    )
    for each in seen:
        if (each.why is None or each.why in _OCCUPIED) and (
            each.refused or (each.lately and left_over)
        ):
            each.why = Why.DECLINED
        elif each.why is None and awaited:
            each.why = Why.LAST_FIRST

    def order(each: _Judged) -> tuple[bool, int, float, str, int]:
        return (
            each.hand.staff_id != wanted.last_one,
            each.short,
            each.hand.share,
            each.hand.given_at,
            each.hand.staff_id,
        )

    best = min((each for each in seen if each.why is None), key=order, default=None)
    considered: dict[str, list[int]] = {}
    for each in sorted(seen, key=lambda one: one.hand.staff_id):
        if each is best:
            continue
        why = each.why
        if why is None and best is not None:
            why = _second(each, best, wanted.last_one)
        considered.setdefault(str(why), []).append(each.hand.staff_id)
    return Decision(best.hand.staff_id if best else None, considered)


def room(
    roomy: Iterable[Hand], queue_id: int, channel: str, weight: int, interruptible: bool
) -> bool:
    """Whether somebody who can have such a contact has room for it, of those who have any.

    If not, somebody is kept free for it: lighter work that came later would else fill them for
    ever.
    """
    members = [
        each
        for each in roomy
        if queue_id in each.queues and channel not in each.off_channels and not each.kept
    ]
    if any(
        each.room(interruptible) >= weight and not (each.called or (each.offered and interruptible))
        for each in members
    ):
        return True
    filled = [each for each in members if each.capacity >= weight > each.room(interruptible)]
    if filled:
        min(filled, key=lambda each: (each.busy, each.staff_id)).kept = True
    return False


def _second(each: _Judged, best: _Judged, last_one: int | None) -> Why:
    if best.hand.staff_id == last_one:
        return Why.NOT_LAST
    if each.short > best.short:
        return Why.LESS_SKILL
    return Why.BUSIER if each.hand.share > best.hand.share else Why.SOONER


def _judged(hand: Hand, wanted: Wanted, now: datetime) -> _Judged:
    short, lacking = _lacks(hand, wanted, now) if wanted.needs else (0, False)
    refused = lately = False
    if hand.staff_id in wanted.declined:
        at, for_good = wanted.declined[hand.staff_id]
        refused, lately = for_good or at > now - SPARED_ALONE, at > now - SPARED
    why = hand.why
    if why is None:
        if wanted.channel in hand.off_channels:
            why = Why.CHANNEL_OFF
        elif lacking:
            why = Why.SKILLS
        elif hand.called or (hand.offered and wanted.interruptible):
            why = Why.OFFERED
        elif hand.room(wanted.interruptible) < wanted.weight:
            why = Why.FULL
        elif hand.kept:
            why = Why.KEPT
    return _Judged(hand, why, short, refused, lately)


def _lacks(hand: Hand, wanted: Wanted, now: datetime) -> tuple[int, bool]:
    """How much of the skills they lack, and whether of one that is still waited for."""
    short, lacking = 0, False
    for each in wanted.needs:
        missing = each.level - hand.skills.get(each.skill_id, 0)
        if missing > 0:
            short += missing
            lacking = lacking or (
                each.relax_seconds is None
                or wanted.queued_at + timedelta(seconds=each.relax_seconds) > now
            )
    return short, lacking
