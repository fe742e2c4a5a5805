"""What the lane of posts does when a network is away, or was perhaps heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.social import Network, OutboundPost, SentPost
from crm_desktop.domain.social_thread import PostReply
from crm_desktop.domain.states import OutboxState
from crm_desktop.gateway import social_lane
from crm_desktop.gateway.social_networks import Networks, open_network
from crm_desktop.services import contacts, leases, outbox, social
from crm_desktop.services.outbox import Lane
from crm_desktop.store.models import OutboxItem
from tests.centre import Centre
from tests.integration.services.posts import (
    contact_of,
    message_of,
    network_account,
    outbox_of,
    post,
    read,
)
from tests.servers.ports import free_port

SECRETS = {"social:bluesky": "app-password", "social:mastodon": "token"}


@dataclass
class Lost:
    """A network that is spoken to and whose answers are lost."""

    looked: list[bool] = field(default_factory=list)

    def send(self, post: OutboundPost, *, tried_at: datetime | None = None) -> SentPost:
        """Note whether it was to look first."""
        self.looked.append(tried_at is not None)
        raise ConnectorTrouble("No answer.", retry=True, fate="unknown")

    def close(self) -> None:
        """Nothing is open."""


def _answered(centre: Centre, network: Network, *, public: bool = True, **settings: Any) -> int:
    """The message of an answer that is to leave."""
    anna, first = centre.as_person("anna"), post()
    account = network_account(centre, network, **settings)
    read(centre, account, first)
    contact_id = contact_of(centre, account, first)
    contacts.take(anna, contact_id)
    reply = PostReply("We are sorry", public, message_of(centre, account, first))
    return social.reply(anna, contact_id, reply, undo_seconds=0).message_id


@pytest.fixture
def tries(sqlite_centre: Centre) -> Callable[[Lane, int], None]:
    """Does the only work of a lane so many times, without the waiting in between."""
    db = sqlite_centre.as_gateway()

    def tries(lane: Lane, many: int) -> None:
        lease = leases.acquire(db, lane.lease_name, "test", 60)
        assert lease is not None
        for _ in range(many):
            with sqlite_centre.as_owner().write() as tx:
                now = {"not_before": tx.now - timedelta(minutes=1)}
                tx.session.execute(update(OutboxItem).values(now))
            (work,) = outbox.claim(db, lane, lease)
            outbox.settle(db, lane, lease, work, outbox.attempt(db, lane, work))

    return tries


@pytest.mark.parametrize(
    ("network", "address", "public"),
    [(Network.MASTODON, "server", True), (Network.BLUESKY, "service", False)],
)
def test_a_network_that_is_away_is_waited_for(
    sqlite_centre: Centre,
    tries: Callable[[Lane, int], None],
    network: Network,
    address: str,
    public: bool,
) -> None:
    away = {address: f"http://127.0.0.1:{free_port()}"}
    message = _answered(sqlite_centre, network, public=public, **away)
    networks = Networks(partial(open_network, secrets=SECRETS))
    try:
        tries(social_lane.lane(networks), 3)
    finally:
        networks.close()

    work = outbox_of(sqlite_centre, message)
    assert (work.state, work.attempts) == (OutboxState.PENDING, 3), work.last_error
    assert not work.unknown_fate, "nothing was ever said"


def test_what_was_perhaps_said_is_looked_for_when_somebody_has_it_tried_again(
    sqlite_centre: Centre, tries: Callable[[Lane, int], None]
) -> None:
    """A person's "Try again" counts the tries anew; that somebody may have heard us stays true."""
    message, lost = _answered(sqlite_centre, Network.BLUESKY), Lost()
    lane = social_lane.lane(Networks(lambda _: lost))  # type: ignore[arg-type,return-value]  # it only sends
    tries(lane, 2)
    work = outbox_of(sqlite_centre, message)
    assert (work.state, lost.looked) == (OutboxState.DEAD, [False, True])

    with sqlite_centre.as_person("anna").write() as tx:
        tx.guard.retry_dead(work.id)
    tries(lane, 1)

    assert lost.looked == [False, True, True]
