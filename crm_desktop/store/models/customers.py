"""Customers and what they are found by, need, and what staff must know before meeting them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import Base, BigId, CreatedAt, Id, UtcDateTime


class Customer(Base):
    """A person or organisation; `folded` is the name as search compares it."""

    __tablename__ = "customer"
    __table_args__ = (
        Index("ix_customer_folded", "folded", postgresql_ops={"folded": "text_pattern_ops"}),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(default="person")
    name: Mapped[str]
    folded: Mapped[str]
    prefers: Mapped[str] = mapped_column(default="")
    since: Mapped[CreatedAt]
    merged_into_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("customer.id"))


class Identifier(Base):
    """A mail address, telephone number, handle or account; `norm` is what is compared."""

    __tablename__ = "identifier"
    __table_args__ = (
        UniqueConstraint("customer_id", "kind", "norm"),
        Index("ix_identifier_kind_norm", "kind", "norm"),
    )

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(BigId, ForeignKey("customer.id"))
    kind: Mapped[str]
    value: Mapped[str]
    norm: Mapped[str]
    flag: Mapped[str] = mapped_column(default="")
    flagged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Address(Base):
    """Where a customer lives or trades."""

    __tablename__ = "address"

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(BigId, ForeignKey("customer.id"), index=True)
    lines: Mapped[str]
    postcode: Mapped[str] = mapped_column(index=True)
    uprn: Mapped[str | None]


class Adjustment(Base):
    """A reasonable adjustment under the Equality Act 2010, with its review date."""

    __tablename__ = "adjustment"

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(BigId, ForeignKey("customer.id"), index=True)
    words: Mapped[str]
    recorded_at: Mapped[CreatedAt]
    review_on: Mapped[date | None] = mapped_column(Date)


class SafetyMarker(Base):
    """An entry of the potentially-violent-persons register; all staff read it."""

    __tablename__ = "safety_marker"
    __table_args__ = (
        Index(
            "ix_safety_marker_undecided",
            "proposed_at",
            postgresql_where=text("state IN ('proposed', 'review_due')"),
            sqlite_where=text("state IN ('proposed', 'review_due')"),
        ),
    )

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(BigId, ForeignKey("customer.id"), index=True)
    state: Mapped[str]
    words: Mapped[str]
    proposed_at: Mapped[CreatedAt]
    review_on: Mapped[date | None] = mapped_column(Date)
