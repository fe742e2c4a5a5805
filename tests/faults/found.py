"""What the database holds after a round, read once and as its owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from crm_desktop.store.database import Database, Tx
from crm_desktop.store.models import (
    Assignment,
    Base,
    Case,
    CaseContact,
    Contact,
    Draft,
    Event,
    Handoff,
    Lease,
    Message,
    OutboxItem,
)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """Whole tables, each ordered by its key; `now` is the database's time."""

    now: datetime
    contacts: tuple[Row, ...]
    assignments: tuple[Row, ...]
    messages: tuple[Row, ...]
    outbox: tuple[Row, ...]
    events: tuple[Row, ...]
    cases: tuple[Row, ...]
    case_contacts: tuple[Row, ...]
    handoffs: tuple[Row, ...]
    drafts: tuple[Row, ...]
    leases: tuple[Row, ...]


def look(db: Database) -> Found:
    """Everything that a check needs, as of one moment."""
    with db.read() as tx:
        if db.dialect == "postgresql":
            tx.session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        return found_in(tx)


def found_in(tx: Tx) -> Found:
    """The same within a transaction."""
    return Found(
        now=tx.now,
        contacts=_rows(tx, Contact),
        assignments=_rows(tx, Assignment),
        messages=_rows(tx, Message),
        outbox=_rows(tx, OutboxItem),
        events=_rows(tx, Event),
        cases=_rows(tx, Case),
        case_contacts=_rows(tx, CaseContact),
        handoffs=_rows(tx, Handoff),
        drafts=_rows(tx, Draft),
        leases=_rows(tx, Lease),
    )


def _rows(tx: Tx, model: type[Base]) -> tuple[Row, ...]:
    table = model.__table__
    keys = list(table.primary_key)
    return tuple(map(dict, tx.core.execute(select(table).order_by(*keys)).mappings()))
