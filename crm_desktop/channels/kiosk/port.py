"""What kiosks and public screens need from the rest of the centre, and how they are set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Protocol

from crm_desktop.channels.web.limits import BodyLimits, Rate
from crm_desktop.domain.kiosks import Booking, KioskCheckIn, KioskSite, KioskTicket, PublicBoard
from crm_desktop.domain.visits import SiteService


class KioskPort(Protocol):
    """The centre behind the pages; every call blocks and may raise DatabaseTrouble."""

    def sites(self) -> tuple[KioskSite, ...]:
        """The sites in use, with their keys."""

    def services(self, site_id: int) -> tuple[SiteService, ...]:
        """What a visit there can be about, with letters and waits."""

    def booking(self, site_id: int, reference: str) -> Booking | None:
        """Today's appointment of that reference."""

    def check_in(self, site_id: int, said: KioskCheckIn) -> KioskTicket:
        """Put the visitor into the line, once for each key; raises NotFound, Conflict, Closed."""

    def board(self, site_id: int) -> PublicBoard:
        """What the public screens show."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be asked, by one client and (tickets) of one site; times in seconds.

    Kiosks and screens of a building may share one address.
    """

    body: BodyLimits = field(
        default=BodyLimits(
            file_bytes=0, files_bytes=0, text_bytes=20_000, fields=60, body_seconds=15.0
        )
    )
    ask_seconds: float = 8.0
    pages: Rate = field(default=Rate(240, 240.0))
    bookings: Rate = field(default=Rate(20, 10.0))
    tickets: Rate = field(default=Rate(60, 60.0))
    screens: int = 40
    #: How often a screen hears that it is still told, and how often what has run out is looked for.
    alive_seconds: float = 3.0
    look_seconds: float = 15.0


@dataclass(frozen=True, slots=True)
class KioskSettings:
    """How the pages look and whom they trust; as `WebFormSettings`.

    `resources` is the folder `resources/web`.
    """

    secret: str = field(repr=False)
    resources: Path
    council: str = "The council"
    colour: str = "#12324a"
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    limits: Limits = Limits()
