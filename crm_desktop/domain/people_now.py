"""A person as a team leader sees and changes them: queues and skills, for good or for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_desktop.domain.states import Presence, StaffRole

#: The levels of a skill, from a little to the best.
LEVELS = range(1, 6)


@dataclass(frozen=True, slots=True)
class QueueOf:
    """One queue and whether a person belongs to it.

    `until` None: for good. Until `off_until` nothing of it is offered to them.
    """

    queue_id: int
    name: str
    member: bool
    until: datetime | None = None
    off_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SkillOf:
    """One skill and how well a person has it: `level` 1 to 5, None not at all."""

    skill_id: int
    name: str
    level: int | None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PersonNow:
    """A person with the queues that may be given or taken by whoever looks, and every skill.

    `in_hand`: how many contacts they have or are offered. `may_lead`: the looker leads them.
    """

    id: int
    name: str
    role: StaffRole
    presence: Presence
    presence_since: datetime
    presence_words: str
    next_presence: Presence | None
    back_at: datetime | None
    signed_in: bool
    in_hand: int
    may_lead: bool
    queues: tuple[QueueOf, ...]
    skills: tuple[SkillOf, ...]


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill of the catalogue, and how many people have it."""

    id: int
    name: str
    people: int
