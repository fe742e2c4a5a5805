"""Callers who wait, choose, are cut off or call again, as the gateway reads and writes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, literal_column, select, text, update

from crm_desktop.domain.figures import HALF_HOUR, half_hour
from crm_desktop.domain.states import ContactState
from crm_desktop.store.database import Dialect, Tx
from crm_desktop.store.models import Call, Contact, Event, OpeningCalendar, Staff
from crm_desktop.store.models.base import UtcDateTime

#: Seconds of a time, as each dialect says them.
_SECONDS = {
    "postgresql": "extract(epoch FROM {0})",
    "sqlite": "(julianday({0}) - 2440587.5) * 86400.0",
}
# Where each stands is asked once for all: the waiting calls in the order in which routing goes
# through them, whatever account they came by.
_STANDING = """
WITH line AS (
    SELECT c.id, c.queue_id, c.received_at, row_number() OVER (
        PARTITION BY c.queue_id
        ORDER BY {queued} - q.ageing_seconds * (c.priority + c.boost), c.id) - 1 AS ahead
    FROM contact c JOIN queue q ON q.id = c.queue_id
    WHERE c.state = 'queued' AND c.channel = 'call'),
lately AS (
    SELECT queue_id, sum(answered) AS answered, sum(wait_seconds) AS waited FROM half_hour_stat
    WHERE channel = 'call' AND half_hour >= :since GROUP BY queue_id)
SELECT l.contact_id, l.channel, w.ahead, w.received_at, l.number, o.hours,
    coalesce(t.announce_seconds, 45), coalesce(t.voicemail, {yes}), coalesce(t.callback, {yes}),
    coalesce(t.most_waiting, 0), coalesce(r.answered, 0), coalesce(r.waited, 0)
FROM call l JOIN line w ON w.id = l.contact_id
JOIN queue q ON q.id = w.queue_id JOIN opening_calendar o ON o.id = q.calendar_id
LEFT JOIN telephone_line t ON t.id = l.line_id LEFT JOIN lately r ON r.queue_id = w.queue_id
WHERE l.ended_at IS NULL AND l.state = 'waiting' AND l.account_id = :account
ORDER BY w.ahead, l.contact_id
"""


class Row(NamedTuple):
    """A caller who waits; `hours` are the queue's, `answered` and `waited` what it did lately."""

    contact_id: int
    channel: str
    ahead: int
    received_at: datetime
    number: str
    hours: dict[str, Any]
    announce_seconds: int
    voicemail: bool
    callback: bool
    most_waiting: int
    answered: int
    waited: float


class Caller(NamedTuple):
    """A call's contact as it is, with the call, both locked."""

    contact_id: int
    state: str
    direction: str
    queue_id: int
    service_id: int | None
    customer_id: int | None
    thread_id: int | None
    priority: int
    who: str
    needs_checking: bool
    check_reason: str
    received_at: datetime
    queued_at: datetime
    account_id: int
    line_id: int | None
    call_state: str
    number: str
    number_said: str
    dialled: str
    choice: str
    callback: bool
    cut_off: bool
    end_reason: str | None


def _standing(dialect: Dialect) -> Any:
    sql = _STANDING.format(
        queued=_SECONDS[dialect].format("c.queued_at"), yes="1" if dialect == "sqlite" else "true"
    )
    types = {"received_at": UtcDateTime(), "hours": OpeningCalendar.hours.type}
    return text(sql).bindparams(bindparam("since", type_=UtcDateTime())).columns(**types)


_WAITING = {dialect: _standing(dialect) for dialect in ("postgresql", "sqlite")}
_CALLER = (
    select(
        Contact.id,
        Contact.state,
        Contact.direction,
        Contact.queue_id,
        Contact.service_id,
        Contact.customer_id,
        Contact.thread_id,
        Contact.priority,
        Contact.who,
        Contact.needs_checking,
        Contact.check_reason,
        Contact.received_at,
        Contact.queued_at,
        Call.account_id,
        Call.line_id,
        Call.state,
        Call.number,
        Call.number_said,
        Call.dialled,
        Call.choice,
        Call.callback,
        Call.cut_off,
        Contact.end_reason,
    )
    .join(Call, Call.contact_id == Contact.id)
    .where(Contact.id == bindparam("contact"))
    .with_for_update()
)
_MOVE = (
    update(Contact)
    .where(Contact.id == bindparam("of_contact"), Contact.state == bindparam("from_state"))
    .values(state=bindparam("to_state"), state_since=bindparam("now", type_=UtcDateTime))
)
_CUT_BEFORE = (
    select(Call.contact_id)
    .where(
        Call.number == bindparam("number"),
        Call.started_at > bindparam("since", type_=UtcDateTime),
        Call.contact_id != bindparam("contact"),
        Call.cut_off,
        Call.ended_at.is_not(None),
    )
    .order_by(Call.started_at.desc())
    .limit(1)
)
_CALLBACKS = (
    select(Call.contact_id, Contact.queued_at, Contact.owner_id)
    .join(Contact, Contact.id == Call.contact_id)
    .where(
        Call.number == bindparam("number"),
        Call.contact_id != bindparam("contact"),
        Call.ended_at.is_(None),
        Call.state == literal_column("'callback'"),
        Contact.state.in_((literal_column("'queued'"), literal_column("'offered'"))),
    )
    .order_by(Call.contact_id)
    .with_for_update(of=Contact)
)
_CALLED_BACK = select(Call.contact_id).where(
    Call.number == bindparam("number"), Call.after_id == bindparam("after"), Call.callback
)
_IN_VOICEMAIL = select(Call.contact_id, Call.channel).where(
    Call.ended_at.is_(None),
    Call.state == literal_column("'voicemail'"),
    Call.account_id == bindparam("account"),
)


def lately_since(now: datetime) -> datetime:
    """What is lately: this half hour and the one before it."""
    return half_hour(now) - HALF_HOUR


def waiting(tx: Tx, account_id: int) -> tuple[Row, ...]:
    """Every caller of a PBX who waits, in one statement."""
    given = {"account": account_id, "since": lately_since(tx.now)}
    found: list[Any] = list(tx.core.execute(_WAITING[tx.dialect], given))
    return tuple(
        Row._make((*each[:7], bool(each[7]), bool(each[8]), *each[9:11], float(each[11])))
        for each in found
    )


def caller(tx: Tx, contact_id: int) -> Caller | None:
    """A call's contact with its call, locked until the transaction ends."""
    row = tx.core.execute(_CALLER, {"contact": contact_id}).first()
    return Caller._make(row) if row else None


def move(tx: Tx, contact_id: int, was: ContactState, now_is: ContactState) -> bool:
    """Change a contact's state unless somebody was faster; whether it is so now."""
    moved = tx.core.execute(
        _MOVE,
        {
            "of_contact": contact_id,
            "from_state": was.value,
            "to_state": now_is.value,
            "now": tx.now,
        },
    )
    return moved.rowcount == 1


def cut_before(tx: Tx, contact_id: int, number: str, within: timedelta) -> int | None:
    """The newest call with that number that was cut off so lately."""
    found: int | None = tx.core.scalar(
        _CUT_BEFORE, {"contact": contact_id, "number": number, "since": tx.now - within}
    )
    return found


def callbacks(tx: Tx, contact_id: int, number: str) -> tuple[tuple[int, datetime, int | None], ...]:
    """(contact, since when it waits, to whom it is offered) of callbacks nobody has begun."""
    rows = tx.core.execute(_CALLBACKS, {"contact": contact_id, "number": number})
    return tuple((row[0], row[1], row[2]) for row in rows)


def is_called_back(tx: Tx, contact_id: int, number: str) -> bool:
    """Whether there is a callback after that call already."""
    return tx.core.scalar(_CALLED_BACK, {"number": number, "after": contact_id}) is not None


def in_voicemail(tx: Tx, account_id: int) -> tuple[tuple[int, str], ...]:
    """(contact, channel) of those who leave a message now, as far as it is known."""
    return tuple(
        (row[0], row[1]) for row in tx.core.execute(_IN_VOICEMAIL, {"account": account_id})
    )


_GREETING = (
    select(Event.data)
    .where(Event.contact_id == bindparam("contact"), Event.kind == "call.greeted")
    .order_by(Event.id.desc())
    .limit(1)
)


def greeting(tx: Tx, contact_id: int) -> dict[str, Any]:
    """Why a caller heard the greeting, and whether they may leave a message."""
    found: dict[str, Any] | None = tx.core.execute(_GREETING, {"contact": contact_id}).scalar()
    return found or {}


def staff_at(tx: Tx, extension: str) -> int | None:
    """Whose telephone it is."""
    if not extension:
        return None
    found: int | None = tx.core.scalar(select(Staff.id).where(Staff.extension == extension))
    return found
