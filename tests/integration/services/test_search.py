"""One field finds everything, and nothing that is typed into it breaks it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from crm_desktop.services import cases, customers, queue, search
from crm_desktop.services.cases import CaseInput
from crm_desktop.store.database import Database
from crm_desktop.store.models import Contact
from tests.centre import Centre

HOSTILE = (
    "",
    " ",
    "'",
    '"',
    "\\",
    "%",
    "_",
    "*",
    "\x00",
    "\ud800 sam",
    "a\x00b",
    "'; DROP TABLE contact; --",
    'sam" OR "doe',
    "sam OR doe NEAR(",
    "sam:* & !doe <-> | ((",
    "{title} : ^sam*",
    "title: sam -doe",
    "sam\\",
    "100% _legal_ \\d",
    "C-8F3-T9K-4'",
    "+44 (0)1632 960 001 ext '",
    "@@@@",
    "a@b@c",
    "sam.doe@example.org'",
    "\u202e\u200d\ufeff𝓢𝓪𝓶 ﬁ ß İ",
    "x" * 10_000,
    "word " * 5_000,
    "é" * 10_000,
)


@pytest.fixture
def anna(centre: Centre) -> Database:
    return centre.as_person("anna")


def _found(db: Database, text: str) -> set[tuple[str, str]]:
    return {(hit.kind, hit.title) for hit in search.find(db, text).hits}


def _service_id(db: Database, code: str) -> int:
    return next(each.id for each in queue.services(db) if each.code == code)


def test_a_reference_finds_its_case_first(centre: Centre, anna: Database) -> None:
    contact_id = centre.add_contact(customer="sam.doe@example.org")
    saved = cases.save(
        anna, CaseInput(contact_id, _service_id(anna, "missed_bin"), {"bin": "recycling"})
    )

    hit = search.find(anna, saved.reference.lower().replace("-", " ")).hits[0]

    assert (hit.kind, hit.id, hit.contact_id) == ("case", saved.case_id, contact_id)
    assert (hit.title, hit.detail) == (saved.reference, "Missed bin collection · open")


def test_numbers_and_addresses_find_their_customer_first(centre: Centre, anna: Database) -> None:
    new = customers.NewCustomer("Zoë Łuczak", email="zoe@example.org", phone="01632 960 123")
    customers.create(anna, new)

    by_mail = search.find(anna, " ZOE@Example.org ").hits[0]
    by_phone = search.find(anna, "+44 1632 960123").hits[0]

    assert (by_mail.kind, by_mail.title, by_mail.detail) == (
        "customer",
        "Zoë Łuczak",
        "Email address",
    )
    assert (by_phone.title, by_phone.detail) == ("Zoë Łuczak", "Telephone number")


def test_words_find_customers_contacts_and_answers(centre: Centre, anna: Database) -> None:
    centre.add_contact(subject="Missed bin", text="Nobody came for my recycling")
    customers.create(anna, customers.NewCustomer("Siân Roe"))

    assert _found(anna, "recyc") == {
        ("contact", "Margaret Okafor"),
        ("article", "Missed bins: what we re-collect, and when"),
    }
    assert ("customer", "Siân Roe") in _found(anna, "sian ro")


def test_another_queue_s_contacts_and_cases_are_not_found(centre: Centre, anna: Database) -> None:
    cora = centre.as_person("cora")
    contact_id = centre.add_contact(queue="care", who="Hidden Person", text="xylophone")
    concern = CaseInput(contact_id, _service_id(cora, "concern"), {})
    saved = cases.save(cora, concern)

    assert _found(anna, "xylophone") == set()
    assert _found(anna, saved.reference) == set()
    assert _found(cora, "xylophone") == {("contact", "Hidden Person")}
    assert _found(cora, saved.reference) == {("case", saved.reference)}


def test_the_answer_is_bounded_and_says_each_thing_once(centre: Centre, anna: Database) -> None:
    for n in range(12):
        centre.add_contact(who=f"Recycling {n}", text="recycling")
    customers.create(anna, customers.NewCustomer("recycling", email="recycling@example.org"))

    hits = search.find(anna, "recycling", limit=8).hits

    assert len(hits) == 8
    assert len({(hit.kind, hit.id) for hit in hits}) == 8
    assert {hit.kind for hit in hits} == {"customer", "contact", "article"}


def test_hostile_text_breaks_nothing(centre: Centre, anna: Database) -> None:
    centre.add_contact(customer="sam.doe@example.org")

    for text in HOSTILE:
        assert len(search.find(anna, text, limit=5).hits) <= 5
        assert len(customers.search(anna, text, limit=5)) <= 5


def test_any_text_can_be_searched_for(centre: Centre, anna: Database) -> None:
    centre.add_contact(customer="sam.doe@example.org")

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(st.characters(), max_size=60) | st.text("ab'\"\\%_*:&|!()<->@+0 ", max_size=20))
    def any_text(text: str) -> None:
        search.find(anna, text)
        customers.search(anna, text)

    any_text()


def test_contacts_are_found_however_old_the_newest_first(centre: Centre) -> None:
    now = datetime.now(UTC)
    ages = [timedelta(days=days) for days in (1500, 800, 400, 45, 20, 2, 0)]
    ids = []
    for age in ages:
        contact_id = centre.add_contact(subject="Wobbly lamppost")
        ids.append(contact_id)
        with centre.as_owner().write() as tx:
            moved = update(Contact).where(Contact.id == contact_id).values(received_at=now - age)
            tx.session.execute(moved)
    anna = centre.as_person("anna")

    everything = search.find(anna, "lamppost wob")
    newest = search.find(anna, "lamppost", limit=3)

    assert [hit.id for hit in everything.hits if hit.kind == "contact"] == ids[::-1]
    assert not everything.partial
    assert [hit.id for hit in newest.hits if hit.kind == "contact"] == ids[:-4:-1]
    assert newest.partial


def test_what_is_exact_comes_before_names_and_those_before_words(
    centre: Centre, anna: Database
) -> None:
    contact_id = centre.add_contact(who="Zoe Okafor", text="Rang from 01632 960 123")
    for n in range(30):
        centre.add_contact(who=f"Okafor {n}")
    customers.create(anna, customers.NewCustomer("Zoë Okafor", phone="01632 960 123"))
    customers.create(anna, customers.NewCustomer("Okafor Zoë"))

    by_name = search.find(anna, "zoe okaf").hits
    by_phone = search.find(anna, "01632 960 123").hits
    by_word = search.find(anna, "okafor", limit=6)

    assert [(hit.kind, hit.title) for hit in by_name] == [
        ("customer", "Zoë Okafor"),
        ("customer", "Okafor Zoë"),
        ("contact", "Zoe Okafor"),
    ]
    assert [(hit.kind, hit.detail) for hit in by_phone[:1]] == [("customer", "Telephone number")]
    assert by_phone[1].id == contact_id
    assert [hit.kind for hit in by_word.hits] == ["customer"] * 2 + ["contact"] * 4
    assert by_word.partial


def test_a_misspelt_name_is_forgiven_when_nothing_is_written_so(
    centre: Centre, anna: Database
) -> None:
    customers.create(anna, customers.NewCustomer("Margaret Lindqvist"))

    assert ("customer", "Margaret Lindqvist") in _found(anna, "margret lindq")
    centre.add_contact(text="a letter to margret lindqvister")
    assert {kind for kind, _ in _found(anna, "margret lindq")} == {"contact"}
