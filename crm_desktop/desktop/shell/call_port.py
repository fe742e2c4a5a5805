"""Calls and what is asked of them, as the database has them: for the presenter's workers."""

from __future__ import annotations

from crm_desktop.domain.calls import Ask, CallView, Command
from crm_desktop.services import Database, call_commands, calls


class Calls:
    """Implements `CallPort` over the services."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def mine(self) -> tuple[CallView, ...]:
        """See `CallPort`."""
        return calls.mine(self._db)

    def ask(self, ask: Ask) -> Command:
        """See `CallPort`."""
        return call_commands.ask(self._db, ask)

    def became(self, command_id: int) -> Command | None:
        """See `CallPort`: only the newest is known."""
        found = call_commands.newest(self._db)
        return found[1] if found is not None and found[1].id == command_id else None
