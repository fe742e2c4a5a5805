"""Who is offered what: the same decisions on both dialects."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from crm_desktop.domain.errors import InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.routing import Why
from crm_desktop.domain.states import Channel, ContactState, DeclineReason, Presence
from crm_desktop.services import contacts, routing
from crm_desktop.store.models import (
    Activity,
    Assignment,
    Contact,
    Event,
    OpeningCalendar,
    Queue,
)
from tests.centre import Centre
from tests.routing_centre import (
    at_work,
    change,
    decisions,
    holders,
    later,
    needs,
    push,
    skill,
    state,
    waiting,
)


def _round(centre: Centre) -> None:
    routing.route(centre.as_gateway(connections=1))


def _assignment(centre: Centre, contact_id: int) -> Assignment:
    with centre.as_owner().read() as tx:
        return (
            tx.session.scalars(
                select(Assignment)
                .where(Assignment.contact_id == contact_id)
                .order_by(-Assignment.id)
            ).first()
            or Assignment()
        )


def _events(centre: Centre, contact_id: int) -> list[str]:
    with centre.as_owner().read() as tx:
        return list(
            tx.session.scalars(
                select(Event.kind).where(Event.contact_id == contact_id).order_by(Event.id)
            )
        )


def _reasons(centre: Centre, contact_id: int) -> dict[Why, tuple[str, ...]]:
    now = routing.explain(centre.as_person("anna"), contact_id).now
    assert now is not None
    return {each.why: each.people for each in now.considered}


def _finished(centre: Centre, contact_id: int, login: str) -> None:
    owner = centre.person(login).id
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(Contact)
            .where(Contact.id == contact_id)
            .values(state=ContactState.COMPLETED, owner_id=owner)
        )


def _queued_at(centre: Centre, contact_id: int) -> object:
    with centre.as_owner().read() as tx:
        return tx.session.get_one(Contact, contact_id).queued_at


def test_what_waits_in_a_push_queue_is_offered_for_a_while(centre: Centre) -> None:
    push(centre, "general", offer_seconds=15)
    at_work(centre, "anna")
    call = waiting(centre)

    changes = routing.route(centre.as_gateway())

    offer = _assignment(centre, call)
    assert holders(centre, [call]) == ["anna"]
    assert state(centre, call) is ContactState.OFFERED
    assert offer.expires_at is not None
    assert timedelta(seconds=14) < offer.expires_at - offer.offered_at < timedelta(seconds=16)
    assert (offer.how, offer.state, offer.channel) == ("push", "offered", "call")
    assert _events(centre, call) == ["contact.offered"]
    assert decisions(centre, call) == ["offer"]
    assert changes.items


def test_which_queues_are_open_is_read_again_after_a_while(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(centre, "general")
    at_work(centre, "anna", "ben")
    rounds = routing.Rounds(centre.as_gateway())
    monkeypatch.setattr(routing, "_HOURS_SECONDS", 1_000_000.0)
    first = waiting(centre)
    assert rounds.turn().changes.items
    with centre.as_owner().write() as tx:
        tx.session.execute(update(OpeningCalendar).values(hours={"week": {}}))
    second = waiting(centre)

    rounds.turn()
    monkeypatch.setattr(routing, "_HOURS_SECONDS", 0.0)
    third = waiting(centre)
    rounds.turn()

    assert [bool(each) for each in holders(centre, [first, second, third])] == [True, True, False]


def test_an_accepted_offer_is_the_same_assignment(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna")
    call = waiting(centre)
    _round(centre)

    contacts.take(centre.as_person("anna"), call)

    given = _assignment(centre, call)
    assert (given.state, given.how, given.ended_at) == ("accepted", "push", None)
    assert given.decision_id is not None
    assert _events(centre, call) == ["contact.offered", "contact.taken"]


def test_queues_that_people_take_from_and_closed_ones_offer_nothing(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna")
    call, pulled = waiting(centre), waiting(centre, queue="waste")
    with centre.as_owner().write() as tx:
        tx.session.execute(update(OpeningCalendar).values(hours={"week": {}}))
    _round(centre)
    told = routing.explain(centre.as_person("anna"), call)
    assert (told.push, told.open, told.now) == (True, False, None)
    assert holders(centre, [call, pulled]) == [None, None]

    push(centre, "general")
    contacts.spam(centre.as_person("anna"), call)
    _round(centre)

    assert holders(centre, [pulled]) == [None]


def test_who_is_not_there_is_offered_nothing(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna", "ben", "rose")
    change(centre, "anna", presence=Presence.LUNCH)
    change(centre, "ben", next_presence=Presence.BREAK)
    change(centre, "rose", locked=True)
    call = waiting(centre)
    _round(centre)
    assert _reasons(centre, call) == {
        Why.AWAY: ("Anna Whitlock",),
        Why.LEAVING: ("Ben Achebe",),
        Why.LOCKED: ("Rose Boateng",),
    }

    change(centre, "rose", locked=False, seen_at=None)
    _round(centre)

    assert _reasons(centre, call)[Why.SILENT] == ("Rose Boateng",)
    assert state(centre, call) is ContactState.QUEUED


def test_more_points_come_first_and_ageing_overtakes_them(centre: Centre) -> None:
    push(centre, "general", ageing_seconds=600)
    old = waiting(centre, for_seconds=601)
    urgent = waiting(centre, priority=1)
    new = waiting(centre, for_seconds=10)
    order = []

    for _ in range(3):
        at_work(centre, "anna")
        _round(centre)
        order += [each for each in (old, urgent, new) if holders(centre, [each]) == ["anna"]]
        contacts.spam(centre.as_person("anna"), order[-1])

    assert order == [old, urgent, new]


def test_a_long_line_is_not_overtaken_by_what_came_later_in_another(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna", "ben", "rose")
    calls = [waiting(centre, channel=Channel.CALL, for_seconds=60 - at) for at in range(3)]
    visit = waiting(centre, channel=Channel.VISIT, for_seconds=10)

    _round(centre)

    assert {*holders(centre, calls)} == {"anna", "ben", "rose"}
    assert holders(centre, [visit]) == [None]


def test_a_call_fills_a_person_and_three_chats_do(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna")
    anna = centre.as_person("anna")
    chats = [waiting(centre, channel=Channel.CHAT, for_seconds=9 - n) for n in range(4)]
    call = waiting(centre)

    for chat in chats[:3]:
        _round(centre)
        contacts.take(anna, chat)
    _round(centre)
    assert [state(centre, each) for each in (chats[3], call)] == [ContactState.QUEUED] * 2

    for chat in chats[:3]:
        contacts.spam(anna, chat)
    _round(centre)
    contacts.take(anna, chats[3])
    _round(centre)
    assert state(centre, call) is ContactState.QUEUED
    contacts.spam(anna, chats[3])
    _round(centre)
    assert state(centre, call) is ContactState.OFFERED


def test_mail_in_hand_keeps_nobody_from_a_call_but_a_call_from_mail(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna")
    anna = centre.as_person("anna")
    mail = waiting(centre, channel=Channel.EMAIL)
    _round(centre)
    contacts.take(anna, mail)
    call = waiting(centre)
    _round(centre)
    contacts.take(anna, call)
    another = waiting(centre, channel=Channel.EMAIL)

    _round(centre)

    assert holders(centre, [mail, call, another]) == ["anna", "anna", None]
    contacts.begin_wrap_up(anna, call)
    _round(centre)
    assert holders(centre, [another]) == [None]


def test_one_offer_at_a_time_and_a_call_beside_a_mail(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna")
    mails = [waiting(centre, channel=Channel.EMAIL, for_seconds=n) for n in (3, 2)]
    _round(centre)
    _round(centre)
    assert holders(centre, mails) == ["anna", None]

    call = waiting(centre)
    _round(centre)

    assert holders(centre, [call]) == ["anna"]


def test_one_round_follows_a_line_as_far_as_somebody_has_room(centre: Centre) -> None:
    """Whoever gets a mail gets a call beside it, and the line's next go to who is left."""
    push(centre, "general")
    at_work(centre, "anna", "ben", "rose")
    mails = [waiting(centre, channel=Channel.EMAIL, for_seconds=90_000 - n) for n in range(5)]
    call = waiting(centre)

    _round(centre)

    assert [bool(each) for each in holders(centre, mails)] == [True] * 3 + [False] * 2
    assert holders(centre, [call])[0] is not None


def test_what_was_declined_for_good_does_not_hide_who_stands_behind_it(centre: Centre) -> None:
    """However many of them head the line."""
    push(centre, "general")
    at_work(centre, "anna")
    declined = [waiting(centre, for_seconds=50 - n) for n in range(4)]
    for call in declined:
        _round(centre)
        assert holders(centre, [call]) == ["anna"]
        routing.decline(centre.as_person("anna"), call, DeclineReason.CONFLICT)
    after = waiting(centre)

    _round(centre)

    assert holders(centre, [*declined, after]) == [None] * 4 + ["anna"]


def test_a_parked_contact_holds_no_slot(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna")
    anna = centre.as_person("anna")
    call, after = waiting(centre, for_seconds=2), waiting(centre)
    _round(centre)
    contacts.take(anna, call)
    contacts.park(anna, call, None, for_reply=True)

    _round(centre)

    assert holders(centre, [after]) == ["anna"]


def test_skills_are_needed_until_it_has_waited_too_long(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna", "ben")
    needs(centre, "general", skill(centre, "welsh", {"anna": 2, "ben": 3}), 3, relax=60)
    first, second = waiting(centre, for_seconds=5), waiting(centre)

    _round(centre)
    assert holders(centre, [first, second]) == ["ben", None]
    _round(centre)
    assert decisions(centre, second) == ["nobody"]
    contacts.take(centre.as_person("ben"), first)

    later(centre, 61)
    _round(centre)
    assert holders(centre, [second]) == ["anna"]


def test_who_meets_the_need_comes_before_who_waited_longer(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna", "ben", "rose")
    needs(centre, "general", skill(centre, "welsh", {"rose": 3}), 3, relax=60)
    call = waiting(centre, for_seconds=61)

    _round(centre)

    assert holders(centre, [call]) == ["rose"]
    told = routing.explain(centre.as_person("anna"), call)
    assert [(each.why, each.people) for each in told.decisions[0].considered] == [
        (Why.LESS_SKILL, ("Anna Whitlock", "Ben Achebe"))
    ]


def test_who_has_least_and_then_who_was_given_longest_ago(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna", "ben", "rose")
    contacts.take(centre.as_person("anna"), centre.add_contact())
    with centre.as_owner().read() as tx:
        now = tx.now
    change(centre, "ben", last_given_at=now - timedelta(seconds=5))
    change(centre, "rose", last_given_at=now - timedelta(seconds=50))
    calls = [waiting(centre, for_seconds=9 - n) for n in range(3)]

    _round(centre)

    assert holders(centre, calls) == ["rose", "ben", "anna"]
    told = routing.explain(centre.as_person("anna"), calls[0])
    assert {each.why for each in told.decisions[0].considered} == {Why.BUSIER, Why.SOONER}


def test_the_last_advisor_comes_first_and_is_waited_for(centre: Centre) -> None:
    push(centre, "general", last_advisor_seconds=30)
    at_work(centre, "anna", "ben")
    ben = centre.as_person("ben")
    _finished(centre, centre.add_contact(customer="margaret.okafor@example.org"), "ben")
    busy = waiting(centre)
    contacts.take(ben, busy)
    call = waiting(centre, customer="margaret.okafor@example.org")

    _round(centre)
    assert holders(centre, [call]) == [None]
    told = routing.explain(ben, call)
    assert told.now is not None
    assert [each.why for each in told.now.considered] == [Why.FULL, Why.LAST_FIRST]

    later(centre, 31)
    _round(centre)
    assert holders(centre, [call]) == ["anna"]


def test_the_last_advisor_who_is_free_gets_it(centre: Centre) -> None:
    push(centre, "general", last_advisor_seconds=30)
    at_work(centre, "anna", "ben")
    _finished(centre, centre.add_contact(customer="margaret.okafor@example.org"), "ben")
    call = waiting(centre, customer="margaret.okafor@example.org")

    _round(centre)

    assert holders(centre, [call]) == ["ben"]


def test_what_waited_too_long_waits_on_in_another_queue_once(centre: Centre) -> None:
    push(centre, "general")
    push(centre, "waste", overflow_seconds=30, overflow_queue_id=centre.queue_id("general"))
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(Queue)
            .where(Queue.code == "general")
            .values(overflow_seconds=1, overflow_queue_id=centre.queue_id("waste"))
        )
    call, young = waiting(centre, queue="waste", for_seconds=31), waiting(centre, queue="waste")
    before = _queued_at(centre, call)

    _round(centre)
    _round(centre)

    with centre.as_owner().read() as tx:
        moved, stayed = (tx.session.get_one(Contact, each) for each in (call, young))
        assert moved.queue_id == centre.queue_id("general")
        assert moved.queued_at == before
        assert moved.overflowed_at is not None
        assert stayed.queue_id == centre.queue_id("waste")
    assert _events(centre, call) == ["contact.overflowed"]


def test_what_only_members_may_see_overflows_into_no_open_queue(centre: Centre) -> None:
    """Whatever the rules were before the queue was restricted."""
    push(centre, "care", overflow_seconds=30, overflow_queue_id=centre.queue_id("general"))
    call = waiting(centre, queue="care", for_seconds=31)

    _round(centre)

    with centre.as_owner().read() as tx:
        assert tx.session.get_one(Contact, call).queue_id == centre.queue_id("care")


def test_an_offer_that_runs_out_goes_back_and_its_person_gets_no_more(centre: Centre) -> None:
    push(centre, "general", offer_seconds=20)
    at_work(centre, "anna")
    call = waiting(centre, for_seconds=7)
    _round(centre)
    later(centre, 21)
    before = _queued_at(centre, call)

    changes = routing.route(centre.as_gateway())

    assert holders(centre, [call]) == [None]
    assert _queued_at(centre, call) == before
    assert _assignment(centre, call).state == "timed_out"
    assert _events(centre, call)[-1] == "contact.offer_timed_out"
    told = routing.explain(centre.as_person("anna"), call)
    assert told.now is not None
    assert [each.why for each in told.now.considered] == [Why.NOT_RESPONDING]
    assert [each.kind for each in told.decisions] == ["nobody", "timed_out", "offer"]
    assert "staff" in {each.topic for each in changes.items}
    with centre.as_owner().read() as tx:
        assert tx.session.scalars(select(Activity.not_responding_since)).one() is not None


def test_an_offer_from_a_colleague_stands_for_ever(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "ben")
    anna, contact_id = centre.as_person("anna"), centre.add_contact()
    contacts.take(anna, contact_id)
    contacts.transfer(anna, contact_id, staff_id=centre.person("ben").id)
    later(centre, 10_000)

    _round(centre)

    assert holders(centre, [contact_id]) == ["ben"]


def test_who_declines_is_spared_while_somebody_else_is_there(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna", "ben")
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    occupied = waiting(centre)
    contacts.take(ben, occupied)
    call = waiting(centre, for_seconds=40)
    before = _queued_at(centre, call)
    _round(centre)

    moved = routing.decline(anna, call, DeclineReason.NOT_MY_SKILL)

    assert moved.row is not None
    assert moved.row.state is ContactState.QUEUED
    assert _queued_at(centre, call) == before
    assert (_assignment(centre, call).state, _assignment(centre, call).reason) == (
        "declined",
        "not_my_skill",
    )
    assert _events(centre, call)[-1] == "contact.declined"
    later(centre, 60)
    _round(centre)
    assert holders(centre, [call]) == [None]
    later(centre, 240)
    _round(centre)
    assert holders(centre, [call]) == ["anna"]


def test_the_only_one_there_is_offered_it_again_after_half_a_minute(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna")
    call = waiting(centre)
    _round(centre)
    routing.decline(centre.as_person("anna"), call, DeclineReason.OTHER, "The line is dead")

    _round(centre)
    assert holders(centre, [call]) == [None]
    later(centre, 31)
    _round(centre)
    assert holders(centre, [call]) == ["anna"]


def test_who_knows_the_customer_is_never_offered_it_again(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna")
    call, after = waiting(centre, for_seconds=5), waiting(centre)
    _round(centre)
    routing.decline(centre.as_person("anna"), call, DeclineReason.CONFLICT)
    later(centre, 3_600)

    _round(centre)

    assert holders(centre, [call, after]) == [None, "anna"]


def test_a_decline_needs_its_reason_and_an_offer(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna")
    call = waiting(centre)
    _round(centre)

    with pytest.raises(InvalidInput):
        routing.decline(centre.as_person("anna"), call, DeclineReason.OTHER)
    with pytest.raises(NotAllowed):
        routing.decline(centre.as_person("rose"), call, DeclineReason.BREAK)


def test_a_late_answer_still_gets_the_contact(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna")
    call = waiting(centre)
    _round(centre)
    later(centre, 60)

    contacts.take(centre.as_person("anna"), call)
    _round(centre)

    assert (state(centre, call), holders(centre, [call])) == (ContactState.ACTIVE, ["anna"])


def test_that_nobody_was_found_is_written_once_for_the_same_reasons(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna", "ben")
    contacts.take(centre.as_person("anna"), waiting(centre))
    contacts.take(centre.as_person("ben"), waiting(centre))
    call = waiting(centre)

    for _ in range(3):
        _round(centre)
    assert decisions(centre, call) == ["nobody"]
    change(centre, "ben", presence=Presence.LUNCH)
    _round(centre)

    assert decisions(centre, call) == ["nobody", "nobody"]


def test_a_call_is_not_starved_by_chats_that_fill_every_gap(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna")
    anna = centre.as_person("anna")
    first = waiting(centre, channel=Channel.CHAT, for_seconds=30)
    _round(centre)
    contacts.take(anna, first)
    call = waiting(centre, for_seconds=20)
    chat = waiting(centre, channel=Channel.CHAT)

    _round(centre)
    assert holders(centre, [call, chat]) == [None, None]
    contacts.spam(anna, first)
    _round(centre)

    assert holders(centre, [call, chat]) == ["anna", None]


@pytest.mark.parametrize("why", ["wants no calls", "has not the skill"])
def test_nobody_is_kept_free_for_what_they_cannot_take(centre: Centre, why: str) -> None:
    push(centre, "general", "waste")
    at_work(centre, "anna")
    if why == "wants no calls":
        change(centre, "anna", off_channels=["call"])
    else:
        needs(centre, "general", skill(centre, "welsh", {"ben": 5}), 3)
    chat = waiting(centre, queue="waste", channel=Channel.CHAT)
    _round(centre)
    contacts.take(centre.as_person("anna"), chat)
    call = waiting(centre, for_seconds=600)
    second = waiting(centre, queue="waste", channel=Channel.CHAT)

    _round(centre)

    assert holders(centre, [second, call]) == ["anna", None]


def test_who_will_have_skill_enough_in_a_while_is_kept_free(centre: Centre) -> None:
    push(centre, "general", "waste")
    at_work(centre, "anna")
    needs(centre, "general", skill(centre, "welsh", {"ben": 5}), 3, relax=60)
    chat = waiting(centre, queue="waste", channel=Channel.CHAT)
    _round(centre)
    contacts.take(centre.as_person("anna"), chat)
    call = waiting(centre, for_seconds=30)
    second = waiting(centre, queue="waste", channel=Channel.CHAT)

    _round(centre)

    assert holders(centre, [second, call]) == [None, None]


def test_raising_a_contact_needs_a_reason_and_makes_it_urgent(centre: Centre) -> None:
    push(centre, "general")
    anna = centre.as_person("anna")
    old, raised = waiting(centre, for_seconds=500), waiting(centre)
    with pytest.raises(InvalidInput):
        routing.boost(anna, raised, 3, " ")
    with pytest.raises(InvalidInput):
        routing.boost(anna, raised, 6, "No heating")

    routing.boost(anna, raised, 3, "No heating, a baby in the house")
    at_work(centre, "anna")
    _round(centre)

    assert holders(centre, [raised, old]) == ["anna", None]
    with centre.as_owner().read() as tx:
        contact = tx.session.get_one(Contact, raised)
        assert (contact.boost, contact.boost_reason) == (3, "No heating, a baby in the house")
    assert _events(centre, raised)[0] == "contact.boosted"


def test_who_does_not_see_a_contact_neither_raises_nor_explains_it(centre: Centre) -> None:
    hidden = waiting(centre, queue="care")
    anna = centre.as_person("anna")

    with pytest.raises(NotFound):
        routing.boost(anna, hidden, 3, "Anything")
    with pytest.raises(NotFound):
        routing.explain(anna, hidden)


def test_the_work_of_somebody_who_goes_has_waited_all_the_time(centre: Centre) -> None:
    push(centre, "general")
    at_work(centre, "anna")
    anna = centre.as_person("anna")
    parked, active = waiting(centre), waiting(centre)
    contacts.take(anna, parked)
    contacts.park(anna, parked, None, for_reply=True)
    contacts.take(anna, active)
    mail = waiting(centre, channel=Channel.EMAIL)
    with centre.as_owner().write() as tx:
        tx.session.execute(update(Contact).values(queued_at=tx.now - timedelta(hours=1)))
    contacts.begin_wrap_up(anna, active)
    before = _queued_at(centre, active)
    change(centre, "anna", capacity=300)
    _round(centre)
    assert holders(centre, [mail]) == ["anna"]

    given = _return_work(centre, "anna", "signed out")

    assert given == (parked, active, mail)
    assert [state(centre, each) for each in given] == [
        ContactState.PARKED,
        ContactState.QUEUED,
        ContactState.QUEUED,
    ]
    assert holders(centre, given) == [None, None, None]
    assert _queued_at(centre, active) == before
    assert _assignment(centre, active).state == "returned"
    assert _assignment(centre, mail).state == "rescinded"
    assert _events(centre, parked)[-1] == "contact.let_go"
    assert _events(centre, active)[-1] == "contact.returned"
    assert decisions(centre, active) == ["returned"]


def _return_work(centre: Centre, login: str, why: str) -> tuple[int, ...]:
    staff_id = centre.person(login).id
    with centre.as_owner().write() as tx:
        if centre.dialect == "sqlite":
            return tuple(tx.guard.return_work(staff_id, why))  # type: ignore[attr-defined]
        found = tx.core.exec_driver_sql("SELECT app.return_work(%s, %s)", (staff_id, why))
        return tuple(found.scalar_one())
