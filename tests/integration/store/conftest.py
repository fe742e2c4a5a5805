"""A centre under attack, one for each file of attacks: every attack is undone, so all share it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from tests.centre import PASSWORD, Centre
from tests.integration.store.attacking import Connection, Ids, arranged, build
from tests.servers.postgres import PostgresCluster


@pytest.fixture(scope="module")
def attacked(postgres_cluster: PostgresCluster) -> Iterator[tuple[Centre, Ids]]:
    """The centre, and the ids of what is in it."""
    template = postgres_cluster.template("attacked", build)
    with postgres_cluster.database(template) as name:
        centre, ids = arranged(postgres_cluster, name)
        yield centre, ids
        centre.close()


@pytest.fixture(scope="module")
def connected(attacked: tuple[Centre, Ids]) -> Iterator[Callable[[str], Connection]]:
    """Gives a connection by login."""
    centre, _ = attacked
    cluster = centre.cluster
    assert cluster is not None
    with ExitStack() as stack:
        yield lambda login: stack.enter_context(
            closing(cluster.connect(centre.database, login, PASSWORD))
        )
