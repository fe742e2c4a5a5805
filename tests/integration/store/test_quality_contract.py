"""Markers and restricted queues decide alike on both dialects."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.states import MarkerState
from crm_desktop.services import cases, contacts
from crm_desktop.services.cases import CaseInput
from crm_desktop.store.database import Database
from crm_desktop.store.models import Contact, Event, SafetyMarker, Service
from tests.centre import Centre

SAM = "sam.doe@example.org"
REVIEW = date(2099, 1, 1)


def _customer(centre: Centre, contact_id: int) -> int:
    with centre.as_owner().read() as tx:
        found = tx.session.scalar(select(Contact.customer_id).where(Contact.id == contact_id))
    assert found is not None
    return found


def _proposed(db: Database, customer_id: int) -> int:
    with db.write() as tx:
        return tx.guard.marker_propose(customer_id, " Dog at the door ")


def _states(centre: Centre) -> list[tuple[str, str, date | None]]:
    with centre.as_owner().read() as tx:
        rows = tx.session.scalars(select(SafetyMarker).order_by(SafetyMarker.id))
        return [(each.state, each.words, each.review_on) for each in rows]


def test_anybody_proposes_and_all_read_and_a_team_leader_decides(centre: Centre) -> None:
    anna, rose = centre.as_person("anna"), centre.as_person("rose")
    contact_id = centre.add_contact(customer=SAM)
    customer_id = _customer(centre, contact_id)

    marker = _proposed(anna, customer_id)
    with pytest.raises(NotAllowed), anna.write() as tx:
        tx.guard.marker_activate(marker, REVIEW)
    with pytest.raises(NotAllowed), anna.write() as tx:
        tx.guard.marker_end(marker)
    with rose.write() as tx:
        tx.guard.marker_activate(marker, REVIEW)
    workspace = contacts.open_contact(centre.as_person("ben"), contact_id)
    assert workspace.customer is not None
    (shown,) = workspace.customer.markers
    with rose.write() as tx:
        tx.guard.marker_end(marker)

    assert (shown.state, shown.words) == (MarkerState.ACTIVE, "Dog at the door")
    assert _states(centre) == [("removed", "Dog at the door", REVIEW)]
    with centre.as_owner().read() as tx:
        query = select(Event.kind, Event.customer_id, Event.data, Event.actor_id)
        events = tx.session.execute(query.where(Event.kind.like("marker.%")).order_by(Event.id))
        told = {"marker": marker}
        assert anna.actor is not None
        assert rose.actor is not None
        assert events.all() == [
            ("marker.proposed", customer_id, told, anna.actor.id),
            ("marker.activated", customer_id, told, rose.actor.id),
            ("marker.ended", customer_id, told, rose.actor.id),
        ]


def test_a_marker_has_words_a_customer_and_a_day_of_review(centre: Centre) -> None:
    rose = centre.as_person("rose")
    customer_id = _customer(centre, centre.add_contact(customer=SAM))
    marker = _proposed(rose, customer_id)

    with pytest.raises(InvalidInput), rose.write() as tx:
        tx.guard.marker_propose(customer_id, "  ")
    with pytest.raises(NotFound), rose.write() as tx:
        tx.guard.marker_propose(99_999, "Dog")
    with pytest.raises(InvalidInput), rose.write() as tx:
        tx.guard.marker_activate(marker, date(2020, 1, 1))
    with pytest.raises(NotFound), rose.write() as tx:
        tx.guard.marker_activate(99_999, REVIEW)
    with rose.write() as tx:
        tx.guard.marker_end(marker)
    with pytest.raises(Conflict), rose.write() as tx:
        tx.guard.marker_activate(marker, REVIEW)


def test_a_restricted_queue_s_contact_is_offered_to_its_members_alone(centre: Centre) -> None:
    cora = centre.as_person("cora")
    contact_id = centre.add_contact(queue="care")
    contacts.take(cora, contact_id)

    with pytest.raises(NotAllowed), cora.write() as tx:
        tx.guard.transfer(contact_id, None, centre.person("anna").id, "")
    with cora.write() as tx:
        tx.guard.transfer(contact_id, None, centre.person("rose").id, "")


def test_a_restricted_service_in_an_open_queue_shows_no_stub_either(centre: Centre) -> None:
    """The service decides too, not only its queue."""
    with centre.as_owner().write() as tx:
        service = tx.session.scalars(select(Service).where(Service.code == "council_tax")).one()
        service.restricted, service.queue_id = True, centre.queue_id("waste")
        service_id = service.id
    # Ben is in the queue, Cora is not.
    ben, cora = centre.as_person("ben"), centre.as_person("cora")
    contact_id = centre.add_contact(customer=SAM, queue="waste", subject="Rent")
    contacts.take(ben, contact_id)
    saved = cases.save(ben, CaseInput(contact_id, service_id, {}))
    customer_id = _customer(centre, contact_id)

    def seen(db: Database) -> list[str]:
        with db.read() as tx:
            return sorted(entry.kind for entry in tx.guard.history(customer_id, 10))

    assert seen(ben) == ["case", "contact"]
    assert seen(cora) == []
    with cora.read() as tx:
        (owner,) = tx.guard.owners("reference", (saved.reference,))[saved.reference]
    assert owner == (0, "")
    with ben.read() as tx:
        (owner,) = tx.guard.owners("reference", (saved.reference,))[saved.reference]
    assert owner == (customer_id, "Sam Doe")
