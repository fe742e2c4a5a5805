"""What theory says of the same calls: Erlang A by the half hour, and the ideal line to the call."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from statistics import mean

from crm_desktop.domain.erlang import ErlangA, Load
from tests.simulation.day import HALF_HOUR, Arrival

#: So long a telephone rings before it is answered: the caller waits, the advisor is not free.
RINGS = 2.0
#: The line is empty when the day begins, of which the formula knows nothing.
WARM = HALF_HOUR


def erlang_a(
    calls: Sequence[Arrival], expected: Sequence[float], agents: int, within: float
) -> float:
    """Answered within, of all but those who gave up before, by Erlang A for each half hour.

    `expected` are the calls of each half hour, by which those that came are spread: that chance
    brings more into one of them than into the next is in the formula already.
    """
    handling = mean(each.handling for each in calls) + RINGS
    patience = mean(each.patience for each in calls if each.patience is not None)
    answered = counted = 0.0
    for each in expected[1:]:
        came = each * len(calls) / sum(expected)
        staffed = ErlangA(Load.of(came, HALF_HOUR, handling), agents, patience)
        answered += came * staffed.answered_within(within - RINGS)
        counted += came * (1 - staffed.abandoned_within(within))
    return answered / counted


def ideal_line(calls: Sequence[Arrival], agents: int, within: float, before: float) -> float:
    """The same of one line served in order by so many agents who never dither, of the calls that
    came `before` then.
    """
    free = [0.0] * agents
    answered = late = 0
    for each in calls:
        free_at = heapq.heappop(free)
        begun = max(each.at, free_at)
        patience = each.patience or 0.0
        waited: float | None = None
        if each.at + patience <= begun:
            until = free_at  # nobody had come to them yet
        else:
            waited = begun + RINGS - each.at
            until = begun + RINGS + each.handling
        heapq.heappush(free, until)
        if WARM <= each.at < before:
            answered += waited is not None and waited <= within
            late += (patience if waited is None else waited) > within
    return answered / (answered + late)
