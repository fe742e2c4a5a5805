"""A running site and a browser-like client."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.servers.forms_site import FormsSite, forms_site


@pytest.fixture
def site() -> Iterator[FormsSite]:
    """The pages with their usual limits."""
    with forms_site() as running:
        yield running


@pytest.fixture
def client(site: FormsSite) -> Iterator[httpx.Client]:
    """A client with cookies, on that site."""
    with httpx.Client(base_url=site.url, timeout=30) as one:
        yield one
