"""Calls in the figures: as long as they talked, were on hold and wrapped up, call by call."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from crm_desktop.domain.figures import Figure, Promise
from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.services import counting, figures, leases, queue_settings, sweeper
from crm_desktop.store.models import Contact, Event
from tests.centre import Centre

Step = tuple[float, str, dict[str, Any]]


@pytest.fixture
def begin(centre: Centre) -> datetime:
    """Early on a London day that is over; calls are answered within 20 seconds."""
    rose, queue = centre.as_person("rose"), centre.queue_id("general")
    seen, _ = queue_settings.read(rose, queue)
    promised = {**seen.targets, Channel.CALL: Promise(20, False, short_seconds=5)}
    queue_settings.change(rose, queue, seen, replace(seen, targets=promised))
    day = (datetime.now(UTC) - timedelta(days=3)).date()
    return datetime(day.year, day.month, day.day, 9, 29, tzinfo=UTC)


def call(centre: Centre, begin: datetime, *steps: Step, direction: str = "inbound") -> int:
    """A call with these events: seconds after its beginning, what, with what."""
    contact_id = centre.add_contact(channel=Channel.CALL, state=ContactState.COMPLETED)
    anna = centre.person("anna").id
    with centre.as_owner().write() as tx:
        values = {"direction": direction, "received_at": begin}
        tx.session.execute(update(Contact).where(Contact.id == contact_id).values(**values))
        for seconds, kind, data in steps:
            person = anna if kind == "contact.completed" and not data.get("reason") else None
            tx.session.execute(
                insert(Event).values(
                    at=begin + timedelta(seconds=seconds), kind=kind, actor_id=person,
                    contact_id=contact_id, data=data,
                )
            )  # fmt: skip
    return contact_id


def kept(centre: Centre) -> None:
    """The gateway reckons all that there is."""
    db = centre.as_gateway()
    lease = leases.acquire(db, sweeper.LEASE_NAME, "test", 600)
    assert lease is not None
    counting.keep(db, lease)
    while counting.catch_up(db, lease):
        pass


def answered(after: float, staff: int) -> tuple[Step, ...]:
    """It came and was answered so many seconds later."""
    return (
        (0, "contact.received", {}),
        (after, "contact.taken", {"staff": staff}),
        (after, "call.answered", {"staff": staff, "waited": after}),
    )


def test_every_figure_is_made_of_its_calls(centre: Centre, begin: datetime) -> None:
    anna, rose = centre.person("anna").id, centre.as_person("rose")
    # Over the half hour's end: it counts where it was completed, whole.
    first = call(
        centre, begin, *answered(12, anna), (40, "call.held", {}), (55, "call.resumed", {}),
        (90, "call.ended", {"by": "caller"}), (90, "contact.wrap_up", {}),
        (130, "contact.completed", {"resolution": "resolved", "avoidable": False}),
    )  # fmt: skip
    second = call(
        centre, begin, *answered(30, anna),
        (50, "call.transferred", {"how": "blind", "to": {"number": "+441632960000"}}),
        (50, "call.ended", {"by": "advisor", "talk": 21, "hold": 0}), (50, "contact.wrap_up", {}),
        (60, "contact.completed", {"resolution": "transferred_out", "avoidable": False}),
    )  # fmt: skip
    for after in (4, 5, 6, 25):
        call(centre, begin, (0, "contact.received", {}), (after, "contact.abandoned", {}))
    call(centre, begin, (0, "contact.received", {}), (40, "contact.callback", {}))
    call(
        centre, begin, (0, "contact.received", {}),
        (33, "contact.voicemail", {}),
    )  # fmt: skip

    kept(centre)

    day = begin.date()
    found = figures.today(rose, day)
    sums = found.sums(channel=Channel.CALL)
    assert (sums.arrivals, sums.answered, sums.abandoned, sums.offered) == (8, 2, 4, 8)
    assert (sums.abandoned_short, sums.callbacks, sums.voicemails) == (2, 1, 1)
    assert (sums.answered_within, sums.wait_seconds) == (1, 42)
    assert (sums.calls, sums.talk_seconds, sums.hold_seconds) == (2, 63 + 21, 15)
    assert (sums.wrap_up_seconds, sums.transferred) == (40 + 10, 1)
    # A callback and a message are no contacts that somebody resolved, or did not.
    assert (sums.completed, sums.first_point) == (2, 1)
    assert found.share(Figure.HANDLE_TIME).value == (63 + 21 + 15 + 50) / 2
    assert found.share(Figure.ABANDONED).value == 4 / 8
    assert found.share(Figure.ABANDONED_NET).value == 2 / 8
    assert found.level(channel=Channel.CALL).value == 1 / (2 + 1)
    spent = {
        row.contact_id: row.spent for row in figures.behind(rose, Figure.TALK_TIME, day=day).rows
    }
    assert spent == {first: (63, 15, 40), second: (21, 0, 10)}
    passed_on = figures.behind(rose, Figure.TRANSFERRED, day=day).rows
    assert {row.contact_id: row.counts for row in passed_on} == {first: False, second: True}
    # The first was completed in the next half hour.
    later = figures.by_half_hour(rose, day)
    assert [each.answered for each in later] == [2, 0]


def test_a_call_out_is_handled_and_waited_for_nobody(centre: Centre, begin: datetime) -> None:
    call(centre, begin - timedelta(days=1), (0, "contact.received", {}))
    call(
        centre, begin,
        (20, "call.ended", {"by": "pbx", "talk": 0, "hold": 0, "cause": 17}),
        (20, "contact.wrap_up", {}),
        (50, "contact.completed", {"resolution": "no_action", "avoidable": False}),
        direction="outbound",
    )  # fmt: skip

    kept(centre)

    sums = figures.today(centre.as_person("rose"), begin.date()).sums(channel=Channel.CALL)
    assert (sums.arrivals, sums.answered, sums.offered, sums.completed) == (0, 0, 0, 0)
    assert (sums.handled, sums.calls, sums.wrap_up_seconds) == (1, 1, 30)


def test_a_call_that_goes_on_counts_as_answered_and_not_yet_as_handled(
    centre: Centre, begin: datetime
) -> None:
    call(centre, begin, *answered(3, centre.person("anna").id))

    kept(centre)

    sums = figures.today(centre.as_person("rose"), begin.date()).sums(channel=Channel.CALL)
    assert (sums.answered, sums.handled, sums.handle_seconds) == (1, 0, 0)
