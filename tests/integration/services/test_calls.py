"""What a call makes of its contact, on both dialects: in, offered, answered, ended, given up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from crm_desktop.domain.calls import CallState, LegRole
from crm_desktop.domain.errors import Conflict, LeaseLost, NotAllowed, NotFound, Taken
from crm_desktop.domain.states import ContactState, DeclineReason, Resolution
from crm_desktop.domain.views import Disposition, QueueFilter
from crm_desktop.services import call_moves, call_targets, calls, contacts, presence, routing
from crm_desktop.services.calls import Arrival
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database
from crm_desktop.store.models import Activity, Assignment, Call, Staff
from crm_desktop.store.models import Lease as LeaseRow
from tests.calls_centre import (
    WASTE_LINE,
    Board,
    call_row,
    contact,
    customer,
    event,
    events,
)
from tests.centre import Centre
from tests.routing_centre import at_work, change, push


@pytest.fixture
def board(centre: Centre) -> Board:
    """A centre with telephones, whose queues push; Anna is there."""
    push(centre, "general", "waste", offer_seconds=20)
    at_work(centre, "anna")
    return Board(centre)


def _offer(board: Board) -> None:
    routing.route(board.centre.as_gateway(connections=1))


def _not_responding(centre: Centre, login: str) -> bool:
    with centre.as_owner().read() as tx:
        query = select(Activity.not_responding_since).join(Staff, Staff.id == Activity.staff_id)
        return tx.session.scalars(query.where(Staff.login == login)).one() is not None


def test_a_call_waits_in_the_queue_of_its_line_with_its_service(board: Board) -> None:
    contact_id = board.call(dialled="01632 960020")

    row = contact(board.centre, contact_id)
    assert (row.state, row.channel, row.direction) == ("queued", "call", "inbound")
    assert row.queue_id == board.centre.queue_id("waste")
    assert (row.subject, row.service_id is not None) == ("Bins", True)
    assert row.due_at is not None
    assert events(board.centre, contact_id) == ["contact.received"]
    assert board.standing(contact_id).state is CallState.WAITING


def test_the_menu_s_choice_names_another_queue(board: Board) -> None:
    chosen, other = board.call(choice="2"), board.call(choice="7")

    assert contact(board.centre, chosen).queue_id == board.centre.queue_id("waste")
    assert contact(board.centre, chosen).subject == "Main line: Missed bin"
    assert contact(board.centre, other).queue_id == board.centre.queue_id("general")
    assert call_row(board.centre, chosen).choice == "2"


def test_a_number_that_nobody_set_up_waits_in_the_general_queue(board: Board) -> None:
    contact_id = board.call(dialled="4711")

    assert contact(board.centre, contact_id).queue_id == board.centre.queue_id("general")
    assert contact(board.centre, contact_id).subject == "Call to 4711"


@pytest.mark.parametrize(
    ("said", "number", "who"),
    [
        ("01632 960123", "+441632960123", "01632 960123"),
        ("+441632960123", "+441632960123", "01632 960123"),
        ("0033 1 23 45 67 89", "+33123456789", "+33 1 23 45 67 89"),
        ("", "", "Number withheld"),
        ("anonymous", "", "Number withheld"),
        ("9", "", "9"),
        ("sip:;drop table", "", "sip:;drop table"),
        ("+44" + "7" * 300, "", "+44" + "7" * 61),
    ],
)
def test_whatever_the_network_says_of_the_caller_is_kept(
    board: Board, said: str, number: str, who: str
) -> None:
    contact_id = board.call(said)

    assert contact(board.centre, contact_id).who == who
    assert contact(board.centre, contact_id).customer_id is None
    assert call_row(board.centre, contact_id).number == number
    assert call_row(board.centre, contact_id).number_said == said[:64]


def test_the_caller_is_known_by_their_number(board: Board) -> None:
    margaret = customer(board.centre, "Margaret Okafor", "+441632960123")

    contact_id = board.call("+44 1632 960 123")

    row = contact(board.centre, contact_id)
    assert (row.customer_id, row.who) == (margaret, "Margaret Okafor")


def test_of_several_with_one_number_the_advisor_asks_who_it_is(board: Board) -> None:
    margaret = customer(board.centre, "Margaret Okafor", "+441632960123")
    david = customer(board.centre, "David Okafor", "+441632960123")
    contact_id = board.call()
    assert contact(board.centre, contact_id).who == "2 people have this number"
    assert contact(board.centre, contact_id).customer_id is None
    _offer(board)
    anna, ben = board.centre.as_person("anna"), board.centre.as_person("ben")

    assert calls.candidates(anna, contact_id) == (
        (david, "David Okafor"),
        (margaret, "Margaret Okafor"),
    )
    with pytest.raises(NotFound):
        calls.candidates(ben, contact_id)


def test_the_same_channel_is_the_same_contact_every_time(board: Board) -> None:
    arrival = Arrival(board.account_id, "1.7", "01632 960123", WASTE_LINE)

    ids = {calls.received(board.db, arrival, board.lease) for _ in range(3)}

    assert len(ids) == 1


def test_who_lost_the_lease_writes_nothing(board: Board) -> None:
    contact_id = board.call()
    old = Lease(board.lease.name, board.lease.fence - 1)

    with pytest.raises(LeaseLost):
        calls.ended(board.db, contact_id, by="caller", cause=16, cut_off=False, under=old)

    assert board.standing(contact_id).state is CallState.WAITING


def test_a_call_is_answered_talked_and_wrapped_up(board: Board) -> None:
    centre = board.centre
    contact_id = board.call()
    _offer(board)
    anna = centre.as_person("anna")
    assert contact(centre, contact_id).state == ContactState.OFFERED
    board.rings(contact_id)
    (view,) = calls.mine(anna)
    assert (view.state, view.who, view.line) == (CallState.RINGING, "01632 960123", "Main line")
    assert [each.role for each in view.legs] == ["caller", "advisor"]

    assert board.answer(contact_id)

    (view,) = calls.mine(anna)
    assert (view.state, view.owner_id) == (CallState.TALKING, anna.actor and anna.actor.id)
    assert view.answered_at is not None
    assert contact(centre, contact_id).state == ContactState.ACTIVE
    assert contact(centre, contact_id).first_taken_at is not None
    board.end(contact_id)
    (view,) = calls.mine(anna)
    assert (view.state, view.ended_by, view.legs) == (CallState.ENDED, "caller", ())
    assert contact(centre, contact_id).state == ContactState.WRAP_UP
    contacts.complete(anna, contact_id, Disposition(None, Resolution.RESOLVED, False))
    assert calls.mine(anna) == ()
    assert events(centre, contact_id) == [
        *("contact.received", "contact.offered", "call.ringing", "contact.taken"),
        *("call.answered", "call.ended", "contact.wrap_up", "contact.completed"),
    ]


def test_what_is_said_twice_or_too_late_changes_nothing(board: Board) -> None:
    contact_id = board.call()
    _offer(board)
    offer = board.standing(contact_id).offer
    assert offer is not None
    assert board.answer(contact_id)
    before = events(board.centre, contact_id)

    again = calls.answered(board.db, contact_id, offer.assignment_id, "x", board.lease)
    late = calls.not_answered(
        board.db,
        board.standing(contact_id),
        offer,
        board.lease,
        reason="no_answer",
        cause=19,
    )
    calls.ringing(board.db, contact_id, board.lease)

    assert (again, late) == (False, False)
    assert events(board.centre, contact_id) == before
    board.end(contact_id)
    after = events(board.centre, contact_id)
    board.end(contact_id, by="advisor")
    calls.seen(board.db, contact_id, CallState.HELD, board.lease)
    assert events(board.centre, contact_id) == after
    assert call_row(board.centre, contact_id).ended_by == "caller"


def test_nobody_picks_up_so_it_waits_in_its_old_place_and_they_are_told_why(board: Board) -> None:
    centre = board.centre
    contact_id = board.call()
    queued_at = contact(centre, contact_id).queued_at
    _offer(board)
    board.rings(contact_id)
    standing = board.standing(contact_id)
    assert standing.offer is not None

    assert calls.not_answered(
        board.db, standing, standing.offer, board.lease, reason="busy", cause=17
    )

    row = contact(centre, contact_id)
    assert (row.state, row.owner_id, row.queued_at) == ("queued", None, queued_at)
    assert board.standing(contact_id).state is CallState.WAITING
    assert _not_responding(centre, "anna")
    why = calls.why_unanswered(centre.as_person("anna"))
    assert why is not None
    assert (why.contact_id, why.reason) == (contact_id, "busy")
    told = event(centre, contact_id, "contact.offer_timed_out")
    assert (told["reason"], told["cause"]) == ("busy", 17)


def test_a_caller_who_hangs_up_in_the_queue_or_at_the_ringing_has_given_up(board: Board) -> None:
    centre = board.centre
    waits, rings = board.call(), board.call()
    _offer(board)
    offered = next(each for each in (waits, rings) if contact(centre, each).state == "offered")
    board.rings(offered)

    for each in (waits, rings):
        board.end(each)

    for each in (waits, rings):
        assert contact(centre, each).state == ContactState.ABANDONED
        assert contact(centre, each).owner_id is None
        assert float(str(event(centre, each, "contact.abandoned")["waited"])) >= 0
        assert event(centre, each, "contact.abandoned")["ringing"] is (each == offered)
    with centre.as_owner().read() as tx:
        states = tx.session.scalars(select(Assignment.state)).all()
    assert states == ["rescinded"]
    assert not _not_responding(centre, "anna")


def test_talking_and_holding_are_summed_up(board: Board) -> None:
    contact_id = board.call()
    _offer(board)
    board.answer(contact_id)

    def later(seconds: float) -> None:
        with board.centre.as_owner().write() as tx:
            row = tx.session.scalars(select(Call).where(Call.contact_id == contact_id)).one()
            assert row.counted_at is not None
            row.counted_at -= timedelta(seconds=seconds)

    later(10.7)
    calls.seen(board.db, contact_id, CallState.HELD, board.lease)
    later(5.5)
    calls.seen(board.db, contact_id, CallState.TALKING, board.lease)
    later(2.1)
    board.end(contact_id)

    row = call_row(board.centre, contact_id)
    assert row.talk_seconds + row.hold_seconds == 18
    assert row.hold_seconds in (5, 6)
    assert event(board.centre, contact_id, "call.ended")["hold"] == row.hold_seconds
    assert [each for each in events(board.centre, contact_id) if each.startswith("call.")] == [
        *("call.ringing", "call.answered", "call.held", "call.resumed", "call.ended")
    ]


def test_taking_a_call_by_hand_rings_one_s_own_phone(board: Board) -> None:
    centre = board.centre
    taken, next_one = board.call(), board.call()
    anna, ben = centre.as_person("anna"), centre.as_person("ben")

    moved = contacts.take(anna, taken)
    again = contacts.take(anna, taken)

    assert moved.row is not None
    assert again.row is not None
    assert (moved.row.state, again.row.state) == ("offered", "offered")
    offer = board.standing(taken).offer
    assert offer is not None
    assert offer.extension == "101"
    assert offer.expires_at is not None
    with pytest.raises(Taken):
        contacts.take(ben, taken)
    with pytest.raises(Conflict, match="on a call"):
        contacts.take(anna, next_one)
    got = contacts.take_next(ben, QueueFilter())
    assert got is not None
    assert (got.contact_id, contact(centre, next_one).state) == (next_one, "offered")
    assert board.answer(taken)
    with centre.as_owner().read() as tx:
        found = tx.session.execute(select(Assignment.how, Assignment.state).order_by(Assignment.id))
        assert [tuple(each) for each in found] == [("taken", "accepted"), ("next", "offered")]


def test_who_has_no_telephone_is_offered_and_takes_no_calls(board: Board) -> None:
    centre = board.centre
    with centre.as_owner().write() as tx:
        tx.session.execute(update(Staff).values(extension=None))
    contact_id = board.call()
    anna = centre.as_person("anna")

    _offer(board)

    assert contact(centre, contact_id).state == ContactState.QUEUED
    with pytest.raises(Conflict, match="telephone"):
        contacts.take(anna, contact_id)
    mail = centre.add_contact()
    got = contacts.take_next(anna, QueueFilter())
    assert got is not None
    assert got.contact_id == mail


def test_a_conversation_is_laid_aside_by_the_telephone_alone(board: Board) -> None:
    centre = board.centre
    contact_id = board.call()
    _offer(board)
    board.answer(contact_id)
    anna = centre.as_person("anna")
    done = Disposition(None, Resolution.RESOLVED, False)

    with pytest.raises(Conflict):
        contacts.release(anna, contact_id, "no")
    with pytest.raises(Conflict):
        contacts.begin_wrap_up(anna, contact_id)
    with pytest.raises(Conflict):
        contacts.complete(anna, contact_id, done)
    with pytest.raises(Conflict):
        contacts.spam(anna, contact_id)

    contacts.set_customer(anna, contact_id, customer(centre, "Margaret", "+441632960999"))
    assert contact(centre, contact_id).state == ContactState.ACTIVE
    assert contact(centre, contact_id).who == "Margaret"


def test_the_work_of_who_goes_goes_back_but_not_what_they_talk_about(board: Board) -> None:
    centre = board.centre
    talking = board.call()
    _offer(board)
    board.answer(talking)
    mail = centre.add_contact()
    anna = centre.as_person("anna")
    contacts.take(anna, mail)
    change(centre, "anna", desktop=anna.desktop)

    presence.end(anna)

    assert contact(centre, mail).state == ContactState.QUEUED
    assert contact(centre, talking).state == ContactState.ACTIVE
    assert contact(centre, talking).owner_id == (anna.actor and anna.actor.id)


def test_who_talks_touches_no_keys_and_is_there(board: Board) -> None:
    contact_id = board.call()
    _offer(board)
    board.answer(contact_id)
    anna = board.centre.as_person("anna")
    change(board.centre, "anna", desktop=anna.desktop)

    def idle() -> bool:
        presence.here(anna, idle=True, locked=False)
        with board.centre.as_owner().read() as tx:
            return tx.session.scalars(select(Activity.idle_since)).one() is not None

    assert not idle()
    board.end(contact_id)
    assert idle()


def test_while_the_pbx_is_not_seen_its_calls_say_so(board: Board) -> None:
    going, over = board.call(), board.call()
    board.end(over)

    changes = calls.lost(board.db, board.account_id, board.lease)

    assert call_row(board.centre, going).lost_since is not None
    assert call_row(board.centre, over).lost_since is None
    assert {each.id for each in changes.items} == {going}
    calls.found(board.db, board.account_id, board.lease)
    assert call_row(board.centre, going).lost_since is None


def test_a_gateway_that_was_killed_is_missed_by_whoever_asks(board: Board) -> None:
    anna = board.centre.as_person("anna")
    assert call_targets.own_telephone(anna).unseen_since is None

    with board.centre.as_owner().write() as tx:
        killed_at = tx.now - timedelta(seconds=5)
        tx.session.execute(update(LeaseRow).values(expires_at=killed_at))

    assert call_targets.own_telephone(anna).unseen_since == killed_at


def test_only_who_may_read_a_contact_sees_its_call(board: Board) -> None:
    contact_id = board.call()

    seen = calls.of(board.centre.as_person("ben"), contact_id)

    assert seen is not None
    assert seen.state is CallState.WAITING
    with pytest.raises(NotFound):
        calls.of(board.centre.as_person("cora"), contact_id)
    assert calls.of(board.centre.as_person("ben"), board.centre.add_contact()) is None


def test_nobody_waits_crosswise_for_a_call(postgres_centre: Centre) -> None:
    """Offers, refusals, declines and people who go, all at once: no deadlock, one owner."""
    centre = postgres_centre
    push(centre, "general", offer_seconds=1)
    at_work(centre, "anna")
    board = Board(centre)
    ids = [board.call() for _ in range(3)]
    ended = threading.Event()

    def again(do: Callable[[], object]) -> int:
        done = 0
        while not ended.is_set():
            # What is over is refused; a deadlock would be no CrmError.
            with suppress(Conflict, NotFound, NotAllowed, Taken):
                do()
            done += 1
        return done

    def phone_rings() -> None:
        for call in calls.standing_of(board.db, ids):
            if call.offer is None:
                continue
            if call.contact_id % 2:
                calls.not_answered(board.db, call, call.offer, board.lease, reason="busy", cause=17)
            else:
                calls.ringing(board.db, call.contact_id, board.lease)

    def anna_comes_and_goes(anna: Database) -> Callable[[], object]:
        def do() -> None:
            presence.end(anna)
            presence.begin(anna)
            presence.back(anna)

        return do

    rounds, anna = centre.as_gateway(connections=1), centre.as_person("anna")
    declines, takes = centre.as_person("anna"), centre.as_person("anna")
    doings: list[Callable[[], object]] = [
        lambda: routing.route(rounds),
        phone_rings,
        anna_comes_and_goes(anna),
        lambda: [routing.decline(declines, each, DeclineReason.BREAK) for each in ids],
        lambda: [contacts.take(takes, each) for each in ids],
    ]
    with ThreadPoolExecutor(len(doings)) as pool:
        running = [pool.submit(again, each) for each in doings]
        ended.wait(2.0)
        ended.set()
        assert all(each.result() > 1 for each in running)

    with centre.as_owner().read() as tx:
        open_ones = tx.session.scalars(
            select(Assignment.contact_id).where(Assignment.ended_at.is_(None))
        ).all()
    assert len(open_ones) == len(set(open_ones))


@pytest.mark.parametrize(
    "attack",
    [
        "SELECT app.call_unanswered({id}, 1, 'busy', 17)",
        "SELECT app.ring_me({id}, 1, 'taken')",
        "SELECT app.call_shown({id}, 1, true)",
        "SELECT app.is_live({id})",
        "SELECT * FROM call",
        "UPDATE call SET state = 'ended'",
        "SELECT * FROM call_leg",
        "UPDATE contact SET state = 'queued' WHERE id = {id}",
    ],
)
def test_an_advisor_gets_at_calls_by_no_other_way(postgres_centre: Centre, attack: str) -> None:
    board = Board(postgres_centre)
    contact_id = board.call()

    with pytest.raises(NotAllowed), postgres_centre.as_person("anna").write() as tx:
        tx.core.execute(text(attack.format(id=contact_id)))


def test_no_telephone_is_in_a_call_that_is_over(board: Board) -> None:
    """A command that comes a moment after the end leaves nobody "on the telephone" for good."""
    contact_id = board.call()
    _offer(board)
    assert board.answer(contact_id)
    board.end(contact_id)
    rose = board.centre.person("rose").id

    for begin in (
        lambda: calls.leg_began(
            board.db, contact_id, "crm-ear", LegRole.LISTENER, board.lease, staff_id=rose
        ),
        lambda: call_moves.third_began(
            board.db, contact_id, "crm-third", {"staff": rose}, board.lease
        ),
    ):
        with pytest.raises(Conflict):
            begin()
    with pytest.raises(Conflict):
        call_moves.muted(board.db, contact_id, rose, board.lease, on=True)
    with pytest.raises(Conflict):
        call_moves.warned(board.db, contact_id, rose, "shouted", board.lease)

    assert calls.mine(board.centre.as_person("rose")) == ()
    assert not call_row(board.centre, contact_id).muted
    assert contact(board.centre, contact_id).end_reason is None
