"""The weeks before the demo's first contact, in figures alone: a forecast is made from them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from crm_desktop.domain.figures import HALF_HOUR, Variant
from crm_desktop.domain.states import Channel
from crm_desktop.store import bulk
from crm_desktop.store.database import Tx
from crm_desktop.store.models import HalfHourStat

#: (queue, channel, how many come on a usual day, its target in seconds)
Line = tuple[int, Channel, float, int]
WEEKS = 8
_LONDON = ZoneInfo("Europe/London")
_STAT = (
    HalfHourStat.half_hour, HalfHourStat.queue_id, HalfHourStat.channel, HalfHourStat.arrivals,
    HalfHourStat.answered, HalfHourStat.answered_within, HalfHourStat.wait_seconds,
    HalfHourStat.handled, HalfHourStat.handle_seconds, HalfHourStat.completed,
    HalfHourStat.first_point, HalfHourStat.resolved, HalfHourStat.abandoned,
    HalfHourStat.abandoned_within, HalfHourStat.abandoned_short, HalfHourStat.other_exits,
    HalfHourStat.avoidable, HalfHourStat.seconds,
    HalfHourStat.in_opening_hours, HalfHourStat.goal, HalfHourStat.short_seconds,
    HalfHourStat.variant,
)  # fmt: skip
#: Mails and forms come at all hours, most in the morning; how much of a day comes in each.
_HOURS = (
    0.4, 0.2, 0.1, 0.1, 0.2, 0.5, 1.2, 2.6, 5.4, 9.2, 10.4, 9.6,
    8.0, 7.4, 7.8, 7.2, 6.4, 5.2, 4.6, 4.2, 3.8, 2.8, 1.8, 0.9,
)  # fmt: skip
#: Monday to Sunday, against a usual day.
_DAYS = (1.35, 1.15, 1.05, 1.0, 0.95, 0.8, 0.7)


def write(tx: Tx, lines: Sequence[Line], until: datetime, rng: Random) -> None:
    """Eight weeks up to the day of `until`, which is left out."""
    last = until.astimezone(_LONDON).date()
    days = [last - timedelta(days=number) for number in range(1, 7 * WEEKS + 1)]
    bulk.insert(tx, _STAT, [row for day in days for row in _day(day, lines, rng)])


def _day(day: date, lines: Sequence[Line], rng: Random) -> Iterator[tuple[object, ...]]:
    begin = datetime.combine(day, time(), _LONDON).astimezone(UTC)
    for number in range(48):
        share = _HOURS[number // 2] / sum(_HOURS) / 2 * _DAYS[day.weekday()]
        for line in lines:
            came = _drawn(line[2] * share, rng)
            if came:
                yield _row(begin + number * HALF_HOUR, line, came, rng)


def _row(at: datetime, line: Line, came: int, rng: Random) -> tuple[object, ...]:
    queue_id, channel, _, target = line
    within = sum(rng.random() < 0.86 for _ in range(came))
    first = sum(rng.random() < 0.8 for _ in range(came))
    waits = sum(int(target * rng.uniform(0.1, 1.1)) for _ in range(came))
    handled = sum(rng.randint(150, 620) for _ in range(came))
    avoidable = sum(rng.random() < 0.2 for _ in range(came))
    return (
        at, queue_id, channel, came, came, within, waits, came, handled, came, first, first,
        0, 0, 0, 0, avoidable, target, True, 80, 5, Variant.DEFAULT,
    )  # fmt: skip


def _drawn(mean: float, rng: Random) -> int:
    """How many come, when so many do in the mean."""
    left, drawn = math.exp(-mean), 0
    chance = rng.random()
    while chance > left:
        drawn += 1
        chance *= rng.random()
    return drawn
