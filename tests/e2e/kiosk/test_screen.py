"""The public screen: a call is there at once, is called out, and a stale screen says so."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from crm_desktop.channels.kiosk.port import Limits
from crm_desktop.services import visits
from tests.e2e.kiosk.conftest import OpenPage, Shop
from tests.servers.browser import axe_violations
from tests.visits_centre import arriving, service_of

Picture = Callable[[Page, str], None]
#: Seconds after which a screen looks by itself: what is there sooner was told.
_LOOKED_AT = Limits().look_seconds / 2
#: Keeps what would be said; a machine without voices says nothing.
_LISTEN = """
window.said = []
speechSynthesis.speak = each => window.said.push([each.lang, each.text])
speechSynthesis.getVoices = () => [{ lang: 'cy-GB', name: 'Welsh' }]
Object.defineProperty(SpeechSynthesisUtterance.prototype, 'voice', { set () {} })
"""


def _arrive(shop: Shop, who: str, language: str = "en") -> str:
    service = service_of(shop.centre, shop.site)
    checked, _ = visits.check_in(shop.anna, arriving(shop.site, service, who, language=language))
    return str(checked.ticket)


def test_a_call_is_shown_and_said_at_once_and_moves_on(
    open_page: OpenPage, shop: Shop, picture: Picture
) -> None:
    page = open_page(width=1920, height=1080)
    page.add_init_script(_LISTEN)
    page.goto(f"{shop.url}/screen")
    # What was called before the first board is shown, not said.
    expect(page.locator("body[data-told]")).to_be_attached()
    expect(page.get_by_text("Please take a ticket")).to_be_visible()
    assert axe_violations(page) == []
    picture(page, "screen-empty")
    page.get_by_role("button", name="Turn the sound on").click()
    expect(page.get_by_role("button")).to_be_hidden()
    first, second = _arrive(shop, "R. Doyle"), _arrive(shop, "Siân Price", "cy")

    shop.call_next(0)
    began = time.monotonic()
    expect(page.locator(".now__ticket")).to_have_text(first)
    took = time.monotonic() - began
    assert took < _LOOKED_AT
    expect(page.locator(".now__place").first).to_have_text("Desk 1")
    shop.call_next(1)
    expect(page.locator(".now__ticket")).to_have_text(second)

    expect(page.locator(".recent__list li")).to_have_text([f"{first}Desk 1"])
    assert axe_violations(page) == []
    picture(page, "screen-called")
    assert not any(name in page.content() for name in ("Doyle", "Price"))
    spelt = {each: " ".join(each) for each in (first, second)}
    assert page.evaluate("window.said") == [
        ["en-GB", f"Ticket {spelt[first]}, please go to Desk 1"],
        ["cy-GB", f"Tocyn {spelt[second]}, ewch i Desk 2"],
        ["en-GB", f"Ticket {spelt[second]}, please go to Desk 2"],
    ]


def test_a_screen_says_when_it_is_stale_and_comes_back_by_itself(
    open_page: OpenPage, shop: Shop, picture: Picture
) -> None:
    page = open_page(width=1920, height=1080)
    page.clock.install()
    page.goto(f"{shop.url}/screen")
    stale = page.get_by_text("This screen is not up to date")
    shown = page.locator(".now__ticket").inner_text()
    expect(stale).to_be_hidden()

    shop.kill()
    page.clock.run_for(11_000)
    expect(stale).to_be_visible()
    picture(page, "screen-stale")
    shop.start()
    page.clock.run_for(30_000)

    expect(stale).to_be_hidden()
    ticket = _arrive(shop, "S. Khan")
    assert ticket != shown
    shop.call_next(0)
    expect(page.locator(".now__ticket")).to_have_text(ticket)
