"""Contacts, to whom each was given, and who looks at it now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import (
    Base,
    BigId,
    CreatedAt,
    Id,
    JsonObject,
    Time,
    UtcDateTime,
    utcnow,
)


class Contact(Base):
    """One touch by one customer on one channel.

    `due_at` is the next breach, which the queue is sorted by; while a contact waits for somebody
    the clock runs inside the opening hours of its queue. `folded` holds the words search compares.
    One that a person logged by hand has a `logged_key`; its `received_at` is when they say that it
    happened, `entered_at` when it was entered.
    """

    __tablename__ = "contact"
    __table_args__ = (
        # The waiting list, whatever the filter: 5,000 of a million rows.
        Index(
            "ix_contact_waiting",
            "due_at",
            "id",
            postgresql_where=text("state = 'queued'"),
            sqlite_where=text("state = 'queued'"),
        ),
        Index(
            "ix_contact_waiting_queue",
            "queue_id",
            "channel",
            "due_at",
            "id",
            postgresql_where=text("state = 'queued'"),
            sqlite_where=text("state = 'queued'"),
        ),
        # The lines that routing goes through, each in the order of entry.
        Index(
            "ix_contact_route",
            "queue_id",
            "channel",
            "priority",
            "boost",
            "queued_at",
            "id",
            postgresql_where=text("state = 'queued'"),
            sqlite_where=text("state = 'queued'"),
        ),
        Index(
            "ix_contact_in_hand",
            "owner_id",
            "id",
            postgresql_where=text("owner_id IS NOT NULL AND state <> 'completed'"),
            sqlite_where=text("owner_id IS NOT NULL AND state <> 'completed'"),
        ),
        Index(
            "ix_contact_parked",
            "parked_until",
            postgresql_where=text("state = 'parked'"),
            sqlite_where=text("state = 'parked'"),
        ),
        Index(
            "ix_contact_callback",
            "due_at",
            postgresql_where=text("state = 'callback_due'"),
            sqlite_where=text("state = 'callback_due'"),
        ),
        Index("ix_contact_customer", "customer_id", "received_at"),
        Index("ix_contact_thread", "thread_id"),
        Index(
            "ix_contact_logged",
            "logged_key",
            unique=True,
            postgresql_where=text("logged_key IS NOT NULL"),
            sqlite_where=text("logged_key IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    channel: Mapped[str]
    direction: Mapped[str] = mapped_column(default="inbound")
    state: Mapped[str]
    state_since: Mapped[Time] = mapped_column(server_default=utcnow())
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"))
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    customer_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("customer.id"))
    thread_id: Mapped[int | None] = mapped_column(BigId)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    priority: Mapped[int] = mapped_column(default=0)
    who: Mapped[str]
    subject: Mapped[str] = mapped_column(default="")
    preview: Mapped[str] = mapped_column(default="")
    folded: Mapped[str] = mapped_column(default="")
    received_at: Mapped[CreatedAt]
    queued_at: Mapped[Time] = mapped_column(server_default=utcnow())
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    parked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    parked_for_reply: Mapped[bool] = mapped_column(default=False)
    needs_checking: Mapped[bool] = mapped_column(default=False)
    check_reason: Mapped[str] = mapped_column(default="")
    auto_generated: Mapped[bool] = mapped_column(default=False)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("channel_account.id"))
    first_taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolution: Mapped[str | None]
    avoidable: Mapped[bool | None]
    end_reason: Mapped[str | None]
    logged_key: Mapped[str | None]
    entered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    while_away: Mapped[bool | None]
    boost: Mapped[int] = mapped_column(default=0, server_default="0")
    boost_reason: Mapped[str] = mapped_column(default="", server_default="")
    overflowed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Assignment(Base):
    """One contact given to one member of staff, until it ends.

    `how` it came: taken, next, push (routing), transfer, given (a team leader). An offer stands
    until `expires_at`, None for ever; `reason` is why it was declined. `decision_id` is the
    routing's decision that made it. The database writes the contact's `channel` with it.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        Index("ix_assignment_staff", "staff_id", "offered_at"),
        # What a person holds or is offered now: their load.
        Index(
            "ix_assignment_open",
            "staff_id",
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        # Which offer runs out next.
        Index(
            "ix_assignment_standing",
            "expires_at",
            postgresql_where=text("ended_at IS NULL AND state = 'offered'"),
            sqlite_where=text("ended_at IS NULL AND state = 'offered'"),
        ),
    )

    id: Mapped[Id]
    contact_id: Mapped[int] = mapped_column(BigId, ForeignKey("contact.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    state: Mapped[str]
    offered_at: Mapped[CreatedAt]
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(default="")
    how: Mapped[str] = mapped_column(default="taken", server_default="taken")
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(default="", server_default="")
    decision_id: Mapped[int | None] = mapped_column(BigId)
    channel: Mapped[str | None]


class RoutingDecision(Base):
    """What the routing decided about a contact, and whom it looked at; kept for some weeks.

    `kind` is offer, nobody, overflow, returned or timed_out. `considered` is by reason the ids of
    staff who were not chosen for it, such as {"full": [3, 7], "away": [4]}.
    """

    __tablename__ = "routing_decision"
    __table_args__ = (Index("ix_routing_decision_contact", "contact_id", "id"),)

    id: Mapped[Id]
    at: Mapped[CreatedAt]
    contact_id: Mapped[int] = mapped_column(BigId)
    queue_id: Mapped[int] = mapped_column(BigId)
    staff_id: Mapped[int | None] = mapped_column(BigId)
    kind: Mapped[str]
    considered: Mapped[JsonObject] = mapped_column(default=dict)


class Looking(Base):
    """Somebody has a contact on their screen; shown to others, locking nothing."""

    __tablename__ = "looking"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("contact.id"), primary_key=True, index=True
    )
    seen_at: Mapped[Time] = mapped_column(server_default=utcnow())
