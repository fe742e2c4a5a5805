"""Whole conversations of a visitor's browser with an advisor, and everything that cuts them off."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import APIResponse, BrowserContext, FilePayload, Page, Route, expect

from crm_desktop.domain.views import NewAttachment
from crm_desktop.services import chats
from tests.e2e.chat.conftest import Advisor, Gateways
from tests.e2e.chat.visitor import Visitor
from tests.servers.browser import axe_violations
from tests.servers.council_site import CouncilSite
from tests.servers.processes import wait_for

#: One point of red.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"the keyboard never reached {selector}")


def test_a_whole_chat_by_keyboard_on_a_page_that_fights_it(
    visitor: Visitor, site: CouncilSite, advisor: Advisor
) -> None:
    site.unkind = True
    page = visitor.page
    visitor.go(site.origin)
    _tab_to(page, ".launch")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Chat with us")).to_be_focused()
    _tab_to(page, "input[type=text]")
    page.keyboard.type("Margaret Okafor")
    _tab_to(page, "input[type=email]")
    page.keyboard.type("m.okafor@example.org")
    _tab_to(page, "select")
    page.keyboard.press("ArrowDown")
    _tab_to(page, "input[type=radio]")
    page.keyboard.press("Space")
    _tab_to(page, "textarea")
    page.keyboard.type("My bin was not emptied")
    _tab_to(page, "button[type=submit]")
    with page.expect_websocket() as connection:
        page.keyboard.press("Enter")
    typing = connection.value
    expect(visitor.box).to_be_focused()

    contact = advisor.take()
    chat = advisor.look(contact)
    assert (chat.visitor, chat.email) == ("Margaret Okafor", "m.okafor@example.org")
    assert chat.answers == {"bin": "recycling"}
    advisor.say(contact, "Hello Margaret")
    expect(visitor.lines).to_have_text(["My bin was not emptied", "Hello Margaret"])
    spoken = page.locator("[aria-live=polite] p", has_text="Anna: Hello Margaret")
    expect(spoken).to_have_count(1)

    frames: list[str] = []
    typing.on("framesent", lambda frame: frames.append(str(frame)))
    began = time.monotonic()
    page.keyboard.type("The blue", delay=30)
    advisor.sees_typed(contact, "The blue")
    assert len([each for each in frames if "typing" in each]) <= 2 + 2 * (time.monotonic() - began)
    page.keyboard.type(" one")
    page.keyboard.press("Enter")
    advisor.hears(contact, "Hello Margaret", "The blue one")
    expect(page.locator(".fate")).to_have_text("Sent")
    chats.seen_by_staff(advisor.db, contact, advisor.look(contact).last_seq)
    expect(page.locator(".fate")).to_have_text("Read")

    page.keyboard.press("Escape")
    expect(visitor.button).to_be_focused()
    advisor.say(contact, "We will come back")
    expect(visitor.button).to_have_accessible_name("Chat with us 1 (1 new message)")
    page.keyboard.press("Enter")
    expect(visitor.lines.last).to_have_text("We will come back")

    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    visitor.choose("end")
    page.keyboard.press("Enter")
    expect(visitor.status).to_have_text("The chat has ended.")
    page.get_by_label("Very good").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Send feedback").press("Enter")
    expect(page.get_by_text("Thank you for your feedback.")).to_be_focused()
    page.get_by_label("Your email address").fill("m.okafor@example.org")
    page.keyboard.press("Enter")
    expect(page.get_by_text("We will send the copy to m.okafor@example.org.")).to_be_focused()
    assert advisor.look(contact).rating == 5
    assert visitor.said == []


def test_a_killed_gateway_loses_repeats_and_turns_round_nothing(
    visitor: Visitor, site: CouncilSite, advisor: Advisor, gateways: Gateways
) -> None:
    visitor.go(site.origin)
    visitor.open()
    visitor.begin("one")
    contact = advisor.take()
    expect(visitor.status).to_have_text("You are chatting with Anna.")

    visitor.say("two")
    gateways.kill()
    visitor.say("three")
    visitor.say("four")
    expect(visitor.page.locator(".waiting .fate").last).to_have_text("Not sent yet")
    expect(visitor.status).to_contain_text("Connecting again")
    picker = visitor.page.locator(".composer input[type=file]").first
    for name in ("blurred.png", "street.png"):
        picker.set_input_files(FilePayload(name=name, mimeType="image/png", buffer=PNG))
    blurred = visitor.page.locator(".waiting", has_text="blurred.png")
    expect(blurred.locator(".fate")).to_have_text("Not sent yet")
    blurred.get_by_role("button", name="Remove").click()
    expect(blurred).to_have_count(0)
    visitor.picture("lost")
    assert axe_violations(visitor.page) == []
    visitor.box.fill("half a sen")
    advisor.say(contact, "meanwhile")
    gateways.start()

    advisor.hears(contact, "three", "four", "")
    expect(visitor.page.locator(".waiting")).to_have_count(0)
    texts = advisor.texts(contact)
    assert sorted(texts) == sorted(["one", "two", "meanwhile", "three", "four", ""])
    expect(visitor.lines).to_have_text([each for each in texts if each])
    expect(visitor.page.get_by_alt_text("Photo: street.png")).to_have_count(1)
    expect(visitor.status).to_have_text("You are chatting with Anna.")
    expect(visitor.box).to_have_value("half a sen")


def test_a_photo_stands_below_all_that_was_written_and_holds_up_nothing(
    visitor: Visitor, site: CouncilSite, advisor: Advisor, gateways: Gateways
) -> None:
    page = visitor.page
    visitor.go(site.origin)
    visitor.open()
    visitor.begin("one")
    contact = advisor.take()
    expect(visitor.status).to_have_text("You are chatting with Anna.")
    gateways.kill()
    # More than a gateway hears at once: the last are kept seconds after the connection is back.
    written = [f"line {n}" for n in range(23)]
    for each in written:
        visitor.say(each)
    picker = page.locator(".composer input[type=file]").first
    picker.set_input_files(FilePayload(name="street.png", mimeType="image/png", buffer=PNG))
    visitor.say("That is our street")
    waiting = page.locator(".waiting .said")
    expect(waiting).to_have_text([*written, "That is our street", "street.png"])
    gateways.start()

    advisor.hears(contact, "one", *written, "That is our street", "")
    expect(visitor.lines).to_have_text(["one", *written, "That is our street"])
    expect(page.locator(".lines .line").last.get_by_alt_text("Photo: street.png")).to_be_visible()
    expect(waiting).to_have_count(0)


def test_a_reload_without_a_gateway_keeps_what_was_not_sent(
    visitor: Visitor, site: CouncilSite, advisor: Advisor, gateways: Gateways
) -> None:
    visitor.go(site.origin)
    visitor.open()
    visitor.begin("one")
    contact = advisor.take()
    expect(visitor.status).to_have_text("You are chatting with Anna.")
    gateways.kill()
    visitor.say("two")
    visitor.box.fill("and a draft")
    gateways.start()
    visitor.page.reload()

    advisor.hears(contact, "one", "two")
    expect(visitor.lines).to_have_text(["one", "two"])
    expect(visitor.box).to_have_value("and a draft")


def test_another_page_and_another_tab_are_the_same_conversation(
    visitor: Visitor, site: CouncilSite, advisor: Advisor, profile: BrowserContext
) -> None:
    visitor.go(site.origin)
    tab = Visitor(profile.new_page())
    tab.go(site.origin + "/other")
    visitor.page.bring_to_front()
    visitor.open()
    visitor.begin("one")
    contact = advisor.take()
    tab.page.bring_to_front()
    tab.open()
    expect(tab.lines).to_have_text(["one"])
    tab.say("two")
    expect(visitor.lines).to_have_text(["one", "two"])

    for each in (tab, visitor):
        each.page.bring_to_front()
        each.page.get_by_label("Minimise chat").click()
    visitor.page.get_by_role("link", name="Another page").click()
    visitor.button.wait_for()
    advisor.say(contact, "three")
    expect(visitor.button).to_contain_text("1 new message")
    expect(tab.button).to_contain_text("1 new message")
    visitor.open()
    expect(visitor.lines).to_have_text(["one", "two", "three"])
    expect(tab.button).to_have_text("Chat with us")
    wait_for(lambda: advisor.look(contact).visitor_seq >= 4, "that it was read")

    advisor.end(contact)
    expect(visitor.status).to_have_text("The chat has ended.")
    visitor.press("go_on")
    visitor.say("four")
    advisor.hears(contact, "three", "four")
    expect(visitor.page.locator(".told").last).to_contain_text("You came back to the chat.")
    with visitor.page.expect_download() as download:
        visitor.choose("download")
    assert re.sub(r"^\S+ \S+ ", "", Path(download.value.path()).read_text(), flags=re.M) == (
        "You: one\nAnna joined the chat.\nYou: two\nAnna: three\nThe chat has ended.\n"
        "You came back to the chat.\nYou: four"
    )

    with profile.expect_page() as paper:
        visitor.choose("print")
    expect(paper.value.locator("p")).to_have_count(7)
    expect(paper.value.locator("p").last).to_contain_text("You: four")

    visitor.page.bring_to_front()
    visitor.choose("end")
    visitor.press("end_yes")
    visitor.press("forget")
    expect(tab.page.get_by_label("Your name")).to_be_attached()
    assert visitor.said + tab.said == []


def test_files_go_both_ways_and_what_cannot_be_taken_is_said(
    visitor: Visitor, site: CouncilSite, advisor: Advisor
) -> None:
    page = visitor.page
    visitor.go(site.origin)
    visitor.open()
    visitor.begin("one")
    contact = advisor.take()
    picker = page.locator(".composer input[type=file]").first
    picker.set_input_files(FilePayload(name="street.png", mimeType="image/png", buffer=PNG))
    expect(page.get_by_alt_text("Photo: street.png")).to_be_visible()
    wait_for(lambda: bool(advisor.look(contact).lines[-1].files), "the photo")

    advisor.say(contact, "", NewAttachment("rounds.txt", "text/plain", b"Monday"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download rounds.txt").click()
    assert Path(download.value.path()).read_bytes() == b"Monday"

    picker.set_input_files(FilePayload(name="run.exe", mimeType="image/png", buffer=PNG))
    expect(page.locator(".composer .wrong")).to_have_text(
        "We cannot take this kind of file: run.exe."
    )
    picker.set_input_files(FilePayload(name="no.png", mimeType="image/png", buffer=bytes(99)))
    expect(page.locator(".waiting .wrong")).to_have_text(
        "We cannot take this kind of file: no.png."
    )
    visitor.press("remove")
    expect(page.locator(".waiting")).to_have_count(0)


def test_a_start_whose_answer_got_lost_makes_one_chat(
    visitor: Visitor, site: CouncilSite, advisor: Advisor
) -> None:
    page = visitor.page
    lost: list[APIResponse] = []

    def lose_one(route: Route) -> None:
        answer = route.fetch()
        if not lost:
            lost.append(answer)
            return route.abort()
        return route.fulfill(response=answer)

    page.route("**/start", lose_one)
    visitor.go(site.origin)
    visitor.open()
    before = advisor.count()
    page.get_by_label("Your name").fill("Margaret Okafor")
    page.get_by_label("What is it about?").select_option(label="Something else")
    page.get_by_label("How can we help?").fill("one")
    visitor.press("start")
    expect(page.locator(".summary")).to_contain_text("Nothing you wrote was lost")
    visitor.press("start")

    expect(visitor.lines).to_have_text(["one"])
    assert advisor.count() == before + 1


def test_what_is_over_makes_room_for_a_new_chat_and_who_is_blocked_reads_so(
    visitor: Visitor, site: CouncilSite, advisor: Advisor
) -> None:
    page = visitor.page
    visitor.go(site.origin)
    visitor.open()
    visitor.begin("one")
    contact = advisor.take()
    advisor.end(contact)
    expect(visitor.status).to_have_text("The chat has ended.")
    advisor.ended_earlier(contact, timedelta(hours=25))
    visitor.press("go_on")
    visitor.say("two")
    expect(page.locator(".notice").first).to_have_text(visitor.w("error_over"))
    expect(page.get_by_label("How can we help?")).to_have_value("two")
    assert axe_violations(page) == []

    visitor.begin("three")
    contact = advisor.take()
    chats.block(advisor.db, contact, "Insults", 1)
    expect(page.locator(".told").last).to_contain_text(visitor.w("ended_blocked"))
    expect(visitor.box).to_have_count(0)
    assert axe_violations(page) == []
    visitor.press("forget")
    page.get_by_label("Your name").fill("Margaret Okafor")
    page.get_by_label("What is it about?").select_option(label="Something else")
    page.get_by_label("How can we help?").fill("four")
    visitor.press("start")
    expect(page.locator(".summary")).to_contain_text(visitor.w("error_blocked"))
    advisor.unblock()


HOSTILE = (
    "<script>window.hurt = 1</script><img src=x onerror='window.hurt = 1'>",
    'javascript:window.hurt=1 data:text/html,<script>1</script> http://a.example/"onclick="x',
    "Z" + "\u0351\u0323\u0349" * 60 + "algo",
    "\u202egnp.exe\u202c \u0645\u0631\u062d\u0628\u0627 \u200f",
    "W" * 4_000,
)


def test_hostile_text_is_shown_as_the_text_that_it_is(
    visitor: Visitor, site: CouncilSite, advisor: Advisor
) -> None:
    page = visitor.page
    visitor.go(site.origin)
    visitor.open()
    visitor.begin("one", name="<b>Margaret</b>")
    contact = advisor.take()
    for text in HOSTILE:
        visitor.say(text)
        advisor.say(contact, text)

    expect(visitor.lines).to_have_count(1 + 2 * len(HOSTILE))
    assert page.evaluate("window.hurt") is None
    inner = "document.querySelector('crm-chat').shadowRoot"
    assert (
        page.evaluate(f"{inner}.querySelectorAll('.lines script, .lines img, .lines b').length")
        == 0
    )
    links = page.locator(".lines a")
    assert {each.get_attribute("href") for each in links.all()} == {"http://a.example/"}
    assert {each.get_attribute("rel") for each in links.all()} == {"noopener noreferrer nofollow"}
    assert page.evaluate(f"{inner}.querySelector('.body').scrollWidth") <= page.evaluate(
        f"{inner}.querySelector('.body').clientWidth"
    )
    visitor.box.fill("x" * 4_001)
    visitor.box.press("Enter")
    expect(page.locator(".composer .hint")).to_have_text("Characters too many: 1")
    expect(visitor.box).to_have_value("x" * 4_001)
    visitor.picture("hostile")
    assert visitor.said == []
