"""The forecast is planned from what came, corrected by today, and held against what comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from crm_desktop.domain.calendar import WEEKDAYS
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import LeaseLost, NotFound
from crm_desktop.domain.figures import HALF_HOUR, half_hour
from crm_desktop.domain.staffing import USUAL_PATIENCE
from crm_desktop.domain.states import Channel, Presence
from crm_desktop.gateway.forecasting import jobs
from crm_desktop.services import forecast, forecasting, leases
from crm_desktop.services.forecasting import LONDON
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database
from crm_desktop.store.models import (
    Activity,
    ArrivalForecast,
    CountedContact,
    HalfHourStat,
    OpeningCalendar,
    QueueTarget,
    Staff,
)
from tests.centre import Centre

HOUR = timedelta(hours=1)
ALWAYS = {"week": {day: ["00:00-24:00"] for day in WEEKDAYS}, "holidays": "none"}


def _now(centre: Centre) -> datetime:
    with centre.as_owner().read() as tx:
        return tx.now


def _today(centre: Centre) -> date:
    return _now(centre).astimezone(LONDON).date()


def _came(
    centre: Centre,
    days: int,
    each: Callable[[datetime], int] = lambda _: 20,
    *,
    queue: str = "general",
    channel: Channel = Channel.EMAIL,
    until: datetime | None = None,
) -> None:
    """So many whole days, and today until now, on which `each` came in every half hour.

    All were answered, most in time, each after 10 s and in 240 s of handling. The centre never
    closes, so that it matters to no test at what time of which day it runs.
    """
    queue_id, end = centre.queue_id(queue), until or half_hour(_now(centre))
    begin = datetime.combine(_today(centre) - timedelta(days=days), datetime.min.time(), LONDON)
    at, rows = begin.astimezone(UTC), []
    while at < end:
        count = each(at)
        rows.append(
            {
                "half_hour": at,
                "queue_id": queue_id,
                "channel": channel,
                "arrivals": count,
                "answered": count,
                "answered_within": count - count // 10,
                "wait_seconds": 10 * count,
                "handled": count,
                "handle_seconds": 240 * count,
                "seconds": 20,
                "in_opening_hours": True,
                "goal": 80,
                "short_seconds": 5,
                "variant": "default",
            }
        )
        at += HALF_HOUR
    with centre.as_owner().write() as tx:
        tx.session.execute(update(OpeningCalendar).values(hours=ALWAYS))
        tx.session.execute(insert(HalfHourStat), rows)


def _lease(db: Database) -> Lease:
    lease = leases.acquire(db, forecasting.LEASE_NAME, "test")
    assert lease is not None
    return lease


def _rows(centre: Centre) -> list[ArrivalForecast]:
    with centre.as_owner().read() as tx:
        return list(tx.session.scalars(select(ArrivalForecast).order_by(ArrivalForecast.half_hour)))


def test_today_and_tomorrow_are_planned_and_told_of(centre: Centre) -> None:
    _came(centre, 21, channel=Channel.CALL)
    db = centre.as_gateway()

    done, changes = forecasting.keep(db, _lease(db), None)

    general, today = centre.queue_id("general"), _today(centre)
    assert changes.ids(Topic.FORECAST) == {general}
    rows = _rows(centre)
    assert {row.half_hour.astimezone(LONDON).date() for row in rows} == {
        today,
        today + timedelta(days=1),
    }
    assert all(row.planned == pytest.approx(20, rel=0.05) for row in rows)
    assert all(row.aht_seconds == pytest.approx(240) for row in rows)
    # Twenty calls of four minutes are 2.7 erlangs.
    assert all(row.needed is not None and 4 <= row.needed <= 6 for row in rows)
    # Nothing is due again within the half hour.
    if half_hour(_now(centre)) == (done.slot if done else None):
        assert forecasting.keep(db, _lease(centre.as_gateway()), done) == (
            done,
            Changes(),
        )


def test_too_short_a_history_is_said_in_days(centre: Centre) -> None:
    _came(centre, 6)
    db = centre.as_gateway()

    forecasting.keep(db, _lease(db), None)
    found = forecast.of_day(centre.as_person("rose"), _today(centre))

    assert _rows(centre) == []
    assert not found.is_known
    # The day on which counting began was no whole one.
    assert (found.days_known, found.days_missing) == (5, 9)
    assert found.error.wape is None


def test_a_centre_without_any_history_waits(centre: Centre) -> None:
    db = centre.as_gateway()

    assert forecasting.keep(db, _lease(db), None) == (None, Changes())
    assert forecast.of_day(centre.as_person("rose"), _today(centre)).half_hours == ()


def test_a_busy_day_lifts_what_is_to_come_and_leaves_what_has_begun(centre: Centre) -> None:
    _came(centre, 21)
    db = centre.as_gateway()
    lease = _lease(db)
    forecasting.keep(db, lease, None)
    before = {row.half_hour: row.expected for row in _rows(centre)}
    today = datetime.combine(_today(centre), datetime.min.time(), LONDON)
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(HalfHourStat).where(HalfHourStat.half_hour >= today).values(arrivals=40)
        )

    # Another gateway takes over, which knows nothing of what was done.
    forecasting.keep(db, lease, None)

    slot, tomorrow = half_hour(_now(centre)), today + timedelta(days=1)
    begun = (slot - today) // HALF_HOUR
    for row in _rows(centre):
        if row.half_hour < slot or row.half_hour >= tomorrow:
            assert row.expected == pytest.approx(before[row.half_hour])
        else:
            # 44 half-believed calls against those that have come: the later, the nearer to double.
            lifted = (44.4 + 40 * begun) / (44.4 + 20 * begun)
            assert row.expected == pytest.approx(20 * lifted, rel=0.05)
        assert row.planned == pytest.approx(20, rel=0.05)


def test_the_error_is_of_what_was_expected_when_it_began(centre: Centre) -> None:
    _came(centre, 21)
    db = centre.as_gateway()
    forecasting.keep(db, _lease(db), None)
    yesterday, general = _today(centre) - timedelta(days=1), centre.queue_id("general")
    begin = datetime.combine(yesterday, datetime.min.time(), LONDON).astimezone(UTC)
    with centre.as_owner().write() as tx:
        for number in range(4):
            tx.session.add(
                ArrivalForecast(
                    half_hour=begin + number * HALF_HOUR, queue_id=general, channel="call",
                    planned=26, expected=22, made_at=begin,
                )
            )  # fmt: skip

    found = forecast.of_day(centre.as_person("rose"), yesterday)

    # Twenty came in each half hour; where nothing was expected all of it was missed.
    hours = found.half_hours
    assert [each.expected for each in hours[:5]] == [22, 22, 22, 22, 0]
    assert hours[0].came == 20
    assert hours[0].within == 18
    rest = len(hours) - 4
    assert found.error.wape == pytest.approx((4 * 2 + rest * 20) / (20 * len(hours)))
    assert found.plan_error.wape == pytest.approx((4 * 6 + rest * 20) / (20 * len(hours)))


def test_while_a_queue_is_closed_nobody_is_needed(centre: Centre) -> None:
    _came(centre, 21)
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(OpeningCalendar).values(
                hours={"week": {day: ["09:15-16:00"] for day in WEEKDAYS}, "holidays": "none"}
            )
        )
    db = centre.as_gateway()

    forecasting.keep(db, _lease(db), None)

    for row in _rows(centre):
        slot = row.half_hour.astimezone(LONDON)
        is_open = 9 <= slot.hour < 16
        # Twenty mails of four minutes keep 2.7 people busy.
        assert row.needed == pytest.approx(8 / 3 if is_open else 0, rel=0.05), slot


def test_a_day_to_come_has_no_error_and_nothing_came(centre: Centre) -> None:
    _came(centre, 21)
    db = centre.as_gateway()
    forecasting.keep(db, _lease(db), None)

    found = forecast.of_day(centre.as_person("rose"), _today(centre) + timedelta(days=1))

    assert found.is_known
    assert len(found.half_hours) in (46, 48, 50)
    assert {each.came for each in found.half_hours} == {None}
    assert found.error.wape is None
    assert sum(each.expected or 0 for each in found.half_hours) == pytest.approx(960, rel=0.1)


def test_queues_and_channels_add_up_and_can_be_told_apart(centre: Centre) -> None:
    _came(centre, 21, channel=Channel.CALL)
    _came(centre, 21, lambda _: 5, queue="waste", channel=Channel.CHAT)
    db = centre.as_gateway()
    forecasting.keep(db, _lease(db), None)
    rose, tomorrow = centre.as_person("rose"), _today(centre) + timedelta(days=1)

    whole = forecast.of_day(rose, tomorrow).half_hours[10]
    waste = forecast.of_day(rose, tomorrow, centre.queue_id("waste")).half_hours[10]
    calls = forecast.of_day(rose, tomorrow, channel=Channel.CALL).half_hours[10]

    assert whole.expected == pytest.approx(25, rel=0.05)
    assert waste.expected == pytest.approx(5, rel=0.05)
    assert calls.expected == pytest.approx(20, rel=0.05)


def test_of_a_restricted_queue_only_members_know(centre: Centre) -> None:
    _came(centre, 21, queue="care")
    db = centre.as_gateway()
    forecasting.keep(db, _lease(db), None)
    tomorrow, care = _today(centre) + timedelta(days=1), centre.queue_id("care")

    assert forecast.of_day(centre.as_person("rose"), tomorrow).is_known
    anna = centre.as_person("anna")
    assert not forecast.of_day(anna, tomorrow).is_known
    with pytest.raises(NotFound):
        forecast.what_if(anna, care)


def test_a_gateway_that_lost_its_lease_writes_nothing(centre: Centre) -> None:
    _came(centre, 21)
    db = centre.as_gateway()
    lease = _lease(db)

    with pytest.raises(LeaseLost):
        forecasting.keep(db, Lease(lease.name, lease.fence + 1), None)

    assert _rows(centre) == []


def test_a_queue_closed_for_good_is_expected_to_be_quiet(centre: Centre) -> None:
    _came(centre, 21, channel=Channel.CALL)
    db = centre.as_gateway()
    lease = _lease(db)
    forecasting.keep(db, lease, None)
    tomorrow = _today(centre) + timedelta(days=1)
    with centre.as_owner().write() as tx:
        tx.session.execute(delete(HalfHourStat))
        tx.session.add(
            HalfHourStat(
                half_hour=half_hour(tx.now - 20 * 24 * HOUR), queue_id=centre.queue_id("general"),
                channel="email", arrivals=1, seconds=20, in_opening_hours=True, goal=80,
                short_seconds=5, variant="default",
            )
        )  # fmt: skip

    forecasting.keep(db, lease, None)

    found = forecast.of_day(centre.as_person("rose"), tomorrow, channel=Channel.CALL)
    assert sum(each.expected or 0 for each in found.half_hours) == 0


# What if two go to lunch


def _available(centre: Centre, *logins: str) -> None:
    with centre.as_owner().write() as tx:
        now = tx.now
        for person in tx.session.scalars(select(Staff)).all():
            here = person.login in logins
            person.presence = Presence.AVAILABLE if here else Presence.LUNCH
            if here:
                tx.session.merge(Activity(staff_id=person.id, signed_in_at=now, seen_at=now))


def test_those_who_are_available_are_counted(centre: Centre) -> None:
    _came(centre, 21, lambda _: 10, channel=Channel.CALL)
    db = centre.as_gateway()
    forecasting.keep(db, _lease(db), None)
    _available(centre, "anna", "ben", "cora")
    rose, general = centre.as_person("rose"), centre.queue_id("general")

    found = forecast.what_if(rose, general, change=-1)

    assert found is not None
    # Cora does not belong to the queue, Rose is at lunch.
    assert (found.before.people, found.after.people) == (2, 1)
    assert found.after.service_level < found.before.service_level
    assert found.channels == {Channel.CALL}
    assert found.assumed
    assert len(found.half_hours) in (4, 5)
    assert found.expected == pytest.approx(10 * len(found.half_hours), rel=0.05)


def test_whoever_was_not_seen_for_a_while_is_not_counted(centre: Centre) -> None:
    _came(centre, 21, lambda _: 10, channel=Channel.CALL)
    db = centre.as_gateway()
    forecasting.keep(db, _lease(db), None)
    _available(centre, "anna", "ben")
    with centre.as_owner().write() as tx:
        ben = tx.session.scalars(select(Staff.id).where(Staff.login == "ben")).one()
        tx.session.execute(
            update(Activity).where(Activity.staff_id == ben).values(seen_at=tx.now - HOUR)
        )

    found = forecast.what_if(centre.as_person("rose"), centre.queue_id("general"))

    assert found is not None
    assert found.before.people == 1


def test_patience_is_measured_from_those_who_gave_up(centre: Centre) -> None:
    _came(centre, 21, channel=Channel.CALL)
    general, now = centre.queue_id("general"), _now(centre)
    with centre.as_owner().write() as tx:
        for number in range(100):
            tx.session.add(
                CountedContact(
                    contact_id=1000 + number, what="abandoned", at=now - timedelta(days=3),
                    queue_id=general, channel="call", wait_seconds=50,
                )
            )  # fmt: skip
    db = centre.as_gateway()
    forecasting.keep(db, _lease(db), None)

    row = _rows(centre)[-1]
    found = forecast.what_if(centre.as_person("rose"), general, people=5)

    # Some 20,000 answered calls waited 10 s each, a hundred gave up after 50 s.
    with centre.as_owner().read() as tx:
        answered = sum(tx.session.scalars(select(HalfHourStat.arrivals)))
    assert row.patience_seconds == pytest.approx((10 * answered + 5000) / 100, rel=0.01)
    assert row.patience_seconds != USUAL_PATIENCE[Channel.CALL]
    assert found is not None
    assert not found.assumed


def test_a_promise_of_the_queues_own_is_the_one_held_against(centre: Centre) -> None:
    _came(centre, 21, channel=Channel.CALL)
    general = centre.queue_id("general")
    with centre.as_owner().write() as tx:
        tx.session.add(QueueTarget(queue_id=general, channel="call", seconds=60, goal=95))
    db = centre.as_gateway()
    forecasting.keep(db, _lease(db), None)

    found = forecast.what_if(centre.as_person("rose"), general, people=5)

    assert found is not None
    assert (found.seconds, found.goal) == (60, 0.95)


def test_without_a_forecast_there_is_no_answer(centre: Centre) -> None:
    rose = centre.as_person("rose")

    assert forecast.what_if(rose, centre.queue_id("general"), people=5) is None
    with pytest.raises(NotFound):
        forecast.what_if(rose, 99)


def test_the_gateway_does_it_under_its_lease(centre: Centre) -> None:
    _came(centre, 21, channel=Channel.CALL)
    db = centre.as_gateway()
    (worker,) = jobs(db)[forecasting.LEASE_NAME](_lease(db))
    worker.stop()

    worker.work()

    assert len(_rows(centre)) > 0


def test_the_next_thirty_minutes_are_of_the_half_hours_that_they_touch(centre: Centre) -> None:
    begin = half_hour(_now(centre))
    general, care = centre.queue_id("general"), centre.queue_id("care")
    with centre.as_owner().write() as tx:
        for number, (expected, needed) in enumerate(((10.0, 2.2), (20.0, 3.1))):
            for queue_id, channel in ((general, "call"), (general, "chat"), (care, "call")):
                tx.session.add(
                    ArrivalForecast(
                        half_hour=begin + number * HALF_HOUR,
                        queue_id=queue_id,
                        channel=channel,
                        planned=expected,
                        expected=expected,
                        needed=needed,
                        made_at=tx.now,
                    )
                )

    found = forecast.ahead(centre.as_person("ben"))

    assert set(found) == {general}, "of a restricted queue others know nothing"
    assert 20 <= found[general].expected <= 40
    assert found[general].needed == 7, "parts of people add up, of the busier half hour"
