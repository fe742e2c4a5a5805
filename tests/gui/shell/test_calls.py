"""Calls at an advisor's desktop by real keys: rung, answered, worked, passed on, ended, refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTextBrowser
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.calls.dial_dialog import DialDialog
from crm_desktop.desktop.screens.calls.small_dialogs import KeypadDialog, WarnedDialog
from crm_desktop.desktop.screens.calls.transfer_dialog import CallTransferDialog
from crm_desktop.desktop.shell.contact_commands import ON_CALL
from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import PrimaryButton
from crm_desktop.desktop.widgets.facts import FactList
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.who_is_it import WhoIsIt
from crm_desktop.domain.calls import CallState, CommandState
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.states import Visibility
from crm_desktop.services import calls
from crm_desktop.store.models import Adjustment, Assignment, Contact, Identifier
from tests.calls_centre import contact, customer
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.calling import CTRL, SHIFT, Exchange, opened, press, says, until
from tests.gui.shell.conftest import Open, settled
from tests.integration.conftest import postgres_centre
from tests.routing_centre import change

__all__ = ["postgres_centre"]


@pytest.mark.parametrize(
    ("name", "width", "height", "scale", "scheme"),
    [
        ("1440", 1440, 900, 100, Scheme.LIGHT),
        ("1280", 1280, 720, 100, Scheme.DARK),
        ("200", 1440, 900, 200, Scheme.LIGHT),
        ("contrast", 1440, 900, 100, Scheme.CONTRAST),
    ],
)
def test_the_bar_says_what_the_telephone_does(  # noqa: PLR0917 - sizes and fixtures
    centre: Centre,
    open_desktop: Open,
    qtbot: QtBot,
    grab: Grab,
    name: str,
    width: int,
    height: int,
    scale: int,
    scheme: Scheme,
) -> None:
    exchange = Exchange(centre)
    desktop = open_desktop(centre, "anna")
    desktop.desk.look.set_scheme(scheme)
    desktop.desk.look.set_scale(scale)
    desktop.window.resize(width, height)

    contact_id = exchange.ring()
    says(qtbot, desktop, "Your phone rings")
    settled(qtbot, desktop)
    grab(desktop.window, f"call-ringing-{name}")
    exchange.pick_up(contact_id)
    exchange.change(contact_id, recording="on")
    says(qtbot, desktop, "On call")
    settled(qtbot, desktop)
    grab(desktop.window, f"call-talking-{name}")
    exchange.becomes(contact_id, CallState.HELD)
    says(qtbot, desktop, "On hold")
    settled(qtbot, desktop)
    grab(desktop.window, f"call-held-{name}")
    exchange.third(contact_id, "Ben Achebe", up=False)
    exchange.becomes(contact_id, CallState.CONSULTING)
    says(qtbot, desktop, "Calling Ben Achebe")
    exchange.third(contact_id, "Ben Achebe", up=True)
    says(qtbot, desktop, "With Ben Achebe")
    settled(qtbot, desktop)
    grab(desktop.window, f"call-asking-{name}")
    exchange.becomes(contact_id, CallState.CONFERENCE)
    exchange.listens(contact_id, centre.person("rose").id, "whisper")
    exchange.change(contact_id, muted=True)
    bar = says(qtbot, desktop, "All together with Ben Achebe")
    qtbot.waitUntil(lambda: bar.said is not None and len(bar.said.marks) > 2)
    settled(qtbot, desktop)
    grab(desktop.window, f"call-together-{name}")
    assert accessibility.problems(desktop.window) == []


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> Centre:
    """The small centre on both databases: on PostgreSQL as real logins."""
    name = "centre" if request.param == "sqlite" else "postgres_centre"
    found: Centre = request.getfixturevalue(name)
    return found


def test_a_call_is_seen_before_it_is_answered_and_answered_by_the_key(
    either: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    exchange = Exchange(either)
    customer(either, "Margaret Okafor", "+441632960123")
    desktop = open_desktop(either, "anna")
    window = desktop.window

    contact_id = exchange.ring()
    bar = says(qtbot, desktop, "Your phone rings")
    shown = window.workplace.screen.customer

    # Before the answer: who it is, and the card that says what F10 does.
    until(qtbot, lambda: shown.customer is not None and shown.customer.name == "Margaret Okafor")
    until(qtbot, lambda: window.presence.card.accept.text() == "Answer")
    assert bar.said is not None
    assert (bar.said.who, "01632 960123" in bar.said.detail) == ("Margaret Okafor", True)

    press(window, Qt.Key.Key_F10)
    press(window, Qt.Key.Key_F10)
    until(qtbot, lambda: exchange.asked() == ["answer"])
    work = exchange.take()
    exchange.pick_up(contact_id)
    exchange.settle(work)
    says(qtbot, desktop, "On call")
    settled(qtbot, desktop)

    assert exchange.asked() == ["answer"]
    assert window.workplace.presenter.can_write()
    assert not window.registry.action("contact.park").isEnabled()
    assert window.registry.action("contact.wrap_up").toolTip() == ON_CALL


def test_what_a_key_asks_is_done_once_and_shown_when_the_telephone_shows_it(
    either: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    exchange = Exchange(either)
    desktop = open_desktop(either, "anna")
    window = desktop.window
    contact_id = exchange.talk()
    bar = says(qtbot, desktop, "On call")

    press(window, Qt.Key.Key_F7)
    press(window, Qt.Key.Key_F7)
    until(qtbot, lambda: exchange.asked() == ["hold"])

    # Nothing is assumed: until the PBX shows it the call goes on.
    assert bar.said is not None
    assert bar.said.state == "On call"
    work = exchange.take()
    exchange.becomes(contact_id, CallState.HELD)
    exchange.settle(work)
    says(qtbot, desktop, "On hold")
    assert window.registry.action("call.hold").text() == "Resume"
    assert window.registry.action("call.mute").toolTip() == "Not now: the customer is on hold."
    qtbot.wait(750)

    press(window, Qt.Key.Key_F7)
    until(qtbot, lambda: exchange.asked() == ["hold", "resume"])
    exchange.settle(exchange.take())
    exchange.becomes(contact_id, CallState.TALKING)
    says(qtbot, desktop, "On call")
    press(window, Qt.Key.Key_F6)
    until(qtbot, lambda: exchange.asked()[-1] == "mute")
    exchange.settle(exchange.take())
    exchange.change(contact_id, muted=True)
    until(qtbot, lambda: window.registry.action("call.mute").text() == "Unmute")
    assert accessibility.announced(bar) == "Muted"


def test_what_the_telephone_refuses_or_is_late_with_is_said_where_the_eye_is(
    either: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    exchange = Exchange(either)
    desktop = open_desktop(either, "anna")
    window = desktop.window
    exchange.talk()
    bar = says(qtbot, desktop, "On call")

    press(window, Qt.Key.Key_F7)
    until(qtbot, lambda: exchange.asked() == ["hold"])
    exchange.settle(exchange.take(), CommandState.REFUSED, "The telephone system said no.")
    until(qtbot, lambda: bar.trouble == "Not put on hold. The telephone system said no.")
    assert accessibility.announced(bar) == bar.trouble

    # Nobody is there to do it: after its two seconds it is shown as not done.
    press(window, Qt.Key.Key_F6)
    until(qtbot, lambda: bar.trouble.startswith("Not muted: they still hear you."))
    assert "it will not be done later" in bar.trouble
    assert exchange.asked() == ["hold", "mute"]


def test_of_two_keys_in_a_row_the_first_is_told_of_as_well(
    either: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    exchange = Exchange(either)
    desktop = open_desktop(either, "anna")
    exchange.talk()
    bar = says(qtbot, desktop, "On call")

    press(desktop.window, Qt.Key.Key_F7)
    press(desktop.window, Qt.Key.Key_F6)
    until(qtbot, lambda: exchange.asked() == ["hold", "mute"])
    hold, mute = exchange.take(), exchange.take()
    exchange.settle(mute, CommandState.DONE)
    exchange.settle(hold, CommandState.REFUSED, "The telephone system said no.")

    until(qtbot, lambda: bar.trouble == "Not put on hold. The telephone system said no.")


def test_a_call_is_passed_on_from_the_keyboard(
    either: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    exchange = Exchange(either)
    desktop = open_desktop(either, "anna")
    window = desktop.window
    contact_id = exchange.talk()
    says(qtbot, desktop, "On call")

    press(window, Qt.Key.Key_F11)
    dialog = opened(qtbot, window, CallTransferDialog)
    grab(dialog, "call-transfer")
    assert accessibility.problems(dialog) == []
    field = dialog.focusWidget()
    QTest.keyClicks(field, "achebe")
    QTest.keyClick(field, Qt.Key.Key_Return)
    until(qtbot, lambda: exchange.asked() == ["consult"])
    work = exchange.take()
    assert work.args == {"to": {"staff": either.person("ben").id}}
    exchange.third(contact_id, "Ben Achebe", up=False)
    exchange.becomes(contact_id, CallState.CONSULTING)
    exchange.settle(work)
    says(qtbot, desktop, "Calling Ben Achebe")
    assert window.registry.action("call.hand_over").toolTip() == "They have not answered yet."
    exchange.third(contact_id, "Ben Achebe", up=True)
    says(qtbot, desktop, "With Ben Achebe")

    press(window, Qt.Key.Key_F11, CTRL | SHIFT)
    until(qtbot, lambda: exchange.asked() == ["consult", "hand_over"])
    exchange.settle(exchange.take())
    exchange.becomes(contact_id, CallState.TALKING)
    says(qtbot, desktop, "On call")

    press(window, Qt.Key.Key_F11)
    dialog = opened(qtbot, window, CallTransferDialog)
    field = dialog.focusWidget()
    QTest.keyClicks(field, "01632 960777")
    QTest.keyClick(field, Qt.Key.Key_Return, CTRL)
    until(qtbot, lambda: exchange.asked()[-1] == "transfer")
    assert exchange.take().args == {"to": {"number": "+441632960777"}}


def test_digits_go_out_in_order_and_a_call_ends_with_its_reason(
    either: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    exchange = Exchange(either)
    desktop = open_desktop(either, "anna")
    window = desktop.window
    contact_id = exchange.talk()
    says(qtbot, desktop, "On call")

    press(window, Qt.Key.Key_K, CTRL | SHIFT)
    pad = opened(qtbot, window, KeypadDialog)
    grab(pad, "call-keypad")
    QTest.keyClicks(pad, "12#")
    sent = ""
    while len(sent) < 3:
        until(qtbot, exchange.waits)
        work = exchange.take()
        sent += str(work.args["digits"])
        exchange.settle(work)
    assert sent == "12#"
    pad.close()

    press(window, Qt.Key.Key_F12, CTRL | SHIFT)
    dialog = opened(qtbot, window, WarnedDialog)
    grab(dialog, "call-warned")
    assert accessibility.problems(dialog) == []
    QTest.keyClick(dialog, Qt.Key.Key_2)
    QTest.keyClicks(dialog.focusWidget(), "said he would come here")
    QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)
    until(qtbot, lambda: exchange.asked()[-1] == "hang_up")
    work = exchange.take()
    words = "Threats against staff or others: said he would come here"
    assert work.args == {"reason": "warned", "words": words}
    exchange.end(contact_id, by="advisor")
    exchange.settle(work)
    bar = says(qtbot, desktop, "Call ended")
    settled(qtbot, desktop)

    press(window, Qt.Key.Key_F12)
    until(qtbot, lambda: window.workplace.screen.is_wrapping_up)
    grab(window, "call-wrap-up")
    assert bar.said is not None
    assert "You hung up" in bar.said.detail


def test_who_types_is_not_interrupted_before_the_answer(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    exchange = Exchange(centre)
    mail = centre.add_contact(customer="margaret.okafor@example.org")
    desktop = open_desktop(centre, "anna")
    window = desktop.window
    window.commands.gestures.take(mail)
    settled(qtbot, desktop)
    window.workplace.screen.focus_reply(Visibility.PUBLIC)
    QTest.keyClicks(window.focusWidget(), "Dear Margaret, half a")

    contact_id = exchange.ring()
    says(qtbot, desktop, "Your phone rings")
    settled(qtbot, desktop)
    assert window.workplace.presenter.contact_id == mail
    QTest.keyClicks(window.focusWidget(), " sentence")

    exchange.pick_up(contact_id)
    until(qtbot, lambda: window.workplace.presenter.contact_id == contact_id)
    settled(qtbot, desktop)
    until(qtbot, window.workplace.presenter.can_write)
    window.open_contact(mail)
    settled(qtbot, desktop)
    written = window.workplace.screen.compose.written().reply.text
    assert written == "Dear Margaret, half a sentence"


def test_numbers_on_the_screen_are_called_and_who_must_not_be_phoned_is_warned_of(
    either: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    exchange = Exchange(either)
    mail = either.add_contact(
        customer="margaret.okafor@example.org", text="Ring my son on 01632 960 777, please."
    )
    with either.as_owner().write() as tx:
        its = tx.session.get_one(Contact, mail).customer_id
        tx.session.add(
            Identifier(customer_id=its, kind="phone", value="01632 960123", norm="+441632960123")
        )
        tx.session.add(Adjustment(customer_id=its, words="Never telephone: it frightens her."))
    desktop = open_desktop(either, "anna")
    window = desktop.window
    window.commands.gestures.take(mail)
    settled(qtbot, desktop)
    until(qtbot, lambda: window.registry.action("call.dial").isEnabled())

    press(window, Qt.Key.Key_C, CTRL | SHIFT)
    dialog = opened(qtbot, window, DialDialog)
    numbers = [row.title for row in dialog.findChildren(RowList)[0].rows()]
    assert numbers == ["01632 960123", "01632 960777"]
    warning = dialog.findChildren(Banner)[0]
    assert (
        warning.text() == "Margaret Okafor is not to be phoned. Never telephone: it frightens her."
    )
    grab(dialog, "call-dial-warned")
    assert accessibility.problems(dialog) == []
    QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)
    assert exchange.asked() == []
    QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Space)
    dialog.findChildren(PrimaryButton)[0].click()
    until(qtbot, lambda: exchange.asked() == ["dial"])
    said = exchange.take().args
    assert (said["number"], said["customer"]) == ("+441632960123", its)


def test_several_with_one_number_are_asked_about_quietly(
    either: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    exchange = Exchange(either)
    customer(either, "Margaret Okafor", "+441632960123")
    peter = customer(either, "Peter Okafor", "+441632960123")
    desktop = open_desktop(either, "anna")
    window = desktop.window

    contact_id = exchange.talk()
    says(qtbot, desktop, "On call")
    who = window.findChildren(WhoIsIt)[0]
    until(qtbot, who.isVisible)
    grab(window, "call-who-is-it")
    # It stays while the call goes on and the contact is read again.
    exchange.becomes(contact_id, CallState.HELD)
    says(qtbot, desktop, "On hold")
    settled(qtbot, desktop)
    assert who.isVisible()
    names = who.findChildren(RowList)[0]
    names.setFocus()
    names.make_current(peter)
    QTest.keyClick(names, Qt.Key.Key_Return)

    shown = window.workplace.screen.customer
    until(qtbot, lambda: shown.customer is not None and shown.customer.id == peter)
    assert contact(either, contact_id).customer_id == peter


def test_who_did_not_answer_is_told_why(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    exchange = Exchange(centre)
    desktop = open_desktop(centre, "anna")
    contact_id = exchange.ring()
    says(qtbot, desktop, "Your phone rings")
    settled(qtbot, desktop)
    offer = exchange.standing(contact_id).offer
    assert offer is not None
    with centre.as_owner().write() as tx:
        row = tx.session.get_one(Assignment, offer.assignment_id)
        row.offered_at = tx.now - timedelta(seconds=20)
        tx.changed(Topic.STAFF, offer.staff_id)
    settled(qtbot, desktop)

    assert calls.not_answered(
        exchange.db,
        exchange.standing(contact_id),
        offer,
        exchange.lease,
        reason="no_answer",
        cause=19,
    )

    card = desktop.window.presence.card
    until(
        qtbot,
        lambda: "Your phone rang 2" in " ".join(accessibility.texts(accessibility.tree(card))),
    )
    hold = desktop.window.registry.action("call.hold")
    until(qtbot, lambda: hold.toolTip() == "There is no call.")


def test_a_telephone_system_out_of_sight_is_said_and_nothing_can_be_asked(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    exchange = Exchange(centre)
    desktop = open_desktop(centre, "anna")
    exchange.talk()
    says(qtbot, desktop, "On call")

    calls.lost(exchange.db, exchange.account_id, exchange.lease)
    says(qtbot, desktop, "Telephone system out of sight")
    settled(qtbot, desktop)
    grab(desktop.window, "call-lost")
    assert not desktop.window.registry.action("call.hang_up").isEnabled()
    assert "Use the phone itself" in desktop.window.registry.action("call.hold").toolTip()

    calls.found(exchange.db, exchange.account_id, exchange.lease)
    says(qtbot, desktop, "On call")


def test_who_has_no_telephone_is_told_whom_to_ask(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    Exchange(centre)
    change(centre, "anna", extension=None)
    desktop = open_desktop(centre, "anna")
    window = desktop.window
    settled(qtbot, desktop)

    window.go("settings")
    settled(qtbot, desktop)
    grab(window, "call-no-telephone")
    said = " ".join(accessibility.texts(accessibility.tree(window)))
    assert "Calls cannot come to this desktop. No extension is entered for you" in said
    assert "Ask your administrator" in window.registry.action("call.dial").toolTip()


def test_a_team_leader_listens_whispers_and_joins_from_the_people_list(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    exchange = Exchange(centre)
    contact_id = exchange.talk()
    desktop = open_desktop(centre, "rose")
    window = desktop.window
    window.go("team")
    settled(qtbot, desktop)
    people = window.pages.team_screen.people
    until(qtbot, lambda: any(line.call == contact_id for line in people.lines()))
    place = next(
        at for at, row in enumerate(people.table.board.rows) if row.key == centre.person("anna").id
    )
    people.table.setFocus()
    people.table.setCurrentIndex(people.table.board.index(place, 0))

    QTest.keyClick(people.table, Qt.Key.Key_L)
    until(qtbot, lambda: exchange.asked() == ["listen"])
    work = exchange.take()
    exchange.listens(contact_id, centre.person("rose").id, "listen")
    exchange.settle(work)
    bar = says(qtbot, desktop, "Listening")
    grab(window, "call-listening")
    assert not window.registry.action("listen.listen").isEnabled()

    press(window, Qt.Key.Key_F7, SHIFT)
    until(qtbot, lambda: exchange.asked() == ["listen", "whisper"])
    assert bar.said is not None
    assert bar.said.who.startswith("Anna Whitlock with")


def test_a_number_is_called_from_the_customer_the_conversation_and_the_palette(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    Exchange(centre)
    peter = customer(centre, "Peter Okafor", "+441632960123")
    mail = centre.add_contact(text="Ring my son on 01632 960777, please.")
    with centre.as_owner().write() as tx:
        tx.session.get_one(Contact, mail).customer_id = peter
    desktop = open_desktop(centre, "anna")
    window = desktop.window
    window.open_contact(mail)
    settled(qtbot, desktop)
    until(qtbot, lambda: window.registry.action("call.dial").isEnabled())

    facts = window.workplace.screen.customer.findChildren(FactList)[0]
    facts.setCurrentIndex(facts.model().index(0, 0))
    QTest.keyClick(facts, Qt.Key.Key_Return, CTRL)
    assert _dialled(qtbot, window) == "+441632960123"

    page = window.workplace.screen.conversation.findChildren(QTextBrowser)[0]
    spot = page.document().find("960777")
    at = page.cursorRect(spot).center()
    QTest.mouseClick(page.viewport(), Qt.MouseButton.LeftButton, CTRL, at)
    assert _dialled(qtbot, window) == "+441632960777"

    press(window, Qt.Key.Key_K, CTRL)
    QTest.keyClicks(window.palette_box.focusWidget() or window.focusWidget(), "01632 960888")
    until(qtbot, lambda: window.palette_box.answered == "01632 960888")
    assert "Call 01632 960888…" in [row.title for row in window.palette_box.rows()]


def _dialled(qtbot: QtBot, window: MainWindow) -> str:
    """Which number the dialog that opened stands on; closes it."""
    dialog = opened(qtbot, window, DialDialog)
    chosen = dialog.findChildren(RowList)[0].current_key()
    dialog.reject()
    qtbot.waitUntil(lambda: not dialog.isVisible())
    return str(chosen)
