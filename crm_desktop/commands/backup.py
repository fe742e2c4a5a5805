"""`crm-desktop admin db backup | restore | verify | after-restore`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from crm_desktop.commands.owner import opened
from crm_desktop.services import Target, after_restore, backups
from crm_desktop.services.after_restore import Doubtful
from crm_desktop.services.backups import Examined
from crm_desktop.workstation.paths import bundled
from crm_desktop.workstation.settings import Settings

Say = Callable[[str], None]

#: The tables that an administrator knows a centre by, and what they are called.
_KNOWN = {
    "contact": "contacts",
    "message": "messages",
    "cases": "cases",
    "customer": "customers",
    "staff": "members of staff",
}
_EVERY_PERCENT = 10
_NO_SOUND = (
    "It has the register of recordings, not their sound: that lies encrypted in the gateway's "
    "store (recordings_dir), which is backed up for itself, and its keys in recording_keys_dir, "
    "which must never be in the same backup."
)


def back_up(settings: Settings, file: Path, say: Say) -> None:
    """Copy the one-person database into a new file."""
    made = backups.back_up(
        Target(settings.database_url), file, bundled("migrations"), _telling(say)
    )
    say(f"The backup {file} is whole: revision {made.revision}, {made.size / 1e6:,.1f} MB.")
    say(_held(made.rows))
    if made.rows.get("recording"):
        say(_NO_SOUND)


def restore(settings: Settings, file: Path, say: Say) -> None:
    """Put a backup in the place of the one-person database."""
    restored = backups.restore(Target(settings.database_url), file, bundled("migrations"))
    say(f"The database is that of {file} now.")
    if restored.aside is not None:
        say(f"The one before it is kept as {restored.aside}.")
    _say_doubtful(restored.doubtful, say)


def verify(settings: Settings, file: Path | None, say: Say) -> bool:
    """Say whether a backup, or the database itself, is whole."""
    if file is not None:
        found = backups.verify_file(file, bundled("migrations"))
    else:
        with opened(settings, create=False, whatever_revision=True) as db:
            found = backups.verify(db, bundled("migrations"))
    _say_examined(found, str(file or "The database"), say)
    return found.whole


def settle(settings: Settings, say: Say) -> None:
    """Set aside what may have left before the database was put back to an earlier point."""
    with opened(settings, create=False) as db:
        _say_doubtful(after_restore.settle(db), say)


def _say_examined(found: Examined, what: str, say: Say) -> None:
    if found.made_at:
        say(f"Made at {found.made_at}.")
    if found.revision:
        say(f"Revision {found.revision}. {_held(found.rows)}")
    for each in (*found.notes, *(f"Wrong: {fault}" for fault in found.faults)):
        say(each)
    if found.loose_files:
        say(f"{found.loose_files:,} files belong to no message; they take room, nothing else.")
    say(f"{what} is whole." if found.whole else f"{what} is NOT whole.")


def _say_doubtful(doubtful: Doubtful, say: Say) -> None:
    if doubtful == Doubtful(0, 0):
        say("Nothing was about to leave at that point.")
        return
    say(
        f"{doubtful.mails:,} mails and {doubtful.handoffs:,} hand-offs were about to leave at that "
        "point and may have left since. They are marked as failed and will not leave by "
        "themselves: somebody decides about each in its contact."
    )


def _held(rows: dict[str, int]) -> str:
    told = [f"{rows[table]:,} {words}" for table, words in _KNOWN.items() if table in rows]
    return f"It holds {', '.join(told)}." if told else "It holds nothing."


def _telling(say: Say) -> backups.Progress:
    """Say how far it is, in steps of ten per cent."""
    told = 0

    def tell(share: float) -> None:
        nonlocal told
        percent = int(share * 100) // _EVERY_PERCENT * _EVERY_PERCENT
        if percent > told:
            told = percent
            say(f"  {percent} % copied")

    return tell


def confirmed(file: Path) -> None:
    """Ask before a database is replaced; anything but yes ends the command."""
    typer.confirm(f"Put {file} in the place of the database?", abort=True)
