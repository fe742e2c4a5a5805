"""Staff, which queues they belong to, and the views of the queue that they saved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import (
    Base,
    Id,
    JsonList,
    JsonObject,
    Time,
    UtcDateTime,
    utcnow,
)


class Staff(Base):
    """A member of staff; on PostgreSQL `login` is their own database role.

    Presence is what they chose, with words of their own and when they are back; `presence_by_id`
    is the team leader who set it for them. `extension` is the endpoint at the PBX that rings for
    them, such as 101.
    """

    __tablename__ = "staff"
    __table_args__ = (Index("uq_staff_extension", "extension", unique=True),)

    id: Mapped[Id]
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    presence: Mapped[str] = mapped_column(default="offline")
    next_presence: Mapped[str | None]
    presence_since: Mapped[Time] = mapped_column(server_default=utcnow())
    presence_words: Mapped[str] = mapped_column(default="", server_default="")
    back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    presence_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    capacity: Mapped[int] = mapped_column(default=100, server_default="100")
    extension: Mapped[str | None]


class Activity(Base):
    """What the system sees of a person, never what they chose; their work is in `assignment`.

    `signed_in_at` is None while no desktop of theirs is open; `seen_at` is when one last said so.
    `not_responding_since`: an offer ran out, and nothing is offered until they are back.
    `last_given_at` is when they were last given work, so that who waits longest comes first.
    `idle_since`: since when nobody touched that desktop, or it is locked. `desktop` is the one that
    speaks for them, of several; in `off_channels` they want no offers for now.
    """

    __tablename__ = "activity"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    idle_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    locked: Mapped[bool] = mapped_column(default=False, server_default=false())
    not_responding_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_given_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    desktop: Mapped[str] = mapped_column(default="", server_default="")
    off_channels: Mapped[JsonList] = mapped_column(default=list, server_default="[]")


class PresenceMark(Base):
    """From `at` until the next mark of this person nothing of this is another; written by triggers.

    `seen` is there, idle, locked or not_responding. A day adds up because marks only begin.
    """

    __tablename__ = "presence_mark"
    __table_args__ = (Index("ix_presence_mark_staff", "staff_id", "id"),)

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[Time] = mapped_column(server_default=utcnow())
    signed_in: Mapped[bool]
    presence: Mapped[str]
    seen: Mapped[str]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))


class StaffSkill(Base):
    """What a person can do, 1 (a little) to 5 (best), for good or `until` a time."""

    __tablename__ = "staff_skill"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    skill_id: Mapped[int] = mapped_column(ForeignKey("skill.id"), primary_key=True, index=True)
    level: Mapped[int]
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Membership(Base):
    """One person's belonging to one queue: what they see and what Next gives them.

    It ends at `until`; until `off_until` they see the queue and are offered nothing of it.
    """

    __tablename__ = "membership"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"), primary_key=True, index=True)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    off_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SavedView(Base):
    """A set of queue filters under a name, one person's own."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("staff_id", "name"),)

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    name: Mapped[str]
    filters: Mapped[JsonObject]
