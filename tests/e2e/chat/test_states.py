"""Every state of the chat in both languages: accessible, fitting, under the strictest policy."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize, expect

from tests.e2e.chat.conftest import CLOSED, KEY, NOTICE, Advisor, Gateways
from tests.e2e.chat.visitor import WIDGET, Visitor
from tests.servers.browser import axe_violations
from tests.servers.council_site import CouncilSite

_SIZES = ((1280, 720), (320, 640))


def _look(visitor: Visitor, state: str) -> None:
    """Nothing is wrong with what is shown, wide and narrow; its pictures are left."""
    page = visitor.page
    for width, height in _SIZES:
        page.set_viewport_size({"width": width, "height": height})
        visitor.picture(f"{state}-{visitor.language}-{width}")
        assert axe_violations(page) == [], f"{state} at {width}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        wide = page.evaluate(
            "[...document.querySelector('crm-chat').shadowRoot.querySelectorAll('.panel, .body')]"
            ".filter(each => each.scrollWidth > each.clientWidth).map(each => each.className)"
        )
        assert wide == [], f"{state} at {width}"
    page.set_viewport_size({"width": 1280, "height": 720})


@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_state_is_accessible_and_fits(
    visitor: Visitor, site: CouncilSite, advisor: Advisor, language: str
) -> None:
    visitor.language = site.language = language
    page, w = visitor.page, visitor.w
    visitor.go(site.origin)
    _look(visitor, "button")

    visitor.open()
    expect(page.locator(".notice")).to_have_text(NOTICE[language])
    _look(visitor, "form")
    page.get_by_label(w("service")).select_option(index=1)
    visitor.press("start")
    expect(page.locator(".summary")).to_be_focused()
    _look(visitor, "errors")

    visitor.begin("My bin was not emptied")
    expect(visitor.status).to_contain_text({"en": "in the queue.", "cy": "yn y ciw."}[language])
    _look(visitor, "waiting")

    contact = advisor.take()
    advisor.say(contact, "Hello Margaret. See https://norbridge.example/bins?x=1.")
    expect(visitor.status).to_have_text(w("talking", who="Anna"))
    visitor.say("Thank you")
    expect(page.locator(".fate")).to_have_text(w("sent"))
    page.get_by_label(w("options")).click()
    _look(visitor, "talking")
    page.emulate_media(color_scheme="dark")
    _look(visitor, "dark")
    page.emulate_media(color_scheme="light", forced_colors="active")
    visitor.picture(f"forced-{language}")
    page.emulate_media(forced_colors="none")
    page.keyboard.press("Escape")

    visitor.choose("end")
    _look(visitor, "end")
    visitor.press("end_yes")
    expect(visitor.status).to_have_text(w("ended"))
    _look(visitor, "ended")
    visitor.press("rate_send")
    expect(page.locator(".summary:visible")).to_be_focused()
    _look(visitor, "not-rated")
    visitor.press("forget")
    expect(page.get_by_label(w("name"))).to_have_value("")
    assert visitor.said == []


def test_a_name_that_is_too_long_is_said_so_before_it_is_sent(
    visitor: Visitor, site: CouncilSite
) -> None:
    visitor.go(site.origin)
    visitor.open()
    visitor.page.get_by_label(visitor.w("name")).fill("x" * 101)
    visitor.press("start")
    expect(visitor.page.locator(".summary")).to_contain_text(visitor.w("over", n="1"))


@pytest.mark.parametrize("language", ["en", "cy"])
def test_closed_it_says_when_it_opens_and_takes_a_message(
    visitor: Visitor, site: CouncilSite, language: str
) -> None:
    visitor.language = site.language = language
    site.key = CLOSED
    page, w = visitor.page, visitor.w
    visitor.go(site.origin)
    visitor.open()
    expect(page.locator("p", has_text=w("closed"))).to_contain_text("09:00")
    _look(visitor, "closed")

    visitor.press("send_message")
    expect(page.get_by_role("link", name=w("message_needed"))).to_be_visible()
    page.get_by_label(w("name")).fill("Margaret Okafor")
    page.get_by_label(w("email")).fill("m.okafor@example.org")
    page.get_by_label(w("message")).fill("My bin was not emptied")
    visitor.press("send_message")

    expect(page.get_by_role("heading", name=w("message_kept"))).to_be_focused()
    _look(visitor, "message-kept")
    assert visitor.said == []


def test_what_was_filled_in_while_it_closed_becomes_a_message(
    visitor: Visitor, site: CouncilSite, advisor: Advisor
) -> None:
    site.key = CLOSED
    page = visitor.page
    advisor.opens("waste", "general")
    visitor.go(site.origin)
    visitor.open()
    while page.get_by_role("button", name="Start chat").count() == 0:
        page.reload()
        page.locator("form").wait_for()
    advisor.opens("waste", "waste")
    page.get_by_label("Your name").fill("Margaret Okafor")
    page.get_by_label("How can we help?").fill("My bin was not emptied")
    visitor.press("start")

    expect(page.get_by_text(visitor.w("closed"))).to_be_visible()
    expect(page.get_by_label("Your name")).to_have_value("Margaret Okafor")
    expect(page.get_by_label("Your message")).to_have_value("My bin was not emptied")


@pytest.mark.parametrize("language", ["en", "cy"])
def test_the_page_for_councils_that_only_link(
    profile: BrowserContext, gateways: Gateways, language: str
) -> None:
    visitor = Visitor(profile.new_page(), language)
    visitor.page.goto(f"{gateways.url}/chat/{KEY}?language={language}")
    visitor.page.get_by_label(visitor.w("name")).wait_for()

    assert visitor.page.title().startswith(visitor.w("page_title"))
    _look(visitor, "page")
    visitor.begin("Is this the page?")
    expect(visitor.lines).to_have_text(["Is this the page?"])
    assert visitor.said == []


@pytest.mark.usefixtures("gateways")
def test_a_telephone_gets_all_of_the_window_and_large_enough_targets(
    browser: Browser, site: CouncilSite, advisor: Advisor
) -> None:
    size: ViewportSize = {"width": 390, "height": 844}
    with browser.new_context(
        viewport=size, is_mobile=True, has_touch=True, reduced_motion="reduce"
    ) as phone:
        visitor = Visitor(phone.new_page())
        visitor.go(site.origin)
        visitor.button.tap()
        visitor.page.get_by_label("What is it about?").select_option(index=1)
        visitor.picture("phone-form")
        visitor.begin("My bin was not emptied")
        advisor.say(advisor.take(), "Hello Margaret")
        expect(visitor.lines).to_have_count(2)
        visitor.picture("phone-talking")

        assert visitor.page.locator(".panel").bounding_box() == {"x": 0, "y": 0, **size}
        expect(visitor.page.get_by_label("Take a photo")).to_be_visible()
        for target in visitor.page.locator(".panel :is(button, summary, textarea):visible").all():
            box = target.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 44, target


def test_whoever_tabs_on_to_what_the_panel_hides_gets_to_see_it(
    visitor: Visitor, site: CouncilSite
) -> None:
    page = visitor.page
    page.set_viewport_size({"width": 640, "height": 360})
    visitor.go(site.origin)
    visitor.open()
    page.get_by_role("link", name="Another page").focus()

    expect(page.locator(".panel")).to_be_hidden()
    expect(page.get_by_role("link", name="Another page")).to_be_focused()


def test_the_language_changes_in_the_middle_and_every_word_typed_stays(
    visitor: Visitor, site: CouncilSite, advisor: Advisor
) -> None:
    page = visitor.page
    visitor.go(site.origin)
    visitor.open()
    page.get_by_label("Your name").fill("Margaret Okafor")
    page.get_by_label("What is it about?").select_option(index=1)
    page.get_by_label("Recycling (blue)").check()
    for label, text in (("Day", "27"), ("Month", "3"), ("Year", "2026")):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("How can we help?").fill("It was out")
    visitor.choose("other")
    visitor.language = "cy"

    expect(page.get_by_role("heading", name="Sgwrsio gyda ni")).to_be_focused()
    expect(page.get_by_label("Mis", exact=True)).to_have_value("3")
    visitor.press("start")
    expect(visitor.status).to_contain_text("yn y ciw.")
    chat = advisor.look(advisor.take())
    assert (chat.language, chat.visitor) == ("cy", "Margaret Okafor")
    assert chat.answers == {"bin": "recycling", "due_on": "2026-03-27"}
    visitor.box.fill("hanner brawddeg")
    visitor.choose("other")
    expect(visitor.box).to_have_value("hanner brawddeg")
    expect(visitor.status).to_have_text("You are chatting with Anna.")


def test_a_council_restyles_it_by_variables_and_its_words_stay_readable(
    visitor: Visitor, site: CouncilSite
) -> None:
    site.unkind = True
    site.variables = "--crm-chat-colour: #fd0; --crm-chat-left: 2em; --crm-chat-right: auto;"
    visitor.go(site.origin)

    style = visitor.button.evaluate(
        "each => [getComputedStyle(each).backgroundColor, getComputedStyle(each).color]"
    )
    assert style == ["rgb(255, 221, 0)", "rgb(0, 0, 0)"]
    box = visitor.button.bounding_box()
    assert box is not None
    assert box["x"] == 32


def test_all_that_a_page_loads_is_at_most_30_kb_as_it_is_served(
    visitor: Visitor, site: CouncilSite, gateways: Gateways
) -> None:
    loaded: list[str] = []
    visitor.page.on("request", lambda request: loaded.append(request.url))
    visitor.go(site.origin)
    files = [url for url in loaded if url.startswith(f"{gateways.url}/chat/") and "." in url[-5:]]

    assert {Path(url).name for url in files} == {
        path.name for path in WIDGET.iterdir() if path.name not in ("cy.json", "page.html")
    }
    assert sum(_served(url) for url in files) <= 30_000


def _served(url: str) -> int:
    """How many bytes come over the line."""
    with httpx.stream("GET", url) as answer:
        answer.raise_for_status()
        return len(b"".join(answer.iter_raw()))
