"""The check finds every kind of error that is planted, and nothing where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import pytest
from sqlalchemy import delete, insert, select, text, update

from crm_desktop.domain.states import Resolution
from crm_desktop.domain.views import Disposition, Reply
from crm_desktop.services import (
    contacts,
    drafts,
    handoffs,
    intake,
    leases,
    outbox,
    replies,
    sending,
)
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.models import (
    Assignment,
    Base,
    Contact,
    Event,
    Handoff,
    Lease,
    Message,
    OutboxItem,
)
from tests.centre import Centre
from tests.faults.check import Outside, violations
from tests.faults.found import found_in
from tests.faults.ledger import Entry
from tests.integration.services.arrivals import account_id, form, mail

_LONG_AGO = 1_000_000_000.0


@dataclass(frozen=True, slots=True)
class Day:
    """A good day: one mail, one form, a reply that left once, a hand-off, all completed."""

    owner: Database
    outside: Outside
    rfc_id: str


Plant = Callable[[Tx, Day], Outside | None]


@pytest.fixture
def day(centre: Centre) -> Day:
    """The good day, lived through the services."""
    gateway, ben = centre.as_gateway(), centre.as_person("ben")
    letter = mail(text="My bin. mail-1z", reply_text="My bin. mail-1z")
    arrived = intake.receive(gateway, account_id(centre), letter)
    filled = form(text="My bin. form-2z", answers={"bin": "recycling"})
    case = intake.receive(gateway, account_id(centre, "web_form"), filled)
    for each in (arrived, case):
        contacts.take(ben, each.contact_id)
    written = Reply("We come. reply-ben-1z", "margaret@example.org")
    replies.send(ben, arrived.contact_id, written, undo_seconds=0)
    deliveries = _send_all(gateway)
    case_id = contacts.open_contact(ben, case.contact_id).cases[0].id
    handoffs.request(ben, case_id, case.contact_id)
    drafts.save(ben, arrived.contact_id, "reply", {"text": "Half of reply-ben-9z"})
    for each in (arrived, case):
        contacts.complete(ben, each.contact_id, Disposition(1, Resolution.RESOLVED, False))
    entries: list[Entry] = [
        _said("mail", token="mail-1z", reference=""),
        _said("form", token="form-2z", reference=case.reference),
        _said("reply", token="reply-ben-1z"),
        _said("handoff", case=case_id),
        _said("typed", token="reply-ben-9z", contact=arrived.contact_id),
    ]
    return Day(centre.as_owner(), Outside(entries, deliveries), next(iter(deliveries)))


def _said(op: str, **facts: object) -> Entry:
    return {"at": _LONG_AGO, "op": op, "what": "ok", **facts}


def _send_all(gateway: Database) -> dict[str, list[str]]:
    """The mail lane, to a relay that is a dictionary."""
    taken: dict[str, list[str]] = {}

    def perform(db: Database, work: outbox.Work) -> Callable[[Tx], None]:
        outgoing = sending.load(db, work)
        assert outgoing is not None
        taken.setdefault(outgoing.message.message_id, []).append(outgoing.message.text)
        return partial(sending.sent, work=work, outgoing=outgoing)

    lane = outbox.Lane(sending.EMAIL, perform, sending.gave_up, sending.subject)
    lease = leases.acquire(gateway, lane.lease_name, "test")
    assert lease is not None
    for work in outbox.claim(gateway, lane, lease, 10):
        outbox.settle(gateway, lane, lease, work, outbox.attempt(gateway, lane, work))
    return taken


def test_a_good_day_has_no_violations(day: Day) -> None:
    with _undone(day.owner) as tx:
        assert violations(found_in(tx), day.outside) == []


def _mail_twice(tx: Tx, day: Day) -> None:
    _again(tx, Message, Message.body_text.contains("mail-1z"), external_id=None)


def _form_lost(tx: Tx, day: Day) -> None:
    _set(tx, Message, Message.body_text.contains("form-2z"), body_text="")


def _form_under_another_reference(tx: Tx, day: Day) -> Outside:
    entries = [{**each, "reference": "C-000-000-0"} for each in day.outside.entries[1:2]]
    return replace(day.outside, entries=[*day.outside.entries, *entries])


def _reply_lost(tx: Tx, day: Day) -> None:
    sent = select(Message.id).where(Message.direction == "outbound").scalar_subquery()
    tx.session.execute(delete(OutboxItem).where(OutboxItem.message_id == sent))
    tx.session.execute(delete(Message).where(Message.direction == "outbound"))


def _reply_twice(tx: Tx, day: Day) -> None:
    _again(tx, Message, Message.direction == "outbound", rfc_id="<other@crm.test>")


def _nobodys_reply(tx: Tx, day: Day) -> Outside:
    return replace(day.outside, entries=[e for e in day.outside.entries if e["op"] != "reply"])


def _second_owner(tx: Tx, day: Day) -> None:
    tx.session.execute(update(Assignment).values(ended_at=None))
    _again(tx, Assignment, Assignment.id == 1, staff_id=1)


def _owner_without_assignment(tx: Tx, day: Day) -> None:
    _set(tx, Contact, Contact.channel == "email", state="active")


def _wrong_state(tx: Tx, day: Day) -> None:
    _set(tx, Contact, Contact.channel == "email", state="parked")


def _taken_twice(tx: Tx, day: Day) -> None:
    tx.session.execute(
        update(Event).where(Event.kind == "contact.completed").values(kind="contact.taken")
    )


def _wrong_message_state(tx: Tx, day: Day) -> None:
    _set(tx, Message, Message.direction == "outbound", state="failed")


def _wrong_handoff_state(tx: Tx, day: Day) -> None:
    _set(tx, Handoff, Handoff.id > 0, state="done")


def _delivered_twice_unmarked(tx: Tx, day: Day) -> Outside:
    return replace(day.outside, deliveries={day.rfc_id: ["We come. reply-ben-1z"] * 2})


def _repeated_without_an_event(tx: Tx, day: Day) -> Outside:
    _set(tx, OutboxItem, OutboxItem.message_id.is_not(None), unknown_fate=True)
    return _delivered_twice_unmarked(tx, day)


def _third_sending(tx: Tx, day: Day) -> Outside:
    _set(tx, OutboxItem, OutboxItem.message_id.is_not(None), unknown_fate=True)
    return replace(day.outside, deliveries={day.rfc_id: ["We come. reply-ben-1z"] * 3})


def _never_delivered(tx: Tx, day: Day) -> Outside:
    return replace(day.outside, deliveries={})


def _another_message_id(tx: Tx, day: Day) -> Outside:
    other = {"<new@crm.test>": ["We come. reply-ben-1z"]}
    return replace(day.outside, deliveries={**day.outside.deliveries, **other})


def _other_words(tx: Tx, day: Day) -> Outside:
    _set(tx, OutboxItem, OutboxItem.message_id.is_not(None), unknown_fate=True)
    texts = ["We come. reply-ben-1z", "We do not. reply-ben-1z"]
    return replace(day.outside, deliveries={day.rfc_id: texts})


def _handoff_lost(tx: Tx, day: Day) -> None:
    tx.session.execute(delete(OutboxItem).where(OutboxItem.handoff_id.is_not(None)))
    tx.session.execute(delete(Handoff))


def _handoff_twice_at_the_office(tx: Tx, day: Day) -> Outside:
    key = tx.session.scalars(select(Handoff.idempotency_key)).one()
    return replace(day.outside, asked={key: 2})


def _draft_lost(tx: Tx, day: Day) -> Outside:
    typed = _said("typed", token="reply-ben-8z", contact=2)
    return replace(day.outside, entries=[*day.outside.entries, typed])


def _waits_for_ever(tx: Tx, day: Day) -> None:
    _set(tx, Contact, Contact.channel == "email", state="queued", owner_id=None)


def _work_left_lying(tx: Tx, day: Day) -> None:
    _set(tx, OutboxItem, OutboxItem.id > 0, not_before=tx.now.replace(year=2020))


def _nobody_holds_the_lane(tx: Tx, day: Day) -> None:
    tx.session.execute(update(Lease).values(expires_at=tx.now.replace(year=2020)))


_PLANTED: tuple[tuple[Plant, str], ...] = (
    (_mail_twice, "mail-1z exists 2 times"),
    (_form_lost, "form-2z was accepted and is lost"),
    (_form_under_another_reference, "form-2z was given C-000-000-0"),
    (_reply_lost, "reply-ben-1z was accepted and is lost"),
    (_reply_twice, "reply-ben-1z exists 2 times"),
    (_nobodys_reply, "reply-ben-1z exists and nobody sent it"),
    (_second_owner, "given to 2 people at once"),
    (_owner_without_assignment, "but given to nobody"),
    (_wrong_state, "its events say completed"),
    (_taken_twice, "contact.taken while active"),
    (_wrong_message_state, "is failed, its events say sent"),
    (_wrong_handoff_state, "is done, its events say"),
    (_delivered_twice_unmarked, "was delivered twice and is not marked"),
    (_repeated_without_an_event, "was repeated and no event says so"),
    (_third_sending, "was delivered 3 times"),
    (_never_delivered, "is lost: it was never delivered"),
    (_another_message_id, "was delivered under 2 Message-IDs"),
    (_other_words, "was repeated with other words"),
    (_handoff_lost, "was accepted and is lost"),
    (_handoff_twice_at_the_office, "2 times, and it is not marked"),
    (_draft_lost, "the text reply-ben-8z was typed and is lost"),
    (_waits_for_ever, "is stuck: queued"),
    (_work_left_lying, "outgoing work"),
    (_nobody_holds_the_lane, "nobody holds the lease outbox:email"),
)


def test_every_planted_error_is_found(day: Day) -> None:
    for plant, words in _PLANTED:
        with _undone(day.owner) as tx:
            outside = plant(tx, day) or day.outside
            tx.session.flush()
            wrong = violations(found_in(tx), outside)
        assert any(words in each for each in wrong), f"{plant.__name__}: {wrong}"


class _Undo(Exception):
    """Nothing of it is kept."""


@contextmanager
def _undone(db: Database) -> Iterator[Tx]:
    try:
        with db.write() as tx:
            if tx.dialect == "postgresql":
                # What happened is kept by triggers, from its owner too.
                tx.session.execute(text("SET LOCAL session_replication_role = replica"))
            yield tx
            raise _Undo
    except _Undo:
        return


def _set(tx: Tx, model: type[Base], which: object, **values: object) -> None:
    tx.session.execute(update(model).where(which).values(**values))  # type: ignore[arg-type]  # any condition


def _again(tx: Tx, model: type[Base], which: object, **values: object) -> None:
    """Insert a second row like the first."""
    table = model.__table__
    row = tx.session.execute(select(table).where(which)).mappings().first()  # type: ignore[arg-type]  # any condition
    assert row is not None
    tx.session.execute(insert(model), [{**row, **values, "id": 999}])
