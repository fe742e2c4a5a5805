"""A running door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.chat_door import ChatDoor, chat_door


@pytest.fixture
def door() -> Iterator[ChatDoor]:
    """With its usual limits."""
    with chat_door() as running:
        yield running
