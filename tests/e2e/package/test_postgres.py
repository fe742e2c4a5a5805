"""The frozen program on a PostgreSQL centre: libpq, TLS, its own sign-in and the keyring."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.centre import PASSWORD, Centre
from tests.e2e.package.installed import Installed, in_hand
from tests.servers import processes, xvfb
from tests.servers.postgres import PostgresCluster

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

_LOGIN = "anna"


def test_somebody_signs_in_by_password_and_takes_a_contact(
    installed: Installed, postgres_centre: Centre
) -> None:
    postgres_centre.add_contact(subject="Missed bin")
    url = _address(postgres_centre)

    with installed.running() as desktop:
        installed.press(desktop.pid, "Use another database…")
        xvfb.type_text(desktop.pid, "Address of the database", url, installed.env)
        installed.press(desktop.pid, "Use this database")
        xvfb.type_text(desktop.pid, "Name", _LOGIN, installed.env)
        xvfb.type_text(desktop.pid, "Password", PASSWORD, installed.env)
        installed.press(desktop.pid, "Remember me on this computer")
        installed.press(desktop.pid, "Sign in")
        installed.press(desktop.pid, "Next")
        processes.wait_for(
            lambda: in_hand(postgres_centre.target) == {(_LOGIN, "Missed bin")}, "the taking"
        )
    found = installed.doctor("--database", url, "--login", _LOGIN)

    # The doctor knows the password from the keyring alone, where the sign-in left it.
    assert "roles" in found, found
    assert found["roles"]["words"] == "anna works here (advisor)."
    states = {name: found[name]["state"] for name in ("database", "tls", "clock", "revision")}
    assert states == dict.fromkeys(states, "ok")
    assert "its certificate was checked" in found["tls"]["words"]
    assert found["gateway"]["state"] == "warning"


def test_its_gateway_holds_leases_that_the_doctor_sees(
    installed: Installed, postgres_centre: Centre
) -> None:
    url = _address(postgres_centre)
    kept = [
        installed.run("admin", "secret", "set", name, typed=f"{PASSWORD}\n")
        for name in ("database:gateway", f"database:{url}:{_LOGIN}")
    ]

    with installed.running("gateway", "--with-parent", "--database", url) as gateway:
        assert gateway.stdout is not None
        said = processes.read_line(gateway, "the gateway")
        processes.wait_for(
            lambda: _gateway_in(installed, url)["state"] == "ok", "the gateway's leases"
        )
        found = _gateway_in(installed, url)

    assert [each.returncode for each in kept] == [0, 0], kept
    assert said.startswith("READY ")
    assert f"(process {gateway.pid}) does " in found["words"]


def test_its_owner_makes_an_empty_database_a_centre(
    installed: Installed, postgres_cluster: PostgresCluster
) -> None:
    with postgres_cluster.database() as name:
        url = postgres_cluster.superuser_url(name)
        before = installed.doctor("--database", url)["revision"]
        # Roles belong to all databases of a server.
        with postgres_cluster.lock():
            made = installed.run("admin", "db", "upgrade", "--database", url)
        after = installed.doctor("--database", url)

    assert before["state"] == "trouble"
    assert made.returncode == 0, made.stderr
    assert after["revision"]["state"] == "ok"
    assert "passes every rule by" in after["roles"]["words"]


def _gateway_in(installed: Installed, url: str) -> dict[str, str]:
    return installed.doctor("--database", url, "--login", _LOGIN)["gateway"]


def _address(centre: Centre) -> str:
    """As somebody writes it on the sign-in screen: with nobody's name."""
    assert centre.cluster is not None
    certificate = quote(centre.cluster.sslrootcert)
    way = f"sslmode=verify-full&sslrootcert={certificate}"
    return f"postgresql://127.0.0.1:{centre.cluster.port}/{centre.database}?{way}"
