"""One server for the stand-ins of networks, which follow each other on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.stand_in import Stage, stage


@pytest.fixture(scope="module")
def on_stage() -> Iterator[Stage]:
    with stage() as served:
        yield served
