"""A member of the public at the forms: by keyboard, with and without scripts, on a telephone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from crm_desktop.channels.web.limits import Rate
from crm_desktop.channels.web_form.port import Limits
from tests.e2e.web_form.conftest import OpenPage
from tests.servers.browser import axe_violations
from tests.servers.forms_site import FormsSite, forms_site

pytestmark = pytest.mark.e2e

Picture = Callable[[Page, str], None]
JPEG = b"\xff\xd8\xff\xe0" + bytes(3_000)


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until the input called `name` has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator(f"[name='{name}']:focus").count():
            return
    raise AssertionError(f"the keyboard never reached {name}")


def _fill_by_keyboard(page: Page) -> None:
    _tab_to(page, "bin")
    page.keyboard.press("Space")
    for part, text in (("day", "19"), ("month", "11"), ("year", "2026")):
        _tab_to(page, f"due-{part}")
        page.keyboard.type(text)
    _tab_to(page, "out")
    page.keyboard.press("Space")
    _tab_to(page, "address")
    page.keyboard.type("14 Mill Lane")
    _tab_to(page, "contact-name")
    page.keyboard.type("Margaret Okafor")
    _tab_to(page, "contact-email")
    page.keyboard.type("m.okafor@example.org")
    _tab_to(page, "contact-way")
    page.keyboard.press("Space")


def _press_send(page: Page) -> None:
    page.get_by_role("button", name="Send").focus()
    page.keyboard.press("Enter")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_filled_by_keyboard_and_thanked_with_a_reference(
    open_page: OpenPage, site: FormsSite, script: bool
) -> None:
    page = open_page(script=script)
    page.goto("/forms")
    page.get_by_role("link", name="Report a missed bin").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/forms/missed-bin")

    _fill_by_keyboard(page)
    page.locator("[name=photos]").set_input_files(
        FilePayload(name="street.jpg", mimeType="image/jpeg", buffer=JPEG)
    )
    _press_send(page)

    expect(page.get_by_role("heading", name="We have received it")).to_be_visible()
    expect(page.get_by_text("C-8F3-T9K-1")).to_be_visible()
    kept = site.centre.only
    assert kept.sender.name == "Margaret Okafor"
    assert kept.answers["due"] == "2026-11-19"
    assert [file.name for file in kept.attachments] == ["street.jpg"]


def test_the_error_summary_takes_the_focus_and_leads_to_the_question(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/forms/missed-bin")
    page.locator("[name=notes]").fill("the whole street")
    _press_send(page)

    expect(page.locator(".govuk-error-summary")).to_be_focused()
    expect(page).to_have_title("Error: Report a missed bin – Norbridge Council")
    expect(page.locator("[name=notes]")).to_have_value("the whole street")
    page.get_by_role("link", name="Enter the date the bin was due").press("Enter")
    expect(page.locator("#due-day")).to_be_focused()


def test_a_question_comes_and_goes_with_the_answer_before_it(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/forms/missed-bin")
    why = page.get_by_label("Why was it late?")

    expect(why).to_be_hidden()
    page.get_by_label("No", exact=True).check()
    expect(why).to_be_visible()
    page.get_by_label("Yes", exact=True).check()
    expect(why).to_be_hidden()


def test_without_scripts_the_words_say_when_a_question_is_meant(open_page: OpenPage) -> None:
    page = open_page(script=False)
    page.goto("/forms/missed-bin")

    expect(page.get_by_label("Why was it late?")).to_be_visible()
    expect(page.get_by_text("Only if you answered “No” to “Was it out by")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_back_and_send_again_and_reload_make_no_second_submission(
    open_page: OpenPage, site: FormsSite, script: bool
) -> None:
    page = open_page(script=script)
    page.goto("/forms/missed-bin")
    _fill_by_keyboard(page)
    _press_send(page)
    page.wait_for_url("**/done/**")
    page.reload()
    expect(page.get_by_text("C-8F3-T9K-1")).to_be_visible()

    page.go_back()
    page.wait_for_url("**/forms/missed-bin")
    if page.locator("[name=contact-name]").input_value() == "":
        _fill_by_keyboard(page)
    _press_send(page)
    page.wait_for_url("**/done/**")

    expect(page.get_by_text("C-8F3-T9K-1")).to_be_visible()
    assert len(site.centre.kept) == 1


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_double_click_is_one_submission(
    open_page: OpenPage, site: FormsSite, script: bool
) -> None:
    page = open_page(script=script)
    page.goto("/forms/missed-bin")
    _fill_by_keyboard(page)

    page.get_by_role("button", name="Send").dblclick()
    page.wait_for_url("**/done/**")

    assert len(site.centre.kept) == 1


def test_while_the_database_is_away_the_typed_text_stays_and_goes_later(
    open_page: OpenPage, site: FormsSite, picture: Picture
) -> None:
    page = open_page()
    page.goto("/forms/missed-bin")
    _fill_by_keyboard(page)
    site.centre.away = True
    _press_send(page)

    expect(page.locator(".govuk-error-summary")).to_contain_text("Nothing was lost")
    picture(page, "form-away")
    assert axe_violations(page) == []
    site.centre.away = False
    _press_send(page)

    page.wait_for_url("**/done/**")
    assert site.centre.only.sender.name == "Margaret Okafor"


States = Callable[[Page], dict[str, Callable[[], object]]]


@pytest.fixture
def states(site: FormsSite, tmp_path: Path) -> States:
    """How to bring a page into each of its states."""
    return lambda page: _states(page, site, tmp_path)


def _states(page: Page, site: FormsSite, folder: Path) -> dict[str, Callable[[], object]]:
    large = folder / "large.jpg"

    def send_empty() -> None:
        page.goto("/forms/missed-bin")
        _press_send(page)
        page.locator(".govuk-error-summary").wait_for()

    def send_filled() -> None:
        page.goto("/forms/missed-bin")
        _fill_by_keyboard(page)
        _press_send(page)
        page.wait_for_url("**/done/**")

    def send_large() -> None:
        large.write_bytes(JPEG + bytes(27_000_000))
        page.goto("/forms/missed-bin")
        page.locator("[name=photos]").set_input_files(large)
        _press_send(page)
        page.get_by_role("heading", name="Your files are too large").wait_for()

    def come_with_notices() -> None:
        site.centre.told = ("Bin rounds are a day late this week.", "The office closes at noon.")
        page.goto("/forms/missed-bin")
        page.get_by_role("region", name="Important (1/2)").wait_for()

    def come_when_away() -> None:
        site.centre.away = True
        page.goto("/forms")

    return {
        "index": lambda: page.goto("/forms"),
        "form": lambda: page.goto("/forms/missed-bin"),
        "notices": come_with_notices,
        "errors": send_empty,
        "done": send_filled,
        "missing-404": lambda: page.goto("/forms/nothing"),
        "large-413": send_large,
        "away-503": come_when_away,
    }


@pytest.mark.parametrize(
    "state", ["index", "form", "notices", "errors", "done", "missing-404", "large-413", "away-503"]
)
def test_every_page_is_accessible_and_fits(
    open_page: OpenPage, states: States, picture: Picture, state: str
) -> None:
    page = open_page()
    states(page)[state]()

    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 900})
        picture(page, f"{state}-{width}")
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_too_many_requests_is_an_accessible_page(open_page: OpenPage, picture: Picture) -> None:
    page = open_page(width=320)
    with forms_site(Limits(pages=Rate(1, 0.001))) as busy:
        page.goto(busy.url + "/forms/callback")
        page.goto(busy.url + "/forms/callback")

        picture(page, "often-429")
        expect(page.get_by_role("heading", name="Too many requests")).to_be_visible()
        assert axe_violations(page) == []


def test_the_page_breaks_no_rule_of_its_own_policy(open_page: OpenPage) -> None:
    page = open_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))

    page.goto("/forms")
    page.goto("/forms/missed-bin", wait_until="networkidle")

    assert said == []
