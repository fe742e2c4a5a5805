"""Contacts that were logged and are to be entered, over the encrypted files."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from threading import Lock

from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.logged import LoggedContact, ToEnter
from crm_desktop.workstation.sealed import SealedStore


class KeptLog:
    """What one person logged on this computer and the database may not have. Any thread may use it.

    `problem` says why it would not survive a crash, `damaged` how many files could not be read
    and were kept aside.
    """

    def __init__(self, store: SealedStore, prefix: str) -> None:
        """Reads what was kept under keys that begin with `prefix`."""
        self._store, self._prefix = store, prefix
        self._lock = Lock()
        loaded = store.load_all()
        self.damaged = len(loaded.damaged)
        self._entries: dict[str, ToEnter] = {}
        for name, data in loaded.entries.items():
            if not name.startswith(prefix):
                continue
            try:
                entry = _read(data)
            except InvalidInput:
                self.damaged += 1
            else:
                self._entries[entry.said.key] = entry

    @property
    def problem(self) -> str:
        """Why what is logged would not survive a crash, or empty."""
        return self._store.problem

    def entries(self) -> tuple[ToEnter, ...]:
        """What is to be entered, in the order in which it was logged."""
        with self._lock:
            return tuple(sorted(self._entries.values(), key=lambda each: each.logged_at))

    def keep(self, entry: ToEnter) -> ToEnter:
        """Keep it in the place of an earlier one of its key; on the disk when this returns."""
        with self._lock:
            before = self._entries.get(entry.said.key)
            if before is not None:
                entry = replace(entry, logged_at=before.logged_at)
            self._entries[entry.said.key] = entry
            data = {
                "said": entry.said.to_data(),
                "logged_at": entry.logged_at.isoformat(),
                "refused": entry.refused,
            }
            self._store.save(f"{self._prefix}{entry.said.key}", json.dumps(data).encode())
        return entry

    def forget(self, key: str) -> None:
        """It was entered, or thrown away."""
        with self._lock:
            self._entries.pop(key, None)
            self._store.remove(f"{self._prefix}{key}")


def _read(data: bytes) -> ToEnter:
    try:
        found = json.loads(data)
        return ToEnter(
            LoggedContact.from_data(found["said"]),
            datetime.fromisoformat(found["logged_at"]),
            str(found["refused"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput("no logged contact") from error
