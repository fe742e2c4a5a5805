"""Moving many contacts at once: what was seen, where it goes, what came of it, who gets what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from crm_desktop.domain.changes import Changes
from crm_desktop.domain.states import Channel, ContactState, Presence, Resolution
from crm_desktop.domain.views import Cursor, QueueRow

#: For so long an undo is offered; the database allows it a little longer.
UNDO_SECONDS = 10
#: So many at most are moved at once.
MOST_AT_ONCE = 10_000
#: A contact in one of these states is still to be dealt with.
OPEN = (
    ContactState.QUEUED,
    ContactState.OFFERED,
    ContactState.ACTIVE,
    ContactState.HELD,
    ContactState.WRAP_UP,
    ContactState.PARKED,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A contact as somebody saw it; whatever differs when it is moved was changed meanwhile."""

    contact_id: int
    state: ContactState
    owner_id: int | None
    queue_id: int
    state_since: datetime


@dataclass(frozen=True, slots=True)
class WorkRow:
    """A contact in a team leader's list, with since when it stands so and how long it waits."""

    id: int
    row: QueueRow
    state_since: datetime
    queued_at: datetime

    @property
    def seen(self) -> Seen:
        """What a move of it is held against."""
        row = self.row
        return Seen(row.id, row.state, row.owner_id, row.queue_id, self.state_since)


@dataclass(frozen=True, slots=True)
class WorkFilter:
    """Which open contacts to show; what is empty does not narrow.

    `owner_id` everything of one person's, `waited` at least so many seconds in its queue, `words`
    all of which its text holds.
    """

    queues: frozenset[int] = frozenset()
    channels: frozenset[Channel] = frozenset()
    states: frozenset[ContactState] = frozenset()
    owner_id: int | None = None
    service_id: int | None = None
    overdue: bool = False
    waited: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class WorkPage:
    """The first that fit, by next breach; a first page says how many fit in all."""

    rows: tuple[WorkRow, ...]
    more: Cursor | None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody to whom work may be given; `load` in points, 100 fill most people.

    `contacts` are open with them now, `queues` those that they belong to.
    """

    id: int
    name: str
    presence: Presence
    capacity: int
    load: int
    contacts: int
    queues: frozenset[int]


@dataclass(frozen=True, slots=True)
class ToPeople:
    """To one person, or to several evenly."""

    staff_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ToQueue:
    """Back to a queue, or into another one."""

    queue_id: int


class Why(StrEnum):
    """Why a contact was left alone."""

    CHANGED = "changed"
    GONE = "gone"
    NOT_NOW = "not_now"
    VISITOR = "visitor"
    THERE_ALREADY = "there_already"
    NOT_A_MEMBER = "not_a_member"
    NO_ADDRESS = "no_address"
    STOPPED = "stopped"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A contact that was left alone; `who` was in the way, or empty."""

    contact_id: int
    who: str
    why: Why


@dataclass(frozen=True, slots=True)
class Reassigned:
    """What was moved and what was not; `undo` takes it back within seconds, None: nothing to."""

    moved: tuple[int, ...]
    skipped: tuple[Skipped, ...]
    undo: int | None
    changes: Changes = field(default_factory=Changes)


@dataclass(frozen=True, slots=True)
class SetPriority:
    """How urgent, 0 (as usual) to 9."""

    priority: int


@dataclass(frozen=True, slots=True)
class SetService:
    """What they are about; None: not known."""

    service_id: int | None


@dataclass(frozen=True, slots=True)
class SetDue:
    """By when they are to be answered."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class Park:
    """Laid aside until a time, the customer's reply, or whichever comes first."""

    until: datetime | None
    for_reply: bool = False


@dataclass(frozen=True, slots=True)
class CloseAsSpam:
    """They are set aside as spam."""


BulkChange = SetPriority | SetService | SetDue | Park | CloseAsSpam


@dataclass(frozen=True, slots=True)
class OneAnswer:
    """One text for many customers, with {{customer_name}} and such filled in for each.

    A `subject` of "" continues each thread's own; `resolution` closes each with it, None leaves it
    where it was.
    """

    text: str
    subject: str = ""
    resolution: Resolution | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of answering one of many; `batch` goes with the next, and undoes all of them."""

    contact_id: int
    batch: int
    skipped: Skipped | None
    changes: Changes = field(default_factory=Changes)


@dataclass(frozen=True, slots=True)
class Piece:
    """One contact to share out: whose queue it is in, and its weight in points."""

    contact_id: int
    queue_id: int
    weight: int


def share_out(pieces: Iterable[Piece], people: Sequence[Candidate]) -> Mapping[int, int]:
    """Who gets which contact (contact id → staff id), when several share them evenly.

    Each goes, in order, to whoever has least for their capacity by then, of those who belong to
    its queue, or of all where nobody does. The same question has the same answer. Nobody is in
    `people` twice.
    """
    by_id = {each.id: each for each in sorted(people, key=lambda each: each.id)}
    given: dict[int, int] = {}
    for piece in pieces:
        members = [each for each in by_id.values() if piece.queue_id in each.queues]
        taker = min(members or by_id.values(), key=_fullness)
        given[piece.contact_id] = taker.id
        by_id[taker.id] = replace(
            taker, load=taker.load + piece.weight, contacts=taker.contacts + 1
        )
    return given


def _fullness(person: Candidate) -> tuple[float, int, int]:
    return person.load / max(person.capacity, 1), person.contacts, person.id
