"""A real headless Chromium, driven through Playwright; each test gets a profile of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

#: A telephone held upright, as most people read the council's pages.
PHONE: ViewportSize = {"width": 420, "height": 900}
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]
_AXE = Path(__file__).resolve().parents[1] / "assets" / "axe" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def chromium_path() -> str:
    """The installed Chromium; RuntimeError names the package when there is none."""
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    raise RuntimeError("no Chromium found: install the system package 'chromium'")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser that speaks to nobody but the pages it is given."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=_QUIET)
        try:
            yield browser
        finally:
            browser.close()


def axe_violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page, a line each: rule, then the elements.

    The page's own policy forbids foreign scripts, so the rules run in the page by way of the
    debugger, not as a script element.
    """
    page.evaluate(_AXE.read_text(encoding="utf-8") + "\n;undefined")
    found: dict[str, Any] = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", _RULES
    )
    return [
        f"{rule['id']}: {rule['help']}: " + " | ".join(node["html"] for node in rule["nodes"])
        for rule in found["violations"]
    ]
