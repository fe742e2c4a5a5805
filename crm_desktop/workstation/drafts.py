"""Unsent drafts survive a crash in encrypted local files whose key is in the keyring."""

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from crm_desktop.domain.errors import NoKeyring
from crm_desktop.workstation.files import set_aside, write_atomically
from crm_desktop.workstation.secrets import Secrets

_SECRET = "drafts-key"  # noqa: S105 - the name under which the keyring has it
_SUFFIX = ".draft"
_NAME_BYTES = 4


@dataclass(frozen=True)
class LoadedDrafts:
    """The drafts that were found, and the files that could not be read and were kept aside."""

    drafts: dict[str, bytes]
    damaged: tuple[Path, ...]


class DraftStore:
    """One encrypted file a draft in one directory; safe to use from several threads.

    `durable` says whether what was saved last would survive a crash. Without a keyring, or
    while the disk is full, drafts are held in memory alone, and `problem` says why.
    """

    def __init__(self, directory: Path, key: bytes | None, problem: str = "") -> None:
        """`key` as Fernet makes it; None holds drafts in memory, for the reason in `problem`."""
        self._directory = directory
        self._fernet = None if key is None else Fernet(key)
        self._held: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self.durable = key is not None
        self.problem = problem

    def save(self, key: str, data: bytes) -> None:
        """Keep `data` under `key`; trouble with the disk shows in `durable`, never raises."""
        with self._lock:
            self._held[key] = data
            if self._fernet is not None:
                self._write_all_held()

    def load_all(self) -> LoadedDrafts:
        """Everything that was kept, this session's and what a crash left."""
        with self._lock:
            drafts: dict[str, bytes] = {}
            damaged: list[Path] = []
            for path in self._files():
                try:
                    key, data = self._unseal(path.read_bytes())
                except (InvalidToken, OSError, ValueError):
                    damaged.append(set_aside(path) or path)
                else:
                    drafts[key] = data
            return LoadedDrafts(drafts | self._held, tuple(damaged))

    def remove(self, key: str) -> None:
        """Forget the draft under `key`; one that is not there is fine."""
        with self._lock:
            self._held.pop(key, None)
            try:
                self._path(key).unlink(missing_ok=True)
            except OSError as error:
                self._not_durable(error)

    def _write_all_held(self) -> None:
        """Write what memory alone holds: this draft, and those that a full disk refused."""
        for key, data in list(self._held.items()):
            try:
                write_atomically(self._path(key), self._seal(key, data))
            except OSError as error:
                self._not_durable(error)
                return
            del self._held[key]
        self.durable, self.problem = True, ""

    def _not_durable(self, error: OSError) -> None:
        self.durable = False
        self.problem = (
            f"Drafts cannot be kept on this computer now ({error.strerror or 'disk trouble'}). "
            "They are held while the program runs."
        )

    def _files(self) -> list[Path]:
        if self._fernet is None or not self._directory.is_dir():
            return []
        return sorted(self._directory.glob(f"*{_SUFFIX}"))

    def _path(self, key: str) -> Path:
        # A digest, because the name of a file is read by anybody who sees the directory.
        return self._directory / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}{_SUFFIX}"

    def _seal(self, key: str, data: bytes) -> bytes:
        assert self._fernet is not None
        name = key.encode()
        return self._fernet.encrypt(len(name).to_bytes(_NAME_BYTES, "big") + name + data)

    def _unseal(self, sealed: bytes) -> tuple[str, bytes]:
        assert self._fernet is not None
        plain = self._fernet.decrypt(sealed)
        end = _NAME_BYTES + int.from_bytes(plain[:_NAME_BYTES], "big")
        return plain[_NAME_BYTES:end].decode(), plain[end:]


def open_drafts(directory: Path, secrets: Secrets | None) -> DraftStore:
    """The drafts in `directory`, with their key from `secrets`, made at the first use.

    Without secrets, or when the keyring refuses, the store is not durable and says why.
    """
    if secrets is None:
        return DraftStore(directory, None, _no_keyring())
    try:
        key = _usable(secrets.get(_SECRET))
        if key is None:
            key = Fernet.generate_key()
            secrets.set(_SECRET, key.decode())
    except NoKeyring:
        return DraftStore(directory, None, _no_keyring())
    return DraftStore(directory, key)


def _usable(key: str | None) -> bytes | None:
    """The key as bytes; None for one that somebody has damaged, with which nothing opens."""
    if key is None:
        return None
    try:
        Fernet(key.encode())
    except ValueError:
        return None
    return key.encode()


def _no_keyring() -> str:
    return (
        "There is no keyring, so unsent drafts are not kept on this computer. They are held "
        "while the program runs, and in the database once it has them."
    )
