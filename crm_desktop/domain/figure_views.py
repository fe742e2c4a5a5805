"""The centre's figures as services give them to screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from crm_desktop.domain import figures
from crm_desktop.domain.figures import Figure, Promise, Share, Sums
from crm_desktop.domain.states import Channel


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """One queue and channel of a day, under one promise; a promise that was changed in the day
    makes two.
    """

    queue_id: int
    channel: Channel
    promise: Promise
    sums: Sums

    @property
    def level(self) -> Share:
        """Its service level."""
        return figures.service_level(self.sums, self.promise.variant)


@dataclass(frozen=True, slots=True)
class WaitingNow:
    """What waits in one queue and channel: when the first of it came, and the next breach."""

    queue_id: int
    channel: Channel
    waiting: int
    oldest_at: datetime | None
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueueNow:
    """A queue and its people: how many of its members are available."""

    id: int
    name: str
    restricted: bool
    available: int
    members: int


@dataclass(frozen=True, slots=True)
class CentreFigures:
    """A day so far, of the queues that the reader may know of, and what is now, `at` the database's
    time. `time` is the seconds at work of those available, by the reader's own people; `handoffs`
    those due by midnight of those under way, of the reader's own queues; `came_back` who did not.
    """

    at: datetime
    day: datetime
    parts: tuple[QueueFigures, ...]
    waiting: tuple[WaitingNow, ...]
    queues: tuple[QueueNow, ...]
    time: Share = field(default_factory=Share)
    handoffs: Share = field(default_factory=Share)
    came_back: Share = field(default_factory=Share)

    def for_everybody(self) -> CentreFigures:
        """Without restricted queues: what may hang on a wall."""
        open_ = {each.id for each in self.queues if not each.restricted}
        return replace(
            self,
            parts=tuple(each for each in self.parts if each.queue_id in open_),
            waiting=tuple(each for each in self.waiting if each.queue_id in open_),
            queues=tuple(each for each in self.queues if each.id in open_),
        )

    def sums(self, queue_id: int | None = None, channel: Channel | None = None) -> Sums:
        """The day of a queue, of a channel, of both, or of all."""
        return figures.added(each.sums for each in self._of(queue_id, channel))

    def level(self, queue_id: int | None = None, channel: Channel | None = None) -> Share:
        """The service level, each part by its own promise."""
        return sum((each.level for each in self._of(queue_id, channel)), Share())

    def goal(self, queue_id: int | None = None, channel: Channel | None = None) -> int | None:
        """The goal in per cent; of several the one of the most contacts. None of nothing."""
        weight: dict[int, float] = {}
        for each in self._of(queue_id, channel):
            weight[each.promise.goal] = weight.get(each.promise.goal, 0) + each.level.whole
        return max(weight, key=lambda goal: weight[goal], default=None)

    def promises(
        self, queue_id: int | None = None, channel: Channel | None = None
    ) -> tuple[Promise, ...]:
        """What the service level is made of, each once."""
        return tuple(dict.fromkeys(each.promise for each in self._of(queue_id, channel)))

    def share(
        self, figure: Figure, queue_id: int | None = None, channel: Channel | None = None
    ) -> Share:
        """Numerator and denominator of any figure; of the longest wait the seconds, over one."""
        if figure is Figure.SERVICE_LEVEL:
            return self.level(queue_id, channel)
        if figure is Figure.WAITING:
            return Share(self.waiting_in(queue_id, channel), 1)
        if figure is Figure.LONGEST_WAIT:
            oldest = self.oldest(queue_id, channel)
            waited = (self.at - oldest).total_seconds() if oldest else 0
            return Share(max(0.0, waited), 1 if oldest else 0)
        whole_centre = {
            Figure.OCCUPANCY: self.time,
            Figure.HANDOFFS: self.handoffs,
            Figure.FIRST_CONTACT: self.came_back,
        }
        if figure in whole_centre:
            return whole_centre[figure]
        return figures.share(figure, self.sums(queue_id, channel))

    def waiting_in(self, queue_id: int | None = None, channel: Channel | None = None) -> int:
        """How many wait."""
        return sum(each.waiting for each in self._now(queue_id, channel))

    def oldest(
        self, queue_id: int | None = None, channel: Channel | None = None
    ) -> datetime | None:
        """When the one that waits longest came; None when nothing waits."""
        times = (each.oldest_at for each in self._now(queue_id, channel) if each.waiting)
        return min((each for each in times if each is not None), default=None)

    def is_late(self, queue_id: int | None = None, channel: Channel | None = None) -> bool:
        """Whether something waits whose time is up."""
        return any(
            each.waiting and each.next_due_at is not None and each.next_due_at <= self.at
            for each in self._now(queue_id, channel)
        )

    def definition(
        self, figure: Figure, queue_id: int | None = None, channel: Channel | None = None
    ) -> str:
        """What the figure means, with the targets that it was reckoned by."""
        return figures.definition(figure, self.promises(queue_id, channel))

    def _of(self, queue_id: int | None, channel: Channel | None) -> tuple[QueueFigures, ...]:
        return tuple(
            each
            for each in self.parts
            if queue_id in (None, each.queue_id) and channel in (None, each.channel)
        )

    def _now(self, queue_id: int | None, channel: Channel | None) -> tuple[WaitingNow, ...]:
        return tuple(
            each
            for each in self.waiting
            if queue_id in (None, each.queue_id) and channel in (None, each.channel)
        )


@dataclass(frozen=True, slots=True)
class HalfHour:
    """What came and went in a half hour, from its beginning."""

    at: datetime
    arrivals: int
    answered: int
    answered_within: int
    abandoned: int
    offered: int


@dataclass(frozen=True, slots=True)
class Behind:
    """A contact behind a figure. `counts` says whether it is in the numerator.

    `who` and `subject` are empty where the contact is no longer in the reader's queues; then it
    cannot be opened (`seen` is False). `spent` of a call: talk, hold and wrap-up in seconds.
    """

    contact_id: int
    at: datetime
    channel: Channel
    queue_id: int
    wait_seconds: int
    counts: bool
    seen: bool
    who: str = ""
    subject: str = ""
    spent: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class BehindPage:
    """Some of the contacts behind a figure, newest first; `after` asks for the next ones."""

    rows: tuple[Behind, ...]
    after: tuple[datetime, int] | None = None


#: What the figures mean to whoever reads them aloud.
NAMES: Mapping[Figure, str] = {
    Figure.SERVICE_LEVEL: "Service level",
    Figure.ANSWER_SPEED: "Average speed of answer",
    Figure.ANSWERED: "Answered",
    Figure.ABANDONED: "Abandoned",
    Figure.ABANDONED_NET: "Abandoned, net",
    Figure.HANDLE_TIME: "Average handling time",
    Figure.TALK_TIME: "Average talk time of calls",
    Figure.HOLD_TIME: "Average hold time of calls",
    Figure.WRAP_UP_TIME: "Average wrap-up of calls",
    Figure.TRANSFERRED: "Calls passed on",
    Figure.OCCUPANCY: "Occupancy",
    Figure.FIRST_POINT: "First-point resolution",
    Figure.FIRST_CONTACT: "First-contact resolution",
    Figure.AVOIDABLE: "Avoidable contact",
    Figure.WAITING: "Waiting",
    Figure.LONGEST_WAIT: "Longest wait now",
    Figure.HANDOFFS: "Hand-offs breaching today",
}
