"""What a visitor's page shows of chats, and who waits where: one statement each, in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import TextClause, text

from crm_desktop.domain.chats import (
    MOST_LINES,
    ChatLine,
    ChatState,
    EndedBy,
    LineKind,
    Place,
    Side,
    VisitorView,
    first_name,
)
from crm_desktop.domain.views import AttachmentView
from crm_desktop.store.database import Dialect, Tx
from crm_desktop.store.queries.from_json import moment, parsed

_WORDS: dict[Dialect, dict[str, str]] = {
    "sqlite": {
        "array": "json_array",
        "list": "json_group_array",
        "embed": "json(r)",
        "ids": "SELECT value FROM json_each(:ids)",
        "after": "coalesce(json_extract(:after, '$.\"' || v.id || '\"'), 0)",
        "fresh": "y.at > strftime('%Y-%m-%d %H\\:%M\\:%f', 'now', '-6 seconds')",
        "urgent": """(julianday(c.queued_at) * 86400
            - q.ageing_seconds * (c.priority + c.boost))""",
        "seen": "a.seen_at > strftime('%Y-%m-%d %H\\:%M\\:%f', 'now', '-90 seconds')",
        "now": "strftime('%Y-%m-%d %H\\:%M\\:%f', 'now')",
        "lately": "h.half_hour > strftime('%Y-%m-%d %H\\:%M\\:%f', 'now', '-7 days')",
    },
    "postgresql": {
        "array": "json_build_array",
        "list": "json_agg",
        "embed": "r",
        "ids": "SELECT unnest(CAST(:ids AS bigint[]))",
        "after": "coalesce(CAST(CAST(:after AS jsonb) ->> CAST(v.id AS text) AS integer), 0)",
        "fresh": "y.at > now() - interval '6 seconds'",
        "urgent": """(extract(epoch FROM c.queued_at)
            - q.ageing_seconds * (c.priority + c.boost))""",
        "seen": "a.seen_at > now() - interval '90 seconds'",
        "now": "now()",
        "lately": "h.half_hour > now() - interval '7 days'",
    },
}

#: A line of `l` with its message `m`, for a JSON array.
LINE = """l.seq, l.kind, l.side, l.who, l.at, coalesce(m.body_text, ''), l.message_id, l.client_id,
    CASE WHEN l.message_id IS NOT NULL THEN (SELECT {list}({embed}) FROM (
        SELECT {array}(f.id, f.name, f.content_type, f.size) AS r FROM attachment f
        WHERE f.message_id = l.message_id ORDER BY f.id) fs) END"""
# Who is waited for: all chats of the queue that nobody took, in the order in which routing and
# people take them. What stands before is counted in the queues that are asked about alone.
_WAITING = """SELECT k.id, k.account_id, c.queue_id,
        row_number() OVER (PARTITION BY c.queue_id ORDER BY {urgent}, c.id) AS place
    FROM contact c JOIN chat k ON k.contact_id = c.id JOIN queue q ON q.id = c.queue_id
    WHERE c.state = 'queued' AND c.channel = 'chat' AND k.state = 'open'"""
# Who works on a queue's chats now, what room they have left for more, and how long one takes of a
# person's time: two at once take as long as one after the other.
_WORKERS = """SELECT m.queue_id, count(*) AS people,
        sum(max_of) AS room
    FROM (SELECT m.queue_id, m.staff_id,
            CASE WHEN s.capacity - coalesce(x.busy, 0) < w.weight THEN 0
                 ELSE (s.capacity - coalesce(x.busy, 0)) / w.weight END AS max_of
          FROM activity a JOIN staff s ON s.id = a.staff_id
          JOIN membership m ON m.staff_id = s.id
          JOIN channel_weight w ON w.channel = 'chat'
          LEFT JOIN (SELECT t.staff_id, sum(v.weight) AS busy FROM assignment t
                     JOIN channel_weight v ON v.channel = t.channel
                     WHERE t.ended_at IS NULL AND NOT v.interruptible GROUP BY t.staff_id) x
              ON x.staff_id = s.id
          WHERE a.signed_in_at IS NOT NULL AND NOT a.locked AND a.idle_since IS NULL
            AND a.not_responding_since IS NULL AND {seen}
            AND s.active AND s.presence = 'available'
            AND (m.until IS NULL OR m.until > {now})
            AND (m.off_until IS NULL OR m.off_until <= {now})
            AND w.weight > 0) m
    GROUP BY m.queue_id"""
_TAKES = """SELECT h.queue_id, sum(h.handle_seconds) * 1.0 / sum(h.handled) AS seconds
    FROM half_hour_stat h WHERE h.channel = 'chat' AND {lately}
    GROUP BY h.queue_id HAVING sum(h.handled) > 0"""
_PLACES = f"""WITH waiting AS ({_WAITING})
    SELECT {{list}}({{embed}}) FROM (
        SELECT {{array}}(w.id, w.place, p.people, p.room, t.seconds) AS r
        FROM waiting w LEFT JOIN ({_WORKERS}) p ON p.queue_id = w.queue_id
        LEFT JOIN ({_TAKES}) t ON t.queue_id = w.queue_id
        WHERE w.account_id = :account) x"""
_NEXT = f"""SELECT {{array}}(
        (SELECT count(*) FROM contact c JOIN chat k ON k.contact_id = c.id
         WHERE c.state = 'queued' AND c.channel = 'chat' AND c.queue_id = :queue
           AND k.state = 'open'),
        (SELECT people FROM ({_WORKERS}) p WHERE p.queue_id = :queue),
        (SELECT room FROM ({_WORKERS}) p WHERE p.queue_id = :queue),
        (SELECT seconds FROM ({_TAKES}) t WHERE t.queue_id = :queue))"""
# `asked` with whether they wait; what waits with them is numbered only in their queues.
_VIEWS = f"""WITH asked AS MATERIALIZED (
        SELECT k.id, k.state, k.language, k.last_seq, k.ended_by, k.rating, k.staff_seq, c.queue_id,
               CASE WHEN c.state IN ('active', 'held', 'wrap_up', 'parked') THEN o.name END
               AS advisor,
               CASE WHEN c.state IN ('queued', 'offered') AND k.state = 'open' THEN 1 ELSE 0 END
               AS waits
        FROM chat k JOIN contact c ON c.id = k.contact_id LEFT JOIN staff o ON o.id = c.owner_id
        WHERE k.id IN ({{ids}})),
    waiting AS MATERIALIZED (
        {_WAITING} AND c.queue_id IN (SELECT queue_id FROM asked WHERE waits = 1))
    SELECT {{list}}({{embed}}) FROM (SELECT {{array}}(
        v.id, v.state, v.language, v.last_seq,
        CASE WHEN v.waits = 1 THEN coalesce(w.place, 1) END, v.advisor,
        EXISTS (SELECT 1 FROM chat_typing y
                WHERE y.chat_id = v.id AND y.side = 'staff' AND {{fresh}}),
        v.ended_by, v.rating, v.staff_seq,
        (SELECT {{list}}({{embed}}) FROM (SELECT {{array}}({LINE}) AS r
            FROM chat_line l LEFT JOIN message m ON m.id = l.message_id
            WHERE l.chat_id = v.id AND l.seq > {{after}}
            ORDER BY l.seq LIMIT {MOST_LINES}) ls)) AS r
    FROM asked v LEFT JOIN waiting w ON w.id = v.id) x"""
_LINE = f"""SELECT {{array}}({LINE}) FROM chat_line l LEFT JOIN message m ON m.id = l.message_id
    WHERE l.chat_id = :chat AND l.seq = :seq"""


def _statement(sql: str) -> dict[Dialect, TextClause]:
    return {dialect: text(sql.format_map(words)) for dialect, words in _WORDS.items()}


_VIEWS_OF, _PLACES_OF, _NEXT_OF, _LINE_OF = map(_statement, (_VIEWS, _PLACES, _NEXT, _LINE))


def views(tx: Tx, chat_ids: Iterable[int], after: Mapping[int, int]) -> dict[int, VisitorView]:
    """What the pages of these chats show, with the lines after a number; 0 for those not named."""
    ids = sorted(set(chat_ids))
    given: dict[str, Any] = {
        "ids": ids if tx.dialect == "postgresql" else json.dumps(ids),
        "after": json.dumps({str(each): after[each] for each in ids if each in after}),
    }
    found = parsed(tx.core.execute(_VIEWS_OF[tx.dialect], given).scalar())
    return {row[0]: _view(row) for row in map(parsed, found or ())}


def _view(row: list[Any]) -> VisitorView:
    chat_id, state, language, last_seq, place, advisor, typing, ended_by, rating, read, rows = row
    return VisitorView(
        chat_id,
        ChatState(state),
        language,
        last_seq,
        None if place is None else Place(place, None),
        first_name(advisor or ""),
        bool(typing),
        EndedBy(ended_by) if ended_by else None,
        rating,
        lines(rows),
        read,
    )


def one_line(tx: Tx, chat_id: int, seq: int) -> ChatLine:
    """One line of a chat, which is there."""
    given = {"chat": chat_id, "seq": seq}
    return line(parsed(tx.core.execute(_LINE_OF[tx.dialect], given).scalar_one()))


def lines(rows: Any) -> tuple[ChatLine, ...]:
    """Lines from their JSON, see `LINE`."""
    return tuple(line(parsed(each)) for each in parsed(rows) or ())


def line(row: list[Any]) -> ChatLine:
    """One line from its JSON array."""
    seq, kind, side, who, at, words, message_id, client_id, files = row
    return ChatLine(
        seq,
        LineKind(kind),
        Side(side),
        who,
        moment(at),
        words,
        message_id,
        client_id,
        tuple(
            AttachmentView(id_, name, content_type, size, False, "")
            for id_, name, content_type, size in map(parsed, parsed(files) or ())
        ),
    )


def places(tx: Tx, account_id: int) -> dict[int, Place]:
    """Where all stand that wait at a site."""
    found = parsed(tx.core.execute(_PLACES_OF[tx.dialect], {"account": account_id}).scalar())
    return {
        chat_id: Place(place, _expected(place, people, room, seconds))
        for chat_id, place, people, room, seconds in map(parsed, found or ())
    }


def next_wait(tx: Tx, queue_id: int) -> int | None:
    """How long somebody would wait who came to a queue now, in seconds."""
    found = parsed(tx.core.execute(_NEXT_OF[tx.dialect], {"queue": queue_id}).scalar())
    waiting, people, room, seconds = found
    return _expected(waiting + 1, people, room, seconds)


def _expected(
    place: int, people: int | None, room: int | None, seconds: float | None
) -> int | None:
    """Who has room for as many as stand before takes the next at once; else somebody must end."""
    if not people:
        return None
    ahead = place - int(room or 0)
    if ahead <= 0:
        return 0
    return None if seconds is None else round(ahead * float(seconds) / people)
