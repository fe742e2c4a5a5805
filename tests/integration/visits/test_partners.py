"""Partners whose people have no CRM Desktop: called for, with them, back to a line, and done."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from crm_desktop.domain.errors import Conflict, NotAllowed
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import PlaceView, To
from crm_desktop.services import Database, rooms, visits
from crm_desktop.store.models import Contact, Event
from crm_desktop.store.soundness import faults
from tests.centre import Centre
from tests.visits_centre import add_place, add_site, arriving, places, service_of


@dataclass
class Shop:
    """Rose at a desk, and the desk of the police."""

    centre: Centre
    rose: Database
    site: int
    desk: int
    police: int

    def arrives(self) -> int:
        """Somebody checks in; their contact."""
        said = arriving(self.site, service_of(self.centre, self.site))
        return visits.check_in(self.rose, said)[0].contact_id

    def sent(self, note: str = "") -> int:
        """Somebody is seen by Rose and sent on to the police."""
        visit = self.arrives()
        visits.call(self.rose, visit, self.desk)
        visits.serve(self.rose, visit)
        visits.transfer(self.rose, visit, To(place_id=self.police), note)
        return visit

    def at_police(self) -> PlaceView:
        """Their desk as Rose sees it."""
        return next(p for p in visits.line(self.rose, self.site).places if p.id == self.police)


@pytest.fixture
def shop(centre: Centre) -> Shop:
    """A site in use."""
    site = add_site(centre)
    rose, desk = centre.as_person("rose"), places(centre, site)[0]
    police = add_place(centre, site, "partner", "Police desk", partner="Harland Vale Police")
    visits.at(rose, desk)
    return Shop(centre, rose, site, desk, police)


def _state(centre: Centre, contact_id: int) -> tuple[str, int | None]:
    with centre.as_owner().read() as tx:
        found = tx.session.get_one(Contact, contact_id)
        return found.state, found.owner_id


def test_the_desk_calls_for_a_partner_and_sees_them_there(shop: Shop) -> None:
    other, visit = shop.arrives(), shop.sent("brought the crime number")
    assert _state(shop.centre, visit) == (ContactState.QUEUED, None)

    called, _ = rooms.for_partner(shop.rose, None, shop.police)
    assert called is not None
    assert (called.contact_id, called.place) == (visit, "Police desk")
    assert visits.line(shop.rose, shop.site).called[0].place == "Police desk"
    rooms.with_partner(shop.rose, visit)

    there = shop.at_police()
    assert (there.visit_id, there.state, there.serving) == (visit, ContactState.PARKED, "")
    assert _state(shop.centre, visit) == (ContactState.PARKED, None), "nobody of ours has them"
    assert visits.call_next(shop.rose, shop.desk)[0] is not None, "the desk goes on meanwhile"
    assert _state(shop.centre, other)[0] == ContactState.CALLED


def test_from_a_partner_back_to_a_line_with_the_same_ticket(shop: Shop) -> None:
    visit, second = shop.sent(), service_of(shop.centre, shop.site, 2)
    rooms.for_partner(shop.rose, None, shop.police)
    rooms.with_partner(shop.rose, visit)

    visits.transfer(shop.rose, visit, To(service_id=second), "wants the form too")

    (row,) = visits.line(shop.rose, shop.site).rows
    assert (str(row.ticket), row.service_id) == ("A001", second)
    assert row.state == ContactState.QUEUED
    assert shop.at_police().visit_id is None
    called, _ = visits.call_next(shop.rose, shop.desk)
    assert called is not None
    assert called.contact_id == visit


def test_a_partner_is_done_and_the_visit_counts_as_served(shop: Shop) -> None:
    visit = shop.sent()
    rooms.for_partner(shop.rose, None, shop.police)
    rooms.with_partner(shop.rose, visit)
    rooms.partner_done(shop.rose, visit)

    line = visits.line(shop.rose, shop.site)
    assert (line.rows, line.day.served) == ((), 1)
    with shop.centre.as_owner().read() as tx:
        contact = tx.session.get_one(Contact, visit)
        assert (contact.state, contact.resolution) == ("completed", "signposted_outside")
        kinds = tx.session.scalars(
            select(Event.kind).where(Event.contact_id == visit).order_by(Event.id)
        ).all()
        assert faults(tx.session.connection()) == ()
    assert kinds[-4:] == ["visit.called", "contact.taken", "contact.parked", "contact.completed"]
    with pytest.raises(Conflict):
        rooms.partner_done(shop.rose, visit)


def test_a_partner_has_one_visitor_and_only_whom_they_were_sent(shop: Shop) -> None:
    other = shop.arrives()
    assert rooms.for_partner(shop.rose, None, shop.police)[0] is None, "nobody was sent there"
    visits.call(shop.rose, other, shop.desk)
    with pytest.raises(Conflict):
        rooms.with_partner(shop.rose, other)
    visits.left(shop.rose, other)
    first, second = shop.sent(), shop.sent()
    ben = shop.centre.as_person("ben")
    called, _ = rooms.for_partner(shop.rose, None, shop.police)
    assert called is not None
    assert called.contact_id == first
    with pytest.raises(Conflict, match="A002 is at Police desk"):
        rooms.for_partner(shop.rose, second, shop.police)
    with pytest.raises(NotAllowed):
        rooms.for_partner(ben, second, shop.police)

    visits.back_to_line(shop.rose, first)
    visits.at(ben, shop.police)
    with pytest.raises(Conflict, match="themselves"):
        rooms.for_partner(shop.rose, None, shop.police)
    called, _ = visits.call_next(ben, shop.police)
    assert called is not None
    assert called.contact_id == first, "who has CRM Desktop calls for themselves"
