"""Visitors of a council's pages for the tour, in a real Chromium, told what to do: in its chat, at
a kiosk, before a public screen.

`python -m tests.servers.chat_for_tour FOLDER` says {"ready": true} or {"lacks": words}, then
answers each line {"do": …} of its standard input with one line, and ends with its input.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.e2e.chat.visitor import Visitor

_PATIENCE_MS = 40_000
#: A tablet, and a monitor on a wall: width and height.
_KIOSK, _SCREEN = (1024, 768), (1280, 720)
_Told = Mapping[str, Any]


def main(_folder: Path) -> int:
    """Serve until the input ends; 1 when there is no browser."""
    try:
        from playwright.sync_api import expect

        from tests.servers.browser import chromium
    except ImportError as trouble:
        _say({"lacks": str(trouble)})
        return 1
    expect.set_options(timeout=_PATIENCE_MS)
    try:
        with chromium() as browser:
            deeds = _deeds(browser)
            _say({"ready": True})
            for line in sys.stdin:
                told = json.loads(line)
                try:
                    _say({"done": deeds[told["do"]](told)})
                except Exception as trouble:  # noqa: BLE001 - told where the tour can say it
                    _say({"trouble": str(trouble) or type(trouble).__name__})
    except RuntimeError as trouble:
        _say({"lacks": str(trouble)})
        return 1
    return 0


def _deeds(browser: Browser) -> Mapping[str, Callable[[_Told], object]]:
    """What people can be told to do: those in a chat, and those before other pages."""
    people: dict[str, Visitor] = {}
    pages: dict[str, Page] = {}

    def page(told: _Told) -> Page:
        return pages[told["who"]] if told["who"] in pages else people[told["who"]].page

    def said(told: _Told) -> str:
        return page(told).locator("body" if told["who"] in pages else ".panel").inner_text()

    return {
        "begin": lambda told: _begin(browser, people, told),
        "check in": lambda told: _check_in(_opened(browser, pages, told, _KIOSK), told),
        "watch": lambda told: _watch(_opened(browser, pages, told, _SCREEN)),
        "say": lambda told: people[told["who"]].say(told["text"]),
        "type": lambda told: people[told["who"]].box.press_sequentially(told["text"]),
        "attach": lambda told: (
            page(told).locator("input[type=file]").first.set_input_files(told["file"])
        ),
        "read": said,
        "picture": lambda told: bool(page(told).screenshot(path=told["path"])),
        "leave": lambda told: people.pop(told["who"]).page.context.close(),
    }


def _begin(browser: Browser, people: dict[str, Visitor], told: _Told) -> None:
    from playwright.sync_api import expect

    from tests.e2e.chat.visitor import Visitor
    from tests.servers.browser import PHONE

    context = browser.new_context(viewport=PHONE)
    context.set_default_timeout(_PATIENCE_MS)
    visitor = people[told["who"]] = Visitor(context.new_page())
    page = visitor.page
    page.goto(told["address"])
    page.get_by_label(visitor.w("name")).fill(told["who"])
    if told["email"]:
        page.get_by_label(visitor.w("email")).fill(told["email"])
    service = page.get_by_label(visitor.w("service"))
    service.select_option(label=told["service"] or visitor.w("something_else"))
    for label, value in told["fields"].items():
        page.get_by_label(label).locator("visible=true").fill(value)
    for label in told["ticks"]:
        page.get_by_label(label).locator("visible=true").check()
    page.get_by_label(visitor.w("help")).fill(told["text"])
    visitor.press("start")
    expect(visitor.box).to_be_focused()


def _opened(browser: Browser, pages: dict[str, Page], told: _Told, size: tuple[int, int]) -> Page:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.set_default_timeout(_PATIENCE_MS)
    page = pages[told["who"]] = context.new_page()
    page.goto(told["address"])
    return page


def _check_in(kiosk: Page, told: _Told) -> str:
    """Each question of the kiosk in turn; the number of the ticket."""
    kiosk.locator(".kiosk-tile", has_text=told["about"]).click()
    kiosk.locator("[value=none]").click()
    kiosk.get_by_label(told["needs"]).check()
    kiosk.locator("main [value=next]").click()
    kiosk.wait_for_url("**/ticket/**")
    return kiosk.locator(".kiosk-ticket__number").inner_text()


def _watch(screen: Page) -> None:
    from playwright.sync_api import expect

    expect(screen.locator("body[data-told]")).to_be_attached()


def _say(words: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(words, default=str) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
