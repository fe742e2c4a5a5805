"""Only who signed in here lately, with the same password, works without the database."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from crm_desktop.domain.errors import InvalidInput, NoKeyring
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import StaffRole
from crm_desktop.domain.views import ServiceInfo
from crm_desktop.services import Database, Target, queue
from crm_desktop.this_computer import people
from crm_desktop.this_computer.people import KnownPeople
from crm_desktop.workstation.sealed import SealedStore

URL = "postgresql://127.0.0.1/crm"
BINS = ServiceInfo(3, "missed_bin", "Missed bin", "Waste", 524, 2, True, "")
ANNA = Person(7, "anna", "Anna Whitlock", StaffRole.ADVISOR, frozenset({1}))


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KnownPeople:
    """Anna has signed in here."""
    monkeypatch.setattr(queue, "services", lambda _db: (BINS,))
    made = KnownPeople(SealedStore(tmp_path, Fernet.generate_key()), URL)
    made.remember(Database(Target(URL, "anna", "her password"), actor=ANNA, create=False))
    return made


def test_the_same_name_and_password_are_let_in_with_their_services(known: KnownPeople) -> None:
    found = known.check("anna", "her password")

    assert (found.person.id, found.person.name) == (7, "Anna Whitlock")
    # What belongs to queues is the database's to say.
    assert found.person.queues == frozenset()
    assert found.services == (BINS,)


@pytest.mark.parametrize(
    ("login", "password"), [("anna", "another"), ("anna", ""), ("ben", "her password"), ("", "")]
)
def test_nobody_else_is(known: KnownPeople, login: str, password: str) -> None:
    with pytest.raises(InvalidInput, match="signed in on this computer"):
        known.check(login, password)


def test_after_two_weeks_only_the_database_knows(
    known: KnownPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "_LONGEST", people._LONGEST * 0)

    with pytest.raises(InvalidInput):
        known.check("anna", "her password")


def test_neither_password_nor_name_is_readable_on_the_disk(
    known: KnownPeople, tmp_path: Path
) -> None:
    known.check("anna", "her password")

    (file,) = tmp_path.iterdir()
    assert b"Anna" not in file.read_bytes()
    assert b"her password" not in file.read_bytes()


def test_without_a_keyring_nobody_is_remembered_or_let_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue, "services", lambda _db: (BINS,))
    none = KnownPeople(SealedStore(Path(), None), URL)
    none.remember(Database(Target(URL, "anna", "her password"), actor=ANNA, create=False))

    with pytest.raises(NoKeyring):
        none.check("anna", "her password")
