"""Many contacts moved at once: alike on both dialects, on PostgreSQL as a real team leader."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, NotAllowed, NotFound
from crm_desktop.domain.reassigning import (
    CloseAsSpam,
    OneAnswer,
    Park,
    Seen,
    SetDue,
    SetPriority,
    SetService,
    ToPeople,
    ToQueue,
    Why,
    WorkFilter,
)
from crm_desktop.domain.states import Channel, ContactState, Resolution
from crm_desktop.domain.views import QueueFilter
from crm_desktop.services import contacts, leases, reassign, sweeper
from crm_desktop.store.database import Database
from crm_desktop.store.models import (
    Assignment,
    Contact,
    Event,
    Membership,
    Message,
    MoveBatch,
    MoveItem,
    OutboxItem,
    Service,
    Staff,
)
from tests.centre import Centre

_ANY = QueueFilter()
NOON = datetime(2030, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def rose(centre: Centre) -> Database:
    """The team leader of all queues."""
    return centre.as_person("rose")


def _seen(db: Database, ids: Sequence[int]) -> tuple[Seen, ...]:
    found = {each.id: each.seen for each in reassign.rows(db, WorkFilter(), ids)}
    return tuple(found[each] for each in ids)


def _add(centre: Centre, number: int, queue: str = "general") -> list[int]:
    """So many contacts in a queue, by one connection."""
    queue_id = centre.queue_id(queue)
    with centre.as_owner().write() as tx:
        added = [
            Contact(channel="email", state="queued", queue_id=queue_id, who=f"No {n}", due_at=NOON)
            for n in range(number)
        ]
        tx.session.add_all(added)
        tx.session.flush()
        return [each.id for each in added]


def _owners(centre: Centre, ids: Sequence[int]) -> dict[int, int | None]:
    with centre.as_owner().read() as tx:
        query = select(Contact.id, Contact.owner_id).where(Contact.id.in_(ids))
        return dict(tx.session.execute(query).all())


def _contact(centre: Centre, contact_id: int) -> Contact:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Contact).where(Contact.id == contact_id)).one()


def _assignments(centre: Centre, contact_id: int) -> list[tuple[str, str, bool]]:
    """(state, how, open) of each, oldest first."""
    with centre.as_owner().read() as tx:
        query = select(Assignment).where(Assignment.contact_id == contact_id)
        found = tx.session.scalars(query.order_by(Assignment.id))
        return [(each.state, each.how, each.ended_at is None) for each in found]


def _events(centre: Centre, contact_id: int) -> list[str]:
    with centre.as_owner().read() as tx:
        query = select(Event.kind).where(Event.contact_id == contact_id).order_by(Event.id)
        return list(tx.session.scalars(query))


def _messages(centre: Centre, contact_id: int) -> list[tuple[str, str, str]]:
    """(visibility, state, text) of what we wrote."""
    with centre.as_owner().read() as tx:
        query = select(Message).where(
            Message.contact_id == contact_id, Message.direction == "outbound"
        )
        found = tx.session.scalars(query.order_by(Message.id))
        return [(each.visibility, each.state, each.body_text) for each in found]


def _pretend_it_is_later(centre: Centre, batch: int, age: timedelta) -> None:
    with centre.as_owner().write() as tx:
        tx.session.execute(update(MoveBatch).where(MoveBatch.id == batch).values(at=tx.now - age))


def test_contacts_given_to_a_person_are_offered_to_them_for_good(
    centre: Centre, rose: Database
) -> None:
    ben = centre.person("ben")
    ids = _add(centre, 3)
    contacts.take(centre.as_person("anna"), ids[1])
    waited = _contact(centre, ids[0]).queued_at

    given = reassign.give(rose, _seen(rose, ids), ToPeople((ben.id,)), "  They rang twice ")

    assert (given.moved, given.skipped) == (tuple(ids), ())
    assert given.changes.ids(Topic.CONTACT) == frozenset(ids)
    for contact_id in ids:
        contact = _contact(centre, contact_id)
        assert (contact.state, contact.owner_id) == (ContactState.OFFERED, ben.id)
        assert _assignments(centre, contact_id)[-1] == ("offered", "given", True)
        assert _messages(centre, contact_id) == [("internal", "sent", "They rang twice")]
        assert _events(centre, contact_id)[-1] == "contact.transferred"
    assert _contact(centre, ids[0]).queued_at == waited
    assert _assignments(centre, ids[1])[0] == ("transferred", "taken", False)
    with centre.as_owner().read() as tx:
        assert set(tx.session.scalars(select(Assignment.expires_at))) == {None}
    assert contacts.take(centre.as_person("ben"), ids[0]).contact_id == ids[0]


def test_what_somebody_took_meanwhile_is_skipped_and_says_who_has_it(
    centre: Centre, rose: Database
) -> None:
    ids = [centre.add_contact() for _ in range(2)]
    seen = _seen(rose, ids)
    contacts.take(centre.as_person("anna"), ids[0])

    given = reassign.give(rose, seen, ToPeople((centre.person("ben").id,)))

    assert given.moved == (ids[1],)
    (skipped,) = given.skipped
    assert (skipped.contact_id, skipped.who, skipped.why) == (
        ids[0],
        "Anna Whitlock",
        Why.CHANGED,
    )
    assert _contact(centre, ids[0]).owner_id == centre.person("anna").id
    assert _events(centre, ids[0]) == ["contact.taken"]


def test_a_contact_that_came_back_meanwhile_is_changed_all_the_same(
    centre: Centre, rose: Database
) -> None:
    anna = centre.as_person("anna")
    contact_id = centre.add_contact()
    seen = _seen(rose, [contact_id])
    contacts.take(anna, contact_id)
    contacts.release(anna, contact_id, "not mine")

    given = reassign.give(rose, seen, ToQueue(centre.queue_id("waste")))

    assert (given.moved, given.undo) == ((), None)
    assert [(each.who, each.why) for each in given.skipped] == [("Anna Whitlock", Why.CHANGED)]


def test_of_two_leaders_at_once_each_contact_obeys_one(centre: Centre) -> None:
    leaders = [centre.as_person("rose"), centre.as_person("rose")]
    ids = _add(centre, 40)
    seen = [_seen(leaders[0], ids), _seen(leaders[1], ids[::-1])]
    targets = [ToPeople((centre.person("anna").id,)), ToPeople((centre.person("ben").id,))]

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(reassign.give, leaders, seen, targets)

    assert sorted(first.moved + second.moved) == ids
    assert {each.contact_id for each in first.skipped} == set(second.moved)
    assert {each.contact_id for each in second.skipped} == set(first.moved)
    with centre.as_owner().read() as tx:
        assert len(list(tx.session.scalars(select(Assignment.id)))) == len(ids)


def test_a_taker_and_a_leader_at_once_never_both_win(centre: Centre, rose: Database) -> None:
    anna = centre.as_person("anna")
    ids = _add(centre, 20)
    seen = _seen(rose, ids)
    ben = centre.person("ben").id

    def take_some() -> set[int]:
        return {moved.contact_id for _ in range(8) if (moved := contacts.take_next(anna, _ANY))}

    with ThreadPoolExecutor(2) as pool:
        taking = pool.submit(take_some)
        given = reassign.give(rose, seen, ToPeople((ben,)))
        taken = taking.result()

    assert not taken & set(given.moved)
    assert taken | set(given.moved) == set(ids)
    anna_id = anna.actor and anna.actor.id
    assert _owners(centre, ids) == {each: ben if each in given.moved else anna_id for each in ids}


def test_a_queue_gets_contacts_afresh_and_its_own_ones_back_with_their_age(
    centre: Centre, rose: Database
) -> None:
    waste = centre.queue_id("waste")
    moved, back = centre.add_contact(), centre.add_contact(queue="waste")
    waits = centre.add_contact(queue="waste")
    contacts.take(centre.as_person("anna"), back)
    ages = {each: _contact(centre, each).queued_at for each in (moved, back)}

    given = reassign.give(rose, _seen(rose, [moved, back, waits]), ToQueue(waste))

    assert given.moved == (moved, back)
    assert [(each.contact_id, each.why) for each in given.skipped] == [(waits, Why.THERE_ALREADY)]
    for contact_id in (moved, back):
        contact = _contact(centre, contact_id)
        assert (contact.state, contact.queue_id, contact.owner_id) == ("queued", waste, None)
    assert _contact(centre, moved).queued_at > ages[moved]
    assert _contact(centre, back).queued_at == ages[back]


def test_many_people_share_evenly_by_what_they_have_and_where_they_belong(
    centre: Centre, rose: Database
) -> None:
    anna, ben, cora = (centre.person(each) for each in ("anna", "ben", "cora"))
    busy = centre.add_contact(subject="busy")
    contacts.take(centre.as_person("anna"), busy)
    open_ones, care = _add(centre, 5), _add(centre, 2, queue="care")
    people = ToPeople((cora.id, anna.id, ben.id))

    given = reassign.give(rose, _seen(rose, open_ones + care), people)

    assert given.skipped == ()
    owners = list(_owners(centre, open_ones).values())
    # Anna has one already; Cora belongs to neither queue of these.
    assert (owners.count(anna.id), owners.count(ben.id)) == (2, 3)
    assert set(_owners(centre, care).values()) == {cora.id}
    loads = {each.id: each for each in reassign.people(rose)}
    assert (loads[anna.id].contacts, loads[anna.id].load) == (3, 60)
    assert loads[cora.id].queues == {centre.queue_id("care")}


def test_nobody_outside_a_restricted_queue_is_given_what_is_in_it(
    centre: Centre, rose: Database
) -> None:
    contact_id = centre.add_contact(queue="care")

    given = reassign.give(rose, _seen(rose, [contact_id]), ToPeople((centre.person("anna").id,)))

    assert [(each.who, each.why) for each in given.skipped] == [("Anna Whitlock", Why.NOT_A_MEMBER)]
    assert _contact(centre, contact_id).state == ContactState.QUEUED


def test_an_undone_move_leaves_everything_as_it_was(centre: Centre, rose: Database) -> None:
    anna = centre.as_person("anna")
    ids = [centre.add_contact() for _ in range(2)]
    contacts.take(anna, ids[1])
    before = _seen(rose, ids)
    ages = [_contact(centre, each).queued_at for each in ids]
    given = reassign.give(rose, before, ToQueue(centre.queue_id("waste")), "Bins")
    assert given.undo is not None

    back = reassign.undo(rose, given.undo)

    assert (back.moved, back.skipped, back.undo) == (tuple(ids), (), None)
    assert _seen(rose, ids) == before
    assert [_contact(centre, each).queued_at for each in ids] == ages
    assert _assignments(centre, ids[1]) == [("accepted", "taken", True)]
    assert _messages(centre, ids[0]) == [("internal", "withdrawn", "Bins")]
    assert _events(centre, ids[0]) == ["contact.transferred", "contact.undone"]
    contacts.release(anna, ids[1])


def test_undo_leaves_alone_what_was_touched_since(centre: Centre, rose: Database) -> None:
    ids = [centre.add_contact() for _ in range(2)]
    given = reassign.give(rose, _seen(rose, ids), ToPeople((centre.person("ben").id,)))
    contacts.take(centre.as_person("ben"), ids[0])
    assert given.undo is not None

    back = reassign.undo(rose, given.undo)

    assert back.moved == (ids[1],)
    assert [(each.contact_id, each.who, each.why) for each in back.skipped] == [
        (ids[0], "Ben Achebe", Why.CHANGED)
    ]
    assert _contact(centre, ids[0]).state == ContactState.ACTIVE
    assert _assignments(centre, ids[1]) == [("rescinded", "given", False)]


def test_undo_is_for_seconds_once_and_for_the_same_leader(centre: Centre, rose: Database) -> None:
    first, second = centre.add_contact(), centre.add_contact()
    anna = ToPeople((centre.person("anna").id,))
    given = reassign.give(rose, _seen(rose, [first]), anna)
    late = reassign.give(rose, _seen(rose, [second]), anna)
    assert given.undo is not None
    assert late.undo is not None
    _pretend_it_is_later(centre, late.undo, timedelta(seconds=16))

    with pytest.raises((NotFound, NotAllowed)):
        reassign.undo(centre.as_person("ben"), given.undo)
    reassign.undo(rose, given.undo)
    with pytest.raises(Conflict):
        reassign.undo(rose, given.undo)
    with pytest.raises(Conflict):
        reassign.undo(rose, late.undo)

    assert _contact(centre, second).state == ContactState.OFFERED


def test_undo_gives_an_offer_back_with_the_time_it_had_left(centre: Centre, rose: Database) -> None:
    contact_id = centre.add_contact()
    given = reassign.give(rose, _seen(rose, [contact_id]), ToPeople((centre.person("anna").id,)))
    assert given.moved
    with centre.as_owner().write() as tx:
        offered = tx.session.scalars(select(Assignment)).one()
        offered.expires_at = tx.now + timedelta(seconds=5)
        expires = offered.expires_at
    moved = reassign.give(rose, _seen(rose, [contact_id]), ToPeople((centre.person("ben").id,)))
    assert moved.undo is not None
    # Eight seconds ago; others of the same move came since.
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(Assignment)
            .where(Assignment.ended_at.is_not(None))
            .values(ended_at=tx.now - timedelta(seconds=8))
        )

    reassign.undo(rose, moved.undo)

    with centre.as_owner().read() as tx:
        first, second = tx.session.scalars(select(Assignment).order_by(Assignment.id))
    assert (first.state, first.ended_at, second.state) == ("offered", None, "rescinded")
    assert first.expires_at is not None
    assert first.expires_at >= expires + timedelta(seconds=8)


def test_who_belonged_until_yesterday_is_not_theirs_to_send_home(
    centre: Centre, rose: Database
) -> None:
    anna, contact_id = centre.person("anna"), centre.add_contact()
    contacts.take(centre.as_person("anna"), contact_id)
    with centre.as_owner().write() as tx:
        theirs = update(Membership).where(Membership.staff_id == anna.id)
        tx.session.execute(theirs.values(until=tx.now - timedelta(days=1)))

    with pytest.raises(NotFound):
        reassign.gone_home(rose, anna.id)

    assert _owners(centre, [contact_id]) == {contact_id: anna.id}


def test_only_a_team_leader_moves_many(centre: Centre, rose: Database) -> None:
    contact_id = centre.add_contact()
    seen = _seen(rose, [contact_id])
    person = centre.as_person("anna")

    for attempt in (
        lambda: reassign.give(person, seen, ToQueue(centre.queue_id("waste"))),
        lambda: reassign.change(person, seen, CloseAsSpam()),
        lambda: reassign.answer(person, seen[0], OneAnswer("Hello")),
        lambda: reassign.gone_home(person, centre.person("ben").id),
        lambda: reassign.people(person),
    ):
        with pytest.raises(NotAllowed):
            attempt()

    assert _contact(centre, contact_id).state == ContactState.QUEUED
    assert _events(centre, contact_id) == []


def test_a_leader_moves_contacts_of_their_own_queues_alone(centre: Centre, rose: Database) -> None:
    contact_id = centre.add_contact(queue="care")
    seen = _seen(rose, [contact_id])
    with centre.as_owner().write() as tx:
        tx.session.execute(update(Staff).where(Staff.login == "anna").values(role="team_leader"))
    anna = centre.as_person("anna")

    given = reassign.give(anna, seen, ToQueue(centre.queue_id("general")))
    changed = reassign.change(anna, seen, CloseAsSpam())

    assert [each.why for each in (*given.skipped, *changed.skipped)] == [Why.GONE, Why.GONE]
    assert reassign.rows(anna, WorkFilter(), [contact_id]) == ()
    with pytest.raises(NotFound):
        reassign.gone_home(anna, centre.person("cora").id)


def test_nobody_and_nowhere_are_not_found(centre: Centre, rose: Database) -> None:
    seen = _seen(rose, [centre.add_contact()])

    for nowhere in (ToPeople((99_999,)), ToQueue(99_999)):
        with pytest.raises(NotFound):
            reassign.give(rose, seen, nowhere)


def test_priority_service_and_due_time_are_changed_and_taken_back(
    centre: Centre, rose: Database
) -> None:
    contact_id = centre.add_contact()
    with centre.as_owner().read() as tx:
        service = tx.session.scalars(select(Service.id).where(Service.code == "council_tax")).one()
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    before = _contact(centre, contact_id)
    seen = _seen(rose, [contact_id])
    batches = []
    for change in (SetPriority(3), SetService(service), SetDue(due)):
        done = reassign.change(rose, seen, change)
        assert done.moved == (contact_id,)
        batches.append(done.undo)
    after = _contact(centre, contact_id)
    assert (after.priority, after.service_id, after.due_at) == (3, service, due)
    assert (after.state, after.state_since) == (before.state, before.state_since)

    for batch in reversed(batches):
        assert batch is not None
        assert reassign.undo(rose, batch).moved == (contact_id,)

    last = _contact(centre, contact_id)
    assert (last.priority, last.service_id, last.due_at) == (0, None, before.due_at)
    assert _events(centre, contact_id)[:3] == [
        "contact.priority",
        "contact.service",
        "contact.due",
    ]


def test_what_cannot_be_set_is_refused(centre: Centre, rose: Database) -> None:
    seen = _seen(rose, [centre.add_contact()])
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)

    for change in (SetPriority(10), SetService(99_999), SetDue(long_ago), Park(None)):
        with pytest.raises(Conflict):
            reassign.change(rose, seen, change)


def test_parked_work_stays_its_holder_s_and_spam_is_nobody_s(
    centre: Centre, rose: Database
) -> None:
    anna = centre.person("anna")
    held, waits, offered = _add(centre, 3)
    contacts.take(centre.as_person("anna"), held)
    reassign.give(rose, _seen(rose, [offered]), ToPeople((anna.id,)))
    ids = [held, waits, offered]

    parked = reassign.change(rose, _seen(rose, ids), Park(NOON, for_reply=True))
    owners = list(_owners(centre, ids).values())
    again = reassign.change(rose, _seen(rose, ids), Park(NOON))
    spam = reassign.change(rose, _seen(rose, ids), CloseAsSpam())

    assert parked.moved == tuple(ids)
    assert owners == [anna.id, None, None]
    assert [each.why for each in again.skipped] == [Why.NOT_NOW] * 3
    assert spam.moved == tuple(ids)
    assert {_contact(centre, each).state for each in ids} == {ContactState.SPAM}
    assert _assignments(centre, held) == [("returned", "taken", False)]
    assert _assignments(centre, offered) == [("rescinded", "given", False)]
    assert spam.undo is not None
    assert reassign.undo(rose, spam.undo).moved == tuple(ids)
    contact = _contact(centre, held)
    assert (contact.state, contact.owner_id, contact.parked_until) == ("parked", anna.id, NOON)


def _answer_all(
    db: Database, seen: Sequence[Seen], text: OneAnswer
) -> tuple[int, list[tuple[int, Why]]]:
    batch, skipped = None, []
    for each in seen:
        done = reassign.answer(db, each, text, batch=batch)
        batch = done.batch or batch
        if done.skipped is not None:
            skipped.append((done.skipped.contact_id, done.skipped.why))
    assert batch is not None
    return batch, skipped


def test_many_are_answered_with_one_text_and_closed(centre: Centre, rose: Database) -> None:
    ids = [
        centre.add_contact(who="Sam Doe", customer="sam.doe@example.org"),
        centre.add_contact(who="Kim Ray", customer="kim.ray@example.org"),
    ]
    contacts.take(centre.as_person("anna"), ids[1])
    text = OneAnswer("Dear {{customer_name}}, we come tomorrow.", resolution=Resolution.RESOLVED)

    _, skipped = _answer_all(rose, _seen(rose, ids), text)

    assert skipped == []
    for contact_id, name in zip(ids, ("Sam Doe", "Kim Ray"), strict=True):
        assert _contact(centre, contact_id).state == ContactState.COMPLETED
        assert _messages(centre, contact_id) == [
            ("public", "pending", f"Dear {name}, we come tomorrow.")
        ]
    assert [each[2] for each in _assignments(centre, ids[1])] == [False, False]


def test_answers_are_taken_back_with_what_became_of_their_contacts(
    centre: Centre, rose: Database
) -> None:
    ids = [centre.add_contact(subject=str(n)) for n in range(3)]
    contacts.take(centre.as_person("anna"), ids[1])
    before = _seen(rose, ids)
    batch, _ = _answer_all(rose, before, OneAnswer("On its way.", resolution=Resolution.RESOLVED))
    with centre.as_owner().write() as tx:
        # A gateway has begun to send the last.
        message = select(Message.id).where(Message.contact_id == ids[2], Message.state == "pending")
        tx.session.execute(
            update(OutboxItem).where(OutboxItem.message_id.in_(message)).values(state="claimed")
        )

    back = reassign.undo(rose, batch)

    assert back.moved == tuple(ids[:2])
    assert [(each.contact_id, each.why) for each in back.skipped] == [(ids[2], Why.SENT)]
    assert _seen(rose, ids[:2]) == before[:2]
    assert _messages(centre, ids[0]) == [("public", "withdrawn", "On its way.")]
    assert _assignments(centre, ids[1])[0] == ("accepted", "taken", True)
    assert _contact(centre, ids[2]).state == ContactState.COMPLETED


def test_an_answer_alone_leaves_each_contact_where_it_was(centre: Centre, rose: Database) -> None:
    ids = [centre.add_contact(subject=str(n)) for n in range(2)]
    contacts.take(centre.as_person("anna"), ids[1])
    before = _seen(rose, ids)

    batch, skipped = _answer_all(rose, before, OneAnswer("We look into it."))

    assert (skipped, _seen(rose, ids)) == ([], before)
    assert _messages(centre, ids[1]) == [("public", "pending", "We look into it.")]
    assert _assignments(centre, ids[1])[0] == ("accepted", "taken", True)
    assert reassign.undo(rose, batch).moved == tuple(ids)
    assert _messages(centre, ids[1]) == [("public", "withdrawn", "We look into it.")]
    assert _seen(rose, ids) == before


def test_an_answer_that_names_somebody_else_waits_for_a_look(
    centre: Centre, rose: Database
) -> None:
    sams = centre.add_contact(who="Sam Doe", customer="sam.doe@example.org")
    kims = centre.add_contact(who="Kim Ray", customer="kim.ray@example.org")
    before = _seen(rose, [sams, kims])

    _, skipped = _answer_all(rose, before, OneAnswer("We wrote to kim.ray@example.org."))

    assert skipped == [(sams, Why.STOPPED)]
    assert [each[:2] for each in _messages(centre, sams)] == [("public", "stopped")]
    assert _seen(rose, [sams]) == before[:1]


def test_who_left_no_address_is_skipped_and_stays_where_it_was(
    centre: Centre, rose: Database
) -> None:
    contact_id = centre.add_contact(channel=Channel.CALL)
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(Message).where(Message.contact_id == contact_id).values(sender_address="")
        )
    before = _seen(rose, [contact_id])

    _, skipped = _answer_all(rose, before, OneAnswer("Hello"))

    assert skipped == [(contact_id, Why.NO_ADDRESS)]
    assert _seen(rose, [contact_id]) == before


def test_old_moves_are_forgotten_by_the_sweeper(centre: Centre, rose: Database) -> None:
    contact_id = centre.add_contact()
    anna = ToPeople((centre.person("anna").id,))
    given = reassign.give(rose, _seen(rose, [contact_id]), anna)
    fresh = reassign.give(rose, _seen(rose, [contact_id]), ToQueue(centre.queue_id("waste")))
    assert given.undo is not None
    _pretend_it_is_later(centre, given.undo, timedelta(hours=2))
    gateway = centre.as_gateway()
    lease = leases.acquire(gateway, sweeper.LEASE_NAME, "g")
    assert lease is not None

    sweeper.sweep(gateway, lease)

    with centre.as_owner().read() as tx:
        assert list(tx.session.scalars(select(MoveBatch.id))) == [fresh.undo]
        assert list(tx.session.scalars(select(MoveItem.batch_id))) == [fresh.undo]


def test_she_has_gone_home_and_all_that_she_has_goes_by_rule(
    centre: Centre, rose: Database
) -> None:
    anna = centre.as_person("anna")
    active, parked, wrapping, others = _add(centre, 4)
    offered = _add(centre, 1)[0]
    for contact_id in (active, parked, wrapping):
        contacts.take(anna, contact_id)
    contacts.park(anna, parked, NOON)
    contacts.begin_wrap_up(anna, wrapping)
    contacts.take(centre.as_person("ben"), others)
    reassign.give(rose, _seen(rose, [offered]), ToPeople((centre.person("anna").id,)))
    ids = sorted([active, parked, wrapping, offered])
    before = _seen(rose, ids)
    ages = {each: _contact(centre, each).queued_at for each in ids}

    gone = reassign.gone_home(rose, centre.person("anna").id, "")

    assert gone.moved == tuple(ids)
    assert set(_owners(centre, ids).values()) == {None}
    states = {each: _contact(centre, each).state for each in ids}
    assert states == {each: "parked" if each == parked else "queued" for each in ids}
    assert {each: _contact(centre, each).queued_at for each in ids} == ages
    assert _contact(centre, others).owner_id == centre.person("ben").id
    assert _events(centre, active)[-1] == "contact.returned"
    assert gone.undo is not None
    contacts.take(centre.as_person("ben"), active)

    back = reassign.undo(rose, gone.undo)

    assert back.moved == tuple(each for each in ids if each != active)
    assert [(each.contact_id, each.who) for each in back.skipped] == [(active, "Ben Achebe")]
    kept = [each for each in before if each.contact_id != active]
    assert list(_seen(rose, [each.contact_id for each in kept])) == kept
    assert _assignments(centre, wrapping)[-1] == ("wrapping", "taken", True)


def test_who_has_nothing_can_go_home_too(centre: Centre, rose: Database) -> None:
    gone = reassign.gone_home(rose, centre.person("ben").id, "")

    assert (gone.moved, gone.skipped, gone.undo) == ((), (), None)
