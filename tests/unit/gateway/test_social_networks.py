"""Accounts of networks are opened by settings and secrets, and kept open as long as they fit."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest

from crm_desktop.domain.errors import ConnectorTrouble, InvalidInput
from crm_desktop.domain.social import Network
from crm_desktop.gateway.social_networks import Networks, open_network
from crm_desktop.services.accounts import Account

KEYS = ("consumer_key", "consumer_secret", "token", "token_secret")


class Keyring(dict[str, str]):
    """The gateway's secrets."""


SECRETS = Keyring(
    {
        "bluesky": "app-password",
        "mastodon": "token",
        "facebook": "token",
        "facebook:app": "app-secret",
        "x": json.dumps(dict.fromkeys(KEYS, "k")),
    }
)
SETTINGS: dict[Network, dict[str, Any]] = {
    Network.BLUESKY: {"handle": "testshire.example", "service": "https://pds.example"},
    Network.MASTODON: {"handle": "testshire", "server": "https://social.example"},
    Network.FACEBOOK: {"page_id": "4711"},
    Network.X: {"user_id": "77", "handle": "@testshire"},
}


def _account(network: Network, **settings: Any) -> Account:
    given = {**SETTINGS[network], **settings}
    return Account(7, network.value, "Ours", None, network.value, given)


@pytest.mark.parametrize("network", list(SETTINGS))
def test_an_account_is_opened_with_its_secrets(network: Network) -> None:
    opened = open_network(_account(network), SECRETS)
    opened.close()
    assert type(opened).__module__.startswith(f"crm_desktop.channels.social.{network.value}")
    with pytest.raises(InvalidInput):
        open_network(_account(network), Keyring())


def test_a_page_needs_its_apps_secret() -> None:
    without = Keyring({"facebook": "token"})
    with pytest.raises(InvalidInput, match="facebook:app"):
        open_network(_account(Network.FACEBOOK), without)


@dataclass
class Opened:
    """A network that only counts how often it was closed."""

    closed: int = 0

    def close(self) -> None:
        """Count it."""
        self.closed += 1


def _say(networks: Networks, account: Account, trouble: ConnectorTrouble | None = None) -> Any:
    with networks.using(account) as network:
        if trouble is not None:
            raise trouble
        return network


def test_a_session_is_kept_until_settings_change_or_it_is_refused() -> None:
    networks = Networks(lambda _: Opened())  # type: ignore[arg-type,return-value]
    account = _account(Network.BLUESKY)
    first = _say(networks, account)
    with suppress(ConnectorTrouble):
        _say(networks, account, ConnectorTrouble("Away.", retry=True))
    assert _say(networks, account) is first

    other = replace(account, settings={"handle": "other.example"})
    second = _say(networks, other)
    assert (second is first, first.closed) == (False, 1)

    with suppress(ConnectorTrouble):
        _say(networks, other, ConnectorTrouble("Wrong password.", retry=False))
    third = _say(networks, other)
    assert (third is second, second.closed) == (False, 1)
    networks.close()
    assert third.closed == 1
