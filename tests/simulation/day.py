"""What happens on a simulated day, drawn from one seed before it begins.

Channels arrive in the proportions of a year of the councils (DOMAIN's published figures: Norfolk's
calls, emails, web forms, chats and posts, Northampton's visitors), scaled to a load of the callers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from crm_desktop.domain.states import Channel

HALF_HOUR = 1800
YEARLY = {
    Channel.CALL: 181_000,
    Channel.VISIT: 67_000,
    Channel.EMAIL: 22_000,
    Channel.WEB_FORM: 14_000,
    Channel.CHAT: 1_200,
    Channel.SOCIAL: 800,
}
#: Mean seconds of work on one, talk and wrap-up together.
HANDLING = {
    Channel.CALL: 300.0,
    Channel.VISIT: 420.0,
    Channel.EMAIL: 240.0,
    Channel.WEB_FORM: 180.0,
    Channel.CHAT: 540.0,
    Channel.SOCIAL: 180.0,
}
#: Mean seconds until somebody who waits gives up; who wrote a letter does not.
PATIENCE = {Channel.CALL: 240.0, Channel.CHAT: 400.0, Channel.VISIT: 3_600.0}
#: How busy each half hour from eight to six is beside the mean.
_SHAPE = (
    *(0.88, 0.95, 1.02, 1.08, 1.10, 1.10, 1.08, 1.04, 1.00, 0.98),
    *(0.98, 1.00, 1.02, 1.02, 1.00, 0.98, 0.96, 0.95, 0.93, 0.93),
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A customer `at` seconds into the day; `handling` and `patience` in seconds, None endless."""

    at: float
    channel: Channel
    handling: float
    patience: float | None


@dataclass(frozen=True, slots=True)
class Plan:
    """How many work where, how busy it is, and for how long.

    `load` is the callers' work over the callers' advisors. Of the offers `declines` are declined
    and `ignores` run out.
    """

    callers: int
    visitors: int
    chatters: int
    load: float
    half_hours: int = len(_SHAPE)
    declines: float = 0.0
    ignores: float = 0.0

    @property
    def seconds(self) -> int:
        """How long people come."""
        return self.half_hours * HALF_HOUR


def calls_a_half_hour(plan: Plan) -> list[float]:
    """How many calls are to be expected in each half hour."""
    mean = plan.load * plan.callers * HALF_HOUR / HANDLING[Channel.CALL]
    return [mean * shape for shape in _SHAPE[: plan.half_hours]]


def arrivals(plan: Plan, random: Random) -> list[Arrival]:
    """Everybody who comes, in order: Poisson within each half hour, exponential work."""
    found = []
    for channel, yearly in YEARLY.items():
        share = yearly / YEARLY[Channel.CALL]
        for number, calls in enumerate(calls_a_half_hour(plan)):
            at = number * HALF_HOUR + random.expovariate(calls * share / HALF_HOUR)
            while at < (number + 1) * HALF_HOUR:
                found.append(_arrival(at, channel, random))
                at += random.expovariate(calls * share / HALF_HOUR)
    return sorted(found, key=lambda each: each.at)


def _arrival(at: float, channel: Channel, random: Random) -> Arrival:
    patience = PATIENCE.get(channel)
    return Arrival(
        at,
        channel,
        random.expovariate(1 / HANDLING[channel]),
        random.expovariate(1 / patience) if patience else None,
    )


def of(channel: Channel, everybody: Sequence[Arrival]) -> list[Arrival]:
    """Those of one channel."""
    return [each for each in everybody if each.channel is channel]
