"""What the public pages call the council."""

from __future__ import annotations

from contextlib import suppress

from crm_desktop.domain.errors import DatabaseTrouble
from crm_desktop.gateway.config import GatewayConfig
from crm_desktop.services import Database, accounts


def council_name(db: Database, config: GatewayConfig) -> str:
    """Its name; a database that is away costs the pages only that."""
    known: str = config.council
    if not known:
        with suppress(DatabaseTrouble):
            known = str(accounts.setting(db, "centre").get("name", ""))
    return known or "The council"
