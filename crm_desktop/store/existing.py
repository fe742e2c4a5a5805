"""A SQLite database that is opened only where it already is: an absent one is away, not empty.

A file may be deleted or replaced while it is open; what is then written reaches nobody. So every
connection is held against the file at its path before it is used, and after a commit.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError

from crm_desktop.domain.errors import DatabaseAway

if TYPE_CHECKING:
    from crm_desktop.store.database import Target

_PREFIX = "file:"
_FILE = "crm_file"


def existing(target: Target) -> Target:
    """The same database, never created by opening it; PostgreSQL's is as it was."""
    if target.dialect != "sqlite":
        return target
    url = make_url(target.url).set(database=f"{_PREFIX}{quote(str(file_of(target)))}")
    return replace(target, url=str(url.update_query_dict({"mode": "rw", "uri": "true"})))


def file_of(target: Target) -> Path:
    """The file of a SQLite database."""
    name = make_url(target.url).database or ""
    return Path(unquote(name.removeprefix(_PREFIX)) if name.startswith(_PREFIX) else name)


class FileWatch:
    """Whether a pool's connections still read and write the file that stands at the path."""

    def __init__(self, target: Target, engine: Engine) -> None:
        self._path = file_of(target)
        event.listen(engine, "connect", self._connected)
        event.listen(engine, "checkout", self._taken)

    def check(self, record: dict[Any, Any]) -> None:
        """Raise DatabaseAway unless the connection of that `info` writes where all others look."""
        if record.get(_FILE) != self._standing():
            raise DatabaseAway("the file of the database was moved or replaced")

    def _connected(self, _connection: object, record: Any) -> None:
        record.info[_FILE] = self._standing()

    def _taken(self, _connection: object, record: Any, _proxy: object) -> None:
        if record.info.get(_FILE) != self._standing():
            # The pool throws it away and opens the file anew, which fails where there is none.
            raise DisconnectionError

    def _standing(self) -> tuple[int, int] | None:
        try:
            facts = self._path.stat()
        except OSError:
            return None
        return facts.st_dev, facts.st_ino
