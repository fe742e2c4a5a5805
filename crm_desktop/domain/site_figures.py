"""A site's day in figures: who came, by half hour, service and desk, how long they waited, and what
became of appointments. Each figure with its definition in words.

The counting is that of `visits.SiteDay`: everybody is in one of waiting, with somebody, served,
answered at the counter, left unseen, and no-show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from crm_desktop.domain.figures import Share
from crm_desktop.domain.visits import TARGET_SECONDS, PlaceKind

_LONDON = ZoneInfo("Europe/London")
Key = TypeVar("Key")
#: With how many days of the same weekday a day is compared.
WEEKS = 4


class SiteFigure(StrEnum):
    """What is shown of a site; the value is what the database calls who is behind it."""

    CAME = "came"
    WAITING = "waiting"
    LONGEST = "longest"
    WAIT = "wait"
    WITHIN = "within"
    SERVED = "served"
    ANSWERED_NOW = "answered_now"
    LEFT = "left"
    NO_SHOW = "no_show"
    KEPT = "kept"
    LATE = "late"
    MISSED = "missed"


#: What each is called.
NAMES: Mapping[SiteFigure, str] = {
    SiteFigure.CAME: "Visitors",
    SiteFigure.WAITING: "Waiting now",
    SiteFigure.LONGEST: "Longest wait now",
    SiteFigure.WAIT: "Average wait",
    SiteFigure.WITHIN: "Seen within 15 min",
    SiteFigure.SERVED: "Served",
    SiteFigure.ANSWERED_NOW: "Answered at the counter",
    SiteFigure.LEFT: "Left unseen",
    SiteFigure.NO_SHOW: "Did not come when called",
    SiteFigure.KEPT: "Appointments kept",
    SiteFigure.LATE: "Late for their appointment",
    SiteFigure.MISSED: "Appointments missed",
}
_DEFINITIONS = {
    SiteFigure.CAME: (
        "Everybody who was checked in, at a desk or a kiosk or for an appointment, and every quick "
        "question that was answered at the counter. Nobody counts twice, wherever they are sent."
    ),
    SiteFigure.WAITING: (
        "Who stands in the line at this moment, also after somebody sent them on to another desk."
    ),
    SiteFigure.LONGEST: "The time since the visitor who has waited longest was checked in.",
    SiteFigure.WAIT: (
        "From the check-in until the visitor was first at a desk, of all who were served. Quick "
        "questions at the counter, and who was not seen, are not in it."
    ),
    SiteFigure.WITHIN: (
        "Of all who were served, those who waited no longer than 15 minutes, from the check-in "
        "until they were first at a desk."
    ),
    SiteFigure.SERVED: (
        "Who was seen at a desk or in a room. Who was seen by one, was sent on and went then was "
        "served. A visitor counts at the desk where they were last, and for the service that the "
        "visit was about in the end."
    ),
    SiteFigure.ANSWERED_NOW: (
        "Quick questions that were answered at the counter at once, without a ticket."
    ),
    SiteFigure.LEFT: "Who went before anybody had seen them.",
    SiteFigure.NO_SHOW: (
        "Who did not come when they were called as often as the site wants, and was not seen."
    ),
    SiteFigure.KEPT: "Appointments of the day whose visitor came.",
    SiteFigure.LATE: (
        "Appointments of the day whose visitor was checked in after the time it was booked for."
    ),
    SiteFigure.MISSED: (
        "Appointments of the day whose visitor did not come, or did not when they were called."
    ),
}


def definition(figure: SiteFigure) -> str:
    """What a figure means, in plain words."""
    return _DEFINITIONS[figure]


@dataclass(frozen=True, slots=True)
class SiteSums:
    """What can be added. `since` is when the one that waits longest came, `wait_seconds` the waits
    of all `served`, `within` those of them who waited no longer than the target.
    """

    came: int = 0
    waiting: int = 0
    since: datetime | None = None
    served: int = 0
    answered_now: int = 0
    left: int = 0
    no_shows: int = 0
    wait_seconds: float = 0
    within: int = 0

    def __add__(self, other: SiteSums) -> SiteSums:
        times = [each for each in (self.since, other.since) if each is not None]
        return SiteSums(
            self.came + other.came,
            self.waiting + other.waiting,
            min(times, default=None),
            self.served + other.served,
            self.answered_now + other.answered_now,
            self.left + other.left,
            self.no_shows + other.no_shows,
            self.wait_seconds + other.wait_seconds,
            self.within + other.within,
        )

    @property
    def unseen(self) -> int:
        """Who went without being seen."""
        return self.left + self.no_shows

    @property
    def wait(self) -> Share:
        """The average wait, in seconds."""
        return Share(self.wait_seconds, self.served)

    @property
    def in_time(self) -> Share:
        """The part of the served who waited no longer than the target."""
        return Share(self.within, self.served)


def added(many: Iterable[SiteSums]) -> SiteSums:
    """All of them together."""
    return sum(many, SiteSums())


@dataclass(frozen=True, slots=True)
class SitePart:
    """Who came in one half hour about one service and was last at one place; None for neither."""

    day: date
    half_hour: datetime
    service_id: int | None
    place_id: int | None
    sums: SiteSums


@dataclass(frozen=True, slots=True)
class Appointed:
    """A day's appointments: `to_come`, `kept` (of which `late`), `missed`, `cancelled`."""

    to_come: int = 0
    kept: int = 0
    late: int = 0
    missed: int = 0
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class PlaceNow:
    """A desk or room and how many people work there now."""

    id: int
    name: str
    kind: PlaceKind
    staff: int


@dataclass(frozen=True, slots=True)
class EarlierDay:
    """The same weekday some weeks before; of today until the same time of day."""

    day: date
    sums: SiteSums
    appointed: Appointed


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """One day of a site, as of `at`; of today, earlier days are counted up to the same time of day.

    `services` by id as the site calls them, in the order of its keys. `earlier`: the newest first;
    `usual` how many came then on average, by half hour of the local day. `restricted` are those of
    the services that only their members may know of.
    """

    site_id: int
    site: str
    at: datetime
    day: date
    is_today: bool
    parts: tuple[SitePart, ...]
    appointed: Appointed
    services: Mapping[int, str]
    places: tuple[PlaceNow, ...]
    earlier: tuple[EarlierDay, ...] = ()
    usual: Mapping[time, float] = field(default_factory=dict)
    restricted: frozenset[int] = frozenset()

    def for_everybody(self) -> SiteFigures:
        """As everybody in the room may read it: restricted services are not told apart."""
        return replace(
            self,
            services={k: v for k, v in self.services.items() if k not in self.restricted},
            parts=tuple(
                replace(each, service_id=None) if each.service_id in self.restricted else each
                for each in self.parts
            ),
        )

    @property
    def sums(self) -> SiteSums:
        """The whole day."""
        return added(each.sums for each in self.parts)

    def by_service(self) -> Mapping[int | None, SiteSums]:
        """Each service of the site, and others that somebody came about; None: not told apart."""
        return _grouped(self.parts, lambda each: each.service_id, self.services)

    def by_place(self) -> Mapping[int | None, SiteSums]:
        """Each desk and room, and None for who was seen by nobody or at the counter."""
        return _grouped(self.parts, lambda each: each.place_id, (each.id for each in self.places))

    def by_half_hour(self) -> Mapping[time, SiteSums]:
        """From the first half hour of the local day in which somebody came, or usually comes, to
        the last, none left out.
        """
        found = _grouped(self.parts, lambda each: local_half_hour(each.half_hour), self.usual)
        if not found:
            return {}
        halves = [time(hour, minute) for hour in range(24) for minute in (0, 30)]
        return {
            each: found.get(each, SiteSums()) for each in halves if min(found) <= each <= max(found)
        }

    def waited(self) -> timedelta | None:
        """How long the one that waits longest has waited; None when nobody waits."""
        since = self.sums.since
        return None if since is None else max(timedelta(), self.at - since)

    @property
    def is_late(self) -> bool:
        """Whether somebody waits longer than the target."""
        waited = self.waited()
        return waited is not None and waited.total_seconds() > TARGET_SECONDS


@dataclass(frozen=True, slots=True)
class SiteBehind:
    """Somebody behind a number. `seconds` they waited, or were late by, None where neither.

    `contact_id` None: nothing to open. `who` is empty where the contact is not the reader's to
    know; then `seen` is False.
    """

    contact_id: int | None
    ticket: str
    at: datetime
    seconds: float | None
    service: str
    place: str
    counts: bool
    seen: bool
    who: str
    service_id: int | None
    place_id: int | None


def local_half_hour(at: datetime) -> time:
    """The half hour of the site's own clock; the hour that comes twice in October is one."""
    return at.astimezone(_LONDON).time().replace(tzinfo=None)


def usual(parts: Iterable[SitePart]) -> Mapping[time, float]:
    """How many came in each half hour on average, over the days on which anybody came."""
    parts = tuple(parts)
    days = len({each.day for each in parts})
    found = _grouped(parts, lambda each: local_half_hour(each.half_hour), ())
    return {at: each.came / days for at, each in found.items()}


def _grouped(
    parts: Iterable[SitePart], key: Callable[[SitePart], Key], known: Iterable[Key]
) -> dict[Key, SiteSums]:
    found = {each: SiteSums() for each in known}
    for part in parts:
        found[key(part)] = found.get(key(part), SiteSums()) + part.sums
    return found
