"""Values out of what the databases answer in JSON, which both do alike but for a few types."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.domain.views import QueueRow


def parsed(value: Any) -> Any:
    """JSON from either driver: PostgreSQL's has read it already, SQLite gives text."""
    return json.loads(value) if isinstance(value, str) else value


def moment(text: str) -> datetime:
    """A time: with its zone on PostgreSQL, in UTC without one on SQLite."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def maybe_moment(text: str | None) -> datetime | None:
    """A time that may be missing."""
    return None if text is None else moment(text)


def maybe_day(text: str | None) -> date | None:
    """A date that may be missing."""
    return None if text is None else date.fromisoformat(text)


def queue_row(values: Sequence[Any], looking: Sequence[str] | None) -> QueueRow:
    """A contact in a list, from the columns of `QUEUE_ROW` in their order.

    The workspace's statement leaves out the last two: its timeline says when it was entered.
    """
    id_, channel, state, who, subject, queue_id, queue, service_id, service, *rest = values
    received_at, due_at, parked_until, for_reply, priority, needs_checking, *rest = rest
    owner_id, owner, raised, *entered = rest
    entered_at, while_away = entered or (None, None)
    return QueueRow(
        id_,
        Channel(channel),
        ContactState(state),
        who,
        subject,
        queue_id,
        queue,
        service_id,
        service,
        moment(received_at),
        maybe_moment(due_at),
        maybe_moment(parked_until),
        bool(for_reply),
        priority,
        bool(needs_checking),
        owner_id,
        owner,
        tuple(looking or ()),
        maybe_moment(entered_at),
        bool(while_away),
        raised,
    )


_COLUMNS = """c.id, c.channel, c.state, c.who, c.subject, c.queue_id, {queue}, c.service_id,
    coalesce({service}, ''), c.received_at, c.due_at, c.parked_until, c.parked_for_reply,
    c.priority, c.needs_checking, c.owner_id, coalesce({owner}, ''), c.boost_reason, c.entered_at,
    c.while_away"""
#: The columns of a QueueRow, for a JSON array, and the tables that they come from.
QUEUE_ROW = _COLUMNS.format(queue="q.name", service="s.name", owner="o.name")
QUEUE_TABLES = """contact c JOIN queue q ON q.id = c.queue_id
    LEFT JOIN service s ON s.id = c.service_id LEFT JOIN staff o ON o.id = c.owner_id"""
#: The same from the contact alone: for a few rows, where to begin a join costs more than to look.
FEW_ROWS = _COLUMNS.format(
    queue="(SELECT q.name FROM queue q WHERE q.id = c.queue_id)",
    service="(SELECT s.name FROM service s WHERE s.id = c.service_id)",
    owner="(SELECT o.name FROM staff o WHERE o.id = c.owner_id)",
)
