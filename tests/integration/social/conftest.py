"""The networks of the contract: real ones where they can run here."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.social.bluesky_outside import BlueskyOutside
from tests.integration.social.mastodon_outside import MastodonOutside
from tests.integration.social.outside import Outside
from tests.servers.bluesky import Bluesky, shared_bluesky
from tests.servers.postgres import PostgresCluster
from tests.servers.snac import Snac, shared_snac


@pytest.fixture(scope="session")
def bluesky(shared_directory: Path, postgres_cluster: PostgresCluster) -> Bluesky:
    """The suite's Bluesky; make accounts of your own on it."""
    return shared_bluesky(shared_directory, postgres_cluster)


@pytest.fixture(scope="session")
def snac(shared_directory: Path) -> Snac:
    """The suite's server with Mastodon's API; make accounts of your own on it."""
    return shared_snac(shared_directory)


def _bluesky(request: pytest.FixtureRequest) -> Outside:
    return BlueskyOutside(request.getfixturevalue("bluesky"))


def _mastodon(request: pytest.FixtureRequest) -> Outside:
    return MastodonOutside(request.getfixturevalue("snac"))


#: A network joins the contract by a line here.
NETWORKS: dict[str, Callable[[pytest.FixtureRequest], Outside]] = {
    "bluesky": _bluesky,
    "mastodon": _mastodon,
}


@pytest.fixture(scope="module", params=NETWORKS)
def outside(request: pytest.FixtureRequest) -> Outside:
    """A network with an account of ours and a resident, for one module of tests."""
    return NETWORKS[request.param](request)
