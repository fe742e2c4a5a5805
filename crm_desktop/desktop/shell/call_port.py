"""Calls and what is asked of them, as the database has them: for the presenter's workers.

The services are loaded by the first reading: they bring much along that no first picture needs.
"""

from __future__ import annotations

from crm_desktop.domain.calls import Ask, CallView, Command
from crm_desktop.services import Database


class Calls:
    """Implements `CallPort` over the services."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def mine(self) -> tuple[CallView, ...]:
        """See `CallPort`."""
        from crm_desktop.services import calls

        return calls.mine(self._db)

    def ask(self, ask: Ask) -> Command:
        """See `CallPort`."""
        from crm_desktop.services import call_commands

        return call_commands.ask(self._db, ask)

    def became(self, command_id: int) -> Command | None:
        """See `CallPort`."""
        from crm_desktop.services import call_commands

        return call_commands.what_became(self._db, command_id)


def candidates(db: Database, contact_id: int) -> tuple[tuple[int, str], ...]:
    """Whose number a call came from, as (customer id, name); see `services.calls`."""
    from crm_desktop.services import calls

    return calls.candidates(db, contact_id)
