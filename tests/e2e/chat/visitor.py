"""A visitor at the chat: what they press and what they read, in either language."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

WIDGET = Path(__file__).resolve().parents[3] / "resources" / "web" / "chat"
PICTURES = Path(__file__).resolve().parents[3] / "build" / "pictures" / "chat"


def words_of(language: str) -> dict[str, Any]:
    """The widget's own table of words."""
    words: dict[str, Any] = json.loads((WIDGET / f"{language}.json").read_text("utf-8"))
    return words


@dataclass
class Visitor:
    """One page with the chat on it; `said` is what its console said."""

    page: Page
    language: str = "en"

    def __post_init__(self) -> None:
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    @property
    def words(self) -> dict[str, Any]:
        """What the widget says to them."""
        return words_of(self.language)

    def w(self, key: str, **values: object) -> str:
        """One of the widget's sentences."""
        return str(self.words[key]).format(**values)

    @property
    def button(self) -> Locator:
        """What opens the chat."""
        return self.page.locator(".launch")

    @property
    def box(self) -> Locator:
        """Where they write."""
        return self.page.locator(".composer textarea")

    @property
    def status(self) -> Locator:
        """How the chat stands."""
        return self.page.locator(".status")

    @property
    def lines(self) -> Locator:
        """Everything in the conversation that somebody said."""
        return self.page.locator(".lines .said")

    def go(self, address: str) -> None:
        """Go to a page and wait for the chat on it."""
        self.page.goto(address)
        self.page.locator(".launch, .panel").first.wait_for()

    def open(self) -> None:
        """Press the button."""
        self.button.click()
        expect(self.page.get_by_role("dialog")).to_be_visible()

    def begin(self, text: str, *, name: str = "Margaret Okafor") -> None:
        """Fill what is asked and start."""
        self.page.get_by_label(self.w("name")).fill(name)
        service = self.page.get_by_label(self.w("service"))
        if service.count():
            service.select_option(label=self.w("something_else"))
        self.page.get_by_label(self.w("help")).fill(text)
        self.press("start")
        expect(self.box).to_be_focused()

    def press(self, key: str) -> None:
        """The button that says this."""
        self.page.get_by_role("button", name=self.w(key), exact=True).click()

    def choose(self, key: str) -> None:
        """One of the options."""
        self.page.get_by_label(self.w("options")).click()
        self.press(key)

    def say(self, text: str) -> None:
        """Write it and press Enter."""
        self.box.fill(text)
        self.box.press("Enter")

    def picture(self, name: str) -> None:
        """Leave a picture under build/pictures/chat."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")
