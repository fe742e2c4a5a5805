"""Appointments on both dialects: what is free, booked once, moved, cancelled; never twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from crm_desktop.domain.appointments import AppointmentState, Wanted
from crm_desktop.domain.errors import Conflict, InvalidInput, NotFound
from crm_desktop.domain.references import parse_reference
from crm_desktop.domain.visits import CheckedInBy, Need
from crm_desktop.services import appointments, visits
from crm_desktop.store.models import (
    Appointment,
    Contact,
    Event,
    OpeningCalendar,
    Place,
    Service,
    Site,
    SiteService,
    SlotTaken,
)
from tests.bookings_centre import a_day, at, booking, booking_site
from tests.centre import Centre
from tests.visits_centre import arriving, places, service_of

_LONDON = ZoneInfo("Europe/London")


def _slots(centre: Centre) -> int:
    with centre.as_owner().read() as tx:
        return tx.session.scalar(select(func.count()).select_from(SlotTaken)) or 0


def _events(centre: Centre) -> list[str]:
    with centre.as_owner().read() as tx:
        found = select(Event.kind).where(Event.kind.like("appointment.%")).order_by(Event.id)
        return list(tx.session.scalars(found))


def test_what_is_free_follows_hours_profiles_and_what_is_taken(centre: Centre) -> None:
    site = booking_site(centre)
    first, second = places(centre, site)
    service, other, day = service_of(centre, site), service_of(centre, site, 2), a_day(centre)
    anna = centre.as_person("anna")
    with centre.as_owner().write() as tx:
        tx.session.get_one(Place, second).service_ids = [other]

    appointments.book(anna, booking(site, service, at(day, "10:00"), minutes=30))
    found, others = (
        {each.starts_at: each.places for each in appointments.free(anna, asked, day, day)}
        for asked in (Wanted(site, service), Wanted(site, other))
    )

    assert min(found) == at(day, "09:00")
    assert max(found) == at(day, "16:30")
    assert at(day, "09:30") in found
    assert not {at(day, clock) for clock in ("09:45", "10:00", "10:15")} & set(found)
    assert found[at(day, "10:30")] == (first,)
    assert others[at(day, "10:00")] == (second,)
    assert others[at(day, "11:00")] == (first, second)


def test_a_closed_day_has_nothing_and_the_past_is_over(centre: Centre) -> None:
    site, anna = booking_site(centre), centre.as_person("anna")
    service, day = service_of(centre, site), a_day(centre)
    saturday = day + timedelta(days=5 - day.weekday())

    assert appointments.free(anna, Wanted(site, service), saturday, saturday) == ()
    with pytest.raises(Conflict, match="closed") as refused:
        appointments.book(anna, booking(site, service, at(saturday, "10:00")))
    assert refused.value.params["free"]
    with pytest.raises(InvalidInput):
        appointments.book(anna, booking(site, service, at(day - timedelta(days=14), "10:00")))


def _next_change(centre: Centre) -> date:
    """The next Sunday on which the clock changes in London."""
    with centre.as_owner().read() as tx:
        day = tx.now.astimezone(_LONDON).date()
    while True:
        day += timedelta(days=1)
        first, last = (datetime.combine(day, each, _LONDON) for each in (time(), time(23)))
        if first.utcoffset() != last.utcoffset():
            return day


def test_days_around_the_clock_change_are_booked_by_the_clock_on_the_wall(centre: Centre) -> None:
    site, anna = booking_site(centre), centre.as_person("anna")
    service, change = service_of(centre, site), _next_change(centre)
    with centre.as_owner().write() as tx:
        hours = {"week": {"sun": ["10:00-11:00"], "mon": ["09:00-10:00"]}, "holidays": "none"}
        calendar = OpeningCalendar(name="Sundays", hours=hours)
        tx.session.add(calendar)
        tx.session.flush()
        tx.session.get_one(Site, site).calendar_id = calendar.id
    sunday, monday = at(change, "10:00"), at(change + timedelta(days=1), "09:00")

    for starts in (sunday, monday):
        booked, _ = appointments.book(anna, booking(site, service, starts))
        assert booked.starts_at == starts
    closed = at(change, "11:00")
    with pytest.raises(Conflict, match="closed"):
        appointments.book(anna, booking(site, service, closed))

    free = appointments.free(anna, Wanted(site, service), change, change + timedelta(days=1))
    assert [each.starts_at.astimezone(_LONDON).strftime("%a %H:%M") for each in free] == [
        *("Sun 10:00", "Sun 10:15", "Sun 10:30", "Mon 09:00", "Mon 09:15", "Mon 09:30"),
    ]
    assert [len(each.places) for each in free] == [1, 1, 2, 1, 1, 2]
    shown = appointments.diary(anna, site, change, change + timedelta(days=1))
    assert [row.starts_at for row in shown.rows] == [sunday, monday]
    assert [opens for opens, _ in shown.open] == [sunday, monday]


def test_a_booking_is_kept_once_and_found_by_its_reference(centre: Centre) -> None:
    site, anna = booking_site(centre), centre.as_person("anna")
    day = a_day(centre)
    new = booking(site, service_of(centre, site), at(day, "10:00"), needs=(Need.HEARING_LOOP,))

    booked, _ = appointments.book(anna, new)
    again, _ = appointments.book(anna, new)

    assert booked == again
    assert parse_reference(booked.reference, "A") == booked.reference
    assert _slots(centre) == 6
    assert _events(centre) == ["appointment.booked"]
    kept = appointments.one(anna, booked.id)
    assert (kept.who, kept.needs, kept.state) == (
        "R. Doyle",
        (Need.HEARING_LOOP,),
        AppointmentState.BOOKED,
    )


def test_ten_who_want_the_same_time_are_told_the_next_but_one(centre: Centre) -> None:
    site = booking_site(centre, desks=1)
    service, day = service_of(centre, site), a_day(centre)
    people = [centre.as_person(("anna", "ben")[number % 2]) for number in range(10)]

    def want(number: int) -> object:
        try:
            new = booking(site, service, at(day, "10:00"), minutes=20)
            return appointments.book(people[number], new)[0]
        except Conflict as taken:
            return taken

    with ThreadPoolExecutor(10) as pool:
        came = list(pool.map(want, range(10)))

    refused = [each for each in came if isinstance(each, Conflict)]
    assert len(refused) == 9
    for each in refused:
        free = each.params["free"]
        assert isinstance(free, tuple)
        assert free[0].starts_at == at(day, "10:30")
    assert _slots(centre) == 4


def test_neither_a_desk_nor_a_person_is_booked_twice(centre: Centre) -> None:
    site = booking_site(centre)
    service, day = service_of(centre, site), a_day(centre)
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    assert ben.actor is not None
    whose = ben.actor.id

    appointments.book(anna, booking(site, service, at(day, "10:00"), staff_id=whose))
    with pytest.raises(Conflict, match="that person"):
        appointments.book(anna, booking(site, service, at(day, "10:15"), staff_id=whose))
    second, _ = appointments.book(anna, booking(site, service, at(day, "10:15")))
    with pytest.raises(Conflict, match="taken") as refused:
        appointments.book(anna, booking(site, service, at(day, "10:20"), minutes=10))

    assert second.place_name == "Desk 2"
    assert refused.value.params["free"][0].starts_at == at(day, "10:30")  # type: ignore[index]
    free = appointments.free(anna, Wanted(site, service, staff_id=whose), day, day)
    assert at(day, "10:00") not in {each.starts_at for each in free}


def test_what_a_visitor_needs_chooses_the_desk(centre: Centre) -> None:
    site, anna = booking_site(centre), centre.as_person("anna")
    first, second = places(centre, site)
    with centre.as_owner().write() as tx:
        tx.session.get_one(Place, first).step_free = False
    starts = at(a_day(centre), "10:00")
    new = booking(site, service_of(centre, site), starts, needs=(Need.STEP_FREE,))

    assert appointments.book(anna, new)[0].place_id == second


def test_moved_and_cancelled_its_old_time_is_free_again(centre: Centre) -> None:
    site = booking_site(centre, desks=1)
    service, day = service_of(centre, site), a_day(centre)
    anna = centre.as_person("anna")
    booked, _ = appointments.book(anna, booking(site, service, at(day, "10:00")))
    appointments.book(anna, booking(site, service, at(day, "11:00")))

    with pytest.raises(Conflict, match="taken"):
        appointments.move(anna, booked.id, at(day, "10:45"), 30)
    moved, _ = appointments.move(anna, booked.id, at(day, "10:15"), 30)
    assert moved.starts_at == at(day, "10:15")
    with pytest.raises(InvalidInput):
        appointments.cancel(anna, booked.id, " ")
    appointments.cancel(anna, booked.id, "found it online")
    with pytest.raises(Conflict, match="cancelled"):
        appointments.move(anna, booked.id, at(day, "12:00"), 30)

    appointments.book(anna, booking(site, service, at(day, "10:00")))
    assert _events(centre) == [
        *("appointment.booked", "appointment.booked", "appointment.moved"),
        *("appointment.cancelled", "appointment.booked"),
    ]


def test_whoever_arrives_is_awaited_no_more(centre: Centre) -> None:
    site, anna = booking_site(centre), centre.as_person("anna")
    service, day = service_of(centre, site), a_day(centre)
    booked, _ = appointments.book(anna, booking(site, service, at(day, "10:00")))
    with centre.as_owner().write() as tx:
        tx.session.get_one(Appointment, booked.id).starts_at = tx.now

    visits.check_in(
        anna, arriving(site, service, by=CheckedInBy.APPOINTMENT, appointment_id=booked.id)
    )

    assert appointments.one(anna, booked.id).state is AppointmentState.ARRIVED
    with pytest.raises(Conflict):
        appointments.late(anna, booked.id, at(day, "10:20"))


def test_a_booking_from_a_contact_knows_contact_and_customer(centre: Centre) -> None:
    site, anna = booking_site(centre), centre.as_person("anna")
    contact = centre.add_contact(customer="doyle@example.org")
    starts = at(a_day(centre), "10:00")
    booked, _ = appointments.book(
        anna, booking(site, service_of(centre, site), starts, contact_id=contact)
    )

    with centre.as_owner().read() as tx:
        kept = tx.session.get_one(Appointment, booked.id)
        customer = tx.session.get_one(Contact, contact).customer_id
        assert customer is not None
        assert (kept.contact_id, kept.customer_id) == (contact, customer)


def test_who_is_booked_for_a_restricted_service_is_its_members_to_know(centre: Centre) -> None:
    site, anna, cora = booking_site(centre), centre.as_person("anna"), centre.as_person("cora")
    day = a_day(centre)
    with centre.as_owner().write() as tx:
        care = tx.session.scalars(
            select(Service.id).where(Service.queue_id == centre.queue_id("care"))
        ).first()
        assert care is not None
        tx.session.merge(SiteService(site_id=site, service_id=care, letter="Z", key=9))
    booked, _ = appointments.book(cora, booking(site, care, at(day, "10:00"), who="Hidden"))

    assert appointments.diary(anna, site, day, day).rows == ()
    assert (booked.place_id, at(day, "10:00")) in appointments.diary(anna, site, day, day).taken
    assert appointments.diary(cora, site, day, day).rows[0].who == "Hidden"
    with pytest.raises(NotFound):
        appointments.cancel(anna, booked.id, "mine now")
    with pytest.raises(NotFound):
        appointments.one(anna, booked.id)


def test_a_contact_out_of_sight_is_not_linked(centre: Centre) -> None:
    site, anna = booking_site(centre), centre.as_person("anna")
    hidden = centre.add_contact(queue="care", customer="h@example.org")
    new = booking(site, service_of(centre, site), at(a_day(centre), "10:00"), contact_id=hidden)

    with pytest.raises(NotFound):
        appointments.book(anna, new)


def test_the_diary_shows_who_comes_where(centre: Centre) -> None:
    site, anna = booking_site(centre), centre.as_person("anna")
    service, day = service_of(centre, site), a_day(centre)
    appointments.book(anna, booking(site, service, at(day, "10:00")))

    shown = appointments.diary(anna, site, day, day)

    assert [each.name for each in shown.rooms] == ["Desk 1", "Desk 2"]
    assert shown.open == ((at(day, "09:00"), at(day, "17:00")),)
    assert [(each.who, each.starts_at) for each in shown.rows] == [("R. Doyle", at(day, "10:00"))]
    assert shown.taken == frozenset()
    with pytest.raises(NotFound):
        appointments.diary(anna, site + 99, day, day)
    with centre.as_owner().write() as tx:
        tx.session.execute(update(Site).values(active=False))
    with pytest.raises(NotFound):
        appointments.book(anna, booking(site, service, at(day, "11:00")))
