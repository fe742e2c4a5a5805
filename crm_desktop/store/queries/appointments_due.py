"""What the gateway has to do about appointments: tell, remind, and free what nobody came for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, TextClause, delete, func, select, text, update

from crm_desktop.domain.appointments import AWAITED
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Appointment,
    Contact,
    OpeningCalendar,
    Queue,
    Service,
    Site,
    SiteService,
    SlotTaken,
)

#: Written out, not bound: a database knows by them alone that a partial index holds the rows.
_UNTOLD = text("appointment.sequence > appointment.told_sequence AND appointment.email <> ''")
_BOOKED = text("appointment.state = 'booked'")


@dataclass(frozen=True, slots=True)
class ToTell:
    """An appointment with all that its mails say; locked while its transaction lasts."""

    id: int
    site_id: int
    contact_id: int | None
    customer_id: int | None
    account_id: int | None
    state: str
    reference: str
    sequence: int
    told_sequence: int
    told_at: datetime | None
    reminded_at: datetime | None
    starts_at: datetime
    ends_at: datetime
    who: str
    email: str
    language: str
    needs: tuple[str, ...]
    site: str
    site_cy: str
    address: str
    hours: dict[str, object]
    service_id: int
    service: str
    service_cy: str
    restricted: bool
    queue_id: int
    priority: int


def untold(tx: Tx, limit: int) -> tuple[int, ...]:
    """Appointments to come of which the customer does not know how they stand."""
    return tuple(
        tx.session.scalars(
            select(Appointment.id)
            .where(_UNTOLD, Appointment.starts_at > tx.now)
            .order_by(Appointment.id)
            .limit(limit)
        )
    )


def not_reminded(
    tx: Tx, until: datetime
) -> tuple[tuple[int, datetime, datetime, dict[str, object]], ...]:
    """(id, start, told, opening hours) of what begins until then, with nobody reminded of it."""
    rows = tx.session.execute(
        select(Appointment.id, Appointment.starts_at, Appointment.told_at, OpeningCalendar.hours)
        .join(Site, Site.id == Appointment.site_id)
        .join(OpeningCalendar, OpeningCalendar.id == Site.calendar_id)
        .where(
            _BOOKED,
            Appointment.starts_at > tx.now,
            Appointment.starts_at <= until,
            Appointment.reminded_at.is_(None),
            Appointment.told_at.is_not(None),
            Appointment.email != "",
        )
        .order_by(Appointment.starts_at)
    )
    return tuple((row[0], row[1], row[2], row[3]) for row in rows if row[2] is not None)


def missed(tx: Tx, limit: int) -> tuple[int, ...]:
    """Booked, awaited long enough, and nobody came."""
    return tuple(
        tx.session.scalars(
            select(Appointment.id)
            .where(*_nobody_came(tx))
            .order_by(Appointment.starts_at)
            .limit(limit)
        )
    )


def no_show(tx: Tx, appointment_id: int) -> tuple[int, int | None, int | None] | None:
    """They did not come, and the rest of the time is free: (site, contact, customer).

    None when they came after all.
    """
    row = tx.session.execute(
        update(Appointment)
        .where(Appointment.id == appointment_id, *_nobody_came(tx))
        .values(state="no_show")
        .returning(Appointment.site_id, Appointment.contact_id, Appointment.customer_id)
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        return None
    tx.session.execute(
        delete(SlotTaken).where(SlotTaken.appointment_id == appointment_id, SlotTaken.at > tx.now)
    )
    return row[0], row[1], row[2]


def to_tell(tx: Tx, appointment_id: int) -> ToTell | None:
    """One appointment for a mail, locked; None when it is gone."""
    a = Appointment
    row: Any = tx.session.execute(
        select(
            a.id, a.site_id, a.contact_id, a.customer_id, Contact.account_id, a.state, a.reference,
            a.sequence, a.told_sequence, a.told_at, a.reminded_at, a.starts_at, a.ends_at, a.who,
            a.email, a.language, a.needs, Site.name, Site.name_cy, Site.address,
            OpeningCalendar.hours, a.service_id,
            func.coalesce(func.nullif(SiteService.name, ""), Service.name),
            func.coalesce(SiteService.name_cy, ""), Queue.restricted, Queue.id, Queue.priority,
        )
        .join(Site, Site.id == a.site_id)
        .join(OpeningCalendar, OpeningCalendar.id == Site.calendar_id)
        .join(Service, Service.id == a.service_id)
        .join(Queue, Queue.id == Service.queue_id)
        .outerjoin(
            SiteService,
            (SiteService.site_id == a.site_id) & (SiteService.service_id == a.service_id),
        )
        .outerjoin(Contact, Contact.id == a.contact_id)
        .where(a.id == appointment_id)
        .with_for_update(of=a)
    ).first()  # fmt: skip
    if row is None:
        return None
    values = list(row)
    values[16] = tuple(values[16])
    return ToTell(*values)


def told(tx: Tx, of: ToTell, contact_id: int, *, reminder: bool) -> None:
    """The customer is told how it stands, in that contact."""
    values = (
        {"reminded_at": tx.now} if reminder else {"told_sequence": of.sequence, "told_at": tx.now}
    )
    tx.session.execute(
        update(Appointment)
        .where(Appointment.id == of.id)
        .values(contact_id=contact_id, **values)
        .execution_options(synchronize_session=False)
    )


def _nobody_came(tx: Tx) -> tuple[ColumnElement[bool] | TextClause, ...]:
    awaited = func.coalesce(Appointment.late_until, Appointment.starts_at)
    return (
        _BOOKED,
        Appointment.starts_at <= tx.now - AWAITED,
        awaited <= tx.now - AWAITED,
    )
