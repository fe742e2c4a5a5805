"""What happened, who read and changed what (all append-only), and SQLite's change notices.

`xact` is the transaction that wrote a row, on PostgreSQL; rows older than it have none.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import Base, BigId, CreatedAt, Id, JsonObject, UtcDateTime


def _by_transaction(table: str) -> Index:
    numbered = text("xact IS NOT NULL")
    return Index(f"ix_{table}_xact", "xact", "id", postgresql_where=numbered, sqlite_where=numbered)


class Event(Base):
    """One change of state, written in its transaction; every figure is derived from these."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_contact", "contact_id", "id"),
        Index("ix_event_case", "case_id", "id"),
        Index("ix_event_kind_at", "kind", "at"),
        Index("ix_event_actor", "actor_id", "at"),
        _by_transaction("event"),
    )

    id: Mapped[Id]
    at: Mapped[CreatedAt]
    kind: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    contact_id: Mapped[int | None] = mapped_column(BigId)
    case_id: Mapped[int | None] = mapped_column(BigId)
    customer_id: Mapped[int | None] = mapped_column(BigId)
    data: Mapped[JsonObject] = mapped_column(default=dict)
    xact: Mapped[int | None] = mapped_column(BigId)


class ReadAudit(Base):
    """Somebody opened content that must leave a trace."""

    __tablename__ = "read_audit"
    __table_args__ = (
        Index("ix_read_audit_staff", "staff_id", "at"),
        Index("ix_read_audit_what", "what", "ref_id", "id"),
        _by_transaction("read_audit"),
    )

    id: Mapped[Id]
    at: Mapped[CreatedAt]
    staff_id: Mapped[int | None]
    what: Mapped[str]
    ref_id: Mapped[int] = mapped_column(BigId)
    xact: Mapped[int | None] = mapped_column(BigId)


class RowAudit(Base):
    """A row that came, changed or went; written by triggers, on PostgreSQL alone.

    `op` is I, U, D, T (its table was emptied) or R (values were removed: erasure). `changes` is
    JSON text {"before": {…}, "after": {…}}; `digest` is the SHA-256 of salt and changes, for I of
    salt and the new row. Redaction takes `changes` and `salt` away and leaves the digest.
    """

    __tablename__ = "row_audit"
    __table_args__ = (
        Index("ix_row_audit_login", "login", "at"),
        Index("ix_row_audit_row", "table_name", "row_key"),
        _by_transaction("row_audit"),
    )

    id: Mapped[Id]
    at: Mapped[CreatedAt]
    xact: Mapped[int | None] = mapped_column(BigId)
    login: Mapped[str]
    op: Mapped[str]
    table_name: Mapped[str]
    row_key: Mapped[str]
    changes: Mapped[str | None]
    salt: Mapped[str | None]
    digest: Mapped[bytes] = mapped_column(LargeBinary)


class AuditSeal(Base):
    """A link of the chain: the rows of one table after (from_xact, from_id) up to the other mark.

    `leaves` has 24 bytes a row, in the order of (xact, id): its id and a MAC. `mac` covers all of
    it and the seal before.
    """

    __tablename__ = "audit_seal"
    __table_args__ = (Index("ix_audit_seal_source", "source", "number"),)

    number: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    source: Mapped[str]
    from_xact: Mapped[int] = mapped_column(BigId)
    from_id: Mapped[int] = mapped_column(BigId)
    to_xact: Mapped[int] = mapped_column(BigId)
    to_id: Mapped[int] = mapped_column(BigId)
    rows: Mapped[int]
    leaves: Mapped[bytes] = mapped_column(LargeBinary)
    key_mark: Mapped[str]
    mac: Mapped[bytes] = mapped_column(LargeBinary)


class Notice(Base):
    """A change notice for the SQLite feed, which has no NOTIFY; pruned by the gateway.

    SQLite has one writer, so ids are in the order of commits, which they are not on PostgreSQL.
    """

    __tablename__ = "notice"

    id: Mapped[Id]
    topic: Mapped[str]
    ref_id: Mapped[int] = mapped_column(BigId)
    at: Mapped[CreatedAt]
