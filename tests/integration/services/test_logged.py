"""A contact is logged by hand once, back-dated and marked, in one's own name, on both dialects."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import delete, select, update

from crm_desktop.domain.errors import Conflict, CrmError, InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.logged import LoggedContact
from crm_desktop.domain.states import Channel, ContactState, Direction, Resolution
from crm_desktop.services import contacts, logged
from crm_desktop.store.database import Database
from crm_desktop.store.guard import LogEntry
from crm_desktop.store.models import (
    Assignment,
    Contact,
    Customer,
    Event,
    Identifier,
    Membership,
    Message,
    Service,
    Staff,
)
from tests.centre import Centre

EARLIER = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=40)


def said(centre: Centre, service: str = "missed_bin", **changes: Any) -> LoggedContact:
    """A call that was answered on another phone."""
    entry = LoggedContact(
        key=str(uuid4()),
        channel=Channel.CALL,
        direction=Direction.INBOUND,
        happened_at=EARLIER,
        who="Margaret Okafor",
        about="Bin missed again",
        done="Told her that we come back on Friday.",
        service_id=_service(centre, service),
        resolution=Resolution.RESOLVED,
    )
    return replace(entry, **changes)


def _service(centre: Centre, code: str) -> int:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Service.id).where(Service.code == code)).one()


def _all(centre: Centre, *columns: object) -> list[tuple[object, ...]]:
    with centre.as_owner().read() as tx:
        return [tuple(row) for row in tx.session.execute(select(*columns))]  # type: ignore[call-overload]


def _contact(centre: Centre, contact_id: int) -> Contact:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Contact).where(Contact.id == contact_id)).one()


def _me(db: Database) -> int:
    assert db.actor is not None
    return db.actor.id


def test_a_completed_contact_is_back_dated_marked_and_never_waited(centre: Centre) -> None:
    anna = centre.as_person("anna")

    entered = logged.log_contact(anna, said(centre, while_away=True))

    contact = _contact(centre, entered.contact_id)
    assert contact.state == ContactState.COMPLETED
    assert contact.received_at == contact.queued_at == contact.first_taken_at == EARLIER
    assert contact.completed_at == EARLIER
    assert contact.entered_at is not None
    assert contact.entered_at > EARLIER + timedelta(minutes=39)
    assert (contact.while_away, contact.owner_id) == (True, _me(anna))
    assert (contact.resolution, contact.avoidable, contact.end_reason) == (
        "resolved", False, "normal",
    )  # fmt: skip
    assert contact.queue_id == centre.queue_id("waste")
    assert _all(centre, Assignment.staff_id, Assignment.accepted_at, Assignment.ended_at) == [
        (_me(anna), EARLIER, EARLIER)
    ]
    assert _all(centre, Message.visibility, Message.author_id, Message.at) == [
        ("internal", _me(anna), EARLIER)
    ]


def test_the_event_has_both_times_and_the_screens_say_them(centre: Centre) -> None:
    anna = centre.as_person("anna")

    entered = logged.log_contact(anna, said(centre, while_away=True, resolution=None))

    kinds = _all(centre, Event.kind, Event.actor_id, Event.data)
    ((kind, actor, data),) = kinds
    assert (kind, actor) == ("contact.logged", _me(anna))
    assert isinstance(data, dict)
    assert datetime.fromisoformat(data["happened"]) == EARLIER
    assert datetime.fromisoformat(data["entered"]) > EARLIER
    opened = contacts.open_contact(anna, entered.contact_id)
    assert entered.row is not None
    assert opened.row.entered_at == entered.row.entered_at
    assert opened.row.while_away
    words = opened.timeline[0].words
    assert words.startswith("Logged by hand: happened ")
    assert words.endswith("logged while the database was away")


def test_a_follow_up_is_in_hand_and_due_on_the_next_working_day(centre: Centre) -> None:
    anna = centre.as_person("anna")

    entered = logged.log_contact(anna, said(centre, resolution=None))

    contact = _contact(centre, entered.contact_id)
    assert (contact.state, contact.owner_id) == (ContactState.ACTIVE, _me(anna))
    assert contact.due_at is not None
    assert contact.due_at > datetime.now(UTC)
    moved = contacts.release(anna, entered.contact_id)
    assert moved.row is not None
    assert moved.row.state == ContactState.QUEUED


def test_the_same_key_is_entered_once_whatever_has_changed_since(centre: Centre) -> None:
    anna = centre.as_person("anna")
    entry = said(centre, reach="01632 960 123")
    first = logged.log_contact(anna, entry)
    with centre.as_owner().write() as tx:
        tx.session.execute(update(Service).values(active=False))

    again = logged.log_contact(anna, entry)

    assert again.contact_id == first.contact_id
    assert len(_all(centre, Contact.id)) == 1
    assert len(_all(centre, Customer.id)) == 1


def test_a_key_of_somebody_else_is_refused_and_tells_nothing(centre: Centre) -> None:
    entry = said(centre)
    logged.log_contact(centre.as_person("anna"), entry)

    with pytest.raises(NotAllowed):
        logged.log_contact(centre.as_person("ben"), entry)
    assert len(_all(centre, Contact.id)) == 1


def test_a_customer_is_found_by_number_made_when_new_and_doubted_when_named_otherwise(
    centre: Centre,
) -> None:
    anna = centre.as_person("anna")
    first = logged.log_contact(anna, said(centre, reach="01632 960 123"))
    same = logged.log_contact(anna, said(centre, reach="+44 1632 960123"))
    other = logged.log_contact(anna, said(centre, reach="01632 960 123", who="Bob Okafor"))
    nobody = logged.log_contact(anna, said(centre, who="Unknown"))

    found = [_contact(centre, each.contact_id) for each in (first, same, other, nobody)]
    assert found[0].customer_id == found[1].customer_id is not None
    assert (found[2].customer_id, found[2].needs_checking) == (None, True)
    assert found[2].check_reason == "01632 960 123 is that of Margaret Okafor"
    assert (found[3].customer_id, found[3].needs_checking) == (None, False)
    assert _all(centre, Identifier.norm) == [("+441632960123",)]


def test_a_service_of_another_queue_is_logged_in_one_s_own(centre: Centre) -> None:
    with centre.as_owner().write() as tx:
        tx.session.execute(
            delete(Membership).where(Membership.queue_id == centre.queue_id("waste"))
        )

    entered = logged.log_contact(centre.as_person("anna"), said(centre, "missed_bin"))

    assert _contact(centre, entered.contact_id).queue_id == centre.queue_id("general")
    with pytest.raises(NotAllowed):  # a restricted queue is no place for what others may see
        logged.log_contact(centre.as_person("cora"), said(centre, "missed_bin"))


def test_what_is_restricted_is_not_there(centre: Centre) -> None:
    with pytest.raises(NotFound) as refusal:
        logged.log_contact(centre.as_person("anna"), said(centre, "concern"))

    assert refusal.value.params["what"] == "That service"
    entered = logged.log_contact(centre.as_person("cora"), said(centre, "concern"))
    assert _contact(centre, entered.contact_id).queue_id == centre.queue_id("care")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"happened_at": datetime.now(UTC) + timedelta(hours=1)}, "happened_at"),
        ({"happened_at": datetime.now(UTC) - timedelta(days=32)}, "happened_at"),
        ({"who": "  "}, "who"),
        ({"about": "\x00\n"}, "about"),
        ({"reach": "twelve"}, "reach"),
        ({"service_id": None}, "service"),
        ({"channel": Channel.WEB_FORM}, "channel"),
        ({"done": "x" * 20_001}, "done"),
    ],
)
def test_what_cannot_be_is_said_by_its_field(
    centre: Centre, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        logged.log_contact(centre.as_person("anna"), said(centre, **changes))

    assert field in refusal.value.params["fields"]  # type: ignore[operator]
    assert _all(centre, Contact.id) == []


def test_a_merged_or_absent_customer_is_refused_and_named(centre: Centre) -> None:
    anna = centre.as_person("anna")
    with centre.as_owner().write() as tx:
        kept, merged = (Customer(name=name, folded=name) for name in ("kept", "merged"))
        tx.session.add_all([kept, merged])
        tx.session.flush()
        merged.merged_into_id = kept.id
        ids = (merged.id, 987_654)

    for customer_id in ids:
        with pytest.raises(NotFound) as refusal:
            logged.log_contact(anna, said(centre, customer_id=customer_id))
        assert refusal.value.params["what"] == "That customer's record"


_BAD: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("in the future", {"happened_at": datetime.now(UTC) + timedelta(days=1)}, {}),
    ("long ago", {"happened_at": datetime.now(UTC) - timedelta(days=40)}, {}),
    ("a web form", {"channel": Channel.WEB_FORM}, {}),
    ("no name", {"who": ""}, {}),
    ("no key", {"key": "1"}, {}),
    ("endless words", {"done": "x" * 20_001}, {}),
    ("a follow-up never due", {"resolution": None}, {"due_at": None}),
    (
        "a follow-up due before it happened",
        {"resolution": None},
        {"due_at": EARLIER - timedelta(days=1)},
    ),
)


@pytest.mark.parametrize(("what", "changes", "more"), _BAD, ids=[each[0] for each in _BAD])
def test_the_database_itself_refuses_what_no_desktop_asks(
    centre: Centre, what: str, changes: dict[str, Any], more: dict[str, Any]
) -> None:
    entry = LogEntry(said(centre, **changes), "words", "", EARLIER + timedelta(days=2))

    with pytest.raises(Conflict), centre.as_person("anna").write() as tx:
        tx.guard.log_contact(replace(entry, **more))
    assert _all(centre, Contact.id) == []


def test_a_disabled_person_logs_nothing(postgres_centre: Centre) -> None:
    anna, entry = postgres_centre.as_person("anna"), said(postgres_centre)
    with postgres_centre.as_owner().write() as tx:
        tx.session.execute(update(Staff).where(Staff.login == "anna").values(active=False))

    with pytest.raises(CrmError):
        logged.log_contact(anna, entry)
    assert _all(postgres_centre, Contact.id) == []


#: What an advisor with psql tries; the function has no parameter for a name, a queue or a time of
#: entry, so that each must go past it.
ATTACKS = (
    ("a contact past the function",
     ("INSERT INTO contact (channel, direction, state, queue_id, who, subject, preview, folded,"
     " priority, parked_for_reply, needs_checking, check_reason, auto_generated, logged_key)"
     " SELECT 'call', 'inbound', 'completed', min(id), 'x', '', '', '', 0, false, false, '', false,"
     " 'k' FROM queue")),
    ("a forged time of entry", "UPDATE contact SET entered_at = now() - interval '1 day'"),
    ("a forged mark", "UPDATE contact SET while_away = NOT while_away"),
    ("an event of a logging that never was",
     ("INSERT INTO event (kind, actor_id, contact_id, data) SELECT 'contact.logged', app.me(), id,"
      " '{}' FROM contact")),
    ("the choice of a queue", "SELECT app.logging_queue(1)"),
)  # fmt: skip


def _what_is_there(centre: Centre) -> tuple[list[tuple[object, ...]], ...]:
    marks = (Contact.id, Contact.entered_at, Contact.while_away)
    return _all(centre, *marks), _all(centre, Event.id)


def test_an_advisor_with_psql_forges_nothing(postgres_centre: Centre) -> None:
    logged.log_contact(postgres_centre.as_person("anna"), said(postgres_centre))
    before = _what_is_there(postgres_centre)
    target = postgres_centre.target_for("anna")
    url = target.url.replace("postgresql+psycopg://", "postgresql://")

    with closing(psycopg.connect(url, autocommit=True)) as connection:
        for what, statement in ATTACKS:
            with pytest.raises(psycopg.Error) as refusal:
                connection.execute(statement)
            assert refusal.value.sqlstate == "42501", what
        # In another's name: only who is signed in counts, whatever role they take on.
        with pytest.raises(psycopg.Error):
            connection.execute("SET ROLE ben")

    assert _what_is_there(postgres_centre) == before


def test_two_tries_at_once_make_one_contact(postgres_centre: Centre) -> None:
    entry = said(postgres_centre)
    people = [postgres_centre.as_person("anna") for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        ids = {
            each.contact_id for each in pool.map(lambda db: logged.log_contact(db, entry), people)
        }

    assert len(ids) == 1
    assert len(_all(postgres_centre, Contact.id)) == 1
