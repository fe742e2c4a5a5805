"""A site's figures on both dialects: what is whose to know, appointments, and days gone by."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from crm_desktop.domain.errors import NotAllowed, NotFound
from crm_desktop.domain.site_figures import Appointed, SiteBehind, SiteFigure, SiteSums
from crm_desktop.domain.states import Resolution, StaffRole
from crm_desktop.domain.visits import AnsweredNow
from crm_desktop.services import contacts, site_figures, staff, visits
from crm_desktop.services.staff import NewStaff
from crm_desktop.store.database import Database
from crm_desktop.store.models import Appointment, Contact, Service, SiteService, Visit
from tests.centre import PASSWORD, Centre
from tests.visits_centre import add_site, arriving, book, places, service_of

_LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def dee(centre: Centre) -> Database:
    """Somebody of the desk, in the general queue alone."""
    staff.add(
        centre.as_owner(), NewStaff("dee", "Dee Marsh", StaffRole.DESK, ("general",)), PASSWORD
    )
    return centre.as_person("dee")


def _site(centre: Centre) -> int:
    """Bins (of the waste queue), council tax (general), and a restricted service."""
    site = add_site(centre, services=("missed_bin", "council_tax"))
    with centre.as_owner().write() as tx:
        hidden = tx.session.scalars(select(Service.id).where(Service.restricted)).first()
        assert hidden is not None
        tx.session.add(SiteService(site_id=site, service_id=hidden, letter="S", key=9))
    return site


def _earlier(centre: Centre, contact_id: int, ago: timedelta) -> None:
    """They came so much earlier; their day follows."""
    with centre.as_owner().write() as tx:
        contact = tx.session.get_one(Contact, contact_id)
        contact.received_at = contact.queued_at = contact.received_at - ago
        visit = tx.session.get_one(Visit, contact_id)
        visit.day = contact.received_at.astimezone(_LONDON).date()


def test_a_day_of_a_site(centre: Centre, dee: Database) -> None:
    site = _site(centre)
    desk, bins, tax = places(centre, site)[0], service_of(centre, site, 1), service_of(
        centre, site, 2
    )  # fmt: skip
    hidden = service_of(centre, site, 9)
    visits.at(dee, desk)
    seen = visits.check_in(dee, arriving(site, tax, "Mr Seen"))[0].contact_id
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(Contact)
            .where(Contact.id == seen)
            .values(received_at=tx.now - timedelta(seconds=90))
        )
    visits.call(dee, seen, desk)
    visits.serve(dee, seen)
    waits = visits.check_in(dee, arriving(site, bins, "Ms Bins"))[0].contact_id
    gone = visits.check_in(dee, arriving(site, tax, "Gone"))[0].contact_id
    visits.left(dee, gone)
    secret = visits.check_in(dee, arriving(site, hidden, "Nobody's to know"))[0].contact_id
    visits.answer_now(dee, AnsweredNow(uuid4().hex, site, tax, Resolution.RESOLVED))

    found = site_figures.of_day(dee, site)
    line = visits.line(dee, site).day

    sums = found.sums
    assert (sums.came, sums.waiting, sums.served) == (5, 2, 1)
    assert (sums.answered_now, sums.left, sums.no_shows) == (1, 1, 0)
    # The desk's own day says the same, also while somebody is there.
    assert (line.footfall, line.waiting, line.served, line.answered_now) == (5, 2, 1, 1)
    assert sums.wait.value == pytest.approx(line.average_wait)
    assert sums.in_time.value == pytest.approx(line.within_target)
    assert 90 <= sums.wait_seconds < 120
    by_service = found.by_service()
    # That somebody came about something of others is a number without a name.
    assert by_service[hidden] == SiteSums()
    assert by_service[None].came == 1
    assert (by_service[tax].served, by_service[bins].waiting) == (1, 1)
    assert found.by_place()[desk].served == 1
    assert sum(each.came for each in found.by_half_hour().values()) == 5
    assert [(each.name, each.staff) for each in found.places] == [("Desk 1", 1), ("Desk 2", 0)]

    def behind(figure: SiteFigure) -> dict[int | None, SiteBehind]:
        rows = site_figures.behind(dee, site, found.day, figure)
        return {each.contact_id: each for each in rows}

    came = behind(SiteFigure.CAME)
    assert secret not in came
    # A colleague's queue: counted, with a ticket and no name, and not to be opened.
    assert (came[waits].who, came[waits].seen) == ("", False)
    assert came[waits].ticket == "A001"
    assert (came[seen].who, came[seen].seen, came[seen].place) == ("Mr Seen", True, "Desk 1")
    assert set(behind(SiteFigure.WAITING)) == {waits}
    assert set(behind(SiteFigure.LEFT)) == {gone}
    assert behind(SiteFigure.WITHIN)[seen].counts


def test_what_is_left_of_a_visit_waits_for_nobody(centre: Centre, dee: Database) -> None:
    site = _site(centre)
    desk, tax = places(centre, site)[0], service_of(centre, site, 2)
    visits.at(dee, desk)
    seen = visits.check_in(dee, arriving(site, tax))[0].contact_id
    visits.call(dee, seen, desk)
    visits.serve(dee, seen)
    contacts.begin_wrap_up(dee, seen)
    contacts.release(dee, seen, "a form is missing")

    found = site_figures.of_day(dee, site)

    assert (found.sums.came, found.sums.waiting, found.sums.served) == (1, 0, 1)
    assert found.sums.since is None
    assert site_figures.behind(dee, site, found.day, SiteFigure.WAITING) == ()


def test_days_gone_by_are_compared_up_to_this_time_of_day(centre: Centre, dee: Database) -> None:
    site = _site(centre)
    tax = service_of(centre, site, 2)
    for back, many in ((timedelta(weeks=1), 2), (timedelta(weeks=3), 1), (timedelta(weeks=5), 1)):
        for _ in range(many):
            made = visits.check_in(dee, arriving(site, tax))[0].contact_id
            _earlier(centre, made, back + timedelta(seconds=1))
    with centre.as_owner().read() as tx:
        here = tx.now.astimezone(_LONDON)
    today = site_figures.of_day(dee, site)

    assert today.sums.came == 0
    assert sum(today.usual.values()) == pytest.approx(3 / 2)
    assert set(today.by_half_hour()) >= set(today.usual)
    assert [(each.day, each.sums.came) for each in today.earlier] == [
        (here.date() - timedelta(weeks=1), 2),
        (here.date() - timedelta(weeks=3), 1),
    ]
    then = site_figures.of_day(dee, site, here.date() - timedelta(weeks=1))
    assert (then.sums.came, then.is_today) == (2, False)
    # Who would have come later in the day is not in today's comparison, and in that day's.
    later = visits.check_in(dee, arriving(site, tax))[0].contact_id
    _earlier(centre, later, timedelta(weeks=1) - timedelta(seconds=1))
    with centre.as_owner().write() as tx:
        visit = tx.session.get_one(Visit, later)
        visit.day = here.date() - timedelta(weeks=1)
        tx.session.get_one(Contact, later).received_at = here.replace(
            hour=23, minute=59, second=59
        ) - timedelta(weeks=1)
    assert site_figures.of_day(dee, site).earlier[0].sums.came == 2
    assert site_figures.of_day(dee, site, then.day).sums.came == 3


def test_appointments_of_a_day(centre: Centre, dee: Database) -> None:
    site = _site(centre)
    tax = service_of(centre, site, 2)
    with centre.as_owner().read() as tx:
        here = tx.now.astimezone(_LONDON)
        back = here - here.replace(hour=0, minute=0, second=0, microsecond=0)
    ids = [book(centre, site, tax, f"A-{n}", who=f"Guest {n}") for n in range(5)]
    visits.check_in(dee, arriving(site, tax, appointment_id=ids[0]))
    visits.check_in(dee, arriving(site, tax, appointment_id=ids[1]))
    with centre.as_owner().write() as tx:
        late, early, missed, cancelled, _ = [tx.session.get_one(Appointment, each) for each in ids]
        # Late: their time was before they came, on the same day whatever hour it is.
        late.starts_at = tx.now - min(back, timedelta(minutes=5))
        early.starts_at = tx.now + timedelta(seconds=1)
        missed.state, cancelled.state = "no_show", "cancelled"

    found = site_figures.of_day(dee, site)

    assert found.appointed == Appointed(to_come=1, kept=2, late=1, missed=1, cancelled=1)
    behind = site_figures.behind(dee, site, found.day, SiteFigure.LATE)
    assert [(each.ticket, each.who, each.seen) for each in behind] == [("A-0", "Guest 0", True)]
    (gone,) = site_figures.behind(dee, site, found.day, SiteFigure.MISSED)
    assert (gone.ticket, gone.contact_id, gone.seen) == ("A-2", None, False)
    assert len(site_figures.behind(dee, site, found.day, SiteFigure.KEPT)) == 2


def test_they_are_for_desk_staff_and_team_leaders(centre: Centre, dee: Database) -> None:
    site = _site(centre)
    day = site_figures.of_day(centre.as_person("rose"), site).day
    with pytest.raises(NotAllowed):
        site_figures.of_day(centre.as_person("anna"), site)
    with pytest.raises(NotAllowed):
        site_figures.behind(centre.as_person("anna"), site, day, SiteFigure.CAME)
    with pytest.raises(NotFound):
        site_figures.of_day(dee, site + 9)
