"""What is expected of a day beside what came, and what happens when two go to lunch now."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from crm_desktop.domain import forecasting, staffing
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.figures import HALF_HOUR, half_hour
from crm_desktop.domain.forecasting import LEAST_DAYS, LOOK_BACK, Errors
from crm_desktop.domain.staffing import WhatIf, Work
from crm_desktop.domain.states import Channel
from crm_desktop.services.forecasting import LONDON, work_of
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import forecast as queries
from crm_desktop.store.queries.forecast import Came, Expected, Planned, Slot

#: A person is here while their desktop said so within so long.
_HERE = timedelta(seconds=90)
#: A question of lunch is one of the next two hours.
_AHEAD = 4 * HALF_HOUR


@dataclass(frozen=True, slots=True)
class HalfHour:
    """One half hour of a day, from `at` on (UTC).

    `expected` as it was when it began, or as it is now for one to come, None without a forecast;
    `planned` from the days before alone. `needed` people, None while nobody has handled any.
    `came` and `within` (answered in time, of those answered) are None for a half hour to come.
    """

    at: datetime
    expected: float | None
    planned: float | None
    needed: float | None
    came: int | None
    within: int | None


@dataclass(frozen=True, slots=True)
class Ahead:
    """What the next thirty minutes bring a queue, and how many people the busier of the half hours
    that they touch needs (0 while that is not known).
    """

    expected: float
    needed: int


@dataclass(frozen=True, slots=True)
class DayForecast:
    """A day of one queue and channel, or of several together.

    `error` is how wrong the forecast was of the half hours that are over, `plan_error` that of the
    days before alone. Without enough history `half_hours` have no expectation and `days_known` says
    how many days there are, of `LEAST_DAYS`.
    """

    day: date
    half_hours: tuple[HalfHour, ...]
    error: Errors
    plan_error: Errors
    days_known: int

    @property
    def is_known(self) -> bool:
        """Whether there is a forecast at all."""
        return any(each.expected is not None for each in self.half_hours)

    @property
    def days_missing(self) -> int:
        """So many days more are needed for a forecast."""
        return max(0, LEAST_DAYS - self.days_known)


def of_day(
    db: Database, day: date, queue: int | None = None, channel: Channel | None = None
) -> DayForecast:
    """What is expected of a day in London and what came, of a queue and channel or of all."""
    begin = datetime.combine(day, datetime.min.time(), LONDON)
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), LONDON)
    with db.read() as tx:
        now = tx.now
        queues = queries.known(tx)
        if queue is not None:
            queues &= {queue}
        planned = queries.expected_in(tx, begin, end, queues, channel)
        came = queries.came_in(tx, begin, end, queues, channel)
        first = queries.first_known(tx)
    half_hours = _half_hours(_moments(begin, end), planned, came, now)
    over = [each for each in half_hours if each.at + HALF_HOUR <= now and each.expected is not None]
    return DayForecast(
        day,
        half_hours,
        forecasting.errors((each.expected or 0, each.came or 0) for each in over),
        forecasting.errors((each.planned or 0, each.came or 0) for each in over),
        _days_known(first, day),
    )


def ahead(db: Database) -> dict[int, Ahead]:
    """The next thirty minutes of every queue of which anything is expected, by its id."""
    with db.read() as tx:
        now, known = tx.now, queries.known(tx)
        begin = half_hour(now)
        rows = queries.planned(tx, begin, begin + 2 * HALF_HOUR)
    gone = (now - begin) / HALF_HOUR
    expected: dict[int, float] = {}
    needed: dict[int, list[float]] = {}
    for (at, queue_id, _), row in rows.items():
        if queue_id in known:
            later = at > begin
            share = gone if later else 1 - gone
            expected[queue_id] = expected.get(queue_id, 0) + share * row.expected
            needed.setdefault(queue_id, [0.0, 0.0])[later] += row.needed or 0
    # Parts of people add up to whole ones.
    return {
        each: Ahead(found, math.ceil(max(needed[each]) - 1e-9)) for each, found in expected.items()
    }


def what_if(
    db: Database,
    queue: int,
    people: int | None = None,
    change: int = -2,
    until: datetime | None = None,
) -> WhatIf | None:
    """A queue's next half hours with `people` (those available now) and with `change` more.

    The half hour under way counts, until `until` (two hours from now). None without a forecast or
    while nobody has handled what comes. Raises NotFound.
    """
    with db.read() as tx:
        if queue not in queries.known(tx):
            raise NotFound("no such queue")
        now = tx.now
        rows = queries.planned(tx, half_hour(now), until or now + _AHEAD)
        works = _works(tx, queue, rows)
        if people is None:
            people = queries.present(tx, queue, now - _HERE)
    assumed = any(
        row.patience_seconds is None
        for (_, queue_id, channel), row in rows.items()
        if queue_id == queue and Channel(channel) in staffing.LIVE
    )
    return staffing.what_if(works, people, change, assumed=assumed)


def _works(tx: Tx, queue: int, rows: dict[Slot, Planned]) -> list[tuple[datetime, list[Work]]]:
    targets, calendar = queries.targets(tx), queries.calendars(tx).get(queue)
    found: dict[datetime, list[Work]] = {}
    for (at, queue_id, channel), row in sorted(rows.items()):
        if queue_id == queue:
            work = work_of(channel, row, targets.get((queue, channel)), calendar)
            found.setdefault(at, []).extend([work] if work else [])
    return list(found.items())


def _moments(begin: datetime, end: datetime) -> Iterable[datetime]:
    at = half_hour(begin.astimezone(UTC))
    while at < end:
        yield at
        at += HALF_HOUR


def _half_hours(
    moments: Iterable[datetime],
    expected: Mapping[datetime, Expected],
    came: Mapping[datetime, Came],
    now: datetime,
) -> tuple[HalfHour, ...]:
    """From the first half hour with anything to the last."""
    nothing = Expected(0, 0, None) if expected else None
    found = []
    for at in moments:
        # Where other half hours have a forecast, none is one of nothing.
        row = expected.get(at, nothing)
        real = came.get(at, Came(0, 0, 0)) if at <= now else None
        found.append(
            HalfHour(
                at,
                row.expected if row else None,
                row.planned if row else None,
                row.needed if row else None,
                real.arrivals if real else None,
                real.within if real else None,
            )
        )
    told = [index for index, each in enumerate(found) if each.came or (each.expected or 0) > 0]
    return tuple(found[told[0] : told[-1] + 1]) if told else ()


def _days_known(first: datetime | None, day: date) -> int:
    """The whole days before this one that are looked at and known."""
    if first is None:
        return 0
    began = first.astimezone(LONDON).date()
    return min(LOOK_BACK, max(0, (day - began).days - 1))
