"""Chats at an advisor's desktop by real keys: taken, answered, side by side, ended, by mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.accessibility import announced
from crm_desktop.desktop.screens.workspace.chat_dialogs import (
    BlockDialog,
    ByEmailDialog,
    WarnDialog,
)
from crm_desktop.desktop.screens.workspace.chat_side import ChatSide
from crm_desktop.desktop.shell.contact_commands import IN_CHAT
from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.desktop.widgets.chat_items import Fate, ItemKind
from crm_desktop.desktop.widgets.chat_strip import ChatStrip
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.states import Visibility
from crm_desktop.services import chat_visits, chats, contacts, routing
from crm_desktop.store.models import ReplyTemplate
from tests.calls_centre import customer
from tests.centre import Centre
from tests.chats_centre import Visitor, add_site, chat_row, visitor
from tests.gui.shell.calling import CTRL, SHIFT, opened, press, until
from tests.gui.shell.conftest import Open, settled
from tests.integration.conftest import postgres_centre
from tests.routing_centre import at_work, push

__all__ = ["postgres_centre"]

ALT = Qt.KeyboardModifier.AltModifier
Key = Qt.Key


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> Centre:
    """The small centre on both databases: on PostgreSQL as real logins."""
    name = "centre" if request.param == "sqlite" else "postgres_centre"
    found: Centre = request.getfixturevalue(name)
    return found


@dataclass
class Seat:
    """Anna at her desktop, and visitors who come to her."""

    centre: Centre
    site: int
    desktop: Desktop
    qtbot: QtBot

    @property
    def window(self) -> MainWindow:
        """The main window."""
        return self.desktop.window

    def comes(self, text: str = "My bin was not collected.", **given: object) -> Visitor:
        """A visitor begins a chat, and Anna takes it with F9."""
        came = visitor(self.centre, self.site, text, **given)
        rows = self.window.queue.list.queue_model
        until(self.qtbot, lambda: rows.place_of(came.contact).isValid())
        self.window.commands.gestures.take(came.contact)
        until(self.qtbot, lambda: self.open_id == came.contact and self.side.is_shown)
        until(self.qtbot, lambda: came.contact in self.in_strip())
        settled(self.qtbot, self.desktop)
        return came

    @property
    def side(self) -> ChatSide:
        """The chat's side of the workspace."""
        return self.window.workplace.screen.chat

    @property
    def open_id(self) -> int | None:
        """The contact that is open."""
        return self.window.workplace.presenter.contact_id

    def in_strip(self) -> list[int]:
        """The contacts of the strip, in order."""
        return [each.key for each in self.strip.tabs] if self.has_strip else []

    @property
    def has_strip(self) -> bool:
        """Whether there is a strip."""
        return self.window.findChild(ChatStrip) is not None and self.window.chats.slot.isVisible()

    @property
    def strip(self) -> ChatStrip:
        """The strip of chats."""
        found = self.window.findChild(ChatStrip)
        assert isinstance(found, ChatStrip)
        return found

    def items(self) -> list[tuple[bool, str]]:
        """What stands in the chat that is open: whether it is ours, and its words."""
        shown = self.window.workplace.screen.chat.pane.view.items
        return [(each.mine, each.text) for each in shown if each.kind is ItemKind.SAID]

    def type(self, text: str) -> None:
        """Type into the line box."""
        editor = self.window.workplace.screen.compose.composer.editor
        assert editor.hasFocus()
        QTest.keyClicks(editor, text)

    def says(self, text: str) -> None:
        """Type a line and send it with Enter."""
        self.type(text)
        press(self.window, Key.Key_Return)
        until(self.qtbot, lambda: (True, text) in self.items())

    def box(self) -> str:
        """What stands in the line box."""
        return self.window.workplace.screen.compose.composer.text(Visibility.PUBLIC)


Sit = Callable[[Centre], Seat]


@pytest.fixture
def sit(open_desktop: Open, qtbot: QtBot) -> Sit:
    """Anna sits down at a centre that has a chat."""

    def at(centre: Centre) -> Seat:
        site = add_site(centre)
        at_work(centre, "anna")
        desktop = open_desktop(centre, "anna")
        desktop.window.activateWindow()
        return Seat(centre, site, desktop, qtbot)

    return at


def test_a_chat_is_talked_through_to_its_end(either: Centre, sit: Sit, qtbot: QtBot) -> None:
    seat = sit(either)
    margaret = seat.comes("My bin was not collected.")

    # Whoever takes a chat writes at once.
    assert seat.box() == ""
    seat.type("Good morning.")
    press(seat.window, Key.Key_Return, SHIFT)
    seat.type("Which street is it?")
    assert seat.box() == "Good morning.\nWhich street is it?"
    press(seat.window, Key.Key_Return)
    said = "Good morning.\nWhich street is it?"
    assert (True, said) in seat.items()
    assert seat.box() == ""
    until(qtbot, lambda: margaret.sees().lines[-1].text == said)

    # What the visitor says comes by itself, and is read when it is seen.
    until(qtbot, seat.window.isActiveWindow)
    margaret.say("Mill Lane")
    until(qtbot, lambda: seat.items()[-1] == (False, "Mill Lane"))
    first = (False, "My bin was not collected.")
    assert seat.items() == [first, (True, said), (False, "Mill Lane")]
    until(qtbot, lambda: chat_row(either, margaret.chat).staff_seq == margaret.sees().last_seq)

    # What they have seen of ours is marked.
    seat.says("Thank you")
    until(qtbot, lambda: margaret.sees().lines[-1].text == "Thank you")
    chat_visits.seen(margaret.db, margaret.token, margaret.sees().last_seq)
    view = seat.window.workplace.screen.chat.pane.view
    until(qtbot, lambda: view.items[-1].foot == "seen")

    # Park is not for somebody who sits before it; the end asks nothing and wraps up.
    assert not seat.window.registry.action("contact.park").isEnabled()
    assert seat.window.registry.action("contact.park").toolTip() == IN_CHAT
    press(seat.window, Key.Key_E, CTRL)
    screen = seat.window.workplace.screen
    until(qtbot, lambda: screen.is_wrapping_up)
    until(qtbot, lambda: margaret.sees().ended_by == "advisor")
    assert accessibility.problems(seat.window) == []


def test_an_offered_chat_is_accepted_by_its_key_and_written_in(
    centre: Centre, sit: Sit, qtbot: QtBot
) -> None:
    seat = sit(centre)
    push(centre, "general", offer_seconds=600)
    margaret = visitor(centre, seat.site, "Anybody there?")
    routing.route(centre.as_gateway(connections=1))
    card = seat.window.presence.card
    until(qtbot, card.isVisible)
    assert "Chat offered to you" in " ".join(accessibility.texts(accessibility.tree(card)))
    press(seat.window, Key.Key_F10)
    until(qtbot, lambda: seat.in_strip() == [margaret.contact])
    until(qtbot, lambda: seat.open_id == margaret.contact and seat.side.is_shown)
    settled(qtbot, seat.desktop)
    seat.says("Good morning")
    until(qtbot, lambda: margaret.sees().lines[-1].text == "Good morning")


def test_what_they_type_is_seen_and_that_one_types_is_told(
    either: Centre, sit: Sit, qtbot: QtBot
) -> None:
    seat = sit(either)
    margaret = seat.comes()
    view = seat.window.workplace.screen.chat.pane.view

    chat_visits.typing(margaret.db, margaret.token, "it is the gre")
    until(qtbot, lambda: view.items[-1].kind is ItemKind.TYPING)
    assert (view.items[-1].text, view.items[-1].mine) == ("it is the gre", False)
    seat.type("W")
    until(qtbot, lambda: margaret.sees().advisor_typing)
    margaret.say("it is the green one")
    until(qtbot, lambda: seat.items()[-1] == (False, "it is the green one"))
    assert view.items[-1].kind is ItemKind.SAID


def test_a_picture_is_pasted_and_goes_with_a_canned_line(
    centre: Centre, sit: Sit, qtbot: QtBot
) -> None:
    with centre.as_owner().write() as tx:
        template = tx.session.scalars(select(ReplyTemplate)).one()
        template.shortcut, template.body = "/thanks", "Thank you {{customer_name}}."
    seat = sit(centre)
    margaret = seat.comes()
    picture = QImage(40, 30, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.darkGreen)
    QGuiApplication.clipboard().setImage(picture)
    press(seat.window, Key.Key_V, CTRL)
    compose = seat.window.workplace.screen.compose
    assert [each.name for each in compose.written().reply.attachments] == ["picture 1.png"]
    seat.type("/thanks ")
    until(qtbot, lambda: seat.box() == "Thank you Margaret Okafor.")
    press(seat.window, Key.Key_Return)
    until(qtbot, lambda: margaret.sees().lines[-1].text == "Thank you Margaret Okafor.")
    line = margaret.sees().lines[-1]
    assert [(each.name, each.content_type) for each in line.files] == [
        ("picture 1.png", "image/png")
    ]
    view = seat.window.workplace.screen.chat.pane.view
    until(qtbot, lambda: view.has_thumb(line.files[0].id))
    assert compose.written().reply.attachments == ()


def test_several_chats_side_by_side(either: Centre, sit: Sit, qtbot: QtBot) -> None:
    seat = sit(either)
    first = seat.comes("One", visitor="Margaret Okafor")
    seat.type("half a line for Margaret")
    second = seat.comes("Two", visitor="Tomasz Brandt", client="b")
    third = seat.comes("Three", visitor="Aisha Rahman", client="c")
    assert seat.in_strip() == [first.contact, second.contact, third.contact]

    # Alt and a digit go there; what was typed is where it was.
    press(seat.window, Key.Key_1, ALT)
    assert seat.open_id == first.contact
    assert seat.box() == "half a line for Margaret"
    press(seat.window, Key.Key_2, ALT)
    assert (seat.open_id, seat.box()) == (second.contact, "")
    assert seat.items() == [(False, "Two")]
    seat.says("Answer to Tomasz")
    until(qtbot, lambda: seat.strip.tabs[1].waiting_since is None)

    # The next is who waits longest: never who has an answer.
    press(seat.window, Key.Key_J, CTRL)
    assert seat.open_id == first.contact
    press(seat.window, Key.Key_J, CTRL)
    assert seat.open_id == third.contact

    # A line in a chat that is not open: counted, and read out.
    second.say("One more thing")
    until(qtbot, lambda: seat.strip.tabs[1].unread == 1)
    assert seat.strip.tabs[1].last == "One more thing"
    assert announced(seat.strip) == "Tomasz Brandt: One more thing"
    until(qtbot, lambda: seat.window.windowTitle().startswith("(1) "))
    press(seat.window, Key.Key_2, ALT)
    until(qtbot, lambda: seat.strip.tabs[1].unread == 0)
    until(qtbot, lambda: seat.items()[-1] == (False, "One more thing"))


def test_the_leak_check_asks_before_anything_is_sent(
    either: Centre, sit: Sit, qtbot: QtBot
) -> None:
    customer(either, "Dorothy Stone", "+441632960123")
    seat = sit(either)
    margaret = seat.comes()
    before = margaret.sees().last_seq
    text = "Your neighbour can be called on 01632 960123"
    seat.type(text)
    press(seat.window, Key.Key_Return)
    pane = seat.window.workplace.screen.chat.pane
    until(qtbot, lambda: "leak check" in pane.asking)
    assert pane.view.items[-1].fate is Fate.STOPPED
    assert margaret.sees().last_seq == before

    # Changed: it is in the box again. Sent anyway: it is a line, once.
    pane._stopped.findChildren(type(pane._head._end))[0].click()
    until(qtbot, lambda: seat.box() == text)
    press(seat.window, Key.Key_Return)
    until(qtbot, lambda: "leak check" in pane.asking)
    pane._stopped.findChildren(type(pane._head._end))[1].click()
    until(qtbot, lambda: margaret.sees().lines[-1].text == text)
    until(qtbot, lambda: not pane.asking)
    assert margaret.sees().last_seq == before + 1


def test_who_has_left_is_answered_by_mail(either: Centre, sit: Sit, qtbot: QtBot) -> None:
    seat = sit(either)
    margaret = seat.comes("My bin", email="m.okafor@example.org")
    chat_visits.left(margaret.db, margaret.token)
    screen = seat.window.workplace.screen
    until(qtbot, lambda: "left before you answered" in screen.chat.pane._left.text())
    until(qtbot, lambda: seat.strip.tabs[0].mark[1].startswith("left"))

    press(seat.window, Key.Key_E, CTRL | SHIFT)
    dialog = opened(qtbot, seat.window, ByEmailDialog)
    assert dialog.address.text() == "m.okafor@example.org"
    QTest.keyClick(dialog.address, Key.Key_Return)
    until(qtbot, lambda: "My bin" in seat.box())
    assert not screen.compose.is_chat
    written = screen.compose.written().reply
    assert written.to == "m.okafor@example.org"
    until(qtbot, lambda: margaret.sees().ended_by == "email")
    assert seat.desktop.window.workplace.presenter.can_write()


def test_warned_and_ended_and_blocked(either: Centre, sit: Sit, qtbot: QtBot) -> None:
    seat = sit(either)
    rude = seat.comes("You idiots")
    seat.window.registry.run("chat.warned")
    dialog = opened(qtbot, seat.window, WarnDialog)
    dialog.warn.click()
    until(qtbot, lambda: "I will end this chat" in rude.sees().lines[-1].text)
    seat.window.registry.run("chat.block")
    block = opened(qtbot, seat.window, BlockDialog)
    QTest.keyClicks(block.reason, "Abuse after a warning")
    QTest.keyClick(block.reason, Key.Key_Return)
    until(qtbot, lambda: seat.window.workplace.screen.is_wrapping_up)
    until(qtbot, lambda: rude.sees().ended_by == "blocked")


def test_a_chat_is_a_case_in_one_key(centre: Centre, sit: Sit, qtbot: QtBot) -> None:
    seat = sit(centre)
    seat.comes(
        "My bin",
        service_code="missed_bin",
        answers={"bin": "recycling", "notes": "The whole street"},
    )
    press(seat.window, Key.Key_S, CTRL)
    pane = seat.window.workplace.screen.case_pane
    until(qtbot, lambda: pane._reference.text().startswith("C-"))
    assert pane.typed().get("bin") == "recycling"
    assert pane.typed().get("notes") == "The whole street"


def test_a_colleague_gets_it_with_its_history_and_writes_there(
    either: Centre, sit: Sit, qtbot: QtBot
) -> None:
    seat = sit(either)
    margaret = seat.comes("My bin")
    seat.says("Which street?")
    until(qtbot, lambda: margaret.sees().lines[-1].text == "Which street?")
    ben = either.as_person("ben")
    contacts.transfer(
        either.as_person("anna"), margaret.contact, staff_id=either.person("ben").id, note=""
    )
    # It is out of the strip, and what is written meanwhile goes nowhere.
    until(qtbot, lambda: not seat.has_strip)
    contacts.take(ben, margaret.contact)
    view = chats.open_chat(ben, margaret.contact)
    assert view is not None
    assert [each.text for each in view.lines if each.text] == ["My bin", "Which street?"]
    screen = seat.window.workplace.screen
    until(qtbot, screen.compose.isHidden)


def test_who_comes_back_while_it_is_wrapped_up_can_be_answered(
    either: Centre, sit: Sit, qtbot: QtBot
) -> None:
    """The questions would hide the line, and Enter would complete what goes on."""
    seat = sit(either)
    margaret = seat.comes("My bin")
    screen = seat.window.workplace.screen
    press(seat.window, Key.Key_E, CTRL)
    until(qtbot, lambda: screen.is_wrapping_up)
    until(qtbot, lambda: chat_row(either, margaret.chat).state == "ended")
    settled(qtbot, seat.desktop)

    margaret.say("One more thing")
    until(qtbot, lambda: seat.items()[-1] == (False, "One more thing"))
    until(qtbot, lambda: not screen.is_wrapping_up)

    assert screen.compose.isVisible()
    assert not screen.compose.composer.editor.hasFocus()
    screen.focus_reply(Visibility.PUBLIC)
    seat.says("Yes?")


def test_who_comes_back_is_shown_and_told(centre: Centre, sit: Sit, qtbot: QtBot) -> None:
    seat = sit(centre)
    margaret = seat.comes("My bin")
    seat.says("One moment")
    chat_visits.left(margaret.db, margaret.token)
    until(qtbot, lambda: seat.strip.tabs[0].mark[1].startswith("left"))
    # Who has had an answer needs no mail: nothing is asked.
    assert seat.side.pane._left.isHidden()
    margaret.say("I am back")
    until(qtbot, lambda: seat.strip.tabs[0].mark == ("", ""))
    until(qtbot, lambda: seat.items()[-1] == (False, "I am back"))
