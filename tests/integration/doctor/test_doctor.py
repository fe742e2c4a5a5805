"""`crm-desktop doctor` on real databases, and that it leaves them as they were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crm_desktop.cli import app
from crm_desktop.commands.doctor import database
from crm_desktop.commands.doctor.finding import Finding, State
from crm_desktop.services import Target, leases
from tests.centre import GATEWAY_LOGIN, MIGRATIONS, Centre
from tests.integration.workstation.programs import run_python
from tests.servers.keyring import secret_service
from tests.servers.postgres import PostgresCluster, write_certificate


def _look(target: Target) -> dict[str, Finding]:
    return {each.check: each for each in database.examine(target, "crm", MIGRATIONS).findings}


def _files(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.suffix == ".db"}


def test_an_advisor_finds_a_centre_in_order(centre: Centre) -> None:
    leases.acquire(centre.as_gateway(), "outbox", "desk-7:12:ab", seconds=600)

    found = _look(centre.target_for("anna"))

    assert {name: each.words for name, each in found.items() if each.state is State.TROUBLE} == {}
    assert "desk-7 (process 12) does outbox" in found["gateway"].words
    assert found["revision"].state is State.OK


def test_on_postgresql_it_knows_who_looks(postgres_centre: Centre) -> None:
    advisor = _look(postgres_centre.target_for("anna"))
    gateway = _look(postgres_centre.target_for(GATEWAY_LOGIN))
    owner = _look(postgres_centre.target)

    assert advisor["roles"].words == "anna works here (advisor)."
    assert gateway["roles"].words == "gateway is the gateway's login."
    assert owner["roles"].state is State.WARNING
    assert {advisor["tls"].state, advisor["clock"].state} == {State.OK}


def test_a_server_that_asks_for_a_password_has_answered(postgres_centre: Centre) -> None:
    url = postgres_centre.target_for("anna").url.replace("anna:a-password-for-tests@", "")

    found = _look(Target(url))

    assert found["database"].state is State.OK
    assert found["sign-in"].state is State.WARNING
    assert "--login" in found["sign-in"].to_do


def test_a_wrong_password_is_trouble(postgres_centre: Centre) -> None:
    found = _look(Target(postgres_centre.target_for("anna").url, "anna", "wrong"))

    assert found["sign-in"].state is State.TROUBLE


def test_a_server_that_does_not_prove_who_it_is_gets_no_password(
    postgres_centre: Centre, tmp_path: Path
) -> None:
    good = postgres_centre.target_for("anna")
    assert postgres_centre.cluster is not None
    authority = postgres_centre.cluster.sslrootcert
    other = tmp_path / "other.crt"
    write_certificate(other, tmp_path / "other.key")

    stranger = _look(Target(good.url.replace(authority, str(other)), "anna", good.password))
    unknown = _look(Target(good.url.replace(authority, str(tmp_path / "no.crt"))))

    assert stranger["tls"].state is unknown["tls"].state is State.TROUBLE
    assert "certificate verify failed" in stranger["tls"].words
    assert "no.crt" in unknown["tls"].words
    assert "sslrootcert=FILE" in unknown["tls"].to_do


def test_a_server_without_tls_is_trouble_where_it_is_wanted(own_postgres: PostgresCluster) -> None:
    own_postgres.stop()
    with Path(own_postgres.directory, "data", "postgresql.conf").open("a") as conf:
        conf.write("ssl = 'off'\n")
    own_postgres.start()

    found = _look(Target(own_postgres.superuser_url()))

    assert "does not support SSL" in found["tls"].words


def test_a_database_of_another_name_is_not_taken_for_silence(postgres_centre: Centre) -> None:
    url = postgres_centre.target.url.replace(postgres_centre.database, "another")

    found = _look(Target(url))

    assert "has no such database" in found["database"].words


def test_an_older_database_is_trouble_with_its_remedy(centre: Centre) -> None:
    with centre.as_owner().write() as tx:
        tx.session.connection().exec_driver_sql("DELETE FROM alembic_version")

    found = _look(centre.target_for("anna"))

    assert found["revision"].state is State.TROUBLE
    assert "upgrade" in found["revision"].to_do
    assert "accounts" not in found


def test_looking_changes_nothing(sqlite_centre: Centre, tmp_path: Path) -> None:
    before = _files(tmp_path)

    _look(sqlite_centre.target)

    assert _files(tmp_path) == before
    assert before


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "absent.sqlite3"

    finished = CliRunner().invoke(app, ["doctor", "--json", "--database", f"sqlite:///{path}"])

    found = {each["check"]: each for each in json.loads(finished.stdout)}
    assert finished.exit_code == 1
    assert found["database"]["state"] == "trouble"
    assert "demo prepare" in found["database"]["to_do"]
    assert not path.exists()


def test_a_healthy_computer_leaves_with_nought_and_says_it_in_words(sqlite_centre: Centre) -> None:
    finished = CliRunner().invoke(app, ["doctor", "--database", sqlite_centre.target.url])

    assert finished.exit_code == 0, finished.stdout
    assert "ok       revision: The database has the revision of this program." in finished.stdout
    assert "TROUBLE" not in finished.stdout


def test_a_display_that_cannot_be_opened_is_trouble(
    sqlite_centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.setenv("DISPLAY", ":9999")

    finished = CliRunner().invoke(app, ["doctor", "--json", "--database", sqlite_centre.target.url])

    found = json.loads(finished.stdout)
    assert finished.exit_code == 1
    assert [each["check"] for each in found if each["state"] == "trouble"] == ["display"]


def test_the_keyrings_password_signs_the_doctor_in(postgres_centre: Centre, tmp_path: Path) -> None:
    target = postgres_centre.target_for("anna")
    url = target.url.replace("anna:a-password-for-tests@", "")
    with secret_service(tmp_path) as env:
        kept = run_python(
            "import keyring, sys\nkeyring.set_password('crm-desktop', *sys.argv[1:])",
            f"database:{url}:anna",
            target.password,
            env=env,
        )
        finished = run_python(
            "from crm_desktop.cli import main\nmain()",
            *("doctor", "--json", "--database", url, "--login", "anna"),
            env=env,
        )

    assert kept.returncode == 0, kept.stderr
    found = {each["check"]: each for each in json.loads(finished.stdout)}
    assert found["keyring"]["state"] == "ok"
    assert found["roles"]["words"] == "anna works here (advisor)."
    assert target.password not in finished.stdout
