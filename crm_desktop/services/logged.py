"""Logging a contact by hand: a call on another phone, a visit, what happened while away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from crm_desktop.domain.calendar import Calendar, NeverOpen
from crm_desktop.domain.card_numbers import refuse_card_numbers
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import InvalidInput, NotFound
from crm_desktop.domain.logged import LoggedContact
from crm_desktop.domain.sla import Clock, Target
from crm_desktop.domain.text import fold
from crm_desktop.domain.views import QueueRow
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.guard import LogEntry
from crm_desktop.store.queries import cases, contacts, customers, events, queue

#: A follow-up is promised for the next working day.
_FOLLOW_UP = Target(days=1)
_SEARCHED_CHARACTERS = 4_000
#: Control characters that no text has and PostgreSQL does not store.
_KEPT = {"\n", "\t"}
_GONE = {"no such service": "That service", "no such customer": "That customer's record"}


@dataclass(frozen=True, slots=True)
class Logged:
    """What a logged contact became; `row` None: it is in a queue out of this person's sight."""

    contact_id: int
    row: QueueRow | None
    changes: Changes


def log_contact(db: Database, said: LoggedContact) -> Logged:
    """Enter a contact in one's own name; the same `key` again gives what the first try made.

    Raises InvalidInput(fields), NotFound(what=…) when service or customer are gone, NotAllowed.
    """
    try:
        return _log(db, said)
    except NotFound as gone:
        raise NotFound(str(gone), what=_GONE.get(str(gone), "This")) from gone


def _log(db: Database, said: LoggedContact) -> Logged:
    with db.write() as tx:
        if contacts.is_logged(tx, said.key):
            # What a try before this one has entered stands, whatever has changed since.
            contact_id = tx.guard.log_contact(LogEntry(said, "", "", None))
        else:
            contact_id = _enter(tx, _checked(said, tx.now))
        tx.changed(Topic.CONTACT, contact_id)
        row = next(iter(queue.by_ids(tx, [contact_id])), None)
        return Logged(contact_id, row, tx.changes)


def _enter(tx: Tx, said: LoggedContact) -> int:
    due_at = _due(tx, said) if said.resolution is None else None
    said, doubt = _with_customer(tx, said)
    words = f"{said.who} {said.about} {said.done[:_SEARCHED_CHARACTERS]}"
    return tx.guard.log_contact(LogEntry(said, fold(words), doubt, due_at))


def _checked(said: LoggedContact, now: datetime) -> LoggedContact:
    said = replace(
        said,
        who=_line(said.who),
        about=_line(said.about),
        done="".join(each for each in said.done if each.isprintable() or each in _KEPT).strip(),
        reach=_line(said.reach),
        happened_at=min(said.happened_at, now) if not said.wrong(now) else said.happened_at,
    )
    refuse_card_numbers(who=said.who, about=said.about, done=said.done)
    if wrong := said.wrong(now):
        raise InvalidInput("logged contact", fields=wrong)
    return said


def _line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _due(tx: Tx, said: LoggedContact) -> datetime:
    """By when the follow-up is due, in the opening hours of the service's queue."""
    assert said.service_id is not None
    try:
        service = cases.service(tx, said.service_id)
        calendar = Calendar.from_data(service.hours)
        due = Clock.start(calendar, tx.now, _FOLLOW_UP).due_at
    except (InvalidInput, NeverOpen):
        due = None
    return due or tx.now + timedelta(days=1)


def _with_customer(tx: Tx, said: LoggedContact) -> tuple[LoggedContact, str]:
    """Who it was, found by what they can be reached by, and what of that a person must check."""
    identifier = said.identifier()
    if said.customer_id is not None or identifier is None:
        return said, ""
    held = tx.guard.owners(identifier.kind.value, (identifier.norm,)).get(identifier.norm, ())
    if len(held) > 1:
        return said, f"Several customers share {said.reach}: choose which it was"
    if held:
        customer_id, name = held[0]
        doubt = "" if fold(name) == fold(said.who) else f"{said.reach} is that of {name}"
        return replace(said, customer_id=None if doubt else customer_id), doubt
    customer_id = customers.add(
        tx, said.who, fold(said.who), [(identifier.kind, identifier.value, identifier.norm)]
    )
    events.append(tx, "customer.created", customer_id=customer_id)
    tx.changed(Topic.CUSTOMER, customer_id)
    return replace(said, customer_id=customer_id), ""
