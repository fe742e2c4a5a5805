"""What a desk asks of this computer for when the database is away."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from crm_desktop.domain.away_visits import AwayNumbers, AwayVisit, KnownSite
from crm_desktop.domain.visits import TicketNumbers


class LocalVisitors(Protocol):
    """Numbers, the site as it was known, and visitors who are to be entered; encrypted.

    Changes are for worker threads: what is kept is on the disk when they return.
    """

    damaged: int

    @property
    def problem(self) -> str:
        """Why what is kept would not survive a crash, or empty."""

    @property
    def site(self) -> KnownSite | None:
        """The site as this person knew it last."""

    def visits(self) -> tuple[AwayVisit, ...]:
        """Who is to be entered, in the order in which they came."""

    def numbers(self, site_id: int) -> AwayNumbers | None:
        """What may be given at that site, of the day for which it was reserved last."""

    def reserved(self, site_id: int, numbers: TicketNumbers) -> AwayNumbers:
        """The database gave this computer a range."""

    def arrive(self, visit: AwayVisit, letter: str, day: date) -> AwayVisit:
        """Keep somebody with the day's next number of `letter`, if one is left."""

    def keep(self, visit: AwayVisit) -> AwayVisit:
        """Keep it in the place of an earlier one of its key."""

    def forget(self, key: str) -> None:
        """It was entered, or thrown away."""

    def know(self, site: KnownSite) -> None:
        """Keep the site as it is known now."""
