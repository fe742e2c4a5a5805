"""Many contacts moved at once: what they were before, for as long as it can be taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import Base, BigId, CreatedAt, Id, UtcDateTime

_MaybeJson = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class MoveBatch(Base):
    """What one team leader did to many contacts at once; kept for an hour."""

    __tablename__ = "move_batch"

    id: Mapped[Id]
    at: Mapped[CreatedAt] = mapped_column(index=True)
    leader_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[str]
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MoveItem(Base):
    """One contact of a batch: as it stood `before` and `after`, or `why` it was left alone.

    `staff_id` is whom it was given to, `who` the person who was in the way. `assignment_id` is the
    one that ended with the move, `message_id` the note or reply that went with it.
    """

    __tablename__ = "move_item"

    batch_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("move_batch.id", ondelete="CASCADE"), primary_key=True
    )
    contact_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int | None] = mapped_column(BigId)
    why: Mapped[str] = mapped_column(default="", server_default="")
    who: Mapped[str] = mapped_column(default="", server_default="")
    before: Mapped[dict[str, Any] | None] = mapped_column(_MaybeJson)
    after: Mapped[dict[str, Any] | None] = mapped_column(_MaybeJson)
    assignment_id: Mapped[int | None] = mapped_column(BigId)
    assignment_state: Mapped[str | None]
    message_id: Mapped[int | None] = mapped_column(BigId)
