"""Who came while the database was away is entered once, as far as they had come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from crm_desktop.domain.away_visits import AwayNumbers, AwayVisit
from crm_desktop.domain.errors import Conflict, NotFound
from crm_desktop.domain.states import ContactState, Resolution
from crm_desktop.domain.visits import Need, Ticket
from crm_desktop.services import contacts, visits, visits_away
from crm_desktop.store.models import Contact, Customer, Event, Service, Visit
from tests.centre import Centre
from tests.visits_centre import add_site, arriving, places, service_of


def _now(centre: Centre) -> datetime:
    with centre.as_owner().read() as tx:
        return tx.now


def _came(centre: Centre, site: int, minutes: int = 20, **more: Any) -> AwayVisit:
    """Somebody who came so many minutes ago, with the first number of a range of their own."""
    numbers = visits.reserve(centre.as_person("anna"), site, f"computer {minutes}")
    made: dict[str, Any] = {
        "ticket": Ticket("A", numbers.first),
        "arrived_at": _now(centre) - timedelta(minutes=minutes),
        **more,
    }
    return AwayVisit(
        key=uuid4().hex, site_id=site, service_id=service_of(centre, site),
        service_name="Missed bin", checked_in_by="anna", **made,
    )  # fmt: skip


def _seen(visit: AwayVisit, place: int) -> AwayVisit:
    at = visit.arrived_at
    called = visit.called("anna", place, "Desk 1", at + timedelta(minutes=4))
    return called.seen(at + timedelta(minutes=5))


def _kept(centre: Centre) -> list[tuple[str, str, str]]:
    with centre.as_owner().read() as tx:
        rows = tx.session.execute(
            select(Visit.letter, Visit.number, Contact.state, Visit.note)
            .join(Contact, Contact.id == Visit.contact_id)
            .order_by(Visit.contact_id)
        )
        return [(f"{letter}{number:03d}", state, note) for letter, number, state, note in rows]


def test_who_waits_is_in_the_line_with_the_time_they_came(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    visits.check_in(anna, arriving(site, service_of(centre, site), "came later"))
    visit = _came(centre, site, who="Margaret Okafor", needs=(Need.SITTING,), note="two bags")

    first, again = visits_away.enter(anna, visit), visits_away.enter(anna, visit)

    assert first.contact_id == again.contact_id
    assert first.ticket == again.ticket == visit.ticket == Ticket("A", 900)
    row = visits.line(anna, site).rows[0]
    assert (row.who, row.arrived_at, row.needs, row.note, row.state) == (
        "Margaret Okafor", visit.arrived_at, (Need.SITTING,), "two bags", ContactState.QUEUED,
    )  # fmt: skip
    with centre.as_owner().read() as tx:
        assert tx.session.get_one(Contact, first.contact_id).while_away


def test_each_is_brought_as_far_as_they_had_come_and_the_day_adds_up(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    desk = places(centre, site)[0]
    seen = _seen(_came(centre, site, 21), desk)
    done = seen.done(Resolution.SIGNPOSTED_COUNCIL, seen.arrived_at + timedelta(minutes=9))
    late = _came(centre, site, 22).called("anna", desk, "Desk 1", done.arrived_at)
    missed = late.called("anna", desk, "Desk 1", done.arrived_at).gone(
        ContactState.NO_SHOW, done.arrived_at, after_calls=2
    )
    went = _came(centre, site, 23).gone(ContactState.LEFT, done.arrived_at, after_calls=2)
    waits = _came(centre, site, 24)
    there = _seen(_came(centre, site, 25), desk)

    for each in (done, missed, went, waits, there):
        visits_away.enter(anna, each)
        visits_away.enter(anna, each)

    states = [state for _, state, _ in _kept(centre)]
    assert states == ["completed", "no_show", "left", "queued", "active"]
    day = visits.line(anna, site).day
    assert (day.footfall, day.waiting, day.served) == (5, 1, 2)
    assert (day.answered_now, day.left_unseen, day.no_shows) == (0, 1, 1)
    assert day.average_wait == 5 * 60
    assert day.within_target == 1.0
    with centre.as_owner().read() as tx:
        contact, visit = tx.session.execute(
            select(Contact, Visit)
            .join(Visit, Visit.contact_id == Contact.id)
            .where(Contact.state == ContactState.COMPLETED)
        ).one()
        events = tx.session.execute(
            select(Event.kind, Event.at).where(Event.contact_id == contact.id).order_by(Event.id)
        ).all()
        assert (contact.received_at, contact.first_taken_at, contact.completed_at) == (
            done.arrived_at, done.seen_at, done.ended_at,
        )  # fmt: skip
        assert (visit.called_at, visit.seen_at, visit.left_at) == (
            done.called_at, done.seen_at, done.ended_at,
        )  # fmt: skip
        assert contact.resolution == Resolution.SIGNPOSTED_COUNCIL
    assert [tuple(each) for each in events] == [
        ("contact.received", done.arrived_at),
        ("visit.called", done.called_at),
        ("contact.taken", done.seen_at),
        ("contact.completed", done.ended_at),
    ]


def test_what_a_lost_answer_left_half_done_is_finished(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    waits = _came(centre, site)
    visits_away.enter(anna, waits)
    seen = _seen(waits, places(centre, site)[0])
    visits_away.enter(anna, seen)
    visits_away.enter(anna, seen.done(Resolution.RESOLVED, _now(centre)))

    assert [state for _, state, _ in _kept(centre)] == ["completed"]


def test_who_was_laid_aside_since_stays_so(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    desk = places(centre, site)[0]
    there = _seen(_came(centre, site), desk)
    contact_id = visits_away.enter(anna, there).contact_id
    contacts.park(anna, contact_id, _now(centre) + timedelta(hours=1))

    visits_away.enter(anna, there)

    assert [state for _, state, _ in _kept(centre)] == ["parked"]
    visits_away.enter(anna, there.done(Resolution.RESOLVED, _now(centre)))
    assert [state for _, state, _ in _kept(centre)] == ["completed"]


def test_a_quick_question_and_who_has_no_number_are_entered_once(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    bare = _came(centre, site, ticket=None, who="No number")
    asked = _came(centre, site, 10, ticket=None, quick=True, staff="anna")
    quick = asked.seen(asked.arrived_at).done(Resolution.RESOLVED, asked.arrived_at)

    given = {visits_away.enter(anna, bare).ticket for _ in range(2)}
    for _ in range(2):
        visits_away.enter(anna, quick)

    assert given == {Ticket("A", 1)}
    assert [state for _, state, _ in _kept(centre)] == ["queued", "completed"]
    line = visits.line(anna, site)
    assert line.rows[0].arrived_at == bare.arrived_at
    assert (line.day.footfall, line.day.answered_now) == (2, 1)


def test_nobody_writes_down_late_what_never_was(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    visit = _seen(_came(centre, site), places(centre, site)[0])
    early = replace(visit, seen_at=visit.arrived_at - timedelta(minutes=1))
    future = visit.done(Resolution.RESOLVED, _now(centre) + timedelta(hours=1))
    unseen = replace(visit, state=ContactState.COMPLETED, seen_at=None, ended_at=_now(centre))
    for wrong in (early, future, unseen):
        with pytest.raises(Conflict, match="cannot have been"):
            visits_away.enter(anna, wrong)
    assert _kept(centre) == []


def test_what_the_rules_refuse_changes_nothing(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    service, desk = service_of(centre, site), places(centre, site)[0]
    visits.at(anna, desk)
    visits.check_in(anna, arriving(site, service))
    visits.call_next(anna, desk)
    with pytest.raises(Conflict, match="A001 is there"):
        visits_away.enter(anna, _seen(_came(centre, site), desk))
    with centre.as_owner().write() as tx:
        tx.session.get_one(Service, service).active = False
    with pytest.raises(NotFound):
        visits_away.enter(anna, _came(centre, site, 30))

    assert len(_kept(centre)) == 1


def test_computers_of_one_site_never_give_the_same_number(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    given: list[Ticket] = []
    for computer in ("one", "two", "two/2"):
        reserved = visits.reserve(anna, site, computer)
        numbers = AwayNumbers(site, reserved.day, ()).with_range(reserved)
        for _ in range(11):
            ticket, numbers = numbers.give("A")
            given += [ticket] if ticket else []

    assert len(given) == len(set(given)) == 30


def test_whose_record_was_merged_meanwhile_is_who_it_became(centre: Centre) -> None:
    site, anna = add_site(centre), centre.as_person("anna")
    with centre.as_owner().write() as tx:
        kept = Customer(name="Margaret Okafor", folded="margaret okafor")
        tx.session.add(kept)
        tx.session.flush()
        gone = Customer(name="M Okafor", folded="m okafor", merged_into_id=kept.id)
        tx.session.add(gone)
        tx.session.flush()
        before, after = gone.id, kept.id

    became = visits_away.enter(anna, _came(centre, site, customer_id=before))
    with pytest.raises(NotFound, match="no such customer"):
        visits_away.enter(anna, _came(centre, site, 30, customer_id=after + 100))

    with centre.as_owner().read() as tx:
        assert tx.session.get_one(Contact, became.contact_id).customer_id == after
