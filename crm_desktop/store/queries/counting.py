"""What the gateway reads to reckon figures, and where it keeps them: a window of half hours at a
time, by the index on (kind, at) and then contact by contact.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from crm_desktop.domain.calendar import Calendar, NeverOpen
from crm_desktop.domain.counting import Counted, Happening, Presences, Subject, What
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.figures import REPEAT_DAYS, SUMS, Promise, Variant
from crm_desktop.domain.sla import CHANNEL_TARGETS
from crm_desktop.domain.states import IN_HAND, Channel, ContactState, Presence
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    ChannelWeight,
    CountedContact,
    Event,
    FiguresKept,
    HalfHourStaff,
    HalfHourStat,
    OpeningCalendar,
    Queue,
    QueueTarget,
)
from crm_desktop.store.models.base import UtcDateTime
from crm_desktop.store.queries.from_json import parsed
from crm_desktop.store.soundness import STATES

#: Whether somebody has a contact in hand after an event that changes its state.
IN_HAND_AFTER: Mapping[str, bool] = {
    kind: ContactState(states[0]) in IN_HAND for kind, states in STATES.items()
} | {"contact.logged": True}
_MOVES = tuple(sorted(IN_HAND_AFTER))
#: Whoever chose no presence for so long is not known to be here.
_PRESENCE_LASTS = timedelta(days=7)

_TOUCHED = (
    select(Event.contact_id)
    .distinct()
    .where(
        Event.kind.in_(_MOVES),
        Event.at >= bindparam("begin", UtcDateTime),
        Event.at < bindparam("end", UtcDateTime),
        Event.contact_id.is_not(None),
    )
)
# Said as the partial index is, so that it serves.
_IN_HAND_NOW = text(
    "SELECT id FROM contact WHERE owner_id IS NOT NULL AND state <> 'completed'"
    " AND state IN ('active', 'held', 'wrap_up')"
)
_SUBJECTS = """SELECT c.id, c.channel, c.direction, c.queue_id, c.received_at,
    coalesce(s.counts_against_resolution, {true})
    FROM contact c LEFT JOIN service s ON s.id = c.service_id WHERE {among}"""
_HISTORY = """SELECT e.contact_id, e.at, e.kind, e.actor_id, e.data FROM event e
    WHERE {among} AND (e.kind LIKE 'contact.%' OR e.kind LIKE 'call.%'
        OR e.kind LIKE 'visit.%' OR e.kind = 'handoff.requested')
    ORDER BY e.contact_id, e.id"""
_REPEATS = """SELECT c.id, r.received_at FROM contact c JOIN contact r
    ON r.customer_id = c.customer_id AND r.service_id = c.service_id AND r.id <> c.id
    AND r.direction = 'inbound' AND r.state <> 'spam' AND r.received_at > :begin
    WHERE {among}"""
_PRESENCES = """SELECT CAST(coalesce(data ->> 'staff', CAST(actor_id AS text)) AS bigint), at,
    data ->> 'presence' FROM event
    WHERE kind IN ('staff.presence', 'staff.signed_out') AND at >= :begin AND at < :end
    ORDER BY id"""


@dataclass(frozen=True, slots=True)
class Range:
    """Which half hours are reckoned for good, as `FiguresKept` says."""

    from_at: datetime
    until_at: datetime
    followed_until: datetime


@dataclass(frozen=True, slots=True)
class Promises:
    """Every queue's promises, and the clock that its waits are counted by."""

    by_queue: Mapping[tuple[int, str], Promise]
    calendars: Mapping[int, Calendar]

    def of(self, queue_id: int, channel: str) -> Promise:
        """The promise for a channel: the queue's own, else the usual one."""
        own = self.by_queue.get((queue_id, channel))
        if own is not None:
            return own
        target, hours = CHANNEL_TARGETS[Channel(channel)], self.calendars.get(queue_id)
        if hours is None:
            length = target.time or timedelta(days=max(target.days, 1))
        else:
            length = target.length(hours)
        return Promise(int(length.total_seconds()))

    def waited(self, queue_id: int, channel: str, begin: datetime, end: datetime) -> timedelta:
        """How long that was by the promise's clock."""
        hours = self.calendars.get(queue_id)
        if hours is None or not self.of(queue_id, channel).in_opening_hours:
            return end - begin
        return hours.working_time_between(begin, end)


def promises(tx: Tx) -> Promises:
    """As they are set now."""
    calendars = {}
    for queue_id, hours in tx.core.execute(
        select(Queue.id, OpeningCalendar.hours).join(
            OpeningCalendar, OpeningCalendar.id == Queue.calendar_id
        )
    ):
        try:
            calendar = Calendar.from_data(hours)
            calendar.working_day  # noqa: B018 - closed for good raises
        except (InvalidInput, NeverOpen):
            continue
        calendars[queue_id] = calendar
    rows = tx.core.execute(
        select(
            QueueTarget.queue_id,
            QueueTarget.channel,
            QueueTarget.seconds,
            QueueTarget.in_opening_hours,
            QueueTarget.goal,
            QueueTarget.short_seconds,
            QueueTarget.variant,
        )
    )
    return Promises(
        {(row[0], row[1]): Promise(*row[2:6], Variant(row[6])) for row in rows}, calendars
    )


def interruptible(tx: Tx) -> frozenset[str]:
    """The channels whose contacts lie aside while a call, a chat or a visitor is served."""
    found = tx.core.scalars(select(ChannelWeight.channel).where(ChannelWeight.interruptible))
    return frozenset(found)


def histories(tx: Tx, begin: datetime, end: datetime) -> dict[int, tuple[Subject, list[Happening]]]:
    """What moved between two moments, and what is in somebody's hands, with its whole history."""
    ids = {each for each in tx.core.scalars(_TOUCHED, {"begin": begin, "end": end}) if each}
    ids.update(tx.core.scalars(_IN_HAND_NOW))
    if not ids:
        return {}
    true = "1" if tx.dialect == "sqlite" else "true"
    found: dict[int, tuple[Subject, list[Happening]]] = {}
    for id_, channel, direction, queue_id, received, counts in _among(
        tx, _SUBJECTS.format(true=true, among="{among}"), "c.id", ids, received_at=UtcDateTime()
    ):
        subject = Subject(id_, channel, direction == "inbound", queue_id, received, bool(counts))
        found[id_] = (subject, [])
    for contact_id, at, kind, actor_id, data in _among(
        tx, _HISTORY, "e.contact_id", ids, at=UtcDateTime()
    ):
        if contact_id in found:
            found[contact_id][1].append(Happening(at, kind, actor_id, parsed(data) or {}))
    return found


def presences(tx: Tx, begin: datetime, end: datetime) -> dict[int, Presences]:
    """What people chose between two moments, and last before."""
    statement = (
        text(_PRESENCES)
        .columns(at=UtcDateTime())
        .bindparams(bindparam("begin", type_=UtcDateTime()), bindparam("end", type_=UtcDateTime()))
    )
    known: dict[int, list[tuple[datetime, bool]]] = defaultdict(list)
    since = begin - _PRESENCE_LASTS
    for staff_id, at, chosen in tx.core.execute(statement, {"begin": since, "end": end}):
        if staff_id is None:
            continue
        list_ = known[staff_id]
        if at <= begin:
            list_.clear()
        list_.append((at, chosen == Presence.AVAILABLE))
    return {staff_id: Presences(tuple(spells)) for staff_id, spells in known.items()}


def repeats(tx: Tx, resolved: Mapping[int, datetime]) -> frozenset[int]:
    """Which of these contacts, resolved at these times, came back within the days of a repeat."""
    if not resolved:
        return frozenset()
    within = timedelta(days=REPEAT_DAYS)
    rows = _among(
        tx, _REPEATS, "c.id", resolved, begin=min(resolved.values()), received_at=UtcDateTime()
    )
    return frozenset(id_ for id_, came in rows if resolved[id_] < came <= resolved[id_] + within)


def _among(
    tx: Tx, sql: str, column: str, ids: Iterable[int], *, begin: datetime | None = None,
    **types: UtcDateTime,
) -> Iterable[Any]:  # fmt: skip
    """Rows of the contacts with these ids. They are given, not joined: however wrong a guess of
    their number is, each is looked up by its index.
    """
    ordered = sorted(ids)
    on_sqlite = tx.dialect == "sqlite"
    among = (
        f"{column} IN (SELECT value FROM json_each(:ids))"  # noqa: S608 - our own columns
        if on_sqlite
        else (f"{column} = ANY (:ids)")
    )
    statement = text(sql.format(among=among)).columns(**types)
    given: dict[str, Any] = {"ids": json.dumps(ordered) if on_sqlite else ordered}
    if begin is not None:
        statement = statement.bindparams(bindparam("begin", type_=UtcDateTime()))
        given["begin"] = begin
    return tx.core.execute(statement, given)


_KEPT = select(FiguresKept.from_at, FiguresKept.until_at, FiguresKept.followed_until)


def kept(tx: Tx) -> Range | None:
    """How far the figures are kept; None before the first time."""
    row = tx.core.execute(_KEPT).first()
    return Range(*row) if row else None


def keep(tx: Tx, now_kept: Range) -> None:
    """Write down how far they are kept."""
    _upsert(tx, FiguresKept, [{"id": 1, **asdict(now_kept)}], ("id",))


def first_event(tx: Tx) -> datetime | None:
    """When the first contact came."""
    return tx.core.scalar(select(func.min(Event.at)).where(Event.kind == "contact.received"))


#: The rows of one table within a window, by key.
Rows = dict[tuple[Any, ...], dict[str, Any]]
_STAT_KEY = ("half_hour", "queue_id", "channel")
_STAFF_KEY = ("half_hour", "staff_id")
_COUNTED_KEY = ("contact_id", "what")


@dataclass
class Window:
    """All that is kept of some half hours. Of what is None another time will know."""

    stats: Rows
    staff: Rows
    counted: Rows


def read_window(tx: Tx, begin: datetime, end: datetime) -> Window:
    """What is kept now."""
    return Window(
        _rows(tx, HalfHourStat, _STAT_KEY, begin, end),
        _rows(tx, HalfHourStaff, _STAFF_KEY, begin, end),
        _counted(tx, begin, end),
    )


def _counted(tx: Tx, begin: datetime, end: datetime) -> Rows:
    columns = CountedContact.__table__.columns
    found = tx.core.execute(
        select(*columns).where(
            # By its index, which begins with what.
            CountedContact.what.in_([each.value for each in What]),
            CountedContact.at >= begin,
            CountedContact.at < end,
        )
    )
    return {(row.contact_id, row.what): dict(row._mapping) for row in found}


def _rows(tx: Tx, model: Any, key: Sequence[str], begin: datetime, end: datetime) -> Rows:
    at = model.half_hour
    found = tx.core.execute(select(*model.__table__.columns).where(at >= begin, at < end))
    return {tuple(getattr(row, name) for name in key): dict(row._mapping) for row in found}


def write_window(tx: Tx, was: Window, now: Window) -> frozenset[int]:
    """Write what differs; the queues whose numbers are others."""
    changed = set()
    tables: tuple[tuple[Any, tuple[str, ...], Rows, Rows], ...] = (
        (HalfHourStat, _STAT_KEY, was.stats, now.stats),
        (HalfHourStaff, _STAFF_KEY, was.staff, now.staff),
        (CountedContact, _COUNTED_KEY, was.counted, now.counted),
    )
    for model, key, before, after in tables:
        different = [row for each, row in sorted(after.items()) if _differs(before.get(each), row)]
        if different:
            _upsert(tx, model, different, key)
        gone = sorted(before.keys() - after.keys())
        if gone:
            these = [getattr(model, name) == bindparam(f"of_{name}") for name in key]
            tx.core.execute(
                delete(model).where(*these),
                [{f"of_{n}": value for n, value in zip(key, each, strict=True)} for each in gone],
            )
        if model is HalfHourStat:
            changed = {row["queue_id"] for row in different} | {each[1] for each in gone}
    return frozenset(changed)


def pieces(was: Rows, now: Rows, many: int) -> Iterator[tuple[Rows, Rows]]:
    """What is kept and what should be, so many rows at a time."""
    keys = sorted(was.keys() | now.keys())
    for start in range(0, len(keys), many):
        part = keys[start : start + many]
        yield (
            {each: was[each] for each in part if each in was},
            {each: now[each] for each in part if each in now},
        )


def _differs(before: dict[str, Any] | None, after: dict[str, Any]) -> bool:
    return before is None or any(before[name] != value for name, value in after.items())


def _upsert(tx: Tx, model: Any, rows: list[dict[str, Any]], key: Sequence[str]) -> None:
    dialect = postgresql if tx.dialect == "postgresql" else sqlite
    statement = dialect.insert(model)
    statement = statement.on_conflict_do_update(
        index_elements=list(key),
        set_={name: statement.excluded[name] for name in rows[0] if name not in key},
    )
    tx.core.execute(statement.inline(), rows)


def resolved_between(tx: Tx, begin: datetime, end: datetime) -> dict[int, Counted]:
    """Who was resolved between two moments, by contact."""
    rows = tx.core.execute(
        select(
            CountedContact.contact_id, CountedContact.at, CountedContact.queue_id,
            CountedContact.channel,
        ).where(
            CountedContact.what == What.COMPLETED, CountedContact.at >= begin,
            CountedContact.at < end, CountedContact.resolved,
        )
    )  # fmt: skip
    return {
        id_: Counted(id_, What.COMPLETED, at, queue_id, channel, resolved=True)
        for id_, at, queue_id, channel in rows
    }


_OLD = select(CountedContact.contact_id, CountedContact.what).where(
    CountedContact.what.in_([each.value for each in What]),
    CountedContact.at < bindparam("before", UtcDateTime),
).limit(bindparam("many"))  # fmt: skip


def any_counted(tx: Tx, before: datetime) -> bool:
    """Whether contacts of so long ago are still kept behind the figures."""
    return tx.core.execute(_OLD, {"before": before, "many": 1}).first() is not None


def forget_counted(tx: Tx, before: datetime, limit: int) -> int:
    """Remove the oldest of them, so many at most; how many went."""
    gone = list(tx.core.execute(_OLD, {"before": before, "many": limit}))
    if gone:
        tx.core.execute(
            delete(CountedContact).where(
                CountedContact.contact_id == bindparam("contact"),
                CountedContact.what == bindparam("as_what"),
            ),
            [{"contact": contact_id, "as_what": what} for contact_id, what in gone],
        )
    return len(gone)


#: The columns of a row of `half_hour_stat` that can be added.
ADDED = tuple(name for name in SUMS if name not in ("followed", "repeated"))
