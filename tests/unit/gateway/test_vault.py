"""The store of recordings: what a copy of it is worth, and that destroying destroys."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from crm_desktop.domain.errors import InvalidInput
from crm_desktop.gateway.recording import vault as module
from crm_desktop.gateway.recording.vault import CannotOpen, NotDestroyed, Vault

MASTER = bytes(range(32))
SOUND = b"OggS, and what was said " * 50


def vault(tmp_path: Path, master: bytes = MASTER) -> Vault:
    """A store below the test's own folder."""
    return Vault(tmp_path / "sounds", tmp_path / "keys", master)


def files(folder: Path) -> list[Path]:
    """All files below a folder, but the store's name."""
    return [each for each in folder.rglob("*") if each.is_file() and each.name != "store-name"]


def test_what_is_kept_opens_and_lies_there_in_no_clear(tmp_path: Path) -> None:
    store = vault(tmp_path)

    kept = store.keep("crm-1-1", SOUND)

    assert store.open(kept.file) == SOUND
    assert len(files(tmp_path / "sounds")) == len(files(tmp_path / "keys")) == 1
    for each in files(tmp_path):
        assert b"what was said" not in each.read_bytes()
        assert each.stat().st_mode & 0o077 == 0
    assert kept.size == files(tmp_path / "sounds")[0].stat().st_size


def test_each_has_a_key_of_its_own_and_a_second_try_replaces_the_first(tmp_path: Path) -> None:
    store = vault(tmp_path)

    one, again = store.keep("crm-1-1", SOUND), store.keep("crm-1-1", SOUND)
    other = store.keep("crm-2-1", SOUND)

    assert one.file == again.file != other.file
    assert len({one.sealed_sha256, again.sealed_sha256, other.sealed_sha256}) == 3
    assert one.sound_sha256 == other.sound_sha256
    assert store.open(again.file) == SOUND
    assert len(files(tmp_path)) == 4


def test_a_store_keeps_its_name_and_the_wrong_master_key_opens_nothing(tmp_path: Path) -> None:
    kept = vault(tmp_path).keep("crm-1-1", SOUND)

    other = vault(tmp_path, bytes(32))

    assert other.name == vault(tmp_path).name
    with pytest.raises(CannotOpen, match="key of this recording does not open"):
        other.open(kept.file)


def test_keys_are_never_among_the_sounds(tmp_path: Path) -> None:
    for folder, keys in (("a", "a"), ("a", "a/keys"), ("a/sounds", "a")):
        with pytest.raises(InvalidInput):
            Vault(tmp_path / folder, tmp_path / keys, MASTER)


@pytest.mark.parametrize("harm", ["sounds", "keys"])
def test_what_is_gone_or_damaged_says_which(tmp_path: Path, harm: str) -> None:
    store = vault(tmp_path)
    kept = store.keep("crm-1-1", SOUND)
    (file,) = files(tmp_path / harm)
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(bytes(data))

    with pytest.raises(CannotOpen):
        store.open(kept.file)
    file.unlink()
    with pytest.raises(CannotOpen, match="is not there"):
        store.open(kept.file)


def test_a_sound_that_was_put_in_another_s_place_does_not_open(tmp_path: Path) -> None:
    store = vault(tmp_path)
    one, other = store.keep("crm-1-1", SOUND), store.keep("crm-2-1", SOUND)
    for kind in ("sounds", "keys"):
        here = {each.stem: each for each in files(tmp_path / kind)}
        shutil.copy(here[one.file], here[other.file])

    with pytest.raises(CannotOpen):
        store.open(other.file)


def test_destroying_ends_every_copy_of_the_sound(tmp_path: Path) -> None:
    store = vault(tmp_path)
    kept = store.keep("crm-1-1", SOUND)
    shutil.copytree(tmp_path / "sounds", tmp_path / "backup")

    proof = store.destroy(kept.file)

    assert proof.count("The key of this recording is not there.") == 2
    assert files(tmp_path / "sounds") == files(tmp_path / "keys") == []
    shutil.rmtree(tmp_path / "sounds")
    shutil.copytree(tmp_path / "backup", tmp_path / "sounds")
    with pytest.raises(CannotOpen):
        vault(tmp_path).open(kept.file)
    assert store.destroy(kept.file), "again, after the copy came back"


def test_the_key_is_overwritten_where_it_lay(tmp_path: Path) -> None:
    store = vault(tmp_path)
    kept = store.keep("crm-1-1", SOUND)
    (key,) = files(tmp_path / "keys")
    before = key.read_bytes()
    os.link(key, tmp_path / "still-there")

    store.destroy(kept.file)

    after = (tmp_path / "still-there").read_bytes()
    assert len(after) == len(before)
    assert after != before


@pytest.mark.parametrize("at", ["_shred", "unlink"])
def test_destroying_goes_on_after_a_kill_at_any_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    store = vault(tmp_path)
    kept = store.keep("crm-1-1", SOUND)

    class Killed(BaseException):
        """As a kill: nothing after it happens."""

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if at == "_shred":
            real: Callable[[Path], None] = module._shred

            def half(key: Path) -> None:
                real(key)
                raise Killed

            patch.setattr(module, "_shred", half)
        else:
            patch.setattr(Path, "unlink", killed)
        with pytest.raises(Killed):
            store.destroy(kept.file)

    with pytest.raises(CannotOpen):
        store.open(kept.file)
    store.destroy(kept.file)
    assert files(tmp_path / "sounds") == files(tmp_path / "keys") == []


def test_what_would_still_open_is_never_called_destroyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = vault(tmp_path)
    kept = store.keep("crm-1-1", SOUND)
    monkeypatch.setattr(module, "_shred", lambda _key: None)

    with pytest.raises(NotDestroyed):
        store.destroy(kept.file)

    assert store.open(kept.file) == SOUND, "the file was not touched either"
