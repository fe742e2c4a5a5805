"""What a team leader does for people, and what they may not, alike on both dialects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import (
    Conflict,
    DatabaseAway,
    InvalidInput,
    NotAllowed,
    NotFound,
    SignedOutBy,
)
from crm_desktop.domain.people_now import PersonNow, QueueOf, SkillOf
from crm_desktop.domain.states import Presence, StaffRole
from crm_desktop.domain.views import QueueFilter
from crm_desktop.services import (
    contacts,
    leases,
    people_now,
    presence,
    queue,
    session,
    staff,
    sweeper,
)
from crm_desktop.store.database import Database
from crm_desktop.store.models import Contact, Event, Membership, Staff, StaffSkill
from tests.centre import Centre

SOON = timedelta(hours=2)


def _id(centre: Centre, login: str) -> int:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Staff.id).where(Staff.login == login)).one()


def _now(centre: Centre) -> datetime:
    with centre.as_owner().read() as tx:
        return tx.now


def _skill(centre: Centre, name: str = "Welsh") -> int:
    people_now.put_skill(_admin(centre), None, name)
    return next(each.id for each in people_now.skills(centre.as_owner()) if each.name == name)


def _admin(centre: Centre) -> Database:
    hired = [e.login for e in staff.everybody(centre.as_owner()) if e.role == StaffRole.ADMIN]
    return centre.as_person(hired[0] if hired else centre.hire(StaffRole.ADMIN, name="Ada Grant"))


def _seen(db: Database, staff_id: int) -> PersonNow:
    return people_now.person(db, staff_id)


def _queue(db: Database, staff_id: int, queue_id: int) -> QueueOf:
    return next(each for each in _seen(db, staff_id).queues if each.queue_id == queue_id)


def test_a_queue_for_a_while_is_seen_until_then(centre: Centre) -> None:
    rose, cora = centre.as_person("rose"), _id(centre, "cora")
    waste, contact_id = centre.queue_id("waste"), centre.add_contact(queue="waste")
    until = _now(centre) + SOON

    changes = people_now.change(rose, cora, [QueueOf(waste, "", True, until)])

    assert changes.ids(Topic.STAFF) == {cora}
    assert _queue(rose, cora, waste).until == until
    helper = centre.as_person("cora")
    assert helper.actor is not None
    assert waste in helper.actor.queues
    contacts.take(helper, contact_id)
    with centre.as_owner().write() as tx:
        past = tx.now - timedelta(seconds=1)
        tx.session.execute(update(Membership).where(Membership.staff_id == cora).values(until=past))
    again = centre.as_person("cora")
    assert again.actor is not None
    assert again.actor.queues == frozenset()
    assert _queue(rose, cora, waste) == QueueOf(waste, "Waste and recycling", False)
    with pytest.raises(NotFound):
        contacts.take(again, centre.add_contact(queue="waste"))
    if centre.dialect == "postgresql":
        with again.read() as tx:
            # What they still hold they go on seeing; the queue they do not.
            assert tx.session.scalars(select(Contact.id)).all() == [contact_id]


def test_for_good_and_not_any_more(centre: Centre) -> None:
    rose, cora, waste = centre.as_person("rose"), _id(centre, "cora"), centre.queue_id("waste")

    people_now.change(rose, cora, [QueueOf(waste, "", True)])
    assert _queue(rose, cora, waste).until is None
    assert centre.person("cora").queues == {waste, centre.queue_id("care")}
    people_now.change(rose, cora, [QueueOf(waste, "", False)])

    assert centre.person("cora").queues == {centre.queue_id("care")}
    with centre.as_owner().read() as tx:
        told = tx.session.execute(
            select(Event.actor_id, Event.data).where(Event.kind == "staff.queue").order_by(Event.id)
        ).all()
    assert rose.actor is not None
    assert [(actor, data["staff"], data["member"]) for actor, data in told] == [
        (rose.actor.id, cora, True),
        (rose.actor.id, cora, False),
    ]


def test_an_administrator_who_changes_somebody_leaves_the_whiles(centre: Centre) -> None:
    cora, waste, care = _id(centre, "cora"), centre.queue_id("waste"), centre.queue_id("care")
    until, admin = _now(centre) + SOON, _admin(centre)
    people_now.change(admin, cora, [QueueOf(waste, "", True, until)])

    staff.change(admin, cora, "Cora L.", StaffRole.ADVISOR, ("waste", "general"))

    assert _queue(admin, cora, waste).until == until
    assert not _queue(admin, cora, care).member
    assert _queue(admin, cora, centre.queue_id("general")).until is None


def test_an_administrator_says_where_anybody_is(centre: Centre) -> None:
    admin, cora = _admin(centre), _id(centre, "cora")

    presence.set_for(admin, cora, Presence.TRAINING)

    assert _seen(admin, cora).presence is Presence.TRAINING
    with pytest.raises(NotFound):
        presence.set_for(centre.as_person(centre.hire(StaffRole.TEAM_LEADER, "general")), cora,
                         Presence.LUNCH)  # fmt: skip


def test_off_a_queue_one_sees_it_still(centre: Centre) -> None:
    rose, anna, general = centre.as_person("rose"), _id(centre, "anna"), centre.queue_id("general")
    off = _now(centre) + SOON

    people_now.change(rose, anna, [QueueOf(general, "", True, None, off)])

    assert _queue(rose, anna, general).off_until == off
    assert general in centre.person("anna").queues
    contact_id, helper = centre.add_contact(), centre.as_person("anna")
    assert contacts.take_next(helper, QueueFilter()) is None, "nothing is given to them"
    assert contacts.take(helper, contact_id).row is not None


def test_skills_have_levels_and_end(centre: Centre) -> None:
    rose, anna, welsh = centre.as_person("rose"), _id(centre, "anna"), _skill(centre)
    until = _now(centre) + SOON

    people_now.change(rose, anna, skills=[SkillOf(welsh, "", 3, until)])
    assert _seen(rose, anna).skills == (SkillOf(welsh, "Welsh", 3, until),)
    people_now.change(rose, anna, skills=[SkillOf(welsh, "", 5)])
    assert _seen(rose, anna).skills == (SkillOf(welsh, "Welsh", 5),)
    people_now.change(rose, anna, skills=[SkillOf(welsh, "", None)])

    assert _seen(rose, anna).skills == (SkillOf(welsh, "Welsh", None),)


def test_what_was_for_a_while_is_taken_back_and_told(centre: Centre) -> None:
    rose, anna, welsh = centre.as_person("rose"), _id(centre, "anna"), _skill(centre)
    waste, care, later = centre.queue_id("waste"), centre.queue_id("care"), _now(centre) + SOON
    people_now.change(rose, anna, [QueueOf(care, "", True, later)], [SkillOf(welsh, "", 3, later)])
    people_now.change(rose, anna, [QueueOf(waste, "", True, None, later)])
    gateway = centre.as_gateway()
    lease = leases.acquire(gateway, sweeper.LEASE_NAME, "a test", 60)
    assert lease is not None
    assert not sweeper.sweep(gateway, lease).ids(Topic.STAFF), "nothing is over yet"
    with centre.as_owner().write() as tx:
        past = tx.now - timedelta(seconds=1)
        over = update(Membership).where(Membership.staff_id == anna)
        tx.session.execute(over.where(Membership.queue_id == care).values(until=past))
        tx.session.execute(over.where(Membership.queue_id == waste).values(off_until=past))
        tx.session.execute(update(StaffSkill).values(until=past))

    changes = sweeper.sweep(gateway, lease)

    assert changes.ids(Topic.STAFF) == {anna}
    with centre.as_owner().read() as tx:
        rows = tx.session.scalars(select(Membership).where(Membership.staff_id == anna))
        left = {row.queue_id: (row.until, row.off_until) for row in rows}
        skills = tx.session.scalar(select(func.count()).select_from(StaffSkill))
        told = tx.session.scalars(select(Event.data).where(Event.kind == "staff.while_ended")).all()
    assert left == {centre.queue_id("general"): (None, None), waste: (None, None)}
    assert skills == 0
    expected = ({"queue": care}, {"back_on": waste}, {"skill": welsh})
    assert len(told) == len(expected)
    assert all({"staff": anna, **each} in told for each in expected)
    assert not sweeper.sweep(gateway, lease)


def test_who_may_not_is_told(centre: Centre) -> None:
    welsh, general, care = _skill(centre), centre.queue_id("general"), centre.queue_id("care")
    anna, ben, cora, rose = (_id(centre, each) for each in ("anna", "ben", "cora", "rose"))
    later = _now(centre) + SOON
    lena = centre.hire(StaffRole.TEAM_LEADER, "general")
    leads, advises = centre.as_person(lena), centre.as_person("anna")
    admin = _admin(centre).actor
    assert admin is not None
    attempts: tuple[Callable[[], object], ...] = (
        # An advisor: oneself, and others.
        lambda: people_now.change(advises, anna, [QueueOf(care, "", True)]),
        lambda: people_now.change(advises, anna, skills=[SkillOf(welsh, "", 5)]),
        lambda: people_now.change(advises, ben, skills=[SkillOf(welsh, "", 5)]),
        lambda: people_now.put_skill(advises, None, "Juggling"),
        # A team leader: oneself, a queue that is not theirs, somebody who is not, an administrator.
        lambda: people_now.change(leads, _id(centre, lena), [QueueOf(general, "", True)]),
        lambda: people_now.change(leads, anna, [QueueOf(care, "", True)]),
        lambda: people_now.change(leads, cora, [QueueOf(general, "", True)]),
        lambda: people_now.change(leads, admin.id, skills=[SkillOf(welsh, "", 1)]),
        lambda: people_now.put_skill(leads, welsh, "Cymraeg"),
        lambda: people_now.change(centre.as_person("rose"), rose, [QueueOf(care, "", True)]),
    )  # fmt: skip

    for attempt in attempts:
        with pytest.raises(NotAllowed):
            attempt()

    wrongs: tuple[Callable[[], object], ...] = (
        lambda: people_now.change(leads, anna, [QueueOf(general, "", True, _now(centre))]),
        lambda: people_now.change(leads, anna, skills=[SkillOf(welsh, "", 6)]),
        lambda: people_now.change(leads, anna, skills=[SkillOf(welsh, "", 2, _now(centre))]),
        lambda: people_now.put_skill(_admin(centre), None, "  "),
    )
    for wrong in wrongs:
        with pytest.raises(InvalidInput):
            wrong()
    with pytest.raises(Conflict):
        people_now.put_skill(_admin(centre), None, "welsh")
    with pytest.raises(NotFound):
        people_now.change(leads, anna, skills=[SkillOf(10_000, "", 2, later)])
    assert centre.person("anna").queues == {general, centre.queue_id("waste")}


def test_nobody_gives_for_longer_than_they_have(centre: Centre) -> None:
    lena, cora = centre.hire(StaffRole.TEAM_LEADER, "waste"), _id(centre, "cora")
    admin, general, waste = _admin(centre), centre.queue_id("general"), centre.queue_id("waste")
    later = _now(centre) + SOON
    people_now.change(admin, _id(centre, lena), [QueueOf(general, "", True, later)])
    people_now.change(admin, cora, [QueueOf(waste, "", True)])
    leads = centre.as_person(lena)

    for until in (None, later + SOON):
        with pytest.raises(NotAllowed):
            people_now.change(leads, cora, [QueueOf(general, "", True, until)])
    people_now.change(leads, cora, [QueueOf(general, "", True, later)])

    assert general in centre.person("cora").queues


def test_all_of_a_change_or_nothing(centre: Centre) -> None:
    rose, anna, care = centre.as_person("rose"), _id(centre, "anna"), centre.queue_id("care")

    with pytest.raises(NotFound):
        people_now.change(rose, anna, [QueueOf(care, "", True)], [SkillOf(10_000, "", 2)])

    assert care not in centre.person("anna").queues


def test_only_what_may_be_changed_is_shown(centre: Centre) -> None:
    lena, anna = centre.hire(StaffRole.TEAM_LEADER, "general"), _id(centre, "anna")
    general = centre.queue_id("general")
    leads = centre.as_person(lena)

    seen = _seen(leads, anna)

    assert seen.queues == (QueueOf(general, "General enquiries", True),)
    assert seen.may_lead
    assert not _seen(leads, _id(centre, "cora")).may_lead
    assert not _seen(centre.as_person("ben"), anna).may_lead
    everything = _seen(_admin(centre), anna)
    assert len(everything.queues) == len(queue.queues(centre.as_owner()))
    assert {name for _, name in people_now.people_led(leads)} == {
        *("Anna Whitlock", "Ben Achebe", "Rose Boateng")
    }


def test_signed_out_one_learns_by_whom_and_may_come_again(centre: Centre) -> None:
    rose, login = centre.as_person("rose"), centre.hire(StaffRole.ADVISOR, "general")
    lena, lena_id, contact_id = centre.as_person(login), _id(centre, login), centre.add_contact()
    contacts.take(lena, contact_id)

    changes = people_now.sign_out(rose, lena_id)

    assert changes.ids(Topic.STAFF) == {lena_id}
    assert changes.ids(Topic.CONTACT) == {contact_id}
    with centre.as_owner().read() as tx:
        state = tx.session.execute(
            select(Contact.state, Contact.owner_id).where(Contact.id == contact_id)
        ).one()
        presence = tx.session.scalar(select(Staff.presence).where(Staff.id == lena_id))
    assert tuple(state) == ("queued", None)
    assert presence == "offline"
    with pytest.raises(SignedOutBy) as told:
        _asked_until_back(lena)
    assert told.value.params["by"] == "Rose Boateng"
    again = centre.as_person(login)
    assert session.whoami(again).login == login


def _asked_until_back(db: Database) -> None:
    """As a desktop does: a connection that was ended is replaced, and then asked again."""
    if db.dialect == "postgresql":
        with pytest.raises(DatabaseAway):
            session.whoami(db)
    session.whoami(db)


def test_an_advisor_signs_nobody_out(centre: Centre) -> None:
    anna = centre.as_person("anna")

    for login in ("anna", "ben", "rose"):
        with pytest.raises(NotAllowed):
            people_now.sign_out(anna, _id(centre, login))
    with pytest.raises(NotAllowed):
        people_now.sign_out(centre.as_person(centre.hire(StaffRole.TEAM_LEADER, "general")),
                            _id(centre, "cora"))  # fmt: skip

    assert session.whoami(centre.as_person("ben")).sign_outs == 0
