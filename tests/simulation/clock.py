"""A PostgreSQL whose clock the simulation sets: libfaketime, preloaded, reads it from a file.

Nothing of the program knows of it: every time comes from the database, and the database is told
that it is later than it is. Between two settings its clock runs at the pace of ours.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from tests.servers.postgres import PostgresCluster

_LIBRARIES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib*/faketime/libfaketime.so.1")


class Clock:
    """The server's clock, set to `begin`; the day's seconds count from `begin_day`."""

    def __init__(self, path: Path, begin: datetime) -> None:
        self._begin = begin.timestamp()
        self._offset = 0.0
        path.touch(0o644)
        self._file = os.open(path, os.O_WRONLY)
        self._move(self._begin - time.time())

    @property
    def seconds(self) -> float:
        """How late in the day it is."""
        return time.time() + self._offset - self._begin

    @property
    def began(self) -> datetime:
        """When the day began, by the server's clock."""
        return datetime.fromtimestamp(self._begin, UTC)

    def reach(self, seconds: float) -> None:
        """Move on to so late in the day; never back, when the work took longer than that."""
        ahead = seconds - self.seconds
        if ahead > 0:
            self._move(self._offset + ahead)

    def begin_day(self) -> None:
        """All that went before, such as making the database, was before the day."""
        self._begin = time.time() + self._offset

    def close(self) -> None:
        """Let the file go."""
        os.close(self._file)

    def _move(self, offset: float) -> None:
        self._offset = offset
        # Always of one length and in one write: a server that reads meanwhile finds it whole.
        os.pwrite(self._file, f"{offset:+020.6f}\n".encode(), 0)


@contextmanager
def clocked_cluster(directory: Path, begin: datetime) -> Iterator[tuple[PostgresCluster, Clock]]:
    """A server of one's own in `directory`, which must not exist yet, and its clock."""
    clock = Clock(directory.with_suffix(".clock"), begin)
    faked = {
        "LD_PRELOAD": str(_library()),
        "FAKETIME_TIMESTAMP_FILE": str(directory.with_suffix(".clock")),
        "FAKETIME_NO_CACHE": "1",
        # What waits for a while must wait that long, not until the day jumps.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with mock.patch.dict(os.environ, faked):
        cluster = PostgresCluster.create(directory, settings={"max_connections": "300"})
    try:
        yield cluster, clock
    finally:
        cluster.destroy()
        clock.close()


def _library() -> Path:
    found = [path for pattern in _LIBRARIES for path in Path("/").glob(pattern[1:])]
    if not found:
        raise RuntimeError("The simulation needs libfaketime: `apt-get install faketime`.")
    return found[0]
