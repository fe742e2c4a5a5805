"""Row changes leave entries by trigger, and nobody changes what happened, not even the owner."""

from __future__ import annotations

import json
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import text

from crm_desktop.services import contacts, customers, drafts
from crm_desktop.services.customers import NewCustomer
from crm_desktop.store.queries import audit
from tests.centre import PASSWORD, Centre

TABLES = ("event", "read_audit", "row_audit", "audit_seal")
STATEMENTS = ("UPDATE {} SET at = now()", "DELETE FROM {}", "TRUNCATE {}")


def entries(centre: Centre, table: str, op: str) -> list[tuple[str, str, dict[str, object]]]:
    """(login, row, changes) of the entries about a table."""
    with centre.as_owner().read() as tx:
        rows = tx.session.execute(
            text(
                "SELECT login, row_key, coalesce(changes, '{}') FROM row_audit"
                " WHERE table_name = :table AND op = :op AND login NOT IN ('postgres')"
                " ORDER BY id"
            ),
            {"table": table, "op": op},
        )
        return [(login, key, json.loads(changes)) for login, key, changes in rows]


def test_a_change_is_entered_with_who_and_what_it_was_before_and_after(
    postgres_centre: Centre,
) -> None:
    centre = postgres_centre
    contact_id = centre.add_contact()

    contacts.take(centre.as_person("anna"), contact_id)

    ((login, key, changes),) = entries(centre, "contact", "U")
    before, after = changes["before"], changes["after"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert (login, key) == ("anna", str(contact_id))
    assert set(before) == {"state", "state_since", "owner_id", "first_taken_at"}
    assert (before["state"], after["state"]) == ("queued", "active")
    assert (before["owner_id"], after["owner_id"]) == (None, centre.person("anna").id)
    assert [each[:1] for each in entries(centre, "assignment", "I")] == [("anna",)]


def test_what_is_added_is_entered_without_its_values(postgres_centre: Centre) -> None:
    centre = postgres_centre

    customers.create(centre.as_person("anna"), NewCustomer("Margaret Okafor", "m@example.org"))

    assert [(login, changes) for login, _, changes in entries(centre, "customer", "I")] == [
        ("anna", {})
    ]
    assert [(login, changes) for login, _, changes in entries(centre, "identifier", "I")] == [
        ("anna", {})
    ]


def test_what_is_removed_is_entered_whole(postgres_centre: Centre) -> None:
    centre = postgres_centre
    with centre.as_owner().write() as tx:
        tx.session.execute(text("DELETE FROM membership WHERE staff_id = 1 AND queue_id = 1"))
        (found,) = tx.session.execute(
            text("SELECT row_key, changes FROM row_audit WHERE table_name = 'membership'"
                 " AND op = 'D'")
        ).all()  # fmt: skip

    assert found.row_key == "1:1"
    gone = {"staff_id": 1, "queue_id": 1, "until": None, "off_until": None}
    assert json.loads(found.changes) == {"before": gone}


def test_drafts_lookers_and_presence_are_not_entered(postgres_centre: Centre) -> None:
    centre = postgres_centre
    anna = centre.as_person("anna")
    contact_id = centre.add_contact()

    drafts.save(anna, contact_id, "reply", {"text": "not yet"})
    with centre.as_owner().write() as tx:
        tx.session.execute(text("UPDATE staff SET presence = 'available', presence_since = now()"))
        tx.session.execute(text("UPDATE channel_account SET status = 'ok', status_at = now()"))

    with centre.as_owner().read() as tx:
        tables = tx.session.execute(
            text("SELECT DISTINCT table_name FROM row_audit WHERE table_name IN"
                 " ('draft', 'looking', 'saved_view', 'queue_stat', 'blob') OR op = 'U'"
                 " AND table_name IN ('staff', 'channel_account')")
        ).scalars().all()  # fmt: skip
    assert tables == []


@pytest.mark.parametrize("login", ["anna", "rose", "gateway", "postgres"])
def test_nobody_changes_or_removes_what_happened(postgres_centre: Centre, login: str) -> None:
    centre = postgres_centre
    assert centre.cluster is not None
    contacts.take(centre.as_person("anna"), centre.add_contact())
    with centre.as_owner().write() as tx:
        tx.session.execute(text("INSERT INTO read_audit (what, ref_id) VALUES ('contact', 1)"))
        tx.session.execute(
            text("INSERT INTO audit_seal VALUES (1, now(), 'event', 0, 0, 1, 1, 1, '', '', '')")
        )
    password = None if login == "postgres" else PASSWORD

    with closing(centre.cluster.connect(centre.database, login, password)) as connection:
        for table in TABLES:
            for statement in STATEMENTS:
                with pytest.raises(psycopg.Error) as refusal:
                    connection.execute(statement.format(table))
                assert refusal.value.sqlstate in ("42501", "CRM02"), (table, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO row_audit (op, table_name, row_key, digest) VALUES ('U', 'contact', '1', '')",
        "INSERT INTO read_audit (what, ref_id) VALUES ('contact', 1)",
        "INSERT INTO event (kind, data, xact) VALUES ('note.added', '{}', 1)",
        "INSERT INTO event (kind, data, at) VALUES ('note.added', '{}', '2020-01-01')",
        "SELECT app.redact_customer(1, 'no reason')",
        "SELECT app.audit_table('draft')",
        "ALTER TABLE contact DISABLE TRIGGER audit",
        "SET session_replication_role = replica",
    ],
)
@pytest.mark.parametrize("login", ["anna", "rose", "gateway"])
def test_nobody_makes_entries_up_or_switches_the_watch_off(
    postgres_centre: Centre, login: str, statement: str
) -> None:
    centre = postgres_centre
    assert centre.cluster is not None

    with (
        closing(centre.cluster.connect(centre.database, login, PASSWORD)) as connection,
        pytest.raises(psycopg.Error) as refusal,
    ):
        connection.execute(statement)

    assert refusal.value.sqlstate in ("42501", "CRM02")


def test_a_row_that_was_changed_with_the_watch_off_is_found(postgres_centre: Centre) -> None:
    centre = postgres_centre
    taken, untouched, redone = (centre.add_contact() for _ in range(3))
    contacts.take(centre.as_person("anna"), taken)
    contacts.take(centre.as_person("anna"), redone)
    with centre.as_owner().read() as tx:
        assert audit.strays(tx) == []

    with centre.as_owner().write() as tx:
        tx.session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in (
            f"UPDATE contact SET owner_id = 2 WHERE id = {taken}",
            f"UPDATE contact SET subject = 'Something else' WHERE id = {untouched}",
            "DELETE FROM membership WHERE staff_id = 1 AND queue_id = 1",
        ):
            tx.session.execute(text(statement))

    with centre.as_owner().read() as tx:
        assert audit.strays(tx) == [
            f"contact {taken}: was changed, and nobody entered it",
            f"contact {untouched}: was changed since it came, and nobody entered it",
            "membership 1:1: was removed, and nobody entered it",
        ]


def test_a_column_that_is_added_later_is_nobody_s_change(postgres_centre: Centre) -> None:
    centre = postgres_centre
    contacts.take(centre.as_person("anna"), centre.add_contact())

    with centre.as_owner().write() as tx:
        tx.session.execute(text("ALTER TABLE contact ADD COLUMN later text NOT NULL DEFAULT 'x'"))

    with centre.as_owner().read() as tx:
        assert audit.strays(tx) == []
