"""What is kept on this computer survives a crash in encrypted files, their key in the keyring."""

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from crm_desktop.domain.errors import NoKeyring
from crm_desktop.workstation.files import set_aside, write_atomically
from crm_desktop.workstation.secrets import Secrets

_SECRET = "drafts-key"  # noqa: S105 - the name under which the keyring has it
#: As the first release called them; what it left is still read.
_SUFFIX = ".draft"
_NAME_BYTES = 4


@dataclass(frozen=True)
class Loaded:
    """The entries that were found, and the files that could not be read and were kept aside."""

    entries: dict[str, bytes]
    damaged: tuple[Path, ...]


class SealedStore:
    """One encrypted file an entry in one directory; safe to use from several threads.

    `durable` says whether what was saved last would survive a crash. Without a keyring, or
    while the disk is full, entries are held in memory alone, and `problem` says why.
    """

    def __init__(
        self, directory: Path, key: bytes | None, what: str = "Drafts", problem: str = ""
    ) -> None:
        """`key` as Fernet makes it; None holds entries in memory, for the reason in `problem`.

        `what` the entries are, as a sentence about them begins.
        """
        self._what = what
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

    def load_all(self) -> Loaded:
        """Everything that was kept, this session's and what a crash left."""
        with self._lock:
            found: dict[str, bytes] = {}
            damaged: list[Path] = []
            for path in self._files():
                try:
                    key, data = self._unseal(path.read_bytes())
                except (InvalidToken, OSError, ValueError):
                    damaged.append(set_aside(path) or path)
                else:
                    found[key] = data
            return Loaded(found | self._held, tuple(damaged))

    def remove(self, key: str) -> None:
        """Forget the entry under `key`; one that is not there is fine."""
        with self._lock:
            self._held.pop(key, None)
            try:
                self._path(key).unlink(missing_ok=True)
            except OSError as error:
                self._not_durable(error)

    def _write_all_held(self) -> None:
        """Write what memory alone holds: this entry, and those that a full disk refused."""
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
        why = error.strerror or "disk trouble"
        self.problem = (
            f"{self._what} cannot be kept on this computer now ({why}). "
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


@dataclass(frozen=True)
class Stores:
    """What this computer keeps: unsent drafts, contacts and visitors to be entered, articles, and
    who worked.
    """

    drafts: SealedStore
    logged: SealedStore
    articles: SealedStore
    people: SealedStore
    visitors: SealedStore


def open_stores(folder: Path, secrets: Secrets | None) -> Stores:
    """The stores below `folder`, with their key from `secrets`, made at the first use.

    Without secrets, or when the keyring refuses, the stores are not durable and say why.
    """
    try:
        return sealed_with(folder, _key(secrets), "There is no keyring")
    except NoKeyring:
        return sealed_with(folder, None, "There is no keyring")


def sealed_with(folder: Path, key: bytes | None, why_none: str) -> Stores:
    """The stores below `folder` under a key; without one they say `why_none`, if it says any."""

    def store(name: str, what: str, then: str) -> SealedStore:
        said = f"{why_none}, so {what.lower()} are not kept on this computer.{then}"
        return SealedStore(folder / name, key, what, said if why_none and not key else "")

    held = " They are held while the program runs"
    return Stores(
        drafts=store("drafts", "Unsent drafts", f"{held}, and in the database once it has them."),
        logged=store("logged", "Contacts to be entered", f"{held}."),
        articles=store("articles", "Articles", ""),
        people=store("people", "Names", ""),
        visitors=store("visitors", "Visitors to be entered", f"{held}."),
    )


def _key(secrets: Secrets | None) -> bytes | None:
    if secrets is None:
        return None
    key = _usable(secrets.get(_SECRET))
    if key is None:
        key = Fernet.generate_key()
        secrets.set(_SECRET, key.decode())
    return key


def _usable(key: str | None) -> bytes | None:
    """The key as bytes; None for one that somebody has damaged, with which nothing opens."""
    if key is None:
        return None
    try:
        Fernet(key.encode())
    except ValueError:
        return None
    return key.encode()
