"""Logging a contact by hand on SQLite: the rules of migrations/sql/0007_logged.sql in Python."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from crm_desktop.domain import logged
from crm_desktop.domain.errors import Conflict, NotAllowed, NotFound
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import (
    AssignmentState,
    ContactState,
    Direction,
    MessageState,
    Resolution,
    Visibility,
)
from crm_desktop.store.guard import LogEntry
from crm_desktop.store.models import (
    Assignment,
    Contact,
    Customer,
    Event,
    Message,
    Queue,
    Service,
)
from crm_desktop.store.models.base import utcnow

END_REASONS = {
    Resolution.WARNED_ENDED: "warned and ended",
    Resolution.TRANSFERRED_OUT: "transferred out",
}
_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FURTHEST = timedelta(days=60)
_LONGEST_FOLDED = 25_000
_PREVIEW = 160
_EVENT = insert(Event).inline()


def log_contact(session: Session, me: Person, entry: LogEntry) -> int:
    """See `Guard.log_contact`."""
    said = entry.said
    if not _KEY.fullmatch(said.key):
        raise Conflict("a key is a UUID")
    found = session.scalar(select(Contact.id).where(Contact.logged_key == said.key))
    if found is not None:
        _check_mine(session, me, found)
        return found
    now = session.execute(select(utcnow())).scalar_one()
    _check(session, entry, now)
    queue_id = _queue(session, me, said.service_id)
    happened = min(said.happened_at, now)
    contact = _contact(entry, me, queue_id, happened, now)
    session.add(contact)
    session.flush()
    contact.thread_id = contact.id
    _add_what_belongs(session, me, entry, contact.id, happened)
    _log(session, me, entry, contact, now)
    return contact.id


def _check_mine(session: Session, me: Person, contact_id: int) -> None:
    by = select(Event.actor_id).where(
        Event.contact_id == contact_id, Event.kind == "contact.logged"
    )
    if session.scalar(by) != me.id:
        raise NotAllowed("somebody else has logged this")


def _check(session: Session, entry: LogEntry, now: datetime) -> None:
    said = entry.said
    if not now - logged.OLDEST <= said.happened_at <= now + logged.CLOCKS_DIFFER:
        raise Conflict("it did not happen in the last 31 days")
    if (
        said.channel not in logged.CHANNELS
        or not 0 < len(said.who) <= logged.LONGEST_NAME
        or not 0 < len(said.about) <= logged.LONGEST_ABOUT
        or len(said.done) > logged.LONGEST_DONE
        or len(entry.folded) > _LONGEST_FOLDED
    ):
        raise Conflict("this cannot be logged")
    due = entry.due_at
    if said.resolution is None and not (due and said.happened_at <= due <= now + _FURTHEST):
        raise Conflict("a follow-up is due within 60 days")
    if said.customer_id is not None:
        wanted = Customer.id == said.customer_id, Customer.merged_into_id.is_(None)
        if session.scalar(select(Customer.id).where(*wanted)) is None:
            raise NotFound("no such customer")


def _queue(session: Session, me: Person, service_id: int | None) -> int:
    """The service's queue when it is one's own, else one's general one."""
    row = session.execute(
        select(Queue.id, Service.restricted | Queue.restricted)
        .join(Service, Service.queue_id == Queue.id)
        .where(Service.id == service_id, Service.active)
    ).one_or_none()
    if row is None or (row[1] and row[0] not in me.queues):
        raise NotFound("no such service")
    if row[0] in me.queues:
        return int(row[0])
    own = session.scalar(
        select(Queue.id)
        .where(Queue.id.in_(me.queues), ~Queue.restricted)
        .order_by(Queue.code != "general", Queue.id)
        .limit(1)
    )
    if own is None:
        raise NotAllowed("a member of no queue logs nothing")
    return own


def _contact(
    entry: LogEntry, me: Person, queue_id: int, happened: datetime, now: datetime
) -> Contact:
    said = entry.said
    ended = said.resolution is not None
    return Contact(
        channel=said.channel,
        direction=said.direction,
        state=ContactState.COMPLETED if ended else ContactState.ACTIVE,
        state_since=happened if ended else now,
        queue_id=queue_id,
        service_id=said.service_id,
        customer_id=said.customer_id,
        owner_id=me.id,
        who=said.who,
        subject=said.about,
        preview=said.done[:_PREVIEW],
        folded=entry.folded,
        # Nobody waited for it: a wait is counted from and to the same moment.
        received_at=happened,
        queued_at=happened,
        first_taken_at=happened,
        due_at=None if ended else entry.due_at,
        needs_checking=bool(entry.doubt),
        check_reason=entry.doubt,
        completed_at=happened if ended else None,
        resolution=said.resolution,
        avoidable=said.avoidable if ended else None,
        end_reason=END_REASONS.get(said.resolution, "normal") if said.resolution else None,
        logged_key=said.key,
        entered_at=now,
        while_away=said.while_away,
    )


def _add_what_belongs(
    session: Session, me: Person, entry: LogEntry, contact_id: int, happened: datetime
) -> None:
    ended = entry.said.resolution is not None
    session.add(
        Assignment(
            contact_id=contact_id,
            staff_id=me.id,
            state=AssignmentState.COMPLETED if ended else AssignmentState.ACCEPTED,
            offered_at=happened,
            accepted_at=happened,
            ended_at=happened if ended else None,
        )
    )
    if entry.said.done:
        session.add(
            Message(
                contact_id=contact_id,
                direction=Direction.OUTBOUND,
                visibility=Visibility.INTERNAL,
                state=MessageState.SENT,
                author_id=me.id,
                body_text=entry.said.done,
                reply_text=entry.said.done,
                at=happened,
            )
        )
    session.flush()


def _log(session: Session, me: Person, entry: LogEntry, contact: Contact, now: datetime) -> None:
    happened = min(entry.said.happened_at, now)
    said = entry.said
    events = [
        (
            "contact.logged",
            {
                "happened": happened.isoformat(),
                "entered": now.isoformat(),
                "while_away": said.while_away,
                "channel": said.channel,
                "direction": said.direction,
                "service": said.service_id,
                "queue": contact.queue_id,
            },
        )
    ]
    if said.resolution is not None:
        ended = {
            "resolution": said.resolution,
            "avoidable": said.avoidable,
            "service": said.service_id,
            "at": happened.isoformat(),
        }
        events.append(("contact.completed", ended))
    for kind, data in events:
        session.connection().execute(
            _EVENT,
            {
                "kind": kind,
                "actor_id": me.id,
                "contact_id": contact.id,
                "customer_id": said.customer_id,
                "data": data,
            },
        )
