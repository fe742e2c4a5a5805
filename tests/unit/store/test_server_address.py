"""Which addresses lead to another computer, and that none of them does so without checked TLS."""

from __future__ import annotations

import pytest

from crm_desktop.domain.errors import InsecureConnection
from crm_desktop.store.database import Target

_ENVIRONMENT = ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGSSLMODE", "PGREQUIREAUTH", "PGGSSENCMODE")

ELSEWHERE = (
    "postgresql://db.council.example/crm",
    "postgresql://10.0.0.5/crm",
    "postgresql://[2001:db8::1]/crm",
    # The same address as 10.0.0.5, and one that begins as loopback's does.
    "postgresql://[::ffff:10.0.0.5]/crm",
    "postgresql://[::2]/crm",
    "postgresql://localhost.council.example/crm",
    "postgresql://0.0.0.0/crm",
    # One of several is enough.
    "postgresql://localhost,db.council.example/crm",
    "postgresql:///crm?host=localhost&host=db.council.example",
    "postgresql:///crm?host=localhost:5432&host=db.council.example:5433",
    "postgresql:///crm?host=localhost,db.council.example",
    "postgresql:///crm?host=/var/run/postgresql,db.council.example",
    "postgresql://localhost/crm?host=db.council.example",
    # The address counts, not the name that it is given.
    "postgresql://localhost/crm?hostaddr=10.0.0.5",
    "postgresql://localhost,localhost/crm?hostaddr=127.0.0.1,10.0.0.5",
    "postgresql://localhost,db.council.example/crm?hostaddr=127.0.0.1,",
    # What a service file says is not read here.
    "postgresql:///crm?service=centre",
    "postgresql://localhost/crm?service=centre",
)
HERE = (
    "postgresql:///crm",
    "postgresql://localhost/crm",
    "postgresql://localhost:5433/crm",
    "postgresql://127.0.0.1/crm",
    "postgresql://127.8.9.10/crm",
    "postgresql://[::1]/crm",
    "postgresql://localhost,127.0.0.1/crm",
    "postgresql:///crm?host=/var/run/postgresql",
    "postgresql:///crm?host=@abstract",
    "postgresql:///crm?host=localhost:5432&host=127.0.0.1:5433",
    "postgresql://db.council.example/crm?hostaddr=127.0.0.1",
)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("url", ELSEWHERE)
def test_another_computer_is_reached_by_verified_tls(url: str) -> None:
    asked = Target(url, "anna", "secret").full_url().query

    assert not Target(url).is_loopback
    assert asked["sslmode"] == "verify-full"
    assert asked["gssencmode"] == "disable"
    assert asked["require_auth"] == "scram-sha-256,gss,sspi"


@pytest.mark.parametrize("url", ELSEWHERE)
@pytest.mark.parametrize(
    "weaker",
    [
        *(f"sslmode={mode}" for mode in ("disable", "allow", "prefer", "require", "verify-ca")),
        *("sslmode=verify-full&sslmode=disable", "sslmode=VERIFY-FULL"),
        *("require_auth=password", "require_auth=scram-sha-256,md5", "require_auth=none"),
        *("require_auth=!gss", "require_auth=scram-sha-256&require_auth=none"),
    ],
)
def test_less_than_that_is_refused(url: str, weaker: str) -> None:
    asks = f"{url}{'&' if '?' in url else '?'}{weaker}"

    with pytest.raises(InsecureConnection):
        Target(asks, "anna", "secret").full_url()


def test_more_than_that_is_kept() -> None:
    url = "postgresql://db.council.example/crm?require_auth=scram-sha-256&sslrootcert=system"

    asked = Target(url).full_url().query

    assert asked["require_auth"] == "scram-sha-256"
    assert asked["sslrootcert"] == "system"


def test_the_way_of_the_tickets_own_encryption_is_never_taken_instead() -> None:
    for url in ("postgresql://db.council.example/crm", "postgresql://localhost/crm"):
        for mode in ("prefer", "require"):
            assert Target(f"{url}?gssencmode={mode}").full_url().query["gssencmode"] == "disable"


@pytest.mark.parametrize("url", HERE)
def test_on_this_computer_tls_is_as_the_address_says(url: str) -> None:
    asked = Target(url, "anna", "secret").full_url().query

    assert Target(url).is_loopback
    assert "sslmode" not in asked
    assert asked["require_auth"] == "!password,!md5"
    joined = f"{url}{'&' if '?' in url else '?'}sslmode=disable"
    assert Target(joined).full_url().query["sslmode"] == "disable"


@pytest.mark.parametrize(
    ("url", "variable", "value"),
    [
        ("postgresql:///crm", "PGHOST", "db.council.example"),
        ("postgresql:///crm", "PGHOST", "localhost,db.council.example"),
        ("postgresql:///crm", "PGHOSTADDR", "10.0.0.5"),
        ("postgresql://localhost/crm", "PGHOSTADDR", "10.0.0.5"),
        ("postgresql:///crm", "PGSERVICE", "centre"),
    ],
)
def test_the_environment_leads_nowhere_unprotected(
    monkeypatch: pytest.MonkeyPatch, url: str, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setenv("PGSSLMODE", "disable")

    assert Target(url).full_url().query["sslmode"] == "verify-full"
    assert not Target(url).is_loopback


def test_a_name_of_the_database_brings_no_options_with_it() -> None:
    url = Target("postgresql://localhost/host=db.council.example%20sslmode=disable").full_url()

    assert url.database == "host=db.council.example sslmode=disable"
    assert url.host == "localhost"
