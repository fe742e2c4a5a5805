"""Visitors on SQLite: what the moves that any contact knows do to them (0033_visitor_moves.sql)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, select

from crm_desktop.domain.errors import Conflict
from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.domain.visits import To
from crm_desktop.store.models import AtPlace, Contact, Place, Service, SiteService, Staff, Visit

if TYPE_CHECKING:
    from crm_desktop.domain.people import Person
    from crm_desktop.store.database import Tx

#: The visitor is in the building, as far as is known.
HERE = exists(
    select(Visit.contact_id)
    .where(Visit.contact_id == Contact.id, Visit.left_at.is_(None))
    .correlate(Contact)
)


def is_here(tx: Tx, contact: Contact) -> bool:
    """Whether this is a visit whose visitor has not gone."""
    here = select(Contact.id).where(Contact.id == contact.id, HERE)
    return contact.channel == Channel.VISIT and tx.session.scalar(here) is not None


def check_claim(contact: Contact) -> None:
    """Who waits is called, not taken; what is left of a visit was claimed before. Or Conflict."""
    waits = contact.state in (ContactState.QUEUED, ContactState.OFFERED)
    if contact.channel == Channel.VISIT and waits:
        raise Conflict("a desk calls visitors")


def sent_on(
    tx: Tx, contact: Contact, queue_id: int | None, staff_id: int | None, note: str
) -> bool:
    """See app.visit_sent; False for what is no visitor and goes as any contact does."""
    if not is_here(tx, contact):
        return False
    from crm_desktop.store.queries import visits_sqlite  # it needs the database, which needs this

    site_id = tx.session.get_one(Visit, contact.id).site_id
    if staff_id is not None:
        to = To(place_id=_place_of(tx, staff_id, site_id))
        if to.place_id is None:
            name = tx.session.get_one(Staff, staff_id).name
            raise Conflict("they are at no desk of that site", by=name)
    else:
        served = (
            select(Service.id)
            .join(SiteService, SiteService.service_id == Service.id)
            .where(SiteService.site_id == site_id, Service.queue_id == queue_id, Service.active)
            .order_by((Service.id == contact.service_id).desc(), SiteService.key)
        )
        to = To(service_id=tx.session.scalar(served.limit(1)))
        if to.service_id is None:
            raise Conflict("no desk of that site serves that queue")
    visits_sqlite.transfer(tx, contact.id, to, note)
    return True


def resumed(tx: Tx, me: Person, contact: Contact) -> None:
    """See app.visit_resumed."""
    visit = tx.session.get(Visit, contact.id, populate_existing=True)
    if visit is None:
        return
    from crm_desktop.store.queries import rooms_sqlite, visits_sqlite  # as above

    mine = _place_of(tx, me.id, visit.site_id) if contact.owner_id == me.id else None
    if contact.state == ContactState.PARKED and visit.left_at is None:
        if mine is None:
            raise Conflict("a desk calls visitors")
        place = visits_sqlite.free(tx, mine)
        if rooms_sqlite.is_kept(tx, place, contact.id):
            raise Conflict(f"{place.name} is kept free")
        visit.place_id, visit.seen_at = mine, visit.seen_at or tx.now
    elif (
        contact.state == ContactState.WRAP_UP
        and mine is not None
        and mine == visit.place_id
        and visits_sqlite.holds(tx, mine) is None
    ):
        visit.left_at = None


def _place_of(tx: Tx, staff_id: int, site_id: int) -> int | None:
    return tx.session.scalar(
        select(Place.id)
        .join(AtPlace, AtPlace.place_id == Place.id)
        .where(
            AtPlace.staff_id == staff_id,
            AtPlace.left_at.is_(None),
            Place.active,
            Place.site_id == site_id,
        )
    )
