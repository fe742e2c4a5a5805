"""One desktop per person and database on this computer, so that drafts have one writer."""

import hashlib
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from crm_desktop.domain.errors import Taken


class SingleInstance:
    """Held while a desktop runs; the operating system lets go of it when the desktop dies."""

    def __init__(self, directory: Path, user: str, database: str) -> None:
        """A lock in `directory` for this user and database; not held yet."""
        # A digest, because an address and a name make neither a good nor a private file name.
        digest = hashlib.sha256(f"{user}\0{database}".encode()).hexdigest()[:16]
        self._directory = directory
        self._lock = FileLock(directory / f"desktop-{digest}.lock", timeout=0, thread_local=False)

    def acquire(self) -> None:
        """Take the lock; Taken when another desktop holds it."""
        self._directory.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout:
            raise Taken("CRM Desktop is already open for this person and database.") from None

    def release(self) -> None:
        """Let go; nothing happens when it is not held."""
        self._lock.release()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
