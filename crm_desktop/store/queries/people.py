"""Colleagues' names."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from crm_desktop.store.database import Tx
from crm_desktop.store.models import Staff


def names(tx: Tx, staff_ids: Collection[int]) -> dict[int, str]:
    """The names of members of staff by id."""
    if not staff_ids:
        return {}
    rows = tx.session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(sorted(staff_ids))))
    return {row.id: row.name for row in rows}
