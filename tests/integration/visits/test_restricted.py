"""A restricted service's visitor is nobody else's to keep a room for, call or bring back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.states import StaffRole
from crm_desktop.domain.visits import Need
from crm_desktop.services import rooms, staff, visits
from crm_desktop.services.staff import NewStaff
from crm_desktop.store.models import Service, SiteService
from tests.centre import PASSWORD, Centre
from tests.visits_centre import add_place, add_site, arriving, places, service_of


def test_rooms_and_partners_leave_them_to_their_members(centre: Centre) -> None:
    site = add_site(centre, services=("missed_bin",))
    with centre.as_owner().write() as tx:
        hidden = tx.session.scalars(select(Service.id).where(Service.restricted)).first()
        assert hidden is not None
        tx.session.add(SiteService(site_id=site, service_id=hidden, letter="S", key=9))
    open_to_all = service_of(centre, site)
    room = add_place(centre, site, "interview", "Interview 1")
    partner = add_place(
        centre, site, "partner", "Refuge", partner="Refuge", service_ids=[hidden, open_to_all]
    )
    staff.add(
        centre.as_owner(), NewStaff("dee", "Dee Marsh", StaffRole.DESK, ("general",)), PASSWORD
    )
    dee, cora = centre.as_person("dee"), centre.as_person("cora")
    visits.at(dee, places(centre, site)[0])

    said = arriving(site, hidden, "Hidden", needs=(Need.PRIVATE_ROOM,))
    secret, _ = visits.check_in(dee, said)
    known, _ = visits.check_in(cora, arriving(site, hidden, "Other", needs=said.needs))
    waits, _ = visits.check_in(dee, arriving(site, open_to_all))

    assert (secret.proposal, known.proposal is None) == (None, False)
    soon = datetime.now(UTC) + timedelta(hours=1)
    with pytest.raises(NotFound):
        rooms.hold(dee, room, soon, "a talk", secret.contact_id)
    called, _ = rooms.for_partner(dee, None, partner)
    assert called is not None
    assert called.contact_id == waits.contact_id, "who came first is not hers to call"
    visits.left(cora, secret.contact_id)
    with pytest.raises(NotFound):
        rooms.undo(dee, secret.contact_id)
