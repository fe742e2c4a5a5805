"""Staff, which queues they belong to, and the views of the queue that they saved."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import Base, Id, JsonObject, Time, utcnow


class Staff(Base):
    """A member of staff; on PostgreSQL `login` is their own database role."""

    __tablename__ = "staff"

    id: Mapped[Id]
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    presence: Mapped[str] = mapped_column(default="offline")
    next_presence: Mapped[str | None]
    presence_since: Mapped[Time] = mapped_column(server_default=utcnow())


class Membership(Base):
    """One person's belonging to one queue: what they see and what Next gives them."""

    __tablename__ = "membership"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"), primary_key=True, index=True)


class SavedView(Base):
    """A set of queue filters under a name, one person's own."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("staff_id", "name"),)

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    name: Mapped[str]
    filters: Mapped[JsonObject]
