"""The queue as screens read it: pages by next breach, rows by id, counts from the statistics.

Every reading is one statement that answers in JSON: a page with its counts took four to six round
trips and two thirds of its time in making rows out of columns.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import BindParameter, TextClause, bindparam, text

from crm_desktop.domain.states import Channel
from crm_desktop.domain.views import (
    Cursor,
    QueueCounts,
    QueueFilter,
    QueueNews,
    QueuePage,
    QueueRow,
)
from crm_desktop.store.asking import Alone
from crm_desktop.store.column_types import UtcDateTime
from crm_desktop.store.database import Dialect, Tx
from crm_desktop.store.queries.from_json import (
    FEW_ROWS,
    QUEUE_ROW,
    QUEUE_TABLES,
    maybe_moment,
    parsed,
    queue_row,
)

#: What differs in how the dialects say it. A look whose heartbeat is older than 60 s is over.
#: PostgreSQL's policies say who sees which contact, SQLite has none.
_WORDS: dict[Dialect, dict[str, str]] = {
    "sqlite": {
        "object": "json_object",
        "array": "json_array",
        "list": "json_group_array",
        "among": "{column} IN (SELECT value FROM json_each(:{name}))",
        "embed": "json(r)",
        "fresh": "strftime('%Y-%m-%d %H\\:%M\\:%f', 'now', '-60 seconds')",
        "now": "strftime('%Y-%m-%d %H\\:%M\\:%f', 'now')",
        "visible": " AND ({mine} OR c.owner_id = :me)",
    },
    "postgresql": {
        "object": "json_build_object",
        "array": "json_build_array",
        "list": "json_agg",
        "among": "{column} = ANY (:{name})",
        "embed": "r",
        "fresh": "now() - interval '60 seconds'",
        "now": "now()",
        "visible": "",
    },
}
_LOOKING = """(SELECT {list}(w.name) FROM (
    SELECT p.name FROM looking l JOIN staff p ON p.id = l.staff_id
    WHERE l.contact_id = c.id AND l.staff_id <> :me AND l.seen_at > {fresh} ORDER BY p.name) w)"""
_ROW = f"{{array}}({{array}}({QUEUE_ROW}), {_LOOKING})"
_FEW = f"{{array}}({{array}}({FEW_ROWS}), {_LOOKING})"
#: What a list can show at all: what waits, to whomever it is offered, and what is in hand.
_LISTED = "(c.state IN ('queued', 'offered', 'callback_due') OR c.owner_id = :me)"
# State <> completed is said again for the partial index, which the list of states does not imply.
_IN_HAND = """c.owner_id = :me AND c.state <> 'completed'
    AND c.state IN ('offered', 'dialling', 'active', 'held', 'wrap_up', 'parked')"""
_COUNTS = """(SELECT {list}({array}(t.channel, t.waiting, t.overdue, t.oldest)) FROM (
    SELECT channel, sum(waiting) AS waiting, sum(overdue) AS overdue, min(oldest_at) AS oldest
    FROM queue_stat c WHERE waiting > 0 AND {mine} GROUP BY channel) t)"""
_IN_HAND_COUNT = f"(SELECT count(*) FROM contact c WHERE {_IN_HAND})"


def page(tx: Tx | Alone, wanted: QueueFilter, after: Cursor | None, limit: int) -> QueuePage:
    """The first `limit` waiting after a cursor; without one also what is in hand, and counts."""
    found = _run(
        tx,
        _page(tx.dialect, _shape(wanted), first=after is None, waits=not wanted.mine),
        **_filters(tx, wanted),
        limit=limit + 1,
        **({} if after is None else {"after_due": after.due_at, "after_id": after.id}),
    )
    rows = _rows(found["waiting"])
    waiting = rows[:limit]
    return QueuePage(
        _rows(found["in_hand"]),
        waiting,
        Cursor(waiting[-1].due_at, waiting[-1].id) if len(rows) > limit else None,
        _counts(found["counts"]) if after is None else None,
    )


def by_ids(tx: Tx | Alone, ids: Iterable[int]) -> tuple[QueueRow, ...]:
    """These contacts as they are now; those that are gone or not this person's are missing."""
    return _rows(_run(tx, _by_ids(tx.dialect), ids=_numbers(tx, set(ids))))


def news(tx: Tx | Alone, ids: Iterable[int], wanted: QueueFilter, *, counting: bool) -> QueueNews:
    """These contacts as they are now, without those that a list of what is `wanted` cannot show;
    with the counts, if they are to be read as well.
    """
    statement = _news(tx.dialect, _shape(wanted), counting=counting)
    rows, counted = _run(tx, statement, ids=_numbers(tx, set(ids)), **_filters(tx, wanted))
    return QueueNews(_rows(parsed(rows)), _counts(parsed(counted)) if counting else None)


def counts(tx: Tx | Alone) -> QueueCounts:
    """How much waits, from the statistics that the gateway keeps, and how much is in hand."""
    return _counts(_run(tx, _counting(tx.dialect)))


def _run(tx: Tx | Alone, statement: TextClause, **values: Any) -> Any:
    me = tx.actor
    known = {"me": me.id if me else 0, "mine": _numbers(tx, me.queues if me else ())}
    return parsed(tx.answer(statement, known | values))


def listed(tx: Tx | Alone, values: Iterable[Any]) -> Any:
    """A list for `among`: an array on PostgreSQL, JSON on SQLite."""
    ordered = sorted(values)
    return ordered if tx.dialect == "postgresql" else json.dumps(ordered)


def _numbers(tx: Tx | Alone, values: Iterable[int]) -> str:
    """A list of ids for `among` as either database reads one: a driver takes longer to find out
    what is in it than to ask with it.
    """
    ordered = sorted(values)
    return (
        f"{{{','.join(map(str, ordered))}}}" if tx.dialect == "postgresql" else json.dumps(ordered)
    )


def _rows(found: list[Any] | None) -> tuple[QueueRow, ...]:
    return tuple(queue_row(values, parsed(looking)) for values, looking in found or ())


def _counts(found: list[Any]) -> QueueCounts:
    by_channel, in_hand = found
    rows = [
        (channel, int(n), int(late), maybe_moment(at)) for channel, n, late, at in by_channel or ()
    ]
    return QueueCounts(
        waiting=sum(n for _, n, _, _ in rows),
        by_channel={Channel(channel): n for channel, n, _, _ in rows},
        overdue=sum(late for _, _, late, _ in rows),
        mine=in_hand,
        oldest_at=min((at for *_, at in rows if at), default=None),
    )


@lru_cache(maxsize=64)
def _shape(wanted: QueueFilter) -> QueueFilter:
    """The filter without its values: what decides the statement's text."""
    return replace(
        wanted,
        channels=frozenset({Channel.EMAIL}) if wanted.channels else frozenset(),
        queue_id=None if wanted.queue_id is None else 0,
        service_id=None if wanted.service_id is None else 0,
    )


def _filters(tx: Tx | Alone, wanted: QueueFilter) -> dict[str, Any]:
    return {
        "channels": listed(tx, (each.value for each in wanted.channels)),
        "queue": wanted.queue_id,
        "service": wanted.service_id,
    }


@cache
def _page(dialect: Dialect, shape: QueueFilter, *, first: bool, waits: bool) -> TextClause:
    where = _where(dialect, shape)
    after = "" if first else " AND (c.due_at, c.id) > (:after_due, :after_id)"
    in_hand = f"""(SELECT {{list}}({{embed}}) FROM (SELECT {_ROW} AS r FROM {QUEUE_TABLES}
        WHERE {_IN_HAND}{where} ORDER BY c.state_since, c.id) x)"""
    waiting = f"""(SELECT {{list}}({{embed}}) FROM (SELECT {_ROW} AS r FROM {QUEUE_TABLES}
        WHERE c.state = 'queued'{where}{after} ORDER BY c.due_at, c.id LIMIT :limit) x)"""
    return _statement(
        dialect,
        f"""SELECT {{object}}('in_hand', {in_hand if first else "NULL"},
            'waiting', {waiting if waits else "NULL"},
            'counts', {f"{{array}}({_COUNTS}, {_IN_HAND_COUNT})" if first else "NULL"})""",
        bindparam("after_due", type_=UtcDateTime()),
    )


@cache
def _by_ids(dialect: Dialect) -> TextClause:
    return _statement(dialect, _among_ids(dialect, _WORDS[dialect]["visible"]))


@cache
def _news(dialect: Dialect, shape: QueueFilter, *, counting: bool) -> TextClause:
    rows = _among_ids(dialect, f"{_where(dialect, shape)} AND {_LISTED}")
    counted = f"{{array}}({_COUNTS}, {_IN_HAND_COUNT})" if counting else "NULL"
    return _statement(dialect, f"SELECT {{array}}(({rows}), {counted})")


def _among_ids(dialect: Dialect, where: str) -> str:
    ids = _WORDS[dialect]["among"].format(column="c.id", name="ids")
    return f"""SELECT {{list}}({{embed}}) FROM (SELECT {_FEW} AS r FROM contact c
        WHERE {ids}{where}) x"""


def _where(dialect: Dialect, shape: QueueFilter) -> str:
    """What else must be true of a contact in a filtered list."""
    words = _WORDS[dialect]
    where = words["visible"]
    if shape.channels:
        where += f" AND {words['among'].format(column='c.channel', name='channels')}"
    if shape.queue_id is not None:
        where += " AND c.queue_id = :queue"
    if shape.service_id is not None:
        where += " AND c.service_id = :service"
    if shape.overdue:
        where += f" AND c.due_at < {words['now']}"
    return where


@cache
def _counting(dialect: Dialect) -> TextClause:
    return _statement(dialect, f"SELECT {{array}}({_COUNTS}, {_IN_HAND_COUNT})")


def _statement(dialect: Dialect, sql: str, *parameters: BindParameter[Any]) -> TextClause:
    words = _WORDS[dialect]
    mine = words["among"].format(column="c.queue_id", name="mine")
    made = text(sql.format_map(words | {"mine": mine}))
    return made.bindparams(*(each for each in parameters if each.key in made._bindparams))
