"""`crm-desktop admin db init`: a PostgreSQL made the boundary between people, and kept one."""

from __future__ import annotations

from collections.abc import Callable

from crm_desktop.commands.owner import opened
from crm_desktop.services import Target, administration, boundary
from crm_desktop.services.session import check_revision
from crm_desktop.workstation.paths import bundled
from crm_desktop.workstation.settings import Settings

Say = Callable[[str], None]


def init(settings: Settings, say: Say, *, only_check: bool) -> int:
    """Say what has drifted and mend it, or only say so; 1 when something is left to see to."""
    migrations = bundled("migrations")
    with opened(settings, whatever_revision=True) as db:
        if Target(settings.database_url).dialect == "sqlite":
            if not only_check:
                administration.upgrade(db, migrations)
            say("SQLite is one person's file: there is nothing between people to set up.")
            return 0
        if only_check:
            check_revision(db, migrations)
            left = boundary.check(db, migrations)
        else:
            found, left = boundary.init(db, migrations)
            waiting = {each.words for each in left}
            for each in found:
                if each.words not in waiting:
                    say(f"Mended: {each.words}.")
    for each in left:
        say(f"Not as it should be: {each.words}.")
    if not left:
        say("Roles, rights and policies are as this program makes them.")
    return 1 if left else 0
