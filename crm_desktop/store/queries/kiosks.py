"""What the gateway reads for a site's kiosks and public screens: never a name."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from crm_desktop.domain.appointments import AppointmentState
from crm_desktop.domain.calendar import Calendar, NeverOpen
from crm_desktop.domain.kiosks import SHOWN_MINUTES, BoardCall, Booking, KioskSite
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.texts import ACCOUNT as TEXTING
from crm_desktop.domain.visits import Need, Ticket
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Appointment,
    ChannelAccount,
    Contact,
    OpeningCalendar,
    Place,
    Site,
    Visit,
)
from crm_desktop.store.queries.appointments import calendar

_MOST_CALLS = 8


def sites(tx: Tx) -> tuple[KioskSite, ...]:
    """The sites in use."""
    texts = (
        select(ChannelAccount.id)
        .where(ChannelAccount.kind == TEXTING, ChannelAccount.active)
        .exists()
    )
    rows = tx.session.execute(
        select(Site.id, Site.kiosk_key, Site.name, Site.name_cy, texts, OpeningCalendar.hours)
        .join(OpeningCalendar, OpeningCalendar.id == Site.calendar_id)
        .where(Site.active)
    )
    return tuple(
        KioskSite(id_, key, name, name_cy, can_text, *_opening(Calendar.from_data(hours), tx.now))
        for id_, key, name, name_cy, can_text, hours in rows
    )


def opening(tx: Tx, site_id: int) -> tuple[bool, datetime | None]:
    """Whether a site is closed now, and when it opens; raises NotFound."""
    return _opening(calendar(tx, site_id), tx.now)


def was_given(tx: Tx, key: str) -> bool:
    """Whether there is a ticket of that key."""
    return tx.session.scalar(select(Visit.contact_id).where(Visit.key == key)) is not None


def _opening(hours: Calendar, now: datetime) -> tuple[bool, datetime | None]:
    if hours.is_open(now):
        return False, None
    try:
        return True, hours.next_opening(now)
    except NeverOpen:
        return True, None


def booking(
    tx: Tx, site_id: int, reference: str, first: datetime, last: datetime
) -> Booking | None:
    """The appointment of that canonical reference, from `first` and before `last`."""
    row = tx.session.execute(
        select(
            Appointment.id,
            Appointment.service_id,
            Appointment.starts_at,
            Appointment.needs,
            Appointment.state,
        ).where(
            Appointment.site_id == site_id,
            Appointment.reference == reference,
            Appointment.state.in_(("booked", "arrived", "no_show")),
            Appointment.starts_at >= first,
            Appointment.starts_at < last,
        )
    ).one_or_none()
    if row is None:
        return None
    needs = tuple(map(Need, row.needs))
    state = AppointmentState(row.state)
    awaited, missed = state is AppointmentState.BOOKED, state is AppointmentState.NO_SHOW
    return Booking(row.id, row.service_id, row.starts_at, needs, awaited, missed)


def before(tx: Tx, contact_id: int) -> int:
    """How many of the same service came earlier and wait still."""
    own = select(Visit.site_id, Visit.day, Contact.service_id)
    own = own.join(Contact, Contact.id == Visit.contact_id)
    site_id, day, service_id = tx.session.execute(own.where(Contact.id == contact_id)).one()
    many = (
        select(func.count())
        .select_from(Visit)
        .join(Contact, Contact.id == Visit.contact_id)
        .where(
            Visit.site_id == site_id,
            Visit.day >= day - timedelta(days=1),
            Contact.service_id == service_id,
            Contact.state == ContactState.QUEUED,
            Visit.left_at.is_(None),
            Contact.id < contact_id,
        )
    )
    return tx.session.scalar(many) or 0


def calls(tx: Tx, site_id: int) -> tuple[BoardCall, ...]:
    """Who was called lately and where to, the newest first."""
    rows = tx.session.execute(
        select(
            Visit.letter,
            Visit.number,
            Place.name,
            Place.name_cy,
            Visit.called_at,
            Visit.language,
        )
        .join(Place, Place.id == Visit.place_id)
        .where(
            Visit.site_id == site_id,
            Visit.called_at > tx.now - timedelta(minutes=SHOWN_MINUTES),
        )
        .order_by(Visit.called_at.desc(), Visit.contact_id.desc())
        .limit(_MOST_CALLS)
    )
    return tuple(
        BoardCall(Ticket(letter, number), place, place_cy or place, at, language)
        for letter, number, place, place_cy, at, language in rows
        if at is not None
    )


def wall(tx: Tx, site_id: int, language: str) -> str:
    """What always stands on a site's screens; in English where nobody has put it into Welsh."""
    settings = tx.session.scalar(select(Site.settings).where(Site.id == site_id)) or {}
    english = str(settings.get("wall") or "")
    return str(settings.get("wall_cy") or english) if language == "cy" else english
