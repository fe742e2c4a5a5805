"""The whole way: a caller, a real PBX, a gateway, the telephone on the desk, and the desktop."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from sqlalchemy import update

from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.domain.states import ContactState
from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.store.models import ChannelAccount
from tests.calls_centre import call_row, contact, customer
from tests.centre import Centre
from tests.gui.shell.calling import CTRL, press, says, until
from tests.gui.shell.conftest import Open, settled
from tests.integration.calls.conftest import (
    connect,
    module_pbx,
    pbx,
    phones,
    secrets,
    start_gateway,
)
from tests.servers.asterisk import LINE, Asterisk
from tests.servers.callers import Caller
from tests.servers.phone import Phones

__all__ = ["module_pbx", "pbx", "phones", "secrets", "start_gateway"]


@pytest.fixture
def served(centre: Centre, pbx: Asterisk, start_gateway: Callable[[Centre], Gateway]) -> Centre:
    """A centre with a gateway that has the PBX, whose telephones pick up when they are told to."""
    account = connect(centre, pbx)
    with centre.as_owner().write() as tx:
        kept = tx.session.get_one(ChannelAccount, account).settings
        tx.session.execute(
            update(ChannelAccount)
            .where(ChannelAccount.id == account)
            .values(settings={**kept, "answer_by": "header"})
        )
    start_gateway(centre)
    return centre


def test_a_call_goes_through_the_desktop_by_keys_alone(
    served: Centre, pbx: Asterisk, phones: Phones, open_desktop: Open, qtbot: QtBot
) -> None:
    customer(served, "Margaret Okafor", "+441632960123")
    phone = phones.add("101", answers="header")
    desktop = open_desktop(served, "anna")
    window = desktop.window

    with Caller(pbx, LINE, "+441632960123") as caller:
        says(qtbot, desktop, "Your phone rings")
        phone.wait("rings")
        # Everything of the customer stands there while it rings.
        until(qtbot, lambda: window.workplace.screen.customer.customer is not None)
        contact_id = window.workplace.presenter.contact_id
        assert contact_id is not None
        assert contact(served, contact_id).state == ContactState.OFFERED

        press(window, Qt.Key.Key_F10)
        says(qtbot, desktop, "On call")
        phone.wait("up")
        until(qtbot, lambda: _together(pbx, contact_id) == 2)
        press(window, Qt.Key.Key_F7)
        says(qtbot, desktop, "On hold")
        settled(qtbot, desktop)
        qtbot.wait(750)
        press(window, Qt.Key.Key_F7)
        says(qtbot, desktop, "On call")
        until(qtbot, lambda: _together(pbx, contact_id) == 2)
        press(window, Qt.Key.Key_F6)
        until(qtbot, lambda: window.registry.action("call.mute").text() == "Unmute")

        press(window, Qt.Key.Key_F12, CTRL)
        says(qtbot, desktop, "Call ended")
        caller.wait_ended()
    phone.wait("ended")
    row = call_row(served, contact_id)
    assert (row.ended_by, row.cut_off) == ("advisor", False)

    # The wrap-up by its own keys.
    press(window, Qt.Key.Key_F12)
    wrap_up = window.workplace.screen.wrap_up
    until(qtbot, wrap_up.isVisible)
    wrap_up.findChildren(ChoiceField)[0].choose(window.workplace.services[0].id)
    wrap_up.setFocus()
    QTest.keyClick(wrap_up, Qt.Key.Key_Return)
    until(qtbot, lambda: contact(served, contact_id).state == ContactState.COMPLETED)
    until(qtbot, lambda: desktop.window.calls.presenter.call is None)
    assert window.calls.slot.isHidden()


def _together(pbx: Asterisk, contact_id: int) -> int:
    """How many channels are in the conversation, by the PBX."""
    with pbx.ari() as ari:
        return sum(
            len(each.channels) for each in ari.bridges() if each.id == f"crm-talk-{contact_id}"
        )
