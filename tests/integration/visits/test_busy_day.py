"""A busy day at once: ten desks and two kiosks on PostgreSQL, nobody called twice or
forgotten, and figures that say what happened.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from threading import Event as Flag
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from crm_desktop.domain.errors import Conflict, Taken
from crm_desktop.domain.site_figures import SiteFigure, added
from crm_desktop.domain.states import Channel, ContactState, Resolution, StaffRole
from crm_desktop.domain.views import Disposition
from crm_desktop.domain.visits import AnsweredNow, CheckedInBy, SiteDay, Ticket, To
from crm_desktop.services import contacts, counting, leases, site_figures, staff, sweeper, visits
from crm_desktop.services import figures as centre_figures
from crm_desktop.services.staff import NewStaff
from crm_desktop.store.database import Database
from crm_desktop.store.models import Assignment, Contact, Event, HalfHourStat, QueueTarget, Visit
from tests.centre import PASSWORD, Centre
from tests.visits_centre import add_site, arriving, places, service_of

_LONDON = ZoneInfo("Europe/London")
_DESKS, _KIOSKS = 10, 2
#: 240 at the kiosks, 30 at the counter, 20 quick questions, 10 from while the database was away.
_AT_KIOSK, _AT_COUNTER, _QUICK, _AWAY = 120, 3, 2, 1
_VISITORS = _KIOSKS * _AT_KIOSK + _DESKS * (_AT_COUNTER + _QUICK + _AWAY)
#: What a desk does with whom it calls, in per cent; all others are served.
_NO_SHOW, _BACK, _ON, _GOES = 8, 8, 16, 5


@dataclass
class _Told:
    """What one desk did, by its own account."""

    called: list[int] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    quick: int = 0
    no_shows: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)


@dataclass
class _Shop:
    """The site, its desks, and whether anybody still comes."""

    centre: Centre
    site: int
    desks: list[int]
    services: list[int]
    closed: Flag = field(default_factory=Flag)
    #: A desk failed: the others go home too, or they would wait for whom it was to see.
    failed: Flag = field(default_factory=Flag)

    def kiosk(self, number: int) -> list[str]:
        """A kiosk, as the gateway; every tenth visitor touches the button twice."""
        db, rng = self.centre.as_gateway(connections=1), Random(number)
        tickets = []
        for each in range(_AT_KIOSK):
            said = arriving(self.site, rng.choice(self.services), by=CheckedInBy.KIOSK)
            ticket = visits.check_in(db, said)[0].ticket
            if each % 10 == 0:
                assert visits.check_in(db, said)[0].ticket == ticket
            tickets.append(str(ticket))
        return tickets

    def desk(self, number: int) -> tuple[_Told, list[str]]:
        """A desk's day: its own arrivals, then one visitor after another until nobody waits."""
        db, rng, told = self.centre.as_person(f"desk{number}"), Random(100 + number), _Told()
        place = self.desks[number]
        tickets = self._counter(db, rng, number, told)
        visits.at(db, place)
        try:
            self._work(db, rng, place, told)
        except BaseException:
            self.failed.set()
            raise
        visits.at(db, None)
        return told, tickets

    def _work(self, db: Database, rng: Random, place: int, told: _Told) -> None:
        while not self.failed.is_set():
            closed = self.closed.is_set()
            called, _ = visits.call_next(db, place)
            if called is not None:
                told.called.append(called.contact_id)
                self._see(db, rng, told, called.contact_id)
            elif closed and not self._anybody(db):
                return
            else:
                time.sleep(0.02)

    def _counter(self, db: Database, rng: Random, number: int, told: _Told) -> list[str]:
        tickets = []
        for _ in range(_AT_COUNTER):
            said = arriving(self.site, rng.choice(self.services), f"Visitor of desk {number}")
            tickets.append(str(visits.check_in(db, said)[0].ticket))
        for _ in range(_QUICK):
            key = f"{rng.getrandbits(128):032x}"
            service = rng.choice(self.services)
            visits.answer_now(db, AnsweredNow(key, self.site, service, Resolution.RESOLVED))
            told.quick += 1
        mine = visits.reserve(db, self.site, f"computer-{number}")
        for each in range(_AWAY):
            ticket, came = Ticket("A", mine.first + each), self._earlier(db)
            said = arriving(
                self.site, self.services[0], by=CheckedInBy.AWAY, ticket=ticket, arrived_at=came
            )
            tickets.append(str(visits.check_in(db, said)[0].ticket))
            assert visits.check_in(db, said)[0].ticket == ticket
        return tickets

    def _earlier(self, db: Database) -> datetime:
        """Twenty minutes ago, of today."""
        with db.read() as tx:
            today = tx.now.astimezone(_LONDON).replace(hour=0, minute=0, second=0, microsecond=0)
            return max(tx.now - timedelta(minutes=20), today)

    def _see(self, db: Database, rng: Random, told: _Told, contact_id: int) -> None:
        draw = rng.randrange(100)
        if draw < _NO_SHOW:
            visits.recall(db, contact_id)
            visits.no_show(db, contact_id)
            told.no_shows.append(contact_id)
            return
        if draw < _BACK + _NO_SHOW:
            visits.back_to_line(db, contact_id)
            return
        visits.serve(db, contact_id)
        if draw < _ON + _BACK + _NO_SHOW:
            to = To(service_id=rng.choice(self.services))
            if rng.random() < 0.5:
                to = To(place_id=rng.choice(self.desks))
            visits.transfer(db, contact_id, to, "has brought the papers")
            return
        contacts.begin_wrap_up(db, contact_id)
        contacts.complete(db, contact_id, Disposition(None, Resolution.RESOLVED, avoidable=False))
        told.done.append(contact_id)

    def _anybody(self, db: Database) -> bool:
        return any(
            each.state in (ContactState.QUEUED, ContactState.CALLED, ContactState.ACTIVE)
            for each in visits.line(db, self.site).rows
        )

    def floor(self) -> list[int]:
        """Somebody on the floor looks at the line, and says who has gone home."""
        db, rng, left = self.centre.as_person("anna"), Random(7), []
        while not self.closed.is_set():
            waiting = [r for r in visits.line(db, self.site).rows if r.state is ContactState.QUEUED]
            unseen = [r.contact_id for r in waiting if r.calls == 0 and not r.staff_name]
            if unseen and rng.randrange(100) < 2 * _GOES:
                gone = rng.choice(unseen)
                try:
                    visits.left(db, gone)
                except (Taken, Conflict):
                    continue  # a desk was faster
                left.append(gone)
            time.sleep(0.05)
        return left


@pytest.fixture
def shop(postgres_centre: Centre) -> _Shop:
    """Ten desks with people of their own, three services."""
    centre = postgres_centre
    site = add_site(centre, desks=_DESKS, services=("missed_bin", "council_tax"))
    owner = centre.as_owner()
    for number in range(_DESKS):
        person = NewStaff(f"desk{number}", f"Desk person {number}", StaffRole.DESK, ("general",))
        staff.add(owner, person, PASSWORD)
    with owner.write() as tx:
        for code in ("general", "waste"):
            queue = centre.queue_id(code)
            tx.session.add(
                QueueTarget(
                    queue_id=queue, channel=Channel.VISIT, seconds=900, in_opening_hours=False
                )
            )
    return _Shop(
        centre, site, places(centre, site), [service_of(centre, site, key) for key in (1, 2)]
    )


def test_a_busy_day_adds_up(shop: _Shop) -> None:
    with ThreadPoolExecutor(_DESKS + _KIOSKS + 1) as pool:
        floor = pool.submit(shop.floor)
        desks = [pool.submit(shop.desk, number) for number in range(_DESKS)]
        kiosks = [pool.submit(shop.kiosk, number) for number in range(_KIOSKS)]
        try:
            tickets = [each for kiosk in kiosks for each in kiosk.result()]
        finally:
            shop.closed.set()
        told = [each.result() for each in desks]
        left = floor.result()
    tickets += [each for _, given in told for each in given]
    assert len(tickets) == len(set(tickets))
    mine = [each for each, _ in told]
    done = [each for desk in mine for each in desk.done]
    no_shows = [each for desk in mine for each in desk.no_shows]

    ends = _ends(shop)
    quick = sum(desk.quick for desk in mine)
    assert Counter(ends.values()) == +Counter(
        {"completed": len(done) + quick, "no_show": len(no_shows), "left": len(left)}
    )
    assert len(ends) == _VISITORS
    assert len(done) == len(set(done))
    _nobody_was_called_twice(shop)
    _numbers_follow(shop)
    _figures_say_so(shop, left, no_shows)


def _ends(shop: _Shop) -> dict[int, str]:
    with shop.centre.as_owner().read() as tx:
        rows = tx.session.execute(
            select(Contact.id, Contact.state).join(Visit, Visit.contact_id == Contact.id)
        )
        return {row.id: row.state for row in rows}


def _nobody_was_called_twice(shop: _Shop) -> None:
    """Between two people's calls of the same visitor, they were always given back."""
    with shop.centre.as_owner().read() as tx:
        open_ = select(func.count()).select_from(Assignment).where(Assignment.ended_at.is_(None))
        assert tx.session.scalar(open_) == 0
        histories: dict[int, list[tuple[str, int | None]]] = defaultdict(list)
        for row in tx.session.scalars(
            select(Event).where(Event.contact_id.is_not(None)).order_by(Event.id)
        ):
            assert row.contact_id is not None
            histories[row.contact_id].append((row.kind, row.actor_id))
    for history in histories.values():
        holder = None
        for kind, actor in history:
            if kind == "visit.called":
                assert holder in (None, actor), history
                holder = actor
            elif kind in ("visit.back", "contact.transferred"):
                holder = None
        ended = [kind for kind, _ in history if kind in _ENDS]
        assert len(ended) == 1, history


_ENDS = ("contact.completed", "contact.no_show", "contact.left")


def _numbers_follow(shop: _Shop) -> None:
    with shop.centre.as_owner().read() as tx:
        rows = tx.session.execute(select(Visit.letter, Visit.number)).all()
    counted: dict[str, list[int]] = defaultdict(list)
    for letter, number in rows:
        if number < 900:
            counted[letter].append(number)
    for numbers in counted.values():
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert sum(number >= 900 for _, number in rows) == _DESKS * _AWAY


def _figures_say_so(shop: _Shop, left: list[int], no_shows: list[int]) -> None:
    with shop.centre.as_owner().read() as tx:
        rows = tx.session.execute(
            select(Contact.id, Contact.received_at, Visit.seen_at, Visit.left_at, Contact.state)
            .join(Visit, Visit.contact_id == Contact.id)
        ).all()  # fmt: skip
    seen = [row for row in rows if row.seen_at is not None]
    within = [row for row in seen if row.seen_at - row.received_at <= timedelta(minutes=15)]
    unseen = [row for row in rows if row.seen_at is None]
    quick = [row for row in seen if row.seen_at == row.left_at]
    day = visits.line(shop.centre.as_person("rose"), shop.site).day
    assert day.footfall == _VISITORS
    assert (day.waiting, day.answered_now, day.served) == (0, len(quick), len(seen) - len(quick))
    assert len(quick) == _DESKS * _QUICK
    # Who was seen by one desk, sent on, and went then was not left unseen.
    assert {row.id for row in rows if row.state == "left"} == set(left)
    assert {row.id for row in rows if row.state == "no_show"} == set(no_shows)
    assert day.left_unseen == sum(row.state == "left" for row in unseen)
    assert day.no_shows == sum(row.state == "no_show" for row in unseen)
    parts = (day.served, day.answered_now, day.left_unseen, day.no_shows)
    assert sum(parts) == day.footfall
    _the_site_says_so(shop, day, len(within) - len(quick))

    gateway = shop.centre.as_gateway()
    lease = leases.acquire(gateway, sweeper.LEASE_NAME, "test", 600)
    assert lease is not None
    counting.keep(gateway, lease)
    while counting.catch_up(gateway, lease):
        pass
    with shop.centre.as_owner().read() as tx:
        sums = tx.session.execute(
            select(
                func.sum(HalfHourStat.arrivals),
                func.sum(HalfHourStat.answered),
                func.sum(HalfHourStat.answered_within),
                func.sum(HalfHourStat.abandoned),
                func.sum(HalfHourStat.completed),
            ).where(HalfHourStat.channel == Channel.VISIT)
        ).one()
    ended_seen = sum(row.state == "completed" for row in rows)
    assert tuple(sums) == (_VISITORS, len(seen), len(within), len(unseen), ended_seen)
    assert len(seen) + len(unseen) == _VISITORS
    # The centre's figures of the day are the site's: the only one.
    site = site_figures.of_day(shop.centre.as_person("rose"), shop.site)
    told = (site.sums.came, site.sums.served + site.sums.answered_now,
            site.sums.within + site.sums.answered_now, site.sums.unseen)  # fmt: skip
    assert told == tuple(sums)[:4]
    centre = centre_figures.today(shop.centre.as_person("rose")).sums(channel=Channel.VISIT)
    assert (centre.arrivals, centre.answered, centre.abandoned) == (told[0], told[1], told[3])
    assert centre.wait_seconds == pytest.approx(site.sums.wait_seconds, abs=_VISITORS)


def _the_site_says_so(shop: _Shop, day: SiteDay, within: int) -> None:
    """The site's figures are the desk's own day, by half hour, service and desk alike."""
    rose = shop.centre.as_person("rose")
    found = site_figures.of_day(rose, shop.site)
    sums = found.sums
    assert (sums.came, sums.waiting, sums.served) == (day.footfall, day.waiting, day.served)
    assert (sums.answered_now, sums.left, sums.no_shows) == (
        day.answered_now, day.left_unseen, day.no_shows,
    )  # fmt: skip
    assert sums.within == within
    assert sums.wait.value == pytest.approx(day.average_wait)
    assert sums.in_time.value == pytest.approx(day.within_target)
    for parts in (found.by_service(), found.by_place(), found.by_half_hour()):
        whole = added(parts.values())
        assert whole.wait_seconds == pytest.approx(sums.wait_seconds)
        assert replace(whole, wait_seconds=sums.wait_seconds) == sums
    assert set(found.by_service()) == set(found.services) == set(shop.services)
    at_desks = {place: each.served for place, each in found.by_place().items() if place}
    # Who was seen, sent on, and went then was last at no desk.
    assert 0 <= sums.served - sum(at_desks.values()) <= day.served
    assert set(at_desks) == set(shop.desks)
    many = {
        figure: len(site_figures.behind(rose, shop.site, found.day, figure))
        for figure in SiteFigure
    }
    assert (many[SiteFigure.CAME], many[SiteFigure.SERVED]) == (sums.came, sums.served)
    assert many[SiteFigure.LEFT] + many[SiteFigure.NO_SHOW] == sums.unseen
    assert many[SiteFigure.ANSWERED_NOW] == sums.answered_now
    in_time = site_figures.behind(rose, shop.site, found.day, SiteFigure.WITHIN)
    assert sum(each.counts for each in in_time) == sums.within
    assert len(in_time) == sums.served
