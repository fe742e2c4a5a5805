"""What somebody was promised, written down outside the database: one JSON object a line."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from crm_desktop.domain.errors import CrmError

T = TypeVar("T")
Entry = dict[str, Any]


class Ledger:
    """Writes whole lines, so that a writer that is killed leaves what it wrote; thread-safe.

    Without a path it writes to standard output, which is nobody's disk and never full.
    """

    def __init__(self, path: Path | None = None) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._fd = sys.stdout.fileno() if path is None else os.open(path, flags, 0o644)
        self._lock = threading.Lock()

    def write(self, op: str, what: str, **facts: object) -> None:
        """`what` is "try" before anything happens, "ok" once it was confirmed, "no" otherwise."""
        line = json.dumps({"at": time.time(), "op": op, "what": what, **facts}) + "\n"
        with self._lock:
            os.write(self._fd, line.encode())

    def do(self, op: str, work: Callable[[], T], **facts: object) -> T:
        """Do something that is to be accounted for; its trouble is written down and raised."""
        self.write(op, "try", **facts)
        try:
            answer = work()
        except CrmError as trouble:
            self.write(op, "no", code=trouble.code, **facts)
            raise
        self.write(op, "ok", **facts)
        return answer

    def close(self) -> None:
        """Write no more."""
        os.close(self._fd)


def read(path: Path) -> list[Entry]:
    """All entries, oldest first; nobody wrote yet is fine."""
    if not path.exists():
        return []
    whole = path.read_bytes().rpartition(b"\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


def read_all(folder: Path) -> list[Entry]:
    """The entries of every ledger in a folder, by time."""
    found = [entry for path in folder.glob("*.ledger") for entry in read(path)]
    return sorted(found, key=lambda entry: float(entry["at"]))
