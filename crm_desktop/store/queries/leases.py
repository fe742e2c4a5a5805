"""Who owns which piece of the gateway's work, by the database's clock."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from crm_desktop.domain.errors import LeaseLost
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Lease


def acquire(tx: Tx, name: str, owner: str, seconds: float) -> int | None:
    """Take a free or expired lease; the new fence, or None while another owner holds it."""
    expires = tx.now + timedelta(seconds=seconds)
    insert = postgresql.insert if tx.dialect == "postgresql" else sqlite.insert
    statement = insert(Lease).values(name=name, owner=owner, fence=1, expires_at=expires)
    statement = statement.on_conflict_do_update(
        index_elements=[Lease.name],
        set_={"owner": owner, "fence": Lease.fence + 1, "expires_at": expires},
        where=or_(Lease.expires_at <= tx.now, Lease.owner == owner),
    )
    return tx.session.scalar(statement.returning(Lease.fence))


def renew(tx: Tx, name: str, fence: int, seconds: float) -> bool:
    """Hold on for so long from now; False when another owner has it.

    One that expired without being taken is simply prolonged: nobody acted in between.
    """
    renewed = tx.session.scalar(
        update(Lease)
        .where(Lease.name == name, Lease.fence == fence)
        .values(expires_at=tx.now + timedelta(seconds=seconds))
        .returning(Lease.fence)
    )
    return renewed is not None


def release(tx: Tx, name: str, fence: int) -> None:
    """Let another owner take over at once."""
    tx.session.execute(
        update(Lease).where(Lease.name == name, Lease.fence == fence).values(expires_at=tx.now)
    )


def check(tx: Tx, name: str, fence: int) -> None:
    """Raise LeaseLost unless still the owner; until this transaction ends nobody takes over."""
    # The row lock keeps a new owner waiting; SQLite has one writer at a time anyway.
    current = tx.session.scalar(
        select(Lease.fence).where(Lease.name == name).with_for_update(read=True)
    )
    if current != fence:
        raise LeaseLost(name=name)
