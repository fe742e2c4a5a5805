"""Signing in by a real Kerberos ticket over TLS: desktop, doctor and gateway hold no password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_desktop.commands.doctor.run import examine
from crm_desktop.domain.errors import AccountRefused, SignInRefused, SwitchedOff
from crm_desktop.gateway_root import EXIT_OK, EXIT_REFUSED
from crm_desktop.services import Database, Target, session
from crm_desktop.workstation.paths import Paths
from crm_desktop.workstation.settings import load
from tests.centre import GATEWAY_LOGIN, MIGRATIONS, PASSWORD, build_template
from tests.e2e.bad_days.program import GatewayProgram
from tests.servers.kerberos import REALM, Kerberos
from tests.servers.postgres import PostgresCluster, give_to_server_user

_DOMAIN_PASSWORD = "the-password-of-the-domain"


@pytest.fixture
def realm(own_postgres: PostgresCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kerberos]:
    """A realm that this process, and what it starts, belongs to."""
    made = Kerberos(Path(f"{own_postgres.directory}-realm"))
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    for principal in ("anna", "zoe", GATEWAY_LOGIN):
        made.add(principal, _DOMAIN_PASSWORD)
    yield made
    made.stop()


@pytest.fixture
def url(own_postgres: PostgresCluster, realm: Kerberos) -> str:
    """A centre whose server takes tickets from everybody but its owner, and nothing else."""
    owner = Database(Target(own_postgres.create_database("centre")))
    build_template(owner)
    owner.close()
    keytab = realm.keytab("postgres/localhost")
    give_to_server_user(keytab)
    rules = (
        "hostssl all postgres 127.0.0.1/32 scram-sha-256\n"
        f"hostssl all all 127.0.0.1/32 gss include_realm=0 krb_realm={REALM}\n"
    )
    own_postgres.change(rules=rules, settings={"krb_server_keyfile": str(keytab)})
    own_postgres.stop()
    own_postgres.start()
    return (
        f"postgresql://localhost:{own_postgres.port}/centre?hostaddr=127.0.0.1"
        f"&sslmode=verify-full&sslrootcert={own_postgres.sslrootcert}"
    )


def test_whoever_has_a_ticket_signs_in_without_a_password(
    realm: Kerberos, url: str, own_postgres: PostgresCluster, paths: Paths
) -> None:
    with pytest.raises(AccountRefused):
        session.sign_in(Target(url, "anna"), "anna", MIGRATIONS)

    realm.sign_in("anna", _DOMAIN_PASSWORD)
    db = session.sign_in(Target(url, "anna"), "anna", MIGRATIONS)
    assert db.actor is not None
    assert db.actor.name == "Anna Whitlock"
    session.prove(db.target, "")
    db.close()

    # What was typed although nobody asked is no proof of anybody later.
    db = session.sign_in(Target(url, "anna", "typed"), "anna", MIGRATIONS)
    assert db.target.password == ""
    db.close()

    with pytest.raises(SignInRefused):
        session.sign_in(Target(url, "ben"), "ben", MIGRATIONS)
    _doctor_finds_anna(url, paths)

    with own_postgres.connect("centre") as owner:
        owner.execute("ALTER ROLE anna NOLOGIN")
    with pytest.raises(SwitchedOff):
        session.prove(Target(url, "anna"), "")
    realm.sign_out()
    with pytest.raises(AccountRefused):
        session.prove(Target(url, "anna"), "")


def test_the_gateway_works_with_the_ticket_of_its_account(
    realm: Kerberos, url: str, tmp_path: Path
) -> None:
    settings = {"COMPUTER_ACCOUNT": "true"}
    refused = GatewayProgram(tmp_path / "without", url, settings=settings)
    assert refused.wait() == EXIT_REFUSED
    assert "did not take the account of this computer" in refused.words()
    refused.kill()

    realm.sign_in(GATEWAY_LOGIN, _DOMAIN_PASSWORD)

    works = GatewayProgram(tmp_path / "with", url, settings=settings).wait_ready()
    assert works.end() == EXIT_OK
    works.kill()


def test_a_password_is_no_way_round_a_server_that_wants_a_ticket(realm: Kerberos, url: str) -> None:
    with pytest.raises(AccountRefused):
        session.sign_in(Target(url, "anna", PASSWORD), "anna", MIGRATIONS)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A computer's folders."""
    return Paths(*(tmp_path / each for each in ("config", "data", "cache", "log")))


def _doctor_finds_anna(url: str, paths: Paths) -> None:
    paths.config.mkdir()
    paths.settings_file.write_text("computer_account = true\n")
    found = examine(lambda: load(paths, url), paths, "anna")
    assert [each.words for each in found if each.check == "roles"] == [
        "anna works here (advisor)."
    ], found
    assert any(each.check == "tls" and "TLSv1.3" in each.words for each in found), found
