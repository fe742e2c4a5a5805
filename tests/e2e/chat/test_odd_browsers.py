"""Browsers that are not as usual: nothing may be kept, a wrong clock, large text, two at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import BrowserContext, expect

from tests.e2e.chat.conftest import Advisor, Gateways
from tests.e2e.chat.visitor import Visitor
from tests.servers.browser import axe_violations
from tests.servers.council_site import CouncilSite

_NO_STORAGE = """
for (const name of ['localStorage', 'sessionStorage'])
  Object.defineProperty(window, name, {get () { throw new DOMException('no', 'SecurityError') }})
"""
#: The browser's own size of text, usually 16.
_LARGE_TEXT = {"fontSizes": {"standard": 32, "fixed": 26}}


def test_a_browser_that_keeps_nothing_and_has_a_wrong_clock_chats_all_the_same(
    visitor: Visitor, site: CouncilSite, advisor: Advisor, gateways: Gateways
) -> None:
    page = visitor.page
    page.add_init_script(_NO_STORAGE)
    page.clock.install(time=datetime.now(UTC) - timedelta(days=400))
    visitor.go(site.origin)
    visitor.open()
    visitor.begin("one")
    contact = advisor.take()
    expect(visitor.status).to_have_text("You are chatting with Anna.")
    gateways.kill()
    visitor.say("two")
    gateways.start()

    page.clock.run_for(40_000)
    advisor.hears(contact, "one", "two")
    advisor.say(contact, "three")
    expect(visitor.lines).to_have_text(["one", "two", "three"])
    now = datetime.now(UTC)
    times = {f"{each.astimezone():%H:%M}" for each in (now, now - timedelta(minutes=1))}
    told = page.locator(".lines .line .who").last.inner_text()
    assert any(each in told for each in times), told


def test_with_text_of_twice_the_size_everything_is_in_reach(
    visitor: Visitor, site: CouncilSite, advisor: Advisor
) -> None:
    page = visitor.page
    page.context.new_cdp_session(page).send("Page.setFontSizes", _LARGE_TEXT)
    visitor.go(site.origin)
    visitor.open()
    visitor.picture("large-form")
    visitor.begin("one")
    advisor.say(advisor.take(), "Hello Margaret")
    expect(visitor.lines).to_have_text(["one", "Hello Margaret"])
    visitor.picture("large-talking")
    size = "node => getComputedStyle(node).fontSize"
    assert page.locator(".lines .said").last.evaluate(size) == "32px"

    assert axe_violations(page) == []
    for each in (visitor.box, page.get_by_label(visitor.w("send")), visitor.status):
        box = each.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 1280
        assert box["y"] + box["height"] <= 720
    wide = page.evaluate(
        "[...document.querySelector('crm-chat').shadowRoot.querySelectorAll('.panel, .body')]"
        ".filter(each => each.scrollWidth > each.clientWidth).map(each => each.className)"
    )
    assert wide == []


def test_whoever_begins_in_one_tab_is_in_the_same_chat_in_the_other(
    visitor: Visitor, site: CouncilSite, advisor: Advisor, profile: BrowserContext
) -> None:
    before = advisor.count()
    visitor.go(site.origin)
    tab = Visitor(profile.new_page())
    tab.go(site.origin)
    for each in (visitor, tab):
        each.page.bring_to_front()
        each.open()
    tab.page.get_by_label(tab.w("help")).fill("half a question")
    visitor.page.bring_to_front()
    visitor.begin("one")

    tab.page.bring_to_front()
    expect(tab.lines).to_have_text(["one"])
    tab.say("two")
    expect(visitor.lines).to_have_text(["one", "two"])
    assert advisor.count() == before + 1
