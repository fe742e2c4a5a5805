"""Gateways offer what waits, several at once and never twice, and take back what nobody answers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.services import contacts, routing
from crm_desktop.store.database import Database
from crm_desktop.store.models import Activity, Assignment, Contact
from tests.centre import Centre
from tests.integration.gateway.looking import watching
from tests.routing_centre import at_work, decisions, holders, push, state, waiting


def test_a_call_is_offered_and_taken_back_when_nobody_answers(
    centre: Centre, start_gateway: Callable[[], Gateway]
) -> None:
    push(centre, "general", offer_seconds=1)
    at_work(centre, "anna")
    call = waiting(centre)
    start_gateway()
    start_gateway()

    with watching(centre) as watch:
        watch.until(lambda _: "timed_out" in decisions(centre, call))

    assert decisions(centre, call)[:2] == ["offer", "timed_out"]
    assert state(centre, call) is ContactState.QUEUED


def test_of_two_rounds_at_once_none_offers_twice(postgres_centre: Centre) -> None:
    """Two engines without a pause, and three people who take what they are offered, and more."""
    centre = postgres_centre
    push(centre, "general", "waste")
    at_work(centre, "anna", "ben", "rose")
    ids = [
        waiting(centre, queue=queue, channel=channel, for_seconds=number)
        for number in range(12)
        for queue, channel in (("general", Channel.CHAT), ("waste", Channel.EMAIL))
    ]
    ended = threading.Event()
    heaviest: list[int] = []

    def rounds(db: Database) -> None:
        while not ended.is_set():
            routing.route(db)

    def works(db: Database) -> None:
        assert db.actor is not None
        mine = select(Contact.id).where(
            Contact.owner_id == db.actor.id, Contact.state == ContactState.OFFERED
        )
        while not ended.is_set():
            with db.read() as tx:
                offered = tx.session.scalars(mine).all()
            for contact_id in offered:
                contacts.take(db, contact_id)
                contacts.spam(db, contact_id)

    def watches(db: Database) -> None:
        while not ended.is_set():
            with db.read() as tx:
                open_ones = (
                    select(func.count())
                    .where(Assignment.ended_at.is_(None))
                    .group_by(Assignment.contact_id)
                )
                heaviest.extend(tx.session.scalars(open_ones))
                left = tx.session.scalar(
                    select(func.count()).where(Contact.state != ContactState.SPAM)
                )
                if not left:
                    ended.set()

    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(rounds, centre.as_gateway(connections=1)) for _ in range(2)]
        running += [pool.submit(works, centre.as_person(who)) for who in ("anna", "ben", "rose")]
        running.append(pool.submit(watches, centre.as_owner()))
        try:
            running[-1].result(timeout=60)
        finally:
            ended.set()
        for each in running:
            each.result()

    assert set(heaviest) <= {1}
    with centre.as_owner().read() as tx:
        offered = tx.session.scalars(select(Assignment.contact_id)).all()
        assert sorted(offered) == sorted(ids)


def test_who_is_changing_at_this_moment_is_offered_nothing_and_holds_nobody_up(
    postgres_centre: Centre,
) -> None:
    centre = postgres_centre
    push(centre, "general")
    at_work(centre, "anna", "ben")
    calls = [waiting(centre, for_seconds=2), waiting(centre)]
    anna = centre.person("anna").id

    with centre.as_owner().write() as tx:
        tx.session.execute(select(Activity).where(Activity.staff_id == anna).with_for_update())
        routing.route(centre.as_gateway())

    assert holders(centre, calls) in (["ben", None], [None, "ben"])
