"""The operations that the database itself decides, as both dialects offer them.

On PostgreSQL they are SECURITY DEFINER functions (migrations/sql): an advisor holds no UPDATE on a
contact's queue, owner or state and no SELECT on content, so neither psql nor a changed desktop
gets round them. On SQLite, which is one person's own file, they are the same rules in Python.
Both pass tests/integration/store/test_guard_contract.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from crm_desktop.domain.logged import LoggedContact
from crm_desktop.domain.queue_settings import QueueSettings
from crm_desktop.domain.states import DeclineReason, StaffRole
from crm_desktop.domain.views import Disposition, HistoryEntry, QueueFilter

#: So long search looks back for older contacts; what is found later comes too late for a typist.
PATIENCE_MS = 12


@dataclass(frozen=True, slots=True)
class MessageContent:
    """A whole message; reading it leaves a trace. `recipients` as in the message table."""

    id: int
    contact_id: int
    direction: str
    visibility: str
    state: str
    account_id: int | None
    author_id: int | None
    sender_name: str
    sender_address: str
    recipients: dict[str, list[list[str]]]
    subject: str
    body_text: str
    reply_text: str
    body_html: str
    rfc_id: str | None
    in_reply_to: str
    reference_ids: list[str]
    problems: list[str]
    findings: list[str]
    auto_generated: bool
    failure: str
    at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """A file of a message, without its bytes."""

    id: int
    message_id: int
    sha256: str
    name: str
    content_type: str
    size: int
    inline: bool
    content_id: str


@dataclass(frozen=True, slots=True)
class AttachmentContent:
    """A file's bytes with its name."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class IdentifierContent:
    """A customer's identifier with its value."""

    id: int
    kind: str
    value: str
    flag: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event of a contact, raw."""

    at: datetime
    kind: str
    actor: str
    data: dict[str, object]


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """A text to search for, read every way it can be read.

    `folded` is the whole text without accents and capitals, `words` what it is cut into (letters
    and digits only, the last one may be unfinished), `reference` and `norm` (an identifier in the
    form that is compared) are empty unless the text is one.
    """

    folded: str
    words: tuple[str, ...]
    reference: str = ""
    norm: str = ""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One thing that search found; `kind` is customer, case or contact."""

    kind: str
    id: int
    title: str
    detail: str
    contact_id: int | None


@dataclass(frozen=True, slots=True)
class FoundContacts:
    """The newest contacts that hold the words; `partial`: there may be older ones."""

    hits: tuple[SearchHit, ...]
    partial: bool


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A contact to log, as its service prepared it: `said` with its customer found.

    `folded` is what search compares, `doubt` why a person must look at it (or empty), `due_at` by
    when the follow-up is due, None when there is none.
    """

    said: LoggedContact
    folded: str
    doubt: str
    due_at: datetime | None


class Guard(Protocol):
    """Each raises NotFound, NotAllowed or Taken(by=name); each state change appends its event."""

    def claim(self, contact_id: int) -> None:
        """Take a queued contact; Taken when somebody was faster."""

    def claim_next(self, wanted: QueueFilter) -> int | None:
        """Take the most urgent waiting contact that fits, skipping what others take now."""

    def release(self, contact_id: int, reason: str) -> None:
        """Put a contact in hand back into its queue; its clock was never stopped."""

    def park(self, contact_id: int, until: datetime | None, for_reply: bool) -> None:
        """Lay a contact in hand aside until a time, a reply, or both."""

    def resume(self, contact_id: int) -> None:
        """Take a parked contact of one's own in hand again."""

    def transfer(
        self, contact_id: int, queue_id: int | None, staff_id: int | None, note: str
    ) -> None:
        """Pass a contact in hand to a queue or a colleague, with a note for whoever takes it."""

    def decline(self, contact_id: int, reason: DeclineReason, words: str) -> None:
        """Do not take what one is offered; it goes back and has waited all the time.

        `words` of up to 200 letters, needed for OTHER.
        """

    def boost(self, contact_id: int, points: int, reason: str) -> None:
        """Make a contact of an own queue more urgent by 0 to 5 points, 0 takes that back.

        Raises InvalidInput without a reason of up to 200 letters.
        """

    def wrap_up(self, contact_id: int) -> None:
        """Begin wrap-up of a contact in hand."""

    def complete(self, contact_id: int, answers: Disposition) -> None:
        """End a contact in hand with its disposition."""

    def spam(self, contact_id: int) -> None:
        """Set a contact aside as spam: one in hand, or a queued one of an own queue."""

    def set_service(self, contact_id: int, service_id: int | None) -> None:
        """Say what a contact in hand is about."""

    def set_customer(self, contact_id: int, customer_id: int | None) -> None:
        """Say who a contact in hand is from."""

    def checked(self, contact_id: int) -> None:
        """A person looked at a contact that needed checking and found it right."""

    def log_contact(self, entry: LogEntry) -> int:
        """Enter a contact that happened elsewhere, in one's own name; the same key only once.

        The database says into which queue: the service's when it is one's own, else one's
        general one. Raises NotFound for a service or customer that is not there, NotAllowed,
        and Conflict for what no honest desktop asks.
        """

    def open_contact(self, contact_id: int) -> tuple[MessageContent, ...]:
        """The messages of a contact and of its thread, oldest first; leaves a trace."""

    def attachments(self, message_ids: Sequence[int]) -> tuple[AttachmentRow, ...]:
        """The files of messages that this person may read, without their bytes."""

    def open_attachment(self, attachment_id: int) -> AttachmentContent:
        """A file; leaves a trace."""

    def open_customer(self, customer_id: int) -> tuple[IdentifierContent, ...]:
        """A customer's identifiers; leaves a trace."""

    def history(self, customer_id: int, limit: int) -> tuple[HistoryEntry, ...]:
        """A customer's contacts and cases, newest first; stubs where content is not theirs."""

    def withdraw(self, message_id: int) -> bool:
        """Take back an own outgoing message that nobody has begun to send; False when too late."""

    def release_stopped(self, message_id: int) -> None:
        """Send after all what the leak check stopped; the person answers for it by name."""

    def retry_dead(self, outbox_id: int) -> None:
        """Try dead outgoing work again from the start."""

    def refile(self, case_id: int, service_id: int) -> None:
        """Make a case one of another service, and so of that service's queue; its version grows.

        It may be out of this person's sight afterwards.
        """

    def search(self, terms: SearchTerms, limit: int) -> tuple[SearchHit, ...]:
        """Cases and customers by reference, number, address or name, in this order.

        Names that begin with the text come before others that hold its words.
        """

    def search_meant(self, words: tuple[str, ...], limit: int) -> tuple[SearchHit, ...]:
        """Customers whose names these words are like, when they are misspelt."""

    def search_contacts(
        self, words: tuple[str, ...], limit: int, patience_ms: int = PATIENCE_MS
    ) -> FoundContacts:
        """The newest contacts of one's queues that hold every word, the last perhaps unfinished.

        Looks back from the newest until there are enough or the time is up.
        """

    def owners(self, kind: str, norms: tuple[str, ...]) -> dict[str, tuple[tuple[int, str], ...]]:
        """Which customers (id, name) hold these identifiers, references or folded names.

        `kind` is email, phone, reference or name: what the leak check must know about others
        without anybody reading their records.
        """

    def put_blob(self, content: bytes) -> str:
        """Store a file's bytes once, in chunks, and give back their SHA-256 in hexadecimal."""

    # Safety markers. Anybody may propose one, a team leader alone decides.

    def marker_propose(self, customer_id: int, words: str) -> int:
        """Say what colleagues must know before they meet a customer; it waits for a decision."""

    def marker_activate(self, marker_id: int, review_on: date) -> None:
        """A proposed marker, or one due for review, holds until a day to come."""

    def marker_end(self, marker_id: int) -> None:
        """A marker holds no more, or a proposed one does not come to hold."""

    # Who works here. Asked by an administrator, or by the database's owner.

    def staff_add(
        self, login: str, name: str, role: StaffRole, queues: Sequence[int], verifier: str
    ) -> int:
        """A new member of staff with queues; on PostgreSQL also their login.

        `verifier` is `people.verifier`'s, "" on SQLite. Raises InvalidInput, and Conflict when
        somebody has that login.
        """

    def staff_change(
        self, staff_id: int, name: str, role: StaffRole, queues: Sequence[int]
    ) -> None:
        """Another name, role or queues. NotAllowed: one's own role and queues.

        Raises Conflict for the last administrator.
        """

    def staff_disable(self, staff_id: int) -> tuple[int, ...]:
        """Somebody signs in no more; their sessions end, what they held waits again.

        Gives the contacts that do. Conflict: the last administrator. NotAllowed: oneself. Of
        somebody disabled already it ends what they have open, and gives nothing.
        """

    def staff_enable(self, staff_id: int) -> None:
        """Somebody disabled may sign in again, with their password, role and queues."""

    def staff_reset(self, staff_id: int, verifier: str) -> None:
        """Another password."""

    # How queues work. Asked by a team leader who belongs to the queue, or by an administrator.

    def queue_change(self, queue_id: int, seen: QueueSettings, wanted: QueueSettings) -> None:
        """Other rules for a queue; Conflict when they are not as they were `seen`.

        Raises NotFound for a queue or skill, NotAllowed, InvalidInput.
        """
