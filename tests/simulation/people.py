"""Those who work on the simulated day: each signed in as themselves, doing what advisors do."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from crm_desktop.domain.errors import Conflict, NotFound, Taken
from crm_desktop.domain.states import Channel, Resolution
from crm_desktop.domain.views import Disposition
from crm_desktop.services import Database, contacts

#: The share of the work that is wrap-up.
WRAPS = 0.2
#: What asks for the whole person at once; the rest they do one after the other, in between.
AT_ONCE = frozenset({Channel.CALL, Channel.VISIT, Channel.CHAT})
_DONE = Disposition(None, Resolution.RESOLVED, False)


@dataclass(slots=True)
class Desk:
    """One advisor at their desk. `doing` is the written contact that they are at, if any.

    `left` is how many seconds of work are left on each written contact in hand; `until` is when
    the one that they do would be done, if nothing comes between.
    """

    staff_id: int
    db: Database
    team: str
    talking: set[int] = field(default_factory=set)
    waiting: deque[int] = field(default_factory=deque)
    left: dict[int, float] = field(default_factory=dict)
    doing: int | None = None
    until: float = 0.0

    def accept(self, contact_id: int) -> bool:
        """Take what was offered; False when it had gone by then."""
        try:
            contacts.take(self.db, contact_id)
        except (Taken, NotFound, Conflict):
            return False
        return True

    def wrap_up(self, contact_id: int) -> None:
        """The conversation is over."""
        contacts.begin_wrap_up(self.db, contact_id)

    def complete(self, contact_id: int) -> None:
        """All is done."""
        contacts.complete(self.db, contact_id, _DONE)

    def begin_talking(self, contact_id: int, now: float) -> None:
        """Somebody is there: what was being written waits."""
        self.talking.add(contact_id)
        if self.doing is not None:
            self.left[self.doing] = max(0.0, self.until - now)
            self.waiting.appendleft(self.doing)
            self.doing = None

    def next_written(self, now: float) -> int | None:
        """Go on with what is written, when nobody is there; which, and `until` when."""
        if self.talking or self.doing is not None or not self.waiting:
            return None
        self.doing = self.waiting.popleft()
        self.until = now + self.left[self.doing]
        return self.doing
