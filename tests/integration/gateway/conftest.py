"""Running gateways, and a relay that takes their mail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from crm_desktop.gateway.config import GatewayConfig
from crm_desktop.gateway.social_networks import open_network
from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.store.database import Target
from crm_desktop.store.models import ChannelAccount
from tests.centre import MIGRATIONS, Centre
from tests.integration.gateway.processes import GatewayProcess, StartProcess, target_of
from tests.integration.services.arrivals import account_id, change
from tests.servers.smtp_sink import SmtpSink

RESOURCES = MIGRATIONS.parent / "resources" / "web"


@dataclass
class Secrets:
    """The gateway's passwords."""

    values: dict[str, str] = field(default_factory=dict)

    def get(self, name: str, /) -> str | None:
        """The secret called `name`."""
        return self.values.get(name)


@pytest.fixture
def secrets() -> Secrets:
    """The passwords of this test's gateways."""
    return Secrets()


@pytest.fixture
def sink(centre: Centre) -> Iterator[SmtpSink]:
    """The relay of the centre's outgoing mail."""
    with SmtpSink() as server:
        use_relay(centre, server.port)
        yield server


def use_relay(centre: Centre, port: int) -> None:
    """Let the centre send its mail through a port of this machine."""
    settings = {
        "host": "127.0.0.1",
        "port": port,
        "security": "plain",
        "address": "contact@crm.test",
        "name": "Testshire",
    }
    change(centre, ChannelAccount, account_id(centre, "smtp"), settings=settings)


@pytest.fixture
def start_gateway_of(secrets: Secrets) -> Iterator[Callable[[Centre], Gateway]]:
    """Start gateways of any centre, each as the program's own process would build it."""
    running: list[Gateway] = []

    def start(centre: Centre) -> Gateway:
        gateway = Gateway(
            centre.as_gateway(connections=10),
            centre.as_gateway(connections=1),
            config(),
            secrets,
            open_network=partial(open_network, secrets=secrets),
        )
        running.append(gateway)
        gateway.start()
        return gateway

    yield start
    for gateway in running:
        gateway.stop()


@pytest.fixture
def start_gateway(
    centre: Centre, start_gateway_of: Callable[[Centre], Gateway]
) -> Callable[[], Gateway]:
    """Start gateways of the test's centre."""
    return lambda: start_gateway_of(centre)


def config(web_resources: Path = RESOURCES) -> GatewayConfig:
    """Any free ports of this machine."""
    return GatewayConfig(web_resources=web_resources, http_port=0, smtp_port=0)


@pytest.fixture
def start_process(request: pytest.FixtureRequest) -> Iterator[StartProcess]:
    """Start gateways as processes of their own; killed when the test ends."""
    running: list[GatewayProcess] = []

    def start(
        *, centre: Centre | None = None, target: Target | None = None, **ports: int
    ) -> GatewayProcess:
        if target is None:
            target = target_of(centre or request.getfixturevalue("centre"))
        running.append(GatewayProcess(target, None, **ports))
        return running[-1]

    yield start
    for process in running:
        process.kill()
