"""Visitors of a desk that goes on while the database is away: what is known of each, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from crm_desktop.domain.errors import Conflict
from crm_desktop.domain.states import ContactState, Resolution
from crm_desktop.domain.visits import (
    Need,
    SiteInfo,
    SiteLine,
    SiteService,
    Ticket,
    TicketNumbers,
)

#: Where a visitor who came while the database was away stands.
AT_DESK = (ContactState.CALLED, ContactState.ACTIVE)
GONE = (ContactState.COMPLETED, ContactState.NO_SHOW, ContactState.LEFT)


@dataclass(frozen=True, slots=True)
class AwayVisit:
    """Somebody who was checked in while the database was away, and what has become of them so far.

    Times are UTC, by this computer's idea of the database's clock. `ticket` None: no number was
    left, or the database has given it to somebody else: then `paper` is what stands on theirs.
    `key` as of `CheckIn`. `checked_in_by` and `staff` are logins: who checked them in, and
    who called, saw or answered them ("": nobody yet). `quick`: a question that was answered at the
    counter. `sent`: the database may have it. `refused` says why it did not take it.
    """

    key: str
    site_id: int
    service_id: int
    service_name: str
    arrived_at: datetime
    checked_in_by: str
    ticket: Ticket | None = None
    who: str = ""
    customer_id: int | None = None
    appointment_id: int | None = None
    needs: tuple[Need, ...] = ()
    language: str = "en"
    phone: str = ""
    note: str = ""
    quick: bool = False
    state: ContactState = ContactState.QUEUED
    staff: str = ""
    place_id: int | None = None
    place_name: str = ""
    calls: int = 0
    called_at: datetime | None = None
    seen_at: datetime | None = None
    ended_at: datetime | None = None
    resolution: Resolution | None = None
    paper: str = ""
    sent: bool = False
    refused: str = ""

    @property
    def known_as(self) -> str:
        """What they are called by: the ticket in their hand, else the name."""
        return (str(self.ticket) if self.ticket else self.paper) or self.who or "Walk-in"

    def without_ticket(self) -> AwayVisit:
        """The line gives them a number."""
        paper = str(self.ticket) if self.ticket else self.paper
        return replace(self, ticket=None, paper=paper)

    @property
    def may_be_called(self) -> bool:
        """Whether no other desk can call them: the database has never been told of them."""
        return self.state is ContactState.QUEUED and not self.sent

    def called(self, staff: str, place_id: int, place_name: str, now: datetime) -> AwayVisit:
        """To that desk, for the first time or again."""
        return replace(
            self,
            state=ContactState.CALLED,
            staff=staff,
            place_id=place_id,
            place_name=place_name,
            calls=self.calls + 1,
            called_at=now,
        )

    def seen(self, now: datetime) -> AwayVisit:
        """They are at the desk."""
        return replace(self, state=ContactState.ACTIVE, seen_at=now)

    def back(self) -> AwayVisit:
        """They wait again, in their old place."""
        return replace(
            self, state=ContactState.QUEUED, staff="", place_id=None, place_name="", seen_at=None
        )

    def done(self, resolution: Resolution, now: datetime) -> AwayVisit:
        """They were seen, and it ended so."""
        return replace(self, state=ContactState.COMPLETED, resolution=resolution, ended_at=now)

    def gone(self, to: ContactState, now: datetime, *, after_calls: int) -> AwayVisit:
        """They went unseen; raises Conflict for a no-show who was called too seldom."""
        if to is ContactState.NO_SHOW and self.calls < after_calls:
            raise Conflict("call them again first")
        return replace(self, state=to, ended_at=now)


@dataclass(frozen=True, slots=True)
class AwayNumbers:
    """What one computer may give at one site on one day while the database is away.

    Each letter has every number of the `ranges` (first, last); `given` is how many went.
    """

    site_id: int
    day: date
    ranges: tuple[tuple[int, int], ...]
    given: Mapping[str, int] = field(default_factory=dict)

    def left(self, letter: str) -> int:
        """How many are left of a letter."""
        return self._size() - self.given.get(letter, 0)

    def give(self, letter: str) -> tuple[Ticket | None, AwayNumbers]:
        """The next ticket, None when none is left, and what is left after it."""
        at = self.given.get(letter, 0)
        if at >= self._size():
            return None, self
        numbers = [number for first, last in self.ranges for number in range(first, last + 1)]
        return Ticket(letter, numbers[at]), replace(self, given={**self.given, letter: at + 1})

    def with_range(self, reserved: TicketNumbers) -> AwayNumbers:
        """One more range; of another day, it is the only one."""
        own = (reserved.first, reserved.last)
        if reserved.day != self.day:
            return AwayNumbers(self.site_id, reserved.day, (own,))
        if own in self.ranges:
            return self
        return replace(self, ranges=(*self.ranges, own))

    def _size(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges)


@dataclass(frozen=True, slots=True)
class KnownSite:
    """A site as this computer knew it `at` that time, for when the database is away."""

    site: SiteInfo
    services: tuple[SiteService, ...]
    line: SiteLine
    at: datetime
