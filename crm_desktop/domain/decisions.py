"""What waits for a team leader's decision: one shape for whatever it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: The national number (LGSL) of a council's complaints service: its cases are the complaints.
COMPLAINTS_LGSL = 353
#: A complaint that is due within so many working days needs somebody's eye.
COMPLAINT_DAYS = 2


class DecisionKind(StrEnum):
    """Why somebody must decide."""

    MARKER = "marker"
    STOPPED = "stopped"
    DEAD = "dead"
    RETURNED = "returned"
    OVERDUE = "overdue"
    BOUNCED = "bounced"
    COMPLAINT = "complaint"
    CALLBACK = "callback"


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing to decide. `ref` is the id of what is decided upon: a marker, outgoing work, a
    hand-off, a case or a contact, by `kind`; the others are where it belongs, as far as known.

    `at`: since when it waits; `due`: until when it should have been done, None without a clock.
    """

    kind: DecisionKind
    title: str
    detail: str
    at: datetime
    due: datetime | None
    ref: int
    message_id: int | None = None
    contact_id: int | None = None
    case_id: int | None = None
    customer_id: int | None = None
    who: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """What tells decisions apart."""
        return (self.kind.value, self.ref)
