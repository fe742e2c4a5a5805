"""A lane's threads, when the answer to a claim is lost on its way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from crm_desktop.domain.errors import DatabaseAway
from crm_desktop.gateway.lanes import InHand, LaneWorker
from crm_desktop.services import leases, sending
from crm_desktop.services.leases import Lease
from crm_desktop.services.outbox import Lane, Work
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.models import OutboxItem
from tests.centre import Centre
from tests.integration.gateway.test_bad_days import answer


def test_what_was_claimed_without_an_answer_is_done_at_once_and_is_not_doubted(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(centre)
    db, tried = centre.as_gateway(), list[Work]()
    worker = _worker(db, _lease(db), tried.append, InHand())
    with monkeypatch.context() as patch:
        _lose_answer(patch, db, of_commit=2)  # the first is of the look for what is due
        with pytest.raises(DatabaseAway):
            worker.work()
    assert (_item(centre).state, tried) == ("claimed", [])

    worker.work()

    item = _item(centre)
    assert (item.state, item.attempts, item.unknown_fate) == ("done", 1, False)
    assert len(tried) == 1


def test_what_another_thread_has_in_hand_is_not_put_back(centre: Centre) -> None:
    answer(centre)
    db, tried, in_hand = centre.as_gateway(), list[Work](), InHand()
    lease = _lease(db)
    second = _worker(db, lease, tried.append, in_hand)
    second.stop()  # it does not wait for more

    def meanwhile(work: Work) -> None:
        tried.append(work)
        in_hand.doubt = True
        second.work()

    _worker(db, lease, meanwhile, in_hand).work()

    assert _item(centre).state == "done"
    assert len(tried) == 1
    assert not in_hand.doubt


def _lease(db: Database) -> Lease:
    lease = leases.acquire(db, "outbox:email", "the gateway")
    assert lease is not None
    return lease


def _worker(
    db: Database, lease: Lease, perform: Callable[[Work], None], in_hand: InHand
) -> LaneWorker:
    def send(db: Database, work: Work) -> Callable[[Tx], None]:
        outgoing = sending.load(db, work)
        perform(work)
        return partial(sending.sent, work=work, outgoing=outgoing)

    lane = Lane(sending.EMAIL, send, sending.gave_up, sending.subject)
    return LaneWorker(db, lane, lease, in_hand)


def _lose_answer(patch: pytest.MonkeyPatch, db: Database, *, of_commit: int) -> None:
    dialect: Any = db.engine.dialect
    commit, numbers = dialect.do_commit, count(1)

    def lose(connection: object) -> None:
        commit(connection)
        if next(numbers) == of_commit:
            raise DatabaseAway

    patch.setattr(dialect, "do_commit", lose)


def _item(centre: Centre) -> OutboxItem:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(OutboxItem)).one()
