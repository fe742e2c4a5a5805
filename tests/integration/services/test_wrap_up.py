"""A call's wrap-up ends as its queue has it, alike on both dialects."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from crm_desktop.domain.calls import CallState, WrapUp
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, NotAllowed, NotFound, Taken
from crm_desktop.domain.states import ContactState, Resolution
from crm_desktop.domain.views import Disposition
from crm_desktop.domain.wrap_up import GRACE, TRANSFERRED_OUT
from crm_desktop.services import contacts, drafts, sweeper, wrap_up
from crm_desktop.services.leases import Lease, acquire
from crm_desktop.store.database import Database
from crm_desktop.store.models import Assignment, Call, Contact, Draft, Event
from tests.centre import Centre
from tests.wrapping_up import ended, over, rules


def lease_of(db: Database) -> Lease:
    lease = acquire(db, sweeper.LEASE_NAME, "test", 600)
    assert lease is not None
    return lease


def how_it_is(centre: Centre, contact_id: int) -> tuple[str, str | None, str | None]:
    with centre.as_owner().read() as tx:
        row = tx.session.get_one(Contact, contact_id)
        return row.state, row.resolution, row.end_reason


def last(centre: Centre, contact_id: int, kind: str) -> Event:
    with centre.as_owner().read() as tx:
        query = select(Event).where(Event.contact_id == contact_id, Event.kind == kind)
        found = tx.session.scalars(query.order_by(Event.id.desc())).first()
    assert found is not None
    return found


def test_a_timed_wrap_up_ends_by_itself_and_gives_its_person_back(centre: Centre) -> None:
    rules(centre, WrapUp.TIMED, 60)
    over, goes_on = ended(centre, ago=60 + GRACE.seconds), ended(centre, ago=60)
    db, anna = centre.as_gateway(), centre.as_person("anna")
    drafts.save(anna, over, "note", {"text": "Rang about the bins, will ring again"})

    changes = sweeper.sweep(db, lease_of(db))

    assert changes.ids(Topic.CONTACT) == {over}
    assert how_it_is(centre, over) == (ContactState.COMPLETED, None, "normal")
    assert how_it_is(centre, goes_on)[0] == ContactState.WRAP_UP
    told = last(centre, over, "contact.completed")
    assert told.actor_id is None
    assert told.data == {
        "how": "timed", "resolution": None, "avoidable": None, "service": None,
        "staff": centre.person("anna").id,
    }  # fmt: skip
    with centre.as_owner().read() as tx:
        open_ = select(Assignment.contact_id).where(Assignment.ended_at.is_(None))
        assert tx.session.scalars(open_).all() == [goes_on]
        # What was written is where it was.
        (kept,) = tx.session.scalars(select(Draft.content)).all()
    assert kept == {"text": "Rang about the bins, will ring again"}
    assert not sweeper.sweep(db, lease_of(db)).ids(Topic.CONTACT)


def test_it_is_extended_once(centre: Centre) -> None:
    rules(centre, WrapUp.TIMED, 60)
    contact_id, anna = ended(centre, ago=50), centre.as_person("anna")
    before = wrap_up.of(anna, contact_id)
    assert before is not None
    assert (before.mode, before.seconds, before.extended) == (WrapUp.TIMED, 60, False)

    moved = wrap_up.extend(anna, contact_id)

    after = wrap_up.of(anna, contact_id)
    assert after is not None
    assert before.until is not None
    assert after.until == before.until + timedelta(seconds=60)
    assert after.extended
    assert moved.changes.ids(Topic.CONTACT) == {contact_id}
    assert last(centre, contact_id, "contact.extended").actor_id == centre.person("anna").id
    with pytest.raises(Conflict):
        wrap_up.extend(anna, contact_id)


def test_what_is_answered_in_time_is_as_it_was_answered(centre: Centre) -> None:
    rules(centre, WrapUp.TIMED, 60)
    contact_id = ended(centre, ago=600)
    contacts.complete(
        centre.as_person("anna"), contact_id, Disposition(None, Resolution.RESOLVED, avoidable=True)
    )
    db = centre.as_gateway()

    sweeper.sweep(db, lease_of(db))

    assert how_it_is(centre, contact_id)[1] == Resolution.RESOLVED
    assert last(centre, contact_id, "contact.completed").actor_id == centre.person("anna").id


def test_who_gave_the_caller_to_somebody_outside_wraps_up_while_those_two_talk(
    centre: Centre,
) -> None:
    rules(centre, WrapUp.TIMED, 60)
    contact_id, anna = ended(centre, ago=50), centre.as_person("anna")
    with centre.as_owner().write() as tx:
        tx.session.get_one(Contact, contact_id).end_reason = TRANSFERRED_OUT
        tx.session.get_one(Call, contact_id).ended_at = None
    before = wrap_up.of(anna, contact_id)
    assert before is not None

    # That they have talked long enough begins nothing anew.
    with centre.as_owner().write() as tx:
        tx.session.get_one(Call, contact_id).ended_at = tx.now
    assert wrap_up.of(anna, contact_id) == before
    over(centre, contact_id, 60 + GRACE.seconds)
    with centre.as_owner().write() as tx:
        tx.session.get_one(Call, contact_id).ended_at = None
    db = centre.as_gateway()
    assert sweeper.sweep(db, lease_of(db)).ids(Topic.CONTACT) == {contact_id}
    assert how_it_is(centre, contact_id) == (ContactState.COMPLETED, None, TRANSFERRED_OUT)

    # Where its queue leaves the answers to its person, they may go without.
    rules(centre, WrapUp.OPTIONAL)
    other = ended(centre)
    with centre.as_owner().write() as tx:
        tx.session.get_one(Contact, other).end_reason = TRANSFERRED_OUT
        tx.session.get_one(Call, other).ended_at = None
    wrap_up.leave(anna, other)
    assert how_it_is(centre, other)[0] == ContactState.COMPLETED


@pytest.mark.parametrize("mode", [WrapUp.OPTIONAL, WrapUp.MANDATORY])
def test_other_wrap_ups_wait_for_their_person(centre: Centre, mode: WrapUp) -> None:
    rules(centre, mode)
    contact_id = ended(centre, ago=86_400)
    db, anna = centre.as_gateway(), centre.as_person("anna")

    sweeper.sweep(db, lease_of(db))

    assert how_it_is(centre, contact_id)[0] == ContactState.WRAP_UP
    rule = wrap_up.of(anna, contact_id)
    assert rule is not None
    assert (rule.mode, rule.until) == (mode, None)
    with pytest.raises(Conflict):
        wrap_up.extend(anna, contact_id)


def test_an_optional_one_is_left_without_an_answer(centre: Centre) -> None:
    rules(centre, WrapUp.OPTIONAL)
    contact_id, anna = ended(centre), centre.as_person("anna")

    wrap_up.leave(anna, contact_id)

    assert how_it_is(centre, contact_id) == (ContactState.COMPLETED, None, "normal")
    assert last(centre, contact_id, "contact.completed").data["how"] == "left"
    with pytest.raises(Conflict):
        wrap_up.leave(anna, contact_id)


@pytest.mark.parametrize("mode", [WrapUp.MANDATORY, WrapUp.TIMED])
def test_where_the_queue_asks_it_is_not_left(centre: Centre, mode: WrapUp) -> None:
    rules(centre, mode)
    contact_id = ended(centre)

    with pytest.raises(Conflict):
        wrap_up.leave(centre.as_person("anna"), contact_id)

    assert how_it_is(centre, contact_id)[0] == ContactState.WRAP_UP


def test_it_is_nobody_elses(centre: Centre) -> None:
    rules(centre, WrapUp.OPTIONAL)
    contact_id, ben, cora = ended(centre), centre.as_person("ben"), centre.as_person("cora")

    assert wrap_up.of(ben, contact_id) is None
    for move in (wrap_up.leave, wrap_up.extend):
        with pytest.raises(Taken):
            move(ben, contact_id)
        with pytest.raises((NotFound, NotAllowed)):
            move(cora, contact_id)
    assert how_it_is(centre, contact_id)[0] == ContactState.WRAP_UP


def test_while_the_call_goes_on_no_time_runs(centre: Centre) -> None:
    """Whoever begins to answer while they still talk is not cut off by it."""
    rules(centre, WrapUp.TIMED, 10)
    contact_id, anna = ended(centre, ago=600), centre.as_person("anna")
    with centre.as_owner().write() as tx:
        row = tx.session.get_one(Call, contact_id)
        row.state, row.ended_at = CallState.TALKING, None
    db = centre.as_gateway()

    sweeper.sweep(db, lease_of(db))

    assert how_it_is(centre, contact_id)[0] == ContactState.WRAP_UP
    assert wrap_up.of(anna, contact_id) is None


def test_a_mail_in_wrap_up_has_no_such_rule(centre: Centre) -> None:
    rules(centre, WrapUp.TIMED, 10)
    contact_id, anna = centre.add_contact(), centre.as_person("anna")
    contacts.take(anna, contact_id)
    contacts.begin_wrap_up(anna, contact_id)

    assert wrap_up.of(anna, contact_id) is None
    with pytest.raises(Conflict):
        wrap_up.leave(anna, contact_id)
