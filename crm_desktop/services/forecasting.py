"""Makes the forecast for everybody: what one gateway does, once a day and at each half hour.

The plan for today and tomorrow comes from the days before; what came of today lifts or lowers its
half hours to come. A half hour that has begun keeps what was expected of it, or no error could be
told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from crm_desktop.domain import forecasting
from crm_desktop.domain.calendar import Calendar
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.figures import HALF_HOUR, half_hour
from crm_desktop.domain.forecasting import LOOK_BACK, SLOTS, Day, starts, zoned
from crm_desktop.domain.sla import CHANNEL_TARGETS
from crm_desktop.domain.staffing import Work, patience_of
from crm_desktop.domain.states import Channel
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import forecast as queries
from crm_desktop.store.queries import leases
from crm_desktop.store.queries.forecast import Came, Line, Measured, Planned, Slot

#: The lease under which one gateway forecasts.
LEASE_NAME = "forecast"
LONDON = ZoneInfo("Europe/London")
#: Handling and patience are those of so many days.
_MEASURED = timedelta(days=28)
#: What was expected is kept for so long, beside what came.
_KEPT = timedelta(days=400)
_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
#: Less than one contact in ten half hours is not written down.
_LEAST = 0.1


@dataclass(frozen=True, slots=True)
class Done:
    """What was done last: the plan of a day from a history that begins so, corrected at a slot."""

    today: date
    first: datetime
    slot: datetime


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """What a forecast needs to know of the centre."""

    calendars: Mapping[int, Calendar]
    targets: Mapping[Line, tuple[int, int]]
    measured: Mapping[Line, Measured]


def keep(db: Database, lease: Lease, done: Done | None) -> tuple[Done | None, Changes]:
    """Plan and correct what is due; what is done now, and what changed. Raises LeaseLost.

    `done` is what this gave the last time; the same comes back when nothing is due.
    """
    with db.read() as tx:
        first = queries.first_known(tx)
        if first is None:
            return None, Changes()
        today = tx.now.astimezone(LONDON).date()
        # While figures make up for the past, what lies further back than is looked at changes
        # nothing.
        now = Done(today, max(first, _midnight(today - LOOK_BACK * _DAY)), half_hour(tx.now))
        if now == done:
            return now, Changes()
        anew = done is None or (done.today, done.first) != (now.today, now.first)
        rows = _rows(tx, now, anew=anew)
    if not rows:
        return now, Changes()
    with db.write() as tx:
        leases.check(tx, lease.name, lease.fence)
        queries.write(tx, rows)
        if anew:
            queries.forget(tx, tx.now - _KEPT)
        tx.changed(Topic.FORECAST, *{queue_id for _, queue_id, _ in rows})
        return now, tx.changes


def _rows(tx: Tx, now: Done, *, anew: bool) -> dict[Slot, Planned]:
    """The rows that are to be written: others than are there."""
    begin = _midnight(now.today)
    end = _midnight(now.today + 2 * _DAY)
    there = queries.planned(tx, begin, end)
    came = queries.came(tx, begin, now.slot)
    catalogue = _catalogue(tx, now.slot)
    plan = _plan(tx, now, catalogue) if anew else {slot: row.planned for slot, row in there.items()}
    # What was expected and is no more, as of a day that was closed meanwhile, becomes nothing.
    plan = dict.fromkeys(there, 0.0) | plan
    wanted = {}
    for slot, expected in _corrected(plan, came, now, catalogue.calendars).items():
        if slot not in there:
            if max(plan[slot], expected) >= _LEAST:
                wanted[slot] = _row(slot, plan[slot], expected, catalogue)
        elif slot[0] >= now.slot:
            row = _row(slot, plan[slot], expected, catalogue)
            if row != there[slot]:
                wanted[slot] = row
    return wanted


def _catalogue(tx: Tx, until: datetime) -> _Catalogue:
    return _Catalogue(
        queries.calendars(tx),
        queries.targets(tx),
        queries.measured(tx, until - _MEASURED, until),
    )


def _plan(tx: Tx, now: Done, catalogue: _Catalogue) -> dict[Slot, float]:
    """What the days before make likely for today and tomorrow, by half hour."""
    since = _midnight(now.today - LOOK_BACK * _DAY)
    until = _midnight(now.today)
    plan: dict[Slot, float] = {}
    for (queue_id, channel), arrivals in queries.history(tx, since, until).items():
        calendar = catalogue.calendars.get(queue_id)
        if calendar is None:
            continue
        # The day on which counting began is no whole one.
        begin = max(zoned(calendar, now.first)[0] + _DAY, now.today - LOOK_BACK * _DAY)
        history = _by_day(arrivals, calendar, begin, now.today)
        for day in (now.today, now.today + _DAY):
            expected = forecasting.expected(history, calendar, day)
            if expected is not None:
                for at, each in _spread(expected, calendar, day):
                    plan[at, queue_id, channel] = each
    return plan


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), LONDON)


def _by_day(
    arrivals: Mapping[datetime, int], calendar: Calendar, begin: date, today: date
) -> dict[date, Day]:
    days = {begin + each * _DAY: [0.0] * SLOTS for each in range((today - begin).days)}
    for at, count in arrivals.items():
        day, slot = zoned(calendar, at)
        if day in days:
            days[day][slot] += count
    return dict(days)


def _spread(expected: Day, calendar: Calendar, day: date) -> list[tuple[datetime, float]]:
    """The moments of a day and what is expected at each: an hour that comes twice is shared."""
    slots = [(at, zoned(calendar, at)[1]) for at in starts(calendar, day)]
    often = Counter(slot for _, slot in slots)
    return [(at, expected[slot] / often[slot]) for at, slot in slots]


def _corrected(
    plan: Mapping[Slot, float],
    came: Mapping[Slot, Came],
    now: Done,
    calendars: Mapping[int, Calendar],
) -> dict[Slot, float]:
    """The plan with today's half hours to come as today so far makes them likely."""
    corrected = dict(plan)
    today: dict[Line, list[datetime]] = {}
    for at, queue_id, channel in sorted(plan):
        calendar = calendars.get(queue_id)
        if calendar is not None and zoned(calendar, at)[0] == now.today:
            today.setdefault((queue_id, channel), []).append(at)
    for line, moments in today.items():
        planned = [plan[at, *line] for at in moments]
        real = [float(came[at, *line].arrivals) if (at, *line) in came else 0.0 for at in moments]
        over = sum(at < now.slot for at in moments)
        for at, each in zip(moments, forecasting.corrected(planned, real, over), strict=True):
            corrected[at, *line] = each
    return corrected


def _row(slot: Slot, planned: float, expected: float, catalogue: _Catalogue) -> Planned:
    """What is kept of a half hour."""
    at, queue_id, channel = slot
    line = (queue_id, channel)
    known = catalogue.measured.get(line, Measured(None, None))
    row = Planned(planned, expected, known.handling, known.patience, None)
    if known.handling is None:
        return row
    hours = catalogue.calendars.get(queue_id)
    if hours is not None and not (hours.is_open(at) or hours.is_open(at + HALF_HOUR - _INSTANT)):
        # Nobody is there, and what comes lies until somebody is.
        return replace(row, needed=0.0)
    work = work_of(channel, row, catalogue.targets.get(line), hours)
    return replace(row, needed=work.people if work else None)


def work_of(
    channel: str, row: Planned, target: tuple[int, int] | None, calendar: Calendar | None
) -> Work | None:
    """A row of the forecast as work for people; None while nobody knows how long it takes."""
    if row.aht_seconds is None:
        return None
    by = Channel(channel)
    if target is None:
        usual = CHANNEL_TARGETS[by]
        length = usual.time or (usual.length(calendar) if calendar is not None else _DAY)
        target = (int(length.total_seconds()), 80)
    seconds, goal = target
    return Work(
        channel=by,
        expected=row.expected,
        handling=row.aht_seconds,
        patience=patience_of(by, row.patience_seconds),
        seconds=seconds,
        goal=goal / 100,
    )
