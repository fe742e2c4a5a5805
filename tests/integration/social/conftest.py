"""The networks of the contract: real ones where they can run here."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.social.bluesky_outside import BlueskyOutside
from tests.integration.social.outside import Outside
from tests.servers.bluesky import Bluesky, shared_bluesky
from tests.servers.postgres import PostgresCluster


@pytest.fixture(scope="session")
def bluesky(shared_directory: Path, postgres_cluster: PostgresCluster) -> Bluesky:
    """The suite's Bluesky; make accounts of your own on it."""
    return shared_bluesky(shared_directory, postgres_cluster)


def _bluesky(request: pytest.FixtureRequest) -> Outside:
    return BlueskyOutside(request.getfixturevalue("bluesky"))


#: A network joins the contract by a line here.
NETWORKS: dict[str, Callable[[pytest.FixtureRequest], Outside]] = {"bluesky": _bluesky}


@pytest.fixture(scope="module", params=NETWORKS)
def outside(request: pytest.FixtureRequest) -> Outside:
    """A network with an account of ours and a resident, for one module of tests."""
    return NETWORKS[request.param](request)
