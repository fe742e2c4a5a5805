"""Addresses of databases: several servers in one, and whether any of them leads away from here."""

from __future__ import annotations

import pytest

from crm_desktop.desktop.screens.sign_in.presenter import shown
from crm_desktop.domain.database_address import has_password, is_address
from crm_desktop.domain.errors import InsecureConnection
from crm_desktop.store import address
from crm_desktop.store.database import Target

_THREE = "postgresql://one:5433,two,[::1]:5434/crm?sslrootcert=ca.crt"


def test_several_servers_are_read_as_libpq_does() -> None:
    url = address.read(_THREE)

    assert (url.query["host"], url.query["port"]) == ("one,two,::1", "5433,5432,5434")
    assert (url.database, url.query["sslrootcert"]) == ("crm", "ca.crt")
    assert [each["host"] for each in address.each_server(dict(url.query))] == ["one", "two", "::1"]


def test_the_server_that_answered_last_is_asked_first() -> None:
    assert list(address.Known(last=1).order(3)) == [1, 2, 0]


def test_an_older_history_is_behind_a_newer_one_of_the_same_database_only() -> None:
    known = address.Known()

    assert not known.is_behind(7, 2)
    assert known.is_behind(7, 1)
    assert not known.is_behind(7, 2)
    assert not known.is_behind(8, 1)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://127.0.0.1,db.council.test/crm",
        "postgresql://localhost/crm?hostaddr=10.0.0.1",
        "postgresql:///crm?host=localhost,10.0.0.1",
        "postgresql:///crm?host=::ffff:10.0.0.1",
    ],
)
def test_one_server_elsewhere_is_enough_to_demand_a_verified_way(url: str) -> None:
    assert not Target(url).is_loopback
    assert Target(url).full_url().query["sslmode"] == "verify-full"
    with pytest.raises(InsecureConnection):
        Target(f"{url}{'&' if '?' in url else '?'}sslmode=disable").full_url()


def test_what_the_address_says_goes_before_our_own_patience() -> None:
    url = Target("postgresql://a,b/crm?connect_timeout=9&target_session_attrs=any").full_url()

    assert (url.query["connect_timeout"], url.query["target_session_attrs"]) == ("9", "any")
    assert Target("postgresql://a,b/crm").full_url().query["connect_timeout"] == "3"


@pytest.mark.parametrize(
    ("url", "right"),
    [
        (_THREE, True),
        ("postgresql://one,two:x/crm", False),
        ("postgresql://one:0,two/crm", False),
        ("postgresql://one,two", False),
        ("mysql://one/crm", False),
        ("sqlite:////var/lib/crm.sqlite3", True),
    ],
)
def test_what_is_an_address(url: str, right: bool) -> None:
    assert is_address(url) is right


def test_a_password_is_found_before_several_servers_too() -> None:
    assert has_password("postgresql://anna:secret@one:1,two:2/crm")
    assert not has_password("postgresql://anna@one:1,two:2/crm")


def test_the_sign_in_screen_names_all_servers() -> None:
    assert shown(_THREE) == "crm on one:5433,two,[::1]:5434"
    assert shown("postgresql:///crm?host=one,two") == "crm on one,two"
