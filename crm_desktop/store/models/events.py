"""What happened (append-only), who read what, and SQLite's change notices."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import Base, BigId, CreatedAt, Id, JsonObject


class Event(Base):
    """One change of state, written in its transaction; every figure is derived from these."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_contact", "contact_id", "id"),
        Index("ix_event_case", "case_id", "id"),
        Index("ix_event_kind_at", "kind", "at"),
    )

    id: Mapped[Id]
    at: Mapped[CreatedAt]
    kind: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    contact_id: Mapped[int | None] = mapped_column(BigId)
    case_id: Mapped[int | None] = mapped_column(BigId)
    customer_id: Mapped[int | None] = mapped_column(BigId)
    data: Mapped[JsonObject] = mapped_column(default=dict)


class ReadAudit(Base):
    """Somebody opened content that must leave a trace."""

    __tablename__ = "read_audit"

    id: Mapped[Id]
    at: Mapped[CreatedAt]
    staff_id: Mapped[int | None]
    what: Mapped[str]
    ref_id: Mapped[int] = mapped_column(BigId)


class Notice(Base):
    """A change notice for the SQLite feed, which has no NOTIFY; pruned by the gateway.

    SQLite has one writer, so ids are in the order of commits, which they are not on PostgreSQL.
    """

    __tablename__ = "notice"

    id: Mapped[Id]
    topic: Mapped[str]
    ref_id: Mapped[int] = mapped_column(BigId)
    at: Mapped[CreatedAt]
