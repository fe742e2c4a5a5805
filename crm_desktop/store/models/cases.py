"""Cases, the contacts that belong to them, and their hand-offs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import (
    Base,
    BigId,
    CreatedAt,
    Id,
    JsonList,
    JsonObject,
    Time,
    UtcDateTime,
    utcnow,
)

_UNRESOLVED = "state IN ('new', 'open', 'waiting_customer', 'waiting_back_office')"


class Case(Base):
    """The customer's matter; `queue_id` follows the service and decides who sees the content.

    The clock: `due_at` while it runs; `paused_at` and `remaining_seconds` while it stands.
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_customer", "customer_id", "opened_at"),
        Index(
            "ix_cases_due",
            "service_id",
            "due_at",
            postgresql_where=text(_UNRESOLVED),
            sqlite_where=text(_UNRESOLVED),
        ),
    )

    id: Mapped[Id]
    reference: Mapped[str | None] = mapped_column(unique=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"))
    customer_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("customer.id"))
    state: Mapped[str]
    state_since: Mapped[Time] = mapped_column(server_default=utcnow())
    form_version_id: Mapped[int | None] = mapped_column(ForeignKey("form_version.id"))
    answers: Mapped[JsonObject] = mapped_column(default=dict)
    title: Mapped[str] = mapped_column(default="")
    opened_at: Mapped[CreatedAt]
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    remaining_seconds: Mapped[int | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling


class CaseContact(Base):
    """A contact concerns a case; many to many."""

    __tablename__ = "case_contact"

    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("contact.id"), primary_key=True, index=True
    )
    linked_at: Mapped[CreatedAt]


class Handoff(Base):
    """A case passed to a back office, with its own clock.

    `payload` is what the target is told (`domain.handoffs.HandoffRequest` without the photo, whose
    attachment id stands in it); `notes` are the target's words, oldest first, [at, state, words].
    """

    __tablename__ = "handoff"
    __table_args__ = (
        Index("ix_handoff_case", "case_id"),
        Index(
            "ix_handoff_under_way",
            "due_at",
            postgresql_where=text("state IN ('sent', 'acknowledged', 'in_progress')"),
            sqlite_where=text("state IN ('sent', 'acknowledged', 'in_progress')"),
        ),
        Index(
            "ix_handoff_open",
            "queue_id",
            "due_at",
            postgresql_where=text("state IN ('sent', 'acknowledged', 'in_progress', 'overdue')"),
            sqlite_where=text("state IN ('sent', 'acknowledged', 'in_progress', 'overdue')"),
        ),
        Index(
            "ix_handoff_poll",
            "next_poll_at",
            postgresql_where=text("next_poll_at IS NOT NULL"),
            sqlite_where=text("next_poll_at IS NOT NULL"),
        ),
        Index(
            "ix_handoff_trouble",
            "queue_id",
            "state_since",
            postgresql_where=text("state IN ('overdue', 'bounced')"),
            sqlite_where=text("state IN ('overdue', 'bounced')"),
        ),
    )

    id: Mapped[Id]
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"))
    contact_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("contact.id"))
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("channel_account.id"))
    state: Mapped[str]
    state_since: Mapped[Time] = mapped_column(server_default=utcnow())
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    payload: Mapped[JsonObject]
    external_id: Mapped[str] = mapped_column(default="", index=True)
    token: Mapped[str] = mapped_column(default="")
    words: Mapped[str] = mapped_column(default="")
    notes: Mapped[JsonList] = mapped_column(default=list)
    requested_at: Mapped[CreatedAt]
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_poll_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
