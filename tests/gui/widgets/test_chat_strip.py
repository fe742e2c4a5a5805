"""The strip of chats: how long each waits, said in words and a sign, and never by colour alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.chat_strip import ChatStrip, ChatTab

NOW = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)


def waits(seconds: int | None, key: int = 1) -> ChatTab:
    """A chat whose visitor waits so long."""
    since = None if seconds is None else NOW - timedelta(seconds=seconds)
    return ChatTab(key, key, f"Visitor {key}", "Hello?", waiting_since=since)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ("", Tone.NEUTRAL, "")),
        (29, ("0:29", Tone.NEUTRAL, "clock")),
        (30, ("waits · 0:30", Tone.WARNING, "clock")),
        (59, ("waits · 0:59", Tone.WARNING, "clock")),
        (60, ("answer now · 1:00", Tone.DANGER, "alert-triangle")),
    ],
)
def test_a_wait_grows_more_urgent(seconds: int | None, said: tuple[str, Tone, str]) -> None:
    assert waits(seconds).wait(NOW) == said


def test_the_strip_goes_on_with_the_clock_and_is_spoken(look: Look, qtbot: QtBot) -> None:
    strip = ChatStrip(look)
    qtbot.addWidget(strip)
    strip.resize(900, 48)
    strip.show()
    strip.show_tabs([waits(20, 1), waits(None, 2)], 2, NOW)
    first = strip.button(1)
    assert first is not None
    assert first.accessibleName() == "Chat 1: Visitor 1, has just written, Hello?"
    strip.tick(NOW + timedelta(seconds=45))
    assert first.accessibleName() == "Chat 1: Visitor 1, answer now, Hello?"

    chosen: list[object] = []
    strip.chosen.connect(chosen.append)
    QTest.mouseClick(first, Qt.MouseButton.LeftButton)
    assert chosen == [1]
    # It is open when it is shown, not when it is pressed.
    assert not first.isChecked()


def test_what_finds_no_room_stands_in_a_menu_and_the_open_one_is_always_seen(
    look: Look, qtbot: QtBot
) -> None:
    strip = ChatStrip(look)
    qtbot.addWidget(strip)
    strip.resize(look.px(176) * 3, 48)
    strip.show()
    strip.show_tabs([waits(None, each) for each in range(1, 8)], 6, NOW)
    seen = [each for each in range(1, 8) if strip.button(each) is not None]
    assert seen == [1, 6]
    assert strip._more.text() == "5 more"
