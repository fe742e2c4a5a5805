"""Presence apart from activity, on both dialects: who is there, and a day that adds up."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.routing import Why
from crm_desktop.domain.states import Channel, ContactState, Doing, Presence
from crm_desktop.gateway.sweeping import Sweeper
from crm_desktop.services import contacts, leases, presence, routing, sweeper
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database
from crm_desktop.store.models import Activity, Assignment, Contact, Event, PresenceMark, Staff
from tests.centre import Centre
from tests.integration.services.arrivals import change, contact, event_kinds
from tests.routing_centre import holders, push, waiting


def _id(db: Database) -> int:
    assert db.actor is not None
    return db.actor.id


def _activity(centre: Centre, staff_id: int) -> Activity:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Activity).where(Activity.staff_id == staff_id)).one()


def _staff(centre: Centre, staff_id: int) -> Staff:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Staff).where(Staff.id == staff_id)).one()


def _events(centre: Centre, staff_id: int) -> list[tuple[str, int | None, dict[str, Any]]]:
    with centre.as_owner().read() as tx:
        rows = tx.session.scalars(
            select(Event).where(Event.kind.like("staff.%")).order_by(Event.id)
        )
        return [(row.kind, row.actor_id, row.data) for row in rows if row.data["staff"] == staff_id]


def _seen(centre: Centre, staff_id: int, **values: object) -> None:
    """Let what the system saw of somebody be as it would be after a while."""
    with centre.as_owner().write() as tx:
        tx.session.execute(update(Activity).where(Activity.staff_id == staff_id).values(**values))


def _lease(db: Database) -> Lease:
    lease = leases.acquire(db, sweeper.LEASE_NAME, "test")
    assert lease is not None
    return lease


def _ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def _today(db: Database) -> Any:
    return presence.mine(db).now.astimezone(presence._LONDON).date()


def test_who_signs_in_is_available_unless_they_said_where_they_are(centre: Centre) -> None:
    anna = centre.as_person("anna")

    changes = presence.begin(anna)

    standing = presence.mine(anna)
    assert changes.ids(Topic.STAFF) == {_id(anna)}
    assert (standing.signed_in, standing.presence) == (True, Presence.AVAILABLE)
    presence.choose(anna, Presence.TRAINING, words="First aid")
    presence.begin(anna)
    standing = presence.mine(anna)
    assert (standing.presence, standing.words) == (Presence.TRAINING, "First aid")
    assert [kind for kind, *_ in _events(centre, _id(anna))] == [
        "staff.signed_in",
        "staff.presence",
        "staff.presence",
    ]


def test_a_presence_has_words_a_time_to_be_back_and_one_for_afterwards(centre: Centre) -> None:
    anna = centre.as_person("anna")
    presence.begin(anna)
    back_at = presence.mine(anna).now + timedelta(minutes=40)

    presence.choose(
        anna, Presence.AVAILABLE, afterwards=Presence.LUNCH, words="Canteen", back_at=back_at
    )

    standing = presence.mine(anna)
    assert standing.afterwards is Presence.LUNCH
    assert (standing.words, standing.back_at) == ("Canteen", back_at)
    # Words are a person's own and stay out of what is kept for ever.
    assert all("Canteen" not in str(event) for event in _events(centre, _id(anna)))
    since = _staff(centre, _id(anna)).presence_since
    presence.choose(anna, Presence.AVAILABLE)
    assert _staff(centre, _id(anna)).presence_since == since
    presence.choose(anna, Presence.BREAK)
    assert _staff(centre, _id(anna)).presence_since > since


@pytest.mark.parametrize(
    "wrong", [{"words": "x" * 81}, {"back_at": datetime(2020, 1, 1, tzinfo=UTC)}]
)
def test_what_is_no_presence_is_refused(centre: Centre, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        presence.choose(centre.as_person("anna"), Presence.LUNCH, **wrong)


def test_a_heartbeat_is_silent_until_what_is_seen_is_another(centre: Centre) -> None:
    anna = centre.as_person("anna")
    presence.begin(anna)
    _seen(centre, _id(anna), seen_at=_ago(seconds=40))
    events = len(_events(centre, _id(anna)))

    assert not presence.here(anna, idle=False, locked=False)

    seen = _activity(centre, _id(anna))
    assert seen.seen_at is not None
    assert seen.seen_at > _ago(seconds=30)
    assert len(_events(centre, _id(anna))) == events
    assert presence.here(anna, idle=True, locked=False).ids(Topic.STAFF) == {_id(anna)}
    since = _activity(centre, _id(anna)).idle_since
    assert since is not None
    assert not presence.here(anna, idle=True, locked=False)
    assert presence.here(anna, idle=True, locked=True)
    locked = _activity(centre, _id(anna))
    assert (locked.locked, locked.idle_since) == (True, since)
    assert presence.mine(anna).presence is Presence.AVAILABLE
    assert presence.here(anna, idle=False, locked=False)
    there = _activity(centre, _id(anna))
    assert (there.locked, there.idle_since) == (False, None)
    assert [data["seen"] for kind, _, data in _events(centre, _id(anna)) if "seen" in data] == [
        "idle",
        "locked",
        "there",
    ]


def test_of_two_desktops_the_one_that_is_used_speaks(centre: Centre) -> None:
    first, second = centre.as_person("anna"), centre.as_person("anna")
    presence.begin(first)
    presence.begin(second)

    assert not presence.here(first, idle=True, locked=False)
    assert _activity(centre, _id(first)).idle_since is None
    assert not presence.end(first).ids(Topic.CONTACT)
    assert presence.mine(first).signed_in
    assert presence.here(second, idle=True, locked=True)
    assert presence.here(first, idle=False, locked=False)
    assert not presence.here(second, idle=True, locked=True)
    assert not _activity(centre, _id(first)).locked


def test_a_team_leader_says_where_somebody_is_of_their_queues(centre: Centre) -> None:
    anna, ben, rose = (centre.as_person(login) for login in ("anna", "ben", "rose"))
    presence.begin(anna)

    changes = presence.set_for(rose, _id(anna), Presence.MEETING, words="With Rose")

    assert changes.ids(Topic.STAFF) == {_id(anna)}
    standing = presence.mine(anna)
    assert (standing.presence, standing.words) == (Presence.MEETING, "With Rose")
    assert standing.set_by == "Rose Boateng"
    kind, actor, data = _events(centre, _id(anna))[-1]
    assert (kind, actor, data["presence"]) == ("staff.presence", _id(rose), "meeting")
    presence.choose(anna, Presence.AVAILABLE)
    assert presence.mine(anna).set_by == ""
    with pytest.raises(NotAllowed):
        presence.set_for(ben, _id(anna), Presence.LUNCH)
    with pytest.raises(NotFound):
        presence.set_for(rose, 999_999, Presence.LUNCH)


def test_channels_are_switched_off_for_oneself(centre: Centre) -> None:
    anna = centre.as_person("anna")

    presence.set_channels(anna, {Channel.CHAT, Channel.CALL})

    assert presence.mine(anna).off_channels == {Channel.CHAT, Channel.CALL}
    presence.set_channels(anna, ())
    assert presence.mine(anna).off_channels == frozenset()


def test_who_did_not_answer_says_that_they_are_back(centre: Centre) -> None:
    anna = centre.as_person("anna")
    presence.begin(anna)
    _seen(centre, _id(anna), not_responding_since=_ago(minutes=1))
    assert presence.mine(anna).not_responding

    presence.back(anna)

    assert not presence.mine(anna).not_responding


def test_an_offer_is_told_to_whom_it_is_made(centre: Centre) -> None:
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    contact_id = centre.add_contact()
    contacts.take(anna, contact_id)

    contacts.transfer(anna, contact_id, staff_id=_id(ben), note="Yours, I think")

    [offer] = presence.mine(ben).offers
    assert (offer.contact_id, offer.channel) == (contact_id, Channel.EMAIL)
    assert (offer.who, offer.queue_name) == ("Margaret Okafor", "General enquiries")
    assert (offer.expires_at, offer.note) == (None, "Yours, I think")
    assert presence.mine(anna).offers == ()
    contacts.take(ben, contact_id)
    assert presence.mine(ben).offers == ()


def _why_not(centre: Centre, contact_id: int) -> dict[Why, tuple[str, ...]]:
    now = routing.explain(centre.as_person("ben"), contact_id).now
    assert now is not None
    return {each.why: each.people for each in now.considered}


def test_nothing_is_offered_to_who_is_away_whatever_they_chose(centre: Centre) -> None:
    gateway, anna = centre.as_gateway(), centre.as_person("anna")
    push(centre, "general")
    presence.begin(anna)
    presence.set_channels(anna, [Channel.CHAT])
    chat, mail = (waiting(centre, channel=each) for each in (Channel.CHAT, Channel.EMAIL))
    presence.here(anna, idle=True, locked=False)
    routing.route(gateway)
    assert holders(centre, [chat, mail]) == [None, None]
    assert _why_not(centre, mail) == {Why.IDLE: ("Anna Whitlock",)}

    presence.here(anna, idle=False, locked=False)
    routing.route(gateway)

    assert holders(centre, [chat, mail]) == [None, "anna"]
    assert _why_not(centre, chat) == {Why.CHANNEL_OFF: ("Anna Whitlock",)}
    presence.set_channels(anna, ())
    routing.route(gateway)
    assert holders(centre, [chat, mail]) == ["anna", "anna"]


def test_an_offer_that_runs_out_is_seen_in_their_day_until_they_are_back(centre: Centre) -> None:
    gateway, anna = centre.as_gateway(), centre.as_person("anna")
    push(centre, "general")
    presence.begin(anna)
    contact_id = waiting(centre)
    routing.route(gateway)
    [offer] = presence.mine(anna).offers
    assert offer.contact_id == contact_id
    assert offer.expires_at is not None
    change(centre, Assignment, 1, expires_at=_ago(seconds=1))

    routing.route(gateway)

    assert presence.mine(anna).not_responding
    assert presence.mine(anna).offers == ()
    parts = presence.of(anna, _id(anna), _today(anna))
    assert [each.doing for each in parts][-1] is Doing.NOT_RESPONDING
    presence.choose(anna, Presence.AVAILABLE)
    assert not presence.mine(anna).not_responding
    routing.route(gateway)
    assert holders(centre, [contact_id]) == ["anna"]


@pytest.mark.parametrize("away", [timedelta(minutes=3), timedelta(minutes=31)])
def test_whoever_comes_back_at_this_moment_keeps_what_they_have(
    postgres_centre: Centre, away: timedelta
) -> None:
    """They are being seen in a transaction that the sweep does not know of yet."""
    centre, gateway = postgres_centre, postgres_centre.as_gateway()
    anna = centre.as_person("anna")
    contact_id = centre.add_contact()
    presence.begin(anna)
    contacts.take(anna, contact_id)
    gone = away > timedelta(minutes=30)
    out = {"signed_in_at": None} if gone else {}
    _seen(centre, _id(anna), seen_at=datetime.now(UTC) - away, **out)
    with anna.write() as coming:
        function = "presence_begin('x')" if gone else "presence_here('x', false, false)"
        coming.session.execute(text(f"SELECT app.{function}"))
        with gateway.write() as tx:
            tx.session.execute(text("SET LOCAL lock_timeout = '2s'"))
            swept = tx.session.execute(text("SELECT app.presence_sweep()")).scalar_one()

    assert swept == {"staff": [], "contacts": []}
    assert _activity(centre, _id(anna)).signed_in_at is not None
    assert holders(centre, [contact_id]) == ["anna"]


def test_a_day_adds_up_to_the_shift_whoever_changes_it(centre: Centre) -> None:
    anna, rose = centre.as_person("anna"), centre.as_person("rose")
    contact_id = centre.add_contact()
    presence.begin(anna)
    contacts.take(anna, contact_id)
    presence.here(anna, idle=False, locked=True)
    presence.here(anna, idle=False, locked=False)
    presence.choose(anna, Presence.LUNCH)
    presence.set_for(rose, _id(anna), Presence.TRAINING)
    _seen(centre, _id(anna), not_responding_since=_ago(seconds=0))
    presence.back(anna)
    contacts.release(anna, contact_id)
    began = _activity(centre, _id(anna)).signed_in_at
    presence.end(anna)

    parts = presence.of(anna, _id(anna), _today(anna))

    with centre.as_owner().read() as tx:
        out = tx.session.scalar(select(Event.at).where(Event.kind == "staff.signed_out"))
        last = tx.session.scalars(select(PresenceMark.at).order_by(PresenceMark.id.desc())).first()
    assert began is not None
    assert out is not None
    assert last is not None
    assert abs(last - out) < timedelta(milliseconds=20)
    assert parts[0].began_at == began
    assert parts[-1].ended_at == last
    assert all(one.ended_at == two.began_at for one, two in itertools.pairwise(parts))
    assert sum((each.length for each in parts), timedelta()) == last - began
    assert not parts[-1].running
    said = [(each.presence, each.doing) for each in parts]
    assert (Presence.AVAILABLE, Doing.ON_CONTACT) in said
    assert (Presence.AVAILABLE, Doing.LOCKED) in said
    assert next(each.by for each in parts if each.presence is Presence.TRAINING) == "Rose Boateng"
    assert presence.of(rose, _id(anna), _today(rose)) == parts
    assert presence.of(centre.as_person("ben"), _id(anna), _today(rose)) == ()


def test_signing_out_gives_work_back_and_keeps_its_place(centre: Centre) -> None:
    anna = centre.as_person("anna")
    contact_id = centre.add_contact()
    presence.begin(anna)
    queued_at = contact(centre, contact_id).queued_at
    contacts.take(anna, contact_id)

    changes = presence.end(anna)

    assert changes.ids(Topic.CONTACT) == {contact_id}
    row = contact(centre, contact_id)
    assert (row.state, row.owner_id, row.queued_at) == ("queued", None, queued_at)
    assert _staff(centre, _id(anna)).presence == Presence.OFFLINE
    assert _activity(centre, _id(anna)).signed_in_at is None
    assert not presence.end(anna).ids(Topic.CONTACT)
    # Its heartbeat does not sign anybody in.
    assert not presence.here(anna, idle=False, locked=False)
    assert not presence.mine(anna).signed_in


def test_a_desktop_that_died_is_signed_out_and_its_work_waits_half_an_hour(centre: Centre) -> None:
    gateway, anna, ben = centre.as_gateway(), centre.as_person("anna"), centre.as_person("ben")
    lease = _lease(gateway)
    held, offered = centre.add_contact(), centre.add_contact()
    presence.begin(anna)
    contacts.take(anna, held)
    contacts.take(ben, offered)
    contacts.transfer(ben, offered, staff_id=_id(anna))
    assert not presence.sweep(gateway, lease)
    _seen(centre, _id(anna), seen_at=_ago(minutes=3))

    changes = presence.sweep(gateway, lease)

    assert changes.ids(Topic.STAFF) == {_id(anna)}
    assert changes.ids(Topic.CONTACT) == {offered}
    assert contact(centre, offered).state == ContactState.QUEUED
    assert event_kinds(centre, offered)[-1] == "contact.returned"
    assert contact(centre, held).owner_id == _id(anna)
    assert not presence.mine(anna).signed_in
    assert _events(centre, _id(anna))[-1][2]["why"] == "not seen"
    assert not presence.sweep(gateway, lease)
    _seen(centre, _id(anna), seen_at=_ago(minutes=31))
    assert presence.sweep(gateway, lease).ids(Topic.CONTACT) == {held}
    assert contact(centre, held).owner_id is None
    assert not presence.sweep(gateway, lease)


def test_silence_counts_only_while_it_can_be_heard(centre: Centre) -> None:
    gateway, anna = centre.as_gateway(), centre.as_person("anna")
    lease = _lease(gateway)
    presence.begin(anna)
    _seen(centre, _id(anna), seen_at=_ago(minutes=40))

    Sweeper(gateway, lease).work()
    assert presence.mine(anna).signed_in

    Sweeper(gateway, lease, grace_seconds=0).work()
    assert not presence.mine(anna).signed_in


def test_work_of_a_desktop_that_nobody_touched_for_an_hour_goes_back(centre: Centre) -> None:
    gateway, anna = centre.as_gateway(), centre.as_person("anna")
    lease = _lease(gateway)
    contact_id = centre.add_contact()
    presence.begin(anna)
    contacts.take(anna, contact_id)
    presence.here(anna, idle=False, locked=True)
    assert not presence.sweep(gateway, lease)
    _seen(centre, _id(anna), idle_since=_ago(minutes=61))

    assert presence.sweep(gateway, lease).ids(Topic.CONTACT) == {contact_id}
    assert presence.mine(anna).signed_in


def test_the_sweep_leaves_alone_who_never_had_a_desktop_open(centre: Centre) -> None:
    anna = centre.as_person("anna")
    contact_id = centre.add_contact()
    contacts.take(anna, contact_id)
    change(centre, Contact, contact_id, state_since=_ago(days=3))

    gateway = centre.as_gateway()
    assert not presence.sweep(gateway, _lease(gateway))

    with centre.as_owner().read() as tx:
        open_ones = select(Assignment.id).where(Assignment.ended_at.is_(None))
        assert len(tx.session.scalars(open_ones).all()) == 1
