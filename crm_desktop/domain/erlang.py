"""How many people a load of calls needs, and what becomes of the callers: Erlang C and Erlang A.

Erlang C (M/M/n) has callers who wait for ever; Erlang A (M/M/n+M) callers whose patience is
exponential. Sources: A. K. Erlang, "Solution of some problems in the theory of probabilities of
significance in automatic telephone exchanges" (1917), for C; O. Garnett, A. Mandelbaum, M. Reiman,
"Designing a call center with impatient customers", M&SOM 4 (2002), for A; and for the law of the
wait that a caller is offered F. Baccelli, G. Hebuterne, "On queues with impatient customers"
(1981), in the form of S. Zeltyn, A. Mandelbaum, Queueing Systems 51 (2005).

No library: pyworkforce (MIT, kept) knows no patience, gives probabilities above one where there are
too few agents, and needs numpy, pandas, ortools and joblib; erlanglib has no patience either and
works with factorials; ErlangCCmath is no free software.

Everything is exact to about ten digits from one agent to thousands: Erlang B by its recursion,
integrals by Gauss-Legendre on a log-concave integrand scaled by its greatest value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

#: Nobody asks for more agents than this; `agents_needed` gives up there.
MOST_AGENTS = 5000

# Gauss-Legendre of eight points: place and weight of those right of the middle.
_POINTS = (
    (0.1834346424956498, 0.3626837833783620),
    (0.5255324099163290, 0.3137066458778873),
    (0.7966664774136267, 0.2223810344533745),
    (0.9602898564975363, 0.1012285362903763),
)
_PIECES = 32
#: exp(-42) is below what can be told apart beside one.
_FORGOTTEN = 42.0


@dataclass(frozen=True, slots=True)
class Load:
    """What comes: contacts a second, and the seconds one keeps an agent busy (AHT)."""

    rate: float
    handling: float

    def __post_init__(self) -> None:
        if not (0 <= self.rate < math.inf and 0 < self.handling < math.inf):
            raise ValueError("a load has a rate of at least 0 and a handling time above 0")

    @classmethod
    def of(cls, contacts: float, seconds: float, handling: float) -> Load:
        """The load of so many contacts in so many seconds."""
        return cls(contacts / seconds, handling)

    @property
    def erlangs(self) -> float:
        """The agents who would be busy if nobody ever waited."""
        return self.rate * self.handling


class Staffed(Protocol):
    """A load met by a number of agents, by either formula. Shares are from 0 to 1."""

    @property
    def waiting(self) -> float:
        """The share of callers who wait at all."""

    @property
    def abandonment(self) -> float:
        """The share of callers who hang up before they are answered."""

    @property
    def speed_of_answer(self) -> float:
        """The mean wait, in seconds, of those who are answered; infinite when nobody is."""

    @property
    def occupancy(self) -> float:
        """The share of their time in which agents are busy with contacts."""

    def answered_within(self, seconds: float) -> float:
        """The share of all callers who are answered within the time."""

    def abandoned_within(self, seconds: float) -> float:
        """The share of all callers who hang up within the time."""

    def service_level(self, seconds: float) -> float:
        """Answered within the time, of all but those who hung up within it."""


@dataclass(frozen=True)
class ErlangC:
    """Callers wait for ever. With too few agents everybody does."""

    load: Load
    agents: int

    def __post_init__(self) -> None:
        _check(self.agents)

    @property
    def _steady(self) -> bool:
        return self.load.erlangs < self.agents

    @cached_property
    def waiting(self) -> float:
        if self.load.rate == 0 and self.agents > 0:
            return 0.0
        if not self._steady:
            return 1.0
        busy = 1 / _inverse_b(self.load.erlangs, self.agents)
        spare = 1 - self.load.erlangs / self.agents
        return busy / (spare + busy * (1 - spare))

    @property
    def abandonment(self) -> float:
        return 0.0

    @property
    def speed_of_answer(self) -> float:
        if not self._steady:
            return math.inf
        return self.waiting * self.load.handling / (self.agents - self.load.erlangs)

    @property
    def occupancy(self) -> float:
        return min(1.0, self.load.erlangs / self.agents) if self.agents else 0.0

    def answered_within(self, seconds: float) -> float:
        if not self._steady or seconds < 0:
            return 0.0
        spare = self.agents - self.load.erlangs
        return 1 - self.waiting * math.exp(-spare * seconds / self.load.handling)

    def abandoned_within(self, seconds: float) -> float:  # noqa: ARG002 - nobody ever
        return 0.0

    def service_level(self, seconds: float) -> float:
        return self.answered_within(seconds)


@dataclass(frozen=True)
class ErlangA:
    """Callers hang up: each has a patience of its own, exponential, of this mean in seconds.

    The wait that is offered to a caller of endless patience has, beyond zero, a density in
    proportion to h(x) = exp(rate * (1 - exp(-x / patience)) * patience - agents * x / handling).
    All that is asked follows from the integrals of h and of x * h.
    """

    load: Load
    agents: int
    patience: float

    def __post_init__(self) -> None:
        _check(self.agents)
        if not 0 < self.patience < math.inf:
            raise ValueError("patience is above 0 seconds; without end it is Erlang C")

    @cached_property
    def _served(self) -> float:
        """Contacts a second that all agents together can finish."""
        return self.agents / self.load.handling

    @cached_property
    def _top(self) -> float:
        """Where h is greatest."""
        return max(0.0, self.patience * math.log(self.load.rate / self._served))

    def _log(self, wait: float) -> float:
        patient = -math.expm1(-wait / self.patience) * self.patience
        return self.load.rate * patient - self._served * wait

    def _h(self, wait: float) -> float:
        """h over its greatest value."""
        return math.exp(self._log(wait) - self._log(self._top))

    @cached_property
    def _whole(self) -> float:
        return self._beyond(0.0)

    def _beyond(self, seconds: float) -> float:
        """The integral of h from there on; where no patience is left, h falls as an exponential."""
        spent = max(seconds, _FORGOTTEN * self.patience)
        near = _integral(self._log, self._log(self._top), self._top, (seconds, spent))
        return near + self._h(spent) / self._served

    @cached_property
    def _weight(self) -> float:
        """What all probabilities are divided by: of not waiting, and of waiting."""
        return self._at_once + self.load.rate * self._whole

    @cached_property
    def _at_once(self) -> float:
        """The weight of finding an agent free: that of all but agents - 1 busy, by it."""
        return _inverse_b(self.load.erlangs, self.agents - 1) * self._h(0.0)

    @cached_property
    def waiting(self) -> float:
        if self.agents == 0:
            return 1.0
        return self.load.rate * self._whole / self._weight if self.load.rate else 0.0

    @cached_property
    def abandonment(self) -> float:
        if self.load.rate == 0:
            return 0.0
        if self.agents == 0:
            return 1.0
        gone = self._h(0.0) + (self.load.rate - self._served) * self._whole
        return _share(gone / self._weight)

    @cached_property
    def speed_of_answer(self) -> float:
        if self.agents == 0:
            return math.inf
        if self.load.rate == 0:
            return 0.0
        waited = _integral(
            lambda wait: self._log(wait) - wait / self.patience,
            self._log(self._top),
            max(0.0, self.patience * math.log(self.load.rate / (self._served + 1 / self.patience))),
            (0.0, _FORGOTTEN * self.patience),
            times=lambda wait: wait,
        )
        return self.load.rate * waited / self._weight / (1 - self.abandonment)

    @property
    def occupancy(self) -> float:
        if self.agents == 0:
            return 0.0
        return _share(self.load.erlangs * (1 - self.abandonment) / self.agents)

    def answered_within(self, seconds: float) -> float:
        if self.agents == 0 or seconds < 0:
            return 0.0
        if self.load.rate == 0:
            return 1.0
        passed = self._whole - self._beyond(seconds)
        soon = self._h(seconds) - self._h(0.0) + self._served * passed
        return _share((self._at_once + soon) / self._weight)

    def abandoned_within(self, seconds: float) -> float:
        if self.load.rate == 0 or seconds <= 0:
            return 0.0
        impatient = -math.expm1(-seconds / self.patience)
        if self.agents == 0:
            return impatient
        longer = self.load.rate * self._beyond(seconds) / self._weight
        return _share(1 - (1 - impatient) * longer - self.answered_within(seconds))

    def service_level(self, seconds: float) -> float:
        counted = 1 - self.abandoned_within(seconds)
        return _share(self.answered_within(seconds) / counted) if counted > 0 else 0.0


def staffed(load: Load, agents: int, patience: float | None) -> Staffed:
    """By Erlang A where callers have a patience (mean seconds), by C where they have none."""
    return ErlangC(load, agents) if patience is None else ErlangA(load, agents, patience)


def agents_needed(load: Load, seconds: float, goal: float, patience: float | None = None) -> int:
    """The fewest agents with whom the share `goal` is answered within the time.

    At most `MOST_AGENTS`, which is also the answer when no number would do.
    """
    if load.rate == 0:
        return 0

    def enough(agents: int) -> bool:
        return staffed(load, agents, patience).service_level(seconds) >= goal

    low, high = _around(enough, max(1, round(load.erlangs + math.sqrt(load.erlangs) / 2)))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _around(enough: Callable[[int], bool], guess: int) -> tuple[int, int]:
    """Too few and enough, in steps that double from a good guess: each question costs a while."""
    step = 1
    if enough(guess):
        while guess - step > 0 and enough(guess - step):
            guess -= step
            step *= 2
        return max(0, guess - step), guess
    while guess + step < MOST_AGENTS and not enough(guess + step):
        guess += step
        step *= 2
    return guess, min(MOST_AGENTS, guess + step)


def _check(agents: int) -> None:
    if agents < 0:
        raise ValueError("there are no fewer agents than none")


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))


def _inverse_b(erlangs: float, agents: int) -> float:
    """One over Erlang B's probability that all are busy, or 1e300 where it is even greater."""
    inverse = 1.0
    for agent in range(1, agents + 1):
        inverse = min(1e300, 1 + inverse * agent / erlangs)
    return inverse


def _integral(
    log: Callable[[float], float],
    scale: float,
    top: float,
    stretch: tuple[float, float],
    times: Callable[[float], float] = lambda _: 1.0,
) -> float:
    """The integral of exp(log(x) - scale) * times(x); `log` is concave and greatest at `top`.

    What is forgotten beside its greatest value on the stretch is left out.
    """
    start, end = stretch
    greatest = min(max(start, top), end)
    level = log(greatest) - _FORGOTTEN
    if log(end) < level:
        end = _bisected(lambda wait: log(wait) > level, greatest, end)
    if log(start) < level:
        start = _bisected(lambda wait: log(wait) < level, start, greatest)
    half = (end - start) / (2 * _PIECES)
    total = 0.0
    for piece in range(_PIECES):
        middle = start + (2 * piece + 1) * half
        for place, weight in _POINTS:
            for wait in (middle - place * half, middle + place * half):
                total += weight * math.exp(log(wait) - scale) * times(wait)
    return total * half


def _bisected(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Just behind the place where it stops to hold."""
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return high
