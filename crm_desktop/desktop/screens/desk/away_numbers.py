"""Keeps numbers reserved for this computer, day by day, for when the database is away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from crm_desktop.desktop.core.presenting import CancelToken, Tasks
from crm_desktop.desktop.core.visitors import LocalVisitors
from crm_desktop.domain.away_visits import AwayNumbers
from crm_desktop.domain.errors import CrmError, DatabaseTrouble
from crm_desktop.services import Database, visits

_LONDON = ZoneInfo("Europe/London")
#: With fewer of a letter left one more range is reserved, up to so many a day and computer.
_FEW, _MOST_RANGES = 5, 3


def day_of(at: datetime) -> date:
    """The day of a visit that begins then."""
    return at.astimezone(_LONDON).date()


class NumberKeeper:
    """One computer's. `changed` is called when other numbers are left."""

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        kept: LocalVisitors,
        computer: str,
        *,
        changed: Callable[[], None],
    ) -> None:
        self._db, self._tasks, self._kept = db, tasks, kept
        self._computer, self._changed = computer, changed
        self._numbers: dict[int, AwayNumbers] = {}
        self._begun: set[int] = set()
        self._reserving = False
        self._none_left: date | None = None

    def begin(self, site_id: int) -> None:
        """Read what is kept for a site, also after a number was given."""
        self._begun.add(site_id)
        self._tasks.search(partial(_kept, self._kept, site_id), self._read)

    def left(self, site_id: int, today: date, letter: str) -> int:
        """How many of a letter can be given today."""
        known = self._numbers.get(site_id)
        return known.left(letter) if known is not None and known.day == today else 0

    def renew(self, site_id: int, today: date, letters: Sequence[str]) -> None:
        """Reserve the day's numbers, and more when few are left of a letter; waits for nothing."""
        if site_id not in self._begun:
            self.begin(site_id)
        known = self._numbers.get(site_id)
        if self._reserving or self._none_left == today:
            return
        computer = self._computer
        if known is not None and known.day == today:
            enough = all(known.left(each) >= _FEW for each in letters)
            if enough or len(known.ranges) >= _MOST_RANGES:
                return
            computer = f"{computer}/{len(known.ranges) + 1}"
        self._reserving = True
        self._tasks.write(
            partial(_reserve, self._db, self._kept, site_id, computer),
            self._reserved,
            failed=partial(self._not_reserved, today),
        )

    def _reserved(self, numbers: AwayNumbers) -> None:
        self._reserving = False
        self._read(numbers)

    def _not_reserved(self, today: date, trouble: CrmError) -> None:
        self._reserving = False
        if not isinstance(trouble, DatabaseTrouble):
            # Every range of the day is some computer's: visitors get no number while it is away.
            self._none_left = today

    def _read(self, numbers: AwayNumbers | None) -> None:
        if numbers is not None:
            self._numbers[numbers.site_id] = numbers
            self._changed()


def _kept(kept: LocalVisitors, site_id: int, _token: CancelToken) -> AwayNumbers | None:
    """On a worker."""
    return kept.numbers(site_id)


def _reserve(db: Database, kept: LocalVisitors, site_id: int, computer: str) -> AwayNumbers:
    """On a worker."""
    return kept.reserved(site_id, visits.reserve(db, site_id, computer))
