"""How many contacts will come in each half hour of a day, from how many came on days before.

A day's total is the level of late (recent days count more) times what its weekday is to the others;
the total is spread as the weekday's half hours usually are. Little is known of each weekday, so all
shares lean on those of all days until there is enough. Bank holidays and days that a calendar
closes specially teach nothing, and are expected to be as Sundays. No library: the ones that
forecast (statsmodels, prophet) bring numpy, pandas and a compiler for what is two weighted means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from crm_desktop.domain.calendar import Calendar

#: The half hours of a day as the clock on the wall shows them.
SLOTS = 48
SLOT = timedelta(minutes=30)
#: So many days back are looked at; what is older says nothing of how it is now.
LOOK_BACK = 84
#: With less there is no forecast: each weekday must have come twice.
LEAST_DAYS = 14

#: After so many days a day counts half, for the level and for what never changes as fast.
_LEVEL_HALF_LIFE = 14.0
_SHAPE_HALF_LIFE = 42.0
#: All days together speak as loudly as so many days of the weekday.
_LEAN = 1.0
#: One day of storm counts at most as so many usual ones.
_MOST_USUAL = 2.0
#: A day's total is usually within 15 % of what was planned: that much before it is believed.
_DAY_SPREAD = 0.15
_SUNDAY = 6

#: How many came in each half hour of a day: `SLOTS` numbers.
Day = Sequence[float]


@dataclass(frozen=True, slots=True)
class Errors:
    """How wrong a forecast was, by half hour; shares of 1, None where nothing came.

    `wape` is all that was missed over all that came; `mape` the mean of each half hour's own error,
    of those in which something came, and so louder about quiet half hours.
    """

    wape: float | None
    mape: float | None


def zoned(calendar: Calendar, at: datetime) -> tuple[date, int]:
    """The local day and half hour (0 to 47) of a moment."""
    local = at.astimezone(ZoneInfo(calendar.zone))
    return local.date(), local.hour * 2 + local.minute // 30


def starts(calendar: Calendar, day: date) -> tuple[datetime, ...]:
    """The moments (UTC) at which the half hours of a local day begin, 46 to 50 of them."""
    zone = ZoneInfo(calendar.zone)
    at = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    found = []
    while at < end:
        found.append(at)
        at += SLOT
    return tuple(found)


def days_known(history: Mapping[date, Day], day: date) -> int:
    """How many days before this one are known, of those that are looked at."""
    return sum(1 for each in history if 0 < (day - each).days <= LOOK_BACK)


def expected(history: Mapping[date, Day], calendar: Calendar, day: date) -> Day | None:
    """What will come in each half hour of `day`; None while there is too little history.

    `history` has a day for each that is known, those on which nothing came too.
    """
    if days_known(history, day) < LEAST_DAYS:
        return None
    known = {
        each: came
        for each, came in history.items()
        if 0 < (day - each).days <= LOOK_BACK and not _special(calendar, each)
    }
    weekday = _SUNDAY if _special(calendar, day) else day.weekday()
    if not known:
        return None
    totals = _tamed({each: float(sum(came)) for each, came in known.items()})
    factors = _factors(totals, day)
    level = _mean(
        (totals[each] / factors[each.weekday()], _weight(day, each, _LEVEL_HALF_LIFE))
        for each in totals
        if factors[each.weekday()] > 0
    )
    total = level * factors[weekday]
    return tuple(total * share for share in _shape(known, day, weekday))


def corrected(planned: Day, came: Day, done: int) -> Day:
    """The plan with its half hours from `done` on as the day so far makes them likely.

    `came` are those before. That a day as a whole is busier is believed the more, the more has been
    planned and come: a Gamma prior of mean 1 on the day's factor, Poisson arrivals.
    """
    prior = 1 / _DAY_SPREAD**2
    factor = (prior + sum(came[:done])) / (prior + sum(planned[:done]))
    return (*planned[:done], *(each * factor for each in planned[done:]))


def errors(pairs: Iterable[tuple[float, float]]) -> Errors:
    """How wrong (expected, came) of some half hours were."""
    held = list(pairs)
    came = sum(real for _, real in held)
    missed = sum(abs(wanted - real) for wanted, real in held)
    own = [abs(wanted - real) / real for wanted, real in held if real > 0]
    return Errors(missed / came if came else None, sum(own) / len(own) if own else None)


def _special(calendar: Calendar, day: date) -> bool:
    """Whether it is not the usual day of its weekday: a holiday, or opened otherwise."""
    return calendar.windows_on(day) != calendar.week[day.weekday()]


def _weight(day: date, each: date, half_life: float) -> float:
    return float(0.5 ** ((day - each).days / half_life))


def _tamed(totals: Mapping[date, float]) -> dict[date, float]:
    """Totals with the odd storm cut to what a busy day is."""
    usual = {
        weekday: median(total for each, total in totals.items() if each.weekday() == weekday)
        for weekday in {each.weekday() for each in totals}
    }
    return {
        each: min(total, _MOST_USUAL * usual[each.weekday()]) if usual[each.weekday()] else total
        for each, total in totals.items()
    }


def _factors(totals: Mapping[date, float], day: date) -> tuple[float, ...]:
    """What each weekday's total is to that of the mean day.

    By weeks of like weekdays: a rise over the weeks must not look like one of a weekday.
    """
    means = []
    for weekday in range(7):
        own = [
            (total, _weight(day, each, _SHAPE_HALF_LIFE))
            for each, total in totals.items()
            if each.weekday() == weekday
        ]
        means.append(_mean(own) if own else None)
    known = [each for each in means if each is not None]
    middle = sum(known) / len(known)
    if not middle:
        return (0.0,) * 7
    return tuple((middle if each is None else each) / middle for each in means)


def _shape(known: Mapping[date, Day], day: date, weekday: int) -> tuple[float, ...]:
    """How a day of this weekday is spread over its half hours; the shares add up to 1."""
    own, all_days = [0.0] * SLOTS, [0.0] * SLOTS
    days = 0.0
    # A closed Saturday is no witness of how a working day runs, nor the other way round.
    alike = {each.weekday() for each in known if (each.weekday() < 5) == (weekday < 5)}
    for each, came in known.items():
        if each.weekday() not in alike:
            continue
        weight = _weight(day, each, _SHAPE_HALF_LIFE)
        same = each.weekday() == weekday
        days += weight if same else 0.0
        for slot, count in enumerate(came):
            all_days[slot] += weight * count
            own[slot] += weight * count if same else 0.0
    whole, every = sum(own), sum(all_days)
    if not every:
        return (1 / SLOTS,) * SLOTS
    lean = _LEAN * whole / days if days and whole else 1.0
    mixed = [mine + lean * usual / every for mine, usual in zip(own, all_days, strict=True)]
    return tuple(each / sum(mixed) for each in _smooth(mixed))


def _smooth(counts: Sequence[float]) -> list[float]:
    """Neighbours lend each other an eighth, where both have something: noise, not opening time."""
    found = list(counts)
    for slot, (left, right) in enumerate(pairwise(counts)):
        if left > 0 and right > 0:
            found[slot] += (right - left) / 8
            found[slot + 1] += (left - right) / 8
    return found


def _mean(pairs: Iterable[tuple[float, float]]) -> float:
    held = list(pairs)
    weights = sum(weight for _, weight in held)
    return sum(value * weight for value, weight in held) / weights if weights else 0.0
