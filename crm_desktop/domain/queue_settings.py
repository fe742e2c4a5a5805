"""How a queue works, as a team leader sets it: what may be said, and what is wrong in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from crm_desktop.domain.calls import WrapUp
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.figures import Promise, Variant
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import Channel, StaffRole

HOUR, DAY = 3600, 86_400
#: The least and most of each, in seconds; the database holds to the same.
OFFER = (5, 600)
AGEING = (60, DAY)
LAST_ADVISOR = (0, DAY)
OVERFLOW = (10, 7 * DAY)
TARGET = (1, 365 * DAY)
SHORT = (0, 600)
RELAX = (0, DAY)
WRAP_UP = (10, HOUR)
GOAL = (1, 100)
LEVEL = (1, 5)


@dataclass(frozen=True, slots=True)
class NeededSkill:
    """From which level (1 to 5) on; after `relax_seconds` of waiting without it, None for never."""

    level: int
    relax_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """The rules of one queue. Times in seconds; the columns of `Queue` say what they mean.

    `wrap_up` is what follows a call, `wrap_up_seconds` the time of a timed one. `targets` by
    channel, `skills` by the skill's id.
    """

    push: bool
    offer_seconds: int
    ageing_seconds: int
    last_advisor_seconds: int
    overflow_queue_id: int | None = None
    overflow_seconds: int | None = None
    wrap_up: WrapUp = WrapUp.MANDATORY
    wrap_up_seconds: int = 120
    targets: Mapping[Channel, Promise] = field(default_factory=dict)
    skills: Mapping[int, NeededSkill] = field(default_factory=dict)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> QueueSettings:
        """From what the database keeps."""
        plain = {name: data[name] for name in _PLAIN} | {"wrap_up": WrapUp(data["wrap_up"])}
        targets = {
            Channel(channel): Promise(**{**each, "variant": Variant(each["variant"])})
            for channel, each in sorted(data["targets"].items())
        }
        skills = {int(id_): NeededSkill(**each) for id_, each in sorted(data["skills"].items())}
        return cls(**plain, targets=targets, skills=skills)

    def to_data(self) -> dict[str, Any]:
        """What the database keeps; `from_data` reads it back."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "wrap_up": self.wrap_up.value,
            "targets": {
                channel.value: {**asdict(each), "variant": each.variant.value}
                for channel, each in self.targets.items()
            },
            "skills": {str(id_): asdict(each) for id_, each in self.skills.items()},
        }


_PLAIN = (
    "push", "offer_seconds", "ageing_seconds", "last_advisor_seconds", "overflow_queue_id",
    "overflow_seconds", "wrap_up_seconds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class QueueAround:
    """What a queue's rules speak of: the queues that it may overflow into, and all skills, by id.

    `may_change`: whether this person may set the rules.
    """

    name: str
    restricted: bool
    others: Mapping[int, str]
    skills: Mapping[int, str]
    may_change: bool


def may_change(person: Person | None, queue_id: int) -> bool:
    """Whether somebody sets the rules of a queue: its team leaders, and administrators."""
    if person is None:
        return False
    leads_it = person.role is StaffRole.TEAM_LEADER and queue_id in person.queues
    return leads_it or person.role is StaffRole.ADMIN


def check(queue_id: int, wanted: QueueSettings) -> None:
    """Raises InvalidInput whose `fields` say for each wrong one what would be right."""
    wrong = dict(_wrong(queue_id, wanted))
    if wrong:
        raise InvalidInput("a queue's rules", fields=wrong)


def ageing_words(seconds: int) -> str:
    """What one point of priority means."""
    return f"One point of priority is worth {length(seconds)} of waiting."


def length(seconds: int) -> str:
    """A time in the largest units that say it exactly, as "1 hour 30 minutes"."""
    said = []
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (60, "minute"), (1, "second")):
        count, seconds = divmod(seconds, unit)
        if count:
            said.append(f"{count} {name}{'' if count == 1 else 's'}")
    return " ".join(said) or "no time"


def _wrong(queue_id: int, wanted: QueueSettings) -> Iterator[tuple[str, str]]:
    yield from _outside("offer", wanted.offer_seconds, OFFER)
    yield from _outside("ageing", wanted.ageing_seconds, AGEING)
    yield from _outside("last advisor", wanted.last_advisor_seconds, LAST_ADVISOR)
    if (wanted.overflow_queue_id is None) != (wanted.overflow_seconds is None):
        yield "overflow", "choose a queue and a time, or neither"
    elif wanted.overflow_queue_id == queue_id:
        yield "overflow", "another queue than this one"
    elif wanted.overflow_seconds is not None:
        yield from _outside("overflow", wanted.overflow_seconds, OVERFLOW)
    yield from _outside("wrap-up", wanted.wrap_up_seconds, WRAP_UP)
    for channel, each in wanted.targets.items():
        name = channel.value.replace("_", " ")
        yield from _outside(f"target for {name}", each.seconds, TARGET)
        yield from _outside(f"short abandon for {name}", each.short_seconds, SHORT)
        if not GOAL[0] <= each.goal <= GOAL[1]:
            yield f"goal for {name}", f"{GOAL[0]} to {GOAL[1]} per cent"
    for skill in wanted.skills.values():
        if not LEVEL[0] <= skill.level <= LEVEL[1]:
            yield "skill", f"a level from {LEVEL[0]} to {LEVEL[1]}"
        if skill.relax_seconds is not None:
            yield from _outside("without the skill", skill.relax_seconds, RELAX)


def _outside(name: str, value: int, bounds: tuple[int, int]) -> Iterator[tuple[str, str]]:
    least, most = bounds
    if not least <= value <= most:
        yield name, f"{length(least)} to {length(most)}"
