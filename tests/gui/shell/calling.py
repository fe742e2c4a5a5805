"""A desktop at a centre with telephones, and whoever is the gateway of it: no PBX is needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot
from sqlalchemy import select, update

from crm_desktop.desktop.core.accessibility import announced
from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.desktop.widgets.call_bar import CallBar
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.calls import CallState, CommandState, LegRole
from crm_desktop.domain.changes import Topic
from crm_desktop.services import call_commands, calls, routing
from crm_desktop.services.call_commands import Work
from crm_desktop.store.models import Call, CallCommand
from tests.calls_centre import MAIN_LINE, Board
from tests.centre import Centre
from tests.routing_centre import at_work, push

D = TypeVar("D", bound=QDialog)
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier


class Exchange(Board):
    """The gateway's half of a centre: what it sees at the PBX, and what it is asked."""

    def __init__(self, centre: Centre) -> None:
        push(centre, "general", "waste", offer_seconds=600)
        super().__init__(centre)

    def ring(self, number: str = "01632 960123") -> int:
        """Somebody calls, and the phone of whoever is there rings."""
        at_work(self.centre, "anna")
        contact_id = self.call(number, MAIN_LINE)
        routing.route(self.centre.as_gateway(connections=1))
        self.rings(contact_id)
        return contact_id

    def talk(self, number: str = "01632 960123") -> int:
        """A call that was answered."""
        contact_id = self.ring(number)
        self.pick_up(contact_id)
        return contact_id

    def pick_up(self, contact_id: int) -> None:
        """The phone that rings is picked up."""
        offer = self.standing(contact_id).offer
        assert offer is not None
        channel = f"crm-{contact_id}-advisor-{offer.assignment_id}"
        assert calls.answered(self.db, contact_id, offer.assignment_id, channel, self.lease)

    def becomes(self, contact_id: int, state: CallState) -> None:
        """The PBX shows the call so."""
        calls.seen(self.db, contact_id, state, self.lease)

    def third(self, contact_id: int, name: str, *, up: bool) -> None:
        """Somebody is called, or has answered."""
        channel = f"crm-{contact_id}-third-1"
        if not up:
            calls.leg_began(
                self.db, contact_id, channel, LegRole.THIRD, self.lease, number="102", name=name
            )
        else:
            calls.leg_up(self.db, contact_id, channel, self.lease)

    def listens(self, contact_id: int, staff_id: int, mode: str) -> None:
        """A leader's phone is in the call."""
        channel = f"crm-{contact_id}-listener-1"
        calls.leg_began(
            self.db, contact_id, channel, LegRole.LISTENER, self.lease, staff_id=staff_id, mode=mode
        )
        calls.leg_up(self.db, contact_id, channel, self.lease)

    def change(self, contact_id: int, **values: object) -> None:
        """What the gateway writes of a call beside its state, and tells."""
        with self.db.write() as tx:
            tx.session.execute(update(Call).where(Call.contact_id == contact_id).values(**values))
            tx.changed(Topic.CALL, contact_id)

    def take(self) -> Work:
        """The command that waits, claimed."""
        work = call_commands.claim(self.db, self.lease, self.account_id)
        assert work is not None, "nothing was asked"
        return work

    def settle(self, work: Work, state: CommandState = CommandState.DONE, words: str = "") -> None:
        """What became of it."""
        call_commands.settle(self.db, work, state, words)

    def waits(self) -> bool:
        """Whether a command waits to be done."""
        with self.centre.as_owner().read() as tx:
            query = select(CallCommand.id).where(CallCommand.state == CommandState.ASKED)
            return tx.session.scalars(query).first() is not None

    def asked(self) -> list[str]:
        """Every verb that was asked, oldest first."""
        with self.centre.as_owner().read() as tx:
            return list(tx.session.scalars(select(CallCommand.verb).order_by(CallCommand.id)))


def bar_of(desktop: Desktop) -> CallBar:
    """The bar, which is there once there was a call."""
    found = desktop.window.findChild(CallBar)
    assert isinstance(found, CallBar)
    return found


def says(qtbot: QtBot, desktop: Desktop, state: str) -> CallBar:
    """Wait until the bar says so."""

    def so() -> bool:
        bar = desktop.window.findChild(CallBar)
        return isinstance(bar, CallBar) and bar.said is not None and bar.said.state == state

    qtbot.waitUntil(so)
    return bar_of(desktop)


def until(qtbot: QtBot, what: Callable[[], bool]) -> None:
    """Wait for what must become true."""
    qtbot.waitUntil(what)


def opened(qtbot: QtBot, window: MainWindow, kind: type[D]) -> D:
    """The dialog of that kind, once it is open."""

    def there() -> list[D]:
        return [each for each in window.findChildren(kind) if each.isVisible()]

    qtbot.waitUntil(lambda: bool(there()))
    return there()[0]


def press(window: MainWindow, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
    """A key where the keyboard is; a dialog that closed may have left it nowhere."""
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window, 120_000)
    QTest.keyClick(window.focusWidget() or window, key, held)


def heard(desktop: Desktop) -> str:
    """What a screen reader was told last of calls."""
    return announced(bar_of(desktop))
