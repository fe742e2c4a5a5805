"""The chain over what has committed: sealed without waiting, and broken by any alteration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from crm_desktop.domain.audit_chain import new_key, read_key
from crm_desktop.domain.errors import AuditTrouble, LeaseLost
from crm_desktop.services import audit, contacts, customers, leases, sealing, verifying
from crm_desktop.services.customers import NewCustomer
from crm_desktop.services.leases import Lease
from crm_desktop.services.sealing import Anchor
from crm_desktop.services.verifying import Verdict
from crm_desktop.store.database import Database
from tests.centre import Centre

KEY = read_key(new_key())
MARGARET = NewCustomer("Margaret Okafor", "margaret@example.org", "01632 960 001")


def lease_of(db: Database) -> Lease:
    lease = leases.acquire(db, sealing.LEASE_NAME, "test", 600)
    assert lease is not None
    return lease


@pytest.fixture
def gateway(centre: Centre) -> Database:
    return centre.as_gateway()


@pytest.fixture
def sealed(centre: Centre) -> Database:
    """A gateway whose centre has some work behind it, all of it sealed."""
    work(centre)
    db = centre.as_gateway()
    centre.wait_for_others()
    sealing.seal(db, lease_of(db), KEY)
    return db


def work(centre: Centre) -> int:
    anna = centre.as_person("anna")
    customer_id, _ = customers.create(anna, MARGARET)
    contact_id = centre.add_contact(customer="margaret@example.org")
    contacts.take(anna, contact_id)
    contacts.open_contact(anna, contact_id)
    customers.get(anna, customer_id)
    return customer_id


def verdict(centre: Centre, *anchors: Anchor) -> Verdict:
    return verifying.verify(centre.as_owner(), KEY, anchors)


def tamper(centre: Centre, *statements: str) -> None:
    """As the owner with every trigger off: what nothing in the database can stop."""
    with centre.as_owner().write() as tx:
        if centre.dialect == "postgresql":
            tx.session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            assert tx.session.execute(text(statement)).rowcount != 0  # type: ignore[attr-defined]


def test_what_was_done_and_read_is_sealed_and_whole(centre: Centre, sealed: Database) -> None:
    found = verdict(centre)

    assert found.findings == []
    assert found.waiting == 0
    assert found.rows > 3
    assert found.seals == (3 if centre.dialect == "postgresql" else 2)


def test_nothing_new_makes_no_seal(centre: Centre, sealed: Database) -> None:
    assert sealing.seal(sealed, Lease(sealing.LEASE_NAME, 1), KEY) == 0


ALTERED = {
    "an event's time": ("UPDATE event SET at = '2020-01-01 00:00:00.000000'", "was altered"),
    "who read": ("UPDATE read_audit SET staff_id = 2", "was altered"),
    "an event removed": ("DELETE FROM event WHERE kind = 'contact.taken'", "is missing"),
    "all reads removed": ("DELETE FROM read_audit", "is missing"),
    "a seal's rows": ("UPDATE audit_seal SET rows = rows + 1 WHERE number = 1", "seal 1: altered"),
    "a seal removed": ("DELETE FROM audit_seal WHERE number = 1", "missing"),
    "another seal's rows": (
        """UPDATE audit_seal SET leaves = s.leaves
           FROM (SELECT leaves FROM audit_seal WHERE number = 2) s WHERE number = 1""",
        "seal 1: altered",
    ),
}


@pytest.mark.parametrize("how", ALTERED)
def test_every_alteration_by_the_owner_is_found(centre: Centre, sealed: Database, how: str) -> None:
    statement, words = ALTERED[how]

    tamper(centre, statement)

    assert any(words in each for each in verdict(centre).findings)


def test_a_row_that_is_added_afterwards_is_found(centre: Centre, sealed: Database) -> None:
    """On SQLite only below an id that is sealed, for there ids alone say when."""
    if centre.dialect == "postgresql":
        tamper(
            centre,
            "INSERT INTO event (kind, data, xact)"
            " SELECT 'contact.taken', '{}', max(xact) - 1 FROM event",
            "INSERT INTO read_audit (what, ref_id, xact) VALUES ('contact', 1, NULL)",
        )
        said = verdict(centre).findings
        assert any("was added afterwards" in each for each in said)
        assert any("was added outside the chain" in each for each in said)
    else:
        tamper(centre, "UPDATE event SET id = 0 WHERE id = 1")
        assert any("is missing" in each for each in verdict(centre).findings)


def test_an_end_that_was_cut_off_is_found_by_what_was_written_down(
    centre: Centre, sealed: Database
) -> None:
    anchor = sealing.head(sealed)
    assert verdict(centre, anchor).findings == []

    tamper(centre, f"DELETE FROM audit_seal WHERE number = {anchor.seal}")

    assert verdict(centre).findings == []
    assert any("is missing" in each for each in verdict(centre, anchor).findings)


def test_a_chain_that_was_made_anew_is_not_the_one_that_was_written_down(
    centre: Centre, sealed: Database
) -> None:
    anchor = sealing.head(sealed)
    tamper(centre, "DELETE FROM event WHERE kind = 'contact.taken'", "DELETE FROM audit_seal")
    sealing.seal(sealed, Lease(sealing.LEASE_NAME, 1), KEY)

    assert verdict(centre).findings == []
    assert verdict(centre, anchor).findings != []


def test_another_key_verifies_nothing_and_seals_nothing(centre: Centre, sealed: Database) -> None:
    other = read_key(new_key())
    work_more(centre)

    assert verifying.verify(centre.as_owner(), other).findings != []
    with pytest.raises(AuditTrouble):
        sealing.seal(sealed, Lease(sealing.LEASE_NAME, 1), other)


def work_more(centre: Centre) -> None:
    contacts.open_contact(centre.as_person("anna"), centre.add_contact())


def test_a_sealer_without_the_lease_seals_nothing(centre: Centre, gateway: Database) -> None:
    work(centre)
    lease = lease_of(gateway)

    with pytest.raises(LeaseLost):
        sealing.seal(gateway, replace(lease, fence=lease.fence + 1), KEY)

    assert sealing.head(gateway).seal == 0


def test_the_anchor_file_holds_a_line_a_day(
    centre: Centre, sealed: Database, tmp_path: Path
) -> None:
    file = tmp_path / "deep" / "anchors.jsonl"
    assert sealing.anchor_due(file)

    sealing.write_anchor(file, replace(sealing.head(sealed), at=datetime(2020, 1, 1, tzinfo=UTC)))
    assert sealing.anchor_due(file)
    sealing.write_anchor(file, sealing.head(sealed))

    assert not sealing.anchor_due(file)
    anchors = sealing.read_anchors(file)
    assert len(anchors) == 2
    assert verdict(centre, *anchors).findings == []


def test_values_that_were_altered_are_found(postgres_centre: Centre) -> None:
    _, db = _changed(postgres_centre)

    tamper(
        postgres_centre,
        "UPDATE row_audit SET changes = replace(changes, 'queued', 'parked') WHERE op = 'U'",
    )

    assert any("its values were altered" in each for each in verdict(postgres_centre).findings)
    assert db.dialect == "postgresql"


def test_values_that_nobody_entered_as_removed_are_found(postgres_centre: Centre) -> None:
    _changed(postgres_centre)

    tamper(postgres_centre, "UPDATE row_audit SET changes = NULL, salt = NULL WHERE op = 'U'")

    assert any("nobody entered it" in each for each in verdict(postgres_centre).findings)


def test_redaction_removes_the_values_and_keeps_the_chain(postgres_centre: Centre) -> None:
    customer_id, db = _changed(postgres_centre)

    removed = audit.redact_customer(postgres_centre.as_owner(), customer_id, "Erasure 17")

    assert removed > 0
    assert verdict(postgres_centre).findings == []
    sealing.seal(db, Lease(sealing.LEASE_NAME, 1), KEY)
    assert verdict(postgres_centre).findings == []
    with postgres_centre.as_owner().read() as tx:
        kept = tx.session.execute(
            text("SELECT count(*) FROM row_audit WHERE changes LIKE '%Margaret%'")
        ).scalar_one()
        entered = tx.session.execute(
            text("SELECT login, changes::json ->> 'reason' FROM row_audit WHERE op = 'R'")
        ).all()
    assert kept == 0
    assert [tuple(each) for each in entered] == [("postgres", "Erasure 17")]


def _changed(centre: Centre) -> tuple[int, Database]:
    customer_id = work(centre)
    with centre.as_person("anna").write() as tx:
        tx.session.execute(
            text("UPDATE customer SET name = 'Margaret Brandt' WHERE id = :id"), {"id": customer_id}
        )
    db = centre.as_gateway()
    centre.wait_for_others()
    sealing.seal(db, lease_of(db), KEY)
    return customer_id, db


@contextmanager
def audited_write(centre: Centre, login: str, words: str) -> Iterator[int]:
    """A transaction that has written an audited row and is still open; gives the row's id."""
    connection = centre.cluster.connect(centre.database, login, "a-password-for-tests")  # type: ignore[union-attr]
    try:
        with connection.transaction():
            row = connection.execute(
                "INSERT INTO customer (kind, name, folded, prefers) VALUES ('person', %s, '', '')"
                " RETURNING id",
                (words,),
            ).fetchone()
            assert row is not None
            yield int(str(row[0]))
    finally:
        connection.close()


def test_audited_writes_and_the_sealer_never_wait_and_a_late_row_is_sealed_later(
    postgres_centre: Centre,
) -> None:
    centre = postgres_centre
    db = centre.as_gateway()
    lease = lease_of(db)
    with audited_write(centre, "anna", "Early and late"):
        # Both are open at once; anything that waited for the other would wait here for ever,
        # or for `lock_timeout`.
        with audited_write(centre, "ben", "Second and first"):
            sealing.seal(db, lease, KEY)
        sealing.seal(db, lease, KEY)
        before = _sealed_names(centre)
    centre.wait_for_others()
    sealing.seal(db, lease, KEY)

    assert before == []
    assert _sealed_names(centre) == ["anna", "ben"]
    assert verdict(centre).findings == []


def _sealed_names(centre: Centre) -> list[str]:
    with centre.as_owner().read() as tx:
        return list(
            tx.session.execute(
                text(
                    "SELECT login FROM row_audit WHERE table_name = 'customer' AND (xact, id) <= "
                    "(SELECT to_xact, to_id FROM audit_seal WHERE source = 'row_audit' "
                    " ORDER BY number DESC LIMIT 1) ORDER BY login"
                )
            ).scalars()
        )


def test_a_restored_database_stands_still_until_its_owner_lets_it_go_on(
    postgres_centre: Centre,
) -> None:
    centre = postgres_centre
    work(centre)
    db = centre.as_gateway()
    lease = lease_of(db)
    centre.wait_for_others()
    sealing.seal(db, lease, KEY)
    # As in another server, whose transactions are numbered from the start.
    with centre.as_owner().write() as tx:
        tx.session.execute(
            text(
                "CREATE OR REPLACE FUNCTION app.xact_shift() RETURNS bigint LANGUAGE sql IMMUTABLE"
                " AS 'SELECT -700::bigint'"
            )
        )

    with pytest.raises(AuditTrouble):
        sealing.seal(db, lease, KEY)
    sealing.resume(centre.as_owner())
    work_more(centre)
    centre.wait_for_others()

    assert sealing.seal(db, lease, KEY) > 0
    assert verdict(centre).findings == []
