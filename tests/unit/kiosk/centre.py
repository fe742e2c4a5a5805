"""A centre behind kiosks, in memory: two sites, an appointment, a database that may go away."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import httpx

from crm_desktop.channels.kiosk.port import KioskSettings, Limits
from crm_desktop.channels.kiosk.routes import application
from crm_desktop.channels.kiosk.screens import Screens
from crm_desktop.domain.errors import Closed, Conflict, DatabaseAway
from crm_desktop.domain.kiosks import (
    BoardCall,
    Booking,
    KioskCheckIn,
    KioskSite,
    KioskTicket,
    PublicBoard,
)
from crm_desktop.domain.visits import Need, SiteService, Ticket

KEY, LIBRARY = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
RESOURCES = Path(__file__).resolve().parents[3] / "resources" / "web"
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
_T = TypeVar("_T")


@dataclass
class Centre:
    """`KioskPort`."""

    away: bool = False
    broken: bool = False
    texts: bool = True
    full: bool = False
    closed: bool = False
    opens_at: datetime | None = None
    closes_meanwhile: bool = False
    kept: dict[str, KioskCheckIn] = field(default_factory=dict)
    calls: tuple[BoardCall, ...] = ()
    boards_read: int = 0
    sites_read: int = 0

    def sites(self) -> tuple[KioskSite, ...]:
        """Two."""
        self._look()
        self.sites_read += 1
        return (
            KioskSite(1, KEY, "Guildhall", "Neuadd y Dref", self.texts, self.closed, self.opens_at),
            KioskSite(2, LIBRARY, "Library", "", self.texts),
        )

    def services(self, site_id: int) -> tuple[SiteService, ...]:
        """Housing at the first, books at the other."""
        self._look()
        if site_id == 1:
            return (SiteService(7, "Housing", "Tai", "H", 1, 2, 600),)
        return (SiteService(8, "Books", "Llyfrau", "B", 1, 0, None),)

    def booking(self, site_id: int, reference: str) -> Booking | None:
        """Two, which need a hearing loop; the second is past."""
        self._look()
        if (site_id, reference) not in ((1, "V-1"), (1, "V-9")):
            return None
        late = reference == "V-9"
        return Booking(5, 7, NOON, (Need.HEARING_LOOP,), awaited=not late, missed=late)

    def check_in(self, site_id: int, said: KioskCheckIn) -> KioskTicket:
        """The next number, once for each key."""
        self._look()
        if self.closes_meanwhile:
            raise Closed(opens_at=self.opens_at)
        if self.full:
            raise Conflict("no number is left today")
        self.kept.setdefault(said.key, said)
        number = list(self.kept).index(said.key) + 1
        return KioskTicket(Ticket("H", number), number - 1, 600, None, "Housing", "Tai")

    def board(self, site_id: int) -> PublicBoard:
        """What was called."""
        self._look()
        self.boards_read += 1
        return PublicBoard(self.calls, ("Late bins",), ("Biniau hwyr",))

    def _look(self) -> None:
        if self.away:
            raise DatabaseAway("away")
        if self.broken:
            raise ValueError("07700 900 982 Okafor")


def visiting(
    centre: Centre,
    visit: Callable[[httpx.AsyncClient], Awaitable[_T]],
    limits: Limits | None = None,
) -> _T:
    """Whatever a visitor does at the centre's kiosks."""

    async def run() -> _T:
        settings = KioskSettings("a secret of the tests", RESOURCES, limits=limits or Limits())
        app = application(centre, settings, Screens(centre, settings.limits))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://kiosk") as client:
            return await visit(client)

    return asyncio.run(run())


async def send(
    client: httpx.AsyncClient, answers: dict[str, str | list[str]], key: str = KEY
) -> httpx.Response:
    """Send a page as its form does."""
    parts = [
        (name, (None, each))
        for name, value in answers.items()
        for each in ([value] if isinstance(value, str) else value)
    ]
    return await client.post(f"/{key}", files=parts)


async def to_the_end(
    client: httpx.AsyncClient, **more: str | list[str]
) -> dict[str, str | list[str]]:
    """Choose housing; the answers of the page that asks for a number."""
    page = await send(client, {"step": "about", "service": "7"})
    assert page.status_code == 200
    return {"step": "phone", "service": "7", "token": token_of(page), "go": "none", **more}


def token_of(page: httpx.Response) -> str:
    """The hidden token of a page."""
    found = re.search(r'name="token" value="([^"]+)"', page.text)
    assert found is not None
    return found.group(1)
