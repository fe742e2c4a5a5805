"""`crm-desktop admin audit …` as an administrator types it, on both dialects."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from crm_desktop.cli import app
from crm_desktop.domain.audit_chain import new_key, read_key
from crm_desktop.services import contacts, leases, sealing
from tests.centre import Centre

KEY = new_key()


@pytest.fixture
def secrets_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gateway's file of secrets that holds the key."""
    file = tmp_path / "secrets.toml"
    file.write_text(f'"audit-key" = "{KEY}"\n')
    file.chmod(0o600)
    monkeypatch.setenv("CRM_DESKTOP_SECRETS_FILE", str(file))
    return file


def run(centre: Centre, *words: str) -> Result:
    return CliRunner().invoke(app, ["admin", "audit", *words, "--database", centre.target.url])


def seal(centre: Centre) -> None:
    anna = centre.as_person("anna")
    contact_id = centre.add_contact()
    contacts.take(anna, contact_id)
    contacts.open_contact(anna, contact_id)
    db = centre.as_gateway()
    centre.wait_for_others()
    lease = leases.acquire(db, sealing.LEASE_NAME, "test")
    assert lease is not None
    sealing.seal(db, lease, read_key(KEY))
    leases.release(db, [lease])


def test_a_whole_chain_is_verified_against_what_was_exported(
    centre: Centre, secrets_file: Path, tmp_path: Path
) -> None:
    seal(centre)
    file = tmp_path / "anchors.jsonl"

    exported = run(centre, "export", "--to", str(file))
    verified = run(centre, "verify", "--anchor", str(file), "--rows")

    assert exported.exit_code == 0
    assert verified.exit_code == 0, verified.stdout
    assert "The chain is whole. It holds the 1 heads that were written down." in verified.stdout


def test_an_alteration_is_named_and_the_exit_code_is_1(centre: Centre, secrets_file: Path) -> None:
    seal(centre)
    with centre.as_owner().write() as tx:
        if centre.dialect == "postgresql":
            tx.session.execute(text("SET LOCAL session_replication_role = replica"))
        tx.session.execute(text("UPDATE read_audit SET staff_id = coalesce(staff_id, 0) + 1"))

    verified = run(centre, "verify")

    assert verified.exit_code == 1
    assert "read_audit 1: was altered" in verified.stdout


def test_without_a_key_it_says_where_to_get_one(centre: Centre, secrets_file: Path) -> None:
    secrets_file.write_text("")

    verified = run(centre, "verify")

    assert verified.exit_code == 1
    assert "admin audit key" in str(verified.exception)


def test_for_a_file_of_secrets_the_line_to_write_is_said(secrets_file: Path) -> None:
    secrets_file.write_text("")

    made = CliRunner().invoke(app, ["admin", "audit", "key"])

    assert made.exit_code == 0
    line = made.stdout.splitlines()[-1]
    assert read_key(line.split('"')[3])
    secrets_file.write_text(line)
    assert "left as it is" in CliRunner().invoke(app, ["admin", "audit", "key"]).stdout


def test_a_customer_s_values_are_removed_and_it_is_entered(
    postgres_centre: Centre, secrets_file: Path
) -> None:
    centre = postgres_centre
    centre.add_contact(customer="margaret@example.org")
    seal(centre)

    removed = run(centre, "redact", "1", "--reason", "Erasure 17")
    again = run(centre, "verify", "--rows")

    assert removed.exit_code == 0
    assert "Removed the values of" in removed.stdout
    assert again.exit_code == 0, again.stdout
