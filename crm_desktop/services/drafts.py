"""What is being written, safe in the database while it is written; nobody is told of each word."""

from __future__ import annotations

import json
from typing import Any, Literal

from crm_desktop.domain.errors import TooLarge
from crm_desktop.store.database import Database
from crm_desktop.store.queries import drafts as queries

DraftKind = Literal["reply", "note", "form"]
#: Far more than a person writes; in characters of JSON.
_LIMIT = 1_000_000


def save(db: Database, contact_id: int, kind: DraftKind, content: dict[str, Any]) -> None:
    """Keep one's own draft for a contact. Raises TooLarge."""
    size = len(json.dumps(content))
    if size > _LIMIT:
        raise TooLarge(limit=_LIMIT, size=size)
    with db.write() as tx:
        queries.save(tx, contact_id, kind, content)


def discard(db: Database, contact_id: int, kind: DraftKind) -> None:
    """Forget one's own draft for a contact."""
    with db.write() as tx:
        queries.discard(tx, contact_id, kind)
