"""The team leader's board in one statement that answers in JSON.

On PostgreSQL the leader reads with their own rights; what of other queues lies in the hands of
their people comes from `app.team_hands`, which says no more of it than they may know.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import TextClause, bindparam, text

from crm_desktop.domain.errors import NotAllowed
from crm_desktop.domain.states import Channel, ContactState, Presence, StaffRole
from crm_desktop.domain.team import (
    SILENT,
    ChannelWait,
    InHand,
    PersonNow,
    QueueNow,
    TeamBoard,
    day_start,
    staffing,
)
from crm_desktop.store.database import Dialect, Tx
from crm_desktop.store.models.base import UtcDateTime
from crm_desktop.store.queries.from_json import maybe_moment, moment, parsed

_SILENT = int(SILENT.total_seconds())
#: Whoever shares a queue with the leader, and is not they.
_TEAM = """(SELECT DISTINCT m.staff_id FROM membership m
    WHERE {mine_m} AND (m.until IS NULL OR m.until > {now}) AND m.staff_id <> :me)"""
_QUEUES = """(SELECT {list}({array}(q.id, q.name, {embed_waits})) FROM queue q WHERE {mine_q})"""
_WAITS = """(SELECT {list}({array}(w.channel, w.waiting, w.oldest_at, w.next_due_at))
    FROM queue_stat w WHERE w.queue_id = q.id AND w.waiting > 0)"""
_PEOPLE = """(SELECT {list}({array}(s.id, s.name, s.role, s.presence, s.presence_since,
        s.next_presence, s.presence_words, s.back_at,
        a.signed_in_at IS NOT NULL AND a.seen_at > {silent}, coalesce(a.locked, false),
        a.idle_since, a.not_responding_since))
    FROM staff s LEFT JOIN activity a ON a.staff_id = s.id
    WHERE s.active AND s.id IN {team})"""
_MEMBERS = """(SELECT {list}({array}(m.staff_id, m.queue_id,
        m.off_until IS NOT NULL AND m.off_until > {now}))
    FROM membership m WHERE {mine_m} AND (m.until IS NULL OR m.until > {now}))"""
_HANDS_SQLITE = """(SELECT json_group_array(json_array(a.staff_id,
        CASE WHEN {mine_c} THEN c.id END,
        CASE WHEN {mine_c} OR NOT q.restricted THEN c.channel END, c.state, c.state_since,
        CASE WHEN {mine_c} THEN c.subject END,
        CASE WHEN {mine_c} OR NOT (q.restricted OR coalesce(s.restricted, false))
            THEN s.name END))
    FROM assignment a JOIN contact c ON c.id = a.contact_id JOIN queue q ON q.id = c.queue_id
    LEFT JOIN service s ON s.id = c.service_id
    WHERE a.ended_at IS NULL AND a.staff_id IN {team})"""
_TODAY_SQLITE = """(SELECT json_group_array(json_array(t.staff_id, t.handled)) FROM (
    SELECT a.staff_id, count(*) AS handled FROM assignment a
    WHERE a.staff_id IN {team} AND a.offered_at >= {today} AND a.state = 'completed'
    GROUP BY a.staff_id) t)"""
_HANDS_POSTGRESQL = """(SELECT json_agg(json_build_array(h.staff_id, h.contact_id, h.channel,
    h.state, h.since, h.subject, h.service)) FROM app.team_hands() h)"""
_TODAY_POSTGRESQL = """(SELECT json_agg(json_build_array(t.staff_id, t.handled))
    FROM app.team_today() t)"""
_SQLITE_TIME = "%Y-%m-%d %H\\:%M\\:%f"
_WORDS: dict[Dialect, dict[str, str]] = {
    "sqlite": {
        "object": "json_object",
        "array": "json_array",
        "list": "json_group_array",
        "among": "{column} IN (SELECT value FROM json_each(:mine))",
        "now": f"strftime('{_SQLITE_TIME}', 'now')",
        "silent": f"strftime('{_SQLITE_TIME}', 'now', '-{_SILENT} seconds')",
        "today": ":today",
        "embed_waits": f"json({_WAITS})",
        "hands": _HANDS_SQLITE,
        "handled": _TODAY_SQLITE,
    },
    "postgresql": {
        "object": "json_build_object",
        "array": "json_build_array",
        "list": "json_agg",
        "among": "{column} = ANY (:mine)",
        "now": "now()",
        "silent": f"now() - interval '{_SILENT} seconds'",
        "today": "",
        "embed_waits": _WAITS,
        "hands": _HANDS_POSTGRESQL,
        "handled": _TODAY_POSTGRESQL,
    },
}


def board(tx: Tx) -> TeamBoard:
    """Queues and people of whoever asks; raises NotAllowed when they lead nobody."""
    me = tx.actor
    if me is None or not me.leads:
        raise NotAllowed("only team leaders see a team")
    mine = sorted(me.queues)
    given: dict[str, Any] = {"me": me.id, "mine": mine}
    if tx.dialect == "sqlite":
        given |= {"mine": json.dumps(mine), "today": day_start(tx.now)}
    found = parsed(tx.core.execute(_statement(tx.dialect), given).scalar_one())
    people = _people(found)
    return TeamBoard(_queues(found["queues"]), people, staffing(people))


def _queues(found: list[Any] | None) -> tuple[QueueNow, ...]:
    rows = [QueueNow(id_, name, _waits(waits)) for id_, name, waits in found or ()]
    return tuple(sorted(rows, key=lambda each: each.name.casefold()))


def _waits(found: list[Any] | None) -> tuple[ChannelWait, ...]:
    rows = {
        Channel(channel): ChannelWait(
            Channel(channel), waiting, maybe_moment(oldest), maybe_moment(due)
        )
        for channel, waiting, oldest, due in found or ()
    }
    return tuple(rows[channel] for channel in Channel if channel in rows)


def _people(found: dict[str, Any]) -> tuple[PersonNow, ...]:
    queues, off = defaultdict(list), defaultdict(list)
    for staff_id, queue_id, is_off in found["members"] or ():
        queues[staff_id].append(queue_id)
        if is_off:
            off[staff_id].append(queue_id)
    hands = defaultdict(list)
    for staff_id, *rest in found["hands"] or ():
        hands[staff_id].append(_in_hand(rest))
    handled = dict(found["today"] or ())
    rows = [
        _person(row, queues[row[0]], off[row[0]], hands[row[0]], handled.get(row[0], 0))
        for row in found["people"] or ()
    ]
    return tuple(sorted(rows, key=lambda each: (each.name.casefold(), each.id)))


def _in_hand(values: Sequence[Any]) -> InHand:
    contact_id, channel, state, since, subject, service = values
    return InHand(
        contact_id,
        Channel(channel) if channel else None,
        ContactState(state),
        moment(since),
        subject or "",
        service or "",
    )


def _person(
    row: Sequence[Any],
    queues: Iterable[int],
    off: Iterable[int],
    hands: Iterable[InHand],
    handled: int,
) -> PersonNow:
    id_, name, role, presence, since, afterwards, words, back_at, here, locked, idle, silent = row
    return PersonNow(
        id=id_,
        name=name,
        role=StaffRole(role),
        here=bool(here),
        presence=Presence(presence),
        since=moment(since),
        afterwards=Presence(afterwards) if afterwards else None,
        words=words,
        back_at=maybe_moment(back_at),
        locked=bool(locked),
        idle_since=maybe_moment(idle),
        not_responding_since=maybe_moment(silent),
        queue_ids=tuple(sorted(queues)),
        off_ids=tuple(sorted(off)),
        hands=tuple(sorted(hands, key=lambda each: (each.since, each.contact_id or 0))),
        handled=handled,
    )


@cache
def _statement(dialect: Dialect) -> TextClause:
    words = dict(_WORDS[dialect])
    columns = {
        f"mine_{letter}": words["among"].format(column=column)
        for letter, column in (("m", "m.queue_id"), ("q", "q.id"), ("c", "c.queue_id"))
    }
    sql = f"""SELECT {{object}}('queues', {_QUEUES}, 'people', {_PEOPLE}, 'members', {_MEMBERS},
        'hands', {words["hands"]}, 'today', {words["handled"]})"""
    words = words | columns | {"team": _TEAM}
    # Some of the words have places for others in them.
    for _ in range(3):
        sql = sql.format_map(words)
    made = text(sql)
    return (
        made
        if dialect == "postgresql"
        else made.bindparams(bindparam("today", type_=UtcDateTime()))
    )
