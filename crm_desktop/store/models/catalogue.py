"""The service catalogue: calendars, queues with their targets, services, forms, reply templates."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import (
    Base,
    CreatedAt,
    Id,
    JsonList,
    JsonObject,
    Time,
    UtcDateTime,
    utcnow,
)


class Setting(Base):
    """One fact about the whole centre, such as its name; no secrets."""

    __tablename__ = "setting"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[JsonObject]


class OpeningCalendar(Base):
    """Opening hours as `domain.calendar.Calendar` writes them."""

    __tablename__ = "opening_calendar"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    hours: Mapped[JsonObject]


class Queue(Base):
    """A waiting line; of a `restricted` one, only members see that anything is there.

    What waits in a `push` queue is offered to people, each offer standing `offer_seconds`; from
    others they take. One point of priority is worth `ageing_seconds` of waiting. For
    `last_advisor_seconds` a contact waits for whoever had the customer last. What waited
    `overflow_seconds` moves to `overflow_queue_id`. `wrap_up` is domain.calls.WrapUp, a timed one
    of `wrap_up_seconds`.
    """

    __tablename__ = "queue"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    priority: Mapped[int] = mapped_column(default=0)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("opening_calendar.id"))
    restricted: Mapped[bool] = mapped_column(default=False)
    push: Mapped[bool] = mapped_column(default=False, server_default=false())
    offer_seconds: Mapped[int] = mapped_column(default=20, server_default="20")
    ageing_seconds: Mapped[int] = mapped_column(default=600, server_default="600")
    last_advisor_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    overflow_queue_id: Mapped[int | None] = mapped_column(ForeignKey("queue.id"))
    overflow_seconds: Mapped[int | None]
    wrap_up: Mapped[str] = mapped_column(default="mandatory", server_default="mandatory")
    wrap_up_seconds: Mapped[int] = mapped_column(default=120, server_default="120")


class Skill(Base):
    """Something that not everybody can do: Welsh, Blue Badge, complaints."""

    __tablename__ = "skill"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]


class QueueSkill(Base):
    """The skill that a queue needs, from `level` (1 to 5) up; after `relax_seconds` without it."""

    __tablename__ = "queue_skill"

    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"), primary_key=True)
    skill_id: Mapped[int] = mapped_column(ForeignKey("skill.id"), primary_key=True, index=True)
    level: Mapped[int]
    relax_seconds: Mapped[int | None]


class ChannelWeight(Base):
    """How much of a person's capacity (100) one contact takes.

    An `interruptible` one in hand does not keep a person from a call, a chat or a visitor.
    """

    __tablename__ = "channel_weight"

    channel: Mapped[str] = mapped_column(primary_key=True)
    weight: Mapped[int]
    interruptible: Mapped[bool] = mapped_column(default=False)


class QueueTarget(Base):
    """How soon a queue wants a channel answered: seconds of time, or of opening hours.

    The figure of that promise: `goal` per cent of what was offered, reckoned by `variant`
    (`domain.figures`), an abandon within `short_seconds` being none.
    """

    __tablename__ = "queue_target"

    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    seconds: Mapped[int]
    in_opening_hours: Mapped[bool] = mapped_column(default=True)
    goal: Mapped[int] = mapped_column(default=80, server_default="80")
    short_seconds: Mapped[int] = mapped_column(default=5, server_default="5")
    variant: Mapped[str] = mapped_column(default="default", server_default="default")


class QueueStat(Base):
    """What waits in a queue, kept by the leased gateway so that no desktop counts."""

    __tablename__ = "queue_stat"

    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    waiting: Mapped[int]
    overdue: Mapped[int] = mapped_column(default=0)
    oldest_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    updated_at: Mapped[Time] = mapped_column(server_default=utcnow())


class Service(Base):
    """An entry of the service catalogue; `handoff_*` say which back office takes its cases."""

    __tablename__ = "service"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    group_name: Mapped[str] = mapped_column(default="")
    lgsl: Mapped[int | None]
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"))
    priority: Mapped[int] = mapped_column(default=0)
    restricted: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    keywords: Mapped[JsonList] = mapped_column(default=list)
    script: Mapped[str] = mapped_column(default="")
    case_target_seconds: Mapped[int | None]
    public: Mapped[bool] = mapped_column(default=False)
    summary: Mapped[str] = mapped_column(default="")
    handoff_account_id: Mapped[int | None] = mapped_column(ForeignKey("channel_account.id"))
    handoff_service_code: Mapped[str | None]
    handoff_mapping: Mapped[JsonObject] = mapped_column(default=dict)
    handoff_target_seconds: Mapped[int | None]
    counts_against_resolution: Mapped[bool] = mapped_column(default=True)


class FormVersion(Base):
    """One version of a service's questions; an answer keeps the version it was given to."""

    __tablename__ = "form_version"
    __table_args__ = (UniqueConstraint("service_id", "version"),)

    id: Mapped[Id]
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    version: Mapped[int]
    schema: Mapped[JsonObject]
    created_at: Mapped[CreatedAt]


class ReplyTemplate(Base):
    """A canned reply; `images` are the SHA-256 of the only pictures that it may carry."""

    __tablename__ = "reply_template"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    shortcut: Mapped[str] = mapped_column(default="")
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    subject: Mapped[str] = mapped_column(default="")
    body: Mapped[str]
    images: Mapped[JsonList] = mapped_column(default=list)
