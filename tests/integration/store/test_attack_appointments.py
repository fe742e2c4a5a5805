"""What nobody can do with psql about appointments."""

from __future__ import annotations

from collections.abc import Callable
from typing import LiteralString

import pytest
from sqlalchemy import select

from crm_desktop.services import appointments
from crm_desktop.store.models import Service, SiteService
from tests.bookings_centre import a_day, at, booking, booking_site
from tests.centre import GATEWAY_LOGIN, Centre
from tests.integration.store.attacking import (
    DESK,
    Attack,
    Connection,
    Ids,
    named,
    refused,
    unseen,
)
from tests.visits_centre import places, service_of

_REFERENCE: LiteralString = "'A-000-000-0'"


def _book(
    *,
    starts: LiteralString = "date_trunc('day', now()) + interval '8 days 9 hours'",
    minutes: LiteralString = "30",
    contact: LiteralString = "NULL",
    place: LiteralString = "%(place)s",
    reference: LiteralString = _REFERENCE,
    email: LiteralString = "'a@example.org'",
    key: LiteralString = "repeat('a', 32)",
) -> LiteralString:
    return (
        f"SELECT app.appointment_book(jsonb_build_object('key', {key}, 'references',"
        f" jsonb_build_array({reference}), 'site', %(site)s::bigint,"
        f" 'service', %(service)s::bigint, 'places', jsonb_build_array({place}),"
        f" 'staff', NULL, 'starts', {starts}, 'minutes', {minutes}, 'who', 'Mallory',"
        f" 'customer', NULL, 'contact', {contact},"
        f" 'email', {email},"
        " 'phone', '', 'needs', '[]'::jsonb, 'language', 'en', 'note', ''))"
    )


ATTACKS = (
    unseen("whom a restricted service awaits", "SELECT who FROM appointment WHERE id = %(care_a)s"),
    Attack("where customers can be reached", "SELECT email, phone, note FROM appointment"),
    Attack("whose a slot is", "SELECT appointment_id FROM slot_taken"),
    Attack("an appointment of one's own making", "INSERT INTO slot_taken VALUES"
           " ('place', %(place)s, now(), %(own_a)s)"),
    Attack("freeing what is taken", "DELETE FROM slot_taken"),
    Attack("another's time", "UPDATE appointment SET starts_at = now()"),
    Attack("taking slots alone", "SELECT app.slots_take(%(own_a)s, 'place', %(place)s, now(),"
           " now() + interval '9 days')"),
    Attack("a hidden appointment cancelled", "SELECT app.appointment_cancel(%(care_a)s, 'mine')"),
    Attack("a hidden appointment moved", "SELECT app.appointment_move(%(care_a)s, now() +"
           " interval '1 day', 30, '[]')"),
    Attack("a cancellation without a reason", "SELECT app.appointment_cancel(%(own_a)s, '')"),
    Attack("late for ever", "SELECT app.appointment_late(%(own_a)s, now() + interval '99 days')"),
    Attack("a booking in the past", _book(starts="now() - interval '1 day'")),
    Attack("a booking between slots", _book(starts="date_trunc('day', now()) +"
           " interval '8 days 61 seconds'")),
    Attack("a day long", _book(minutes="1440")),
    Attack("no length", _book(minutes="NULL")),
    Attack("a desk of nowhere", _book(place="987654")),
    Attack("no desk", _book(place="NULL")),
    Attack("a contact out of sight", _book(contact="%(care)s")),
    Attack("a reference that cannot be read out", _book(reference="'<b>'")),
    Attack("two addressees", _book(email="'a@example.org, b@example.org'")),
    Attack("a header of one's own", _book(email="E'a@example.org\\nBcc: b@example.org'")),
    Attack("a booking without a key", _book(key="NULL")),
    Attack("the same time twice", _book(key="repeat('b', 32)"), before=(_book(),)),
)  # fmt: skip
GATEWAY_ATTACKS = (
    Attack("a booking of the gateway's", _book()),
    Attack("a slot of the gateway's", "INSERT INTO slot_taken VALUES"
           " ('place', %(place)s, now(), %(own_a)s)"),
)  # fmt: skip


@pytest.fixture(scope="module")
def booked(attacked: tuple[Centre, Ids]) -> tuple[Centre, Ids]:
    """The centre with a site, an appointment there, and one of a restricted service."""
    centre, ids = attacked
    site, day = booking_site(centre, desks=1), a_day(centre)
    with centre.as_owner().write() as tx:
        care = tx.session.scalars(
            select(Service.id).where(Service.queue_id == centre.queue_id("care"))
        ).first()
        assert care is not None
        tx.session.merge(SiteService(site_id=site, service_id=care, letter="Z", key=9))
    service = service_of(centre, site)
    own, _ = appointments.book(
        centre.as_person("anna"), booking(site, service, at(day, "13:00"), email="a@example.org")
    )
    hidden, _ = appointments.book(
        centre.as_person("cora"), booking(site, care, at(day, "14:00"), who="Hidden Person")
    )
    more = {
        "site": site, "service": service, "place": places(centre, site)[0], "own_a": own.id,
        "care_a": hidden.id,
    }  # fmt: skip
    return centre, ids | more


@pytest.fixture(scope="module")
def session(connected: Callable[[str], Connection]) -> Connection:
    """Somebody of the desk."""
    return connected(DESK)


@pytest.fixture(scope="module")
def gateway(connected: Callable[[str], Connection]) -> Connection:
    """The gateway's own connection."""
    return connected(GATEWAY_LOGIN)


@pytest.mark.parametrize("attack", named(ATTACKS))
def test_the_database_refuses(
    booked: tuple[Centre, Ids], session: Connection, attack: Attack
) -> None:
    refused(session, booked[1], attack)


@pytest.mark.parametrize("attack", named(GATEWAY_ATTACKS))
def test_the_database_refuses_the_gateway(
    booked: tuple[Centre, Ids], gateway: Connection, attack: Attack
) -> None:
    refused(gateway, booked[1], attack)


def test_what_is_allowed_is_allowed(booked: tuple[Centre, Ids], session: Connection) -> None:
    """So that the refusals above are not of a call that could never work."""
    session.execute(_book(), booked[1])
    session.rollback()
