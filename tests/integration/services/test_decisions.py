"""What waits for a team leader's decision, and what becomes of it, on both dialects."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text, update

from crm_desktop.domain.decisions import Decision, DecisionKind
from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.states import OutboxState, StaffRole
from crm_desktop.domain.views import Reply
from crm_desktop.services import cases, contacts, decisions, handoffs, replies
from crm_desktop.services.cases import CaseInput
from crm_desktop.store.database import Database
from crm_desktop.store.models import (
    Case,
    Contact,
    Event,
    Handoff,
    Message,
    OutboxItem,
    SafetyMarker,
    Service,
)
from crm_desktop.store.queries import decisions as queries
from tests.centre import Centre
from tests.integration.services.arrivals import change
from tests.integration.services.casework import Desk, at_work, service_id

REVIEW = date(2099, 1, 1)
REPLY = Reply("We will come back for it.", "sam.doe@example.org")


def _kinds(db: Database) -> list[str]:
    return [each.kind.value for each in decisions.needs(db)]


def _only(db: Database) -> Decision:
    (found,) = decisions.needs(db)
    return found


def _marker(desk: Desk) -> int:
    with desk.centre.as_owner().read() as tx:
        customer = tx.session.scalar(
            select(Contact.customer_id).where(Contact.id == desk.contact_id)
        )
    assert customer is not None
    with desk.db.write() as tx:
        return tx.guard.marker_propose(customer, "Dog at the door")


def _stuck(desk: Desk, state: OutboxState, error: str = "") -> int:
    """A reply of this desk's in a state that waits for somebody."""
    sent = replies.send(desk.db, desk.contact_id, REPLY)
    with desk.centre.as_owner().write() as tx:
        held = state is OutboxState.HELD
        tx.session.execute(
            update(Message)
            .where(Message.id == sent.message_id)
            .values(state="stopped" if held else "failed", findings=["a name"] if held else [])
        )
        item = tx.session.scalars(
            select(OutboxItem).where(OutboxItem.message_id == sent.message_id)
        ).one()
        item.state, item.last_error = state, error
        return item.id


def test_nothing_waits_and_an_advisor_does_not_ask(centre: Centre) -> None:
    assert decisions.needs(centre.as_person("rose")) == ()
    with pytest.raises(NotAllowed):
        decisions.needs(centre.as_person("anna"))


def test_a_marker_is_approved_or_declined(centre: Centre) -> None:
    desk, rose = at_work(centre), centre.as_person("rose")
    marker = _marker(desk)

    found = _only(rose)

    assert (found.kind, found.ref) == (DecisionKind.MARKER, marker)
    assert found.title == "Safety marker proposed by Anna Whitlock"
    assert found.detail == "Sam Doe · Dog at the door"
    with pytest.raises(InvalidInput):
        decisions.approve_marker(rose, marker, date(2000, 1, 1))
    decisions.approve_marker(rose, marker, REVIEW)
    assert _kinds(rose) == []
    with pytest.raises(Conflict):
        decisions.approve_marker(rose, marker, REVIEW)
    change(centre, SafetyMarker, marker, state="review_due")
    assert _only(rose).title == "Safety marker is due for review"
    decisions.decline_marker(rose, marker)
    assert _kinds(rose) == []


def test_an_administrator_is_not_shown_what_a_team_leader_decides(centre: Centre) -> None:
    _marker(at_work(centre))
    ada = centre.as_person(centre.hire(StaffRole.ADMIN, "general", name="Ada Grant"))

    assert _kinds(ada) == []


def test_a_stopped_reply_is_sent_or_given_up(centre: Centre) -> None:
    desk, rose = at_work(centre), centre.as_person("rose")
    first, second = _stuck(desk, OutboxState.HELD), _stuck(desk, OutboxState.HELD)

    found = {each.ref: each for each in decisions.needs(rose)}

    assert found.keys() == {first, second}
    assert found[first].kind is DecisionKind.STOPPED
    assert found[first].contact_id == desk.contact_id
    assert found[first].detail == "To Sam Doe: 1 thing to look at · Missed bin · by Anna Whitlock"
    stopped = found[first].message_id
    assert stopped is not None
    replies.release_stopped(rose, stopped)
    decisions.let_be(rose, second)
    assert _kinds(rose) == []
    with centre.as_owner().read() as tx:
        states = tx.session.execute(
            select(OutboxItem.state, Message.state)
            .join(Message, Message.id == OutboxItem.message_id)
            .order_by(OutboxItem.id)
        ).all()
        kinds = tx.session.scalars(select(Event.kind).order_by(Event.id)).all()
    assert [tuple(each) for each in states] == [
        ("pending", "pending"),
        ("withdrawn", "withdrawn"),
    ]
    assert kinds[-2:] == ["message.released", "outbox.let_be"]
    with pytest.raises(NotFound):
        decisions.let_be(rose, second)


def test_what_could_not_be_sent_and_what_came_back(centre: Centre) -> None:
    desk, rose = at_work(centre), centre.as_person("rose")
    dead = _stuck(desk, OutboxState.DEAD, "relay said 554")
    back = _stuck(desk, OutboxState.DEAD, "Could not be delivered (5.1.1)")

    found = {each.ref: each for each in decisions.needs(rose)}

    assert (found[dead].kind, found[dead].title) == (DecisionKind.DEAD, "Reply could not be sent")
    assert found[dead].detail == "Sam Doe · relay said 554 · by Anna Whitlock"
    assert found[back].kind is DecisionKind.RETURNED
    handoffs.retry(rose, dead)
    assert _only(rose).ref == back


def test_hand_offs_that_are_late_or_came_back(centre: Centre) -> None:
    desk, rose = at_work(centre), centre.as_person("rose")
    saved = desk.opens()
    handoffs.request(desk.db, saved.case_id, desk.contact_id)
    with centre.as_owner().read() as tx:
        handoff = tx.session.scalars(select(Handoff.id)).one()
    assert _kinds(rose) == []
    change(centre, Handoff, handoff, state="overdue", words="Crew is on its way")

    late = _only(rose)

    assert (late.kind, late.ref, late.contact_id) == (
        *(DecisionKind.OVERDUE, handoff),
        desk.contact_id,
    )
    assert late.case_id == saved.case_id
    assert late.detail == f"{saved.reference} · Crew is on its way · by Anna Whitlock"
    change(centre, Handoff, handoff, state="bounced", words="Not our road")
    assert _only(rose).kind is DecisionKind.BOUNCED
    change(centre, Case, saved.case_id, state="resolved")
    assert _kinds(rose) == []


def test_a_dead_hand_off_is_listed_once(centre: Centre) -> None:
    desk, rose = at_work(centre), centre.as_person("rose")
    saved = desk.opens()
    handoffs.request(desk.db, saved.case_id, desk.contact_id)
    with centre.as_owner().write() as tx:
        item = tx.session.scalars(select(OutboxItem)).one()
        item.state, item.last_error = OutboxState.DEAD, "no answer"
        tx.session.execute(update(Handoff).values(state="failed"))

    found = _only(rose)

    assert (found.kind, found.title) == (DecisionKind.DEAD, "Hand-off could not be sent")
    decisions.let_be(rose, found.ref)
    assert _kinds(rose) == []


def test_complaints_are_the_cases_of_the_complaints_service(centre: Centre) -> None:
    desk, rose = at_work(centre), centre.as_person("rose")
    service = service_id(centre, "council_tax")
    saved = cases.save(desk.db, CaseInput(desk.contact_id, service, {}))
    with centre.as_owner().read() as tx:
        now = tx.now
    change(centre, Case, saved.case_id, due_at=now + timedelta(hours=1))
    assert _kinds(rose) == [], "no complaint"
    change(centre, Service, service, lgsl=353)

    due = _only(rose)

    assert (due.kind, due.title, due.case_id) == (
        *(DecisionKind.COMPLAINT, "Complaint is due"),
        saved.case_id,
    )
    assert due.contact_id == desk.contact_id
    change(centre, Case, saved.case_id, due_at=now - timedelta(hours=1))
    assert _only(rose).title == "Complaint is overdue"
    change(centre, Case, saved.case_id, due_at=now + timedelta(days=15))
    assert _kinds(rose) == []


def test_other_queues_are_other_leaders(centre: Centre) -> None:
    lena, desk = centre.as_person(centre.hire(StaffRole.TEAM_LEADER, "care")), at_work(centre)
    stuck = _stuck(desk, OutboxState.DEAD, "554")
    stopped = _stuck(desk, OutboxState.HELD)

    assert _kinds(lena) == []
    for outbox_id in (stuck, stopped):
        with pytest.raises(NotFound):
            decisions.let_be(lena, outbox_id)
        with pytest.raises(NotFound):
            decisions.let_be(centre.as_person("ben"), outbox_id)
    contacts.open_contact(desk.db, desk.contact_id)


def test_much_that_is_done_costs_nothing(centre: Centre) -> None:
    """Each part is found by an index of what is undecided, however much there is besides."""
    desk, rose = at_work(centre), centre.as_person("rose")
    sent = replies.send(desk.db, desk.contact_id, REPLY)
    many = 20_000
    with centre.as_owner().write() as tx:
        tx.session.execute(
            insert(OutboxItem),
            [{"lane": "email", "message_id": sent.message_id, "state": "done"}] * many,
        )
        tx.session.execute(text("ANALYZE"))
    stuck = _stuck(desk, OutboxState.HELD)

    assert _only(rose).ref == stuck

    assert _read_whole(rose) == []


def _read_whole(db: Database) -> list[str]:
    """The tables of which asking what waits reads every row, of those that grow."""
    large = {"outbox", "contact", "handoff", "cases", "message", "event"}
    asked: list[tuple[str, Any]] = []

    def keep(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    with db.read() as tx:
        event.listen(db.engine, "before_cursor_execute", keep)
        queries.waiting(tx, tx.now, 50)
        event.remove(db.engine, "before_cursor_execute", keep)
        if db.dialect == "postgresql":
            rows = tx.core.execute(
                text("SELECT relname FROM pg_stat_xact_user_tables WHERE seq_tup_read > 1000")
            )
            return sorted(large & set(rows.scalars()))
        statement, parameters = asked[-1]
        plan = tx.core.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row[3] for row in plan if re.match(r"SCAN [okhme]\b(?! USING)", row[3])]
