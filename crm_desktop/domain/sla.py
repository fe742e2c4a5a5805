"""Promises with a date: the SLA clock that really stops, and the statutory dates."""

from __future__ import annotations

import calendar as gregorian
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from crm_desktop.domain.calendar import (
    Calendar,
    Region,
    add_working_days,
    is_working_day,
    next_working_day,
)
from crm_desktop.domain.states import Channel

_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Target:
    """How soon: so much working time, so many working days of the calendar, or both added."""

    time: timedelta = _NOTHING
    days: int = 0

    def length(self, calendar: Calendar) -> timedelta:
        """The working time that this target allows in a calendar."""
        return self.time + self.days * calendar.working_day if self.days else self.time


_ONE_DAY = Target(days=1)

#: How soon a waiting contact is to be answered.
CHANNEL_TARGETS = {
    Channel.CALL: Target(timedelta(seconds=20)),
    Channel.CHAT: Target(timedelta(seconds=60)),
    Channel.SOCIAL: Target(timedelta(hours=1)),
    Channel.VISIT: Target(timedelta(minutes=15)),
    Channel.EMAIL: _ONE_DAY,
    Channel.WEB_FORM: _ONE_DAY,
    Channel.VOICEMAIL: _ONE_DAY,
    Channel.LETTER: _ONE_DAY,
    Channel.SMS: _ONE_DAY,
}


@dataclass(frozen=True, slots=True)
class Clock:
    """One SLA clock as three columns: running it has `due_at`; stopped, `paused_at` and `left`.

    `left` is working time, negative when the promise was broken before the stop.
    """

    due_at: datetime | None
    paused_at: datetime | None = None
    left: timedelta | None = None

    @classmethod
    def start(cls, calendar: Calendar, at: datetime, target: Target) -> Clock:
        """A clock running since `at`; it counts only while the calendar is open."""
        return cls(calendar.add_working_time(at, target.length(calendar)))

    def pause(self, calendar: Calendar, at: datetime) -> Clock:
        """Stopped at `at`, while the customer has to answer; a stopped clock stays as it is."""
        if self.due_at is None:
            return self
        return Clock(None, at, calendar.working_time_between(at, self.due_at))

    def resume(self, calendar: Calendar, at: datetime) -> Clock:
        """Running again with what was left; a running clock stays as it is."""
        if self.left is None:
            return self
        return Clock(calendar.add_working_time(at, self.left))

    def remaining(self, calendar: Calendar, now: datetime) -> timedelta:
        """The working time left, negative once it is overdue."""
        if self.due_at is not None:
            return calendar.working_time_between(now, self.due_at)
        return self.left or _NOTHING

    def breached(self, now: datetime) -> bool:
        """Whether the promise is broken."""
        if self.due_at is not None:
            return now > self.due_at
        return self.left is not None and self.left < _NOTHING


@dataclass(frozen=True, slots=True)
class ComplaintPolicy:
    """One complaints procedure, in working days; other services run under others."""

    acknowledge: int = 5
    stage_1: int = 10
    stage_1_extension: int = 10
    stage_2: int = 20
    stage_2_extension: int = 20
    region: Region = Region.ENGLAND_AND_WALES

    def acknowledgement_due(self, received: date) -> date:
        """When a complaint, or its escalation to stage 2, must be acknowledged."""
        return add_working_days(received, self.acknowledge, self.region)

    def stage_1_due(self, acknowledged: date, *, extended: bool = False) -> date:
        """When stage 1 must be answered, counted from its acknowledgement."""
        days = self.stage_1 + (self.stage_1_extension if extended else 0)
        return add_working_days(acknowledged, days, self.region)

    def stage_2_due(self, acknowledged: date, *, extended: bool = False) -> date:
        """When stage 2 must be answered, counted from its own acknowledgement."""
        days = self.stage_2 + (self.stage_2_extension if extended else 0)
        return add_working_days(acknowledged, days, self.region)


def foi_due(
    received: date,
    *,
    clarified: date | None = None,
    fee_notice: date | None = None,
    fee_paid: date | None = None,
) -> date | None:
    """The last day to answer a freedom of information request: 20 working days after receipt.

    A clarification restarts the count; the days from a fee notice until its payment, both
    included, do not count. None while a fee is awaited.
    """
    if fee_notice is not None and fee_paid is None:
        return None
    day, counted = clarified or received, 0
    while counted < 20:
        day += timedelta(days=1)
        waiting = fee_notice is not None and fee_paid is not None and fee_notice <= day <= fee_paid
        counted += is_working_day(day, Region.UNITED_KINGDOM) and not waiting
    return day


def subject_access_due(
    requested: date,
    *,
    identity: date | None = None,
    fee: date | None = None,
    extended: bool = False,
) -> date:
    """The last day to answer a subject access request.

    The corresponding date of the next month (of the third, when extended) after the latest of
    request, proof of identity and fee; the month's last day where it has no such date; moved on
    to a working day.
    """
    start = max(day for day in (requested, identity, fee) if day is not None)
    return next_working_day(_corresponding_date(start, 3 if extended else 1))


def _corresponding_date(start: date, months: int) -> date:
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    last = gregorian.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last))
