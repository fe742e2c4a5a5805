"""A centre that sends texts, to a stand-in of GOV.UK Notify."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from crm_desktop.gateway import texts as gateway_texts
from crm_desktop.gateway.statuses import StatusBoard
from crm_desktop.gateway.texts import DeliveryPoll
from crm_desktop.services import leases, outbox, sweeper
from crm_desktop.services.leases import Lease
from crm_desktop.store.models import ChannelAccount, Message, OutboxItem, TextMessage
from tests.centre import Centre
from tests.servers.notify_stand_in import API_KEY, TEMPLATE, NotifyStandIn
from tests.servers.stand_in import Stage, stage
from tests.visits_centre import add_site, places, service_of

SECRETS = {"texts": API_KEY}


@pytest.fixture(scope="module")
def on_stage() -> Iterator[Stage]:
    """One server, on which stand-ins follow each other."""
    with stage() as served:
        yield served


@pytest.fixture
def notify(on_stage: Stage) -> NotifyStandIn:
    """Notify, fresh."""
    made = NotifyStandIn()
    on_stage.put_on(made)
    return made


@dataclass
class Texting:
    """A centre with a shop whose visitors are texted."""

    centre: Centre
    notify: NotifyStandIn
    account: int
    site: int
    _leases: dict[str, Lease] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gateway = self.centre.as_gateway()
        self.statuses = StatusBoard(self.gateway)
        self.lane = gateway_texts.lane(SECRETS, self.statuses)
        self.desk = places(self.centre, self.site)[0]
        self.service = service_of(self.centre, self.site)

    def lease(self, name: str) -> Lease:
        """A lease of the gateway, held for the whole test."""
        if name not in self._leases:
            lease = leases.acquire(self.gateway, name, "test", 600)
            assert lease is not None
            self._leases[name] = lease
        return self._leases[name]

    def send(self) -> None:
        """Do all that is in the lane now, without the waiting between tries, once each."""
        lease = self.lease(self.lane.lease_name)
        with self.centre.as_owner().write() as tx:
            due = {"not_before": tx.now - timedelta(seconds=1)}
            pending = OutboxItem.state == "pending"
            tx.session.execute(update(OutboxItem).where(pending).values(due))
        for work in outbox.claim(self.gateway, self.lane, lease, limit=20):
            outcome = outbox.attempt(self.gateway, self.lane, work)
            outbox.settle(self.gateway, self.lane, lease, work, outcome)

    def sweep(self) -> None:
        """One round of the sweeper."""
        sweeper.sweep(self.gateway, self.lease(sweeper.LEASE_NAME))

    def ask(self) -> None:
        """Ask about everything that is not known to have ended, and whether the account is good."""
        with self.centre.as_owner().write() as tx:
            known = TextMessage.ask_at.is_not(None)
            tx.session.execute(update(TextMessage).where(known).values(ask_at=tx.now))
        poll = DeliveryPoll(self.gateway, SECRETS, self.statuses, self.lease("poll:texts"))
        # Once round: then it would wait, unless it is being stopped.
        threading.Timer(0.05, poll.stop).start()
        poll.work()

    def kept(self) -> list[tuple[str, str, str]]:
        """(kind, state, words) of every text, in order."""
        with self.centre.as_owner().read() as tx:
            rows = tx.session.execute(
                select(TextMessage.kind, Message.state, Message.body_text)
                .join(Message, Message.id == TextMessage.message_id)
                .order_by(Message.id)
            )
            return [(kind, state, words) for kind, state, words in rows]

    def work(self) -> list[tuple[str, int, str]]:
        """(state, tries, trouble) of everything in the lane."""
        with self.centre.as_owner().read() as tx:
            rows = tx.session.scalars(
                select(OutboxItem).where(OutboxItem.lane == "texts").order_by(OutboxItem.id)
            )
            return [(each.state, each.attempts, each.last_error) for each in rows]

    def status(self) -> tuple[str, str]:
        """How the account is said to be doing."""
        self.statuses.beat()
        with self.centre.as_owner().read() as tx:
            account = tx.session.get_one(ChannelAccount, self.account)
            return account.status, account.status_words


@pytest.fixture
def texting(centre: Centre, notify: NotifyStandIn) -> Texting:
    """The centre, on both dialects."""
    return texting_of(centre, notify)


@pytest.fixture
def local(sqlite_centre: Centre, notify: NotifyStandIn) -> Texting:
    """The centre on SQLite, for what is between the lane and Notify."""
    return texting_of(sqlite_centre, notify)


def texting_of(centre: Centre, notify: NotifyStandIn) -> Texting:
    """Set a shop and its account for texts up."""
    site = add_site(centre, services=("missed_bin", "council_tax"))
    with centre.as_owner().write() as tx:
        account = ChannelAccount(
            kind="texting",
            name="Texts",
            secret_name="texts",
            settings={"template": TEMPLATE, "url": notify.address},
        )
        tx.session.add(account)
        tx.session.flush()
        account_id = account.id
    return Texting(centre, notify, account_id, site)
