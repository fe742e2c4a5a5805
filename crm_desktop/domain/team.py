"""What a team leader sees of a team at one moment, and the rules that make words of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from crm_desktop.domain.states import Channel, ContactState, Presence, StaffRole

#: Who wraps up for longer is worth a look.
LONG_WRAP_UP = timedelta(minutes=5)
#: A desktop that has not said that it is there for so long is not.
SILENT = timedelta(seconds=90)
#: One of these fills a person, whatever else lies in their hands.
_FILLING = (Channel.CALL, Channel.VISIT)
_AT_WORK = (ContactState.ACTIVE, ContactState.HELD, ContactState.DIALLING)
_LONDON = ZoneInfo("Europe/London")


def day_start(now: datetime) -> datetime:
    """When the council's day began."""
    return now.astimezone(_LONDON).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class ChannelWait:
    """What waits of one channel in one queue; `next_due_at` is when the first of it breaches."""

    channel: Channel
    waiting: int
    oldest_at: datetime | None
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueueNow:
    """One of the leader's queues; `waits` has only channels of which something waits."""

    id: int
    name: str
    waits: tuple[ChannelWait, ...]

    @property
    def waiting(self) -> int:
        """How many contacts wait."""
        return sum(each.waiting for each in self.waits)

    @property
    def pressing(self) -> ChannelWait | None:
        """What of it breaches first; None when nothing waits."""
        dated = [each for each in self.waits if each.next_due_at is not None]
        return min(dated, key=lambda each: each.next_due_at, default=None) or next(  # type: ignore[arg-type, return-value]
            iter(self.waits), None
        )


@dataclass(frozen=True, slots=True)
class InHand:
    """One contact offered to a person or in their hands.

    `contact_id` is None of a queue that is not the leader's; `channel` is None, and there are no
    words, where not even the kind of it may be known.
    """

    contact_id: int | None
    channel: Channel | None
    state: ContactState
    since: datetime
    subject: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class PersonNow:
    """A member of a queue of the leader's. `here`: a desktop of theirs says so; `idle_since`:
    nobody has touched it since, or it is `locked`.

    `queue_ids` are those that they share with the leader, `off_ids` the ones of which nothing is
    offered to them for a while; `handled` is how many contacts they completed today.
    """

    id: int
    name: str
    role: StaffRole
    here: bool
    presence: Presence
    since: datetime
    afterwards: Presence | None
    words: str
    back_at: datetime | None
    locked: bool
    idle_since: datetime | None
    not_responding_since: datetime | None
    queue_ids: tuple[int, ...]
    off_ids: tuple[int, ...]
    hands: tuple[InHand, ...]
    handled: int

    @property
    def works(self) -> bool:
        """Whether they are here for contacts: free for one, or at one."""
        return self.here and (
            bool(self.hands) or (self.presence is Presence.AVAILABLE and self.gone_since is None)
        )

    @property
    def gone_since(self) -> datetime | None:
        """Since when the system sees nobody at their desk, whatever they chose."""
        return self.not_responding_since or self.idle_since


@dataclass(frozen=True, slots=True)
class Staffing:
    """Of a queue's members who are here: how many are there for contacts."""

    working: int = 0
    here: int = 0


@dataclass(frozen=True, slots=True)
class TeamBoard:
    """The leader's queues by name, the people they share them with by name, and who serves each
    queue, by its id; of a queue without anybody nothing.
    """

    queues: tuple[QueueNow, ...]
    people: tuple[PersonNow, ...]
    staff: Mapping[int, Staffing]


class Group(StrEnum):
    """What a person is at, as a team is counted."""

    ON_CONTACT = "on_contact"
    AVAILABLE = "available"
    WRAP_UP = "wrap_up"
    AWAY = "away"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Occupation:
    """What a person does now: what is in hand comes before what they chose.

    `lead` are the contacts that say what it is, so many of one kind; `late` marks a long wrap-up.
    """

    group: Group
    since: datetime
    lead: tuple[InHand, ...] = ()

    def late(self, now: datetime) -> bool:
        """Whether a wrap-up goes on for long."""
        return self.group is Group.WRAP_UP and now - self.since > LONG_WRAP_UP


def occupation(person: PersonNow) -> Occupation:
    """What somebody is at: a call or visitor, chats, other contacts, wrap-up, an offer; or their
    chosen presence, for as long as it lasts.
    """
    at_work = [each for each in person.hands if each.state in _AT_WORK]
    for kinds in (_FILLING, (Channel.CHAT,), tuple(Channel), (None,)):
        if lead := [each for each in at_work if each.channel in kinds]:
            return _of(Group.ON_CONTACT, lead)
    if wrapping := [each for each in person.hands if each.state is ContactState.WRAP_UP]:
        return _of(Group.WRAP_UP, wrapping)
    return _waiting(person)


def _waiting(person: PersonNow) -> Occupation:
    if not person.here or person.presence is Presence.OFFLINE:
        return Occupation(Group.OFFLINE, person.since)
    if person.not_responding_since is not None:
        return Occupation(Group.AWAY, person.not_responding_since)
    if offered := [each for each in person.hands if each.state is ContactState.OFFERED]:
        return _of(Group.AVAILABLE, offered)
    available = person.presence is Presence.AVAILABLE
    if available and person.idle_since is not None:
        return Occupation(Group.AWAY, person.idle_since)
    return Occupation(Group.AVAILABLE if available else Group.AWAY, person.since)


def _of(group: Group, lead: list[InHand]) -> Occupation:
    return Occupation(group, min(each.since for each in lead), tuple(lead))


def staffing(people: Iterable[PersonNow]) -> dict[int, Staffing]:
    """Who serves each queue now. Whoever is off a queue for a while does not."""
    here: Counter[int] = Counter()
    working: Counter[int] = Counter()
    for each in people:
        if each.here:
            serves = set(each.queue_ids).difference(each.off_ids)
            here.update(serves)
            if each.works:
                working.update(serves)
    return {queue_id: Staffing(working[queue_id], count) for queue_id, count in here.items()}
