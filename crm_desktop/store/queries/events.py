"""Appending what happened: the row that every figure is derived from."""

from __future__ import annotations

from sqlalchemy import insert

from crm_desktop.store.database import Tx
from crm_desktop.store.models import Event

# Inline: nothing is read back, so that whoever appends needs no right to read events.
_APPEND = insert(Event).inline()


def append(
    tx: Tx,
    kind: str,
    *,
    contact_id: int | None = None,
    case_id: int | None = None,
    customer_id: int | None = None,
    **data: object,
) -> None:
    """Record one change of state in its own transaction; `data` is JSON without personal data."""
    tx.core.execute(
        _APPEND,
        {
            "kind": kind,
            "actor_id": tx.actor_id,
            "contact_id": contact_id,
            "case_id": case_id,
            "customer_id": customer_id,
            "data": data,
        },
    )
