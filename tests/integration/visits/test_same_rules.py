"""Check-in, answers at the counter, numbers and bookings: refused alike on both dialects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from crm_desktop.domain.appointments import New
from crm_desktop.domain.errors import Conflict, CrmError, InvalidInput, NotFound
from crm_desktop.domain.states import ContactState, Resolution
from crm_desktop.domain.visits import AnsweredNow, CheckIn, Ticket
from crm_desktop.services import contacts, leases, sweeper, visits
from crm_desktop.store.database import Database
from crm_desktop.store.models import Appointment, Contact, Site, SlotTaken, Visit
from crm_desktop.store.queries import appointments as booking
from tests.centre import Centre
from tests.visits_centre import add_site, arriving, book, places, service_of

_NOW = datetime.now(UTC)

_WRONG: tuple[tuple[type[CrmError], dict[str, Any]], ...] = (
    (Conflict, {"key": "x"}),
    (Conflict, {"key": "A" * 32}),
    (Conflict, {"who": "x" * 201}),
    (Conflict, {"note": "x" * 501}),
    (InvalidInput, {"phone": "0" * 41}),
    (Conflict, {"language": "Polish"}),
    (Conflict, {"language": ""}),
    (Conflict, {"language": "cy\n"}),
    (NotFound, {"service_id": 99_999}),
    (NotFound, {"service_id": None}),
    (NotFound, {"site_id": 99_999}),
    (NotFound, {"customer_id": 99_999}),
    (Conflict, {"appointment_id": 99_999}),
    (Conflict, {"ticket": Ticket("A", 3), "arrived_at": _NOW}),
    (Conflict, {"ticket": Ticket("A", 900), "arrived_at": _NOW - timedelta(days=8)}),
    (Conflict, {"ticket": Ticket("A", 900), "arrived_at": _NOW + timedelta(minutes=9)}),
)


def _refusal(work: Callable[[], object]) -> type[CrmError] | None:
    try:
        work()
    except CrmError as trouble:
        return type(trouble)
    return None


def _book(db: Database, new: New, desks: list[int]) -> None:
    with db.write() as tx:
        booking.book(tx, new, desks, ["A-8F3-T9K-4"])


def _at_the_counter(centre: Centre, site: int) -> CheckIn:
    return arriving(site, service_of(centre, site), "R. Doyle")


def test_what_cannot_be_checked_in(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    right = _at_the_counter(centre, site)

    for refused, wrong in _WRONG:
        said = replace(right, **wrong)
        assert _refusal(partial(visits.check_in, anna, said)) is refused, wrong

    assert visits.line(anna, site).rows == ()


def test_a_site_that_is_closed_for_good_takes_nobody(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    said, desk = _at_the_counter(centre, site), places(centre, site)[0]
    with centre.as_owner().write() as tx:
        tx.session.get_one(Site, site).active = False

    with pytest.raises(NotFound):
        visits.check_in(anna, said)
    with pytest.raises(NotFound):
        visits.reserve(anna, site, "desk-pc")
    with pytest.raises(NotFound):
        visits.at(anna, desk)


def test_a_range_is_of_a_computer(centre: Centre) -> None:
    site = add_site(centre)
    for computer in ("", "x" * 101):
        with pytest.raises(NotFound):
            visits.reserve(centre.as_person("anna"), site, computer)


def test_a_quick_question_is_answered_in_a_few_ways_and_words(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    said = AnsweredNow(uuid4().hex, site, service_of(centre, site), Resolution.RESOLVED)

    for wrong in (Resolution.TRANSFERRED_OUT, Resolution.MOVED_TO_PRIVATE):
        with pytest.raises(Conflict):
            visits.answer_now(anna, replace(said, resolution=wrong))
    with pytest.raises(Conflict):
        visits.answer_now(anna, replace(said, words="x" * 501))


def test_an_appointment_is_arrived_for_on_its_day(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    service = service_of(centre, site)
    tomorrow = book(centre, site, service, "A-AAA-AAA-F", after=timedelta(days=2))

    with pytest.raises(Conflict, match="not awaited"):
        visits.check_in(anna, arriving(site, service, appointment_id=tomorrow))


def test_nobody_brings_a_name_out_of_a_restricted_service(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    restricted = service_of(centre, site, 3)
    booked = book(centre, site, restricted, "A-8F3-T9K-4", who="Margaret Okafor")

    with pytest.raises(Conflict, match="not awaited"):
        visits.check_in(anna, arriving(site, service_of(centre, site), appointment_id=booked))

    arrived, _ = visits.check_in(
        centre.as_person("cora"), arriving(site, restricted, appointment_id=booked)
    )
    with pytest.raises(NotFound):
        visits.left(anna, arrived.contact_id)
    desk = places(centre, site)[0]
    visits.at(anna, desk)
    assert visits.call_next(anna, desk)[0] is None


def test_what_was_booked_is_free_when_the_visitor_leaves(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    service, desk = service_of(centre, site), places(centre, site)[0]
    booked = book(centre, site, service, "A-8F3-T9K-4")
    with centre.as_owner().write() as tx:
        for minutes in (-5, 5):
            at = tx.now + timedelta(minutes=minutes)
            tx.session.add(SlotTaken(what="place", ref_id=desk, at=at, appointment_id=booked))
    visit, _ = visits.check_in(anna, arriving(site, service, appointment_id=booked))

    visits.left(anna, visit.contact_id)

    with centre.as_owner().read() as tx:
        assert tx.session.get_one(Appointment, booked).state == "no_show"
        (still,) = tx.session.scalars(select(SlotTaken.at)).all()
        assert still < tx.now


def test_whoever_was_laid_aside_and_forgotten_has_gone_unseen(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    desk, service = places(centre, site)[0], service_of(centre, site)
    booked = book(centre, site, service, "A-8F3-T9K-4")
    said = arriving(site, service, appointment_id=booked)
    visitor = visits.check_in(anna, said)[0].contact_id
    visits.at(anna, desk)
    visits.call(anna, visitor, desk)
    visits.serve(anna, visitor)
    contacts.park(anna, visitor, None, for_reply=True)
    with centre.as_owner().write() as tx:
        kept = tx.session.get_one(Visit, visitor)
        kept.day -= timedelta(days=2)
    db = centre.as_gateway()
    lease = leases.acquire(db, sweeper.LEASE_NAME, "test")
    assert lease is not None

    sweeper.sweep(db, lease)

    with centre.as_owner().read() as tx:
        contact = tx.session.get_one(Contact, visitor)
        assert (contact.state, contact.owner_id) == (ContactState.LEFT, None)
        assert tx.session.get_one(Appointment, booked).state == "no_show"


_UNBOOKABLE: tuple[tuple[type[CrmError], dict[str, Any]], ...] = (
    (InvalidInput, {"key": "x"}),
    (InvalidInput, {"who": ""}),
    (InvalidInput, {"who": "x" * 201}),
    (InvalidInput, {"email": "a@" + "b" * 253}),
    (InvalidInput, {"email": "a@example.org;b@example.org"}),
    (InvalidInput, {"phone": "0" * 41}),
    (InvalidInput, {"note": "x" * 501}),
    (InvalidInput, {"language": "Welsh"}),
    (InvalidInput, {"minutes": 7}),
    (InvalidInput, {"minutes": 245}),
    (InvalidInput, {"starts_at": _NOW - timedelta(days=1)}),
    (NotFound, {"service_id": 99_999}),
    (NotFound, {"customer_id": 99_999}),
    (NotFound, {"contact_id": 99_999}),
    (NotFound, {"staff_id": 99_999}),
)


def test_what_cannot_be_booked(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    at = datetime.fromtimestamp((_NOW + timedelta(days=1)).timestamp() // 300 * 300, UTC)
    new = New(uuid4().hex, site, service_of(centre, site), at, "R. Doyle")
    desks = places(centre, site)

    for refused, wrong in _UNBOOKABLE:
        assert _refusal(partial(_book, anna, replace(new, **wrong), desks)) is refused, wrong

    with centre.as_owner().read() as tx:
        assert tx.session.scalars(select(Appointment.id)).all() == []
