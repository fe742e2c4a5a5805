"""Visitors of a council's pages for the tour, in a real Chromium, told what to do: in its chat, at
a kiosk, before a public screen.

`python -m tests.servers.chat_for_tour FOLDER` says {"ready": true} or {"lacks": words}, then
answers each line {"do": …} of its standard input with one line, and ends with its input.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_PATIENCE_MS = 40_000
#: A tablet, and a monitor on a wall: width and height.
_KIOSK, _SCREEN = (1024, 768), (1280, 720)


def main(_folder: Path) -> int:
    """Serve until the input ends; 1 when there is no browser."""
    try:
        from playwright.sync_api import Browser, Page, expect

        from tests.e2e.chat.visitor import Visitor
        from tests.servers.browser import PHONE, chromium
    except ImportError as trouble:
        _say({"lacks": str(trouble)})
        return 1
    expect.set_options(timeout=_PATIENCE_MS)
    people: dict[str, Visitor] = {}
    pages: dict[str, Page] = {}

    def begin(browser: Browser, told: Mapping[str, Any]) -> None:
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

    def page(browser: Browser, told: Mapping[str, str], width: int, height: int) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height})
        context.set_default_timeout(_PATIENCE_MS)
        made = pages[told["who"]] = context.new_page()
        made.goto(told["address"])
        return made

    def check_in(browser: Browser, told: Mapping[str, str]) -> str:
        kiosk = page(browser, told, *_KIOSK)
        kiosk.locator(".kiosk-tile", has_text=told["about"]).click()
        kiosk.locator("[value=none]").click()
        kiosk.get_by_label(told["needs"]).check()
        kiosk.locator("main [value=next]").click()
        kiosk.wait_for_url("**/ticket/**")
        return kiosk.locator(".kiosk-ticket__number").inner_text()

    def watch(browser: Browser, told: Mapping[str, str]) -> None:
        expect(page(browser, told, *_SCREEN).locator("body[data-told]")).to_be_attached()

    def of(told: Mapping[str, str]) -> Page:
        return pages[told["who"]] if told["who"] in pages else people[told["who"]].page

    def attach(told: Mapping[str, str]) -> None:
        people[told["who"]].page.locator("input[type=file]").first.set_input_files(told["file"])

    try:
        with chromium() as browser:
            deeds: Mapping[str, Callable[[dict[str, str]], object]] = {
                "begin": lambda told: begin(browser, told),
                "check in": lambda told: check_in(browser, told),
                "watch": lambda told: watch(browser, told),
                "say": lambda told: people[told["who"]].say(told["text"]),
                "type": lambda told: people[told["who"]].box.press_sequentially(told["text"]),
                "attach": attach,
                "read": lambda told: (
                    of(told).locator("body" if told["who"] in pages else ".panel").inner_text()
                ),
                "picture": lambda told: bool(of(told).screenshot(path=told["path"])),
                "leave": lambda told: people.pop(told["who"]).page.context.close(),
            }
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


def _say(words: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(words, default=str) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
