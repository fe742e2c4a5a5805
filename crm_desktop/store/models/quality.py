"""How the work on a contact was judged."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import Base, BigId, CreatedAt, Id, JsonObject, UtcDateTime


class Assessment(Base):
    """One scored quality check of one contact: `author_id` judged the work of `staff_id`.

    `scores` are by question. The assessed person reads it once it is released.
    """

    __tablename__ = "assessment"

    id: Mapped[Id]
    contact_id: Mapped[int] = mapped_column(BigId, ForeignKey("contact.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    state: Mapped[str]
    scores: Mapped[JsonObject] = mapped_column(default=dict)
    words: Mapped[str] = mapped_column(default="")
    created_at: Mapped[CreatedAt]
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
