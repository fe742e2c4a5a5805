"""One owner at a time, by the database's clock, and a late one writes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from crm_desktop.domain.errors import LeaseLost
from crm_desktop.services import leases
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database
from crm_desktop.store.models import Lease as LeaseRow
from tests.centre import Centre


def _expire(db: Database, name: str) -> None:
    with db.write() as tx:
        tx.session.get_one(LeaseRow, name).expires_at = datetime(2020, 1, 1, tzinfo=UTC)


def test_one_of_many_gets_a_lease(centre: Centre) -> None:
    gateways = [centre.as_gateway() for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda n: leases.acquire(gateways[n], "lane", f"owner {n}"), range(4)))

    assert len([each for each in got if each]) == 1


def test_an_expired_lease_changes_hands_with_a_new_fence(centre: Centre) -> None:
    db = centre.as_gateway()
    first = leases.acquire(db, "lane", "first")
    assert first is not None
    assert leases.acquire(db, "lane", "second") is None

    _expire(db, "lane")
    second = leases.acquire(db, "lane", "second")

    assert second is not None
    assert second.fence > first.fence
    assert leases.renew(db, [first]) == frozenset()


def test_a_released_lease_is_free_at_once(centre: Centre) -> None:
    db = centre.as_gateway()
    first = leases.acquire(db, "lane", "first")
    assert first is not None

    leases.release(db, [first])

    assert leases.acquire(db, "lane", "second") is not None


def test_an_expired_lease_that_nobody_took_is_simply_prolonged(centre: Centre) -> None:
    db = centre.as_gateway()
    lease = leases.acquire(db, "lane", "first")
    assert lease is not None
    _expire(db, "lane")

    assert leases.renew(db, [lease]) == {lease}
    assert leases.acquire(db, "lane", "second") is None


def test_a_late_owner_writes_nothing(centre: Centre) -> None:
    db = centre.as_gateway()
    late = leases.acquire(db, "lane", "first")
    assert late is not None
    _expire(db, "lane")
    leases.acquire(db, "lane", "second")

    with pytest.raises(LeaseLost), db.write() as tx:
        leases.check(tx, late.name, late.fence)

    with pytest.raises(LeaseLost), db.write() as tx:
        leases.check(tx, *_unknown())


def _unknown() -> tuple[str, int]:
    lease = Lease("never taken", 1)
    return lease.name, lease.fence
