"""A payment taken in a call: its recording pauses while the keyboard is there, and goes on."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.screens.workspace.case_pane import CasePane
from crm_desktop.desktop.widgets.json_form import JsonForm
from crm_desktop.desktop.widgets.payment_editor import PaymentEditor
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.calls import CommandState
from crm_desktop.store.models import FormVersion, Service
from tests.centre import Centre
from tests.gui.shell.calling import Exchange, says, until
from tests.gui.shell.conftest import Open, settled
from tests.integration.conftest import postgres_centre

__all__ = ["postgres_centre"]

_FORM = {
    "type": "object",
    "properties": {
        "what": {"type": "string", "title": "What shall we collect?"},
        "paid": {
            "type": "string",
            "format": "payment",
            "title": "Payment",
            "x-url": "https://pay.example.org/council",
        },
    },
}
_PAUSED, _ON = "pause_recording", "resume_recording"


class _Paying:
    """Anna's desktop in a recorded call, with the form of a service that is paid for."""

    def __init__(self, centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
        with centre.as_owner().write() as tx:
            query = select(Service.id).where(Service.code == "missed_bin")
            service = tx.session.scalars(query).one()
            tx.session.add(FormVersion(service_id=service, version=2, schema=_FORM))
        self.qtbot = qtbot
        self.exchange = Exchange(centre)
        self.desktop: Desktop = open_desktop(centre, "anna")
        self.contact_id = self.exchange.talk()
        says(qtbot, self.desktop, "On call")
        self.records("on")
        settled(qtbot, self.desktop)
        pane: CasePane = self.desktop.window.workplace.screen.case_pane
        pane.service.chosen.emit(service)
        self.desktop.window.registry.run("case.focus")
        until(qtbot, lambda: self._forms(pane) != [])
        (self.form,) = self._forms(pane)
        self.elsewhere()

    @staticmethod
    def _forms(pane: CasePane) -> list[JsonForm]:
        return pane.findChildren(JsonForm)

    @property
    def _seen(self) -> str:
        return self.desktop.window.calls.presenter.calls[self.contact_id].recording

    def records(self, state: str) -> None:
        """The PBX records so, and the desktop has heard of it."""
        self.exchange.change(self.contact_id, recording=state)
        until(self.qtbot, lambda: self._seen == state)

    def pay(self) -> None:
        """The keyboard goes into the payment."""
        editor = self.form.editor("paid")
        assert isinstance(editor, PaymentEditor)
        self.desktop.window.activateWindow()
        editor.open.setFocus()

    def elsewhere(self) -> None:
        """The keyboard is in another part of the form."""
        self.desktop.window.activateWindow()
        self.form.editor("what").inputs[0].setFocus()

    def done(self, verb: str, recording: str) -> None:
        """The gateway does what waits longest."""
        until(self.qtbot, self.exchange.waits)
        work = self.exchange.take()
        assert work.verb == verb
        self.exchange.change(self.contact_id, recording=recording)
        self.exchange.settle(work)
        until(self.qtbot, lambda: self._seen == recording)

    def asked(self) -> list[str]:
        """Everything that was asked, once the desktop is at rest."""
        settled(self.qtbot, self.desktop)
        self.qtbot.wait(50)
        settled(self.qtbot, self.desktop)
        return self.exchange.asked()


@pytest.fixture(params=["sqlite", "postgresql"])
def paying(request: pytest.FixtureRequest, open_desktop: Open, qtbot: QtBot) -> _Paying:
    """The call on both databases: on PostgreSQL as real logins."""
    name = "centre" if request.param == "sqlite" else "postgres_centre"
    return _Paying(request.getfixturevalue(name), open_desktop, qtbot)


def test_the_recording_pauses_for_the_payment_and_goes_on_after_it(paying: _Paying) -> None:
    paying.pay()
    paying.done(_PAUSED, "paused")
    assert paying.asked() == [_PAUSED]

    paying.elsewhere()
    paying.done(_ON, "on")
    assert paying.asked() == [_PAUSED, _ON]


def test_haste_leaves_no_payment_recorded(paying: _Paying) -> None:
    paying.pay()
    until(paying.qtbot, paying.exchange.waits)
    # Away before the pause is there: its end waits for it.
    paying.elsewhere()
    paying.done(_PAUSED, "paused")
    until(paying.qtbot, lambda: paying.exchange.asked() == [_PAUSED, _ON])
    # And back before that is done: what is asked last is another pause.
    paying.pay()
    paying.done(_ON, "on")
    paying.done(_PAUSED, "paused")

    assert paying.asked() == [_PAUSED, _ON, _PAUSED]


def test_what_was_paused_by_hand_stays_paused(paying: _Paying) -> None:
    paying.records("paused")

    paying.pay()
    paying.elsewhere()

    assert paying.asked() == []
    paying.records("on")
    paying.pay()
    paying.done(_PAUSED, "paused")
    # On by hand, and off again by hand, while the payment goes on.
    paying.records("on")
    paying.records("paused")
    paying.elsewhere()
    assert paying.asked() == [_PAUSED]


def test_a_pause_that_is_refused_is_said_and_nothing_is_resumed(paying: _Paying) -> None:
    paying.pay()
    until(paying.qtbot, lambda: paying.exchange.asked() == [_PAUSED])
    paying.exchange.settle(paying.exchange.take(), CommandState.REFUSED, "It failed.")
    bar = says(paying.qtbot, paying.desktop, "On call")
    until(paying.qtbot, lambda: "It failed." in bar.trouble)

    paying.elsewhere()

    assert paying.asked() == [_PAUSED]


def test_a_contact_that_is_not_the_call_pauses_nothing(paying: _Paying) -> None:
    payment = paying.desktop.window.calls.payment

    payment.begin(paying.contact_id + 1)
    payment.end(paying.contact_id + 1)

    assert paying.asked() == []
