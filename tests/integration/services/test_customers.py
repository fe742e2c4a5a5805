"""Customers are found, read with a trace, and recorded, alike on both dialects."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, InvalidInput, NotFound
from crm_desktop.domain.states import IdentifierKind
from crm_desktop.services import cases, customers, queue
from crm_desktop.services.cases import CaseInput
from crm_desktop.services.customers import NewCustomer
from crm_desktop.store.models import Event, ReadAudit
from tests.centre import Centre

ZOE = NewCustomer(
    "Zoë Łuczak",
    email="Zoe@Example.org",
    phone="01632 960 123",
    lines="12 Rowan Close",
    postcode="nr13px",
    prefers="email",
)


def test_a_new_customer_is_read_as_entered(centre: Centre) -> None:
    anna = centre.as_person("anna")

    customer_id, changes = customers.create(anna, ZOE)

    view = customers.get(anna, customer_id)
    assert changes.ids(Topic.CUSTOMER) == {customer_id}
    assert (view.name, view.prefers, view.kind) == ("Zoë Łuczak", "email", "person")
    assert view.addresses == (("12 Rowan Close", "NR1 3PX"),)
    assert [(each.kind, each.value) for each in view.identifiers] == [
        ("email", "Zoe@Example.org"),
        ("phone", "01632 960 123"),
    ]
    with centre.as_owner().read() as tx:
        assert list(tx.session.scalars(select(Event.kind))) == ["customer.created"]
        read = tx.session.execute(select(ReadAudit.what, ReadAudit.ref_id)).all()
    assert ("customer", customer_id) in [tuple(row) for row in read]


def test_everything_wrong_is_said_at_once(centre: Centre) -> None:
    wrong = NewCustomer(" ", email="nobody", phone="12", lines="x" * 501, postcode="NOWHERE")

    with pytest.raises(InvalidInput) as refusal:
        customers.create(centre.as_person("anna"), wrong)

    assert refusal.value.params["fields"] == {
        "name": "Enter a name",
        "email": "Enter an email address, like name@example.com",
        "phone": "Enter a telephone number, like 01632 960 001",
        "lines": "Address must be 500 characters or fewer",
        "postcode": "Enter a full UK postcode, like NR1 3PX",
    }


def test_a_known_address_names_who_has_it_unless_it_is_meant(centre: Centre) -> None:
    anna = centre.as_person("anna")
    first, _ = customers.create(anna, ZOE)

    with pytest.raises(Conflict) as refusal:
        customers.create(anna, NewCustomer("Adam Łuczak", email="zoe@example.org"))
    second, _ = customers.create(
        anna, NewCustomer("Adam Łuczak", email="zoe@example.org"), anyway=True
    )

    assert refusal.value.params["names"] == ("Zoë Łuczak",)
    assert {each.id for each in customers.search(anna, "zoe@example.org")} == {first, second}


def test_an_identifier_is_added_once(centre: Centre) -> None:
    anna = centre.as_person("anna")
    customer_id, _ = customers.create(anna, NewCustomer("Zoë"))

    for value in ("01632 960 123", "+44 1632 960123"):
        customers.add_identifier(anna, customer_id, IdentifierKind.PHONE, value)

    assert [each.value for each in customers.get(anna, customer_id).identifiers] == [
        "01632 960 123"
    ]


def test_an_unusable_identifier_or_customer_is_refused(centre: Centre) -> None:
    anna = centre.as_person("anna")

    with pytest.raises(InvalidInput) as refusal:
        customers.add_identifier(anna, 1, IdentifierKind.EMAIL, "nobody")
    with pytest.raises(NotFound):
        customers.add_identifier(anna, 99_999, IdentifierKind.EMAIL, "a@example.org")
    with pytest.raises(NotFound):
        customers.get(anna, 99_999)

    assert refusal.value.params["fields"] == {
        "email": "Enter an email address, like name@example.com"
    }


@pytest.mark.parametrize(
    "text",
    ["zoe luc", "Łuczak Zoë", "zoe luczk", "ZOE@example.org", "01632960123", "NR1 3PX", "nr13px"],
)
def test_a_customer_is_found_by_whatever_is_known(centre: Centre, text: str) -> None:
    anna = centre.as_person("anna")
    customer_id, _ = customers.create(anna, ZOE)
    customers.create(anna, NewCustomer("Quentin Abbott"))

    assert [each.id for each in customers.search(anna, text)] == [customer_id]


def test_a_customer_is_found_by_their_case(centre: Centre) -> None:
    anna = centre.as_person("anna")
    contact_id = centre.add_contact(customer="sam.doe@example.org")
    service = next(each for each in queue.services(anna) if each.code == "missed_bin")
    saved = cases.save(anna, CaseInput(contact_id, service.id, {"bin": "general"}))

    (found,) = customers.search(anna, saved.reference)

    assert (found.name, found.detail) == ("Sam Doe", saved.reference)


def test_history_is_newest_first_and_shows_no_restricted_matter(centre: Centre) -> None:
    mail = "sam.doe@example.org"
    first = centre.add_contact(customer=mail)
    centre.add_contact(customer=mail, queue="care")
    last = centre.add_contact(customer=mail, queue="waste")
    anna = centre.as_person("anna")
    (found,) = customers.search(anna, mail)

    assert [entry.id for entry in customers.history(anna, found.id)] == [last, first]
    assert customers.get(anna, found.id).contacts_in_year == 2
