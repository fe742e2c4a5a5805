"""What is expected, beside what figures keep of what came."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import Base, UtcDateTime


class ArrivalForecast(Base):
    """How many contacts a half hour, from its beginning, will bring a queue by one channel.

    `planned` is from the days before; `expected` also from what came of the day so far, and stays
    as it was when the half hour began. `needed` people keep the queue's promise then, parts of one
    doing something else besides; None where nobody has handled any yet: handling (`aht_seconds`, of
    one person's time) and `patience_seconds` are those of the last weeks.
    """

    __tablename__ = "arrival_forecast"

    half_hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    planned: Mapped[float]
    expected: Mapped[float]
    aht_seconds: Mapped[float | None]
    patience_seconds: Mapped[float | None]
    needed: Mapped[float | None]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
