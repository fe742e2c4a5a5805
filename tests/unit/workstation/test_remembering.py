"""What an account of this computer remembers of those who sign in: one of them, in the keyring."""

from __future__ import annotations

import pytest

from crm_desktop.domain.errors import NoKeyring
from crm_desktop.this_computer.memory import memory_of
from crm_desktop.this_computer.ways import Ways

URL = "postgresql://db.council.example/crm"


class _Kept(dict[str, str]):
    """Secrets that were kept."""

    def set(self, name: str, value: str, /) -> None:
        self[name] = value

    def delete(self, name: str, /) -> None:
        self.pop(name, None)


def test_who_ticked_it_last_is_remembered_and_nobody_else() -> None:
    kept = _Kept()
    memory = memory_of(kept, Ways())
    memory.remember(URL, "anna", "anna's")
    assert memory.recall(URL) == ("anna", "anna's")

    memory.remember(URL, "ben", "ben's")

    assert memory.recall(URL) == ("ben", "ben's")
    assert list(kept.values()) == ["ben's"]


def test_who_signs_in_between_does_not_make_it_forget_somebody_else() -> None:
    kept = _Kept()
    memory = memory_of(kept, Ways())
    memory.remember(URL, "anna", "anna's")

    memory.forget(URL, "ben")
    assert memory.recall(URL) == ("anna", "anna's")

    memory.forget(URL, "anna")
    assert memory.recall(URL) is None
    assert kept == {}


def test_without_a_keyring_not_even_the_name_is_kept() -> None:
    memory = memory_of(None, Ways())

    with pytest.raises(NoKeyring):
        memory.remember(URL, "anna", "anna's")

    assert memory.recall(URL) is None
    assert memory.problem


def test_no_other_databases_password_is_given_out() -> None:
    memory = memory_of(_Kept(), Ways())
    memory.remember(URL, "anna", "anna's")

    assert memory.recall("postgresql://other.example/crm") is None
