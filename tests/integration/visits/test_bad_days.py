"""Days that pass midnight or change the clock, a desk whose computer died, numbers entered late."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from crm_desktop.domain.errors import Conflict
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import CheckedInBy, Ticket
from crm_desktop.services import leases, presence, sweeper, visits
from crm_desktop.store.models import Contact, TicketRange, Visit
from crm_desktop.store.queries.visit_line_sqlite import day_of
from tests.centre import Centre
from tests.integration.services.arrivals import event_kinds
from tests.visits_centre import add_site, arriving, places, service_of

_LONDON = ZoneInfo("Europe/London")


def _before_midnight(centre: Centre) -> datetime:
    """23:59 of yesterday in London."""
    with centre.as_owner().read() as tx:
        today = tx.now.astimezone(_LONDON).date()
    return datetime.combine(today - timedelta(days=1), time(23, 59), _LONDON).astimezone(UTC)


def _numbers_of(centre: Centre, site: int, day: date, first: int = 900) -> None:
    with centre.as_owner().write() as tx:
        tx.session.add(
            TicketRange(site_id=site, day=day, computer="desk-pc", first=first, last=first + 9)
        )


def test_who_came_before_midnight_is_called_after_it(centre: Centre) -> None:
    site = add_site(centre)
    desk, service, anna = (
        places(centre, site)[0],
        service_of(centre, site),
        centre.as_person("anna"),
    )
    came = _before_midnight(centre)
    earlier, _ = visits.check_in(anna, arriving(site, service, "Night owl"))
    with centre.as_owner().write() as tx:
        tx.session.get_one(Visit, earlier.contact_id).day = came.astimezone(_LONDON).date()
        contact = tx.session.get_one(Contact, earlier.contact_id)
        contact.received_at = contact.queued_at = came
        tx.session.execute(text("UPDATE ticket_counter SET day = :day"), {"day": came.date()})

    fresh, _ = visits.check_in(anna, arriving(site, service))
    visits.at(anna, desk)
    called, _ = visits.call_next(anna, desk)

    assert fresh.ticket == Ticket("A", 1) == earlier.ticket
    assert called is not None
    assert called.contact_id == earlier.contact_id
    line = visits.line(anna, site)
    assert [each.contact_id for each in line.rows] == [fresh.contact_id, earlier.contact_id]
    assert line.day.footfall == 1


def test_numbers_given_before_midnight_are_entered_after_it(centre: Centre) -> None:
    site = add_site(centre)
    came, anna = _before_midnight(centre), centre.as_person("anna")
    service, day = service_of(centre, site), came.astimezone(_LONDON).date()
    _numbers_of(centre, site, day)
    given: dict[str, Any] = {"by": CheckedInBy.AWAY, "arrived_at": came}

    late, _ = visits.check_in(anna, arriving(site, service, ticket=Ticket("A", 900), **given))
    with pytest.raises(Conflict, match="given already"):
        visits.check_in(anna, arriving(site, service, ticket=Ticket("A", 900), **given))
    with pytest.raises(Conflict, match="reserved range"):
        visits.check_in(
            anna,
            arriving(
                site,
                service,
                by=CheckedInBy.AWAY,
                ticket=Ticket("A", 901),
                arrived_at=came + timedelta(minutes=1),
            ),
        )

    with centre.as_owner().read() as tx:
        assert tx.session.get_one(Visit, late.contact_id).day == day
        assert tx.session.get_one(Contact, late.contact_id).received_at == came


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-28T23:59", "2026-03-28"),
        ("2026-03-29T00:00", "2026-03-29"),
        ("2026-03-29T22:59", "2026-03-29"),
        ("2026-03-29T23:00", "2026-03-30"),
        ("2026-10-24T22:59", "2026-10-24"),
        ("2026-10-24T23:00", "2026-10-25"),
        ("2026-10-25T00:30", "2026-10-25"),
        ("2026-10-25T01:30", "2026-10-25"),
        ("2026-10-25T23:59", "2026-10-25"),
        ("2026-10-26T00:00", "2026-10-26"),
    ],
)
def test_a_day_is_londons_when_the_clock_changes(centre: Centre, moment: str, day: str) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert day_of(at).isoformat() == day
    if centre.dialect == "postgresql":
        with centre.as_owner().read() as tx:
            said = tx.session.scalar(text("SELECT app.visit_day(:at)"), {"at": at})
            assert str(said) == day


def test_a_desk_whose_person_goes_gives_the_visitor_back(centre: Centre) -> None:
    site = add_site(centre)
    (desk, other), service = places(centre, site), service_of(centre, site)
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    visit, _ = visits.check_in(anna, arriving(site, service))
    presence.begin(anna)
    visits.at(anna, desk)
    visits.call_next(anna, desk)

    presence.end(anna)

    (row,) = visits.line(ben, site).rows
    assert not any(each.staff for each in visits.line(ben, site).places)
    assert (row.state, row.place_id, row.staff_name) == (ContactState.QUEUED, None, "")
    visits.at(ben, other)
    called, _ = visits.call_next(ben, other)
    assert called is not None
    assert called.contact_id == visit.contact_id


def test_two_people_at_one_desk_call_one_visitor(centre: Centre) -> None:
    site = add_site(centre)
    desk, service = places(centre, site)[0], service_of(centre, site)
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    for _ in range(2):
        visits.check_in(anna, arriving(site, service))
    visits.at(anna, desk)
    visits.at(ben, desk)
    visits.call_next(anna, desk)

    with pytest.raises(Conflict, match="A001 is there"):
        visits.call_next(ben, desk)

    (there,) = (each for each in visits.line(anna, site).places if each.id == desk)
    assert there.staff == ("Anna Whitlock", "Ben Achebe")
    assert str(there.ticket) == "A001"


def _sweep(centre: Centre) -> None:
    db = centre.as_gateway()
    lease = leases.acquire(db, sweeper.LEASE_NAME, "test")
    assert lease is not None
    sweeper.sweep(db, lease)


def test_whom_nobody_closed_has_gone_unseen_after_the_next_day(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    service = service_of(centre, site)
    forgotten, earlier = (
        visits.check_in(anna, arriving(site, service))[0].contact_id for _ in range(2)
    )
    with centre.as_owner().write() as tx:
        today = tx.session.get_one(Visit, earlier).day
        tx.session.get_one(Visit, earlier).day = today - timedelta(days=1)
        tx.session.get_one(Visit, forgotten).day = today - timedelta(days=2)

    _sweep(centre)

    with centre.as_owner().read() as tx:
        gone, waits = (tx.session.get_one(Contact, each) for each in (forgotten, earlier))
        assert (gone.state, gone.due_at) == (ContactState.LEFT, None)
        assert tx.session.get_one(Visit, forgotten).left_at is not None
        assert waits.state == ContactState.QUEUED
    assert event_kinds(centre, forgotten)[-1] == "contact.left"


def test_a_visitor_whose_time_has_come_waits_in_the_old_place(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    desk = places(centre, site)[0]
    first, second = (
        visits.check_in(anna, arriving(site, service_of(centre, site)))[0] for _ in range(2)
    )
    with centre.as_owner().write() as tx:
        parked = tx.session.get_one(Contact, first.contact_id)
        parked.state, parked.parked_until = ContactState.PARKED, tx.now - timedelta(minutes=1)

    _sweep(centre)
    visits.at(anna, desk)
    called, _ = visits.call_next(anna, desk)

    assert called is not None
    assert (called.contact_id, second.ticket.number) == (first.contact_id, 2)
