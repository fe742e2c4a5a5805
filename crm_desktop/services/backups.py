"""Keeping a one-person database twice, putting a copy back, and saying whether either is whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from crm_desktop.domain.errors import CrmError, DatabaseAway, DatabaseTrouble, InvalidInput
from crm_desktop.services import after_restore
from crm_desktop.services.after_restore import Doubtful
from crm_desktop.store import backup, revision, soundness
from crm_desktop.store.backup import Manifest, Progress
from crm_desktop.store.database import Database, Target, Tx
from crm_desktop.store.diagnosis import looking
from crm_desktop.store.existing import file_of

__all__ = ["Examined", "Progress", "Restored", "back_up", "restore", "verify", "verify_file"]

_OF_A_SERVER = (
    "A PostgreSQL database is kept and put back by its own tools: docs/OPERATIONS.md says how."
)


@dataclass(frozen=True, slots=True)
class Examined:
    """What a database or a backup holds, and what is wrong with it, a line each."""

    revision: str
    rows: dict[str, int]
    faults: tuple[str, ...]
    loose_files: int = 0
    made_at: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of putting a backup back: where the database before it is, and what is in doubt."""

    aside: Path | None
    doubtful: Doubtful


def back_up(target: Target, file: Path, migrations: Path, progress: Progress) -> Manifest:
    """Copy a SQLite database into a file that must not exist yet, while others work in it.

    The copy is looked through before it gets its name. Raises InvalidInput when there is something
    already or the copy is not whole, DatabaseTrouble when the disk is full; then nothing is left.
    """
    _must_be_a_file(target)
    for each in (file, backup.manifest_of(file)):
        if each.exists():
            raise InvalidInput(f"There is something at {each} already. Nothing was overwritten.")
    with backup.writing(file_of(target), file, progress) as part:
        found = _looked_through(part, migrations)
        if found.faults:
            raise InvalidInput(
                "The database is not whole, so nothing was kept as its backup.\n"
                + "\n".join(found.faults)
            )
        manifest = Manifest(
            f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            found.revision,
            backup.digest(part),
            part.stat().st_size,
            found.rows,
        )
        backup.keep(part, file, manifest)
    return manifest


def verify_file(file: Path, migrations: Path) -> Examined:
    """Whether a backup is what it was when it was made, and whole; nothing is changed.

    Raises NotFound or another DatabaseTrouble when it cannot be opened.
    """
    if not file.is_file():
        raise DatabaseAway(f"There is no file {file}.")
    manifest = backup.read_manifest(file)
    faults: list[str] = []
    if manifest is None:
        faults.append(f"Its manifest {backup.manifest_of(file)} is missing or cannot be read.")
    elif backup.digest(file) != manifest.sha256:
        faults.append("The file is not the one that was made: its checksum is another.")
    found = _looked_through(file, migrations)
    if manifest is not None and manifest.rows != found.rows:
        faults.append("It does not hold what its manifest says.")
    return Examined(
        found.revision,
        found.rows,
        (*faults, *found.faults),
        found.loose_files,
        manifest.made_at if manifest else "",
        found.notes,
    )


def verify(db: Database, migrations: Path) -> Examined:
    """Whether the database itself is whole, on either dialect; as its owner on PostgreSQL."""
    with db.read() as tx:
        return _examined(tx, migrations)


def restore(target: Target, file: Path, migrations: Path) -> Restored:
    """Put a backup in the database's place and keep the one before beside it.

    What was about to leave when the backup was made is left for a person to decide. Raises
    InvalidInput when the backup is not whole or of another version, DatabaseBusy while anybody has
    the database open; then nothing was changed.
    """
    _must_be_a_file(target)
    found = verify_file(file, migrations)
    if found.faults:
        raise InvalidInput(
            "The backup is not whole, so nothing was changed.\n" + "\n".join(found.faults)
        )
    if found.notes:
        raise InvalidInput("\n".join((*found.notes, "Nothing was changed.")))
    part = backup.copy_for_restoring(file, target)
    try:
        if backup.digest(part) != backup.digest(file):
            raise InvalidInput("The copy is not the same as the backup. Nothing was changed.")
        db = Database(Target(f"sqlite:///{part}"), create=False)
        try:
            doubtful = after_restore.settle(db)
        finally:
            db.close()
        backup.single(part)
        aside = backup.put_in_place(part, target, datetime.now(UTC))
    finally:
        part.unlink(missing_ok=True)
    return Restored(aside, doubtful)


def _must_be_a_file(target: Target) -> None:
    if target.dialect != "sqlite":
        raise InvalidInput(_OF_A_SERVER)


def _looked_through(file: Path, migrations: Path) -> Examined:
    """A file that is nobody's database at this moment; it is only read."""
    try:
        with looking(Target(f"sqlite:///{file.absolute()}")) as look:
            return _examined(look.tx, migrations)
    except DatabaseTrouble as trouble:
        return Examined("", {}, (f"It cannot be read as a database: {trouble}",))


def _examined(tx: Tx, migrations: Path) -> Examined:
    at = soundness.revision(tx.core)
    if not at:
        return Examined("", {}, ("It holds no centre.",))
    notes: tuple[str, ...] = ()
    try:
        revision.check_revision(tx.core, migrations)
    except CrmError as trouble:
        notes = (_of_revision(trouble, at),)
    return Examined(
        at,
        soundness.rows(tx.core),
        soundness.faults(tx.core),
        soundness.loose_files(tx.core),
        notes=notes,
    )


def _of_revision(trouble: CrmError, at: str) -> str:
    if trouble.code == "database_newer":
        return f"It is of a newer program (revision {at}). Use that version of the program."
    return f"It is older than this program (revision {at}) and would have to be upgraded."
