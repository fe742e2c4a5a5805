"""What a forecast is made of, and where it is kept: half hours of queues and channels."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from crm_desktop.domain.calendar import Calendar
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.states import Presence
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Activity,
    ArrivalForecast,
    CountedContact,
    HalfHourStat,
    Membership,
    OpeningCalendar,
    Queue,
    QueueTarget,
    Staff,
)
from crm_desktop.store.models.base import UtcDateTime

#: (queue, channel)
Line = tuple[int, str]
#: (half hour, queue, channel)
Slot = tuple[datetime, int, str]


@dataclass(frozen=True, slots=True)
class Planned:
    """One row of the forecast, as the columns of `ArrivalForecast` say."""

    planned: float
    expected: float
    aht_seconds: float | None
    patience_seconds: float | None
    needed: float | None


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected in a half hour; `needed` None where nobody knows."""

    expected: float
    planned: float
    needed: float | None


@dataclass(frozen=True, slots=True)
class Came:
    """What came in a half hour, and how much of it was answered and in time."""

    arrivals: int
    answered: int
    within: int


@dataclass(frozen=True, slots=True)
class Measured:
    """How contacts of a line were handled lately, in seconds; None where it is not known."""

    handling: float | None
    patience: float | None


_FROM = bindparam("from_at", type_=UtcDateTime())
_UNTIL = bindparam("until_at", type_=UtcDateTime())
_FIRST = select(func.min(HalfHourStat.half_hour))
_HISTORY = select(
    HalfHourStat.half_hour, HalfHourStat.queue_id, HalfHourStat.channel, HalfHourStat.arrivals
).where(HalfHourStat.half_hour >= _FROM, HalfHourStat.half_hour < _UNTIL, HalfHourStat.arrivals > 0)
_CAME = select(
    HalfHourStat.half_hour,
    HalfHourStat.queue_id,
    HalfHourStat.channel,
    HalfHourStat.arrivals,
    HalfHourStat.answered,
    HalfHourStat.answered_within,
).where(HalfHourStat.half_hour >= _FROM, HalfHourStat.half_hour < _UNTIL)
_PLANNED = select(
    ArrivalForecast.half_hour,
    ArrivalForecast.queue_id,
    ArrivalForecast.channel,
    ArrivalForecast.planned,
    ArrivalForecast.expected,
    ArrivalForecast.aht_seconds,
    ArrivalForecast.patience_seconds,
    ArrivalForecast.needed,
).where(ArrivalForecast.half_hour >= _FROM, ArrivalForecast.half_hour < _UNTIL)
_HANDLED = (
    select(
        HalfHourStat.queue_id,
        HalfHourStat.channel,
        func.sum(HalfHourStat.handled),
        func.sum(HalfHourStat.handle_seconds),
        func.sum(HalfHourStat.wait_seconds),
    )
    .where(HalfHourStat.half_hour >= _FROM, HalfHourStat.half_hour < _UNTIL)
    .group_by(HalfHourStat.queue_id, HalfHourStat.channel)
)
_GAVE_UP = (
    select(
        CountedContact.queue_id,
        CountedContact.channel,
        func.count(),
        func.sum(CountedContact.wait_seconds),
    )
    .where(
        CountedContact.what == "abandoned", CountedContact.at >= _FROM, CountedContact.at < _UNTIL
    )
    .group_by(CountedContact.queue_id, CountedContact.channel)
)


def first_known(tx: Tx) -> datetime | None:
    """The first half hour of which is known what came."""
    return tx.core.scalar(_FIRST)


def history(tx: Tx, from_at: datetime, until_at: datetime) -> dict[Line, dict[datetime, int]]:
    """How many came in each half hour in which anybody did, by queue and channel."""
    found: dict[Line, dict[datetime, int]] = {}
    for at, queue_id, channel, arrivals in tx.core.execute(
        _HISTORY, {"from_at": from_at, "until_at": until_at}
    ):
        found.setdefault((queue_id, channel), {})[at] = arrivals
    return found


def came(tx: Tx, from_at: datetime, until_at: datetime) -> dict[Slot, Came]:
    """What came between two moments, by half hour, queue and channel."""
    rows = tx.core.execute(_CAME, {"from_at": from_at, "until_at": until_at})
    return {(row[0], row[1], row[2]): Came(*row[3:]) for row in rows}


def planned(tx: Tx, from_at: datetime, until_at: datetime) -> dict[Slot, Planned]:
    """The forecast between two moments."""
    rows = tx.core.execute(_PLANNED, {"from_at": from_at, "until_at": until_at})
    return {(row[0], row[1], row[2]): Planned(*row[3:]) for row in rows}


def expected_in(
    tx: Tx, from_at: datetime, until_at: datetime, queues: Collection[int], channel: str | None
) -> dict[datetime, Expected]:
    """The forecast of these queues added up by half hour, of one channel or of all."""
    of = ArrivalForecast
    asked = select(of.half_hour, func.sum(of.expected), func.sum(of.planned), func.sum(of.needed))
    rows = tx.core.execute(_added(asked, of, (from_at, until_at), queues, channel))
    return {at: Expected(all_, planned, needed) for at, all_, planned, needed in rows}


def came_in(
    tx: Tx, from_at: datetime, until_at: datetime, queues: Collection[int], channel: str | None
) -> dict[datetime, Came]:
    """What came to these queues added up by half hour, by one channel or by all."""
    of = HalfHourStat
    asked = select(
        of.half_hour, func.sum(of.arrivals), func.sum(of.answered), func.sum(of.answered_within)
    )
    rows = tx.core.execute(_added(asked, of, (from_at, until_at), queues, channel))
    return {at: Came(arrivals, answered, within) for at, arrivals, answered, within in rows}


def _added(
    sums: Select[*tuple[Any, ...]],
    of: type[ArrivalForecast | HalfHourStat],
    between: tuple[datetime, datetime],
    queues: Collection[int],
    channel: str | None,
) -> Select[*tuple[Any, ...]]:
    found = sums.where(
        of.half_hour >= between[0], of.half_hour < between[1], of.queue_id.in_(queues)
    )
    if channel is not None:
        found = found.where(of.channel == channel)
    return found.group_by(of.half_hour)


def measured(tx: Tx, from_at: datetime, until_at: datetime) -> dict[Line, Measured]:
    """How contacts were handled and how long people were willing to wait.

    Patience is the best guess for exponential patience of which most is cut short by an answer:
    all waits, of those who were answered and of those who gave up, over the number of the latter.
    """
    between = {"from_at": from_at, "until_at": until_at}
    gave_up = {
        (row[0], row[1]): (row[2], row[3] or 0) for row in tx.core.execute(_GAVE_UP, between)
    }
    found = {}
    for queue_id, channel, handled, handling, waited in tx.core.execute(_HANDLED, between):
        gone, waited_in_vain = gave_up.get((queue_id, channel), (0, 0))
        patience = float(waited + waited_in_vain) / gone if gone else None
        found[queue_id, channel] = Measured(
            float(handling) / float(handled) if handled and handling else None, patience or None
        )
    return found


def calendars(tx: Tx) -> dict[int, Calendar]:
    """The opening hours of queues; one that cannot be read stops no other queue's forecast."""
    found = {}
    for queue_id, hours in tx.core.execute(
        select(Queue.id, OpeningCalendar.hours).join(
            OpeningCalendar, OpeningCalendar.id == Queue.calendar_id
        )
    ):
        with suppress(InvalidInput):
            found[queue_id] = Calendar.from_data(hours)
    return found


def targets(tx: Tx) -> dict[Line, tuple[int, int]]:
    """(seconds, goal in per cent) of the promises that queues make of their own."""
    rows = tx.core.execute(
        select(QueueTarget.queue_id, QueueTarget.channel, QueueTarget.seconds, QueueTarget.goal)
    )
    return {(row.queue_id, row.channel): (row.seconds, row.goal) for row in rows}


def write(tx: Tx, rows: Mapping[Slot, Planned]) -> None:
    """Keep rows of the forecast, in place of those that are there."""
    dialect = postgresql if tx.dialect == "postgresql" else sqlite
    statement = dialect.insert(ArrivalForecast)
    kept = ("planned", "expected", "aht_seconds", "patience_seconds", "needed", "made_at")
    statement = statement.on_conflict_do_update(
        index_elements=["half_hour", "queue_id", "channel"],
        set_={name: statement.excluded[name] for name in kept},
    )
    tx.core.execute(
        statement.inline(),
        [
            {
                "half_hour": at,
                "queue_id": queue_id,
                "channel": channel,
                "planned": row.planned,
                "expected": row.expected,
                "aht_seconds": row.aht_seconds,
                "patience_seconds": row.patience_seconds,
                "needed": row.needed,
                "made_at": tx.now,
            }
            for (at, queue_id, channel), row in sorted(rows.items())
        ],
    )


def forget(tx: Tx, before: datetime) -> None:
    """Remove what was expected so long ago."""
    tx.core.execute(delete(ArrivalForecast).where(ArrivalForecast.half_hour < before))


def present(tx: Tx, queue_id: int, seen_since: datetime) -> int:
    """How many people of a queue are available: signed in, seen since, and so chosen."""
    return int(
        tx.core.scalar(
            select(func.count())
            .select_from(Membership)
            .join(Staff, Staff.id == Membership.staff_id)
            .join(Activity, Activity.staff_id == Staff.id)
            .where(
                Membership.queue_id == queue_id,
                or_(Membership.until.is_(None), Membership.until > tx.now),
                or_(Membership.off_until.is_(None), Membership.off_until <= tx.now),
                Staff.active,
                Staff.presence == Presence.AVAILABLE,
                Activity.signed_in_at.is_not(None),
                Activity.seen_at >= seen_since,
            )
        )
        or 0
    )


def known(tx: Tx) -> frozenset[int]:
    """The queues of which this person may know that something is there: what `app.known_queues`
    says on PostgreSQL, where the policies hold to it too.
    """
    rows = tx.core.execute(select(Queue.id, Queue.restricted))
    mine = tx.actor.queues if tx.actor else None
    return frozenset(
        id_ for id_, restricted in rows if not restricted or mine is None or id_ in mine
    )
