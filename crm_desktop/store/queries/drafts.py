"""Unsent text, one a person, contact and kind."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, delete
from sqlalchemy.dialects import postgresql, sqlite

from crm_desktop.store.database import Tx
from crm_desktop.store.models import Draft

_DISCARD = delete(Draft).where(
    Draft.contact_id == bindparam("contact"),
    Draft.author_id == bindparam("author"),
    Draft.kind == bindparam("of_kind"),
)


def save(tx: Tx, contact_id: int, kind: str, content: dict[str, Any]) -> None:
    """Keep this person's draft, replacing the one before."""
    dialect = postgresql if tx.dialect == "postgresql" else sqlite
    tx.session.execute(
        dialect.insert(Draft)
        .values(
            contact_id=contact_id,
            author_id=tx.actor_id,
            kind=kind,
            content=content,
            updated_at=tx.now,
        )
        .on_conflict_do_update(
            index_elements=[Draft.contact_id, Draft.author_id, Draft.kind],
            set_={"content": content, "updated_at": tx.now},
        )
        .inline()
    )


def discard(tx: Tx, contact_id: int, kind: str) -> None:
    """Forget this person's draft."""
    tx.core.execute(_DISCARD, {"contact": contact_id, "author": tx.actor_id, "of_kind": kind})
