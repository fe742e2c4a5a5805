"""A fresh profile and a fresh site for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.servers.forms_site import FormsSite, forms_site
from tests.servers.processes import PATIENCE

PICTURES = Path(__file__).resolve().parents[3] / "build" / "pictures" / "web"

OpenPage = Callable[..., Page]


@pytest.fixture
def site() -> Iterator[FormsSite]:
    """The public pages."""
    with forms_site() as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, site: FormsSite) -> Iterator[OpenPage]:
    """Opens pages of the site in a profile of its own: `open_page(script=…, width=…)`."""
    contexts = []

    def open_one(*, script: bool = True, width: int = 1280) -> Page:
        context = browser.new_context(
            base_url=site.url,
            java_script_enabled=script,
            viewport={"width": width, "height": 900},
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE * 1_000)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Leaves a picture of the whole page under build/pictures/web."""

    def take(page: Page, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png", full_page=True)

    return take
