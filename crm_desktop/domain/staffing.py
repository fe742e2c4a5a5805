"""How many people a queue needs, and what happens when some of them go for lunch now."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from crm_desktop.domain.erlang import ErlangA, ErlangC, Load, Staffed, agents_needed
from crm_desktop.domain.states import Channel

HALF_HOUR_SECONDS = 1800
#: Whoever comes by these waits for an answer; everything else is done in between.
LIVE = frozenset({Channel.CALL, Channel.CHAT, Channel.VISIT})
#: How long somebody waits, in seconds in the mean, where nobody has hung up yet.
USUAL_PATIENCE = {Channel.CALL: 180.0, Channel.CHAT: 300.0, Channel.VISIT: 1800.0}
#: Erlang never promises everybody.
_MOST_GOAL = 0.99
#: So much of a person is nobody.
_A_LITTLE = 0.01


@dataclass(frozen=True, slots=True)
class Work:
    """What one channel is expected to bring a queue in a half hour.

    `handling` is the time in seconds that one takes of a person: of chats side by side each has
    its part. `patience`, in seconds, is None where nobody waits in person; `goal` of 1 are to be
    answered within `seconds`.
    """

    channel: Channel
    expected: float
    handling: float
    patience: float | None
    seconds: int
    goal: float

    @property
    def people(self) -> float:
        """How many keep the promise to who waits in person, or keep up with what can lie: parts of
        a person then, who does something else besides.
        """
        load = Load.of(self.expected, HALF_HOUR_SECONDS, self.handling)
        if self.channel not in LIVE:
            return load.erlangs
        return agents_needed(load, self.seconds, min(self.goal, _MOST_GOAL), self.patience)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What becomes of those who come, in one half hour or in several together.

    `service_level`, `occupancy`, `abandoned` are shares of 1 and `wait` is in seconds, all by
    Erlang A; `patient` is the service level by Erlang C, where nobody ever hangs up.
    """

    people: int
    service_level: float
    wait: float
    occupancy: float
    abandoned: float
    patient: float


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A queue with the people it has now and with others.

    `channels` are those whose waiting was reckoned, `seconds` and `goal` the promise that was held
    against. `needed` is how many keep it in the worst half hour. `assumed`: nobody has hung up
    lately, so a usual patience was taken.
    """

    half_hours: tuple[datetime, ...]
    channels: frozenset[Channel]
    expected: float
    before: Outlook
    after: Outlook
    needed: int
    seconds: int
    goal: float
    assumed: bool


def whole_people(parts: float) -> int:
    """So many people, when each part of one is somebody."""
    return math.ceil(parts - _A_LITTLE)


def patience_of(channel: Channel, measured: float | None) -> float | None:
    """The patience to reckon with; None where nobody waits in person."""
    if channel not in LIVE:
        return None
    return measured or USUAL_PATIENCE[channel]


def what_if(
    half_hours: Sequence[tuple[datetime, Sequence[Work]]],
    people: int,
    change: int,
    *,
    assumed: bool,
) -> WhatIf | None:
    """The half hours with `people` and with `change` more (or fewer); None when nothing comes.

    People who serve several channels at once are reckoned as one line of the work that waits in
    person, and of the other work where there is none: mails lie aside while calls come.
    """
    held = [(at, _waiting(works)) for at, works in half_hours]
    lines = [(at, _line(works), works) for at, works in held if works]
    lines = [(at, line, works) for at, line, works in lines if line.expected > 0]
    if not lines:
        return None
    first = lines[0][1]
    return WhatIf(
        half_hours=tuple(at for at, _, _ in lines),
        channels=frozenset(work.channel for _, _, works in lines for work in works),
        expected=sum(line.expected for _, line, _ in lines),
        before=_outlook((line for _, line, _ in lines), people),
        after=_outlook((line for _, line, _ in lines), max(0, people + change)),
        needed=max(whole_people(line.people) for _, line, _ in lines),
        seconds=first.seconds,
        goal=first.goal,
        assumed=assumed,
    )


def _waiting(works: Sequence[Work]) -> tuple[Work, ...]:
    came = tuple(each for each in works if each.expected > 0)
    return tuple(each for each in came if each.channel in LIVE) or came


def _line(works: Sequence[Work]) -> Work:
    """Several channels as one line, with the name and promise of the one that brings most."""
    expected = sum(each.expected for each in works)
    most = max(works, key=lambda each: each.expected)
    seconds = sum(each.expected * each.handling for each in works)
    patience = None
    if most.patience is not None:
        patience = sum(each.expected * (each.patience or 0) for each in works) / expected
    return Work(most.channel, expected, seconds / expected, patience, most.seconds, most.goal)


def _outlook(lines: Iterable[Work], people: int) -> Outlook:
    """Several half hours together, each as loud as what it brings."""
    level = wait = busy = gone = patient = weight = answered = count = 0.0
    for line in lines:
        load = Load.of(line.expected, HALF_HOUR_SECONDS, line.handling)
        human, endless = _by_both(load, people, line.patience)
        stay = line.expected * (1 - human.abandonment)
        level += line.expected * human.service_level(line.seconds)
        patient += line.expected * endless.service_level(line.seconds)
        gone += line.expected * human.abandonment
        if stay > 0:
            wait += stay * human.speed_of_answer
        busy += human.occupancy
        weight += line.expected
        answered += stay
        count += 1
    return Outlook(
        people,
        level / weight,
        wait / answered if answered else math.inf,
        busy / count,
        gone / weight,
        patient / weight,
    )


def _by_both(load: Load, people: int, patience: float | None) -> tuple[Staffed, Staffed]:
    endless = ErlangC(load, people)
    return (endless if patience is None else ErlangA(load, people, patience)), endless
