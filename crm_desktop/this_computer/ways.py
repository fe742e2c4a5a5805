"""A person's ways, as the layout file remembers them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from crm_desktop.workstation.layout import LayoutStore

_NAME = "desk/name"


class Ways:
    """What this computer remembers of a person's ways, written on a thread of its own."""

    def __init__(self, store: LayoutStore | None = None) -> None:
        """Without a store things are remembered while the program runs."""
        self._store = store
        self._values: dict[str, str] = {}
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ways")

    def get(self, key: str) -> str | None:
        """What was set, or None."""
        if key in self._values or self._store is None:
            return self._values.get(key)
        value = self._store.get(key)
        return value if isinstance(value, str) else None

    def set(self, key: str, value: str) -> None:
        """Remember."""
        self._values[key] = value
        if self._store is not None:
            self._writer.submit(self._store.set, key, value)

    def own_name(self) -> str:
        """What tells this computer from others; made once, and says nothing of it."""
        name = self.get(_NAME)
        if not name:
            name = uuid4().hex
            self.set(_NAME, name)
        return name

    def close(self) -> None:
        """Return when everything is written."""
        self._writer.shutdown()
