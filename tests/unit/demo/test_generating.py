"""Customers and contacts by the million: believable, repeatable, in order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from crm_desktop.demo.content import load
from crm_desktop.demo.phrasing import HOME, filled_forms, letters
from crm_desktop.demo.population import Population
from crm_desktop.demo.traffic import DemoContact, Traffic
from crm_desktop.domain.forms import Form
from crm_desktop.domain.identifiers import normal_email, normal_phone, normal_postcode
from crm_desktop.domain.states import CaseState, Channel, ContactState, Direction, Visibility
from crm_desktop.domain.text import fold

CENTRE = load(Path(__file__).parents[3] / "resources" / "demo")
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
TODAY = date(2026, 11, 20)


def population(seed: int = 1) -> Population:
    return Population(CENTRE, Random(seed), TODAY)


def contacts(
    count: int = 300, *, open_count: int = 120, hours: int = 10, customers: int = 400, seed: int = 1
) -> list[DemoContact]:
    traffic = Traffic(CENTRE, population(seed), Random(seed), NOW, customers)
    return list(traffic.contacts(count, span=timedelta(hours=hours), open_count=open_count))


def test_the_same_seed_gives_the_same_people_and_contacts() -> None:
    assert list(population().customers(50)) == list(population().customers(50))
    assert list(population(1).customers(50)) != list(population(2).customers(50))
    assert contacts(50) == contacts(50)


def test_a_customer_can_be_made_again_from_the_number_alone() -> None:
    people = population()

    for customer in people.customers(200):
        number = customer.number
        assert people.customer(number) == customer
        assert people.name(number) == customer.name
        assert people.email(number) == customer.email
        assert customer.lines.startswith(people.home(number))


def test_what_customers_are_found_by_is_in_normal_form() -> None:
    for customer in population().customers(300):
        assert customer.folded == fold(customer.name)
        assert normal_postcode(customer.postcode) == customer.postcode
        assert not customer.email or normal_email(customer.email) == customer.email
        assert normal_phone(customer.phone) == customer.phone_norm


def test_no_two_customers_share_an_identifier() -> None:
    people = list(population().customers(5_000))

    for values in (
        [person.email for person in people if person.email],
        [person.phone_norm for person in people if person.phone_norm],
        [person.account for person in people if person.account],
    ):
        assert len(set(values)) == len(values) > 500


def test_some_customers_have_adjustments_and_few_a_safety_marker() -> None:
    people = list(population().customers(5_000))

    assert 200 < sum(bool(person.adjustment) for person in people) < 450
    assert 5 < sum(bool(person.safety_marker) for person in people) < 50
    assert any(person.kind == "organisation" for person in people)


def test_contacts_come_in_order_and_not_in_the_future() -> None:
    made = contacts(500, hours=24 * 30)

    assert [contact.number for contact in made] == list(range(500))
    assert all(a.received_at <= b.received_at for a, b in pairwise(made))
    assert made[-1].received_at <= NOW
    assert made[0].received_at >= NOW - timedelta(days=30)


@pytest.mark.parametrize(
    ("count", "open_count"), [(300, 120), (300, 0), (50, 50), (10, 99), (0, 5)]
)
def test_exactly_as_many_as_wanted_are_open(count: int, open_count: int) -> None:
    made = contacts(count, open_count=open_count)
    still_open = [c for c in made if c.state is not ContactState.COMPLETED]

    assert len(made) == count
    assert len(still_open) == min(count, open_count)


def test_open_contacts_wait_or_are_parked_and_completed_ones_have_a_disposition() -> None:
    for contact in contacts(400, open_count=200):
        times = [message.at for message in contact.messages]
        assert times == sorted(times)
        assert times[0] == contact.received_at
        assert times[-1] <= NOW
        if contact.state is ContactState.COMPLETED:
            assert contact.resolution is not None
            assert contact.avoidable is not None
            assert contact.owner
            assert contact.taken_at is not None
            assert contact.completed_at is not None
            assert contact.received_at <= contact.taken_at <= contact.completed_at <= NOW
            assert 2 <= len(contact.messages) <= 4
        elif contact.state is ContactState.PARKED:
            assert contact.parked_until is not None
            assert contact.parked_until > NOW
            assert contact.owner
        else:
            assert contact.state is ContactState.QUEUED
            assert len(contact.messages) == 1
            assert not contact.owner


def test_internal_notes_and_replies_have_an_author_who_serves_the_queue() -> None:
    queues = {person.login: person.queues for person in CENTRE.staff}

    for contact in contacts():
        for message in contact.messages:
            if message.direction is Direction.INBOUND:
                assert not message.author
                assert message.visibility is Visibility.PUBLIC
            else:
                assert contact.queue in queues[message.author]


def test_a_web_form_opens_a_case_with_answers_that_its_form_accepts() -> None:
    forms = [contact for contact in contacts() if contact.channel is Channel.WEB_FORM]

    assert len(forms) > 50
    for contact in forms:
        assert contact.service is not None
        assert contact.answers is not None
        schema = CENTRE.service(contact.service).schema
        assert schema is not None
        cleaned = Form.from_schema(schema).public().clean(contact.answers)
        assert not cleaned.errors
        assert cleaned.answers == contact.answers
        assert isinstance(contact.case, CaseState)


def test_a_mail_comes_from_an_address_and_is_signed() -> None:
    mails = [c for c in contacts() if c.channel is Channel.EMAIL and c.follows is None]

    for contact in mails:
        assert normal_email(contact.sender_email) == contact.sender_email
        assert contact.messages[0].text.endswith(contact.sender_name)


def test_a_follow_up_continues_an_earlier_contact_of_the_same_person() -> None:
    made = contacts(1_000, open_count=0, hours=200)
    follow_ups = [contact for contact in made if contact.follows is not None]

    assert len(follow_ups) > 20
    for contact in follow_ups:
        assert contact.follows is not None
        earlier = made[contact.follows]
        assert earlier.number < contact.number
        assert contact.sender_email == earlier.sender_email
        assert contact.subject.startswith("Re: ")
        assert not contact.subject.startswith("Re: Re: ")


def test_a_day_does_not_look_repeated() -> None:
    made = contacts()
    texts = Counter(contact.messages[0].text for contact in made if contact.follows is None)

    assert len(texts) > 0.97 * sum(texts.values())
    assert len({contact.subject for contact in made}) > 60
    assert len({contact.queue for contact in made}) >= 6


def test_a_few_customers_write_often_and_some_writers_are_strangers() -> None:
    made = contacts(2_000, open_count=0, hours=5_000)
    by_customer = Counter(contact.customer for contact in made)

    assert 50 < by_customer[None] < 300
    assert all(number is None or 0 <= number < 400 for number in by_customer)
    assert max(n for number, n in by_customer.items() if number is not None) > 10


def test_a_centre_without_customers_has_strangers_only() -> None:
    assert {contact.customer for contact in contacts(30, customers=0)} == {None}


def test_mornings_of_working_days_are_busiest() -> None:
    made = contacts(3_000, open_count=0, hours=24 * 28)
    by_hour = Counter(contact.received_at.hour for contact in made)
    by_day = Counter(contact.received_at.weekday() for contact in made)

    assert by_hour[10] > 5 * by_hour[3]
    assert by_day[0] > 2 * by_day[6]


def test_texts_leave_no_slot_and_no_alternative_open() -> None:
    for letter in letters(CENTRE, Random(3), 2_000):
        assert not set("{}[]|") & set(letter.subject + letter.body)
        assert letter.service is None or CENTRE.service(letter.service)


def test_filled_forms_say_where_the_writers_own_address_belongs() -> None:
    forms = filled_forms(CENTRE, Random(3), 500, TODAY)

    for form in forms:
        for question in form.own_home:
            assert form.answers[question] == HOME
        assert (HOME in form.text) == bool(form.own_home)
    assert {form.service.code for form in forms} >= {"missed-bin", "pothole", "blue-badge"}


def test_an_unknown_slot_in_a_mail_is_a_mistake() -> None:
    wrong = replace(CENTRE, mails=(replace(CENTRE.mails[0], body="{nothing}"),))

    with pytest.raises(KeyError, match="nothing"):
        letters(wrong, Random(1), 1)


def test_customers_without_a_mail_address_never_mail() -> None:
    people = population()
    silent = next(number for number in range(500) if not people.email(number))
    traffic = Traffic(CENTRE, people, Random(5), NOW, silent + 1)

    for contact in traffic.contacts(200, span=timedelta(hours=9), open_count=0):
        assert contact.customer != silent or contact.channel is Channel.WEB_FORM
