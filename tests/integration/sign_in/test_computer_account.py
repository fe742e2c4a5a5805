"""Signing in by a real Kerberos ticket over TLS: desktop, doctor and gateway hold no password."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_desktop.commands.doctor.run import examine
from crm_desktop.domain.errors import AccountRefused, SignInRefused, SwitchedOff
from crm_desktop.gateway.config import GatewayConfig
from crm_desktop.gateway_root import EXIT_OK, EXIT_REFUSED, run_gateway
from crm_desktop.services import Database, Target, session
from crm_desktop.workstation.paths import Paths, bundled
from crm_desktop.workstation.settings import load
from tests.centre import GATEWAY_LOGIN, MIGRATIONS, PASSWORD, build_template
from tests.servers.kerberos import REALM, Kerberos
from tests.servers.postgres import PostgresCluster, give_to_server_user
from tests.servers.processes import wait_for

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


def test_the_gateway_works_with_the_ticket_of_its_account(realm: Kerberos, url: str) -> None:
    assert _run_gateway(url) == EXIT_REFUSED

    realm.sign_in(GATEWAY_LOGIN, _DOMAIN_PASSWORD)

    assert _run_gateway(url) == EXIT_OK


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


def _run_gateway(url: str) -> int:
    stop, ready = threading.Event(), threading.Event()
    codes: list[int] = []
    config = GatewayConfig(web_resources=bundled("resources") / "web", http_port=0, smtp_port=0)
    running = threading.Thread(
        target=lambda: codes.append(
            run_gateway(
                Target(url, GATEWAY_LOGIN),
                MIGRATIONS,
                config,
                _NoSecrets(),
                stop=stop,
                ready=lambda _ports: ready.set(),
            )
        )
    )
    running.start()
    wait_for(lambda: ready.is_set() or bool(codes), 30, "the gateway")
    stop.set()
    running.join()
    return codes[0]


class _NoSecrets:
    """It is asked for nothing."""

    def get(self, name: str, /) -> str | None:
        raise AssertionError(f"asked for the secret {name}")
