"""Figures come from events alone: whatever the history, however late, they are what it says."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select

from crm_desktop.domain.errors import LeaseLost, NotAllowed
from crm_desktop.domain.figure_views import Behind
from crm_desktop.domain.figures import Figure, Variant, half_hour
from crm_desktop.domain.states import Channel, ContactState, Resolution
from crm_desktop.domain.views import Disposition
from crm_desktop.services import contacts, counting, figures, leases, sweeper
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database
from crm_desktop.store.models import (
    Contact,
    Event,
    FiguresKept,
    HalfHourStaff,
    HalfHourStat,
    Membership,
    QueueTarget,
)
from crm_desktop.store.queries.counting import ADDED
from tests.centre import Centre
from tests.integration.services.event_histories import QUEUES, Days, available, reference


def lease_of(db: Database) -> Lease:
    lease = leases.acquire(db, sweeper.LEASE_NAME, "test", 600)
    assert lease is not None
    return lease


def kept(db: Database, lease: Lease) -> None:
    """Everything that there is to reckon."""
    counting.keep(db, lease)
    while counting.catch_up(db, lease):
        pass
    while counting.follow(db, lease):
        pass


def recorded(centre: Centre) -> dict[tuple[datetime, int, str], Counter[str]]:
    with centre.as_owner().read() as tx:
        rows = tx.session.scalars(select(HalfHourStat)).all()
        return {
            (row.half_hour, row.queue_id, row.channel): +Counter(
                {name: getattr(row, name) for name in ADDED}
            )
            for row in rows
        }


def three_days_ago() -> datetime:
    """Early on a London day, so that all that follows is of the same."""
    day = (datetime.now(UTC) - timedelta(days=3)).date()
    return datetime(day.year, day.month, day.day, 6, tzinfo=UTC)


@pytest.mark.parametrize("seed", [1, 2])
def test_sums_are_what_the_raw_events_say(centre: Centre, seed: int) -> None:
    days = Days(centre, three_days_ago(), seed)
    db = centre.as_gateway()

    kept(db, lease_of(db))

    with db.read() as tx:
        now = tx.now
    wanted = reference(days, days.begin + timedelta(days=1))
    got = {
        key: sums
        for key, sums in recorded(centre).items()
        if key[0] < days.begin + timedelta(days=1)
    }
    assert got.keys() == wanted.keys()
    for key, sums in wanted.items():
        # Shares of a minute are rounded once a half hour.
        seconds = got[key].pop("handle_seconds", 0)
        assert abs(seconds - sums.pop("handle_seconds", 0)) <= 1, key
        assert got[key] == sums, key
    with centre.as_owner().read() as tx:
        rows = tx.session.execute(
            select(HalfHourStaff.staff_id, HalfHourStaff.available_seconds)
        ).all()
    times: Counter[int] = Counter()
    for person, seconds in rows:
        times[person] += seconds
    assert dict(times) == available(days, now)


def test_behind_each_figure_stand_as_many_contacts_as_it_counts(centre: Centre) -> None:
    days = Days(centre, three_days_ago(), seed=4, contacts=60)
    db, rose, day = centre.as_gateway(), centre.as_person("rose"), days.begin.date()
    lease = lease_of(db)
    for variant in Variant:
        with centre.as_owner().write() as tx:
            for target in tx.session.scalars(select(QueueTarget)):
                target.variant = variant
            # As if nothing had been reckoned yet.
            tx.session.execute(delete(FiguresKept))
        kept(db, lease)
        found = figures.today(rose, day)
        for queue_id in (None, centre.queue_id(QUEUES[0])):
            level = found.level(queue_id)
            rows = all_behind(rose, Figure.SERVICE_LEVEL, queue_id, day)
            assert (sum(each.counts for each in rows), len(rows)) == (level.part, level.whole)

    of_contacts = {each for each in Figure if figures.has_contacts(each)}
    for figure in of_contacts - {Figure.SERVICE_LEVEL, Figure.WAITING, Figure.LONGEST_WAIT}:
        share = found.share(figure)
        rows = all_behind(rose, figure, None, day)
        assert len(rows) == share.whole, figure
        if figure is Figure.ANSWER_SPEED:
            assert sum(each.wait_seconds for each in rows) == share.part
        elif figure is not Figure.HANDLE_TIME:
            assert sum(each.counts for each in rows) == share.part, figure


def all_behind(db: Database, figure: Figure, queue_id: int | None, day: object) -> list[Behind]:
    """Page by page, so that paging loses and doubles nothing."""
    rows: list[Behind] = []
    after = None
    while True:
        page = figures.behind(db, figure, queue_id, day=day, after=after, limit=7)  # type: ignore[arg-type]
        rows += page.rows
        after = page.after
        if after is None:
            assert len({each.contact_id for each in rows}) == len(rows)
            return rows


def test_real_work_shows_in_the_figures_of_today(centre: Centre) -> None:
    gateway, anna, rose = centre.as_gateway(), centre.as_person("anna"), centre.as_person("rose")
    lease = lease_of(gateway)
    first, second, waits = (centre.add_contact() for _ in range(3))
    for each in (first, second, waits):
        came(centre, each)
    contacts.take(anna, first)
    contacts.begin_wrap_up(anna, first)
    contacts.complete(anna, first, Disposition(None, Resolution.RESOLVED, avoidable=True))
    contacts.take(anna, second)
    sweeper.refresh_stats(gateway, lease)

    changes = counting.keep(gateway, lease)

    found = figures.today(rose)
    sums = found.sums(centre.queue_id("general"), Channel.EMAIL)
    assert (sums.arrivals, sums.answered, sums.offered, sums.handled) == (3, 2, 2, 1)
    assert (sums.completed, sums.first_point, sums.avoidable) == (1, 1, 1)
    assert found.level().value == 1
    assert found.goal() == 80
    assert found.waiting_in() == 1
    assert found.oldest() is not None
    assert changes.items
    general = next(each for each in found.queues if each.id == centre.queue_id("general"))
    assert (general.name, general.members) == ("General enquiries", 3)
    assert sum(each.arrivals for each in figures.by_half_hour(rose)) == 3
    (row,) = figures.behind(rose, Figure.WAITING).rows
    assert (row.contact_id, row.seen, row.who) == (waits, True, "Margaret Okafor")
    # While somebody has a contact in hand time goes on.
    contacts.release(anna, second)
    counting.keep(gateway, lease)
    assert not counting.keep(gateway, lease).items


def came(centre: Centre, contact_id: int, at: datetime | None = None) -> None:
    with centre.as_owner().write() as tx:
        values = {"at": at} if at else {}
        tx.session.execute(
            insert(Event).values(kind="contact.received", contact_id=contact_id, data={}, **values)
        )


def test_a_wait_is_counted_by_the_clock_of_its_promise(centre: Centre) -> None:
    """A mail of Friday evening, answered on Monday at half past eight, waited half an hour."""
    friday = datetime(2026, 3, 6, 19, tzinfo=UTC)
    monday = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)
    mail = centre.add_contact(state=ContactState.COMPLETED)
    anna = centre.person("anna").id
    came(centre, mail, friday)
    with centre.as_owner().write() as tx:
        tx.session.execute(
            insert(Event).values(
                at=monday, kind="contact.taken", actor_id=anna, contact_id=mail, data={}
            )
        )
    db = centre.as_gateway()
    kept(db, lease_of(db))

    ((key, sums),) = ((key, sums) for key, sums in recorded(centre).items() if sums["answered"])

    assert key[0] == monday
    assert sums["wait_seconds"] == 1800
    assert sums["answered_within"] == 1


@pytest.mark.parametrize("ends", ["contact.abandoned", "contact.callback", "contact.spam"])
def test_who_came_long_before_counts_when_they_leave(centre: Centre, ends: str) -> None:
    begin = three_days_ago()
    contact_id = centre.add_contact(state=ContactState.ABANDONED)
    came(centre, contact_id, begin - timedelta(days=2))
    with centre.as_owner().write() as tx:
        tx.session.execute(
            insert(Event).values(at=begin, kind=ends, contact_id=contact_id, data={})
        )
    db = centre.as_gateway()

    kept(db, lease_of(db))

    sums = recorded(centre)[begin, centre.queue_id("general"), "email"]
    assert sums["abandoned"] == (ends == "contact.abandoned")
    assert sums["other_exits"] == (ends != "contact.abandoned")


def test_a_gateway_that_was_away_makes_up_for_what_it_missed(centre: Centre) -> None:
    days = Days(centre, three_days_ago(), seed=5)
    db = centre.as_gateway()
    lease = lease_of(db)
    kept(db, lease)
    right = recorded(centre)
    with centre.as_owner().write() as tx:
        # As it stood when the gateway stopped, or a back-up was made, in the middle of that day.
        cut = days.begin + timedelta(hours=3)
        tx.session.execute(delete(HalfHourStat).where(HalfHourStat.half_hour >= cut))
        row = tx.session.get_one(FiguresKept, 1)
        row.until_at = cut

    kept(db, lease)

    assert recorded(centre) == right


def test_reckoning_twice_changes_nothing(centre: Centre) -> None:
    Days(centre, three_days_ago(), seed=6)
    db = centre.as_gateway()
    lease = lease_of(db)
    kept(db, lease)
    right = recorded(centre)
    with centre.as_owner().write() as tx:
        row = tx.session.get_one(FiguresKept, 1)
        row.until_at = row.from_at = half_hour(row.from_at)

    kept(db, lease)

    assert recorded(centre) == right
    assert not counting.catch_up(db, lease)


def test_only_the_holder_of_the_lease_writes(centre: Centre) -> None:
    db = centre.as_gateway()
    lease = lease_of(db)
    came(centre, centre.add_contact())

    with pytest.raises(LeaseLost):
        counting.keep(db, Lease(lease.name, lease.fence - 1))

    assert recorded(centre) == {}


def test_who_came_back_about_the_same_is_known_after_a_week(centre: Centre) -> None:
    anna = centre.person("anna").id
    resolved_at = datetime.now(UTC) - timedelta(days=9)
    twice, once = (
        centre.add_contact(state=ContactState.COMPLETED, customer=f"{each}@example.org")
        for each in ("twice", "once")
    )
    again = centre.add_contact(customer="twice@example.org")
    with centre.as_owner().write() as tx:
        for each in (twice, once):
            for at, kind, data in (
                (resolved_at - timedelta(minutes=9), "contact.received", {}),
                (resolved_at - timedelta(minutes=5), "contact.taken", {}),
                (resolved_at, "contact.completed", {"resolution": "resolved"}),
            ):
                tx.session.execute(
                    insert(Event).values(
                        at=at, kind=kind, actor_id=anna, contact_id=each, data=data
                    )
                )
        for each, at in ((twice, resolved_at), (once, resolved_at)):
            tx.session.get_one(Contact, each).service_id = 1
            tx.session.get_one(Contact, each).received_at = at - timedelta(minutes=9)
        tx.session.get_one(Contact, again).service_id = 1
        tx.session.get_one(Contact, again).received_at = resolved_at + timedelta(days=3)
    db = centre.as_gateway()
    kept(db, lease_of(db))

    share = figures.today(centre.as_person("rose")).share(Figure.FIRST_CONTACT)

    assert (share.part, share.whole) == (1, 2)


def test_figures_are_for_team_leaders_of_queues_that_they_may_know_of(centre: Centre) -> None:
    for queue in ("general", "care"):
        came(centre, centre.add_contact(queue=queue))
    db = centre.as_gateway()
    kept(db, lease_of(db))
    care = centre.queue_id("care")

    anna = centre.as_person("anna")
    with pytest.raises(NotAllowed):
        figures.today(anna)
    with pytest.raises(NotAllowed):
        figures.by_half_hour(anna)
    with pytest.raises(NotAllowed):
        figures.behind(anna, Figure.ANSWERED)
    rose = centre.as_person("rose")
    assert figures.today(rose).sums(care).arrivals == 1
    with centre.as_owner().write() as tx:
        tx.session.execute(
            delete(Membership).where(
                Membership.queue_id == care, Membership.staff_id == centre.person("rose").id
            )
        )
    outside = centre.as_person("rose")
    found = figures.today(outside)
    assert found.sums(care).arrivals == 0
    assert care not in {each.id for each in found.queues}
    assert found.sums().arrivals == 1
