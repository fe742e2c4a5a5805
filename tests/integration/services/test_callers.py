"""What becomes of callers who were not answered, on both dialects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event as listening
from sqlalchemy import insert, select, update

from crm_desktop.domain.calendar import Calendar
from crm_desktop.domain.callers import Leave, Missed
from crm_desktop.domain.calls import CallState
from crm_desktop.domain.decisions import DecisionKind
from crm_desktop.services import callers, contacts, counting, decisions, leases, routing
from crm_desktop.store import timeline
from crm_desktop.store.guard import EventRow
from crm_desktop.store.models import (
    Assignment,
    Call,
    Contact,
    HalfHourStat,
    OpeningCalendar,
    Queue,
    TelephoneLine,
)
from crm_desktop.store.models.recordings import Recording
from crm_desktop.store.queries import events as appending
from crm_desktop.store.queries.callers import lately_since
from tests.calls_centre import MAIN_LINE, Board, call_row, contact, customer, event, events
from tests.centre import Centre
from tests.routing_centre import at_work, push

NUMBER = "+441632960123"


@pytest.fixture
def board(centre: Centre) -> Board:
    """A centre with telephones, whose queues push at every hour; nobody is there."""
    push(centre, "general", "waste", offer_seconds=20)
    return Board(centre)


def _earlier(board: Board, contact_id: int, by: timedelta) -> None:
    """It came so much earlier."""
    with board.centre.as_owner().write() as tx:
        at = tx.now - by
        tx.session.execute(
            update(Contact).where(Contact.id == contact_id).values(queued_at=at, received_at=at)
        )


def _figures(board: Board) -> dict[str, int]:
    """The sums of today's calls, as the gateway keeps them."""
    lease = leases.acquire(board.db, "figures", "test")
    assert lease is not None
    counting.keep(board.db, lease)
    leases.release(board.db, [lease])
    with board.centre.as_owner().read() as tx:
        rows = list(tx.session.scalars(select(HalfHourStat).where(HalfHourStat.channel == "call")))
    names = ("arrivals", "answered", "abandoned", "abandoned_short", "other_exits", "handled")
    return {name: sum(getattr(each, name) for each in rows) for name in names}


def _route(board: Board) -> None:
    routing.route(board.centre.as_gateway(connections=1))


def _talks(board: Board, login: str = "anna", number: str = NUMBER) -> int:
    """A call that somebody has answered."""
    at_work(board.centre, login)
    contact_id = board.call(number)
    _route(board)
    assert board.answer(contact_id)
    return contact_id


def _callback_of(board: Board, contact_id: int) -> int:
    with board.centre.as_owner().read() as tx:
        return tx.session.scalars(
            select(Call.contact_id).where(Call.after_id == contact_id, Call.callback)
        ).one()


# Waiting


def test_who_waits_stands_behind_who_came_before_in_the_same_queue(board: Board) -> None:
    first, other, second = board.call(), board.call(choice="2"), board.call()
    raised = board.call()
    with board.centre.as_owner().write() as tx:
        tx.session.execute(update(Contact).where(Contact.id == raised).values(boost=5))

    found = {each.contact_id: each.ahead for each in callers.waiting(board.db, board.account_id)}

    assert found == {raised: 0, first: 1, second: 2, other: 0}


def test_an_expected_wait_is_said_only_when_the_queue_did_something_lately(board: Board) -> None:
    contact_id = board.call()
    board.call()
    assert [each.expected for each in callers.waiting(board.db, board.account_id)] == [None, None]

    with board.centre.as_owner().write() as tx:
        since = lately_since(tx.now)
        elapsed = (tx.now - since).total_seconds()
        tx.session.execute(
            insert(HalfHourStat).values(
                half_hour=since, queue_id=board.centre.queue_id("general"), channel="call",
                answered=10, wait_seconds=1200, seconds=20, in_opening_hours=True, goal=80,
                short_seconds=5, variant="default",
            )
        )  # fmt: skip
    _earlier(board, contact_id, timedelta(seconds=90))
    first, second = callers.waiting(board.db, board.account_id)

    assert first.expected is not None
    assert second.expected is not None
    assert first.expected.total_seconds() == pytest.approx(30, abs=5)
    # Behind one other, at the pace of ten since then, or the two minutes that others waited.
    pace = max(elapsed / 10, 120)
    assert second.expected.total_seconds() == pytest.approx(pace, abs=8)


def test_all_who_wait_are_asked_about_in_one_statement(board: Board) -> None:
    for _ in range(12):
        board.call()
    asked: list[str] = []

    def heard(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            asked.append(statement)

    listening.listen(board.db.engine, "before_cursor_execute", heard)
    found = callers.waiting(board.db, board.account_id)
    listening.remove(board.db.engine, "before_cursor_execute", heard)

    assert len(found) == 12
    # The database's time is the other.
    assert len(asked) <= 2


def test_a_closed_queue_is_known_as_closed(board: Board) -> None:
    board.call()
    with board.centre.as_owner().write() as tx:
        tx.session.execute(update(OpeningCalendar).values(hours={"week": {}}))

    (found,) = callers.waiting(board.db, board.account_id)

    assert not found.open


# Callback


def test_a_queued_callback_keeps_its_place_and_is_no_abandon(board: Board) -> None:
    first, second = board.call("01632 960111"), board.call(NUMBER)
    queued_at = contact(board.centre, first).queued_at

    assert callers.call_me_back(board.db, first, board.lease)
    board.end(first)

    row = contact(board.centre, first)
    assert (row.state, row.queued_at) == ("queued", queued_at)
    call = call_row(board.centre, first)
    assert (call.state, call.callback, call.channel, call.ended_at) == ("callback", True, "", None)
    assert events(board.centre, first) == ["contact.received", "contact.callback"]
    # Those behind are not moved up by it, and it is not told any more where it stands.
    (waits,) = callers.waiting(board.db, board.account_id)
    assert (waits.contact_id, waits.ahead) == (second, 1)
    assert _figures(board) == {
        "arrivals": 2, "answered": 0, "abandoned": 0, "abandoned_short": 0, "other_exits": 1,
        "handled": 0,
    }  # fmt: skip


def test_a_callback_that_is_taken_afterwards_is_still_one_exit(board: Board) -> None:
    at_work(board.centre, "anna")
    contact_id = board.call()
    callers.call_me_back(board.db, contact_id, board.lease)
    _route(board)
    assert contact(board.centre, contact_id).state == "offered"
    with board.centre.as_owner().write() as tx:
        tx.session.execute(update(Contact).where(Contact.id == contact_id).values(state="active"))
        appending.append(tx, "contact.taken", contact_id=contact_id, staff=1)

    sums = _figures(board)

    assert (sums["other_exits"], sums["answered"], sums["abandoned"]) == (1, 0, 0)


def test_who_withheld_their_number_cannot_be_called_back(board: Board) -> None:
    contact_id = board.call("anonymous")

    assert not callers.call_me_back(board.db, contact_id, board.lease)

    assert events(board.centre, contact_id) == ["contact.received"]


def test_who_is_offered_already_is_answered_and_not_called_back(board: Board) -> None:
    at_work(board.centre, "anna")
    contact_id = board.call()
    _route(board)

    assert not callers.call_me_back(board.db, contact_id, board.lease)
    assert not callers.greet(board.db, contact_id, Leave.CHOICE, board.lease, message=True)

    assert board.answer(contact_id)


def test_a_callback_that_nobody_takes_for_an_hour_needs_a_decision(board: Board) -> None:
    contact_id = board.call()
    callers.call_me_back(board.db, contact_id, board.lease)
    rose = board.centre.as_person("rose")
    assert decisions.needs(rose) == ()

    with board.centre.as_owner().write() as tx:
        asked = tx.now - timedelta(minutes=61)
        tx.session.execute(update(Call).values(state_since=asked))
    (missed,) = decisions.needs(rose)

    assert (missed.kind, missed.contact_id) == (DecisionKind.CALLBACK, contact_id)
    assert (missed.at, missed.due) == (asked, asked + timedelta(hours=1))


# Voicemail


def test_a_message_is_a_contact_of_its_own_with_a_clock_of_one_working_day(board: Board) -> None:
    customer(board.centre, "Margaret Okafor", NUMBER)
    with board.centre.as_owner().write() as tx:
        hours = {"week": {day: ["08:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}}
        tx.session.execute(update(OpeningCalendar).values(hours=hours))
    called = board.call(NUMBER)

    assert callers.greet(board.db, called, Leave.CLOSED, board.lease, message=True)
    # The switchboard sees them hang up; the message is still to come.
    board.end(called)
    assert contact(board.centre, called).state == "abandoned"
    assert callers.in_voicemail(board.db, board.account_id)[0][0] == called
    left = callers.left_message(board.db, called, "crm-vm-1", 22.6, board.lease)
    again = callers.left_message(board.db, called, "crm-vm-1", 22.6, board.lease)
    assert callers.hung_up(board.db, called, board.lease)

    assert left is not None
    assert again == left
    row, before = contact(board.centre, left), contact(board.centre, called)
    assert (row.channel, row.state, row.who) == ("voicemail", "queued", "Margaret Okafor")
    assert (row.thread_id, row.queue_id) == (before.thread_id, before.queue_id)
    assert (before.state, before.end_reason) == ("completed", "voicemail")
    assert "23 seconds" in row.preview
    calendar = Calendar.from_data(hours)
    due = calendar.add_working_time(row.received_at, timedelta(hours=10))
    # SQLite's clock goes on within a transaction.
    slack = timedelta(seconds=1 if board.centre.dialect == "sqlite" else 0)
    assert row.due_at is not None
    assert abs(row.due_at - due) <= slack
    assert call_row(board.centre, left).number == NUMBER
    with board.centre.as_owner().read() as tx:
        sound = tx.session.scalars(select(Recording)).one()
    assert (sound.contact_id, sound.name, sound.kind) == (left, "crm-vm-1", "voicemail")
    assert sound.ended_at is not None
    kinds = ["contact.received", "call.greeted", "contact.voicemail", "call.ended"]
    assert events(board.centre, called) == kinds
    assert _figures(board)["other_exits"] == 1
    assert callers.in_voicemail(board.db, board.account_id) == ()


def test_who_hangs_up_at_the_greeting_gave_up(board: Board) -> None:
    called = board.call()
    callers.greet(board.db, called, Leave.CHOICE, board.lease, message=True)

    assert callers.hung_up(board.db, called, board.lease)
    assert not callers.hung_up(board.db, called, board.lease)

    row = contact(board.centre, called)
    assert (row.state, row.end_reason) == ("abandoned", "abandoned")
    assert event(board.centre, called, "contact.abandoned")["after"] == "greeting"
    assert call_row(board.centre, called).ended_at is not None
    assert _figures(board)["abandoned"] == 1


@pytest.mark.parametrize("why", [Leave.CLOSED, Leave.BUSY])
def test_who_is_sent_away_is_counted_and_not_as_given_up(board: Board, why: Leave) -> None:
    called = board.call()

    assert callers.greet(board.db, called, why, board.lease, message=False)
    assert callers.hung_up(board.db, called, board.lease)

    assert contact(board.centre, called).end_reason == why.value
    sums = _figures(board)
    assert (sums["abandoned"], sums["other_exits"]) == (0, 1)


# Cut off


def test_a_call_that_drops_becomes_a_priority_callback_for_the_same_advisor(board: Board) -> None:
    customer(board.centre, "Margaret Okafor", NUMBER)
    at_work(board.centre, "ben")
    cut = _talks(board)
    owner = contact(board.centre, cut).owner_id
    board.end(cut, by="pbx", cut_off=True)

    callback_id = _callback_of(board, cut)
    row, before = contact(board.centre, callback_id), contact(board.centre, cut)
    assert (before.state, call_row(board.centre, cut).cut_off) == ("wrap_up", True)
    assert (row.state, row.direction, row.who) == ("queued", "outbound", "Margaret Okafor")
    assert (row.boost, row.boost_reason) == (5, "Cut off")
    assert (row.customer_id, row.thread_id) == (before.customer_id, before.thread_id)
    assert event(board.centre, callback_id, "contact.callback")["why"] == "cut_off"
    # Whoever had it is still wrapping up: nobody else gets it meanwhile.
    _route(board)
    assert contact(board.centre, callback_id).state == "queued"
    with board.centre.as_owner().write() as tx:
        tx.session.execute(
            update(Assignment)
            .where(Assignment.contact_id == cut)
            .values(ended_at=tx.now, state="completed")
        )
    _route(board)
    now = contact(board.centre, callback_id)
    assert (now.state, now.owner_id) == ("offered", owner)


def test_somebody_else_calls_back_when_the_advisor_is_away_or_takes_too_long(board: Board) -> None:
    at_work(board.centre, "ben")
    cut = _talks(board)
    board.end(cut, by="pbx", cut_off=True)
    callback_id = _callback_of(board, cut)
    owner = contact(board.centre, cut).owner_id

    _earlier(board, callback_id, timedelta(seconds=121))
    _route(board)

    now = contact(board.centre, callback_id)
    assert now.state == "offered"
    assert now.owner_id != owner


def test_a_withheld_number_cannot_be_called_back_after_a_cut(board: Board) -> None:
    cut = _talks(board, number="anonymous")

    board.end(cut, by="pbx", cut_off=True)

    with board.centre.as_owner().read() as tx:
        assert tx.session.scalars(select(Call.contact_id)).all() == [cut]


def test_a_call_that_somebody_ended_makes_no_callback(board: Board) -> None:
    ended = _talks(board)

    board.end(ended, by="caller")

    with board.centre.as_owner().read() as tx:
        assert tx.session.scalars(select(Call.contact_id)).all() == [ended]


def test_who_was_cut_off_and_calls_again_goes_to_the_same_advisor(board: Board) -> None:
    at_work(board.centre, "ben", "rose")
    cut = _talks(board)
    owner = contact(board.centre, cut).owner_id
    board.end(cut, by="pbx", cut_off=True)
    callback_id = _callback_of(board, cut)
    with board.centre.as_owner().write() as tx:
        tx.session.execute(update(Assignment).values(ended_at=tx.now, state="completed"))

    again = board.call(NUMBER)
    _route(board)

    row, callback = contact(board.centre, again), contact(board.centre, callback_id)
    assert (row.state, row.owner_id, row.boost_reason) == ("offered", owner, "Cut off")
    assert call_row(board.centre, again).after_id == cut
    assert (callback.state, callback.resolution) == ("completed", "no_action")
    assert callback.end_reason == "called_again"
    told = event(board.centre, callback_id, "contact.completed")
    assert (told["reason"], told["by"]) == ("called_again", again)
    assert call_row(board.centre, callback_id).ended_at is not None


def test_who_calls_while_their_callback_is_offered_goes_to_whom_it_was_offered(
    board: Board,
) -> None:
    at_work(board.centre, "ben", "rose")
    cut = _talks(board)
    owner = contact(board.centre, cut).owner_id
    board.end(cut, by="pbx", cut_off=True)
    callback_id = _callback_of(board, cut)
    with board.centre.as_owner().write() as tx:
        tx.session.execute(update(Assignment).values(ended_at=tx.now, state="completed"))
    _route(board)
    assert contact(board.centre, callback_id).state == "offered"

    again = board.call(NUMBER)
    _route(board)

    row, callback = contact(board.centre, again), contact(board.centre, callback_id)
    assert (callback.state, callback.owner_id) == ("completed", None)
    assert (row.state, row.owner_id) == ("offered", owner)
    with board.centre.as_owner().read() as tx:
        offers = select(Assignment.state).where(Assignment.contact_id == callback_id)
        assert tx.session.scalars(offers).all() == ["rescinded"]


def test_who_calls_again_before_the_callback_keeps_their_place(board: Board) -> None:
    first = board.call(NUMBER)
    _earlier(board, first, timedelta(minutes=4))
    callers.call_me_back(board.db, first, board.lease)
    place = contact(board.centre, first).queued_at

    again = board.call(NUMBER)
    stranger = board.call("01632 960199")

    assert contact(board.centre, first).state == "completed"
    assert contact(board.centre, again).queued_at == place
    assert contact(board.centre, stranger).queued_at > place


# While no gateway was there


def _missed(**values: Any) -> Missed:
    at = datetime.now(UTC) - timedelta(minutes=50)
    return Missed(**{"unique": "177.1", "at": at, "number": NUMBER, "dialled": MAIN_LINE, **values})


def test_who_hung_up_while_no_gateway_was_there_is_read_in_once(board: Board) -> None:
    missed = _missed(waited=41)

    contact_id = callers.read_in(board.db, board.account_id, missed, board.lease)
    again = callers.read_in(board.db, board.account_id, missed, board.lease)

    assert contact_id is not None
    assert again is None
    row = contact(board.centre, contact_id)
    assert (row.state, row.received_at, row.while_away) == ("abandoned", missed.at, True)
    told = event(board.centre, contact_id, "contact.abandoned")
    assert (told["waited"], told["while_away"]) == (41, True)
    assert call_row(board.centre, contact_id).ended_at is not None
    sums = _figures(board)
    # Nobody here saw them wait: the PBX says that it was no short wait.
    assert (sums["abandoned"], sums["abandoned_short"]) == (1, 0)


def test_a_message_that_the_pbx_took_by_itself_is_a_voicemail(board: Board) -> None:
    missed = _missed(waited=60, recording="crm-away-177.1", seconds=12.4)

    contact_id = callers.read_in(board.db, board.account_id, missed, board.lease)

    assert contact_id is not None
    assert contact(board.centre, contact_id).end_reason == "voicemail"
    with board.centre.as_owner().read() as tx:
        sound = tx.session.scalars(select(Recording)).one()
    left = contact(board.centre, sound.contact_id)
    assert (left.channel, left.state) == ("voicemail", "queued")
    assert "while the CRM was away" in left.preview
    assert callers.read_in(board.db, board.account_id, missed, board.lease) is None


def test_what_was_answered_at_a_telephone_meanwhile_says_by_whom(board: Board) -> None:
    missed = _missed(waited=8, answered=True, talked=95, extension="101")

    contact_id = callers.read_in(board.db, board.account_id, missed, board.lease)

    assert contact_id is not None
    row = contact(board.centre, contact_id)
    assert (row.state, row.owner_id) == ("completed", board.centre.person("anna").id)
    assert event(board.centre, contact_id, "contact.answered_away")["talk"] == 95
    assert _figures(board)["other_exits"] == 1


# Words


@pytest.fixture
def said(board: Board) -> Any:
    """The timeline's words of a contact."""

    def words(contact_id: int) -> list[str]:
        anna = board.centre.as_person("rose")
        return [each.words for each in contacts.open_contact(anna, contact_id).timeline]

    return words


def test_the_history_says_when_and_after_how_long_somebody_gave_up(board: Board, said: Any) -> None:
    contact_id = board.call()
    _earlier(board, contact_id, timedelta(seconds=65))
    board.end(contact_id)

    assert any(each.startswith("Caller gave up: after 1 min 5 s") for each in said(contact_id))


def test_every_new_event_has_words_of_its_own() -> None:
    at = datetime.now(UTC)
    told: tuple[tuple[str, dict[str, object], str], ...] = (
        ("contact.callback", {"why": "cut_off"}, "Callback: the call was cut off"),
        ("contact.callback", {"waited": 30}, "Callback: asked for after 30 s"),
        ("contact.voicemail", {"seconds": 23.0}, "Left a voicemail: 23 s long"),
        ("contact.turned_away", {"why": "closed"}, "Sent away: the queue was closed"),
        ("call.ended", {"cut_off": True, "talk": 61}, "Call ended: cut off, talked for 1 min 1 s"),
        ("call.greeted", {"why": "closed"}, "Heard the greeting: the queue was closed"),
        (
            "contact.abandoned",
            {"waited": 4, "after": "greeting"},
            "Caller gave up: after 4 s at the voicemail greeting",
        ),
    )
    for kind, data, words in told:
        assert timeline.entry(EventRow(at, kind, "", data)).words == words


def test_state_of_the_line_s_own_settings(board: Board) -> None:
    with board.centre.as_owner().write() as tx:
        tx.session.execute(
            update(TelephoneLine).values(voicemail=False, callback=False, most_waiting=3)
        )
        tx.session.execute(update(Queue).values(ageing_seconds=600))
    board.call()
    (found,) = callers.waiting(board.db, board.account_id)

    assert (found.voicemail, found.callback, found.most_waiting) == (False, False, 3)
    assert found.known_number
    assert call_row(board.centre, found.contact_id).state == CallState.WAITING
