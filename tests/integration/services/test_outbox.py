"""Outgoing work: tried with backoff, repeated at most once when in doubt, never dropped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from crm_desktop.domain.errors import ConnectorTrouble, LeaseLost
from crm_desktop.domain.views import Reply
from crm_desktop.services import leases, outbox, replies, sending
from crm_desktop.services.leases import Lease
from crm_desktop.services.outbox import Lane, Work
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.models import Lease as LeaseRow
from crm_desktop.store.models import Message, OutboxItem
from tests.centre import Centre
from tests.integration.services.arrivals import event_kinds, mail, message_row, receive

_ADDRESS = "margaret@example.org"


@dataclass
class Target:
    """A lane whose outside does what the test says."""

    trouble: Exception | None = None
    tried: list[Work] = field(default_factory=list)

    @property
    def lane(self) -> Lane:
        """The lane that ends here."""
        return Lane("email", self._perform, sending.gave_up, sending.subject)

    def _perform(self, db: Database, work: Work) -> Callable[[Tx], None]:
        self.tried.append(work)
        if self.trouble is not None:
            raise self.trouble
        outgoing = sending.load(db, work)
        return lambda tx: sending.sent(tx, work, outgoing)


def _written(centre: Centre) -> tuple[int, int]:
    """(contact, message) of a reply that may leave at once."""
    received = receive(centre, mail())
    anna = centre.as_person("anna")
    with anna.write() as tx:
        tx.guard.claim(received.contact_id)
    sent = replies.send(anna, received.contact_id, Reply("Hello.", _ADDRESS), undo_seconds=0)
    return received.contact_id, sent.message_id


def _lease(db: Database, owner: str = "first") -> Lease:
    lease = leases.acquire(db, "outbox:email", owner)
    assert lease is not None
    return lease


def _take_over(db: Database, owner: str) -> Lease:
    with db.write() as tx:
        tx.session.get_one(LeaseRow, "outbox:email").expires_at = datetime(2020, 1, 1, tzinfo=UTC)
    return _lease(db, owner)


def _run(db: Database, lane: Lane, lease: Lease) -> None:
    """One try of everything due."""
    for work in outbox.claim(db, lane, lease, limit=10):
        outbox.settle(db, lane, lease, work, outbox.attempt(db, lane, work))


def _item(centre: Centre, message_id: int) -> OutboxItem:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(
            select(OutboxItem).where(OutboxItem.message_id == message_id)
        ).one()


def _make_due(centre: Centre, message_id: int) -> None:
    with centre.as_owner().write() as tx:
        item = tx.session.scalars(
            select(OutboxItem).where(OutboxItem.message_id == message_id)
        ).one()
        item.not_before = datetime(2020, 1, 1, tzinfo=UTC)


def test_what_went_well_is_done_and_said(centre: Centre) -> None:
    contact_id, message_id = _written(centre)
    db = centre.as_gateway()

    _run(db, Target().lane, _lease(db))

    assert _item(centre, message_id).state == "done"
    assert message_row(centre, message_id).state == "sent"
    assert "message.sent" in event_kinds(centre, contact_id)


def test_work_waits_for_its_time(centre: Centre) -> None:
    received = receive(centre, mail())
    anna = centre.as_person("anna")
    with anna.write() as tx:
        tx.guard.claim(received.contact_id)
    replies.send(anna, received.contact_id, Reply("Hello.", _ADDRESS))
    db, target = centre.as_gateway(), Target()
    lease = _lease(db)

    due = outbox.seconds_until_due(db, target.lane, lease)
    _run(db, target.lane, lease)

    assert due is not None
    assert 8 < due <= 10
    assert target.tried == []


def test_trouble_is_tried_again_and_gives_up_visibly_after_eight_tries(centre: Centre) -> None:
    contact_id, message_id = _written(centre)
    db, target = centre.as_gateway(), Target(ConnectorTrouble("The relay sleeps.", retry=True))
    lease = _lease(db)

    for _ in range(outbox.MAX_ATTEMPTS):
        assert _item(centre, message_id).state == "pending"
        _run(db, target.lane, lease)
        _make_due(centre, message_id)

    item, row = _item(centre, message_id), message_row(centre, message_id)
    assert (item.state, item.attempts, item.last_error) == ("dead", 8, "The relay sleeps.")
    assert (row.state, row.failure) == ("failed", "The relay sleeps.")
    assert "outbox.dead" in event_kinds(centre, contact_id)


def test_a_final_refusal_gives_up_at_once_and_a_person_can_try_again(centre: Centre) -> None:
    _, message_id = _written(centre)
    db, target = centre.as_gateway(), Target(ConnectorTrouble("No such user.", retry=False))
    lease = _lease(db)
    _run(db, target.lane, lease)
    item = _item(centre, message_id)
    assert (item.state, item.attempts) == ("dead", 1)

    with centre.as_person("anna").write() as tx:
        tx.guard.retry_dead(item.id)
    target.trouble = None
    _run(db, target.lane, lease)

    assert message_row(centre, message_id).state == "sent"


def test_what_vanished_under_way_is_repeated_once_flagged_and_then_left_to_a_person(
    centre: Centre,
) -> None:
    contact_id, message_id = _written(centre)
    db, target = centre.as_gateway(), Target()
    (first,) = outbox.claim(db, target.lane, _lease(db))
    assert not first.unknown_fate

    (second,) = outbox.claim(db, target.lane, _take_over(db, "second"))
    assert second.unknown_fate
    assert "outbox.repeated" in event_kinds(centre, contact_id)

    assert outbox.claim(db, target.lane, _take_over(db, "third")) == ()
    assert _item(centre, message_id).state == "dead"
    assert message_row(centre, message_id).state == "failed"


def test_an_unknown_fate_told_by_the_channel_counts_the_same(centre: Centre) -> None:
    _, message_id = _written(centre)
    lost = ConnectorTrouble("The line broke after the last byte.", retry=True, fate="unknown")
    db, target = centre.as_gateway(), Target(lost)
    lease = _lease(db)

    _run(db, target.lane, lease)
    assert _item(centre, message_id).unknown_fate
    _make_due(centre, message_id)
    _run(db, target.lane, lease)

    assert len(target.tried) == 2
    assert _item(centre, message_id).state == "dead"


def test_a_late_owner_settles_nothing(centre: Centre) -> None:
    _, message_id = _written(centre)
    db, target = centre.as_gateway(), Target()
    late = _lease(db)
    (work,) = outbox.claim(db, target.lane, late)
    outcome = outbox.attempt(db, target.lane, work)
    _take_over(db, "second")

    with pytest.raises(LeaseLost):
        outbox.settle(db, target.lane, late, work, outcome)

    assert _item(centre, message_id).state == "claimed"
    assert message_row(centre, message_id).state == "pending"


def test_a_bug_in_a_handler_stops_neither_the_lane_nor_the_item(centre: Centre) -> None:
    _, message_id = _written(centre)
    db, target = centre.as_gateway(), Target(ZeroDivisionError("secret words"))

    _run(db, target.lane, _lease(db))

    item = _item(centre, message_id)
    assert item.state == "pending"
    assert "ZeroDivisionError" in item.last_error
    assert "secret" not in item.last_error


def test_pauses_grow_to_an_hour_and_no_further() -> None:
    pauses = [outbox.backoff(attempts) for attempts in range(1, 20)]

    assert timedelta(seconds=3) < pauses[0] < timedelta(seconds=7)
    assert all(later > earlier * 0.5 for earlier, later in pairwise(pauses))
    assert max(pauses) <= timedelta(hours=1.25)


def test_only_one_gateway_claims_an_item(centre: Centre) -> None:
    _written(centre)
    first, second = centre.as_gateway(), centre.as_gateway()
    lease = _lease(first)
    lane = Target().lane

    claimed = [*outbox.claim(first, lane, lease), *outbox.claim(second, lane, lease)]

    assert len(claimed) == 1
    with first.read() as tx:
        assert tx.session.scalars(select(Message.state).where(Message.id > 1)).all()
