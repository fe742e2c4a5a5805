"""What the gateway keeps of the events, so that no desktop reckons: sums by half hour, and which
contacts they are made of. All of it can be made anew from the events.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, false
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import Base, BigId, UtcDateTime


class HalfHourStat(Base):
    """What happened in a queue and channel within a half hour, from its beginning.

    The names are those of `domain.figures.Sums`, the last five those of `Promise`: what the waits
    were held against. `followed` and `repeated` are None until a week has passed.
    """

    __tablename__ = "half_hour_stat"

    half_hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    arrivals: Mapped[int] = mapped_column(default=0)
    answered: Mapped[int] = mapped_column(default=0)
    answered_within: Mapped[int] = mapped_column(default=0)
    wait_seconds: Mapped[int] = mapped_column(BigId, default=0)
    abandoned: Mapped[int] = mapped_column(default=0)
    abandoned_within: Mapped[int] = mapped_column(default=0)
    abandoned_short: Mapped[int] = mapped_column(default=0)
    other_exits: Mapped[int] = mapped_column(default=0)
    handled: Mapped[int] = mapped_column(default=0)
    handle_seconds: Mapped[int] = mapped_column(default=0)
    completed: Mapped[int] = mapped_column(default=0)
    first_point: Mapped[int] = mapped_column(default=0)
    avoidable: Mapped[int] = mapped_column(default=0)
    resolved: Mapped[int] = mapped_column(default=0)
    followed: Mapped[int | None]
    repeated: Mapped[int | None]
    callbacks: Mapped[int] = mapped_column(default=0, server_default="0")
    voicemails: Mapped[int] = mapped_column(default=0, server_default="0")
    calls: Mapped[int] = mapped_column(default=0, server_default="0")
    talk_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    hold_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    wrap_up_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    transferred: Mapped[int] = mapped_column(default=0, server_default="0")
    seconds: Mapped[int]
    in_opening_hours: Mapped[bool]
    goal: Mapped[int]
    short_seconds: Mapped[int]
    variant: Mapped[str]


class HalfHourStaff(Base):
    """How long a person was available within a half hour, and of that had a contact in hand."""

    __tablename__ = "half_hour_staff"

    half_hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    available_seconds: Mapped[int]
    busy_seconds: Mapped[int]


class CountedContact(Base):
    """A contact that counts as `what` (`domain.counting.What`); kept for some weeks.

    The times are those of a handled call that a telephone system told of (`timed`).
    """

    __tablename__ = "counted_contact"
    __table_args__ = (Index("ix_counted_contact_what", "what", "at", "contact_id"),)

    contact_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    what: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"))
    channel: Mapped[str]
    wait_seconds: Mapped[int] = mapped_column(default=0)
    within: Mapped[bool] = mapped_column(default=False, server_default=false())
    short: Mapped[bool] = mapped_column(default=False, server_default=false())
    resolved: Mapped[bool] = mapped_column(default=False, server_default=false())
    first_point: Mapped[bool] = mapped_column(default=False, server_default=false())
    avoidable: Mapped[bool] = mapped_column(default=False, server_default=false())
    talk_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    hold_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    wrap_up_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    timed: Mapped[bool] = mapped_column(default=False, server_default=false())
    transferred: Mapped[bool] = mapped_column(default=False, server_default=false())


class FiguresKept(Base):
    """One row: the half hours from `from_at` until `until_at` are reckoned and change no more;
    of those before `followed_until` it is known who came back.
    """

    __tablename__ = "figures_kept"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until_at: Mapped[datetime] = mapped_column(UtcDateTime)
    followed_until: Mapped[datetime] = mapped_column(UtcDateTime)
