"""One contact at work, from opening to completion, as both dialects do it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import NotFound, Taken
from crm_desktop.domain.states import ContactState, Resolution
from crm_desktop.domain.views import Disposition, QueueFilter
from crm_desktop.services import contacts
from crm_desktop.store.models import Adjustment, ReadAudit, SafetyMarker
from tests.centre import Centre


def test_open_shows_messages_customer_and_timeline(centre: Centre) -> None:
    contact_id = centre.add_contact(customer="sam.doe@example.org", text="My bin was missed.")
    anna = centre.as_person("anna")
    contacts.take(anna, contact_id)

    view = contacts.open_contact(anna, contact_id)

    assert view.row.state is ContactState.ACTIVE
    assert [message.text for message in view.messages] == ["My bin was missed."]
    assert view.reply_to == "sam.doe@example.org"
    assert view.customer is not None
    assert view.customer.name == "Sam Doe"
    assert [each.value for each in view.customer.identifiers] == ["sam.doe@example.org"]
    assert [(entry.words, entry.who) for entry in view.timeline] == [("Taken", "Anna Whitlock")]


def test_open_shows_what_the_customer_needs_and_what_staff_must_know(centre: Centre) -> None:
    contact_id = centre.add_contact(customer="sam.doe@example.org")
    anna = centre.as_person("anna")
    opened = contacts.open_contact(anna, contact_id).customer
    assert opened is not None
    with centre.as_owner().write() as tx:
        tx.session.add(Adjustment(customer_id=opened.id, words="Hard of hearing"))
        tx.session.add(SafetyMarker(customer_id=opened.id, state="active", words="Two staff"))
        tx.session.add(SafetyMarker(customer_id=opened.id, state="expired", words="Old"))

    customer = contacts.open_contact(anna, contact_id).customer

    assert customer is not None
    assert [each.words for each in customer.adjustments] == ["Hard of hearing"]
    assert [each.words for each in customer.markers] == ["Two staff"]
    assert [entry.id for entry in customer.history] == [contact_id]


def test_another_queue_s_contact_is_not_there(centre: Centre) -> None:
    contact_id = centre.add_contact(queue="care")

    with pytest.raises(NotFound):
        contacts.open_contact(centre.as_person("anna"), contact_id)


def test_every_move_says_what_changed(centre: Centre) -> None:
    contact_id = centre.add_contact()
    anna = centre.as_person("anna")
    wanted = frozenset({Change(Topic.CONTACT, contact_id)})

    taken = contacts.take_next(anna, QueueFilter())
    parked = contacts.park(anna, contact_id, None, for_reply=True)
    resumed = contacts.resume(anna, contact_id)
    wrapping = contacts.begin_wrap_up(anna, contact_id)
    done = contacts.complete(
        anna, contact_id, Disposition(None, Resolution.RESOLVED, avoidable=False)
    )

    assert taken is not None
    assert taken.row is not None
    assert (taken.contact_id, taken.row.owner_name) == (contact_id, "Anna Whitlock")
    assert {each.changes.items for each in (taken, parked, resumed, wrapping, done)} == {wanted}
    assert contacts.open_contact(anna, contact_id).resolution is Resolution.RESOLVED


def test_next_with_nothing_waiting_gives_nothing(centre: Centre) -> None:
    assert contacts.take_next(centre.as_person("anna"), QueueFilter()) is None


def test_taking_what_somebody_has_names_them(centre: Centre) -> None:
    contact_id = centre.add_contact()
    contacts.take(centre.as_person("ben"), contact_id)

    with pytest.raises(Taken) as refusal:
        contacts.take(centre.as_person("anna"), contact_id)

    assert refusal.value.params["by"] == "Ben Achebe"


def test_getting_ready_opens_nothing(centre: Centre) -> None:
    contact_id = centre.add_contact(customer="sam.doe@example.org")
    anna = centre.as_person("anna")

    contacts.get_ready(anna)

    with centre.as_owner().read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(ReadAudit)) == 0
    contacts.open_contact(anna, contact_id)
    with centre.as_owner().read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(ReadAudit)) == 2
