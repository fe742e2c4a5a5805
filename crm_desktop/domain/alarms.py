"""Silent alarms at a desk or room, who comes to help, and incidents with what was learnt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: What an alarm's words, a person's answer and an incident's texts may have at most.
ALARM_LETTERS = 200
INCIDENT_LETTERS = 10_000


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm as a desktop raises it; `key` (32 hex digits) is its own, so that it is kept once.

    `raised_at` is for one that is entered later, when the database was away.
    """

    key: str
    site_id: int | None = None
    place_id: int | None = None
    words: str = ""
    computer: str = ""
    contact_id: int | None = None
    raised_at: datetime | None = None
    test: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Who is on the way, since when, and what they said."""

    name: str
    at: datetime
    words: str = ""


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    """An alarm that nobody has ended; `id` is None while only the building's desktops know it.

    `mine`: this person raised it; `answered`: this person has acknowledged it.
    """

    key: str
    id: int | None
    site: str
    place: str
    words: str
    who: str
    raised_at: datetime
    test: bool
    mine: bool
    answered: bool
    answers: tuple[Acknowledged, ...] = ()


class Step(StrEnum):
    """What desktops of a building tell each other of an alarm."""

    RAISED = "raised"
    ANSWERED = "answered"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Told:
    """What one desktop tells the others of its building; `who` is who does it, `at` when."""

    step: Step
    key: str
    site_id: int
    who: str
    at: datetime
    site: str = ""
    place: str = ""
    test: bool = False


@dataclass(frozen=True, slots=True)
class Means:
    """What a desktop keeps for when the database is away: keys by site, and where places are.

    `places` has (site id, site, place) by place id.
    """

    secrets: dict[int, str]
    places: dict[int, tuple[int, str, str]]


class IncidentKind(StrEnum):
    """What an incident was."""

    ABUSE = "abuse"
    THREAT = "threat"
    ASSAULT = "assault"
    DAMAGE = "damage"
    HEALTH = "health"
    WEAPON = "weapon"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class IncidentInput:
    """What is written of an incident; `id` and `version` are of the one that is changed."""

    happened_at: datetime
    kind: IncidentKind
    what: str
    done: str = ""
    lessons: str = ""
    police_reference: str = ""
    alarm_id: int | None = None
    site_id: int | None = None
    place_id: int | None = None
    customer_id: int | None = None
    contact_id: int | None = None
    id: int | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as it stands; once it is closed its lessons are learnt, and it stays as it is."""

    id: int
    said: IncidentInput
    place: str
    customer: str
    written_by: str
    written_at: datetime
    marker_id: int | None
    closed_at: datetime | None
