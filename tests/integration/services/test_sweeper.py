"""Nothing parked is forgotten, onlookers fade, and the counts are kept for everybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.states import ContactState
from crm_desktop.services import leases, sweeper
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database
from crm_desktop.store.models import Contact, Looking, Notice, QueueStat, RoutingDecision
from tests.centre import Centre
from tests.integration.services.arrivals import change, contact, event_kinds


def _lease(db: Database) -> Lease:
    lease = leases.acquire(db, sweeper.LEASE_NAME, "test")
    assert lease is not None
    return lease


def test_a_parked_contact_comes_back_at_its_time(centre: Centre) -> None:
    db = centre.as_gateway()
    past, future = (datetime.now(UTC) + timedelta(hours=each) for each in (-1, 1))
    due, later = (centre.add_contact(state=ContactState.PARKED) for _ in range(2))
    change(centre, Contact, due, parked_until=past, owner_id=centre.person("anna").id)
    change(centre, Contact, later, parked_until=future)

    changes = sweeper.sweep(db, _lease(db))

    assert changes.ids(Topic.CONTACT) == {due}
    row = contact(centre, due)
    assert (row.state, row.owner_id, row.parked_until) == ("queued", None, None)
    assert event_kinds(centre, due) == ["contact.woken"]
    assert contact(centre, later).state == "parked"


def test_onlookers_fade_when_their_desktop_is_silent(centre: Centre) -> None:
    db = centre.as_gateway()
    seen = centre.add_contact()
    anna, ben = centre.person("anna"), centre.person("ben")
    with centre.as_owner().write() as tx:
        tx.session.add(Looking(staff_id=anna.id, contact_id=seen))
        tx.session.add(
            Looking(staff_id=ben.id, contact_id=seen, seen_at=datetime(2020, 1, 1, tzinfo=UTC))
        )

    changes = sweeper.sweep(db, _lease(db))

    assert changes.ids(Topic.LOOKING) == {seen}
    with centre.as_owner().read() as tx:
        assert tx.session.scalars(select(Looking.staff_id)).all() == [anna.id]


def test_counts_are_written_when_they_differ_and_become_nought(centre: Centre) -> None:
    db = centre.as_gateway()
    lease = _lease(db)
    first = centre.add_contact(queue="waste")
    centre.add_contact(queue="waste")
    queue_id = centre.queue_id("waste")

    assert sweeper.refresh_stats(db, lease).ids(Topic.QUEUE_STAT) == {queue_id}
    assert not sweeper.refresh_stats(db, lease)
    assert _waiting(centre, queue_id) == 2

    change(centre, Contact, first, state="active")
    sweeper.refresh_stats(db, lease)
    assert _waiting(centre, queue_id) == 1


def _waiting(centre: Centre, queue_id: int) -> int | None:
    with centre.as_owner().read() as tx:
        return tx.session.scalar(select(QueueStat.waiting).where(QueueStat.queue_id == queue_id))


def test_old_notices_go_and_the_newest_stay(sqlite_centre: Centre) -> None:
    db = sqlite_centre.as_gateway()
    with db.write() as tx:
        tx.session.add_all(
            Notice(topic="case", ref_id=1, at=datetime(2020, 1, 1, tzinfo=UTC)) for _ in range(1200)
        )
    with db.read() as tx:
        last = tx.session.scalar(select(func.max(Notice.id)))

    sweeper.sweep(db, _lease(db))

    with db.read() as tx:
        count, newest = tx.session.execute(
            select(func.count(), func.max(Notice.id)).select_from(Notice)
        ).one()
    assert count == 1000
    assert newest == last


def test_what_routing_decided_is_kept_for_a_month(centre: Centre) -> None:
    with centre.as_owner().write() as tx:
        for days in (31, 29):
            at = tx.now - timedelta(days=days)
            tx.session.add(RoutingDecision(contact_id=1, queue_id=1, kind="nobody", at=at))

    db = centre.as_gateway()
    sweeper.sweep(db, _lease(db))

    with centre.as_owner().read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(RoutingDecision)) == 1
