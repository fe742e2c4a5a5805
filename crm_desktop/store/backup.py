"""Whole copies of a SQLite database, taken while others read and write, and put back.

A backup is one file with nothing beside it but its manifest, `FILE.json`, which says what the file
is. Both are written under other names, reach the disk, and only then get their own.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from crm_desktop.domain.errors import DatabaseAway, DatabaseBusy, DatabaseFull, DatabaseReadOnly
from crm_desktop.store.database import Target
from crm_desktop.store.errors import translating
from crm_desktop.store.existing import file_of

#: How much is done, from 0 to 1; what it raises ends the work, of which nothing is left.
Progress = Callable[[float], None]
_PAGES = 2_000
_PIECE = 1 << 20
_PART = ".part"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: when it was made (UTC), its file's facts, and rows by table."""

    made_at: str
    revision: str
    sha256: str
    size: int
    rows: dict[str, int]


def copy_beside(target: Target, now: datetime, progress: Progress | None = None) -> Path:
    """Copy the file to `NAME.before-upgrade-DATE-TIME`, readable by its owner alone.

    Raises DatabaseFull, DatabaseReadOnly or another DatabaseTrouble; then there is no copy.
    """
    source = file_of(target)
    copy = source.with_name(f"{source.name}.before-upgrade-{now:%Y%m%d-%H%M%S}")
    with _new_file(copy):
        _copy(source, copy, progress or _silent)
    return copy


def manifest_of(file: Path) -> Path:
    """Where the manifest of a backup stands."""
    return file.with_name(f"{file.name}.json")


def read_manifest(file: Path) -> Manifest | None:
    """What the manifest says; None where there is none that can be read."""
    try:
        return Manifest(**json.loads(manifest_of(file).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


@contextmanager
def writing(source: Path, file: Path, progress: Progress) -> Iterator[Path]:
    """A copy of the database under another name, to be looked at; `keep` gives it its own.

    It is gone at the end unless it was kept. Raises DatabaseFull, DatabaseReadOnly.
    """
    part = file.with_name(f"{file.name}{_PART}")
    with _new_file(part):
        _copy(source, part, progress)
        yield part
    with suppress(FileNotFoundError):
        part.unlink()


def keep(part: Path, file: Path, manifest: Manifest) -> None:
    """Let a finished copy and its manifest reach the disk, and give both their names."""
    draft = manifest_of(file).with_name(f"{manifest_of(file).name}{_PART}")
    with _told_apart(draft):
        _sync(part)
        draft.write_text(json.dumps(asdict(manifest), indent=1) + "\n", "utf-8")
        _sync(draft)
        part.rename(file)
        draft.rename(manifest_of(file))
        _sync(file.parent)


def digest(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    found = hashlib.sha256()
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


def copy_for_restoring(backup: Path, target: Target) -> Path:
    """The backup beside the database that it is to replace, on disk; raises DatabaseFull."""
    file = file_of(target)
    part = file.with_name(f"{file.name}.restoring")
    # Left over from a restoring that was interrupted: nobody works in it.
    part.unlink(missing_ok=True)
    with _new_file(part):
        with backup.open("rb") as read, part.open("wb") as written:
            while piece := read.read(_PIECE):
                written.write(piece)
        _sync(part)
    return part


def put_in_place(part: Path, target: Target, now: datetime) -> Path | None:
    """Give a prepared file the database's name; where the one before is kept, None without one.

    Raises DatabaseBusy while any program has the database open, with nothing changed.
    """
    file = file_of(target)
    if not file.exists():
        _sync(part)
        part.rename(file)
        _sync(file.parent)
        return None
    aside = file.with_name(f"{file.name}.before-restore-{now:%Y%m%d-%H%M%S}")
    if aside.exists():
        raise DatabaseReadOnly(f"{aside} is there already")
    with _alone(file):
        _sync(part)
        file.rename(aside)
        part.rename(file)
        _sync(file.parent)
    return aside


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Hold the file as the only program that has it open, everything of it in the one file."""
    with translating(), closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as held:
        try:
            # Only who is alone may leave the mode in which all work: a connection that rests
            # holds the file too.
            mode = held.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
            held.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise DatabaseBusy(f"Somebody uses {file}.") from error
        if mode != "delete":
            raise DatabaseBusy(f"Somebody uses {file}.")
        yield


def single(file: Path) -> None:
    """Make a copy one file, without a log of changes beside it."""
    with translating(), closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def _copy(source: Path, into: Path, progress: Progress) -> None:
    """Copy what was committed when it began; whoever writes meanwhile is neither kept waiting nor
    in the copy.
    """
    if not source.exists():
        raise DatabaseAway(f"there is no database at {source}")

    def told(_status: int, left: int, pages: int) -> None:
        progress(1 - left / max(pages, 1))

    with (
        translating(),
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as read,
        closing(sqlite3.connect(into)) as written,
    ):
        # With a view of its own the copy need not begin again when somebody writes.
        read.execute("BEGIN")
        read.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        read.backup(written, pages=_PAGES, progress=told)
    single(into)


@contextmanager
def _new_file(path: Path) -> Iterator[None]:
    """A file that was not there, its owner's alone; gone again when what follows fails."""
    with _told_apart():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with _told_apart(path):
        yield


@contextmanager
def _told_apart(*unfinished: Path) -> Iterator[None]:
    """Let the disk's trouble out as ours, and leave nothing unfinished."""
    try:
        yield
    except BaseException as error:
        for path in unfinished:
            for each in (path, path.with_name(f"{path.name}-journal")):
                with suppress(OSError):
                    each.unlink()
        if isinstance(error, OSError):
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            raise (DatabaseFull if full else DatabaseReadOnly)(str(error)) from error
        raise


def _sync(path: Path) -> None:
    """Return when a file, or a folder's names, are on the disk; Windows syncs no folders."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _silent(_share: float) -> None:
    """Nobody asked."""
