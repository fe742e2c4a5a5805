"""The figures as desktops read them: a day and the present in one statement, from what is kept."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import TextClause, bindparam, text

from crm_desktop.domain.counting import What
from crm_desktop.domain.figure_views import (
    Behind,
    CentreFigures,
    HalfHour,
    QueueFigures,
    QueueNow,
    WaitingNow,
)
from crm_desktop.domain.figures import SUMS, Figure, Promise, Share, Sums, Variant
from crm_desktop.domain.states import Channel
from crm_desktop.store.database import Dialect, Tx
from crm_desktop.store.models.base import UtcDateTime
from crm_desktop.store.queries.from_json import maybe_moment, parsed

#: What differs in how the dialects say it; PostgreSQL's policies say who sees what.
_WORDS: dict[Dialect, dict[str, str]] = {
    "sqlite": {
        "array": "json_array",
        "list": "json_group_array",
        "known": "IN (SELECT k.id FROM queue k WHERE NOT k.restricted OR k.id IN {mine})",
        "own": "IN {mine}",
        "own_people": "IN (SELECT m.staff_id FROM membership m WHERE m.queue_id IN {mine}"
        " AND (m.until IS NULL OR m.until > :now))",
        "mine": "(SELECT value FROM json_each(:mine))",
        "may_know": "(NOT q.restricted OR q.id IN {mine})",
    },
    "postgresql": {
        "array": "json_build_array",
        "list": "json_agg",
        "known": "IS NOT NULL",
        "own": "= ANY ((SELECT app.my_queues())::bigint[])",
        "own_people": "IS NOT NULL",
        "mine": "(SELECT unnest(app.my_queues()))",
        "may_know": "q.id = ANY ((SELECT app.known_queues())::bigint[])",
    },
}
_TODAY = f"""SELECT {{array}}(
    (SELECT {{list}}({{array}}(t.queue_id, t.channel, t.seconds, t.in_opening_hours, t.goal,
            t.short_seconds, t.variant, {", ".join(f"t.s{n}" for n in range(len(SUMS)))})) FROM (
        SELECT queue_id, channel, seconds, in_opening_hours, goal, short_seconds, variant,
            {", ".join(f"coalesce(sum({name}), 0) AS s{n}" for n, name in enumerate(SUMS))}
        FROM half_hour_stat
        WHERE half_hour >= :begin AND half_hour < :end AND queue_id {{known}}
        GROUP BY queue_id, channel, seconds, in_opening_hours, goal, short_seconds, variant) t),
    (SELECT {{list}}({{array}}(w.queue_id, w.channel, w.waiting, w.oldest_at, w.next_due_at))
        FROM queue_stat w WHERE w.waiting > 0 AND w.queue_id {{known}}),
    (SELECT {{list}}({{array}}(n.id, n.name, n.restricted, n.available, n.members)) FROM (
        SELECT q.id, q.name, q.restricted, count(p.id) AS members,
            count(CASE WHEN p.presence = 'available' AND (m.off_until IS NULL
                  OR m.off_until <= :now) THEN 1 END) AS available
        FROM queue q LEFT JOIN membership m ON m.queue_id = q.id
            AND (m.until IS NULL OR m.until > :now)
        LEFT JOIN staff p ON p.id = m.staff_id AND p.active
        WHERE {{may_know}} GROUP BY q.id, q.name, q.restricted, q.priority
        ORDER BY q.priority DESC, q.name) n),
    (SELECT {{array}}(coalesce(sum(busy_seconds), 0), coalesce(sum(available_seconds), 0))
        FROM half_hour_staff
        WHERE half_hour >= :begin AND half_hour < :end AND staff_id {{own_people}}),
    (SELECT {{array}}(count(CASE WHEN h.state = 'overdue' OR h.due_at < :end THEN 1 END), count(*))
        FROM handoff h WHERE h.queue_id {{own}}
        AND h.state IN ('sent', 'acknowledged', 'in_progress', 'overdue')),
    (SELECT {{array}}(coalesce(sum(followed - repeated), 0), coalesce(sum(followed), 0))
        FROM half_hour_stat WHERE half_hour >= :week_begin AND half_hour < :week_end
        AND followed IS NOT NULL AND queue_id {{known}}))"""  # noqa: S608 - names of our own
_HALF_HOURS = """SELECT half_hour, sum(arrivals), sum(answered), sum(answered_within),
    sum(abandoned), sum(answered + abandoned + other_exits)
    FROM half_hour_stat WHERE half_hour >= :begin AND half_hour < :end AND queue_id {known}{queue}
    GROUP BY half_hour ORDER BY half_hour"""
_TIMES = ("begin", "end", "now", "week_begin", "week_end", "before_at")


def today(tx: Tx, begin: datetime, end: datetime, week: tuple[datetime, datetime]) -> CentreFigures:
    """A day between two moments, the present, and the week whose customers had time to return."""
    found = _run(
        tx, _statement(tx.dialect, _TODAY), begin=begin, end=end, now=tx.now,
        week_begin=week[0], week_end=week[1],
    ).scalar_one()  # fmt: skip
    parts, waiting, queues, time, handoffs, came_back = parsed(found)
    return CentreFigures(
        tx.now,
        begin,
        tuple(_part(row) for row in parts or ()),
        tuple(_waiting(row) for row in waiting or ()),
        tuple(_queue(row) for row in queues or ()),
        Share(*time),
        Share(*handoffs),
        Share(*came_back),
    )


def half_hours(
    tx: Tx, begin: datetime, end: datetime, queue_id: int | None
) -> tuple[HalfHour, ...]:
    """The half hours of a day in which anything happened."""
    queue = "" if queue_id is None else " AND queue_id = :queue"
    statement = _statement(tx.dialect, _HALF_HOURS.replace("{queue}", queue))
    rows = _run(tx, statement, begin=begin, end=end, queue=queue_id)
    return tuple(HalfHour(_moment(row[0]), *map(int, row[1:])) for row in rows)


def _part(row: list[Any]) -> QueueFigures:
    queue_id, channel, seconds, hours, goal, short, variant, *sums = row
    promise = Promise(seconds, bool(hours), goal, short, Variant(variant))
    return QueueFigures(queue_id, Channel(channel), promise, Sums(*map(int, sums)))


def _waiting(row: list[Any]) -> WaitingNow:
    queue_id, channel, waiting, oldest, due = row
    return WaitingNow(queue_id, Channel(channel), waiting, maybe_moment(oldest), maybe_moment(due))


def _queue(row: list[Any]) -> QueueNow:
    id_, name, restricted, available, members = row
    return QueueNow(id_, name, bool(restricted), available, members)


def _moment(value: Any) -> datetime:
    found = UtcDateTime().process_result_value(
        datetime.fromisoformat(value) if isinstance(value, str) else value,
        None,  # type: ignore[arg-type]
    )
    assert found is not None
    return found


#: Of each figure the contacts behind it and which of them are its numerator, None where it has
#: none of its own.
_BEHIND: dict[Figure, tuple[tuple[What, ...], str]] = {
    Figure.ANSWER_SPEED: ((What.ANSWERED,), "{true}"),
    Figure.ANSWERED: (
        (What.ANSWERED, What.ABANDONED, What.OTHER_EXIT), "k.what = 'answered'"
    ),
    Figure.ABANDONED: (
        (What.ANSWERED, What.ABANDONED, What.OTHER_EXIT), "k.what = 'abandoned'"
    ),
    Figure.ABANDONED_NET: (
        (What.ANSWERED, What.ABANDONED, What.OTHER_EXIT),
        "k.what = 'abandoned' AND NOT k.short",
    ),
    Figure.HANDLE_TIME: ((What.HANDLED,), "{true}"),
    Figure.TALK_TIME: ((What.HANDLED,), "{true}"),
    Figure.HOLD_TIME: ((What.HANDLED,), "{true}"),
    Figure.WRAP_UP_TIME: ((What.HANDLED,), "{true}"),
    Figure.TRANSFERRED: ((What.HANDLED,), "k.transferred"),
    Figure.FIRST_POINT: ((What.COMPLETED,), "k.first_point"),
    Figure.AVOIDABLE: ((What.COMPLETED,), "k.avoidable"),
}  # fmt: skip
_LEVELS: dict[Variant, tuple[str, str]] = {
    Variant.DEFAULT: (
        "(k.what = 'answered' OR k.what = 'abandoned' AND NOT k.within)",
        "k.what = 'answered' AND k.within",
    ),
    Variant.ANSWERED: ("k.what = 'answered'", "k.within"),
    Variant.OFFERED: ("k.what IN ('answered', 'abandoned')", "k.what = 'answered' AND k.within"),
    Variant.BOTH_WITHIN: ("k.what IN ('answered', 'abandoned')", "k.within"),
    Variant.SHORT_GOOD: (
        "k.what IN ('answered', 'abandoned')",
        "(k.what = 'answered' AND k.within OR k.what = 'abandoned' AND k.short)",
    ),
    Variant.NET: (
        "NOT (k.what = 'abandoned' AND k.short)",
        "k.what = 'answered' AND k.within",
    ),
}
#: Of calls alone, whose own events told how long they took.
_OF_CALLS = frozenset({Figure.TALK_TIME, Figure.HOLD_TIME, Figure.WRAP_UP_TIME, Figure.TRANSFERRED})
#: Figures that have contacts behind them.
HAVE_CONTACTS = frozenset(_BEHIND) | {
    Figure.SERVICE_LEVEL, Figure.WAITING, Figure.LONGEST_WAIT
}  # fmt: skip
_ROW = """SELECT k.contact_id, k.at, k.channel, k.queue_id, k.wait_seconds, {counts},
    {seen}, c.who, c.subject, k.timed, k.talk_seconds, k.hold_seconds, k.wrap_up_seconds
    FROM counted_contact k LEFT JOIN contact c ON c.id = k.contact_id{visible}{join}
    WHERE k.what IN ({what}) AND k.at >= :begin AND k.at < :end AND k.queue_id {own}{where}
    AND (k.at, k.contact_id) < (:before_at, :before_id)
    ORDER BY k.at DESC, k.contact_id DESC LIMIT :many"""

_WAITING = """SELECT c.id, c.received_at, c.channel, c.queue_id, c.who, c.subject FROM contact c
    WHERE c.state = 'queued' AND c.queue_id {own}{where}
    ORDER BY c.received_at, c.id LIMIT :many"""


def behind(
    tx: Tx,
    figure: Figure,
    begin: datetime,
    end: datetime,
    *,
    queue_id: int | None,
    channel: Channel | None,
    before: tuple[datetime, int] | None,
    limit: int,
) -> tuple[Behind, ...]:
    """Contacts of the reader's own queues behind a figure of a day, newest first; raises KeyError
    for a figure that has none.
    """
    statement = _behind(tx.dialect, figure, queue_id is not None, channel is not None)
    rows = _run(
        tx, statement, begin=begin, end=end, queue=queue_id, channel=channel,
        before_at=before[0] if before else end, before_id=before[1] if before else 0, many=limit,
    )  # fmt: skip
    return tuple(
        Behind(
            id_, _moment(at), Channel(of), queue, waited, bool(counts), bool(seen), who or "",
            subject or "", tuple(spent) if timed else None,
        )
        for id_, at, of, queue, waited, counts, seen, who, subject, timed, *spent in rows
    )  # fmt: skip


def waiting(
    tx: Tx, *, queue_id: int | None, channel: Channel | None, after: tuple[datetime, int] | None,
    limit: int,
) -> tuple[Behind, ...]:  # fmt: skip
    """What waits now in the reader's own queues, by when it came."""
    where = "" if queue_id is None else " AND c.queue_id = :queue"
    if channel is not None:
        where += " AND c.channel = :channel"
    if after is not None:
        where += " AND (c.received_at, c.id) > (:before_at, :before_id)"
    statement = _statement(tx.dialect, _WAITING.replace("{where}", where))
    rows = _run(
        tx, statement, queue=queue_id, channel=channel, many=limit,
        **({} if after is None else {"before_at": after[0], "before_id": after[1]}),
    )  # fmt: skip
    return tuple(
        Behind(
            id_, _moment(came), Channel(of), queue,
            max(0, round((tx.now - _moment(came)).total_seconds())), True, True, who, subject,
        )
        for id_, came, of, queue, who, subject in rows
    )  # fmt: skip


@cache
def _behind(dialect: Dialect, figure: Figure, of_queue: bool, of_channel: bool) -> TextClause:
    on_sqlite = dialect == "sqlite"
    join, where = "", ""
    if figure is Figure.SERVICE_LEVEL:
        what: tuple[What, ...] = (What.ANSWERED, What.ABANDONED, What.OTHER_EXIT)
        # Each contact by the variant that its half hour was reckoned by.
        join = f""" JOIN half_hour_stat h ON h.queue_id = k.queue_id AND h.channel = k.channel
            AND h.half_hour = {_SLOT[dialect]}
            AND h.half_hour >= :begin AND h.half_hour < :end"""
        where = " AND (" + " OR ".join(
            f"h.variant = '{variant}' AND {inside}" for variant, (inside, _) in _LEVELS.items()
        ) + ")"  # fmt: skip
        counts = "CASE h.variant " + " ".join(
            f"WHEN '{variant}' THEN {numerator}" for variant, (_, numerator) in _LEVELS.items()
        ) + " END"  # fmt: skip
    else:
        what, counts = _BEHIND[figure]
        counts = counts.replace("{true}", "1" if on_sqlite else "true")
        where = " AND k.timed" if figure in _OF_CALLS else ""
    if of_queue:
        where += " AND k.queue_id = :queue"
    if of_channel:
        where += " AND k.channel = :channel"
    visible = " AND (c.queue_id IN {mine} OR c.owner_id = :me)" if on_sqlite else ""
    return _statement(
        dialect,
        _ROW.replace("{counts}", counts)
        .replace("{seen}", "c.id IS NOT NULL")
        .replace("{visible}", visible)
        .replace("{join}", join)
        .replace("{what}", ", ".join(f"'{each}'" for each in what))
        .replace("{where}", where),
    )


_SLOT: dict[Dialect, str] = {
    "sqlite": (
        "strftime('%Y-%m-%d %H\\:', k.at) || CASE WHEN strftime('%M', k.at) < '30' THEN '00'"
        " ELSE '30' END || '\\:00.000000'"
    ),
    "postgresql": (
        "date_trunc('hour', k.at) + CASE WHEN date_part('minute', k.at) < 30"
        " THEN interval '0' ELSE interval '30 minutes' END"
    ),
}


@cache
def _statement(dialect: Dialect, sql: str) -> TextClause:
    words = _WORDS[dialect]
    for _ in range(2):
        for name, said in words.items():
            sql = sql.replace(f"{{{name}}}", said)
    made = text(sql)
    return made.bindparams(
        *(bindparam(each, type_=UtcDateTime()) for each in _TIMES if each in made._bindparams)
    )


def _run(tx: Tx, statement: TextClause, **values: Any) -> Any:
    me = tx.actor
    known = {"me": me.id if me else 0, "mine": json.dumps(sorted(me.queues if me else ()))}
    given = {
        name: value for name, value in (known | values).items() if name in statement._bindparams
    }
    return tx.core.execute(statement, given)
