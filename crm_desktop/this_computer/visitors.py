"""What a desk keeps for when the database is away, over the encrypted files: its numbers, the site
as it was known, and the visitors who are to be entered.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from threading import Lock

from crm_desktop.domain.away_visits import AwayNumbers, AwayVisit, KnownSite
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.visits import TicketNumbers
from crm_desktop.this_computer import plain
from crm_desktop.workstation.sealed import SealedStore

_NUMBERS, _VISIT, _SITE = "numbers/", "visit/", "site/"


class KeptVisitors:
    """One computer's, whoever works there. Any thread may use it.

    `problem` says why it would not survive a crash, `damaged` how many files could not be read and
    were kept aside. The site as it was known is that of `login` alone: others may know less.
    """

    def __init__(self, store: SealedStore, prefix: str, login: str) -> None:
        """Reads what was kept under keys that begin with `prefix`."""
        self._store, self._prefix, self._own = store, prefix, f"{_SITE}{login}"
        self._lock = Lock()
        loaded = store.load_all()
        self.damaged = len(loaded.damaged)
        self._visits: dict[str, AwayVisit] = {}
        self._numbers: dict[int, AwayNumbers] = {}
        self._site: KnownSite | None = None
        for name, data in loaded.entries.items():
            if name.startswith(prefix):
                self._load(name.removeprefix(prefix), data)

    @property
    def problem(self) -> str:
        """Why what is kept would not survive a crash, or empty."""
        return self._store.problem

    def visits(self) -> tuple[AwayVisit, ...]:
        """Who is to be entered, in the order in which they came."""
        with self._lock:
            return tuple(sorted(self._visits.values(), key=lambda each: each.arrived_at))

    def numbers(self, site_id: int) -> AwayNumbers | None:
        """What may be given at that site, of the day for which it was reserved last."""
        with self._lock:
            return self._numbers.get(site_id)

    def reserved(self, site_id: int, numbers: TicketNumbers) -> AwayNumbers:
        """The database gave this computer a range; what it gave before stays given."""
        with self._lock:
            known = self._numbers.get(site_id) or AwayNumbers(site_id, numbers.day, ())
            self._keep_numbers(known.with_range(numbers))
            return self._numbers[site_id]

    def arrive(self, visit: AwayVisit, letter: str, day: date) -> AwayVisit:
        """Keep somebody with the day's next number of `letter`, without one when none is left or
        `letter` is ""; the same key again is the same visitor.

        A number counts as given before anybody hears of it: none comes twice, whatever happens.
        """
        with self._lock:
            known = self._visits.get(visit.key)
            if known is not None:
                return known
            numbers = self._numbers.get(visit.site_id)
            if letter and numbers is not None and numbers.day == day:
                ticket, after = numbers.give(letter)
                if after is not numbers:
                    self._keep_numbers(after)
                visit = replace(visit, ticket=ticket)
            self._keep(visit)
            return visit

    def keep(self, visit: AwayVisit) -> AwayVisit:
        """Keep it in the place of an earlier one of its key; on the disk when this returns.

        One that was entered or thrown away meanwhile is not brought back.
        """
        with self._lock:
            if visit.key in self._visits:
                self._keep(visit)
            return visit

    def forget(self, key: str) -> None:
        """It was entered, or thrown away."""
        with self._lock:
            self._visits.pop(key, None)
            self._store.remove(f"{self._prefix}{_VISIT}{key}")

    @property
    def site(self) -> KnownSite | None:
        """The site as this person knew it last."""
        with self._lock:
            return self._site

    def know(self, site: KnownSite) -> None:
        """Keep it as it is known now."""
        with self._lock:
            self._site = site
            self._store.save(f"{self._prefix}{self._own}", plain.written(site))

    def _keep(self, visit: AwayVisit) -> None:
        self._visits[visit.key] = visit
        self._store.save(f"{self._prefix}{_VISIT}{visit.key}", plain.written(visit))

    def _keep_numbers(self, numbers: AwayNumbers) -> None:
        self._numbers[numbers.site_id] = numbers
        name = f"{self._prefix}{_NUMBERS}{numbers.site_id}"
        self._store.save(name, plain.written(numbers))

    def _load(self, name: str, data: bytes) -> None:
        try:
            if name.startswith(_VISIT):
                visit = plain.read(AwayVisit, data)
                self._visits[visit.key] = visit
            elif name.startswith(_NUMBERS):
                numbers = plain.read(AwayNumbers, data)
                self._numbers[numbers.site_id] = numbers
            elif name == self._own:
                self._site = plain.read(KnownSite, data)
        except InvalidInput:
            self.damaged += 1
