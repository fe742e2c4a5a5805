"""What the audit reports show: who saw a customer, and what a person did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody opened something of a customer's.

    `what` is customer, contact, attachment or report.customer; `contact_id` says from which
    contact, `title` is its subject or the file's name, "" where the reader may not know it.
    """

    id: int
    at: datetime
    name: str
    what: str
    contact_id: int | None
    title: str


@dataclass(frozen=True, slots=True)
class DeedCursor:
    """Where the next portion of a person's deeds begins."""

    at: datetime
    source: str
    id: int


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a person did or read: `source` is event, read or row.

    `words` say it; `about` names the contact or customer. `xact` with `changes` above 0: that many
    rows changed with it, which `audit.row_changes` gives.
    """

    source: str
    id: int
    at: datetime
    kind: str
    words: str
    about: str = ""
    contact_id: int | None = None
    xact: int | None = None
    changes: int = 0

    @property
    def cursor(self) -> DeedCursor:
        """Its place in the order, newest first."""
        return DeedCursor(self.at, self.source, self.id)


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row before and after; both empty when its values were removed or are in the row itself.

    `words` say it, as "Changed a contact"; `row_key` is the row's number.
    """

    id: int
    op: str
    table: str
    row_key: str
    words: str
    before: dict[str, object] = field(default_factory=dict)
    after: dict[str, object] = field(default_factory=dict)
    redacted: bool = False


@dataclass(frozen=True, slots=True)
class Hour:
    """How much was read and changed in the hour that begins at `at`."""

    at: datetime
    reads: int
    changes: int


@dataclass(frozen=True, slots=True)
class AuditedPerson:
    """Somebody whom one may ask about."""

    id: int
    name: str
    active: bool
