"""Keeps the chart of a day as the database has it, and answers what if some go to lunch now."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.names import CHANNEL_NAMES
from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.figures import HALF_HOUR
from crm_desktop.domain.staffing import Outlook, WhatIf, whole_people
from crm_desktop.domain.states import Channel
from crm_desktop.domain.views import QueueInfo
from crm_desktop.services import Database, forecast, queue
from crm_desktop.services.forecast import DayForecast, HalfHour

#: While it is looked at, what came is read again so often, in milliseconds.
AGAIN_MS = 15_000


class ForecastView(Protocol):
    """What the presenter asks of the pane."""

    def show_queues(self, queues: tuple[QueueInfo, ...]) -> None:
        """Offer these queues."""

    def show_day(self, day: DayForecast, now: datetime) -> None:
        """Show the day."""

    def show_trouble(self, trouble: CrmError | None) -> None:
        """Say why what is shown may be old; None: it is fresh."""


class ForecastPresenter(Presenter):
    """Reads while it is looked at: after a change of the forecast, and now and then what came."""

    def __init__(
        self, db: Database, tasks: Tasks, view: ForecastView, *, now: Callable[[], datetime]
    ) -> None:
        super().__init__(tasks)
        self._db = db
        self._view = view
        self._now = now
        self._seen = False
        self._queue: int | None = None
        self._channel: Channel | None = None

    @property
    def today(self) -> date:
        """The day it is in London."""
        return words.local(self._now()).date()

    def start(self) -> None:
        """Read which queues there are."""
        self._tasks.read(
            partial(queue.queues, self._db),
            self._view.show_queues,
            failed=self._view.show_trouble,
            key="forecast-queues",
        )

    def changed(self, changes: Changes) -> None:
        """Read again when something else is expected."""
        if changes.has(Topic.FORECAST):
            self.again()

    def set_seen(self, seen: bool) -> None:
        """The pane is looked at, or no more."""
        self._seen = seen
        self.again()

    def choose(self, queue_id: int | None, channel: Channel | None) -> None:
        """Show another queue or channel; None for all."""
        self._queue, self._channel = queue_id, channel
        self.again()

    def again(self) -> None:
        """Read the day, if anybody looks."""
        if self._seen:
            self._tasks.read(
                partial(forecast.of_day, self._db, self.today, self._queue, self._channel),
                self._show,
                failed=self._view.show_trouble,
                key="forecast",
            )

    def what_if(
        self,
        queue_id: int,
        people: int | None,
        change: int,
        done: Callable[[WhatIf | None], None],
        failed: Callable[[CrmError], None],
    ) -> None:
        """Ask what becomes of a queue with so many more or fewer; `done` and `failed` are the
        dialog's.
        """
        self._tasks.read(
            partial(forecast.what_if, self._db, queue_id, people, change),
            done,
            failed=failed,
            key="what-if",
        )

    def _show(self, day: DayForecast) -> None:
        self._view.show_trouble(None)
        self._view.show_day(day, self._now())


# What people read


def half_hour_words(each: HalfHour) -> str:
    """As "10:00 to 10:30: 41 came, 38 expected, 13 people needed"."""
    end = words.clock_time(each.at + HALF_HOUR)
    said = []
    if each.came is not None:
        said.append(f"{each.came:,} came")
    if each.expected is not None:
        said.append(f"{each.expected:,.0f} expected")
    if each.needed is not None:
        said.append(f"{words.count(whole_people(each.needed), 'person', 'people')} needed")
    return f"{words.clock_time(each.at)} to {end}: {', '.join(said) or 'nothing is known'}"


def error_words(day: DayForecast) -> tuple[str, str]:
    """The error so far in a few words, and what it means."""
    if day.error.wape is None:
        return "", ""
    lines = [
        f"Of all that came, the forecast missed {day.error.wape:.0%}, half hour by half hour.",
    ]
    if day.error.mape is not None:
        lines.append(f"A half hour was {day.error.mape:.0%} wrong in the mean.")
    if day.plan_error.wape is not None:
        lines.append(f"The plan of the days before missed {day.plan_error.wape:.0%}.")
    return f"error so far {day.error.wape:.0%}", "\n".join(lines)


def missing_words(day: DayForecast) -> tuple[str, str]:
    """Why there is no forecast, in a line and with what it waits for."""
    days = words.count(day.days_known, "whole day")
    if day.days_missing:
        return (
            f"Too little history for a forecast: {days}.",
            f"It begins after {words.count(day.days_missing, 'day')} more, by itself.",
        )
    return ("There is no forecast of this.", "Nothing like it came in the last twelve weeks.")


def channel_words(channels: frozenset[Channel]) -> str:
    """As "calls and chats"."""
    names = sorted(f"{CHANNEL_NAMES[each].lower()}s" for each in channels)
    names = ["social media" if each == "social medias" else each for each in names]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def promise_words(found: WhatIf) -> str:
    """As "80% answered within 20 seconds"."""
    return f"{found.goal:.0%} answered within {words.spoken_span(found.seconds)}"


def verdict(found: WhatIf) -> tuple[bool, str, str]:
    """Whether the promise is kept afterwards; what it comes to in a line, and why."""
    before, after = found.before, found.after
    kept, was_kept = after.service_level >= found.goal, before.service_level >= found.goal
    now, then = f"{before.service_level:.0%}", f"{after.service_level:.0%}"
    needed, there = (f"{n} {'is' if n == 1 else 'are'}" for n in (found.needed, before.people))
    why = f"The goal is {promise_words(found)}. {needed} needed at the busiest, {there} available."
    by = abs(after.people - before.people)
    people = words.count(by, "person", "people")
    if not by:
        return kept, f"As it is, {now} are answered in time.", why
    if after.people > before.people:
        return kept, f"With {people} more: {then} answered in time instead of {now}.", why
    if kept:
        return True, f"Yes, {people} can go: still {then} answered in time.", why
    if was_kept:
        return False, f"Not now: {then} answered in time instead of {now}.", why
    return False, f"It is too few already: {now} answered in time, then {then}.", why


def outlook_rows(found: WhatIf) -> tuple[tuple[str, str, str], ...]:
    """What is compared: its name, as it is now, and then."""
    of: tuple[tuple[str, Callable[[Outlook], str]], ...] = (
        ("People", lambda each: str(each.people)),
        (f"Answered within {words.spoken_span(found.seconds)}", lambda e: _share(e.service_level)),
        ("Mean wait", lambda each: _wait(each.wait)),
        ("Hang up", lambda each: _share(each.abandoned)),
        ("Busy", lambda each: _share(each.occupancy)),
        ("Answered in time, if nobody hung up", lambda each: _share(each.patient)),
    )
    return tuple((name, says(found.before), says(found.after)) for name, says in of)


def _share(share: float) -> str:
    return f"{share:.0%}"


def _wait(seconds: float) -> str:
    return words.stopwatch(seconds) if math.isfinite(seconds) else "no end"
