"""A queue's rules are set by its team leaders and administrators, alike on both dialects."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from crm_desktop.domain.calls import WrapUp
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.figures import Promise, Variant
from crm_desktop.domain.queue_settings import NeededSkill, QueueSettings
from crm_desktop.domain.states import Channel, StaffRole
from crm_desktop.services import queue_settings, staff
from crm_desktop.services.staff import NewStaff
from crm_desktop.store.database import Database
from crm_desktop.store.models import Event, Queue, QueueTarget, RowAudit, Skill
from tests.centre import PASSWORD, Centre


@pytest.fixture
def rose(centre: Centre) -> Database:
    """The team leader of all three queues."""
    return centre.as_person("rose")


def _skill(centre: Centre, code: str = "welsh") -> int:
    with centre.as_owner().write() as tx:
        skill = Skill(code=code, name=code.title())
        tx.session.add(skill)
        tx.session.flush()
        return skill.id


def _admin(centre: Centre) -> Database:
    login = f"admin{time.monotonic_ns()}"
    staff.add(centre.as_owner(), NewStaff(login, "Ada", StaffRole.ADMIN), PASSWORD)
    return centre.as_person(login)


def _settings(db: Database, queue_id: int) -> QueueSettings:
    return queue_settings.read(db, queue_id)[0]


def test_all_rules_are_set_and_read_back(centre: Centre, rose: Database) -> None:
    general, waste = centre.queue_id("general"), centre.queue_id("waste")
    skill = _skill(centre)
    seen, around = queue_settings.read(rose, general)
    wanted = QueueSettings(
        push=True,
        offer_seconds=30,
        ageing_seconds=900,
        last_advisor_seconds=600,
        overflow_queue_id=waste,
        overflow_seconds=1200,
        wrap_up=WrapUp.TIMED,
        wrap_up_seconds=90,
        targets={
            Channel.CALL: Promise(20, False, 85, 7, Variant.NET),
            Channel.EMAIL: Promise(36_000),
        },
        skills={skill: NeededSkill(3, 120)},
    )

    changes = queue_settings.change(rose, general, seen, wanted)

    assert changes.ids(Topic.QUEUE_STAT) == {general}
    assert _settings(rose, general) == wanted
    # What is left out is gone; the other queues are as they were.
    assert Channel.WEB_FORM in seen.targets
    assert Channel.WEB_FORM not in _settings(rose, general).targets
    assert Channel.WEB_FORM in _settings(rose, waste).targets
    assert around.name == "General enquiries"
    assert around.skills == {skill: "Welsh"}
    assert waste in around.others
    assert general not in around.others
    assert around.may_change
    again = replace(wanted, overflow_queue_id=None, overflow_seconds=None, skills={})
    queue_settings.change(rose, general, wanted, again)
    assert _settings(rose, general) == again


def test_the_change_is_an_event_with_before_and_after(centre: Centre, rose: Database) -> None:
    general = centre.queue_id("general")
    seen = _settings(rose, general)
    wanted = replace(seen, ageing_seconds=1200)

    queue_settings.change(rose, general, seen, wanted)

    with centre.as_owner().read() as tx:
        query = select(Event.actor_id, Event.data).where(Event.kind == "queue.changed")
        ((actor, data),) = tx.session.execute(query).all()
    assert rose.actor is not None
    assert actor == rose.actor.id
    assert data["queue"] == general
    assert QueueSettings.from_data(data["before"]) == seen
    assert QueueSettings.from_data(data["after"]) == wanted


def test_on_postgresql_every_changed_row_is_audited(postgres_centre: Centre) -> None:
    rose, general = postgres_centre.as_person("rose"), postgres_centre.queue_id("general")
    skill = _skill(postgres_centre)
    seen = _settings(rose, general)
    targets = {**seen.targets, Channel.EMAIL: Promise(7200)}

    queue_settings.change(
        rose,
        general,
        seen,
        replace(seen, push=True, targets=targets, skills={skill: NeededSkill(2)}),
    )

    with postgres_centre.as_owner().read() as tx:
        rows = tx.session.execute(select(RowAudit.table_name, RowAudit.login)).all()
    tables = {table for table, login in rows if login == "rose"}
    assert {"queue", "queue_target", "queue_skill"} <= tables


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    centre: Centre, rose: Database
) -> None:
    general = centre.queue_id("general")
    seen = _settings(rose, general)
    theirs = replace(seen, offer_seconds=45)
    queue_settings.change(_admin(centre), general, seen, theirs)

    with pytest.raises(Conflict):
        queue_settings.change(rose, general, seen, replace(seen, push=True))

    assert _settings(rose, general) == theirs


def test_a_target_changed_by_hand_is_seen_as_a_change(centre: Centre, rose: Database) -> None:
    general = centre.queue_id("general")
    seen = _settings(rose, general)
    with centre.as_owner().write() as tx:
        tx.session.add(QueueTarget(queue_id=general, channel="call", seconds=20))

    with pytest.raises(Conflict):
        queue_settings.change(rose, general, seen, replace(seen, push=True))


@pytest.mark.parametrize("login", ["anna", "cora"])
def test_an_advisor_reads_and_does_not_set(centre: Centre, login: str) -> None:
    db, general = centre.as_person(login), centre.queue_id("general")
    seen, around = queue_settings.read(db, general)

    with pytest.raises(NotAllowed):
        queue_settings.change(db, general, seen, replace(seen, push=True))

    assert not around.may_change
    assert _settings(db, general) == seen


def test_a_team_leader_of_other_queues_does_not_set(centre: Centre) -> None:
    login = f"leo{time.monotonic_ns()}"
    entered = NewStaff(login, "Leo", StaffRole.TEAM_LEADER, ("waste",))
    staff.add(centre.as_owner(), entered, PASSWORD)
    leo, general = centre.as_person(login), centre.queue_id("general")
    seen, around = queue_settings.read(leo, general)

    with pytest.raises(NotAllowed):
        queue_settings.change(leo, general, seen, replace(seen, push=True))

    assert not around.may_change


def test_an_administrator_sets_every_queue(centre: Centre) -> None:
    ada, care = _admin(centre), centre.queue_id("care")
    seen = _settings(ada, care)

    queue_settings.change(ada, care, seen, replace(seen, push=True))

    assert _settings(ada, care).push


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("offer", {"offer_seconds": 4}),
        ("ageing", {"ageing_seconds": 59}),
        ("last advisor", {"last_advisor_seconds": -1}),
        ("overflow", {"overflow_seconds": 60}),
        ("overflow", {"overflow_queue_id": 2}),
        ("overflow", {"overflow_queue_id": 2, "overflow_seconds": 9}),
        ("overflow", {"overflow_queue_id": 1, "overflow_seconds": 60}),
        ("target for call", {"targets": {Channel.CALL: Promise(0)}}),
        ("goal for call", {"targets": {Channel.CALL: Promise(20, True, 101)}}),
        ("short abandon for call", {"targets": {Channel.CALL: Promise(20, True, 80, 601)}}),
        ("skill", {"skills": {1: NeededSkill(6)}}),
        ("without the skill", {"skills": {1: NeededSkill(1, 86_401)}}),
    ],
)
def test_what_cannot_be_is_refused_by_field_and_by_the_database(
    centre: Centre, rose: Database, field: str, changed: dict[str, object]
) -> None:
    general = centre.queue_id("general")
    assert general == 1
    assert _skill(centre) == 1
    seen = _settings(rose, general)
    wanted = replace(seen, **changed)  # type: ignore[arg-type]

    with pytest.raises(InvalidInput) as refusal:
        queue_settings.change(rose, general, seen, wanted)
    # Who goes past the program's own check meets the same.
    with pytest.raises(InvalidInput), rose.write() as tx:
        tx.guard.queue_change(general, seen, wanted)

    assert list(refusal.value.params["fields"]) == [field]  # type: ignore[call-overload]
    assert _settings(rose, general) == seen


def test_what_is_not_there_is_not_found(centre: Centre, rose: Database) -> None:
    general = centre.queue_id("general")
    seen = _settings(rose, general)

    for wanted in (
        replace(seen, overflow_queue_id=99, overflow_seconds=60),
        replace(seen, skills={99: NeededSkill(1)}),
    ):
        with pytest.raises(NotFound):
            queue_settings.change(rose, general, seen, wanted)
    with pytest.raises(NotFound):
        queue_settings.change(rose, 99, seen, seen)
    with pytest.raises(NotFound):
        queue_settings.read(rose, 99)


def test_a_restricted_queue_does_not_overflow_before_everybody(
    centre: Centre, rose: Database
) -> None:
    care, general = centre.queue_id("care"), centre.queue_id("general")
    seen, around = queue_settings.read(rose, care)

    with pytest.raises(InvalidInput):
        queue_settings.change(
            rose, care, seen, replace(seen, overflow_queue_id=general, overflow_seconds=600)
        )

    assert around.others == {}
    # The other way it may.
    open_one = _settings(rose, general)
    queue_settings.change(
        rose, general, open_one, replace(open_one, overflow_queue_id=care, overflow_seconds=600)
    )


def test_nothing_is_half_done(centre: Centre, rose: Database) -> None:
    general = centre.queue_id("general")
    seen = _settings(rose, general)

    with pytest.raises(NotFound):
        queue_settings.change(
            rose, general, seen, replace(seen, push=True, targets={}, skills={99: NeededSkill(1)})
        )

    assert _settings(rose, general) == seen
    with centre.as_owner().read() as tx:
        assert not tx.session.scalars(select(Queue.push).where(Queue.push)).all()
        assert tx.session.scalar(text("SELECT count(*) FROM event")) == 0
