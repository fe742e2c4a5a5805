"""Callers who were not answered: what they hear, and what becomes of them, as the gateway writes it.

Each write is conditional upon who still waits, under the lease of whoever holds the PBX: an advisor
who picks up in the same moment is faster, and a caller's digit that comes twice counts once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from crm_desktop.domain.calendar import Calendar
from crm_desktop.domain.callers import Lately, Leave, Missed, Standing, expected, length_words
from crm_desktop.domain.calls import CallState
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.messages import Address, InboundMessage
from crm_desktop.domain.recordings import RecordingKind
from crm_desktop.domain.states import Channel, ContactState, Direction
from crm_desktop.domain.text import fold
from crm_desktop.services.intake_parts import arriving, calling, finding
from crm_desktop.services.intake_parts.arriving import Stored
from crm_desktop.services.intake_parts.calling import Arrival
from crm_desktop.services.leases import Lease, writing
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import callers as queries
from crm_desktop.store.queries import calls, events, intake, messages
from crm_desktop.store.queries import recording_register as register
from crm_desktop.store.queries.callers import Caller, Row
from crm_desktop.store.queries.routing import read as read_routing

_WHY = {
    Leave.CLOSED: "left because the queue was closed",
    Leave.CHOICE: "left instead of waiting",
    Leave.BUSY: "left because the line was busy",
}


# Who waits


def waiting(db: Database, account_id: int) -> tuple[Standing, ...]:
    """Every caller of a PBX who waits, and what their line lets them do; one statement."""
    with db.read_at_once() as tx:
        rows = queries.waiting(tx, account_id)
        return tuple(_standing(each, tx.now) for each in rows) if rows else ()


def _standing(row: Row, now: datetime) -> Standing:
    lately = Lately(row.answered, row.waited, (now - queries.lately_since(now)).total_seconds())
    return Standing(
        contact_id=row.contact_id,
        channel=row.channel,
        ahead=row.ahead,
        expected=expected(row.ahead, now - row.received_at, lately),
        open=_is_open(row, now),
        known_number=bool(row.number),
        announce_seconds=row.announce_seconds,
        voicemail=row.voicemail,
        callback=row.callback,
        most_waiting=row.most_waiting,
    )


def _is_open(row: Row, now: datetime) -> bool:
    try:
        return Calendar.from_data(row.hours).is_open(now)
    except InvalidInput:
        return True  # nobody is sent away because of a typing error


# Who leaves the queue without an answer


def call_me_back(db: Database, contact_id: int, under: Lease) -> bool:
    """They keep their place and need not wait in the line; False when they wait no more, or
    their number is not known.
    """
    with writing(db, under) as tx:
        was = _still_waiting(tx, contact_id)
        if was is None or not was.number:
            return False
        calls.change(
            tx, contact_id, state=CallState.CALLBACK.value, state_since=utcnow(),
            callback=True, channel="",
        )  # fmt: skip
        calls.change_contact(tx, contact_id, preview="Asked to be called back")
        calls.end_legs(tx, contact_id)
        waited = _waited(tx, was)
        events.append(
            tx, "contact.callback", contact_id=contact_id, why="asked", waited=waited,
            queue=was.queue_id,
        )  # fmt: skip
        _told(tx, contact_id)
        return True


def greet(db: Database, contact_id: int, why: Leave, under: Lease, *, message: bool) -> bool:
    """They wait no more and hear why; `message`: they may leave one. Until they have they count as
    gone. False when they wait no more already.
    """
    with writing(db, under) as tx:
        was = _still_waiting(tx, contact_id)
        if was is None:
            return False
        queries.move(tx, contact_id, ContactState.QUEUED, ContactState.ABANDONED)
        calls.change(tx, contact_id, state=CallState.VOICEMAIL.value, state_since=utcnow())
        waited = _waited(tx, was)
        events.append(
            tx, "call.greeted", contact_id=contact_id, why=why.value, message=message,
            waited=waited,
        )  # fmt: skip
        _told(tx, contact_id)
        return True


def left_message(
    db: Database, contact_id: int, name: str, seconds: float, under: Lease
) -> int | None:
    """A message was left: a contact of its own, with a clock of one working day; its id.

    `name` is the PBX's of the recording. The same name again gives the same contact; None when the
    caller is not one who leaves a message.
    """
    with writing(db, under) as tx:
        was = queries.caller(tx, contact_id)
        if was is None:
            return None
        known = intake.earlier(tx, [(was.account_id, name)]).get((was.account_id, name))
        if known is not None:
            return known.contact_id
        if not _is_greeted(was):
            return None
        greeting = queries.greeting(tx, contact_id)
        why = Leave(greeting.get("why") or Leave.CHOICE)
        voicemail_id = _voicemail(tx, was, name, seconds, why)
        _exchanged(tx, was, voicemail_id, seconds, waited=greeting.get("waited"))
        return voicemail_id


def left_nothing(db: Database, contact_id: int, under: Lease) -> bool:
    """Who hung up at the greeting, or said nothing, gave up; whom the line sent away was sent.

    False when something else became of them.
    """
    with writing(db, under) as tx:
        was = queries.caller(tx, contact_id)
        if was is None or not _is_greeted(was):
            return False
        greeting = queries.greeting(tx, contact_id)
        if greeting.get("message") is False:
            why = str(greeting.get("why"))
            queries.move(tx, contact_id, ContactState.ABANDONED, ContactState.COMPLETED)
            calls.change_contact(tx, contact_id, completed_at=tx.now, end_reason=why)
            events.append(
                tx, "contact.turned_away", contact_id=contact_id, why=why,
                waited=greeting.get("waited"),
            )  # fmt: skip
        else:
            calls.change_contact(tx, contact_id, end_reason="abandoned")
            events.append(
                tx, "contact.abandoned", contact_id=contact_id, waited=_waited(tx, was),
                after="greeting",
            )  # fmt: skip
        _told(tx, contact_id)
        return True


def _is_greeted(was: Caller) -> bool:
    """Whether it is still open what becomes of them."""
    return was.call_state == CallState.VOICEMAIL and not was.end_reason


def hung_up(db: Database, contact_id: int, under: Lease) -> bool:
    """Who was greeted is gone; that becomes known, and the call is over."""
    left_nothing(db, contact_id, under)
    with writing(db, under) as tx:
        was = queries.caller(tx, contact_id)
        if was is None or was.call_state != CallState.VOICEMAIL:
            return False
        _end(tx, contact_id, by="caller")
        return True


def in_voicemail(db: Database, account_id: int) -> tuple[tuple[int, str], ...]:
    """(contact, channel) of those who leave a message, as far as is known: for who comes back."""
    with db.read() as tx:
        return queries.in_voicemail(tx, account_id)


# Who called while no gateway was there


def read_in(db: Database, account_id: int, missed: Missed, under: Lease) -> int | None:
    """A call that the PBX kept becomes a contact; None when it has been read in before."""
    with writing(db, under) as tx:
        if calls.of_channel(tx, account_id, missed.unique) is not None:
            return None
        contact_id = calling.take_in(
            tx,
            Arrival(
                account_id, missed.unique, missed.number, missed.dialled, missed.choice,
                missed.unique,
            ),
        )  # fmt: skip
        happened = min(missed.at, tx.now)
        calls.change_contact(
            tx, contact_id, received_at=happened, queued_at=happened, entered_at=tx.now,
            while_away=True,
        )  # fmt: skip
        calls.change(tx, contact_id, started_at=happened)
        was = queries.caller(tx, contact_id)
        assert was is not None
        if missed.recording:
            _kept_message(tx, was, missed)
        elif missed.answered:
            _answered_away(tx, was, missed)
        else:
            _hung_up_away(tx, was, missed)
        return contact_id


def _kept_message(tx: Tx, was: Caller, missed: Missed) -> None:
    contact_id = was.contact_id
    queries.move(tx, contact_id, ContactState.QUEUED, ContactState.ABANDONED)
    events.append(
        tx, "call.greeted", contact_id=contact_id, why="away", message=True, **_away(missed)
    )
    voicemail_id = _voicemail(tx, was, missed.recording, missed.seconds, None)
    _exchanged(tx, was, voicemail_id, missed.seconds, **_away(missed))
    _end(tx, contact_id, by="caller")


def _answered_away(tx: Tx, was: Caller, missed: Missed) -> None:
    staff_id = queries.staff_at(tx, missed.extension)
    queries.move(tx, was.contact_id, ContactState.QUEUED, ContactState.COMPLETED)
    calls.change_contact(
        tx, was.contact_id, completed_at=tx.now, end_reason="answered_away", owner_id=staff_id,
        preview="Answered at the telephone while the CRM was away",
    )  # fmt: skip
    calls.change(tx, was.contact_id, talk_seconds=missed.talked)
    events.append(
        tx, "contact.answered_away", contact_id=was.contact_id, staff=staff_id,
        talk=missed.talked, **_away(missed),
    )  # fmt: skip
    _end(tx, was.contact_id, by="pbx")


def _hung_up_away(tx: Tx, was: Caller, missed: Missed) -> None:
    queries.move(tx, was.contact_id, ContactState.QUEUED, ContactState.ABANDONED)
    calls.change_contact(
        tx, was.contact_id, end_reason="abandoned", preview="Called while the CRM was away"
    )
    events.append(tx, "contact.abandoned", contact_id=was.contact_id, **_away(missed))
    _end(tx, was.contact_id, by="caller")


def _away(missed: Missed) -> dict[str, Any]:
    """What the PBX says of it: the database's clock did not see it."""
    return {"waited": missed.waited, "happened": missed.at.isoformat(), "while_away": True}


# What they have in common


def _still_waiting(tx: Tx, contact_id: int) -> Caller | None:
    was = queries.caller(tx, contact_id)
    waits = was is not None and was.state == ContactState.QUEUED
    return was if waits and was and was.call_state == CallState.WAITING else None


def _waited(tx: Tx, was: Caller) -> float:
    return round((tx.now - was.queued_at) / timedelta(seconds=1), 1)


def _voicemail(tx: Tx, was: Caller, name: str, seconds: float, why: Leave | None) -> int:
    """The new contact: it waits as any voicemail does, with the sound that a gateway fetches."""
    rules = read_routing(tx).queues[was.queue_id]
    contact_id = next(messages.contact_numbers(tx, 1))
    length = length_words(seconds)
    reason = _WHY[why] if why else "left while the CRM was away"
    messages.add_contact(
        tx,
        contact_id,
        {
            "channel": Channel.VOICEMAIL.value,
            "direction": Direction.INBOUND.value,
            "state": ContactState.QUEUED.value,
            "queue_id": was.queue_id,
            "service_id": was.service_id,
            "customer_id": was.customer_id,
            "priority": was.priority,
            "who": was.who,
            "subject": f"Voicemail of {length}",
            "preview": f"{length}, {reason}",
            "folded": fold(f"{was.who} voicemail {was.number}"),
            "due_at": finding.due(tx.now, rules, Channel.VOICEMAIL),
            "needs_checking": was.needs_checking,
            "check_reason": was.check_reason,
            "auto_generated": False,
            "account_id": was.account_id,
        },
        was.thread_id,
    )
    calls.add(
        tx,
        contact_id=contact_id,
        account_id=was.account_id,
        line_id=was.line_id,
        state=CallState.ENDED.value,
        number=was.number,
        number_said=was.number_said,
        dialled=was.dialled,
        choice=was.choice,
        after_id=was.contact_id,
        ended_at=tx.now,
        ended_by="caller",
    )
    said = InboundMessage(
        Channel.VOICEMAIL,
        name,
        Address(was.who, ""),
        subject=f"Voicemail of {length}",
        text=f"A message of {length}, {reason}.",
    )
    arriving.add(tx, was.account_id, contact_id, Stored(was.account_id, said, ()))
    if register.begin(tx, contact_id, name, RecordingKind.VOICEMAIL):
        register.end(tx, name)
    events.append(
        tx, "contact.received", contact_id=contact_id, customer_id=was.customer_id,
        channel=Channel.VOICEMAIL.value, queue=was.queue_id, after=was.contact_id,
        seconds=round(seconds, 1),
    )  # fmt: skip
    tx.changed(Topic.CONTACT, contact_id)
    tx.changed(Topic.RECORDING, contact_id)
    return contact_id


def _exchanged(tx: Tx, was: Caller, voicemail_id: int, seconds: float, **said: Any) -> None:
    """The call's matter goes on as the message."""
    contact_id = was.contact_id
    queries.move(tx, contact_id, ContactState.ABANDONED, ContactState.COMPLETED)
    calls.change_contact(tx, contact_id, completed_at=tx.now, end_reason="voicemail")
    events.append(
        tx, "contact.voicemail", contact_id=contact_id, voicemail=voicemail_id,
        seconds=round(seconds, 1), **said,
    )  # fmt: skip
    _told(tx, contact_id)


def _end(tx: Tx, contact_id: int, *, by: str) -> None:
    calls.change(
        tx, contact_id, state=CallState.ENDED.value, state_since=utcnow(), ended_at=utcnow(),
        ended_by=by, lost_since=None,
    )  # fmt: skip
    calls.end_legs(tx, contact_id)
    events.append(
        tx, "call.ended", contact_id=contact_id, by=by, cause=None, cut_off=False, talk=0, hold=0
    )
    _told(tx, contact_id)


def _told(tx: Tx, contact_id: int) -> None:
    tx.changed(Topic.CONTACT, contact_id)
    tx.changed(Topic.CALL, contact_id)
