"""Telephone lines, calls as the PBX has them, and what desktops ask of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text, true
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


class TelephoneLine(Base):
    """A number that the public calls, and where its calls go: queue, and service where it is one.

    `number` is E.164 where it can be, else as the PBX says it. Who waits hears their position every
    `announce_seconds`, 0 for never. `record`: conversations are recorded, after a spoken notice.
    `voicemail` and `callback`: what a caller may choose, the first also when the queue is closed.
    While `most_waiting` of its queue's calls wait, the next is told that the line is busy; 0: never.
    """

    __tablename__ = "telephone_line"

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"))
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    active: Mapped[bool] = mapped_column(default=True, server_default=true())
    announce_seconds: Mapped[int] = mapped_column(default=45, server_default="45")
    record: Mapped[bool] = mapped_column(default=True, server_default=true())
    voicemail: Mapped[bool] = mapped_column(default=True, server_default=true())
    callback: Mapped[bool] = mapped_column(default=True, server_default=true())
    most_waiting: Mapped[int] = mapped_column(default=0, server_default="0")


class LineChoice(Base):
    """What a digit of a line's menu means: another queue or service than the line's own."""

    __tablename__ = "line_choice"

    line_id: Mapped[int] = mapped_column(ForeignKey("telephone_line.id"), primary_key=True)
    digit: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"))
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))


class Call(Base):
    """A contact's call as the PBX last said it is; the contact's own state says whose work it is.

    `state` is domain.calls.CallState. `channel` and `bridge` are the PBX's ids of the caller's
    channel and of the conversation, `linked` what its own records join a call's legs by. `number`
    is the other side in E.164, empty when withheld; `number_said` as it came. A `callback` is
    dialled by us: for the caller who kept their place, or (`after_id`) for the call that was cut
    off. `ended_by` is caller, advisor or pbx, `cause` the Q.850 cause. Seconds are sums so far
    until `counted_at`. `lost_since`: the gateway cannot see the PBX, so nothing of this is sure.
    """

    __tablename__ = "call"
    __table_args__ = (
        Index("ix_call_channel", "channel"),
        Index("ix_call_number", "number", "started_at"),
        # What is going on now: a few of a million.
        Index(
            "ix_call_open",
            "contact_id",
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
    )

    contact_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("contact.id"), primary_key=True, autoincrement=False
    )
    account_id: Mapped[int] = mapped_column(ForeignKey("channel_account.id"))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("telephone_line.id"))
    state: Mapped[str]
    state_since: Mapped[Time] = mapped_column(server_default=utcnow())
    channel: Mapped[str] = mapped_column(default="", server_default="")
    bridge: Mapped[str] = mapped_column(default="", server_default="")
    linked: Mapped[str] = mapped_column(default="", server_default="")
    number: Mapped[str] = mapped_column(default="", server_default="")
    number_said: Mapped[str] = mapped_column(default="", server_default="")
    dialled: Mapped[str] = mapped_column(default="", server_default="")
    choice: Mapped[str] = mapped_column(default="", server_default="")
    callback: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    after_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("contact.id"))
    muted: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    recording: Mapped[str] = mapped_column(default="off", server_default="off")
    started_at: Mapped[CreatedAt]
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str] = mapped_column(default="", server_default="")
    cause: Mapped[int | None]
    cut_off: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    talk_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    hold_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    counted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lost_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wrap_up_extended: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class CallLeg(Base):
    """One channel of a call at the PBX; `role` and `state` are domain.calls.LegRole and LegState.

    The caller's own is one too. `mode` of a listener is listen, whisper or barge.
    """

    __tablename__ = "call_leg"
    __table_args__ = (
        Index("ix_call_leg_contact", "contact_id"),
        Index("ix_call_leg_channel", "channel", unique=True),
        Index(
            "ix_call_leg_open",
            "staff_id",
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    contact_id: Mapped[int] = mapped_column(BigId, ForeignKey("contact.id"))
    channel: Mapped[str]
    role: Mapped[str]
    state: Mapped[str]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    number: Mapped[str] = mapped_column(default="", server_default="")
    name: Mapped[str] = mapped_column(default="", server_default="")
    mode: Mapped[str] = mapped_column(default="", server_default="")
    began_at: Mapped[CreatedAt]
    up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cause: Mapped[int | None]


class CallCommand(Base):
    """What somebody asked of the PBX: done before `expires_at` or not at all, and never again.

    `verb` is domain.calls.Verb, `state` domain.calls.CommandState; `words` say why not.
    `contact_id` is None for a call out until it has one.
    """

    __tablename__ = "call_command"
    __table_args__ = (
        Index(
            "ix_call_command_asked",
            "id",
            postgresql_where=text("state = 'asked'"),
            sqlite_where=text("state = 'asked'"),
        ),
        Index("ix_call_command_contact", "contact_id", "id"),
        # How much somebody asks for, and what became of it.
        Index("ix_call_command_staff", "staff_id", "asked_at"),
    )

    id: Mapped[Id]
    contact_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("contact.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    verb: Mapped[str]
    args: Mapped[JsonObject] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(default="asked", server_default="asked")
    words: Mapped[str] = mapped_column(default="", server_default="")
    asked_at: Mapped[CreatedAt]
    expires_at: Mapped[Time]
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
