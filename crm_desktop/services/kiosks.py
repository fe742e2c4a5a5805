"""Self check-in at a site's kiosks and what its public screens show: the gateway's side of visits.

Whoever knows a site's key reads and does no more than this, and learns nobody's name.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import Closed, NotFound
from crm_desktop.domain.kiosks import Booking, KioskCheckIn, KioskSite, KioskTicket, PublicBoard
from crm_desktop.domain.references import parse_reference
from crm_desktop.domain.texts import mobile
from crm_desktop.domain.visits import CheckedInBy, CheckIn, SiteService
from crm_desktop.services import service_notices
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import kiosks as queries
from crm_desktop.store.queries import visits

__all__ = ["board", "booking", "check_in", "notices", "services", "sites"]

_LONDON = ZoneInfo("Europe/London")


def sites(db: Database) -> tuple[KioskSite, ...]:
    """The sites in use, with their keys."""
    with db.read() as tx:
        return queries.sites(tx)


def services(db: Database, site_id: int) -> tuple[SiteService, ...]:
    """What a visit there can be about, with letters and waits."""
    with db.read() as tx:
        return visits.site_services(tx, site_id)


def booking(db: Database, site_id: int, reference: str) -> Booking | None:
    """Today's appointment of that reference at the site, None when there is none."""
    with db.read() as tx:
        return _booking(tx, site_id, reference)


def check_in(db: Database, site_id: int, said: KioskCheckIn) -> tuple[KioskTicket, Changes]:
    """Put the visitor into the line; the same key again gives the same ticket.

    Raises NotFound (no such service there, or booking today), Conflict (the booking was checked in
    already, no number is left) and Closed(opens_at) outside the site's opening hours: then the
    counter alone checks in.
    """
    with db.write() as tx:
        closed, opens_at = queries.opening(tx, site_id)
        if closed and not queries.was_given(tx, said.key):
            raise Closed(opens_at=opens_at)
        booked = _booking(tx, site_id, said.reference) if said.reference else None
        if said.reference and booked is None:
            raise NotFound("no such booking today")
        service_id = booked.service_id if booked else said.service_id
        contact_id, ticket = visits.check_in(
            tx,
            CheckIn(
                key=said.key,
                site_id=site_id,
                service_id=service_id,
                by=CheckedInBy.KIOSK,
                appointment_id=booked.appointment_id if booked else None,
                needs=said.needs,
                language=said.language,
                phone=mobile(said.phone) or "" if said.phone else "",
            ),
        )
        before = queries.before(tx, contact_id)
        known = visits.site_services(tx, site_id)
        own = next(each for each in known if each.service_id == service_id)
        at = booked.starts_at if booked else None
        given = KioskTicket(ticket, before, _wait(own, before), at, own.name, own.name_cy)
        return given, tx.changes


def board(db: Database, site_id: int) -> PublicBoard:
    """What the public screens of a site show."""
    with db.read() as tx:
        calls = queries.calls(tx, site_id)
    return PublicBoard(calls, notices(db, site_id), notices(db, site_id, "cy"))


def notices(db: Database, site_id: int, language: str = "en") -> tuple[str, ...]:
    """What always stands on the site's screens, then the council's notices for the public."""
    with db.read() as tx:
        wall = queries.wall(tx, site_id, language)
    return (*((wall,) if wall else ()), *service_notices.shown(db, "web", language))


def _booking(tx: Tx, site_id: int, reference: str) -> Booking | None:
    known = parse_reference(reference, "A")
    if known is None:
        return None
    begins = datetime.combine(tx.now.astimezone(_LONDON).date(), time(), _LONDON)
    return queries.booking(tx, site_id, known, begins, begins + timedelta(days=1))


def _wait(own: SiteService, before: int) -> int | None:
    """Of the wait behind everybody, the part that is before this visitor."""
    if own.wait_seconds is None:
        return None
    return round(own.wait_seconds * before / own.waiting) if own.waiting else 0
