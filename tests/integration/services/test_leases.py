"""One owner at a time, by the database's clock, and a late one writes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import pytest

from crm_desktop.domain.errors import DatabaseAway, DatabaseBusy, LeaseLost
from crm_desktop.gateway.statuses import StatusBoard
from crm_desktop.services import accounts, files, leases
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database
from crm_desktop.store.models import Blob, Setting
from crm_desktop.store.models import Lease as LeaseRow
from tests.centre import Centre
from tests.integration.gateway.looking import rows


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


def test_whoever_lost_the_lease_stores_no_file_and_tells_no_status(centre: Centre) -> None:
    db = centre.as_gateway()
    late = leases.acquire(db, "lane", "first")
    _expire(db, "lane")
    leases.acquire(db, "lane", "second")
    account = accounts.active(db)[0]

    with pytest.raises(LeaseLost):
        files.store(db, [b"a file"], late)
    with pytest.raises(LeaseLost):
        accounts.set_status(db, account.id, "trouble", "late", late)
    board = StatusBoard(db)
    board.trouble(account.id, "late", late)

    assert rows(centre.as_owner(), Blob) == 0
    assert accounts.statuses(db)[0].words == ""


def test_who_sleeps_in_the_middle_of_a_transaction_is_succeeded_all_the_same(
    postgres_centre: Centre,
) -> None:
    db, other = postgres_centre.as_gateway(), postgres_centre.as_gateway()
    asleep = leases.acquire(db, "lane", "first", seconds=1.0)
    assert asleep is not None
    began = time.monotonic()

    with pytest.raises(DatabaseAway):
        _write_late(db, asleep, partial(_take, other))

    assert time.monotonic() - began < 10.0
    assert accounts.setting(db, "late") == {}
    assert leases.renew(db, [asleep]) == frozenset()


def _write_late(db: Database, lease: Lease, meanwhile: Callable[[], None]) -> None:
    with leases.writing(db, lease) as tx:
        meanwhile()
        tx.session.add(Setting(key="late", value={}))


def _take(db: Database) -> None:
    taken = None
    while taken is None:
        with suppress(DatabaseBusy):
            taken = leases.acquire(db, "lane", "second")


def _unknown() -> tuple[str, int]:
    lease = Lease("never taken", 1)
    return lease.name, lease.fence
