"""What a write changed: returned by every use case and carried by the change feed alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Topic(StrEnum):
    """The kinds of things whose change others may have to see."""

    CONTACT = "contact"
    CASE = "case"
    CUSTOMER = "customer"
    HANDOFF = "handoff"
    KNOWLEDGE = "knowledge"
    STAFF = "staff"
    QUEUE_STAT = "queue_stat"
    ACCOUNT = "account"
    #: A huddle was sent or ended.
    HUDDLE = "huddle"
    #: Somebody read a huddle: its sender looks, nobody else.
    RECEIPT = "receipt"
    #: Something that was said to one person alone is another: a private note, a huddle that they
    #: read elsewhere. Its id is theirs.
    NOTE = "note"
    #: What is expected of a queue; its id.
    FORECAST = "forecast"
    #: A call, or a command of it, is another; its contact's id.
    CALL = "call"
    #: Something is asked of the PBX: the gateway looks, nobody else. The command's id.
    CALL_COMMAND = "call_command"
    #: A contact's recordings are others; its id.
    RECORDING = "recording"
    #: Somebody asked to hear a recording, or may hear it now: its playback's id. The gateway that
    #: has the sound looks, and who asked.
    PLAYBACK = "playback"
    #: A chat has another line or stands otherwise; the chat's id. Its holder and its visitor look.
    CHAT = "chat"
    #: Somebody types in a chat; the chat's id.
    TYPING = "typing"
    #: A notice for the public was published, changed or taken down; its id.
    SERVICE_NOTICE = "service_notice"
    #: The line of a site, its desks, or who is at them are others; the site's id.
    SITE = "site"
    #: Somebody is called, or called again: the public screens look. The site's id.
    CALLED = "called"
    #: Appointments of a site are others; its id.
    APPOINTMENT = "appointment"
    #: An alarm was raised, acknowledged or ended; its id.
    ALARM = "alarm"
    LOOKING = "looking"
    #: The database was upgraded: programs see whether they still fit it. Its id is always 0.
    REVISION = "revision"
    #: There is outgoing work for the gateway, or will be soon. Its id is always 0.
    OUTBOX = "outbox"
    #: The feed was away: everything visible must be read again. Its id is always 0.
    EVERYTHING = "everything"

    # An Enum's own is written in Python, and every notice stands in several sets.
    __hash__ = str.__hash__


#: Somebody waits for these at this moment, and few hear of them: nobody gathers them.
URGENT = frozenset({Topic.CHAT, Topic.TYPING, Topic.ALARM})


@dataclass(frozen=True, slots=True)
class Change:
    """An invalidation, not data: read the thing again if it is on the screen."""

    topic: Topic
    id: int


@dataclass(frozen=True, slots=True)
class Changes:
    """A set of changes, in no order."""

    items: frozenset[Change] = frozenset()

    @classmethod
    def of(cls, topic: Topic, *ids: int) -> Changes:
        """Changes of several things of one topic."""
        return cls(frozenset(Change(topic, each) for each in ids))

    @classmethod
    def everything(cls) -> Changes:
        """Anything may have changed: the feed was away."""
        return cls.of(Topic.EVERYTHING, 0)

    def __or__(self, other: Changes) -> Changes:
        return Changes(self.items | other.items)

    def __bool__(self) -> bool:
        return bool(self.items)

    def ids(self, topic: Topic) -> frozenset[int]:
        """The ids of one topic."""
        return frozenset(change.id for change in self.items if change.topic is topic)

    def parted(self) -> tuple[Changes, Changes]:
        """What is urgent, and the rest."""
        urgent = frozenset(change for change in self.items if change.topic in URGENT)
        return Changes(urgent), Changes(self.items - urgent)

    def has(self, *topics: Topic) -> bool:
        """Whether any of the topics, or everything, changed."""
        wanted = {*topics, Topic.EVERYTHING}
        return any(change.topic in wanted for change in self.items)

    @classmethod
    def joined(cls, many: Iterable[Changes]) -> Changes:
        """All the changes of several writes."""
        many = tuple(many)
        if len(many) == 1:
            return many[0]
        return cls(frozenset(change for each in many for change in each.items))
