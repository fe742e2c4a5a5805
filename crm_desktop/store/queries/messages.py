"""Writing contacts and messages as the gateway does, and finding messages again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from crm_desktop.domain.sla import Clock
from crm_desktop.domain.states import CaseState, Channel, ContactState
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Attachment,
    Case,
    CaseContact,
    Contact,
    Event,
    Identifier,
    Message,
    OpeningCalendar,
    OutboxItem,
    Queue,
)

#: The event of an automatic acknowledgement.
ACKNOWLEDGED = "message.acknowledged"


@dataclass(frozen=True, slots=True)
class OurMessage:
    """A message that we sent, found again."""

    id: int
    contact_id: int
    customer_id: int | None
    recipients: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WaitingCase:
    """A case that waits for its customer, locked."""

    id: int
    clock: Clock
    hours: dict[str, Any]


_NUMBERS = {
    "postgresql": text(
        "SELECT nextval(pg_get_serial_sequence('contact', 'id')) FROM generate_series(1, :many)"
    ),
    # One writer at a time: nobody else numbers contacts before this transaction ends.
    "sqlite": text(
        "WITH RECURSIVE following(id) AS (SELECT coalesce(max(id), 0) + 1 FROM contact UNION ALL "
        "SELECT id + 1 FROM following LIMIT :many) SELECT id FROM following"
    ),
}
_CONTACT = insert(Contact).inline()
_MESSAGE = insert(Message).returning(Message.id)


def contact_numbers(tx: Tx, many: int) -> Iterator[int]:
    """Ids for so many contacts that this transaction adds; what is left over is never used."""
    return iter(tx.core.scalars(_NUMBERS[tx.dialect], {"many": many}).all())


def add_contact(tx: Tx, number: int, values: Mapping[str, Any], thread_id: int | None) -> None:
    """Insert a contact under a number of its own; without a thread it begins one.

    It names itself as the thread at once: written afterwards it would be a second version of the
    row, with everything that searches it indexed twice.
    """
    tx.core.execute(_CONTACT, {**values, "id": number, "thread_id": thread_id or number})


def change_contact(tx: Tx, contact_id: int, **values: Any) -> None:
    """Set columns of a contact."""
    tx.session.execute(update(Contact).where(Contact.id == contact_id).values(**values))


def requeue(tx: Tx, contact_id: int, due_at: datetime | None = None) -> None:
    """A parked contact waits in its queue again, a visitor in the old place; its clock goes on
    unless `due_at` is new.
    """
    values: dict[str, Any] = {"due_at": due_at} if due_at is not None else {}
    change_contact(
        tx,
        contact_id,
        state=ContactState.QUEUED.value,
        state_since=tx.now,
        queued_at=case((Contact.channel == Channel.VISIT, Contact.queued_at), else_=tx.now),
        owner_id=None,
        parked_until=None,
        parked_for_reply=False,
        **values,
    )


def add_message(tx: Tx, values: Mapping[str, Any]) -> int:
    """Insert a message; only its id is read back, which is all an advisor may read."""
    return tx.core.execute(_MESSAGE, dict(values)).scalar_one()


def add_attachments(tx: Tx, message_id: int, files: Iterable[Mapping[str, Any]]) -> None:
    """Link stored files to a message."""
    rows = [{**each, "message_id": message_id} for each in files]
    if rows:
        tx.session.execute(insert(Attachment).values(rows).inline())


def attachments_of(tx: Tx, message_id: int) -> tuple[int, ...]:
    """The files of a message, in order."""
    files = select(Attachment.id).where(Attachment.message_id == message_id)
    return tuple(tx.core.scalars(files.order_by(Attachment.id)))


def add_case(tx: Tx, **values: Any) -> int:
    """Insert a new case; its reference is made from its id."""
    case = Case(state=CaseState.NEW.value, **values)
    tx.session.add(case)
    tx.session.flush()
    return case.id


def set_reference(tx: Tx, case_id: int, reference: str) -> None:
    """Give a new case its reference, which the first version already has."""
    tx.session.execute(update(Case).where(Case.id == case_id).values(reference=reference))


def link_case(tx: Tx, case_id: int, contact_id: int) -> None:
    """A contact concerns a case; twice is once."""
    dialect = postgresql if tx.dialect == "postgresql" else sqlite
    tx.session.execute(
        dialect.insert(CaseContact)
        .values(case_id=case_id, contact_id=contact_id)
        .on_conflict_do_nothing()
        .inline()
    )


def waiting_cases(tx: Tx, case_ids: Iterable[int]) -> tuple[WaitingCase, ...]:
    """Those of the cases that wait for their customer, with their clock and opening hours."""
    wanted = list(case_ids)
    if not wanted:
        return ()
    rows = tx.session.execute(
        select(Case.id, Case.due_at, Case.paused_at, Case.remaining_seconds, OpeningCalendar.hours)
        .join(Queue, Queue.id == Case.queue_id)
        .join(OpeningCalendar, OpeningCalendar.id == Queue.calendar_id)
        .where(Case.id.in_(wanted), Case.state == CaseState.WAITING_CUSTOMER.value)
        .order_by(Case.id)
        .with_for_update(of=Case)
    )
    return tuple(WaitingCase(row[0], _clock(row[1], row[2], row[3]), row[4]) for row in rows)


def _clock(due_at: datetime | None, paused_at: datetime | None, left: int | None) -> Clock:
    return Clock(due_at, paused_at, None if left is None else timedelta(seconds=left))


def reopen_case(tx: Tx, case_id: int, due_at: datetime | None) -> None:
    """The customer answered: the case is open and its clock runs again."""
    tx.session.execute(
        update(Case)
        .where(Case.id == case_id)
        .values(
            state=CaseState.OPEN.value,
            state_since=tx.now,
            due_at=due_at,
            paused_at=None,
            remaining_seconds=None,
            version=Case.version + 1,
        )
    )


def our_message(tx: Tx, rfc_id: str) -> OurMessage | None:
    """A message that we sent under this Message-ID."""
    row = tx.session.execute(
        select(Message.id, Message.contact_id, Contact.customer_id, Message.recipients)
        .join(Contact, Contact.id == Message.contact_id)
        .where(Message.rfc_id == rfc_id, Message.direction == "outbound")
        .limit(1)
    ).first()
    return OurMessage(*row) if row else None


def set_failed(tx: Tx, message_id: int, words: str) -> None:
    """An outgoing message did not reach its addressee."""
    tx.session.execute(
        update(Message).where(Message.id == message_id).values(state="failed", failure=words)
    )


def mark_undelivered(tx: Tx, message_id: int, words: str) -> None:
    """What had been sent came back: its outbox item stands visibly as dead."""
    tx.session.execute(
        update(OutboxItem)
        .where(OutboxItem.message_id == message_id, OutboxItem.state == "done")
        .values(state="dead", last_error=words)
    )


def flag_identifier(tx: Tx, norm: str, customer_id: int, flag: str) -> tuple[int, ...]:
    """Flag a customer's mail address; the ids of the customers whose flag is new."""
    found = tx.session.scalars(
        update(Identifier)
        .where(
            Identifier.customer_id == customer_id,
            Identifier.kind == "email",
            Identifier.norm == norm,
            Identifier.flag != flag,
        )
        .values(flag=flag, flagged_at=tx.now)
        .returning(Identifier.customer_id)
    )
    return tuple(found)


def flagged(tx: Tx, norm: str) -> bool:
    """Whether something is wrong with a mail address: it bounced."""
    found = tx.session.scalar(
        select(func.count())
        .select_from(Identifier)
        .where(Identifier.kind == "email", Identifier.norm == norm, Identifier.flag != "")
    )
    return bool(found)


def acknowledged_since(tx: Tx, customer_id: int, thread_id: int, since: datetime) -> bool:
    """Whether this customer, or this thread, lately got an automatic acknowledgement."""
    found = tx.session.scalar(
        select(Event.id)
        .join(Contact, Contact.id == Event.contact_id)
        .where(
            Event.kind == ACKNOWLEDGED,
            Event.at > since,
            (Event.customer_id == customer_id) | (Contact.thread_id == thread_id),
        )
        .limit(1)
    )
    return found is not None
