"""What was typed is not lost, and nobody else can read it."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.errors import NoKeyring
from crm_desktop.workstation.sealed import SealedStore, open_stores


class _HeldSecrets:
    """Secrets in memory; the real keyring has tests of its own."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, name: str, /) -> str | None:
        return self.values.get(name)

    def set(self, name: str, value: str, /) -> None:
        self.values[name] = value

    def delete(self, name: str, /) -> None:
        self.values.pop(name, None)


class _LockedSecrets(_HeldSecrets):
    def get(self, name: str, /) -> str | None:
        raise NoKeyring


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "drafts"


def test_a_draft_is_there_after_a_crash(directory: Path) -> None:
    secrets = _HeldSecrets()
    before = open_stores(directory.parent, secrets).drafts
    before.save("contact:7", b"Dear Margaret")
    before.save("contact:7", b"Dear Margaret,")

    after = open_stores(directory.parent, secrets).drafts.load_all()

    assert before.durable
    assert after.entries == {"contact:7": b"Dear Margaret,"}
    assert after.damaged == ()


def test_a_removed_draft_does_not_come_back(directory: Path) -> None:
    store = SealedStore(directory, Fernet.generate_key())
    store.save("contact:7", b"sent now")

    store.remove("contact:7")
    store.remove("contact:8")

    assert store.load_all().entries == {}


def test_neither_words_nor_contact_are_readable_on_the_disk(directory: Path) -> None:
    SealedStore(directory, Fernet.generate_key()).save("contact:7", b"Dear Margaret")

    (file,) = directory.iterdir()

    assert b"Margaret" not in file.read_bytes()
    assert "contact" not in file.name
    assert file.stat().st_mode & 0o077 == 0


def test_a_damaged_draft_is_kept_aside_and_the_others_are_read(directory: Path) -> None:
    store = SealedStore(directory, Fernet.generate_key())
    store.save("contact:7", b"will be damaged")
    (file,) = directory.iterdir()
    file.write_bytes(file.read_bytes()[:20])
    store.save("contact:8", b"whole")

    loaded = store.load_all()

    assert loaded.entries == {"contact:8": b"whole"}
    assert [path.name for path in loaded.damaged] == [f"{file.name}.damaged-1"]
    assert loaded.damaged[0].exists()
    assert store.load_all().damaged == ()


def test_drafts_of_a_lost_key_are_kept_aside(directory: Path) -> None:
    SealedStore(directory, Fernet.generate_key()).save("contact:7", b"of another key")

    loaded = SealedStore(directory, Fernet.generate_key()).load_all()

    assert loaded.entries == {}
    assert len(loaded.damaged) == 1


def test_a_damaged_key_is_replaced(directory: Path) -> None:
    secrets = _HeldSecrets()
    secrets.values["drafts-key"] = "not a key"

    store = open_stores(directory.parent, secrets).drafts

    assert store.durable
    assert secrets.values["drafts-key"] != "not a key"


@pytest.mark.parametrize("secrets", [None, _LockedSecrets()])
def test_without_a_keyring_drafts_live_in_memory_and_the_store_says_so(
    directory: Path, secrets: _HeldSecrets | None
) -> None:
    store = open_stores(directory.parent, secrets).drafts
    store.save("contact:7", b"only here")

    assert not store.durable
    assert "no keyring" in store.problem
    assert store.load_all().entries == {"contact:7": b"only here"}
    assert not directory.exists()


def test_a_disk_that_refuses_loses_nothing_while_the_program_runs(directory: Path) -> None:
    directory.write_text("a file where the directory should be")
    store = SealedStore(directory, Fernet.generate_key())

    store.save("contact:7", b"held")

    assert not store.durable
    assert "cannot be kept" in store.problem
    assert store.load_all().entries == {"contact:7": b"held"}


def test_what_the_disk_refused_is_written_once_it_can_be(directory: Path) -> None:
    key = Fernet.generate_key()
    directory.write_text("in the way")
    store = SealedStore(directory, key)
    store.save("contact:7", b"held")

    directory.unlink()
    store.save("contact:8", b"later")

    assert store.durable
    assert store.problem == ""
    assert SealedStore(directory, key).load_all().entries == {
        "contact:7": b"held",
        "contact:8": b"later",
    }


@given(key=st.text(), data=st.binary())
def test_any_key_and_any_bytes_come_back(
    tmp_path_factory: pytest.TempPathFactory, key: str, data: bytes
) -> None:
    encoded = key.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    secret = Fernet.generate_key()
    directory = tmp_path_factory.mktemp("drafts")

    SealedStore(directory, secret).save(encoded, data)

    assert SealedStore(directory, secret).load_all().entries == {encoded: data}
