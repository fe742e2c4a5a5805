"""Whatever calls, keeps, resumes or enters waits for the place first and for the visitor then: two
at one desk never wait for each other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from crm_desktop.domain.away_visits import AwayVisit
from crm_desktop.domain.visits import Ticket
from crm_desktop.services import contacts, rooms, visits, visits_away
from crm_desktop.store.database import Tx
from tests.centre import Centre
from tests.visits_centre import add_site, arriving, places, service_of

_PLACE = text("SELECT pg_advisory_xact_lock(hashtextextended('place ' || :id, 0))")
_CONTACT = text("SELECT 1 FROM contact WHERE id = :id FOR UPDATE NOWAIT")
_KEPT_PLACE = text("SELECT 1 FROM place WHERE id = :id FOR UPDATE NOWAIT")
_WAITS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event_type = 'Lock'"
)


@contextmanager
def _waiting(
    centre: Centre, held: Callable[[Tx], object], work: Callable[[], object]
) -> Iterator[Tx]:
    """While `work` waits for what is held; it is done afterwards."""
    with ThreadPoolExecutor(1) as pool:
        with centre.as_owner().write() as tx:
            held(tx)
            done = pool.submit(work)
            for _ in range(600):
                with centre.as_owner().read() as other:
                    if other.session.scalar(_WAITS):
                        break
                assert not done.done(), "it did not wait"
                time.sleep(0.02)
            yield tx
        done.result(timeout=30)


def test_the_place_is_waited_for_before_the_visitor(postgres_centre: Centre) -> None:
    centre = postgres_centre
    site, anna = add_site(centre), centre.as_person("anna")
    desk, service = places(centre, site)[0], service_of(centre, site)
    visits.at(anna, desk)
    parked = visits.check_in(anna, arriving(site, service))[0].contact_id
    visits.call(anna, parked, desk)
    visits.serve(anna, parked)
    contacts.park(anna, parked, datetime.now(UTC) + timedelta(hours=1))
    numbers = visits.reserve(anna, site, "computer")
    with centre.as_owner().read() as tx:
        came = tx.now - timedelta(seconds=30)
    away = AwayVisit(
        key="a" * 32, site_id=site, service_id=service, service_name="x", checked_in_by="anna",
        ticket=Ticket("A", numbers.first), arrived_at=came,
    )  # fmt: skip
    entered = visits_away.enter(anna, away).contact_id
    called = away.called("anna", desk, "Desk 1", came)

    def held(tx: Tx) -> None:
        tx.session.execute(_PLACE, {"id": desk})

    with _waiting(centre, held, lambda: visits_away.enter(anna, called)) as tx:
        tx.session.execute(_CONTACT, {"id": entered})
    visits.back_to_line(anna, entered)
    with _waiting(centre, held, lambda: contacts.resume(anna, parked)) as tx:
        tx.session.execute(_CONTACT, {"id": parked})


def test_keeping_a_room_for_a_visitor_waits_for_them_before_the_room(
    postgres_centre: Centre,
) -> None:
    centre = postgres_centre
    site, rose = add_site(centre), centre.as_person("rose")
    room = places(centre, site)[1]
    visit = visits.check_in(rose, arriving(site, service_of(centre, site)))[0].contact_id

    def keep() -> None:
        rooms.hold(rose, room, datetime.now(UTC) + timedelta(hours=1), "a talk", visit)

    with _waiting(centre, lambda tx: tx.session.execute(_CONTACT, {"id": visit}), keep) as tx:
        tx.session.execute(_KEPT_PLACE, {"id": room})


def test_a_site_is_set_up_while_somebody_checks_in(postgres_centre: Centre) -> None:
    site = add_site(postgres_centre)
    with postgres_centre.as_owner().write() as checking_in:
        for table in ("site", "place"):
            checking_in.session.execute(text(f"SELECT 1 FROM {table} FOR KEY SHARE"))
        with postgres_centre.as_owner().write() as tx:
            tx.session.execute(text("SET LOCAL lock_timeout = '2s'"))
            data = tx.session.scalar(text("SELECT app.site_data(:id)"), {"id": site})
            put = text("SELECT app.site_put(:id, CAST(:data AS jsonb), CAST(:data AS jsonb))")
            given = {"id": site, "data": json.dumps(data)}
            assert tx.session.scalar(put, given) == site
