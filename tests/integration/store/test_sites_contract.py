"""Sites are set up by administrators alone, alike on both dialects."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from crm_desktop.domain.calendar import Calendar, Region, Window
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed
from crm_desktop.domain.sites import KnownSite, OfferedService, PlaceSetUp, SiteSetUp
from crm_desktop.domain.states import StaffRole
from crm_desktop.domain.visits import PlaceKind
from crm_desktop.services import kiosks, sites, staff, visits
from crm_desktop.services.staff import NewStaff
from crm_desktop.store.database import Database
from crm_desktop.store.models import Event, OpeningCalendar, Queue, RowAudit, Service, Site
from tests.centre import PASSWORD, Centre
from tests.visits_centre import arriving, book

_NINE_TO_FIVE = (Window.parse("09:00-12:30"), Window.parse("13:00-17:00"))
_WEEK = Calendar((*(_NINE_TO_FIVE,) * 5, (), ()))


@pytest.fixture
def ada(centre: Centre) -> Database:
    """An administrator of no queue."""
    login = f"admin{time.monotonic_ns()}"
    staff.add(centre.as_owner(), NewStaff(login, "Ada", StaffRole.ADMIN), PASSWORD)
    return centre.as_person(login)


def _service(centre: Centre, code: str) -> int:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Service.id).where(Service.code == code)).one()


def _wanted(centre: Centre) -> SiteSetUp:
    return SiteSetUp(
        "guildhall",
        "Guildhall one-stop-shop",
        _WEEK,
        address="Market Place",
        services=(
            OfferedService(_service(centre, "council_tax"), "C", 1, "Council Tax", "Treth Gyngor"),
            OfferedService(_service(centre, "missed_bin"), "B", 2),
        ),
        places=(
            PlaceSetUp(None, PlaceKind.DESK, "Desk 1", "Desg 1"),
            PlaceSetUp(None, PlaceKind.DESK, "Desk 2", hearing_loop=True),
            PlaceSetUp(None, PlaceKind.PARTNER, "Advice desk", partner="Citizens Advice"),
        ),
        wall="Free advice on Thursdays",
    )


def _added(centre: Centre, db: Database) -> KnownSite:
    sites.add(db, _wanted(centre))
    return sites.read(db).sites[-1]


def _wrong(db: Database, known: KnownSite | None, wanted: SiteSetUp) -> dict[str, str]:
    put = partial(sites.add, db) if known is None else partial(sites.change, db, known)
    with pytest.raises(InvalidInput) as refused:
        put(wanted)
    fields = refused.value.params["fields"]
    assert isinstance(fields, dict)
    return fields


def test_a_site_is_set_up_and_works(centre: Centre, ada: Database) -> None:
    changes = sites.add(ada, _wanted(centre))

    (known,) = sites.read(ada).sites
    assert changes.ids(Topic.SITE) == {known.id}
    bare = tuple(replace(each, id=None) for each in known.site.places)
    assert replace(known.site, places=bare) == _wanted(centre)
    assert len(known.key) == 32
    assert (known.staffed, len(known.used), known.shares_hours) == (0, 3, ())
    # Desks and kiosks have it at once.
    (info,) = visits.sites(centre.as_person("anna"))
    assert (info.code, info.calls) == ("guildhall", 3)
    offered = visits.site_services(centre.as_person("anna"), known.id)
    assert [(each.letter, each.key, each.name) for each in offered] == [
        ("C", 1, "Council Tax"),
        ("B", 2, "Missed bin collection"),
    ]
    (kiosk,) = kiosks.sites(centre.as_gateway())
    assert (kiosk.id, kiosk.key) == (known.id, known.key)
    assert kiosks.board(centre.as_gateway(), known.id).notices == ("Free advice on Thursdays",)


def test_it_is_changed_closed_and_opened_again(centre: Centre, ada: Database) -> None:
    known = _added(centre, ada)
    one, two, partner = known.site.places
    first, second = known.site.services
    swapped = (replace(second, key=1), replace(first, key=2, letter="T"))
    wanted = replace(
        known.site,
        name="Guildhall",
        calls=5,
        services=swapped,
        places=(
            replace(one, name="Desk 2", services=(first.service_id,), step_free=False),
            replace(two, name="Desk 1", active=False),
            replace(partner, partner="Shelter"),
            PlaceSetUp(None, PlaceKind.SECURE, "Secure room"),
        ),
        alarm_hearers=(centre.person("anna").id,),
    )
    sites.change(ada, known, wanted)

    (changed,) = sites.read(ada).sites
    assert changed.site.services == swapped
    assert (changed.site.calls, changed.site.name) == (5, "Guildhall")
    assert changed.site.places[:3] == wanted.places[:3]
    assert changed.site.places[3].name == "Secure room"
    assert changed.site.alarm_hearers == (centre.person("anna").id,)
    assert [each.name for each in changed.used] == ["Desk 2", "Advice desk", "Secure room"]
    sites.use(ada, changed, active=False)
    (closed,) = sites.read(ada).sites
    assert not closed.site.active
    assert visits.sites(centre.as_person("anna")) == ()
    sites.use(ada, closed, active=True)
    sites.change(ada, sites.read(ada).sites[0], replace(wanted, alarm_hearers=None,
                 places=closed.site.places))  # fmt: skip
    assert sites.read(ada).sites[0].site.alarm_hearers is None


def test_another_site_has_hours_of_its_own(centre: Centre, ada: Database) -> None:
    """What queues and other sites share is not changed with one site's door."""
    with centre.as_owner().write() as tx:
        calendar = tx.session.scalars(
            select(OpeningCalendar).join(Queue, Queue.calendar_id == OpeningCalendar.id).limit(1)
        ).first()
        assert calendar is not None
        before, shared = dict(calendar.hours), calendar.id
        tx.session.add(Site(code="library", name="Library", calendar_id=shared, kiosk_key="0" * 32))
    (known,) = sites.read(ada).sites
    with centre.as_owner().read() as tx:
        queues = select(Queue.name).where(Queue.calendar_id == shared)
        assert set(known.shares_hours) == set(tx.session.scalars(queues)) != set()
    # What is said again is not written again.
    sites.change(ada, known, known.site)
    assert sites.read(ada).sites[0].shares_hours == known.shares_hours

    special = ((date(2026, 12, 24), (Window.parse("09:00-12:00"),)), (date(2026, 12, 28), ()))
    hours = replace(_WEEK, special=special, holidays=Region.NONE)
    sites.change(ada, known, replace(known.site, hours=hours))

    (own,) = sites.read(ada).sites
    assert own.site.hours == hours
    assert own.shares_hours == ()
    with centre.as_owner().read() as tx:
        calendar = tx.session.get_one(OpeningCalendar, shared)
        assert calendar.hours == before
        assert tx.session.get_one(Site, own.id).calendar_id != shared
    # From now on its own are changed in place.
    sites.change(ada, own, replace(own.site, hours=_WEEK))
    with centre.as_owner().read() as tx:
        names = list(tx.session.scalars(select(OpeningCalendar.name)))
    assert [each for each in names if each.startswith("Site ")] == ["Site library"]


def test_what_is_wrong_is_said_in_words_for_each(centre: Centre, ada: Database) -> None:
    known = _added(centre, ada)
    first, second = known.site.services
    one, two, partner = known.site.places

    said = _wrong(ada, known, replace(known.site, services=(first, replace(second, letter="C"))))
    assert said["letter C"].startswith("taken: Council Tax and ")
    said = _wrong(ada, known, replace(known.site, services=(first, replace(second, key=1))))
    assert said["Alt+1"].startswith("taken: Council Tax and ")
    said = _wrong(ada, known, replace(known.site, places=(one, replace(two, name="desk 1"),
                                                          partner)))  # fmt: skip
    assert said == {"desk 1": "another place of this site is called so",
                    "Desk 1": "another place of this site is called so"}  # fmt: skip
    said = _wrong(ada, known, replace(known.site, places=(one, two, replace(partner, partner=""))))
    assert "whose place" in said["Advice desk, partner"]
    profiled = replace(one, services=(second.service_id,))
    said = _wrong(ada, known, replace(known.site, services=(first,),
                                      places=(profiled, two, partner)))  # fmt: skip
    assert "not offered here any more" in said["Desk 1, profile"]
    nothing = OfferedService(0, "X", 9)
    said = _wrong(ada, known, replace(known.site, services=(first, second, nothing)))
    assert said == {"Alt+9": "choose a service, or take it away"}
    said = _wrong(ada, known, replace(known.site, calls=0, code="Guild hall", alarm_hearers=()))
    assert set(said) == {"calls", "code", "alarms"}
    said = _wrong(ada, None, _wanted(centre))
    assert said == {"code": "“Guildhall one-stop-shop” has it", "name": "another site has it"}
    assert sites.read(ada).sites == (known,)


def test_nothing_goes_from_under_whoever_uses_it(centre: Centre, ada: Database) -> None:
    known = _added(centre, ada)
    first, second = known.site.services
    one, two, partner = known.site.places
    anna = centre.as_person("anna")
    assert one.id is not None
    visits.at(anna, one.id)
    visits.check_in(anna, arriving(known.id, second.service_id, "A. Nowak"))
    book(centre, known.id, first.service_id, "A-111-111-1", after=timedelta(days=2))

    without = replace(known.site, places=(replace(one, active=False), two, partner))
    name = centre.person("anna").name
    said = _wrong(ada, known, without)
    assert said == {"Desk 1": f"in use now: {name} is there"}
    booked = replace(known.site, places=(one, two, replace(partner, active=False)))
    said = _wrong(ada, known, booked)
    assert said == {"Advice desk": "in use now: 1 appointment is booked"}
    said = _wrong(ada, known, replace(known.site, services=(first,)))
    assert list(said.values()) == ["cannot go now: 1 visitor is there"]
    with pytest.raises(InvalidInput) as refused:
        sites.use(ada, known, active=False)
    assert "1 visitor is there, 1 appointment is booked" in str(refused.value.params["fields"])
    # By psql alike.
    data = known.site.to_data()
    for wanted in (
        {**data, "active": False},
        {**data, "services": data["services"][:1]},
        without.to_data(),
    ):
        _refused_by_hand(ada, known, wanted)
    # What nobody uses goes.
    sites.change(ada, known, replace(known.site, places=(one, replace(two, active=False), partner)))


def _refused_by_hand(db: Database, known: KnownSite, wanted: dict[str, object]) -> None:
    from crm_desktop.store.queries import sites as queries

    with pytest.raises(Conflict), db.write() as tx:
        queries.put(tx, known.id, known.seen, {**wanted, "hours": known.seen["hours"]})


def test_changes_and_a_renewed_key_are_written_down_without_the_key(
    centre: Centre, ada: Database
) -> None:
    known = _added(centre, ada)
    for login in ("anna", "rose"):
        other = centre.as_person(login)
        for work in (
            partial(sites.read, other),
            partial(sites.change, other, known, known.site),
            partial(sites.renew_key, other, known.id),
        ):
            with pytest.raises(NotAllowed):
                work()
    sites.change(ada, known, replace(known.site, calls=4))
    # What was not seen is not overwritten.
    with pytest.raises(Conflict):
        sites.change(ada, known, replace(known.site, name="Other"))
    assert sites.read(ada).sites[0].site.calls == 4

    key, changes = sites.renew_key(ada, known.id)

    assert changes.ids(Topic.SITE) == {known.id}
    assert key != known.key
    assert [each.key for each in kiosks.sites(centre.as_gateway())] == [key]
    assert sites.read(ada).sites[0].key == key
    with centre.as_owner().read() as tx:
        events = list(
            tx.session.scalars(select(Event).where(Event.kind.like("site.%")).order_by(Event.id))
        )
        audited = select(RowAudit).where(RowAudit.table_name == "site")
        rows = [json.dumps(each.changes) for each in tx.session.scalars(audited)]
    assert [each.kind for each in events] == ["site.put", "site.put", "site.key"]
    assert {each.actor_id for each in events} == {ada.actor.id if ada.actor else None}
    assert events[1].data["before"]["calls"] == 3
    assert events[1].data["after"]["calls"] == 4
    assert bool(rows) == (centre.dialect == "postgresql")
    written = (*rows, *(json.dumps(each.data) for each in events))
    assert not any(word in each for each in written for word in (key, known.key))
