"""Frozen rows that services give to screens: what is shown, never a database object."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from crm_desktop.domain.changes import Changes
from crm_desktop.domain.states import (
    CaseState,
    Channel,
    ContactState,
    Direction,
    HandoffState,
    MessageState,
    Presence,
    Resolution,
    StaffRole,
    Visibility,
)


@dataclass(frozen=True, slots=True)
class QueueInfo:
    """A waiting line, as filters and transfers name it."""

    id: int
    code: str
    name: str
    mine: bool


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    """An entry of the service catalogue; `hands_off_to` names its back office, or is empty."""

    id: int
    code: str
    name: str
    group: str
    lgsl: int | None
    queue_id: int
    has_form: bool
    hands_off_to: str
    script: str = ""


@dataclass(frozen=True, slots=True)
class StaffInfo:
    """A colleague."""

    id: int
    login: str
    name: str
    role: StaffRole
    presence: Presence


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody who works or worked here, as an administrator sees them.

    Of disabled people `active` is False. `seen_at`: when a contact was last open on their desktop,
    None when that is not known (looks are kept for minutes).
    """

    id: int
    login: str
    name: str
    role: StaffRole
    queue_ids: tuple[int, ...]
    queue_codes: tuple[str, ...]
    active: bool
    presence: Presence
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What of the queue to show; empty means all. `mine`: only what is in this person's hands."""

    channels: frozenset[Channel] = frozenset()
    queue_id: int | None = None
    service_id: int | None = None
    mine: bool = False
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One contact in a list. `due_at` is the next breach; `looking` names who else has it open.

    One that a person logged by hand has `entered_at`; then `received_at` is when it happened.
    `raised` is why somebody made it more urgent, "" when nobody did.
    """

    id: int
    channel: Channel
    state: ContactState
    who: str
    subject: str
    queue_id: int
    queue_name: str
    service_id: int | None
    service_name: str
    received_at: datetime
    due_at: datetime | None
    parked_until: datetime | None
    parked_for_reply: bool
    priority: int
    needs_checking: bool
    owner_id: int | None
    owner_name: str
    looking: tuple[str, ...] = ()
    entered_at: datetime | None = None
    while_away: bool = False
    raised: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """A contact after a move, as it is now: the mover need not read it again.

    `row` None: it is out of this person's sight.
    """

    contact_id: int
    row: QueueRow | None
    changes: Changes


@dataclass(frozen=True, slots=True)
class Cursor:
    """After which row a page begins: the order of the waiting list is (due_at, id)."""

    due_at: datetime | None
    id: int


@dataclass(frozen=True, slots=True)
class QueueNews:
    """Those of some contacts that a list shows, as they are now, and counts when asked for."""

    rows: tuple[QueueRow, ...]
    counts: QueueCounts | None


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many wait: in all, by channel, and how many of them are overdue; and mine in hand."""

    waiting: int
    by_channel: dict[Channel, int]
    overdue: int
    mine: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """What is in this person's hands (`mine`), and the first of what waits, by next breach.

    A first page has the counts with it.
    """

    mine: tuple[QueueRow, ...]
    waiting: tuple[QueueRow, ...]
    more: Cursor | None
    counts: QueueCounts | None = None


@dataclass(frozen=True, slots=True)
class SavedViewInfo:
    """A set of filters under a name."""

    id: int
    name: str
    filter: QueueFilter


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """A file of a message, without its bytes."""

    id: int
    name: str
    content_type: str
    size: int
    inline: bool
    content_id: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """One utterance. `undo_until` is set while an outgoing one can still be taken back."""

    id: int
    direction: Direction
    visibility: Visibility
    state: MessageState
    author: str
    sender_name: str
    sender_address: str
    to: tuple[tuple[str, str], ...]
    cc: tuple[tuple[str, str], ...]
    subject: str
    text: str
    reply_text: str
    html: str
    at: datetime
    sent_at: datetime | None
    problems: tuple[str, ...]
    findings: tuple[str, ...]
    failure: str
    undo_until: datetime | None
    attachments: tuple[AttachmentView, ...]


@dataclass(frozen=True, slots=True)
class IdentifierView:
    """What a customer can be reached by; `flag` says what is wrong with it (it bounced)."""

    id: int
    kind: str
    value: str
    flag: str


@dataclass(frozen=True, slots=True)
class AdjustmentView:
    """A reasonable adjustment and when it must be reviewed."""

    words: str
    recorded_at: datetime
    review_on: date | None


@dataclass(frozen=True, slots=True)
class MarkerView:
    """A safety marker in force or proposed."""

    state: str
    words: str
    review_on: date | None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of a customer's past: a contact or a case, as a stub where content is not theirs.

    `kind` is "contact" or "case", `readable` whether this person may open it.
    """

    kind: str
    id: int
    channel: str
    state: str
    service_name: str
    title: str
    at: datetime
    who: str
    readable: bool


@dataclass(frozen=True, slots=True)
class CustomerView:
    """The customer beside a contact."""

    id: int
    kind: str
    name: str
    since: datetime
    prefers: str
    identifiers: tuple[IdentifierView, ...]
    addresses: tuple[tuple[str, str], ...]  # lines, postcode
    adjustments: tuple[AdjustmentView, ...]
    markers: tuple[MarkerView, ...]
    open_cases: int
    contacts_in_year: int
    history: tuple[HistoryEntry, ...]


@dataclass(frozen=True, slots=True)
class HandoffView:
    """A hand-off and where it stands; `notes` are the target's words, oldest first."""

    id: int
    case_id: int
    target: str
    state: HandoffState
    state_since: datetime
    external_id: str
    words: str
    notes: tuple[tuple[datetime, str, str], ...]
    due_at: datetime | None
    expected_at: datetime | None
    last_error: str
    attempts: int
    dead: bool


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case with its answers; `version` must come back with the next save."""

    id: int
    reference: str
    service_id: int
    service_name: str
    state: CaseState
    title: str
    answers: dict[str, object]
    form_version_id: int | None
    schema: dict[str, object]
    opened_at: datetime
    due_at: datetime | None
    paused: bool
    version: int
    handoffs: tuple[HandoffView, ...]


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of a list of cases."""

    id: int
    reference: str
    service_name: str
    customer_name: str
    state: CaseState
    opened_at: datetime
    due_at: datetime | None
    contact_id: int | None  # the newest contact that concerns it


@dataclass(frozen=True, slots=True)
class DraftView:
    """Unsent text; `author` is somebody else's name when it came with the contact."""

    kind: str
    author_id: int
    author: str
    content: dict[str, object]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Something that happened to the contact, in words."""

    at: datetime
    kind: str
    words: str
    who: str


@dataclass(frozen=True, slots=True)
class CaseDocument:
    """A file of a case's document; `id` is the attachment's, `by` who added it."""

    id: int
    case_id: int
    kind: str
    words: str
    name: str
    content_type: str
    size: int
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ContactView:
    """Everything that the workspace shows of one contact."""

    row: QueueRow
    check_reason: str
    auto_generated: bool
    messages: tuple[MessageView, ...]
    thread: tuple[MessageView, ...]  # earlier messages of the same thread, oldest first
    customer: CustomerView | None
    cases: tuple[CaseView, ...]
    drafts: tuple[DraftView, ...]
    timeline: tuple[TimelineEntry, ...]
    reply_to: str  # the address that a reply goes to, empty when there is none
    completed_at: datetime | None
    resolution: Resolution | None
    documents: tuple[CaseDocument, ...] = ()  # of its cases, the newest first


@dataclass(frozen=True, slots=True)
class Disposition:
    """The three answers of a wrap-up."""

    service_id: int | None
    resolution: Resolution
    avoidable: bool


@dataclass(frozen=True, slots=True)
class NewAttachment:
    """A file chosen for a reply, whole."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What an advisor sends to the customer; a subject of "" continues the thread's own."""

    text: str
    to: str
    cc: tuple[str, ...] = ()
    subject: str = ""
    attachments: tuple[NewAttachment, ...] = ()
    template_id: int | None = None
    case_id: int | None = None


@dataclass(frozen=True, slots=True)
class Writing:
    """Which writing of something this is, so that it is kept once however often it is tried.

    `key` is 32 hexadecimal digits of whoever writes. `again` when an earlier try may have been
    kept: the connection was lost before the answer came.
    """

    key: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class TemplateInfo:
    """A canned reply; placeholders stand as {{name}}."""

    id: int
    code: str
    title: str
    shortcut: str
    service_id: int | None
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class ArticleHit:
    """A knowledge article that fits; `excerpt` marks the found words with \\x02 and \\x03."""

    id: int
    title: str
    summary: str
    excerpt: str
    service_name: str
    url: str
    score: float


@dataclass(frozen=True, slots=True)
class ArticleView:
    """A whole article, its body in Markdown."""

    id: int
    title: str
    summary: str
    body: str
    service_name: str
    url: str
    review_on: date | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class FoundCustomer:
    """A customer that a search found."""

    id: int
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of the command palette: `kind` is customer, case, contact or article."""

    kind: str
    id: int
    title: str
    detail: str
    contact_id: int | None = None


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """How a mailbox, listener or back office is doing; `status` is ok, trouble or unknown."""

    id: int
    kind: str
    name: str
    status: str
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Outgoing work that gave up or was stopped, and waits for a person."""

    outbox_id: int
    lane: str
    state: str
    what: str
    contact_id: int | None
    case_id: int | None
    error: str
    attempts: int
    since: datetime
    extra: dict[str, object] = field(default_factory=dict)
