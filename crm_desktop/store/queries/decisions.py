"""What waits for a team leader's decision: on PostgreSQL app.decisions, on SQLite the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, bindparam, select, text

from crm_desktop.domain.callers import CALLBACK_WITHIN
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import NotAllowed, NotFound
from crm_desktop.domain.states import MessageState, OutboxState, StaffRole
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import call, me
from crm_desktop.store.models import Contact, Event, Handoff, Message, OutboxItem
from crm_desktop.store.models.base import BigId, UtcDateTime

_COLUMNS: dict[str, Any] = {
    "kind": Text(),
    "ref": BigId,
    "at": UtcDateTime(),
    "due": UtcDateTime(),
    "message_id": BigId,
    "contact_id": BigId,
    "case_id": BigId,
    "customer_id": BigId,
    "who": Text(),
    "about": Text(),
    "by_name": Text(),
    "place": Text(),
    "findings": BigId,
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits, raw; see app.decisions in migrations/sql/0012_decisions.sql.

    `who` and `about` say what it concerns (`who` is a case's reference where it concerns one),
    `by_name` whose work it was, `place` what the outside or the state said.
    """

    kind: str
    ref: int
    at: datetime
    due: datetime | None
    message_id: int | None
    contact_id: int | None
    case_id: int | None
    customer_id: int | None
    who: str
    about: str
    by_name: str
    place: str
    findings: int


_POSTGRESQL = (
    text("SELECT * FROM app.decisions(:complaints, CAST(:many AS integer))")
    .bindparams(bindparam("complaints", type_=UtcDateTime()))
    .columns(**_COLUMNS)
)
_UNRESOLVED = "k.state IN ('new', 'open', 'waiting_customer', 'waiting_back_office')"
_MINE = "(SELECT value FROM json_each(:mine))"
_SQLITE = (
    text(
        f"""
SELECT * FROM (
    SELECT 'marker' AS kind, m.id AS ref, m.proposed_at AS at, NULL AS due, NULL AS message_id,
        NULL AS contact_id, NULL AS case_id, c.id AS customer_id, c.name AS who, m.words AS about,
        coalesce((SELECT s.name FROM event e JOIN staff s ON s.id = e.actor_id
                  WHERE e.kind = 'marker.proposed'
                    AND json_extract(e.data, '$.marker') = m.id LIMIT 1), '') AS by_name,
        m.state AS place, 0 AS findings
    FROM safety_marker m JOIN customer c ON c.id = m.customer_id
    WHERE :decides AND m.state IN ('proposed', 'review_due') ORDER BY m.proposed_at LIMIT :many)
UNION ALL SELECT * FROM (
    SELECT CASE WHEN o.state = 'held' THEN 'stopped'
                WHEN o.last_error LIKE 'Could not be delivered%' THEN 'returned' ELSE 'dead' END,
        o.id, coalesce(o.done_at, o.created_at), NULL, m.id, k.id, NULL, k.customer_id, k.who,
        k.subject, coalesce(s.name, ''), o.last_error, json_array_length(m.findings)
    FROM outbox o JOIN message m ON m.id = o.message_id JOIN contact k ON k.id = m.contact_id
    LEFT JOIN staff s ON s.id = m.author_id
    WHERE o.state IN ('held', 'dead') AND k.queue_id IN {_MINE} ORDER BY o.id LIMIT :many)
UNION ALL SELECT * FROM (
    SELECT 'dead', o.id, coalesce(o.done_at, o.created_at), NULL, NULL, h.contact_id, k.id,
        k.customer_id, coalesce(k.reference, ''), v.name, coalesce(s.name, ''), o.last_error, 0
    FROM outbox o JOIN handoff h ON h.id = o.handoff_id JOIN cases k ON k.id = h.case_id
    JOIN service v ON v.id = k.service_id LEFT JOIN staff s ON s.id = h.requested_by_id
    WHERE o.state IN ('held', 'dead') AND h.queue_id IN {_MINE} AND {_UNRESOLVED}
    ORDER BY o.id LIMIT :many)
UNION ALL SELECT * FROM (
    SELECT h.state, h.id, h.state_since, h.due_at, NULL, h.contact_id, k.id, k.customer_id,
        coalesce(k.reference, ''), v.name, coalesce(s.name, ''), h.words, 0
    FROM handoff h JOIN cases k ON k.id = h.case_id JOIN service v ON v.id = k.service_id
    LEFT JOIN staff s ON s.id = h.requested_by_id
    WHERE h.state IN ('overdue', 'bounced') AND h.queue_id IN {_MINE} AND {_UNRESOLVED}
      AND NOT EXISTS (SELECT 1 FROM handoff later
                      WHERE later.case_id = h.case_id AND later.id > h.id)
    ORDER BY h.state_since LIMIT :many)
UNION ALL SELECT * FROM (
    SELECT 'complaint', k.id, k.opened_at, k.due_at, NULL,
        (SELECT max(x.contact_id) FROM case_contact x WHERE x.case_id = k.id), k.id,
        k.customer_id, coalesce(k.reference, ''), v.name, coalesce(c.name, ''), k.state, 0
    FROM service v JOIN cases k ON k.service_id = v.id
    LEFT JOIN customer c ON c.id = k.customer_id
    WHERE v.lgsl = 353 AND k.queue_id IN {_MINE} AND k.due_at < :complaints AND {_UNRESOLVED}
    ORDER BY k.due_at LIMIT :many)
UNION ALL SELECT * FROM (
    SELECT 'callback', k.id, l.state_since,
        strftime('%Y-%m-%d %H\\:%M\\:%f000', l.state_since, '+1 hour'),
        NULL, k.id, NULL, k.customer_id, k.who, k.subject, coalesce(s.name, ''), q.name, 0
    FROM call l JOIN contact k ON k.id = l.contact_id JOIN queue q ON q.id = k.queue_id
    LEFT JOIN staff s ON s.id = k.owner_id
    WHERE l.ended_at IS NULL AND l.state = 'callback' AND k.state = 'queued'
      AND l.state_since < :missed AND k.queue_id IN {_MINE}
    ORDER BY l.state_since LIMIT :many)
"""  # noqa: S608 - constants
    )
    .bindparams(
        bindparam("complaints", type_=UtcDateTime()), bindparam("missed", type_=UtcDateTime())
    )
    .columns(**_COLUMNS)
)


def waiting(tx: Tx, complaints: datetime, limit: int) -> tuple[Waiting, ...]:
    """What this leader may decide, at most `limit` of each kind; complaints due before a time.

    Raises NotAllowed.
    """
    if tx.dialect == "postgresql":
        rows = tx.settle().execute(_POSTGRESQL, {"complaints": complaints, "many": limit})
    else:
        leader = me(tx)
        if not leader.leads:
            raise NotAllowed("a team leader decides that")
        given = {
            "decides": leader.role is StaffRole.TEAM_LEADER,
            "mine": json.dumps(sorted(leader.queues)),
            "complaints": complaints,
            "missed": tx.now - CALLBACK_WITHIN,
            "many": limit,
        }
        rows = tx.settle().execute(_SQLITE, given)
    return tuple(Waiting(*row) for row in rows)


def let_be(tx: Tx, outbox_id: int) -> None:
    """Give up outgoing work that stopped or gave up; raises NotFound unless it is this leader's."""
    contact_id, case_id = _where(tx, outbox_id)
    if tx.dialect == "postgresql":
        call(tx, "let_be", outbox=outbox_id)
    else:
        _let_be(tx, outbox_id, contact_id, case_id)
    if contact_id is not None:
        tx.changed(Topic.CONTACT, contact_id)
    if case_id is not None:
        tx.changed(Topic.CASE, case_id)


def _where(tx: Tx, outbox_id: int) -> tuple[int | None, int | None]:
    """(contact, case) of outgoing work, as far as this person sees them."""
    session = tx.session
    item = session.get(OutboxItem, outbox_id)
    if item is None:
        raise NotFound("no such outgoing work")
    if item.message_id is not None:
        of = select(Message.contact_id).where(Message.id == item.message_id)
        return session.scalar(of), None
    handoff = session.get(Handoff, item.handoff_id)
    return (handoff.contact_id, handoff.case_id) if handoff else (None, None)


def _let_be(tx: Tx, outbox_id: int, contact_id: int | None, case_id: int | None) -> None:
    leader, session = me(tx), tx.session
    item = session.get_one(OutboxItem, outbox_id, populate_existing=True)
    message = session.get(Message, item.message_id) if item.message_id else None
    queue_id = None
    if message is not None:
        queue_id = session.get_one(Contact, message.contact_id).queue_id
    elif item.handoff_id is not None:
        queue_id = session.get_one(Handoff, item.handoff_id).queue_id
    was = item.state
    stuck = was in (OutboxState.HELD, OutboxState.DEAD)
    if not (stuck and leader.leads and queue_id in leader.queues):
        raise NotFound("no such outgoing work")
    item.state, item.done_at = OutboxState.WITHDRAWN, tx.now
    if message is not None and message.state == MessageState.STOPPED:
        message.state = MessageState.WITHDRAWN
    session.add(
        Event(
            kind="outbox.let_be",
            actor_id=leader.id,
            contact_id=contact_id,
            case_id=case_id,
            data={"outbox": outbox_id, "was": was},
        )
    )
    session.flush()
