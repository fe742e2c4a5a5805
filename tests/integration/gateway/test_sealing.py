"""The gateway seals under its lease and writes the head down; without the lease it does not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from crm_desktop.domain.audit_chain import new_key, read_key
from crm_desktop.gateway import sealing as job
from crm_desktop.gateway.jobs import JobKeeper
from crm_desktop.gateway.statuses import StatusBoard
from crm_desktop.services import contacts, leases, sealing, verifying
from crm_desktop.store.database import Database
from crm_desktop.store.models import Lease as LeaseRow
from tests.centre import Centre
from tests.servers.processes import wait_for

KEY = read_key(new_key())


def work(centre: Centre) -> None:
    anna = centre.as_person("anna")
    contact_id = centre.add_contact()
    contacts.take(anna, contact_id)
    contacts.open_contact(anna, contact_id)


def keeper_of(centre: Centre, folder: Path) -> tuple[JobKeeper, Database]:
    db = centre.as_gateway()
    jobs = job.jobs(db, KEY, folder)
    return JobKeeper(centre.as_gateway(connections=1), lambda: jobs, StatusBoard(db)), db


def test_one_of_two_gateways_seals_and_writes_the_head_down(centre: Centre, tmp_path: Path) -> None:
    work(centre)
    centre.wait_for_others()
    first, db = keeper_of(centre, tmp_path / "first")
    second, _ = keeper_of(centre, tmp_path / "second")

    first.start()
    file = tmp_path / "first" / sealing.ANCHOR_FILE
    wait_for(file.exists, "the anchor file")
    second.start()
    for keeper in (first, second):
        keeper.stop()
        keeper.join()

    anchors = sealing.read_anchors(file)
    verdict = verifying.verify(centre.as_owner(), KEY, anchors)
    assert verdict.findings == []
    assert verdict.rows > 0
    assert anchors[0].seal == sealing.head(db).seal


def test_a_gateway_that_lost_the_lease_seals_no_more(centre: Centre, tmp_path: Path) -> None:
    db = centre.as_gateway()
    old = leases.acquire(db, sealing.LEASE_NAME, "first")
    assert old is not None
    with db.write() as tx:
        expired = datetime(2020, 1, 1, tzinfo=UTC)
        tx.session.get_one(LeaseRow, sealing.LEASE_NAME).expires_at = expired
    assert leases.acquire(db, sealing.LEASE_NAME, "second") is not None
    work(centre)

    late = job.Sealer(db, KEY, tmp_path, old)
    late.start()
    late.join()

    assert sealing.head(db).seal == 0
    assert not (tmp_path / sealing.ANCHOR_FILE).exists()


def test_without_a_key_there_is_nothing_to_do(centre: Centre, tmp_path: Path) -> None:
    assert job.jobs(centre.as_gateway(), None, tmp_path) == {}
