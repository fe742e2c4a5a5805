"""A desk that answers calls while it is watched: each is put on hold, taken back, and ended.

Moments in the answers are seconds since 1970, as the PBX's own are.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.widgets.call_bar import CallBar
from crm_desktop.domain.calls import CallState, CommandState
from crm_desktop.domain.states import Channel, ContactState, Presence
from crm_desktop.services import presence
from tests.benchmarks.desk import Desk

_PATIENCE = 60.0
_APART_MS = 1_200
_CTRL = Qt.KeyboardModifier.ControlModifier


def calls(desk: Desk, orders: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of each call: its contact, when the workspace was drawn with the call in hand, and of each
    key when it was pressed and when the bar was drawn with what it led to.
    """
    found = []
    # From now on calls are offered to this person.
    presence.choose(desk.desktop.desk.db, Presence.AVAILABLE)
    for _ in range(orders["times"]):
        contact_id, popped = _answered(desk)
        desk.rest()
        keys = [
            _key(desk, contact_id, Qt.Key.Key_F7, CallState.HELD),
            _key(desk, contact_id, Qt.Key.Key_F7, CallState.TALKING),
        ]
        found.append({"contact": contact_id, "popped": popped, "keys": keys})
        _end(desk, contact_id)
    return found


def _answered(desk: Desk) -> tuple[int, float]:
    """The next call, once its workspace is drawn as this person's."""
    screen, presenter = desk.window.workplace.screen, desk.window.workplace.presenter

    def in_hand() -> bool:
        contact = presenter.contact
        return (
            contact is not None
            and contact.row.channel is Channel.CALL
            and contact.row.state is ContactState.ACTIVE
        )

    drawn = desk.eye.wait("an answered call", (screen.header, in_hand))
    assert presenter.contact_id is not None
    return presenter.contact_id, _since_1970(drawn)


def _key(desk: Desk, contact_id: int, key: Qt.Key, state: CallState) -> dict[str, float]:
    """Press a key of the call bar, and wait until that says what the PBX then does."""
    (bar,) = desk.window.findChildren(CallBar)
    presenter = desk.window.calls.presenter

    def does() -> bool:
        call = presenter.call
        return call is not None and call.contact_id == contact_id and call.state is state

    begun = _press(desk.window, key)
    drawn = desk.eye.wait(f"a call that is {state}", (bar, does))
    # Until what was asked is settled, too, the next key would ask for nothing.
    desk.until(lambda: _settled(desk))
    # A key that bounces, or is pressed twice, is one.
    desk.pause(_APART_MS)
    desk.rest()
    return {"pressed": _since_1970(begun), "drawn": _since_1970(drawn)}


def _settled(desk: Desk) -> bool:
    call = desk.window.calls.presenter.call
    command = call.command if call is not None else None
    return command is None or command.state not in (CommandState.ASKED, CommandState.DOING)


def _end(desk: Desk, contact_id: int) -> None:
    """Hang up, and leave the questions out."""
    screen = desk.window.workplace.screen
    _press(desk.window, Qt.Key.Key_F12, _CTRL)
    desk.until(lambda: screen.after_call.rule is not None, _PATIENCE)
    if not screen.is_wrapping_up:
        desk.window.registry.run("contact.wrap_up")
    QTest.keyClick(screen.wrap_up, Qt.Key.Key_L)
    desk.until(lambda: not screen.is_open(contact_id), _PATIENCE)


def _press(
    widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> float:
    begun = time.monotonic()
    QTest.keyClick(widget, key, modifier)
    return begun


def _since_1970(monotonic: float) -> float:
    return monotonic + time.time() - time.monotonic()
