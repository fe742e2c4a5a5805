"""A centre with telephones at a real PBX, its people at work, and running gateways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from crm_desktop.channels.voice.trouble import AriNotFound
from crm_desktop.gateway.calls.commands import Commands
from crm_desktop.gateway.config import GatewayConfig
from crm_desktop.gateway.supervisor import Gateway
from tests.calls_centre import telephones
from tests.centre import MIGRATIONS, Centre
from tests.integration.gateway.looking import Watch, watching
from tests.routing_centre import at_work, push
from tests.servers import asterisk, processes
from tests.servers.asterisk import Asterisk
from tests.servers.phone import Phone, Phones

RESOURCES = MIGRATIONS.parent / "resources" / "web"


class Secrets:
    """The gateway's passwords."""

    def __init__(self) -> None:
        self.values = {"pbx": asterisk.PASSWORD}

    def get(self, name: str, /) -> str | None:
        """The secret called `name`."""
        return self.values.get(name)


@pytest.fixture
def secrets() -> Secrets:
    """The passwords of this test's gateways."""
    return Secrets()


@pytest.fixture(scope="module")
def module_pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    """A PBX for the tests of one file: its application has one gateway at a time."""
    shared = Asterisk.create(tmp_path_factory.mktemp("pbx") / "asterisk")
    yield shared
    shared.destroy()


@pytest.fixture
def pbx(module_pbx: Asterisk) -> Iterator[Asterisk]:
    """It, with nothing of this test's left: the next one's contacts have the same numbers."""
    yield module_pbx
    with module_pbx.ari() as ari:
        for channel in ari.channels():
            with suppress(AriNotFound):
                ari.hang_up(channel.id)
        processes.wait_for(lambda: not ari.channels(), "the end of every channel")
        for bridge in ari.bridges():
            with suppress(AriNotFound):
                ari.destroy_bridge(bridge.id)


@pytest.fixture
def own_pbx(tmp_path: Path) -> Iterator[Asterisk]:
    """A PBX that this test may stop and kill."""
    own = Asterisk.create(tmp_path / "asterisk")
    yield own
    own.destroy()


@pytest.fixture
def phones(pbx: Asterisk) -> Iterator[Phones]:
    """Telephones of the suite's PBX."""
    with Phones(pbx) as some:
        yield some


@pytest.fixture
def phone(phones: Phones) -> Phone:
    """Anna's telephone, which is picked up by hand."""
    return phones.add("101")


@pytest.fixture
def watch(centre: Centre) -> Iterator[Watch]:
    """Waits for what the gateway does."""
    with watching(centre) as watch:
        yield watch


@pytest.fixture
def start_gateway(secrets: Secrets) -> Iterator[Callable[[Centre], Gateway]]:
    """Start gateways of a centre, as the program's own process would build them."""
    running: list[Gateway] = []

    def start(centre: Centre) -> Gateway:
        gateway = Gateway(
            centre.as_gateway(connections=10),
            centre.as_gateway(connections=1),
            GatewayConfig(web_resources=RESOURCES, http_port=0, smtp_port=0),
            secrets,
            call_parts=lambda: [Commands()],
        )
        running.append(gateway)
        gateway.start()
        return gateway

    yield start
    for gateway in running:
        gateway.stop()


def connect(centre: Centre, pbx: Asterisk, *people: str, **rules: object) -> int:
    """The centre's telephones are at this PBX; these people are at work. The account's id."""
    push(centre, "general", "waste", **{"offer_seconds": 20, **rules})
    at_work(centre, *(people or ("anna",)))
    return telephones(centre, url=pbx.url, user=asterisk.USER, app=asterisk.APP)
