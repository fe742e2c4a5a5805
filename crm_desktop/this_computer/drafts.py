"""Unsent drafts of one person, over the encrypted files."""

from __future__ import annotations

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor

from crm_desktop.workstation.sealed import SealedStore

Content = dict[str, object]


class KeptDrafts:
    """Drafts of one person and database over the encrypted files, written on another thread."""

    def __init__(self, store: SealedStore, prefix: str) -> None:
        self._store = store
        self._prefix = prefix
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="drafts")
        self._known: dict[str, Content] = {}
        for key, data in store.load_all().entries.items():
            if key.startswith(prefix):
                with contextlib.suppress(ValueError):
                    self._known[key] = json.loads(data)

    @property
    def problem(self) -> str:
        """Why drafts would not survive a crash, or empty."""
        return self._store.problem

    def save(self, contact_id: int, kind: str, content: Content) -> None:
        """Keep it; the file is written at once on the drafts' thread."""
        key = self._key(contact_id, kind)
        self._known[key] = content
        self._writer.submit(self._store.save, key, json.dumps(content).encode())

    def discard(self, contact_id: int, kind: str) -> None:
        """Forget it."""
        key = self._key(contact_id, kind)
        self._known.pop(key, None)
        self._writer.submit(self._store.remove, key)

    def load(self, contact_id: int, kind: str) -> Content | None:
        """What was kept."""
        return self._known.get(self._key(contact_id, kind))

    def close(self) -> None:
        """Return when everything is written."""
        self._writer.shutdown()

    def _key(self, contact_id: int, kind: str) -> str:
        return f"{self._prefix}{contact_id}/{kind}"
