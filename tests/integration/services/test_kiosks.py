"""Kiosks and public screens on both dialects, as the gateway: numbers once, and nobody's name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from crm_desktop.domain.errors import Closed, Conflict, NotFound
from crm_desktop.domain.kiosks import KioskCheckIn
from crm_desktop.domain.visits import Need, Ticket
from crm_desktop.services import kiosks, visits
from crm_desktop.store.models import (
    Appointment,
    ChannelAccount,
    Contact,
    OpeningCalendar,
    Site,
    Visit,
)
from tests.centre import Centre
from tests.visits_centre import add_site, arriving, book, places, service_of

_LONDON = ZoneInfo("Europe/London")


def _said(service_id: int, **more: object) -> KioskCheckIn:
    return KioskCheckIn(uuid4().hex, service_id, **more)  # type: ignore[arg-type]


def test_a_site_is_known_by_its_key_and_asks_for_numbers_where_it_can_text(centre: Centre) -> None:
    site = add_site(centre)
    gateway = centre.as_gateway()
    with centre.as_owner().read() as tx:
        key = tx.session.get_one(Site, site).kiosk_key

    (known,) = kiosks.sites(gateway)
    assert (known.id, known.key, known.texts) == (site, key, False)

    with centre.as_owner().write() as tx:
        tx.session.add(ChannelAccount(kind="texting", name="texts"))
    (known,) = kiosks.sites(gateway)
    assert known.texts


def test_whoever_checks_in_has_their_place_and_the_same_key_the_same_ticket(centre: Centre) -> None:
    site = add_site(centre)
    service, gateway, anna = service_of(centre, site), centre.as_gateway(), centre.as_person("anna")
    visits.check_in(anna, arriving(site, service, "R. Doyle"))
    visits.at(anna, places(centre, site)[0])
    said = _said(service, needs=(Need.HEARING_LOOP,), language="cy", phone="07700 900982")

    first, changes = kiosks.check_in(gateway, site, said)
    later, _ = kiosks.check_in(gateway, site, _said(service))
    again, _ = kiosks.check_in(gateway, site, said)

    assert (first.ticket, first.before, first.wait_seconds) == (Ticket("A", 2), 1, 480)
    assert (later.ticket, later.before, later.wait_seconds) == (Ticket("A", 3), 2, 960)
    assert (again.ticket, again.before, again.wait_seconds) == (Ticket("A", 2), 1, 480)
    assert changes.items
    with centre.as_owner().read() as tx:
        kept = tx.session.scalars(select(Visit).where(Visit.key == said.key)).one()
        who = tx.session.get_one(Contact, kept.contact_id).who
    assert (kept.checked_in_by, kept.language, kept.phone, who) == (
        "kiosk",
        "cy",
        "+447700900982",
        "",
    )
    assert kept.needs == ["hearing_loop"]


def test_kiosks_at_once_never_share_a_number(centre: Centre) -> None:
    site = add_site(centre)
    service, gateway = service_of(centre, site), centre.as_gateway()

    with ThreadPoolExecutor(2) as pool:
        given = list(
            pool.map(lambda _: kiosks.check_in(gateway, site, _said(service))[0], range(12))
        )

    assert sorted(each.ticket.number for each in given) == list(range(1, 13))


def _closes(centre: Centre, site: int, special: dict[str, list[str]]) -> None:
    with centre.as_owner().write() as tx:
        hours = {"week": {}, "special": special, "holidays": "none"}
        calendar = OpeningCalendar(name=f"Hardly ever, {len(special)}", hours=hours)
        tx.session.add(calendar)
        tx.session.flush()
        tx.session.get_one(Site, site).calendar_id = calendar.id


def test_outside_opening_hours_the_counter_alone_checks_in(centre: Centre) -> None:
    site = add_site(centre)
    service, gateway, anna = service_of(centre, site), centre.as_gateway(), centre.as_person("anna")
    said = _said(service)
    given, _ = kiosks.check_in(gateway, site, said)
    with centre.as_owner().read() as tx:
        tomorrow = tx.now.astimezone(_LONDON).date() + timedelta(days=1)
    _closes(centre, site, {tomorrow.isoformat(): ["09:30-12:00"]})
    opens = datetime.combine(tomorrow, time(9, 30), _LONDON)

    (known,) = kiosks.sites(gateway)
    assert (known.closed, known.opens_at) == (True, opens)
    with pytest.raises(Closed) as refused:
        kiosks.check_in(gateway, site, _said(service))
    assert refused.value.params["opens_at"] == opens
    assert kiosks.check_in(gateway, site, said)[0] == given
    visits.check_in(anna, arriving(site, service))
    _closes(centre, site, {})
    (known,) = kiosks.sites(gateway)
    assert (known.closed, known.opens_at) == (True, None)


def test_a_booking_is_found_however_it_is_typed_and_is_arrived_for_once(centre: Centre) -> None:
    site = add_site(centre)
    gateway, service = centre.as_gateway(), service_of(centre, site, 2)
    booked = book(centre, site, service, "A-8F3-T9K-4", who="Margaret Okafor")

    found = kiosks.booking(gateway, site, " a 8f3–t9k 4")
    assert found is not None
    assert (found.appointment_id, found.service_id, found.awaited) == (booked, service, True)
    said = _said(service_of(centre, site), reference="8f3t9k4")
    given, _ = kiosks.check_in(gateway, site, said)
    again, _ = kiosks.check_in(gateway, site, said)

    assert given == again
    assert given.ticket == Ticket("B", 1)
    assert given.booked_at == found.starts_at
    assert "Okafor" not in repr(given)
    later = kiosks.booking(gateway, site, "A-8F3-T9K-4")
    assert later is not None
    assert not later.awaited
    with pytest.raises(Conflict):
        kiosks.check_in(gateway, site, _said(service, reference="A-8F3-T9K-4"))
    with centre.as_owner().read() as tx:
        assert tx.session.get_one(Appointment, booked).state == "arrived"


def test_no_booking_of_another_day_or_site_is_found(centre: Centre) -> None:
    site, other = add_site(centre), add_site(centre, "library")
    gateway, service = centre.as_gateway(), service_of(centre, site)
    book(centre, site, service, "A-AAA-AAA-F", after=timedelta(days=2))
    book(centre, other, service, "A-BBB-BBB-W")

    assert kiosks.booking(gateway, site, "A-AAA-AAA-F") is None
    assert kiosks.booking(gateway, site, "A-BBB-BBB-W") is None
    with pytest.raises(NotFound):
        kiosks.check_in(gateway, site, _said(service, reference="A-BBB-BBB-W"))


def test_a_booking_whose_time_has_passed_is_said_to_be_so(centre: Centre) -> None:
    site = add_site(centre)
    gateway, service = centre.as_gateway(), service_of(centre, site)
    booked = book(centre, site, service, "A-8F3-T9K-4")
    with centre.as_owner().write() as tx:
        tx.session.get_one(Appointment, booked).state = "no_show"

    found = kiosks.booking(gateway, site, "A-8F3-T9K-4")

    assert found is not None
    assert (found.awaited, found.missed) == (False, True)
    with pytest.raises(Conflict):
        kiosks.check_in(gateway, site, _said(service, reference="A-8F3-T9K-4"))


def test_a_booking_at_tomorrows_first_minute_is_not_todays(centre: Centre) -> None:
    site = add_site(centre)
    booked = book(centre, site, service_of(centre, site), "A-8F3-T9K-4")
    with centre.as_owner().write() as tx:
        tomorrow = tx.now.astimezone(_LONDON).date() + timedelta(days=1)
        starts_at = datetime.combine(tomorrow, time(), _LONDON)
        appointment = tx.session.get_one(Appointment, booked)
        appointment.starts_at = starts_at
        appointment.ends_at = starts_at + timedelta(minutes=20)

    assert kiosks.booking(centre.as_gateway(), site, "A-8F3-T9K-4") is None


@pytest.mark.parametrize("typed", ["", "-", "A-8F3-T9K-5", "M. Okafor"])
def test_what_is_no_reference_finds_no_booking(sqlite_centre: Centre, typed: str) -> None:
    site = add_site(sqlite_centre)
    book(sqlite_centre, site, service_of(sqlite_centre, site), "A-8F3-T9K-4", who="M. Okafor")

    assert kiosks.booking(sqlite_centre.as_gateway(), site, typed) is None


def test_what_another_site_is_for_is_not_taken(centre: Centre) -> None:
    site, library = add_site(centre), add_site(centre, "library", services=("missed_bin",))
    gateway = centre.as_gateway()
    here = {each.service_id for each in kiosks.services(gateway, library)}
    (elsewhere, *_) = (
        each.service_id for each in kiosks.services(gateway, site) if each.service_id not in here
    )

    with pytest.raises(NotFound):
        kiosks.check_in(gateway, library, _said(elsewhere))


def test_the_board_shows_tickets_and_desks_the_newest_first_and_no_name(centre: Centre) -> None:
    site = add_site(centre)
    service, anna, gateway = service_of(centre, site), centre.as_person("anna"), centre.as_gateway()
    desk = places(centre, site)[0]
    visits.at(anna, desk)
    for who in ("R. Doyle", "M. Okafor"):
        visits.check_in(anna, arriving(site, service, who))
    first, _ = visits.call_next(anna, desk)
    assert first is not None
    visits.recall(anna, first.contact_id)
    visits.no_show(anna, first.contact_id)
    second, _ = visits.call_next(anna, desk)
    visits.check_in(anna, arriving(site, service, "S. Khan"))

    board = kiosks.board(gateway, site)

    assert [(str(each.ticket), each.place) for each in board.calls] == [("A002", "Desk 1")]
    assert second is not None
    assert board.calls[0].at == second.at
    assert not any(name in repr(board) for name in ("Doyle", "Okafor", "Khan"))


def test_calls_leave_the_board_after_half_an_hour(centre: Centre) -> None:
    site = add_site(centre)
    service, anna, gateway = service_of(centre, site), centre.as_person("anna"), centre.as_gateway()
    desk = places(centre, site)[0]
    visits.at(anna, desk)
    visits.check_in(anna, arriving(site, service))
    called, _ = visits.call_next(anna, desk)
    assert called is not None
    assert len(kiosks.board(gateway, site).calls) == 1

    with centre.as_owner().write() as tx:
        tx.session.get_one(Visit, called.contact_id).called_at = called.at - timedelta(minutes=31)

    assert kiosks.board(gateway, site).calls == ()
