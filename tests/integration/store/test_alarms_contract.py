"""Alarms and incidents: who is told, who may answer, end and read, alike on both dialects."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from crm_desktop.domain.alarms import IncidentInput, IncidentKind, Raised
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from crm_desktop.services import alarms, visits
from crm_desktop.store.database import Database
from crm_desktop.store.models import Alarm, Contact, Event, Site
from tests.centre import Centre
from tests.visits_centre import add_site, places


def _id(db: Database) -> int:
    assert db.actor is not None
    return db.actor.id


def _raise(db: Database, **more: object) -> int:
    said = Raised(uuid4().hex, **more)  # type: ignore[arg-type]
    (alarm_id,) = alarms.raise_alarm(db, said).ids(Topic.ALARM)
    return alarm_id


def _written(**more: object) -> IncidentInput:
    given = {"happened_at": datetime.now(UTC), "kind": IncidentKind.THREAT, "what": "Shouted"}
    return IncidentInput(**{**given, **more})  # type: ignore[arg-type]


def test_an_alarm_tells_everybody_where_it_is_and_who_comes(centre: Centre) -> None:
    site = add_site(centre)
    desk = places(centre, site)[0]
    anna, ben, rose = (centre.as_person(login) for login in ("anna", "ben", "rose"))
    visits.at(anna, desk)

    alarm_id = _raise(anna, words="At the counter", computer="one")
    changes = alarms.acknowledge(ben, alarm_id, " Coming ")
    alarms.acknowledge(ben, alarm_id)

    assert changes.ids(Topic.ALARM) == {alarm_id}
    (shown,) = alarms.open_alarms(rose)
    assert (shown.place, shown.site, shown.who, shown.words) == (
        *("Desk 1", "Guildhall one-stop-shop"),
        *("Anna Whitlock", "At the counter"),
    )
    assert [(each.name, each.words) for each in shown.answers] == [("Ben Achebe", "Coming")]
    assert (shown.mine, shown.answered) == (False, False)
    assert alarms.open_alarms(anna)[0].mine
    assert alarms.open_alarms(ben)[0].answered
    alarms.end(ben, alarm_id)
    assert alarms.open_alarms(rose) == ()
    with centre.as_owner().read() as tx:
        kinds = tx.session.scalars(
            select(Event.kind).where(Event.kind.like("alarm.%")).order_by(Event.id)
        ).all()
        assert set(kinds) == {"alarm.raised", "alarm.acknowledged", "alarm.ended"}


def test_an_alarm_of_a_time_without_the_database_is_kept_once_with_its_time(
    centre: Centre,
) -> None:
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    before = datetime.now(UTC) - timedelta(minutes=30)
    said = Raised(uuid4().hex, place_id=99_999, words="w" * 999, contact_id=99, raised_at=before)

    first = alarms.raise_alarm(anna, said)
    assert alarms.raise_alarm(anna, said).ids(Topic.ALARM) == first.ids(Topic.ALARM)

    (shown,) = alarms.open_alarms(ben)
    assert (shown.raised_at, shown.key, len(shown.words)) == (before, said.key, 200)
    with pytest.raises(Conflict):
        alarms.raise_alarm(ben, said)
    with pytest.raises(InvalidInput):
        alarms.raise_alarm(anna, Raised("no key"))


def test_nobody_ends_their_own_alarm_nor_without_having_acknowledged_it(centre: Centre) -> None:
    anna, ben, rose = (centre.as_person(login) for login in ("anna", "ben", "rose"))
    own = _raise(anna)
    with pytest.raises(NotAllowed):
        alarms.end(anna, own)
    with pytest.raises(NotAllowed):
        alarms.acknowledge(anna, own)
    with pytest.raises(NotAllowed):
        alarms.end(ben, own)
    alarms.end(rose, own)
    with pytest.raises(Conflict):
        alarms.end(rose, own)
    with pytest.raises(Conflict):
        alarms.acknowledge(ben, own)
    with pytest.raises(NotFound):
        alarms.acknowledge(ben, 99_999)
    alarms.end(anna, _raise(anna, test=True))


def test_a_site_with_chosen_people_tells_those_and_who_is_in_the_house(centre: Centre) -> None:
    site = add_site(centre)
    desk, other = places(centre, site)
    anna, ben, cora, rose = (centre.as_person(each) for each in ("anna", "ben", "cora", "rose"))
    with centre.as_owner().write() as tx:
        chosen = {"alarm_hearers": [_id(rose)]}
        tx.session.execute(update(Site).where(Site.id == site).values(settings=chosen))
    visits.at(ben, other)

    _raise(anna, place_id=desk)

    assert [len(alarms.open_alarms(each)) for each in (anna, ben, cora, rose)] == [1, 1, 0, 1]
    _raise(anna)
    assert len(alarms.open_alarms(cora)) == 1, "without a place everybody is told"


def test_an_alarm_that_nobody_ended_is_shown_for_half_a_day(centre: Centre) -> None:
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    alarm_id = _raise(anna)
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(Alarm).where(Alarm.id == alarm_id).values(raised_at=tx.now - timedelta(hours=13))
        )
    assert alarms.open_alarms(ben) == ()


def test_every_desktop_gets_the_same_key_for_a_site(centre: Centre) -> None:
    one, two = add_site(centre), add_site(centre, "library")

    found = alarms.means(centre.as_person("anna"))
    keys = found.secrets

    assert set(keys) == {one, two}
    assert len(set(keys.values())) == 2
    assert all(len(each) == 64 for each in keys.values())
    assert alarms.means(centre.as_person("rose")) == found
    assert (one, "Guildhall one-stop-shop", "Desk 1") in found.places.values()


def test_an_incident_is_written_changed_and_closed_with_what_was_learnt(centre: Centre) -> None:
    site = add_site(centre)
    anna, ben, rose = (centre.as_person(login) for login in ("anna", "ben", "rose"))
    alarm_id = _raise(anna, site_id=site)
    made, _ = alarms.save_incident(anna, _written(alarm_id=alarm_id, site_id=site))
    (seen,) = alarms.incidents(rose)
    assert (seen.said.what, seen.written_by, seen.place) == (
        *("Shouted", "Anna Whitlock"),
        "Guildhall one-stop-shop",
    )
    assert alarms.incidents(ben) == ()
    with pytest.raises(NotFound):
        alarms.incident(ben, made)
    with pytest.raises(NotFound):
        alarms.save_incident(ben, _written(id=made, version=1))
    with pytest.raises(NotAllowed):
        alarms.close_incident(anna, made, 1)
    with pytest.raises(InvalidInput):
        alarms.close_incident(rose, made, 1)

    alarms.save_incident(rose, _written(id=made, version=1, lessons="Two at the counter"))
    with pytest.raises(Conflict):
        alarms.save_incident(anna, _written(id=made, version=1))
    alarms.close_incident(rose, made, 2)

    assert alarms.incident(anna, made).closed_at is not None
    with pytest.raises(Conflict):
        alarms.save_incident(anna, _written(id=made, version=3))


def test_an_incident_of_an_alarm_happened_where_the_alarm_was(centre: Centre) -> None:
    site = add_site(centre)
    desk, other = places(centre, site)
    anna = centre.as_person("anna")
    visits.at(anna, desk)
    alarm_id = _raise(anna)
    visits.at(anna, other)

    made, _ = alarms.save_incident(anna, _written(alarm_id=alarm_id))
    elsewhere, _ = alarms.save_incident(anna, _written(alarm_id=alarm_id, place_id=other))

    kept = alarms.incident(anna, made)
    assert (kept.said.site_id, kept.said.place_id) == (site, desk)
    assert kept.place == "Desk 1, Guildhall one-stop-shop"
    assert alarms.incident(anna, elsewhere).said.place_id == other
    changed = replace(kept.said, what="Shouted, and threw a chair")
    alarms.save_incident(anna, changed)
    assert alarms.incident(anna, made).said.place_id == desk


def test_nobody_writes_of_an_alarm_that_they_were_not_told_of(centre: Centre) -> None:
    site = add_site(centre)
    anna, ben, rose = (centre.as_person(each) for each in ("anna", "ben", "rose"))
    with centre.as_owner().write() as tx:
        chosen = {"alarm_hearers": [_id(rose)]}
        tx.session.execute(update(Site).where(Site.id == site).values(settings=chosen))
    alarm_id = _raise(anna, place_id=places(centre, site)[0])

    with pytest.raises(NotFound):
        alarms.save_incident(ben, _written(alarm_id=alarm_id))
    alarms.save_incident(rose, _written(alarm_id=alarm_id))


@pytest.mark.parametrize(
    "wrong",
    [
        {"what": "  "},
        {"happened_at": datetime.now(UTC) + timedelta(days=1)},
        {"what": "x" * 10_001},
        {"police_reference": "x" * 201},
    ],
    ids=["no words", "of tomorrow", "too long", "too long a reference"],
)
def test_an_incident_needs_words_and_a_time(centre: Centre, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        alarms.save_incident(centre.as_person("anna"), _written(**wrong))


def test_a_marker_is_proposed_out_of_an_incident_once(centre: Centre) -> None:
    anna = centre.as_person("anna")
    contact = centre.add_contact(customer="sam@example.org")
    care = centre.add_contact(queue="care", customer="h@example.org")
    with centre.as_owner().read() as tx:
        customer = tx.session.scalars(
            select(Contact.customer_id).where(Contact.id == contact)
        ).one()
    made, _ = alarms.save_incident(anna, _written(customer_id=customer, contact_id=contact))

    marker = alarms.propose_marker(anna, made, "Threatened staff with a dog")

    assert alarms.propose_marker(anna, made, "Again") == marker
    assert alarms.incident(anna, made).marker_id == marker
    with pytest.raises(NotFound):
        alarms.save_incident(anna, _written(contact_id=care))
    without, _ = alarms.save_incident(anna, _written())
    with pytest.raises(Conflict):
        alarms.propose_marker(anna, without, "Nobody")
