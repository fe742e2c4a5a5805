"""A one-stop-shop in a test's centre: a site with desks, and visitors who check in."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import select

from crm_desktop.domain.calendar import WEEKDAYS, Region
from crm_desktop.domain.text import fold
from crm_desktop.domain.visits import CheckedInBy, CheckIn
from crm_desktop.store.models import (
    Appointment,
    Customer,
    OpeningCalendar,
    Place,
    SafetyMarker,
    Service,
    Site,
    SiteService,
)
from tests.centre import Centre


def add_site(
    centre: Centre, code: str = "guildhall", *, desks: int = 2, services: tuple[str, ...] = ()
) -> int:
    """A site with desks "Desk 1" …; its services get the letters A, B, … and the keys 1, 2, …

    It is always open: tests run at any hour.
    """
    with centre.as_owner().write() as tx:
        week = {day: ["00:00-24:00"] for day in WEEKDAYS}
        always = {"week": week, "holidays": Region.NONE.value}
        calendar = OpeningCalendar(name=f"Always, {code}", hours=always)
        tx.session.add(calendar)
        tx.session.flush()
        site = Site(
            code=code, name=f"{code.title()} one-stop-shop", calendar_id=calendar.id,
            kiosk_key=uuid4().hex, calls=2,
        )  # fmt: skip
        tx.session.add(site)
        tx.session.flush()
        known = tx.session.scalars(select(Service).where(Service.active).order_by(Service.id))
        chosen = [each for each in known if not services or each.code in services][:6]
        for number, service in enumerate(chosen):
            tx.session.add(
                SiteService(
                    site_id=site.id, service_id=service.id, letter="ABCDEF"[number], key=number + 1
                )
            )
        for number in range(desks):
            tx.session.add(Place(site_id=site.id, kind="desk", name=f"Desk {number + 1}"))
        tx.session.flush()
        return site.id


def places(centre: Centre, site_id: int) -> list[int]:
    """The ids of a site's desks and rooms, by name."""
    with centre.as_owner().read() as tx:
        return list(
            tx.session.scalars(
                select(Place.id).where(Place.site_id == site_id).order_by(Place.name)
            )
        )


def add_place(centre: Centre, site_id: int, kind: str, name: str, **more: object) -> int:
    """Another desk or room; its id."""
    with centre.as_owner().write() as tx:
        place = Place(site_id=site_id, kind=kind, name=name, **more)
        tx.session.add(place)
        tx.session.flush()
        return place.id


def known(centre: Centre, name: str, *, marker: bool = False) -> int:
    """A customer, with a safety marker in force or none."""
    with centre.as_owner().write() as tx:
        customer = Customer(name=name, folded=fold(name))
        tx.session.add(customer)
        tx.session.flush()
        if marker:
            tx.session.add(SafetyMarker(customer_id=customer.id, state="active", words="Two staff"))
        return customer.id


def service_of(centre: Centre, site_id: int, key: int = 1) -> int:
    """What Alt+key stands for there."""
    with centre.as_owner().read() as tx:
        return tx.session.scalars(
            select(SiteService.service_id).where(
                SiteService.site_id == site_id, SiteService.key == key
            )
        ).one()


def arriving(site_id: int, service_id: int, who: str = "", **more: object) -> CheckIn:
    """Somebody at the counter."""
    made = {"by": CheckedInBy.DESK, "who": who, **more}
    return CheckIn(key=uuid4().hex, site_id=site_id, service_id=service_id, **made)  # type: ignore[arg-type]


def book(
    centre: Centre,
    site_id: int,
    service_id: int,
    reference: str,
    *,
    who: str = "",
    after: timedelta = timedelta(),
) -> int:
    """An appointment at the site's first desk, now or later; its id."""
    with centre.as_owner().write() as tx:
        booked = Appointment(
            site_id=site_id, service_id=service_id, place_id=places(centre, site_id)[0],
            reference=reference, starts_at=tx.now + after,
            ends_at=tx.now + after + timedelta(minutes=20), who=who,
        )  # fmt: skip
        tx.session.add(booked)
        tx.session.flush()
        return booked.id
