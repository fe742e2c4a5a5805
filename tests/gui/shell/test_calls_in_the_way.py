"""What meets a call: another offer, an open dialog, a colleague who is asked, an engaged number."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.screens.calls.dial_dialog import DialDialog
from crm_desktop.desktop.screens.calls.transfer_dialog import CallTransferDialog
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import PrimaryButton
from crm_desktop.domain.calls import CallState, LegRole
from crm_desktop.services import call_moves, calls, outbound, routing
from crm_desktop.services.outbound import Own
from tests.centre import Centre
from tests.gui.shell.calling import CTRL, SHIFT, Exchange, bar_of, opened, press, says, until
from tests.gui.shell.conftest import Open, rows_shown, settled
from tests.routing_centre import at_work

_BUSY = 17


def test_the_key_answers_the_phone_whatever_was_offered_before(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    exchange = Exchange(centre)
    at_work(centre, "anna")
    centre.add_contact()
    routing.route(centre.as_gateway(connections=1))
    desktop = open_desktop(centre, "anna")
    presence = desktop.window.presence
    until(qtbot, presence.card.isVisible)

    exchange.ring()
    says(qtbot, desktop, "Your phone rings")
    until(qtbot, lambda: len(presence.keeper.standing.offers) == 2)
    press(desktop.window, Qt.Key.Key_F10)
    until(qtbot, lambda: exchange.asked() == ["answer"])


def test_a_dialog_about_a_call_that_is_over_says_so(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    exchange = Exchange(centre)
    desktop = open_desktop(centre, "anna")
    contact_id = exchange.talk()
    says(qtbot, desktop, "On call")
    press(desktop.window, Qt.Key.Key_F11)
    dialog = opened(qtbot, desktop.window, CallTransferDialog)
    field = dialog.focusWidget()
    QTest.keyClicks(field, "achebe")
    assert dialog.findChildren(PrimaryButton)[0].isEnabled()

    exchange.end(contact_id)
    says(qtbot, desktop, "Call ended")
    until(qtbot, lambda: not dialog.findChildren(PrimaryButton)[0].isEnabled())
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert exchange.asked() == []


def test_who_is_asked_about_a_call_and_is_given_it_sees_it(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    exchange = Exchange(centre)
    ben, anna = centre.person("ben").id, centre.person("anna").id
    contact_id = exchange.talk()
    desktop = open_desktop(centre, "ben")
    settled(qtbot, desktop)

    channel = f"crm-{contact_id}-third-1"
    call_moves.third_began(exchange.db, contact_id, channel, {"staff": ben}, exchange.lease)
    until(qtbot, lambda: desktop.window.calls.presenter.call is not None)
    calls.leg_up(exchange.db, contact_id, channel, exchange.lease)
    exchange.becomes(contact_id, CallState.CONSULTING)
    (third,) = exchange.standing(contact_id).legs_of(LegRole.THIRD)
    call_moves.handed_over(exchange.db, contact_id, anna, third, exchange.lease)
    exchange.becomes(contact_id, CallState.TALKING)
    says(qtbot, desktop, "On call")


def test_an_engaged_number_is_not_said_to_be_undialled(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    exchange = Exchange(centre)
    at_work(centre, "anna")
    desktop = open_desktop(centre, "anna")
    window = desktop.window
    until(qtbot, lambda: window.registry.action("call.dial").isEnabled())
    press(window, Qt.Key.Key_C, CTRL | SHIFT)
    dialog = opened(qtbot, window, DialDialog)
    QTest.keyClicks(dialog.focusWidget(), "01632 960999")
    QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)
    until(qtbot, exchange.waits)

    work = exchange.take()
    own = Own("101", lambda contact_id: f"crm-{contact_id}-advisor-1")
    contact_id = outbound.begun(exchange.db, work, exchange.account_id, own, exchange.lease)
    until(qtbot, lambda: window.calls.presenter.call is not None)
    # Who calls has it in hand: in their list, and not as somebody who only looks.
    until(qtbot, lambda: contact_id in [row.id for row in rows_shown(window)])
    banners = window.workplace.screen.findChildren(Banner)
    window.open_contact(contact_id)
    until(qtbot, lambda: any("You are calling them." in each.text() for each in banners))

    exchange.settle(work)
    outbound.failed(exchange.db, contact_id, _BUSY, exchange.lease)
    bar = says(qtbot, desktop, "Call ended")
    until(qtbot, lambda: bar._doing == "")
    qtbot.wait(3_000)
    assert bar_of(desktop).trouble == ""
