"""A site as an administrator sets it up: what may be said, and what is wrong with it in words.

The database holds to the same rules (migrations/sql/0034_sites.sql).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm_desktop.domain.calendar import Calendar
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.visits import PlaceKind

#: How often somebody is called before they are a no-show.
CALLS = (1, 9)
#: Alt+1 to Alt+9 at check-in.
KEYS = range(1, 10)
#: How many special days a calendar holds, and how many opening times a day.
MOST_SPECIAL, MOST_WINDOWS = 400, 6
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_LETTER = re.compile(r"[A-Z]", re.ASCII)
_NAME, _ADDRESS, _WALL = 100, 200, 300


@dataclass(frozen=True, slots=True)
class OfferedService:
    """What a visit there can be about: the letter on its tickets, its key (Alt+n), its names.

    An empty `name` is the service's own; an empty `name_cy` shows the English one.
    """

    service_id: int
    letter: str
    key: int
    name: str = ""
    name_cy: str = ""


@dataclass(frozen=True, slots=True)
class PlaceSetUp:
    """A desk, a room, or a partner's place; `id` None for a new one.

    `services` is its profile: what Next calls there, empty for everything of the site.
    """

    id: int | None
    kind: PlaceKind
    name: str
    name_cy: str = ""
    partner: str = ""
    services: tuple[int, ...] = ()
    step_free: bool = True
    hearing_loop: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True)
class SiteSetUp:
    """All that an administrator says of a site.

    `alarm_hearers` are people's ids, None for everybody; `wall` and `wall_cy` stand on its public
    screens all the time.
    """

    code: str
    name: str
    hours: Calendar
    name_cy: str = ""
    address: str = ""
    calls: int = 3
    active: bool = True
    services: tuple[OfferedService, ...] = ()
    places: tuple[PlaceSetUp, ...] = ()
    alarm_hearers: tuple[int, ...] | None = None
    wall: str = ""
    wall_cy: str = ""

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> SiteSetUp:
        """From what the database keeps."""
        hearers = data["alarm_hearers"]
        return cls(
            **{name: data[name] for name in _PLAIN},
            hours=Calendar.from_data(data["hours"]),
            services=tuple(OfferedService(**each) for each in data["services"]),
            places=tuple(
                PlaceSetUp(
                    **{
                        **each,
                        "kind": PlaceKind(each["kind"]),
                        "services": tuple(each["services"]),
                    }
                )
                for each in data["places"]
            ),
            alarm_hearers=None if hearers is None else tuple(hearers),
        )

    def to_data(self) -> dict[str, Any]:
        """What the database keeps; `from_data` reads it back."""
        services = sorted(self.services, key=lambda each: each.key)
        hearers = self.alarm_hearers
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "hours": self.hours.to_data(),
            "services": [
                {name: getattr(each, name) for name in OfferedService.__slots__}
                for each in services
            ],
            "places": [
                {
                    **{name: getattr(each, name) for name in PlaceSetUp.__slots__},
                    "kind": each.kind.value,
                    "services": sorted(each.services),
                }
                for each in self.places
            ],
            "alarm_hearers": None if hearers is None else sorted(hearers),
        }


_PLAIN = ("code", "name", "name_cy", "address", "calls", "active", "wall", "wall_cy")


@dataclass(frozen=True, slots=True)
class Busy:
    """Why a place cannot be taken out of use, or a service out of a site, at this moment.

    `people` are who works there, `visitors` who is called, seen or waits, `booked` the
    appointments still to come.
    """

    people: tuple[str, ...] = ()
    visitors: int = 0
    booked: int = 0

    def words(self) -> str:
        """As "K. Tran is there, 2 appointments are booked"; "" for nothing."""
        said = []
        if self.people:
            said.append(f"{', '.join(self.people)} {_is(len(self.people))} there")
        if self.visitors:
            said.append(f"{_count(self.visitors, 'visitor')} {_is(self.visitors)} there")
        if self.booked:
            said.append(f"{_count(self.booked, 'appointment')} {_is(self.booked)} booked")
        return ", ".join(said)


@dataclass(frozen=True, slots=True)
class KnownSite:
    """A site with its id. `key` stands in the addresses of its kiosks and public screens.

    `seen` is what a change must have seen. `shares_hours` names whose hours are the same ones:
    they stay as they are when this site's are changed. Busy by id of place, and of service.
    """

    id: int
    site: SiteSetUp
    seen: Mapping[str, Any]
    key: str
    is_open: bool = False
    shares_hours: tuple[str, ...] = ()
    busy_places: Mapping[int, Busy] = field(default_factory=dict)
    busy_services: Mapping[int, Busy] = field(default_factory=dict)

    @property
    def staffed(self) -> int:
        """How many desks and rooms somebody works at now."""
        return sum(bool(each.people) for each in self.busy_places.values())

    @property
    def used(self) -> tuple[PlaceSetUp, ...]:
        """The desks and rooms that are in use."""
        return tuple(each for each in self.site.places if each.active)


@dataclass(frozen=True, slots=True)
class Sites:
    """All sites by name, and what they speak of: services (name, whether it is restricted) and
    people (name, whether they work here) by id.
    """

    sites: tuple[KnownSite, ...]
    services: Mapping[int, tuple[str, bool]]
    people: Mapping[int, tuple[str, bool]]


def check_site(
    wanted: SiteSetUp,
    services: Mapping[int, tuple[str, bool]],
    people: Mapping[int, tuple[str, bool]],
) -> None:
    """Raises InvalidInput whose `fields` say for each wrong one what would be right."""
    names = {
        each.service_id: each.name or services.get(each.service_id, ("?", False))[0]
        for each in wanted.services
    }
    wrong = {
        **dict(_wrong_site(wanted)),
        **dict(_wrong_services(wanted.services, names)),
        **dict(_wrong_places(wanted.places, {**{k: v[0] for k, v in services.items()}, **names},
                             set(names))),
        **dict(_wrong_hours(wanted.hours)),
        **dict(_wrong_hearers(wanted.alarm_hearers, people)),
    }  # fmt: skip
    if wrong:
        raise InvalidInput("a site", fields=wrong)


def check_change(
    known: KnownSite, wanted: SiteSetUp, services: Mapping[int, tuple[str, bool]]
) -> None:
    """Raises InvalidInput for what is in use now and would be no more."""
    wrong = dict(_in_use(known, wanted, services))
    if wrong:
        raise InvalidInput("a site", fields=wrong)


def _in_use(
    known: KnownSite, wanted: SiteSetUp, services: Mapping[int, tuple[str, bool]]
) -> Iterator[tuple[str, str]]:
    if known.site.active and not wanted.active:
        there = _all_there(known)
        if there:
            yield "closing", f"{there}; close it when nobody is there and nothing is booked"
        return
    kept = {each.id for each in wanted.places if each.active}
    for place in known.used:
        busy = known.busy_places.get(place.id or 0, Busy()).words()
        if place.id not in kept and busy:
            yield place.name, f"in use now: {busy}"
    offered = {each.service_id for each in wanted.services}
    for each in known.site.services:
        busy = known.busy_services.get(each.service_id, Busy()).words()
        if each.service_id not in offered and busy:
            name = each.name or services.get(each.service_id, ("The service", False))[0]
            yield name, f"cannot go now: {busy}"


def _all_there(known: KnownSite) -> str:
    """Who is in the building, and what is booked there, in words."""
    people = tuple(name for each in known.busy_places.values() for name in each.people)
    visitors = sum(each.visitors for each in known.busy_services.values())
    booked = sum(each.booked for each in known.busy_services.values())
    return Busy(people, visitors, booked).words()


def _wrong_site(wanted: SiteSetUp) -> Iterator[tuple[str, str]]:
    if not _CODE.fullmatch(wanted.code):
        yield "code", "small letters, digits and hyphens, such as guildhall"
    if not _is_text(wanted.name, _NAME):
        yield "name", "what people call it, such as Guildhall one-stop-shop"
    if not _is_text(wanted.name_cy, _NAME, empty=True):
        yield "Welsh name", f"up to {_NAME} letters"
    if not _is_text(wanted.address, _ADDRESS, empty=True):
        yield "address", f"up to {_ADDRESS} letters, in one line"
    if not CALLS[0] <= wanted.calls <= CALLS[1]:
        yield "calls", f"{CALLS[0]} to {CALLS[1]} before a no-show"
    for name, text in (("wall", wanted.wall), ("wall in Welsh", wanted.wall_cy)):
        if not _is_text(text, _WALL, empty=True):
            yield name, f"up to {_WALL} letters, in one line"


def _wrong_services(
    services: Sequence[OfferedService], names: Mapping[int, str]
) -> Iterator[tuple[str, str]]:
    letters = Counter(each.letter for each in services)
    keys = Counter(each.key for each in services)
    many = Counter(each.service_id for each in services)
    for each in services:
        name = names[each.service_id]
        if each.service_id < 1:
            yield f"Alt+{each.key}", "choose a service, or take it away"
            continue
        if not _LETTER.fullmatch(each.letter):
            yield f"letter of {name}", "one letter, A to Z"
        elif letters[each.letter] > 1:
            yield f"letter {each.letter}", f"taken: {_both(services, names, letter=each.letter)}"
        if each.key not in KEYS:
            yield f"key of {name}", "Alt+1 to Alt+9"
        elif keys[each.key] > 1:
            yield f"Alt+{each.key}", f"taken: {_both(services, names, key=each.key)}"
        if many[each.service_id] > 1:
            yield name, "offered once"
        if not (_is_text(each.name, 60, empty=True) and _is_text(each.name_cy, 60, empty=True)):
            yield f"names of {name}", "up to 60 letters"


def _both(
    services: Sequence[OfferedService],
    names: Mapping[int, str],
    *,
    letter: str = "",
    key: int = 0,
) -> str:
    """Who has the same, as "Housing and Benefits have it"."""
    found = [
        names[each.service_id] for each in services if letter == each.letter or key == each.key
    ]
    return f"{' and '.join(found)} have it"


def _wrong_places(
    places: Sequence[PlaceSetUp], names: Mapping[int, str], offered: set[int]
) -> Iterator[tuple[str, str]]:
    known = Counter(each.name.strip().casefold() for each in places)
    for number, each in enumerate(places, start=1):
        name = each.name.strip() or f"place {number}"
        if not _is_text(each.name, 60):
            yield name, "say what it is called, such as Desk 1"
        elif known[name.casefold()] > 1:
            yield name, "another place of this site is called so"
        if not _is_text(each.name_cy, 60, empty=True):
            yield f"{name} in Welsh", "up to 60 letters"
        if not _is_text(each.partner, _NAME, empty=each.kind is not PlaceKind.PARTNER):
            yield f"{name}, partner", "say whose place it is, such as Citizens Advice"
        elif each.partner and each.kind is not PlaceKind.PARTNER:
            yield f"{name}, partner", "only of a partner's place"
        for service_id in each.services:
            if service_id not in offered:
                said = names.get(service_id, "a service")
                yield f"{name}, profile", f"{said} is not offered here any more: choose again"


def _wrong_hours(hours: Calendar) -> Iterator[tuple[str, str]]:
    if len(hours.special) > MOST_SPECIAL:
        yield "special days", f"{MOST_SPECIAL} at most: remove those that are over"
    days = (*hours.week, *(windows for _, windows in hours.special))
    if any(len(each) > MOST_WINDOWS for each in days):
        yield "opening hours", f"up to {MOST_WINDOWS} opening times a day"


def _wrong_hearers(
    hearers: tuple[int, ...] | None, people: Mapping[int, tuple[str, bool]]
) -> Iterator[tuple[str, str]]:
    if hearers is not None and not any(each in people and people[each][1] for each in hearers):
        yield "alarms", "choose somebody who hears them, or everybody"


def _is_text(text: str, most: int, *, empty: bool = False) -> bool:
    return (empty or bool(text.strip())) and len(text) <= most and text.isprintable()


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _count(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"
