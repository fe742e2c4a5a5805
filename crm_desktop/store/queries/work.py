"""Open contacts as a team leader looks through them: waiting, offered, in hand and parked alike.

One statement each, in JSON like the queue's (`queue.py`). The open ones of a million are three
parts, each with a partial index of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import TextClause, bindparam, text

from crm_desktop.domain.reassigning import OPEN, WorkFilter, WorkPage, WorkRow
from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.domain.text import fold
from crm_desktop.domain.views import Cursor
from crm_desktop.store.database import Dialect, Tx
from crm_desktop.store.models.base import UtcDateTime
from crm_desktop.store.queries.from_json import (
    QUEUE_ROW,
    QUEUE_TABLES,
    moment,
    parsed,
    queue_row,
)
from crm_desktop.store.queries.queue import listed

_WORDS: dict[Dialect, dict[str, str]] = {
    "sqlite": {
        "array": "json_array",
        "list": "json_group_array",
        "embed": "json(r)",
        "among": "{column} IN (SELECT value FROM json_each(:{name}))",
        "now": "strftime('%Y-%m-%d %H\\:%M\\:%f', 'now')",
        "since": "strftime('%Y-%m-%d %H\\:%M\\:%f', 'now', '-' || :waited || ' seconds')",
        "holds": "instr(c.folded, :{name}) > 0",
    },
    "postgresql": {
        "array": "json_build_array",
        "list": "json_agg",
        "embed": "r",
        "among": "{column} = ANY (:{name})",
        "now": "now()",
        "since": "now() - make_interval(secs => :waited)",
        "holds": "strpos(c.folded, CAST(:{name} AS text)) > 0",
    },
}
#: As the partial indices say it; together they are all that is open.
_PARTS = {
    "waiting": "c.state = 'queued'",
    "held": """c.owner_id IS NOT NULL AND c.state <> 'completed'
        AND c.state IN ('offered', 'active', 'held', 'wrap_up', 'parked')""",
    "parked": "c.state = 'parked' AND c.owner_id IS NULL",
}
_ROW = f"{{array}}({{array}}({QUEUE_ROW}), c.state_since, c.queued_at)"
_MOST_WORDS = 6


def page(tx: Tx, wanted: WorkFilter, after: Cursor | None, limit: int) -> WorkPage:
    """The first `limit` after a cursor, by next breach; without one also how many there are."""
    statement = _page(tx.dialect, _shape(wanted), first=after is None)
    cursor = {} if after is None else {"after_due": after.due_at, "after_id": after.id}
    found, total = _run(tx, statement, wanted, limit=limit + 1, **cursor)
    rows = _rows(found)
    shown = rows[:limit]
    more = Cursor(shown[-1].row.due_at, shown[-1].id) if len(rows) > limit else None
    return WorkPage(shown, more, total)


def by_ids(tx: Tx, wanted: WorkFilter, ids: Iterable[int]) -> tuple[WorkRow, ...]:
    """Those of these contacts that fit the filter now."""
    statement = _by_ids(tx.dialect, _shape(wanted))
    found, _ = _run(tx, statement, wanted, ids=listed(tx, set(ids)))
    return _rows(found)


def _run(tx: Tx, statement: TextClause, wanted: WorkFilter, **values: Any) -> Any:
    mine = tx.actor.queues if tx.actor else frozenset()
    known = {
        "mine": listed(tx, wanted.queues & mine if wanted.queues else mine),
        "channels": listed(tx, (each.value for each in wanted.channels)),
        "states": listed(tx, (each.value for each in wanted.states)),
        "owner": wanted.owner_id,
        "service": wanted.service_id,
        "waited": wanted.waited,
        **{f"word{n}": word for n, word in enumerate(_parts(wanted))},
    }
    given = {
        name: value for name, value in (known | values).items() if name in statement._bindparams
    }
    return parsed(tx.core.execute(statement, given).scalar_one())


def _rows(found: Any) -> tuple[WorkRow, ...]:
    return tuple(
        WorkRow(values[0], queue_row(values, None), moment(since), moment(queued))
        for values, since, queued in parsed(found) or ()
    )


def _parts(wanted: WorkFilter) -> list[str]:
    return fold(wanted.words).split()[:_MOST_WORDS]


def _shape(wanted: WorkFilter) -> WorkFilter:
    """The filter without its values: what decides the statement's text."""
    return replace(
        wanted,
        queues=frozenset(),
        channels=frozenset({Channel.EMAIL}) if wanted.channels else frozenset(),
        states=frozenset({ContactState.QUEUED}) if wanted.states else frozenset(),
        owner_id=None if wanted.owner_id is None else 0,
        service_id=None if wanted.service_id is None else 0,
        waited=1 if wanted.waited else 0,
        words=" ".join("x" for _ in _parts(wanted)),
    )


def _where(dialect: Dialect, shape: WorkFilter) -> str:
    words = _WORDS[dialect]
    among = words["among"].format
    found = [among(column="c.queue_id", name="mine")]
    if shape.channels:
        found.append(among(column="c.channel", name="channels"))
    if shape.states:
        found.append(among(column="c.state", name="states"))
    if shape.owner_id is not None:
        found.append("c.owner_id = :owner")
    if shape.service_id is not None:
        found.append("c.service_id = :service")
    if shape.overdue:
        found.append(f"c.due_at < {words['now']}")
    if shape.waited:
        found.append(f"c.queued_at < {words['since']}")
    found += [words["holds"].format(name=f"word{n}") for n, _ in enumerate(shape.words.split())]
    return " AND ".join(found)


def _open(dialect: Dialect, shape: WorkFilter) -> list[str]:
    """The conditions of each part that can hold what is asked for."""
    if shape.owner_id is not None:
        return [f"{_PARTS['held']} AND {_where(dialect, shape)}"]
    return [f"{each} AND {_where(dialect, shape)}" for each in _PARTS.values()]


@cache
def _page(dialect: Dialect, shape: WorkFilter, *, first: bool) -> TextClause:
    after = "" if first else " AND (c.due_at, c.id) > (:after_due, :after_id)"
    ids = " UNION ALL ".join(
        f"""SELECT * FROM (SELECT c.id, c.due_at FROM contact c WHERE {each}{after}
            ORDER BY c.due_at, c.id LIMIT :limit) p{n}"""
        for n, each in enumerate(_open(dialect, shape))
    )
    total = " + ".join(
        f"(SELECT count(*) FROM contact c WHERE {each})" for each in _open(dialect, shape)
    )
    return _statement(
        dialect,
        f"""SELECT {{array}}((SELECT {{list}}({{embed}}) FROM (SELECT {_ROW} AS r
            FROM (SELECT * FROM ({ids}) u ORDER BY due_at, id LIMIT :limit) f
            JOIN contact c ON c.id = f.id
            JOIN {QUEUE_TABLES.removeprefix("contact c JOIN ")}
            ORDER BY c.due_at, c.id) x), {total if first else "NULL"})""",
    )


@cache
def _by_ids(dialect: Dialect, shape: WorkFilter) -> TextClause:
    ids = _WORDS[dialect]["among"].format(column="c.id", name="ids")
    states = ", ".join(f"'{each.value}'" for each in OPEN)
    return _statement(
        dialect,
        f"""SELECT {{array}}((SELECT {{list}}({{embed}}) FROM (SELECT {_ROW} AS r
            FROM {QUEUE_TABLES} WHERE {ids} AND c.state IN ({states})
            AND {_where(dialect, shape)}) x), NULL)""",
    )


def _statement(dialect: Dialect, sql: str) -> TextClause:
    made = text(sql.format_map(_WORDS[dialect]))
    if "after_due" in made._bindparams:
        made = made.bindparams(bindparam("after_due", type_=UtcDateTime()))
    return made
