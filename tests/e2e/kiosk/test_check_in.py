"""Visitors at kiosks: in both languages, by keyboard, without scripts, slow, and two at once."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.kiosk.conftest import OpenPage, Shop
from tests.servers.browser import axe_violations

Picture = Callable[[Page, str], None]

_QUESTIONS = {
    "en": (
        "What is your visit about?",
        "Do you have an appointment?",
        "Do you need any of these?",
        "Which language should the interpreter speak?",
        "Shall we text you when it is nearly your turn?",
    ),
    "cy": (
        "Am beth mae eich ymweliad?",
        "Oes gennych chi apwyntiad?",
        "Oes angen unrhyw un o’r rhain arnoch chi?",
        "Pa iaith ddylai’r cyfieithydd ei siarad?",
        "Hoffech chi gael neges destun pan fydd eich tro bron â dod?",
    ),
}
#: What is touched and smaller than a thumb, in CSS pixels; links of the error summary are text.
_SMALL = """() => [...document.querySelectorAll('button, main input, footer a, header a, label')]
  .filter(each => each.type !== 'hidden' && each.type !== 'checkbox' && each.offsetParent)
  .filter(each => !each.matches('.govuk-label') && each.getBoundingClientRect().height < 64)
  .map(each => each.outerHTML)"""


def _ticket(page: Page) -> str:
    page.wait_for_url("**/ticket/**")
    return page.locator(".kiosk-ticket__number").inner_text()


def _asks(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def _is_sound(page: Page, picture: Picture, name: str) -> None:
    assert axe_violations(page) == []
    assert page.evaluate(_SMALL) == []
    picture(page, name)


@pytest.mark.parametrize(("language", "height"), [("en", 768), ("cy", 1024)])
def test_a_whole_check_in(
    open_page: OpenPage, shop: Shop, picture: Picture, language: str, height: int
) -> None:
    page = open_page(width=1792 - height, height=height)
    about, booking, needs, interpreter, phone = _QUESTIONS[language]
    page.goto(shop.url)
    if language == "cy":
        page.get_by_role("link", name="Cymraeg").click()

    _asks(page, about)
    _is_sound(page, picture, f"about-{language}")
    page.locator(".kiosk-tile").first.click()
    _asks(page, booking)
    page.locator("#answer").fill("V-000-000")
    page.locator("#answer").press("Enter")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    _is_sound(page, picture, f"booking-{language}")
    page.locator("[value=none]").click()
    _asks(page, needs)
    page.locator("[value=interpreter]").check()
    _is_sound(page, picture, f"needs-{language}")
    page.locator("main [value=next]").click()
    _asks(page, interpreter)
    _is_sound(page, picture, f"language-{language}")
    page.locator("[value=pl]").click()
    _asks(page, phone)
    page.locator("#answer").fill("07700 900 982")
    _is_sound(page, picture, f"phone-{language}")
    page.locator("main [value=next]").click()

    ticket = _ticket(page)
    _is_sound(page, picture, f"ticket-{language}")
    assert page.locator("html").get_attribute("lang") == {"en": "en-GB", "cy": "cy"}[language]
    assert ticket in shop.line()
    kept = shop.kept(ticket)
    assert (kept.language, kept.phone, kept.needs) == ("pl", "+447700900982", ["interpreter"])


def test_the_language_changes_on_any_page_and_back_keeps_the_answers(
    open_page: OpenPage, shop: Shop
) -> None:
    page = open_page()
    page.goto(shop.url)
    page.locator(".kiosk-tile").nth(1).click()
    page.locator("[value=none]").click()
    page.locator("[value=step_free]").check()
    page.locator("main [value=next]").click()
    _asks(page, _QUESTIONS["en"][4])
    page.get_by_role("button", name="Cymraeg").click()
    _asks(page, _QUESTIONS["cy"][4])
    page.get_by_role("button", name="Yn ôl").click()
    _asks(page, _QUESTIONS["cy"][2])

    expect(page.get_by_role("checkbox", name="Ffordd heb risiau")).to_be_checked()
    page.locator("main [value=next]").click()
    page.locator("[value=none]").click()

    assert _ticket(page).startswith("B")


def test_by_keyboard_alone_with_a_booking(open_page: OpenPage, shop: Shop) -> None:
    page = open_page()
    page.goto(shop.url)
    _press(page, ".kiosk-tile", "Enter")
    _asks(page, _QUESTIONS["en"][1])
    _tab_to(page, "#answer")
    page.keyboard.type("8f3 t9k4")
    page.keyboard.press("Enter")
    _asks(page, _QUESTIONS["en"][2])
    _press(page, "[value=hearing_loop]", "Space")
    _press(page, "main [value=next]", "Enter")
    _asks(page, _QUESTIONS["en"][4])
    _press(page, "[value=none]", "Enter")

    ticket = _ticket(page)
    expect(page.get_by_text("Your appointment is at")).to_be_visible()
    assert "Okafor" not in page.content()
    assert shop.kept(ticket).needs == ["hearing_loop"]


def test_without_scripts_and_sent_twice_it_is_one_ticket(open_page: OpenPage, shop: Shop) -> None:
    page = open_page(script=False)
    page.goto(shop.url)
    page.locator(".kiosk-tile").first.click()
    page.locator("[value=none]").click()
    page.locator("main [value=next]").click()
    before = len(shop.line())
    page.locator("[value=none]").dblclick()
    first = _ticket(page)
    page.reload()
    assert _ticket(page) == first
    assert len(shop.line()) == before + 1
    expect(page.locator(".kiosk-print")).to_be_hidden()


def test_the_browsers_way_back_leads_to_the_start(open_page: OpenPage, shop: Shop) -> None:
    page = open_page()
    page.goto(shop.url)
    page.locator(".kiosk-tile").first.click()
    page.locator("[value=none]").click()
    page.locator("main [value=next]").click()
    page.locator("[value=none]").click()
    _ticket(page)
    page.locator(".kiosk-ticket").click()
    page.evaluate("history.back()")

    _asks(page, _QUESTIONS["en"][0])


def test_an_untouched_page_hides_itself_and_goes_back_unless_that_is_stopped(
    open_page: OpenPage, shop: Shop, picture: Picture
) -> None:
    page = open_page()
    page.clock.install()
    page.goto(f"{shop.url}?lang=cy")
    page.locator(".kiosk-tile").first.click()
    _asks(page, _QUESTIONS["cy"][1])
    page.wait_for_function("document.readyState === 'complete'")
    warning = page.get_by_role("dialog", name="Ydych chi’n dal yno?")
    page.clock.run_for(15_000)
    expect(warning).to_be_hidden()
    page.clock.run_for(16_000)
    expect(warning).to_be_visible()
    _is_sound(page, picture, "still")
    page.keyboard.press("Enter")
    expect(warning).to_be_hidden()
    page.clock.run_for(15_000)
    _asks(page, _QUESTIONS["cy"][1])
    page.clock.run_for(40_000)

    _asks(page, _QUESTIONS["en"][0])
    assert page.url == shop.url


def test_a_ticket_is_printed_on_a_roll(open_page: OpenPage, shop: Shop) -> None:
    page = open_page()
    page.add_init_script("window.print = () => { window.printed = true }")
    page.goto(shop.url)
    page.locator(".kiosk-tile").first.click()
    page.locator("[value=none]").click()
    page.locator("main [value=next]").click()
    page.locator("[value=none]").click()
    _ticket(page)
    page.get_by_role("button", name="Print my ticket").click()

    assert page.evaluate("window.printed")
    roll = page.pdf(prefer_css_page_size=True)
    (width,) = re.findall(rb"/MediaBox \[0 0 ([0-9.]+)", roll)
    assert abs(float(width) / 72 * 25.4 - 80) < 1


def test_two_kiosks_at_once_never_share_a_number(open_page: OpenPage, shop: Shop) -> None:
    pages = [open_page(), open_page()]
    for page in pages:
        page.goto(shop.url)
        page.locator(".kiosk-tile").nth(1).click()
        page.locator("[value=none]").click()
        page.locator("main [value=next]").click()
        _asks(page, _QUESTIONS["en"][4])
    for page in pages:
        page.evaluate("setTimeout(() => document.querySelector('[value=none]').click(), 200)")

    first, second = (_ticket(page) for page in pages)

    assert first != second
    assert {first, second} <= set(shop.line())


def test_a_wrong_key_tells_nothing(open_page: OpenPage, shop: Shop) -> None:
    page = open_page()
    answer = page.goto(f"{shop.url[:-1]}x")
    assert answer is not None
    assert answer.status == 404
    assert "Guildhall" not in page.content()
    assert axe_violations(page) == []


def _press(page: Page, selector: str, key: str) -> None:
    _tab_to(page, selector)
    page.keyboard.press(key)


def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until it has the focus."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.locator(f":is({selector}):focus").count():
            return
    raise AssertionError(f"the keyboard never reached {selector}")
