"""The browser of everything that is seen from outside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.servers.browser import chromium
from tests.servers.processes import PATIENCE


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a module."""
    expect.set_options(timeout=PATIENCE * 1_000)
    with chromium() as running:
        yield running
