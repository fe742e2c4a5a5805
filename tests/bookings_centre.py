"""Bookings in a test's centre: a day on which its site is open, and who books."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select

from crm_desktop.domain.appointments import New
from crm_desktop.domain.calendar import next_working_day
from crm_desktop.store.models import OpeningCalendar, Site
from tests.centre import Centre
from tests.visits_centre import add_site

_LONDON = ZoneInfo("Europe/London")
_WEEK = {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}


def booking_site(centre: Centre, *, desks: int = 2) -> int:
    """A site that is open from nine to five on working days."""
    site_id = add_site(centre, desks=desks)
    with centre.as_owner().write() as tx:
        hours = OpeningCalendar(name="Guildhall", hours={"week": _WEEK})
        tx.session.add(hours)
        tx.session.flush()
        tx.session.get_one(Site, site_id).calendar_id = hours.id
    return site_id


def a_day(centre: Centre, after: int = 7) -> date:
    """The first working day so many days from the database's today on."""
    with centre.as_owner().read() as tx:
        return next_working_day(tx.now.astimezone(_LONDON).date() + timedelta(days=after))


def at(day: date, clock: str) -> datetime:
    """A time of a day as the clock on the wall shows it."""
    return datetime.combine(day, time.fromisoformat(clock), _LONDON).astimezone(UTC)


def booking(site_id: int, service_id: int, starts_at: datetime, **more: object) -> New:
    """Somebody who wants to come."""
    said = {"who": "R. Doyle", **more}
    return New(uuid4().hex, site_id, service_id, starts_at, **said)  # type: ignore[arg-type]


def all_ids(centre: Centre, column: object) -> list[int]:
    """The values of a column, in their order."""
    with centre.as_owner().read() as tx:
        return list(tx.session.scalars(select(column).order_by(column)))  # type: ignore[call-overload]
