"""Visits on both dialects: each number once, each visitor called by one desk, nobody forgotten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from crm_desktop.domain.errors import Conflict, NotAllowed, NotFound, Taken
from crm_desktop.domain.states import ContactState, Resolution
from crm_desktop.domain.views import Disposition
from crm_desktop.domain.visits import AnsweredNow, CheckedInBy, Need, Ticket, To
from crm_desktop.services import contacts, visits
from crm_desktop.services.routing import Rounds
from crm_desktop.store.models import Adjustment, Contact, Event, Place, Visit
from tests.centre import Centre
from tests.visits_centre import add_site, arriving, places, service_of


def _state(centre: Centre, contact_id: int) -> str:
    with centre.as_owner().read() as tx:
        return tx.session.get_one(Contact, contact_id).state


def _events(centre: Centre, contact_id: int) -> list[str]:
    with centre.as_owner().read() as tx:
        found = select(Event.kind).where(Event.contact_id == contact_id).order_by(Event.id)
        return list(tx.session.scalars(found))


def test_a_visitor_is_checked_in_called_seen_and_done(centre: Centre) -> None:
    site = add_site(centre)
    desk, service = places(centre, site)[0], service_of(centre, site)
    anna = centre.as_person("anna")

    checked, _ = visits.check_in(anna, arriving(site, service, "R. Doyle"))
    assert checked.ticket == Ticket("A", 1)
    assert (checked.position, checked.wait_seconds) == (1, None)
    visits.at(anna, desk)
    called, _ = visits.call_next(anna, desk)
    assert called is not None
    assert (str(called.ticket), called.place) == ("A001", "Desk 1")
    visits.serve(anna, checked.contact_id)
    contacts.begin_wrap_up(anna, checked.contact_id)
    contacts.complete(anna, checked.contact_id, Disposition(None, Resolution.RESOLVED, False))

    assert _events(centre, checked.contact_id) == [
        "contact.received",
        "visit.called",
        "contact.taken",
        "contact.wrap_up",
        "contact.completed",
    ]
    shown = visits.line(anna, site)
    assert shown.rows == ()
    assert (shown.day.footfall, shown.day.served, shown.day.left_unseen) == (1, 1, 0)
    assert shown.day.within_target == 1


def test_the_same_arrival_is_kept_once(centre: Centre) -> None:
    site = add_site(centre)
    anna, said = centre.as_person("anna"), arriving(site, service_of(centre, site), "R. Doyle")

    first, _ = visits.check_in(anna, said)
    again, _ = visits.check_in(anna, said)

    assert (first.contact_id, first.ticket) == (again.contact_id, again.ticket)


def test_desks_that_call_at_once_never_call_the_same(centre: Centre) -> None:
    site = add_site(centre, desks=4)
    service, desks = service_of(centre, site), places(centre, site)
    people = [centre.as_person(login) for login in ("anna", "ben", "rose", "cora")]
    for person, desk in zip(people, desks, strict=True):
        visits.at(person, desk)
    came = [visits.check_in(people[0], arriving(site, service))[0].contact_id for _ in range(12)]

    def work(number: int) -> list[int]:
        mine: list[int] = []
        while True:
            called, _ = visits.call_next(people[number], desks[number])
            if called is None:
                return mine
            mine.append(called.contact_id)
            visits.serve(people[number], called.contact_id)
            contacts.begin_wrap_up(people[number], called.contact_id)

    with ThreadPoolExecutor(4) as pool:
        seen = [each for mine in pool.map(work, range(4)) for each in mine]

    assert sorted(seen) == sorted(came)


def test_the_next_is_not_called_before_the_last_is_seen_to(centre: Centre) -> None:
    site = add_site(centre)
    service, (desk, other) = service_of(centre, site), places(centre, site)
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    first, _ = visits.check_in(anna, arriving(site, service))
    second, _ = visits.check_in(anna, arriving(site, service))
    with pytest.raises(NotAllowed):
        visits.call_next(anna, desk)
    visits.at(anna, desk)
    visits.at(ben, other)
    visits.call_next(anna, desk)

    with pytest.raises(Conflict, match="A001 is there"):
        visits.call_next(anna, desk)
    with pytest.raises(Taken):
        visits.serve(ben, first.contact_id)
    called, _ = visits.call(ben, second.contact_id, other)
    assert called.ticket == second.ticket


def test_who_does_not_come_is_called_again_and_then_a_no_show(centre: Centre) -> None:
    site = add_site(centre)
    desk, anna = places(centre, site)[0], centre.as_person("anna")
    visit, _ = visits.check_in(anna, arriving(site, service_of(centre, site)))
    visits.at(anna, desk)
    visits.call_next(anna, desk)
    with pytest.raises(Conflict, match="call them again first"):
        visits.no_show(anna, visit.contact_id)

    called, _ = visits.recall(anna, visit.contact_id)
    assert called.ticket == visit.ticket
    visits.no_show(anna, visit.contact_id)

    assert _state(centre, visit.contact_id) == ContactState.NO_SHOW
    assert visits.line(anna, site).day.no_shows == 1
    assert visits.call_next(anna, desk)[0] is None


def test_back_in_the_line_they_keep_their_place(centre: Centre) -> None:
    site = add_site(centre)
    desk, service, anna = (
        places(centre, site)[0],
        service_of(centre, site),
        centre.as_person("anna"),
    )
    first, _ = visits.check_in(anna, arriving(site, service))
    visits.check_in(anna, arriving(site, service))
    visits.at(anna, desk)
    visits.call_next(anna, desk)

    visits.back_to_line(anna, first.contact_id)
    called, _ = visits.call_next(anna, desk)

    assert called is not None
    assert called.contact_id == first.contact_id


def test_a_visitor_is_sent_to_a_room_and_to_another_service(centre: Centre) -> None:
    site = add_site(centre)
    (desk, room), anna, ben = (
        places(centre, site),
        centre.as_person("anna"),
        centre.as_person("ben"),
    )
    visit, _ = visits.check_in(anna, arriving(site, service_of(centre, site)))
    visits.at(anna, desk)
    visits.at(ben, room)
    visits.call_next(anna, desk)

    visits.transfer(anna, visit.contact_id, To(place_id=room), "has brought the deeds")
    assert visits.call_next(anna, desk)[0] is None
    called, _ = visits.call_next(ben, room)
    assert called is not None
    assert called.ticket == visit.ticket
    visits.transfer(ben, visit.contact_id, To(service_id=service_of(centre, site, 2)), "")

    (row,) = visits.line(anna, site).rows
    assert (row.ticket, row.service_id) == (visit.ticket, service_of(centre, site, 2))
    with pytest.raises(Conflict):
        visits.transfer(anna, visit.contact_id, To(), "")


def test_a_desk_calls_what_its_profile_says(centre: Centre) -> None:
    site = add_site(centre)
    desk, anna = places(centre, site)[0], centre.as_person("anna")
    other = service_of(centre, site, 2)
    with centre.as_owner().write() as tx:
        tx.session.get_one(Place, desk).service_ids = [other]
    visits.check_in(anna, arriving(site, service_of(centre, site)))
    wanted, _ = visits.check_in(anna, arriving(site, other))
    visits.at(anna, desk)

    called, _ = visits.call_next(anna, desk)

    assert called is not None
    assert called.contact_id == wanted.contact_id


def test_quick_questions_are_counted(centre: Centre) -> None:
    site = add_site(centre)
    anna = centre.as_person("anna")
    said = AnsweredNow("0" * 32, site, service_of(centre, site), Resolution.RESOLVED, "where it is")

    visits.answer_now(anna, said)
    visits.answer_now(anna, said)

    day = visits.line(anna, site).day
    assert (day.footfall, day.answered_now, day.served) == (1, 1, 0)


def test_numbers_of_an_absent_database_are_entered_once(centre: Centre) -> None:
    site = add_site(centre)
    anna, service = centre.as_person("anna"), service_of(centre, site)
    mine = visits.reserve(anna, site, "desk-pc-1")
    assert visits.reserve(anna, site, "desk-pc-1") == mine
    other = visits.reserve(anna, site, "desk-pc-2")
    assert other.first == mine.first + 10
    gone = datetime.now(UTC) - timedelta(seconds=30)
    said = arriving(
        site, service, "Walk-in",
        by=CheckedInBy.AWAY, ticket=Ticket("A", mine.first), arrived_at=gone,
    )  # fmt: skip

    first, _ = visits.check_in(anna, said)
    again, _ = visits.check_in(anna, said)
    twice = arriving(
        site, service, by=CheckedInBy.AWAY, ticket=Ticket("A", mine.first), arrived_at=gone
    )
    with pytest.raises(Conflict, match="given already"):
        visits.check_in(anna, twice)
    forged = arriving(site, service, by=CheckedInBy.AWAY, ticket=Ticket("A", 7), arrived_at=gone)
    with pytest.raises(Conflict, match="reserved range"):
        visits.check_in(anna, forged)

    assert first.contact_id == again.contact_id
    with centre.as_owner().read() as tx:
        kept = tx.session.get_one(Contact, first.contact_id)
        assert abs(kept.received_at - gone) < timedelta(milliseconds=2)
        assert kept.while_away
        assert tx.session.get_one(Visit, first.contact_id).number == mine.first


def test_what_a_customer_needs_is_kept(centre: Centre) -> None:
    site = add_site(centre)
    anna = centre.as_person("anna")
    contact_id = centre.add_contact(customer="r.doyle@example.org", who="R. Doyle")
    with centre.as_owner().read() as tx:
        customer = tx.session.get_one(Contact, contact_id).customer_id
    assert customer is not None
    said = {"customer_id": customer, "needs": (Need.HEARING_LOOP, Need.INTERPRETER)}

    for language in ("pl", "pl"):
        visits.check_in(
            anna, arriving(site, service_of(centre, site), "R. Doyle", language=language, **said)
        )

    with centre.as_owner().read() as tx:
        kept = select(Adjustment.words).where(Adjustment.customer_id == customer)
        assert sorted(tx.session.scalars(kept)) == ["Hearing loop", "Interpreter (pl)"]
    (match, *_) = visits.find(anna, site, "doyle")
    assert set(match.needs) == {Need.HEARING_LOOP, Need.INTERPRETER}


def test_visitors_are_never_offered_by_the_routing(centre: Centre) -> None:
    site = add_site(centre)
    anna = centre.as_person("anna")
    visit, _ = visits.check_in(anna, arriving(site, service_of(centre, site)))

    Rounds(centre.as_gateway()).turn()

    assert _state(centre, visit.contact_id) == ContactState.QUEUED


def test_what_is_not_there_is_refused(centre: Centre) -> None:
    site = add_site(centre)
    anna = centre.as_person("anna")
    with pytest.raises(NotFound):
        visits.check_in(anna, arriving(site, 99_999))
    with pytest.raises(NotFound):
        visits.line(anna, 99_999)
    with pytest.raises(NotFound):
        visits.at(anna, 99_999)
