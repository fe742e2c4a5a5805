"""The change feed on SQLite: a counter that moves when others commit, polled cheaply."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from urllib.request import pathname2url

from crm_desktop.domain.changes import Change
from crm_desktop.domain.errors import DatabaseAway
from crm_desktop.store.database import Target
from crm_desktop.store.existing import file_of
from crm_desktop.store.feed import (
    BUSY_SECONDS,
    MOST_CHANGES,
    Batcher,
    Feed,
    OnChanges,
    OnState,
    parse,
)

_POLL_SECONDS = 0.012
#: How often it is looked whether the file is still the one that was opened.
_LOOK_SECONDS = 0.5
_BUSY_SECONDS = 1.0


class SqliteFeed(Feed):
    """Reads what other connections committed, by id: SQLite has one writer at a time."""

    def __init__(
        self,
        target: Target,
        on_changes: OnChanges,
        on_state: OnState,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        super().__init__(target, on_changes, on_state, busy_seconds)
        self._path = file_of(target).absolute()

    def _listen(self) -> None:
        # Never create the file: an absent database is away, not empty.
        uri = f"file:{pathname2url(str(self._path))}?mode=rw"
        connection = sqlite3.connect(
            uri, uri=True, isolation_level=None, timeout=_BUSY_SECONDS, check_same_thread=True
        )
        with closing(connection):
            self._deliver(connection)

    def _deliver(self, connection: sqlite3.Connection) -> None:
        identity = self._identity()
        version = _version(connection)
        last = _newest(connection)
        self._present()
        batcher = Batcher(self._on_changes, busy_seconds=self._busy_seconds)
        look_at = time.monotonic() + _LOOK_SECONDS
        while not self._stopping.wait(_POLL_SECONDS):
            batcher.flush()
            if time.monotonic() >= look_at:
                if self._identity() != identity:
                    raise DatabaseAway("the file was replaced")
                look_at = time.monotonic() + _LOOK_SECONDS
            now_version = _version(connection)
            if now_version != version:
                version = now_version
                last = _read(connection, last, batcher)
                batcher.flush()

    def _identity(self) -> tuple[int, int]:
        """Which file stands at the path; raises OSError when none does."""
        facts = self._path.stat()
        return facts.st_dev, facts.st_ino


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def _newest(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM notice").fetchone()[0])


def _read(connection: sqlite3.Connection, last: int, batcher: Batcher) -> int:
    """Take the notices after `last`; the new last id."""
    rows = connection.execute(
        "SELECT id, topic, ref_id FROM notice WHERE id > ? ORDER BY id LIMIT ?",
        (last, MOST_CHANGES + 1),
    ).fetchall()
    newest = _newest(connection)
    pruned = bool(rows) and last > 0 and rows[0][0] > last + 1
    if len(rows) > MOST_CHANGES or newest < last or pruned:
        batcher.overflow()
        return newest
    found: set[Change] = set()
    for _, topic, ref_id in rows:
        found |= parse(f"{topic}:{ref_id}")
    if found:
        batcher.add(frozenset(found))
    return rows[-1][0] if rows else last
