"""A real server that cannot prove who it is, or wants to know the password, does not get it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from crm_desktop.domain.errors import (
    CrmError,
    DatabaseAway,
    ServerUnverified,
    SignInRefused,
    SwitchedOff,
    UnsafeSignIn,
)
from crm_desktop.services import Target, session
from crm_desktop.store.database import Database
from tests.servers.postgres import PostgresCluster
from tests.servers.processes import wait_for

_LOGIN, _PASSWORD = "mira", "a-password-that-stays-here"
_RULE = "{kind} all all 127.0.0.1/32 {way}\n"


@pytest.fixture
def as_if_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[PostgresCluster], str]:
    """An address that leads by a service file, which might lead anywhere, to a real server."""

    def address(cluster: PostgresCluster) -> str:
        file = tmp_path / "pg_service.conf"
        # The file asks for less than is safe.
        file.write_text("[centre]\nsslmode=disable\nrequire_auth=\ngssencmode=prefer\n")
        monkeypatch.setenv("PGSERVICEFILE", str(file))
        monkeypatch.setenv("PGSSLMODE", "disable")
        return f"postgresql://127.0.0.1:{cluster.port}/postgres?service=centre"

    return address


def refusal(url: str, password: str = _PASSWORD) -> type[CrmError] | None:
    """How a sign-in fails, None when it does not."""
    db = Database(Target(url, _LOGIN, password), create=False)
    try:
        with db.read() as tx:
            assert tx.now
    except CrmError as error:
        return type(error)
    finally:
        db.close()
    return None


def add_login(cluster: PostgresCluster) -> None:
    with cluster.connect() as connection:
        connection.execute(f"CREATE ROLE {_LOGIN} LOGIN PASSWORD '{_PASSWORD}'")


def becomes(expected: object, url: str, password: str = _PASSWORD) -> None:
    """Servers take their new rules in at once, but not at the same moment."""
    wait_for(lambda: refusal(url, password) is expected, f"{expected}")


def test_only_a_server_with_the_right_certificate_is_spoken_to(
    own_postgres: PostgresCluster, as_if_far: Callable[[PostgresCluster], str], tmp_path: Path
) -> None:
    add_login(own_postgres)
    url = as_if_far(own_postgres)
    trusted = tmp_path / "trusted.pem"
    shutil.copy(own_postgres.sslrootcert, trusted)
    good = f"{url}&sslrootcert={trusted}"
    assert refusal(good) is None
    assert refusal(good, "wrong") is SignInRefused
    assert refusal(f"{url}&sslrootcert={tmp_path / 'none.pem'}") is ServerUnverified
    assert refusal(url) is ServerUnverified, "no authority named, none in the home"
    other_name = good.replace("//127.0.0.1", "//db.council.example") + "&hostaddr=127.0.0.1"
    assert refusal(other_name) is ServerUnverified

    own_postgres.renew_certificate()
    own_postgres.change()
    becomes(ServerUnverified, good)  # signed by somebody unknown

    own_postgres.renew_certificate(lasts=timedelta(hours=-1))
    shutil.copy(own_postgres.sslrootcert, trusted)
    own_postgres.change()
    becomes(ServerUnverified, good)  # it has run out

    own_postgres.renew_certificate()
    shutil.copy(own_postgres.sslrootcert, trusted)
    own_postgres.change()
    becomes(None, good)

    rules = _RULE.format(kind="host", way="scram-sha-256")
    own_postgres.change(rules=rules, settings={"ssl": "off"})
    becomes(ServerUnverified, good)  # no TLS at all
    assert refusal(good) is ServerUnverified
    assert issubclass(ServerUnverified, DatabaseAway), "desktops that are open wait for it"


@pytest.mark.parametrize("way", ["password", "md5", "trust"])
def test_a_server_that_asks_in_an_unsafe_way_gets_no_password(
    own_postgres: PostgresCluster, as_if_far: Callable[[PostgresCluster], str], way: str
) -> None:
    add_login(own_postgres)
    if way == "md5":
        with own_postgres.connect() as connection:
            connection.execute("SET password_encryption = 'md5'")
            connection.execute(f"ALTER ROLE {_LOGIN} PASSWORD '{_PASSWORD}'")
    own_postgres.change(rules=_RULE.format(kind="hostssl", way=way))
    url = f"{as_if_far(own_postgres)}&sslrootcert={own_postgres.sslrootcert}"

    becomes(UnsafeSignIn, url)

    here = f"postgresql://127.0.0.1:{own_postgres.port}/postgres?sslmode=require"
    assert refusal(here) is (None if way == "trust" else UnsafeSignIn)


def test_whose_login_was_switched_off_is_told_so_and_others_are_not(
    own_postgres: PostgresCluster,
) -> None:
    add_login(own_postgres)
    url = own_postgres.url("postgres", _LOGIN, _PASSWORD)
    assert refusal(url) is None

    with own_postgres.connect() as connection:
        connection.execute(f"ALTER ROLE {_LOGIN} NOLOGIN")

    assert refusal(url) is SwitchedOff
    assert refusal(url, "a guess") is SignInRefused
    assert session.answers(Target(url, _LOGIN, _PASSWORD))
