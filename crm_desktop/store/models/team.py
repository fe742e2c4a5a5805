"""What a team leader says to people, and whom they signed out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import Base, CreatedAt, Id, UtcDateTime


class Huddle(Base):
    """A short notice to one person, a queue's members or everybody (`scope`), until it expires."""

    __tablename__ = "huddle"
    __table_args__ = (Index("ix_huddle_author", "author_id", "id"),)

    id: Mapped[Id]
    author_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    scope: Mapped[str]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    queue_id: Mapped[int | None] = mapped_column(ForeignKey("queue.id"))
    words: Mapped[str]
    sent_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class HuddleReceipt(Base):
    """One person to whom a huddle was sent, and when they said that they have read it.

    `author_id` is the huddle's: whoever sent it reads all its receipts, anybody else their own.
    """

    __tablename__ = "huddle_receipt"
    __table_args__ = (
        Index(
            "ix_huddle_receipt_unread",
            "staff_id",
            postgresql_where=text("read_at IS NULL"),
            sqlite_where=text("read_at IS NULL"),
        ),
    )

    huddle_id: Mapped[int] = mapped_column(ForeignKey("huddle.id"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StaffNote(Base):
    """A private word between a leader and one person: theirs to read, and nobody else's."""

    __tablename__ = "staff_note"
    __table_args__ = (
        Index("ix_staff_note_from", "from_id", "to_id", "id"),
        Index("ix_staff_note_to", "to_id", "from_id", "id"),
    )

    id: Mapped[Id]
    from_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    words: Mapped[str]
    at: Mapped[CreatedAt]
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignOut(Base):
    """A person's desktops were closed by somebody else; sessions begun later know nothing of it."""

    __tablename__ = "sign_out"
    __table_args__ = (Index("ix_sign_out_staff", "staff_id", "id"),)

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[CreatedAt]
