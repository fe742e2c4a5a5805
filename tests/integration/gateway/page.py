"""A Facebook Page of the centre's, on a stand-in that can be held in the middle of an answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Receive, Scope, Send

from crm_desktop.domain.social import Network
from crm_desktop.store.models import ChannelAccount
from tests.centre import Centre
from tests.integration.services.arrivals import change
from tests.integration.services.posts import network_account
from tests.servers.facebook_stand_in import VERSION, FacebookStandIn
from tests.servers.stand_in import Lost, standing_in

BATCH = f"/{VERSION}/"


@contextmanager
def facebook_page() -> Iterator[FacebookStandIn]:
    """The network, with one page on it."""
    network = FacebookStandIn()
    with standing_in(network):
        yield network


def use_page(
    centre: Centre, network: FacebookStandIn, secrets: dict[str, str], *, every: float = 0.2
) -> int:
    """The centre's account for the page, read every so many seconds; its secrets go into the
    keyring.
    """
    account = network_account(
        centre,
        Network.FACEBOOK,
        page_id=network.page_id,
        graph=f"{network.address}/{VERSION}",
        read_seconds=every,
    )
    change(centre, ChannelAccount, account, secret_name="page")
    secrets |= {
        "page": network.token,
        "page:app": network.app_secret,
        "page:verify": network.verify_token,
    }
    return account


class Held(Lost):
    """The network does what was asked, and its answer never comes."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait until whoever asked is gone."""
        self.reached.set()
        while (await receive())["type"] != "http.disconnect":
            await asyncio.sleep(0.01)
