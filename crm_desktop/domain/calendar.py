"""Opening hours, bank holidays and working time; right across clock changes, and fast.

A moment is open when the clock on the wall, in the calendar's time zone, stands inside a window of
that day. So on the October night 01:00-02:00 counts twice and in March not at all. Each calendar
keeps its years as sorted lists of microseconds, so that a question costs a few bisections.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from crm_desktop.domain.errors import CrmError, InvalidInput
from crm_desktop.domain.kingdom import days_off

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_MINUTES_A_DAY = 1440
#: A calendar with no opening in so many years on end is taken to be closed for good.
_EMPTY_YEARS = 2


class Region(StrEnum):
    """Whose bank holidays count."""

    ENGLAND_AND_WALES = "england_and_wales"
    #: A bank holiday anywhere in the United Kingdom, as for freedom of information.
    UNITED_KINGDOM = "united_kingdom"
    NONE = "none"


_SUBDIVISIONS = {
    Region.ENGLAND_AND_WALES: ("ENG", "WLS"),
    Region.UNITED_KINGDOM: ("ENG", "WLS", "SCT", "NIR"),
    Region.NONE: (),
}


class NeverOpen(CrmError):
    """The calendar has no opening hours left to count in."""

    code = "never_open"


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of opening hours, in minutes after midnight; 1440 is the end of the day."""

    opens: int
    closes: int

    @classmethod
    def parse(cls, text: str) -> Window:
        """From `09:00-17:30`; raises ValueError."""
        opens, _, closes = text.partition("-")
        window = cls(_minutes(opens), _minutes(closes))
        if window.opens >= window.closes:
            raise ValueError(f"{text!r} closes before it opens")
        return window

    def __str__(self) -> str:
        return "-".join(f"{at // 60:02}:{at % 60:02}" for at in (self.opens, self.closes))


Windows = tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class _Year:
    """One local year: when it opens and closes, and the working time before each opening.

    All in microseconds since 1970; `total` is the working time of the whole year.
    """

    opens: list[int]
    closes: list[int]
    before: list[int]
    total: int

    def worked(self, at: int) -> int:
        """Working time of this year before the instant."""
        index = bisect_right(self.opens, at) - 1
        if index < 0:
            return 0
        return self.before[index] + min(at, self.closes[index]) - self.opens[index]

    def earliest(self, worked: int) -> int:
        """The first instant with so much worked, 0 < worked <= total: perhaps a closing time."""
        index = bisect_left(self.before, worked) - 1
        return self.opens[index] + worked - self.before[index]

    def latest(self, worked: int) -> int:
        """The last instant with so much worked, 0 <= worked < total: perhaps an opening time."""
        index = bisect_right(self.before, worked) - 1
        return self.opens[index] + worked - self.before[index]


@dataclass(frozen=True)
class Calendar:
    """When a queue or service is open. Every datetime given must be aware; answers are UTC.

    `week` holds seven tuples of windows, Monday first; `special` days replace both the weekday and
    a bank holiday (no windows: closed).
    """

    week: tuple[Windows, ...]
    special: tuple[tuple[date, Windows], ...] = ()
    holidays: Region = Region.ENGLAND_AND_WALES
    zone: str = "Europe/London"
    _years: dict[int, _Year] = field(default_factory=dict, init=False, repr=False, compare=False)

    @staticmethod
    def from_json(text: str) -> Calendar:
        """From the database's text; equal texts give the same object. Raises InvalidInput."""
        return _read_calendar(text)

    @classmethod
    def from_data(cls, data: Mapping[str, object]) -> Calendar:
        """From what `json.loads` gives; raises InvalidInput."""
        return cls.from_json(json.dumps(data, sort_keys=True))

    def to_json(self) -> str:
        """`to_data` as text; equal calendars give equal texts."""
        return json.dumps(self.to_data(), sort_keys=True)

    def to_data(self) -> dict[str, object]:
        """What a JSON column keeps; `from_data` reads it back."""
        return {
            "week": {
                day: [str(window) for window in windows]
                for day, windows in zip(WEEKDAYS, self.week, strict=True)
                if windows
            },
            "special": {
                day.isoformat(): [str(window) for window in windows]
                for day, windows in sorted(self.special)
            },
            "holidays": self.holidays.value,
            "zone": self.zone,
        }

    @property
    def working_day(self) -> timedelta:
        """How long one working day is: the usual length of this calendar's open weekdays."""
        lengths = Counter(
            sum(window.closes - window.opens for window in windows)
            for windows in self.week
            if windows
        )
        if not lengths:
            raise NeverOpen
        usual = max(lengths, key=lambda length: (lengths[length], length))
        return timedelta(minutes=usual)

    def windows_on(self, day: date) -> Windows:
        """The opening hours of one day; empty when closed."""
        for special, windows in self.special:
            if special == day:
                return windows
        if day in bank_holidays(self.holidays, day.year):
            return ()
        return self.week[day.weekday()]

    def open_on(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """From when to when it is open on a day, by the clock that everybody has."""
        found: list[tuple[int, int]] = []
        for opens, closes in _instants(day, self.windows_on(day), ZoneInfo(self.zone)):
            # What the clock change cut is one.
            joins = bool(found) and found[-1][1] == opens
            found.append((found.pop()[0] if joins else opens, closes))
        return tuple((_moment(opens), _moment(closes)) for opens, closes in sorted(found))

    def is_open(self, at: datetime) -> bool:
        """Whether the moment is inside a window; the closing minute itself is closed."""
        instant = _instant(at)
        year = self._year(self._local_year(at))
        index = bisect_right(year.opens, instant) - 1
        return index >= 0 and instant < year.closes[index]

    def next_opening(self, at: datetime) -> datetime:
        """The first open moment not before `at`: `at` itself when open. Raises NeverOpen."""
        if self.is_open(at):
            return at.astimezone(UTC)
        instant = _instant(at)
        number = self._local_year(at)
        for following in range(number, number + _EMPTY_YEARS + 1):
            opens = self._year(following).opens
            index = bisect_left(opens, instant)
            if index < len(opens):
                return _moment(opens[index])
        raise NeverOpen

    def working_time_between(self, a: datetime, b: datetime) -> timedelta:
        """The open time from `a` to `b`; negative when `b` is the earlier."""
        if b < a:
            return -self.working_time_between(b, a)
        first, last = self._local_year(a), self._local_year(b)
        worked = self._year(last).worked(_instant(b)) - self._year(first).worked(_instant(a))
        worked += sum(self._year(number).total for number in range(first, last))
        return timedelta(microseconds=worked)

    def add_working_time(self, start: datetime, duration: timedelta) -> datetime:
        """The first moment by which `duration` of open time has passed since `start`.

        It may be a closing time ("by 17:00"). A negative duration goes back, to the last such
        moment; none at all gives `start`. Raises NeverOpen.
        """
        if not duration:
            return start.astimezone(UTC)
        number = self._local_year(start)
        wanted = self._year(number).worked(_instant(start)) + duration // _MICROSECOND
        if duration > timedelta(0):
            return self._forward(number, wanted)
        return self._back(number, wanted)

    def _forward(self, number: int, wanted: int) -> datetime:
        empty = 0
        while wanted > (year := self._year(number)).total:
            wanted -= year.total
            number += 1
            empty = 0 if year.total else empty + 1
            if empty > _EMPTY_YEARS:
                raise NeverOpen
        return _moment(year.earliest(wanted))

    def _back(self, number: int, wanted: int) -> datetime:
        empty = 0
        while wanted < 0:
            number -= 1
            total = self._year(number).total
            wanted += total
            empty = 0 if total else empty + 1
            if empty > _EMPTY_YEARS:
                raise NeverOpen
        return _moment(self._year(number).latest(wanted))

    def _local_year(self, at: datetime) -> int:
        return at.astimezone(ZoneInfo(self.zone)).year

    def _year(self, number: int) -> _Year:
        # Threads may compute the same year twice; both get the same answer.
        year = self._years.get(number)
        if year is None:
            year = self._years[number] = self._computed(number)
        return year

    def _computed(self, number: int) -> _Year:
        opens: list[int] = []
        closes: list[int] = []
        before: list[int] = []
        total = 0
        day = date(number, 1, 1)
        while day.year == number:
            for opening, closing in _instants(day, self.windows_on(day), ZoneInfo(self.zone)):
                opens.append(opening)
                closes.append(closing)
                before.append(total)
                total += closing - opening
            day += _DAY
        return _Year(opens, closes, before, total)


def bank_holidays(region: Region, year: int) -> frozenset[date]:
    """The days off of one year, substitute days included."""
    return _bank_holidays(region, year)


def is_working_day(day: date, region: Region = Region.ENGLAND_AND_WALES) -> bool:
    """Monday to Friday and no bank holiday, whatever a queue's opening hours."""
    return day.weekday() < 5 and day not in bank_holidays(region, day.year)


def next_working_day(day: date, region: Region = Region.ENGLAND_AND_WALES) -> date:
    """The day itself when it is a working day, else the first one after it."""
    while not is_working_day(day, region):
        day += _DAY
    return day


def add_working_days(received: date, count: int, region: Region = Region.ENGLAND_AND_WALES) -> date:
    """The date `count` working days after the day of receipt, which itself does not count."""
    day = received
    for _ in range(count):
        day = next_working_day(day + _DAY, region)
    return day


@lru_cache(maxsize=512)
def _bank_holidays(region: Region, year: int) -> frozenset[date]:
    days: set[date] = set()
    for subdivision in _SUBDIVISIONS[region]:
        days.update(days_off(subdivision, year))
    return frozenset(days)


def _instants(day: date, windows: Windows, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """The windows of one local day as instants, cut where the clock changes."""
    if not windows:
        return
    start = _instant(datetime.combine(day, time(), zone))
    end = _instant(datetime.combine(day + _DAY, time(), zone))
    for since, until in _steady(start, end, zone):
        offset = _offset(since, zone)
        midnight = _instant(datetime.combine(day, time(), UTC)) - offset
        for window in windows:
            opens = max(since, midnight + window.opens * 60_000_000)
            closes = min(until, midnight + window.closes * 60_000_000)
            if opens < closes:
                yield opens, closes


def _steady(start: int, end: int, zone: ZoneInfo) -> tuple[tuple[int, int], ...]:
    """The stretches between two instants, at most a day apart, in which the clock runs evenly."""
    early = _offset(start, zone)
    if early == _offset(end - 1, zone):
        return ((start, end),)
    low, high = start, end
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == early:
            low = middle
        else:
            high = middle
    return ((start, high), (high, end))


def _offset(instant: int, zone: ZoneInfo) -> int:
    offset = _moment(instant).astimezone(zone).utcoffset()
    return (offset or timedelta(0)) // _MICROSECOND


def _instant(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _moment(instant: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)


def _minutes(text: str) -> int:
    hours, colon, minutes = text.strip().partition(":")
    if not (colon and len(minutes) == 2 and hours.isdecimal() and minutes.isdecimal()):
        raise ValueError(f"{text!r} is no time of day")
    at = int(hours) * 60 + int(minutes)
    if at > _MINUTES_A_DAY or int(minutes) > 59:
        raise ValueError(f"{text!r} is no time of day")
    return at


@lru_cache(maxsize=1024)
def _read_calendar(text: str) -> Calendar:
    try:
        data = json.loads(text)
        week = data.get("week", {})
        unknown = sorted({*week, *data} - {*WEEKDAYS, "week", "special", "holidays", "zone"})
        if unknown:
            raise ValueError(f"unknown: {', '.join(unknown)}")
        special = data.get("special", {}).items()
        zone = data.get("zone", "Europe/London")
        ZoneInfo(zone)
        return Calendar(
            week=tuple(_windows(week.get(day, [])) for day in WEEKDAYS),
            special=tuple(sorted((date.fromisoformat(d), _windows(w)) for d, w in special)),
            holidays=Region(data.get("holidays", Region.ENGLAND_AND_WALES)),
            zone=zone,
        )
    except (ValueError, TypeError, AttributeError, KeyError, OSError) as wrong:
        raise InvalidInput("opening hours", fields={"opening_hours": str(wrong)}) from wrong


def _windows(texts: list[str]) -> Windows:
    """Sorted windows that do not overlap; raises ValueError."""
    windows = sorted((Window.parse(text) for text in texts), key=lambda window: window.opens)
    for earlier, later in pairwise(windows):
        if later.opens < earlier.closes:
            raise ValueError(f"{earlier} and {later} overlap")
    return tuple(windows)
