"""Kiosks and public screens of a site: what they show and take. Nobody's name is among it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_desktop.domain.visits import Need, Ticket

#: How long a call stays on the public screen, in minutes.
SHOWN_MINUTES = 30


@dataclass(frozen=True, slots=True)
class KioskSite:
    """A site by the key in the addresses of its kiosks and screens.

    `texts`: whether visitors can be texted, so that a number is asked for. `closed`: outside its
    opening hours; then `opens_at` is when it opens, None where nobody can say.
    """

    id: int
    key: str
    name: str
    name_cy: str
    texts: bool
    closed: bool = False
    opens_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """An appointment of today by its reference; not `awaited` when it was checked in already, or
    `missed`: its time has passed.
    """

    appointment_id: int
    service_id: int
    starts_at: datetime
    needs: tuple[Need, ...]
    awaited: bool
    missed: bool = False


@dataclass(frozen=True, slots=True)
class KioskCheckIn:
    """Somebody checks themselves in. `key` as of `CheckIn`: the same again is the same ticket.

    `language` is the visitor's own: the page's, or the interpreter's that is needed.
    """

    key: str
    service_id: int
    reference: str = ""
    needs: tuple[Need, ...] = ()
    language: str = "en"
    phone: str = ""


@dataclass(frozen=True, slots=True)
class KioskTicket:
    """What a visitor is given. `before` is how many of the service are called earlier.

    `wait_seconds` is None while no desk is at work; `booked_at` is the appointment's time.
    """

    ticket: Ticket
    before: int
    wait_seconds: int | None
    booked_at: datetime | None
    service: str
    service_cy: str


@dataclass(frozen=True, slots=True)
class BoardCall:
    """A ticket that is called to a desk; `language` is what it is also called out in."""

    ticket: Ticket
    place: str
    place_cy: str
    at: datetime
    language: str


@dataclass(frozen=True, slots=True)
class PublicBoard:
    """The public screen of a site: calls and the council's notices, the newest first."""

    calls: tuple[BoardCall, ...]
    notices: tuple[str, ...]
    notices_cy: tuple[str, ...]
