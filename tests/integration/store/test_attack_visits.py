"""What nobody at a desk can do with visits by psql: others' desks, visitors, names and numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from crm_desktop.services import visits
from crm_desktop.store.models import SiteService
from tests.centre import Centre
from tests.integration.store.attacking import (
    DESK,
    REPORT,
    Attack,
    Connection,
    Ids,
    named,
    refused,
    unseen,
)
from tests.visits_centre import (
    add_place,
    add_site,
    arriving,
    book,
    known,
    places,
    service_of,
)

_ARRIVES = "SELECT app.visit_check_in(%(arrival)s::jsonb || "

ATTACKS = (
    Attack("calling for a desk one is not at", "SELECT app.visit_next(%(desk)s)"),
    Attack("calling one of the line there", "SELECT app.visit_call(%(waits)s, %(desk)s)"),
    Attack("serving a colleague's visitor", "SELECT app.visit_serve(%(called)s)"),
    Attack("recalling a colleague's visitor", "SELECT app.visit_recall(%(called)s)"),
    Attack("sending a colleague's visitor away", "SELECT app.visit_moves(%(called)s, 'left')"),
    Attack(
        "passing a colleague's visitor on",
        "SELECT app.visit_transfer(%(called)s, %(desk)s, NULL, '')",
    ),
    Attack("ending a visit as done", "SELECT app.visit_moves(%(waits)s, 'completed')"),
    Attack("moving a restricted visit", "SELECT app.visit_moves(%(hidden)s, 'left')"),
    Attack("a contact that is no visit", "SELECT app.visit_moves(%(own)s, 'left')"),
    Attack("a number of one's own", _ARRIVES + """'{"number": 3, "letter": "A"}'::jsonb)"""),
    Attack(
        "a number of another's range", _ARRIVES + """'{"number": 905, "letter": "B"}'::jsonb)"""
    ),
    Attack(
        "an arrival of long ago", _ARRIVES + """'{"arrived": "2020-01-01T00:00:00Z"}'::jsonb)"""
    ),
    Attack("no key", _ARRIVES + """'{"key": "x"}'::jsonb)"""),
    Attack("more words than fit", _ARRIVES + "jsonb_build_object('who', repeat('x', 201)))"),
    Attack("a need that no desk can show", _ARRIVES + """'{"needs": ["a throne"]}'::jsonb)"""),
    Attack("a customer who is none", _ARRIVES + """'{"customer": 99999}'::jsonb)"""),
    Attack(
        "a name out of a restricted service",
        _ARRIVES + "jsonb_build_object('appointment', %(secret)s::bigint))",
    ),
    Attack(
        "a question answered in no way",
        'SELECT app.visit_answered(%(arrival)s::jsonb || \'{"words": "x"}\'::jsonb)',
    ),
    Attack("needs from within", "SELECT app.are_needs('[]')"),
    Attack("a range without a computer", "SELECT app.ticket_reserve(%(site)s, '')"),
    Attack(
        "all ranges of a day",
        "SELECT app.ticket_reserve(%(site)s, 'c' || n) FROM generate_series(1, 11) n",
    ),
    Attack(
        "a colleague's place", "INSERT INTO at_place (staff_id, place_id) VALUES (%(ben_id)s, 1)"
    ),
    Attack("sending a colleague home", "UPDATE at_place SET left_at = now()"),
    Attack("visits by their table", "SELECT 1 FROM visit"),
    Attack("telephone numbers of visitors", "SELECT phone FROM visit"),
    Attack("the counter", "UPDATE ticket_counter SET last = 0"),
    Attack("a kiosk's key", "SELECT kiosk_key FROM site"),
    Attack(
        "a desk of one's own", "INSERT INTO place (site_id, kind, name) VALUES (1, 'desk', 'x')"
    ),
    Attack("calling past the rules", "SELECT app.visit_called(%(waits)s, NULL::place)"),
    Attack("taking a visitor who waits", "SELECT app.claim(%(waits)s)"),
    Attack("taking one with the notice", "SELECT app.take(%(waits)s)"),
    Attack(
        "giving a waiting visitor to a colleague",
        "SELECT app.transfer(%(waits)s, NULL, %(ben_id)s, '')",
    ),
    Attack("passing a visitor on past the rules", "SELECT app.visit_sent(%(waits)s, NULL, 1, '')"),
    Attack(
        "a visitor at one's desk past the rules",
        "SELECT app.visit_resumed(c) FROM contact c WHERE c.id = %(waits)s",
    ),
    Attack("who is in the building", "SELECT app.visitor_here(%(hidden)s)"),
    Attack("who is at a desk from within", "SELECT app.place_holds(%(desk)s)"),
    Attack("the visit's contact locked", "SELECT app.visit_in(%(waits)s, ARRAY['queued'])"),
    Attack("a room for ever", "SELECT app.place_hold(%(room)s, 'infinity', 'mine', NULL)"),
    Attack(
        "a room over somebody",
        "SELECT app.place_hold(%(desk)s, now() + interval '1 hour', 'mine', NULL)",
    ),
    Attack(
        "a room kept for a restricted visit",
        "SELECT app.place_hold(%(room)s, now() + interval '1 hour', 'mine', %(hidden)s)",
    ),
    Attack("a colleague's visitor to a room", "SELECT app.visit_room(%(called)s, %(room)s)"),
    Attack("who waits to a room uncalled", "SELECT app.visit_room(%(waits)s, %(room)s)"),
    Attack("a marker passed over in silence", "SELECT app.visit_without_room(%(marked)s, ' ')"),
    Attack(
        "a colleague's visitor without a room", "SELECT app.visit_without_room(%(called)s, 'x')"
    ),
    Attack("calling for a partner from nowhere", "SELECT app.visit_for_partner(NULL, %(police)s)"),
    Attack("calling for a partner at a desk", "SELECT app.visit_for_partner(%(waits)s, %(desk)s)"),
    Attack("who was called to a desk with a partner", "SELECT app.visit_with_partner(%(called)s)"),
    Attack("a partner's visit done by nobody", "SELECT app.visit_partner_done(%(waits)s)"),
    Attack("somebody gone by a colleague undone", "SELECT app.visit_undo(%(gone)s)"),
    Attack("who never left undone", "SELECT app.visit_undo(%(waits)s)"),
    Attack("calling by the desk's own call", "SELECT app.desk_call(NULL, %(desk)s)"),
    unseen(
        "what a restricted visitor seeks", "SELECT 1 WHERE app.visit_seeks(%(hidden)s) IS NOT NULL"
    ),
    Attack("a hold judged past the rules", "SELECT app.place_kept(p, NULL) FROM place p"),
    Attack("who is where past the rules", "SELECT app.place_visitor(p) FROM place p"),
    Attack("appointments by their times", "SELECT app.next_booked(p) FROM place p"),
    Attack("how long visits take", "SELECT app.visit_takes(%(site)s)"),
    Attack("a room by its table", "UPDATE place SET held_until = now()"),
    Attack(
        "a visitor of today written down late",
        "SELECT app.visit_went(jsonb_build_object('contact', %(waits)s::bigint, 'state', 'left',"
        " 'calls', 0, 'ended', now()))",
    ),
    Attack(
        "a colleague's visitor written off",
        "SELECT app.visit_went(jsonb_build_object('contact', %(called)s::bigint, 'state',"
        " 'completed', 'calls', 1, 'seen', now(), 'ended', now(), 'resolution', 'resolved'))",
    ),
    Attack(
        "a restricted visitor who never was here",
        "SELECT app.visit_went(jsonb_build_object('contact', %(hidden)s::bigint, 'state', 'left',"
        " 'calls', 0, 'ended', now()))",
    ),
    *(
        Attack(
            f"{kind} told by hand",
            f"INSERT INTO event (kind, actor_id, data) VALUES ('{kind}', app.me(), '{{}}')",
        )
        for kind in ("visit.without_room", "place.held", "appointment.cancelled")
    ),
    unseen("where a restricted visit is", "SELECT 1 WHERE app.visit_site(%(hidden)s) IS NOT NULL"),
)


@pytest.fixture(scope="module")
def shop(attacked: tuple[Centre, Ids]) -> Ids:
    """A visitor waits, Ben has called one, and somebody came about a restricted service."""
    centre, ids = attacked
    site = add_site(centre, services=("missed_bin", "council_tax"))
    with centre.as_owner().write() as tx:
        concern = int(str(ids["concern"]))
        tx.session.add(SiteService(site_id=site, service_id=concern, letter="C", key=3))
    desk, service, ben = (
        places(centre, site)[0],
        service_of(centre, site),
        centre.as_person("ben"),
    )
    called, _ = visits.check_in(ben, arriving(site, service, "Called Person"))
    visits.at(ben, desk)
    visits.call(ben, called.contact_id, desk)
    waits, _ = visits.check_in(ben, arriving(site, service, "Waiting Person"))
    cora = centre.as_person("cora")
    hidden, _ = visits.check_in(cora, arriving(site, concern, "Hidden Person"))
    secret = book(centre, site, concern, "A-8F3-T9K-4", who="Hidden Person")
    gone, _ = visits.check_in(ben, arriving(site, service, "Gone Person"))
    visits.left(ben, gone.contact_id)
    customer = known(centre, "Marked Person", marker=True)
    marked, _ = visits.check_in(ben, arriving(site, service, "Marked Person", customer_id=customer))
    arrival: dict[str, Any] = {
        "key": "f" * 32, "site": site, "service": service, "by": "desk", "who": "X", "note": "",
        "needs": [], "language": "en", "phone": "", "folded": "x",
    }  # fmt: skip
    return ids | {
        "site": site,
        "desk": desk,
        "called": called.contact_id,
        "waits": waits.contact_id,
        "hidden": hidden.contact_id,
        "gone": gone.contact_id,
        "marked": marked.contact_id,
        "room": add_place(centre, site, "interview", "Interview 1"),
        "police": add_place(centre, site, "partner", "Police desk"),
        "secret": secret,
        "arrival": json.dumps(arrival),
    }


@pytest.fixture(scope="module")
def session(connected: Callable[[str], Connection]) -> Connection:
    """Somebody of the desk."""
    return connected(DESK)


@pytest.mark.parametrize("attack", named(ATTACKS))
def test_the_database_refuses(shop: Ids, session: Connection, attack: Attack) -> None:
    refused(session, shop, attack)


def test_a_restricted_name_is_in_nobody_elses_line(shop: Ids, session: Connection) -> None:
    with session.transaction(force_rollback=True):
        row = session.execute("SELECT app.site_line(%(site)s)::text", shop).fetchone()
    assert row is not None
    assert "Waiting Person" in str(row[0])
    assert "Hidden Person" not in str(row[0])


@pytest.mark.parametrize(
    "statement",
    ["SELECT app.site_line(%(site)s)", "SELECT app.be_at(%(desk)s)", "SELECT 1 FROM site"],
)
def test_who_is_not_staff_has_no_line(
    shop: Ids, connected: Callable[[str], Connection], statement: Any
) -> None:
    refused(connected(REPORT), shop, Attack("not staff", statement))


def test_an_advisor_keeps_no_room(shop: Ids, connected: Callable[[str], Connection]) -> None:
    held = "SELECT app.place_hold(%(room)s, now() + interval '1 hour', 'mine', NULL)"
    refused(connected("anna"), shop, Attack("a room for an advisor", held))


def test_at_a_desk_one_is_oneself(shop: Ids, session: Connection) -> None:
    with session.transaction(force_rollback=True):
        session.execute("SELECT app.be_at(%(desk)s)", shop)
        found = session.execute(
            "SELECT s.login FROM at_place a JOIN staff s ON s.id = a.staff_id"
            " WHERE a.left_at IS NULL ORDER BY 1"
        ).fetchall()
    assert [row[0] for row in found] == [DESK, "ben"]
