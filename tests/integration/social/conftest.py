"""The networks of the contract: real ones where they can run here."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.social.bluesky_outside import BlueskyOutside
from tests.integration.social.facebook_outside import FacebookOutside
from tests.integration.social.mastodon_outside import MastodonOutside
from tests.integration.social.outside import Outside
from tests.integration.social.x_outside import XOutside
from tests.servers.bluesky import Bluesky, shared_bluesky
from tests.servers.postgres import PostgresCluster
from tests.servers.snac import Snac, shared_snac
from tests.servers.stand_in import Stage, stage


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


@pytest.fixture(scope="module")
def on_stage() -> Iterator[Stage]:
    """One server, on which stand-ins follow each other."""
    with stage() as served:
        yield served


def _facebook(request: pytest.FixtureRequest) -> Outside:
    return FacebookOutside(request.getfixturevalue("on_stage"))


def _x(request: pytest.FixtureRequest) -> Outside:
    return XOutside(request.getfixturevalue("on_stage"))


def _mastodon(request: pytest.FixtureRequest) -> Outside:
    return MastodonOutside(request.getfixturevalue("snac"))


#: A network joins the contract by a line here.
NETWORKS: dict[str, Callable[[pytest.FixtureRequest], Outside]] = {
    "bluesky": _bluesky,
    "facebook": _facebook,
    "x": _x,
    "mastodon": _mastodon,
}


@pytest.fixture(scope="module", params=NETWORKS)
def outside(request: pytest.FixtureRequest) -> Outside:
    """A network with an account of ours and a resident, for one module of tests."""
    return NETWORKS[request.param](request)
