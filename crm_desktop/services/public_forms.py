"""What the public may ask for by form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm_desktop.store.database import Database
from crm_desktop.store.queries import public_forms as queries


@dataclass(frozen=True, slots=True)
class OfferedForm:
    """A service's current form as JSON Schema, with its words for the public."""

    code: str
    version: int
    name: str
    summary: str
    schema: dict[str, Any]


def offered(db: Database) -> tuple[tuple[str, str, str], ...]:
    """(code, name, summary) of every service with a public form, by name."""
    with db.read() as tx:
        return queries.offered(tx)


def current(db: Database, code: str) -> OfferedForm | None:
    """A service's current form, None when it has none for the public."""
    with db.read() as tx:
        found = queries.current(tx, code)
    return OfferedForm(code, *found) if found else None
