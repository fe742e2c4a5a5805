"""A gateway's store of sounds: each under a key of its own, the keys in another folder.

A backup of the sounds holds no key, so whoever destroys a key has destroyed every copy. The keys
are sealed by a master key from the gateway's keyring, so their folder alone opens nothing either.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crm_desktop.domain.errors import InvalidInput
from crm_desktop.workstation.files import sync_directory, write_atomically

_SOUND, _KEY = b"CRM sound 1\n", b"CRM key 1\n"
_NONCE_BYTES = 12
_KEY_BYTES = 32
_NAME_FILE = "store-name"
_PURPOSE = b"crm-desktop keys of recordings"


class CannotOpen(Exception):
    """The sound cannot be opened; the words are for people and name no path."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A sound that lies in the vault; sizes in bytes of the encrypted file."""

    file: str
    size: int
    sealed_sha256: str
    sound_sha256: str


class Vault:
    """One store. `name` goes with its folder, wherever that is taken."""

    def __init__(self, folder: Path, keys: Path, master: bytes) -> None:
        """`master`: 32 bytes or more. InvalidInput when one folder lies in the other, OSError."""
        if not _are_apart(folder, keys):
            raise InvalidInput(
                "Recordings and their keys must lie in folders of which neither is in the other: "
                "whoever has a copy of both has everything."
            )
        for each in (folder, keys):
            each.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._keys = folder, keys
        self._master = AESGCM(hashlib.sha256(_PURPOSE + master).digest())
        self.name = _name_of(folder)

    def keep(self, name: str, sound: bytes) -> Kept:
        """Encrypt a sound under a new key. What an interrupted try left of it is replaced.

        `name` is what it is known by. Raises OSError, then nothing new is there.
        """
        file = hashlib.sha256(name.encode()).hexdigest()[:32]
        key, nonce = AESGCM.generate_key(8 * _KEY_BYTES), secrets.token_bytes(_NONCE_BYTES)
        sealed = _SOUND + nonce + AESGCM(key).encrypt(nonce, sound, file.encode())
        nonce = secrets.token_bytes(_NONCE_BYTES)
        write_atomically(
            self._key(file), _KEY + nonce + self._master.encrypt(nonce, key, file.encode())
        )
        try:
            write_atomically(self._sound(file), sealed)
        except OSError:
            _shred(self._key(file))
            raise
        return Kept(file, len(sealed), _digest(sealed), _digest(sound))

    def open(self, file: str) -> bytes:
        """The sound; CannotOpen when file or key are gone, damaged, or another store's."""
        key = self._opened_key(file)
        try:
            sealed = self._sound(file).read_bytes()
        except OSError as trouble:
            raise CannotOpen("The file of this recording is not there.") from trouble
        try:
            return AESGCM(key).decrypt(*_parts(sealed, _SOUND), file.encode())
        except (InvalidTag, ValueError) as trouble:
            raise CannotOpen("The file of this recording is damaged.") from trouble

    def destroy(self, file: str) -> str:
        """Destroy the key, then the file, and try after each whether it opens all the same.

        Says what was tried. Can be called again after an interruption at any point. Raises
        OSError, and NotDestroyed when something is left.
        """
        _shred(self._key(file))
        said = [f"key: {self._refused(file)}"]
        self._sound(file).unlink(missing_ok=True)
        if self._sound(file).parent.is_dir():
            sync_directory(self._sound(file).parent)
        said.append(f"file: {self._refused(file)}")
        left = [each for each in (self._key(file), self._sound(file)) if each.exists()]
        if left:
            raise NotDestroyed("something of the recording is still there")
        return "; ".join(said)

    def _refused(self, file: str) -> str:
        try:
            self.open(file)
        except CannotOpen as gone:
            return str(gone)
        raise NotDestroyed("the recording still opens")

    def _opened_key(self, file: str) -> bytes:
        try:
            sealed = self._key(file).read_bytes()
        except OSError as trouble:
            raise CannotOpen("The key of this recording is not there.") from trouble
        try:
            return self._master.decrypt(*_parts(sealed, _KEY), file.encode())
        except (InvalidTag, ValueError) as trouble:
            raise CannotOpen("The key of this recording does not open.") from trouble

    def _sound(self, file: str) -> Path:
        # Two hundred and fifty-six folders: a year of calls in one is slow to list.
        return self._folder / file[:2] / f"{file}.sound"

    def _key(self, file: str) -> Path:
        return self._keys / file[:2] / f"{file}.key"


class NotDestroyed(Exception):
    """A recording that was destroyed is still there."""


def _are_apart(one: Path, other: Path) -> bool:
    one, other = one.resolve(), other.resolve()
    return one != other and one not in other.parents and other not in one.parents


def _name_of(folder: Path) -> str:
    """The name that the store was given when its folder was first used."""
    file = folder / _NAME_FILE
    try:
        return file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        name = f"{socket.gethostname()}-{secrets.token_hex(3)}"
        write_atomically(file, name.encode())
        return name


def _shred(key: Path) -> None:
    """Overwrite a key where it lies, then remove it."""
    try:
        with key.open("r+b") as file:
            file.write(secrets.token_bytes(os.fstat(file.fileno()).st_size))
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return
    key.unlink(missing_ok=True)
    sync_directory(key.parent)


def _parts(sealed: bytes, mark: bytes) -> tuple[bytes, bytes]:
    start = len(mark)
    if not sealed.startswith(mark):
        raise ValueError("not one of ours")
    return sealed[start : start + _NONCE_BYTES], sealed[start + _NONCE_BYTES :]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
