"""The centre's figures: each with its formula, and its definition in words that name T, s and N."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum

HALF_HOUR = timedelta(minutes=30)
#: A contact of the same customer about the same service within so many days is a repeat.
REPEAT_DAYS = 7


class Variant(StrEnum):
    """How a service level is reckoned. A answered, B abandoned, T threshold, s a short abandon."""

    DEFAULT = "default"  # A≤T / (A + B>T)
    ANSWERED = "answered"  # A≤T / A
    OFFERED = "offered"  # A≤T / (A + B)
    BOTH_WITHIN = "both_within"  # (A≤T + B≤T) / (A + B)
    SHORT_GOOD = "short_good"  # (A≤T + B≤s) / (A + B)
    NET = "net"  # A≤T / (offered − B≤s)


class Figure(StrEnum):
    """What is shown on tiles and the wallboard."""

    SERVICE_LEVEL = "service_level"
    ANSWER_SPEED = "answer_speed"
    ANSWERED = "answered"
    ABANDONED = "abandoned"
    ABANDONED_NET = "abandoned_net"
    HANDLE_TIME = "handle_time"
    TALK_TIME = "talk_time"
    HOLD_TIME = "hold_time"
    WRAP_UP_TIME = "wrap_up_time"
    TRANSFERRED = "transferred"
    OCCUPANCY = "occupancy"
    FIRST_POINT = "first_point"
    FIRST_CONTACT = "first_contact"
    AVOIDABLE = "avoidable"
    WAITING = "waiting"
    LONGEST_WAIT = "longest_wait"
    HANDOFFS = "handoffs"


@dataclass(frozen=True, slots=True)
class Share:
    """A numerator over a denominator, kept apart so that shares can be added."""

    part: float = 0
    whole: float = 0

    def __add__(self, other: Share) -> Share:
        return Share(self.part + other.part, self.whole + other.whole)

    @property
    def value(self) -> float | None:
        """The quotient; None of nothing."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Promise:
    """How soon a queue answers a channel, and how that is reckoned: `seconds` is T,
    `short_seconds` s, `goal` in per cent.
    """

    seconds: int
    in_opening_hours: bool = True
    goal: int = 80
    short_seconds: int = 5
    variant: Variant = Variant.DEFAULT


@dataclass(frozen=True, slots=True)
class Sums:
    """What can be added: half hours to a day, queues to the centre. Times in seconds.

    `answered` is A, `abandoned` B; `handled` contacts were completed after somebody had them in
    hand, `completed` ones came in; `repeated` of the `resolved` came back, of those half hours of
    which it is known (`followed`). `calls` are the handled ones that a telephone system told of;
    their talk, hold and wrap-up are in `handle_seconds`, and `transferred` of them were passed on.
    `callbacks` and `voicemails` are exits among the others.
    """

    arrivals: int = 0
    answered: int = 0
    answered_within: int = 0
    wait_seconds: int = 0
    abandoned: int = 0
    abandoned_within: int = 0
    abandoned_short: int = 0
    other_exits: int = 0
    handled: int = 0
    handle_seconds: int = 0
    completed: int = 0
    first_point: int = 0
    avoidable: int = 0
    resolved: int = 0
    followed: int = 0
    repeated: int = 0
    callbacks: int = 0
    voicemails: int = 0
    calls: int = 0
    talk_seconds: int = 0
    hold_seconds: int = 0
    wrap_up_seconds: int = 0
    transferred: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, name) + getattr(other, name) for name in SUMS))

    @property
    def offered(self) -> int:
        """What left the queue: A + B + other exits."""
        return self.answered + self.abandoned + self.other_exits


SUMS = tuple(each.name for each in fields(Sums))


def added(many: Iterable[Sums]) -> Sums:
    """All of them together."""
    return sum(many, Sums())


def service_level(sums: Sums, variant: Variant = Variant.DEFAULT) -> Share:
    """The share that was served in time."""
    a, within, b = sums.answered, sums.answered_within, sums.abandoned
    b_within, b_short = sums.abandoned_within, sums.abandoned_short
    match variant:
        case Variant.DEFAULT:
            return Share(within, a + b - b_within)
        case Variant.ANSWERED:
            return Share(within, a)
        case Variant.OFFERED:
            return Share(within, a + b)
        case Variant.BOTH_WITHIN:
            return Share(within + b_within, a + b)
        case Variant.SHORT_GOOD:
            return Share(within + b_short, a + b)
        case Variant.NET:
            return Share(within, sums.offered - b_short)


def share(figure: Figure, sums: Sums) -> Share:
    """Numerator and denominator of a figure that half hours can be added to.

    Not of the service level, which has variants; KeyError for what stands of its own.
    """
    return {
        Figure.ANSWER_SPEED: Share(sums.wait_seconds, sums.answered),
        Figure.ANSWERED: Share(sums.answered, sums.offered),
        Figure.ABANDONED: Share(sums.abandoned, sums.offered),
        Figure.ABANDONED_NET: Share(sums.abandoned - sums.abandoned_short, sums.offered),
        Figure.HANDLE_TIME: Share(sums.handle_seconds, sums.handled),
        Figure.TALK_TIME: Share(sums.talk_seconds, sums.calls),
        Figure.HOLD_TIME: Share(sums.hold_seconds, sums.calls),
        Figure.WRAP_UP_TIME: Share(sums.wrap_up_seconds, sums.calls),
        Figure.TRANSFERRED: Share(sums.transferred, sums.calls),
        Figure.FIRST_POINT: Share(sums.first_point, sums.completed),
        Figure.FIRST_CONTACT: Share(sums.followed - sums.repeated, sums.followed),
        Figure.AVOIDABLE: Share(sums.avoidable, sums.completed),
    }[figure]


def half_hour(at: datetime) -> datetime:
    """The beginning of the half hour that a moment lies in; zones in use are whole hours off."""
    return at.replace(minute=at.minute - at.minute % 30, second=0, microsecond=0)


#: A level's formula in words; {t} and {s} are spans.
_LEVELS = {
    Variant.DEFAULT: "answered within {t}, of all answered and of those who gave up after {t}",
    Variant.ANSWERED: "answered within {t}, of all answered",
    Variant.OFFERED: "answered within {t}, of all answered and all who gave up",
    Variant.BOTH_WITHIN: ("answered or given up within {t}, of all answered and all who gave up"),
    Variant.SHORT_GOOD: (
        "answered within {t} or given up within {s}, of all answered and all who gave up"
    ),
    Variant.NET: (
        "answered within {t}, of all that left the queue but those who gave up within {s}"
    ),
}
_DEFINITIONS = {
    Figure.ANSWER_SPEED: (
        "The average wait of contacts that were answered, from entering the queue until somebody "
        "first took them. Who gave up is not in it."
    ),
    Figure.ANSWERED: (
        "Contacts that somebody took, of all that left the queue: taken, given up, or set aside."
    ),
    Figure.ABANDONED: (
        "Contacts whose customer gave up waiting, of all that left the queue. A callback that was "
        "asked for is none."
    ),
    Figure.ABANDONED_NET: (
        "Contacts whose customer gave up waiting, without those who did so at once, of all that "
        "left the queue."
    ),
    Figure.HANDLE_TIME: (
        "Talking, holding and wrapping up, by contact that was completed. Contacts that one person "
        "has in hand side by side share that person's time; a call, a chat or a visit takes all "
        "of it from mail."
    ),
    Figure.TALK_TIME: (
        "Of the calls that were completed, the average time in which the caller talked with us, "
        "by the telephone system."
    ),
    Figure.HOLD_TIME: (
        "Of the calls that were completed, the average time in which the caller was on hold after "
        "the answer, also while a colleague was asked."
    ),
    Figure.WRAP_UP_TIME: (
        "Of the calls that were completed, the average time from hanging up until they were "
        "completed."
    ),
    Figure.TRANSFERRED: (
        "Calls that somebody who had answered passed on to a colleague, a queue or a number, of "
        "all calls that were completed."
    ),
    Figure.OCCUPANCY: (
        "Of the time in which the people of your queues were available, the part with at least "
        "one contact in hand, by the wall clock: two chats at once are 100%, not 200%."
    ),
    Figure.FIRST_POINT: (
        "Contacts completed as resolved, with no hand-off, transfer out, signpost elsewhere in the "
        "council or callback, of all completed; without spam and outbound. A hand-off counts "
        "against it where the service says so."
    ),
    Figure.FIRST_CONTACT: (
        f"Of contacts resolved in the week that ended {REPEAT_DAYS} days ago, those whose customer "
        f"did not come back about the same service within {REPEAT_DAYS} days."
    ),
    Figure.AVOIDABLE: (
        "Contacts that whoever completed them marked as avoidable, of all completed; their "
        "judgement. Without spam and outbound."
    ),
    Figure.WAITING: "Contacts in the queues that nobody has taken, at this moment.",
    Figure.LONGEST_WAIT: (
        "The time since the contact that has waited longest entered its queue, at this moment."
    ),
    Figure.HANDOFFS: (
        "Cases with a back office whose time is up, or will be before midnight, of all that are "
        "under way."
    ),
}


def definition(figure: Figure, promises: Iterable[Promise] = ()) -> str:
    """What a figure means, in plain words; `promises` are those that a service level is made of."""
    return (
        _level(list(dict.fromkeys(promises)))
        if figure is Figure.SERVICE_LEVEL
        else (_DEFINITIONS[figure])
    )


def _level(promises: list[Promise]) -> str:
    if not promises:
        return "The share answered in time, each queue and channel by its own target."
    if len(promises) == 1:
        (only,) = promises
        hours = ", counted in opening hours" if only.in_opening_hours else ""
        return f"{_formula(only)}{hours}. The goal is {only.goal}%."
    variants = {each.variant for each in promises}
    if len(variants) == 1:
        general = _LEVELS[variants.pop()].format(
            t="the target", s=_spans({each.short_seconds for each in promises})
        )
        times = _spans({each.seconds for each in promises})
        return f"{general[0].upper()}{general[1:]}. Targets of queues and channels: {times}."
    return " Or, where a queue reckons otherwise: ".join(
        dict.fromkeys(f"{_formula(each)}." for each in promises)
    )


def _formula(promise: Promise) -> str:
    words = _LEVELS[promise.variant].format(t=span(promise.seconds), s=span(promise.short_seconds))
    return words[0].upper() + words[1:]


def _spans(seconds: set[int]) -> str:
    return ", ".join(span(each) for each in sorted(seconds))


def span(seconds: int) -> str:
    """A target as people say it: "20 s", "15 min", "10 h", "1 h 30 min"."""
    minutes, left = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (left, "s")]
    return " ".join(f"{n} {unit}" for n, unit in parts if n) or "0 s"
