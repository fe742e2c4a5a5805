"""Visitors in the hands of the moves that any contact knows: taken, returned, parked, passed on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from crm_desktop.domain.errors import Conflict, NotAllowed
from crm_desktop.domain.reassigning import Seen, ToPeople, Why
from crm_desktop.domain.states import ContactState, Resolution
from crm_desktop.domain.views import Disposition, QueueFilter
from crm_desktop.domain.visits import To, VisitRow
from crm_desktop.services import contacts, presence, reassign, sites, visits
from crm_desktop.store.database import Database
from crm_desktop.store.models import Assignment, Contact, Visit
from tests.centre import Centre
from tests.visits_centre import add_site, arriving, places, service_of


@dataclass
class Shop:
    """A site with two desks, Anna at the first, and who came."""

    centre: Centre
    site: int
    desk: int
    other: int
    anna: Database
    ben: Database

    def comes(self, key: int = 1) -> int:
        """Somebody is checked in; their contact."""
        service = service_of(self.centre, self.site, key)
        return visits.check_in(self.anna, arriving(self.site, service))[0].contact_id

    def comes_and_is_seen(self) -> int:
        """The same, at Anna's desk at once."""
        contact_id = self.comes()
        visits.call(self.anna, contact_id, self.desk)
        visits.serve(self.anna, contact_id)
        return contact_id

    def row(self, contact_id: int) -> VisitRow:
        """As the line has it."""
        rows = visits.line(self.anna, self.site).rows
        return next(each for each in rows if each.contact_id == contact_id)

    def shown(self) -> list[int]:
        """Who is in the line or at a desk."""
        return [each.contact_id for each in visits.line(self.anna, self.site).rows]

    def contact(self, contact_id: int) -> Contact:
        """As it is kept."""
        with self.centre.as_owner().read() as tx:
            return tx.session.get_one(Contact, contact_id)


@pytest.fixture
def shop(centre: Centre) -> Shop:
    site = add_site(centre)
    desk, other = places(centre, site)
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    visits.at(anna, desk)
    return Shop(centre, site, desk, other, anna, ben)


def test_a_waiting_visitor_is_not_taken(shop: Shop) -> None:
    visitor = shop.comes()

    with pytest.raises(Conflict, match="a desk calls visitors"):
        contacts.take(shop.anna, visitor)
    assert contacts.take_next(shop.anna, QueueFilter()) is None

    assert shop.row(visitor).state is ContactState.QUEUED


def test_a_returned_visitor_keeps_the_place_in_the_line(shop: Shop) -> None:
    first, second = shop.comes_and_is_seen(), shop.comes()

    contacts.release(shop.anna, first, "needs a form")

    assert shop.shown() == [first, second]
    assert (shop.row(first).place_id, shop.row(first).staff_name) == (None, "")
    called, _ = visits.call_next(shop.anna, shop.desk)
    assert called is not None
    assert called.contact_id == first


def test_a_parked_visitor_is_at_the_desk_again_when_it_is_free(shop: Shop) -> None:
    visitor, other = shop.comes_and_is_seen(), shop.comes()
    contacts.park(shop.anna, visitor, datetime.now(UTC) + timedelta(hours=1))
    assert shop.row(visitor).place_id is None
    visits.call(shop.anna, other, shop.desk)

    with pytest.raises(Conflict, match="A002 is there"):
        contacts.resume(shop.anna, visitor)
    visits.back_to_line(shop.anna, other)
    contacts.resume(shop.anna, visitor)

    assert (shop.row(visitor).state, shop.row(visitor).place_id) == (
        ContactState.ACTIVE,
        shop.desk,
    )
    contacts.park(shop.anna, visitor, datetime.now(UTC) + timedelta(hours=1))
    visits.at(shop.anna, None)
    with pytest.raises(Conflict, match="a desk calls visitors"):
        contacts.resume(shop.anna, visitor)


def test_whoever_is_called_out_of_parking_is_parked_no_more(shop: Shop) -> None:
    visitor = shop.comes_and_is_seen()
    for _ in range(2):
        contacts.park(shop.anna, visitor, datetime.now(UTC) + timedelta(hours=1), for_reply=True)
        visits.call(shop.anna, visitor, shop.desk)
        visits.serve(shop.anna, visitor)
        kept = shop.contact(visitor)
        assert (kept.parked_until, kept.parked_for_reply) == (None, False)
    contacts.park(shop.anna, visitor, None, for_reply=True)
    visits.back_to_line(shop.anna, visitor)

    assert not shop.contact(visitor).parked_for_reply


def test_passed_on_to_a_colleague_they_wait_for_the_colleagues_desk(shop: Shop) -> None:
    first, second = shop.comes_and_is_seen(), shop.comes()
    visits.at(shop.ben, shop.other)
    ben = shop.centre.person("ben").id

    contacts.transfer(shop.anna, first, staff_id=ben, note="has the deeds")

    row = shop.row(first)
    assert (row.state, row.place_id, row.place_name) == (ContactState.QUEUED, None, "Desk 2")
    with shop.centre.as_owner().read() as tx:
        open_ones = select(Assignment.id).where(Assignment.ended_at.is_(None))
        assert tx.session.scalars(open_ones).all() == []
    hers, _ = visits.call_next(shop.anna, shop.desk)
    his, _ = visits.call_next(shop.ben, shop.other)
    assert hers is not None
    assert his is not None
    assert (hers.contact_id, his.contact_id) == (second, first)


def test_nobody_who_is_at_no_desk_there_is_given_a_visitor(shop: Shop) -> None:
    visitor = shop.comes_and_is_seen()
    ben = shop.centre.person("ben").id

    with pytest.raises(Conflict, match="at no desk of that site") as refused:
        contacts.transfer(shop.anna, visitor, staff_id=ben)
    visits.at(shop.ben, places(shop.centre, add_site(shop.centre, "library"))[0])
    with pytest.raises(Conflict, match="at no desk of that site"):
        contacts.transfer(shop.anna, visitor, staff_id=ben)

    assert refused.value.params["by"] == "Ben Achebe"
    assert (shop.row(visitor).state, shop.row(visitor).place_id) == (
        ContactState.ACTIVE,
        shop.desk,
    )


def test_passed_on_to_a_queue_they_wait_for_its_service_at_the_site(shop: Shop) -> None:
    first = shop.comes_and_is_seen()
    second = shop.comes(2)
    general = service_of(shop.centre, shop.site, 2)

    contacts.transfer(shop.anna, first, queue_id=shop.centre.queue_id("general"))

    assert shop.row(first).service_id == general
    assert shop.shown() == [first, second]


def test_a_queue_that_the_site_does_not_serve_gets_no_visitor(centre: Centre) -> None:
    site = add_site(centre, services=("missed_bin",))
    anna, desk = centre.as_person("anna"), places(centre, site)[0]
    visits.at(anna, desk)
    visit, _ = visits.check_in(anna, arriving(site, service_of(centre, site)))
    visits.call_next(anna, desk)
    visits.serve(anna, visit.contact_id)

    with pytest.raises(Conflict, match="no desk of that site serves that queue"):
        contacts.transfer(anna, visit.contact_id, queue_id=centre.queue_id("general"))


def test_moves_of_many_leave_visitors_to_the_desks(shop: Shop) -> None:
    rose = shop.centre.as_person("rose")
    waits, seen = shop.comes(), shop.comes_and_is_seen()
    chosen = [_seen(shop, each) for each in (waits, seen)]
    ben = shop.centre.person("ben").id

    given = reassign.give(rose, chosen, ToPeople((ben,)))

    assert [each.why for each in given.skipped] == [Why.VISITOR, Why.VISITOR]
    assert set(shop.shown()) == {waits, seen}


def test_whom_somebody_had_called_waits_when_they_have_gone_home(shop: Shop) -> None:
    rose, called = shop.centre.as_person("rose"), shop.comes()
    visits.call(shop.anna, called, shop.desk)

    gone = reassign.gone_home(rose, shop.centre.person("anna").id)
    assert gone.undo is not None
    undone = reassign.undo(rose, gone.undo)

    assert gone.moved == (called,)
    assert [each.why for each in undone.skipped] == [Why.VISITOR]
    assert shop.row(called).state is ContactState.QUEUED


def test_what_is_left_of_a_visit_is_paper(shop: Shop) -> None:
    """Its advisor went in wrap-up: nobody calls the visitor, who has gone; it is finished."""
    visitor = shop.comes_and_is_seen()
    contacts.begin_wrap_up(shop.anna, visitor)
    presence.begin(shop.anna)
    presence.end(shop.anna)

    assert shop.contact(visitor).state == ContactState.QUEUED
    assert shop.shown() == []
    assert visits.line(shop.anna, shop.site).day.waiting == 0
    assert visits.site_services(shop.anna, shop.site)[0].waiting == 0
    visits.at(shop.ben, shop.other)
    assert visits.call_next(shop.ben, shop.other)[0] is None
    with pytest.raises(Conflict, match="the visit is over"):
        visits.left(shop.ben, visitor)
    (known,) = sites.read(shop.centre.as_owner()).sites
    assert not any(each.visitors for each in known.busy_services.values())
    contacts.take(shop.ben, visitor)
    contacts.complete(shop.ben, visitor, Disposition(None, Resolution.RESOLVED, False))
    assert shop.contact(visitor).state == ContactState.COMPLETED


def test_a_wrap_up_that_began_too_early_is_taken_back(shop: Shop) -> None:
    visitor = shop.comes_and_is_seen()
    contacts.begin_wrap_up(shop.anna, visitor)
    contacts.resume(shop.anna, visitor)
    shop.comes()

    with pytest.raises(Conflict, match="A001 is there"):
        visits.call_next(shop.anna, shop.desk)
    contacts.begin_wrap_up(shop.anna, visitor)
    visits.call_next(shop.anna, shop.desk)
    contacts.resume(shop.anna, visitor)

    with shop.centre.as_owner().read() as tx:
        assert tx.session.get_one(Visit, visitor).left_at is not None


def test_a_wrap_up_that_is_taken_up_elsewhere_brings_nobody_back(shop: Shop) -> None:
    visitor = shop.comes_and_is_seen()
    contacts.begin_wrap_up(shop.anna, visitor)
    visits.at(shop.anna, None)

    contacts.resume(shop.anna, visitor)

    assert visitor not in shop.shown()


def test_one_desk_that_nobody_works_at_keeps_nobody_waiting(shop: Shop) -> None:
    visits.at(shop.ben, shop.other)
    visitor = shop.comes()
    visits.transfer(shop.anna, visitor, To(place_id=shop.other), "")
    assert visits.call_next(shop.anna, shop.desk)[0] is None

    visits.at(shop.ben, None)
    called, _ = visits.call_next(shop.anna, shop.desk)

    assert called is not None
    assert called.contact_id == visitor


def test_whoever_has_a_visitor_at_a_desk_works_at_no_other(shop: Shop) -> None:
    visits.call(shop.anna, shop.comes(), shop.desk)

    visits.at(shop.anna, None)
    with pytest.raises(Conflict, match="A001 is with you"):
        visits.at(shop.anna, shop.other)
    visits.at(shop.anna, shop.desk)

    with pytest.raises(NotAllowed):
        visits.call_next(shop.anna, shop.other)


def test_a_visit_that_was_none_is_in_no_line(shop: Shop) -> None:
    visitor = shop.comes()

    contacts.spam(shop.anna, visitor)

    assert shop.shown() == []
    with shop.centre.as_owner().read() as tx:
        assert tx.session.get_one(Visit, visitor).left_at is not None


def _seen(shop: Shop, contact_id: int) -> Seen:
    kept = shop.contact(contact_id)
    return Seen(kept.id, ContactState(kept.state), kept.owner_id, kept.queue_id, kept.state_since)
