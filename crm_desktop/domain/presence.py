"""Where somebody is: what they chose beside what the system sees, and a day that adds up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from crm_desktop.domain.states import Channel, Doing, Presence

#: The presences of somebody who is not to be offered anything, in the order of menus.
AWAY = (
    Presence.LUNCH,
    Presence.BREAK,
    Presence.TRAINING,
    Presence.MEETING,
    Presence.OTHER_WORK,
    Presence.OFFLINE,
)
LONGEST_WORDS = 80
#: A desktop says that it is there this often; whoever was not heard of for three times as long is
#: offered nothing.
BEAT_SECONDS = 30
#: So long untouched, and nobody is taken to sit there.
IDLE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Offer:
    """A contact that is offered to the person who asks, until `expires_at` (None: for ever)."""

    contact_id: int
    channel: Channel
    who: str
    subject: str
    queue_name: str
    waiting_since: datetime
    offered_at: datetime
    expires_at: datetime | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """One's own presence and activity as the database has them at `now`.

    `set_by` names the team leader who chose it for them, empty when they did; `back_at` is when
    they said they are back.
    """

    now: datetime
    signed_in: bool
    presence: Presence
    afterwards: Presence | None = None
    words: str = ""
    back_at: datetime | None = None
    set_by: str = ""
    not_responding: bool = False
    off_channels: frozenset[Channel] = frozenset()
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """From `at` on a person was so; `by` names whoever set it for them."""

    at: datetime
    signed_in: bool
    presence: Presence
    doing: Doing
    by: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a day in which nothing changed; `running`: it still does."""

    began_at: datetime
    ended_at: datetime
    presence: Presence
    doing: Doing
    by: str = ""
    running: bool = False

    @property
    def length(self) -> timedelta:
        """How long it was."""
        return self.ended_at - self.began_at


@dataclass(slots=True)
class _Held:
    """When a person had at least one contact in hand, without overlaps."""

    times: list[tuple[datetime, datetime]] = field(default_factory=list)

    def add(self, began: datetime, ended: datetime) -> None:
        if self.times and began <= self.times[-1][1]:
            self.times[-1] = (self.times[-1][0], max(self.times[-1][1], ended))
        else:
            self.times.append((began, ended))

    def covers(self, moment: datetime) -> bool:
        return any(began <= moment < ended for began, ended in self.times)


def spans(
    marks: Sequence[Mark],
    in_hand: Iterable[tuple[datetime, datetime | None]],
    begin: datetime,
    end: datetime,
    now: datetime,
) -> tuple[Span, ...]:
    """The day from `begin` to `end` (or `now`) in parts: each ends where the next begins, and
    together they are as long as the person was signed in.

    `marks` are in order; `in_hand` are the times (None: still) at which they had a contact. What
    the system sees goes before: a locked desktop is locked; then a contact in hand.
    """
    until = min(end, now)
    held = _Held()
    for began, ended in sorted((began, ended or until) for began, ended in in_hand):
        held.add(began, ended)
    cuts = sorted({moment for each in held.times for moment in each})
    found: list[Span] = []
    for at, mark in enumerate(marks):
        starts = max(mark.at, begin)
        stops = min(marks[at + 1].at, until) if at + 1 < len(marks) else until
        if not mark.signed_in or starts >= stops:
            continue
        inside = [moment for moment in cuts if starts < moment < stops]
        for left, right in zip([starts, *inside], [*inside, stops], strict=True):
            doing = _doing(mark.doing, in_hand=held.covers(left))
            _append(found, Span(left, right, mark.presence, doing, mark.by))
    if found and marks[-1].signed_in and found[-1].ended_at == until == now:
        found[-1] = replace(found[-1], running=True)
    return tuple(found)


def _doing(seen: Doing, *, in_hand: bool) -> Doing:
    return Doing.ON_CONTACT if in_hand and seen is not Doing.LOCKED else seen


def _append(found: list[Span], span: Span) -> None:
    before = found[-1] if found else None
    if before is not None and before.ended_at == span.began_at and _alike(before, span):
        found[-1] = replace(before, ended_at=span.ended_at)
    else:
        found.append(span)


def _alike(one: Span, other: Span) -> bool:
    return (one.presence, one.doing, one.by) == (other.presence, other.doing, other.by)
