"""A tile says what it means to mouse, keyboard and screen reader, and opens what is behind it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolTip
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.figure_words import FigureShown, per_cent, waited
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.figure_tile import FigureTiles
from crm_desktop.domain.figures import Figure, definition
from tests.gui.conftest import Grab


def figure(which: Figure, *said: str, tone: Tone | None = None, word: str = "") -> FigureShown:
    label, value, detail = said
    opens = which is not Figure.HANDOFFS
    return FigureShown(which, label, value, detail, tone, word, definition(which), opens)


SHOWN = (
    figure(
        Figure.SERVICE_LEVEL, "Service level (80% in 20 s)", "83.1%",
        "goal 80% · 412 contacts offered", tone=Tone.OK, word="on goal",
    ),
    figure(Figure.ANSWER_SPEED, "Average speed of answer", "0:31", "of 384 contacts answered"),
    figure(Figure.ABANDONED, "Abandoned", "6.8%", "28 contacts, 9 of them at once: net 4.6%"),
    figure(
        Figure.LONGEST_WAIT, "Longest wait now", "2:51", "Adult social care",
        tone=Tone.DANGER, word="over target",
    ),
    figure(
        Figure.FIRST_POINT, "First-point resolution", "75.2%", "goal 80% · 310 completed",
        tone=Tone.WARNING, word="near goal",
    ),
    figure(
        Figure.HANDOFFS, "Hand-offs breaching today", "4", "of 61 under way",
        tone=Tone.WARNING, word="breaching",
    ),
)  # fmt: skip


@pytest.fixture
def row(any_look: Look, qtbot: QtBot) -> FigureTiles:
    return shown(any_look, qtbot)


def shown(look: Look, qtbot: QtBot, width: int = 1380) -> FigureTiles:
    tiles = FigureTiles(look)
    qtbot.addWidget(tiles)
    tiles.show_figures(SHOWN)
    tiles.resize(width, 400)
    tiles.show()
    qtbot.waitExposed(tiles)
    tiles.activateWindow()
    qtbot.waitUntil(tiles.isActiveWindow)
    return tiles


def test_a_row_of_tiles_looks_right(row: FigureTiles, any_look: Look, grab: Grab) -> None:
    grab(row, f"tiles-{any_look.theme.scheme.value}")
    row.resize(1220, 400)
    grab(row, f"tiles-1280-{any_look.theme.scheme.value}")
    any_look.set_scale(200)
    row.resize(1380, row.heightForWidth(1380))
    grab(row, f"tiles-200-{any_look.theme.scheme.value}")
    assert accessibility.problems(row) == []


def test_tiles_are_of_one_size_and_never_overlap(look: Look, qtbot: QtBot) -> None:
    for width in (1380, 900, 480, 240):
        row = shown(look, qtbot, width)
        sizes = {(each.width(), each.height()) for each in row.tiles}
        assert len(sizes) == 1
        places = [each.geometry() for each in row.tiles]
        for at, one in enumerate(places):
            assert not any(one.intersects(other) for other in places[at + 1 :])
            assert row.rect().contains(one)


def test_hover_focus_and_screen_reader_say_what_a_figure_means(look: Look, qtbot: QtBot) -> None:
    row = shown(look, qtbot)
    tile = row.tiles[0]

    assert tile.accessibleName() == (
        "Service level (80% in 20 s): 83.1%, on goal, goal 80% · 412 contacts offered"
    )
    assert tile.accessibleDescription() == (
        f"{definition(Figure.SERVICE_LEVEL)} Press Enter to see the contacts."
    )
    assert definition(Figure.SERVICE_LEVEL) in tile.toolTip()
    row.tiles[1].setFocus()
    QTest.keyClick(row.tiles[1], Qt.Key.Key_Backtab)
    assert tile.hasFocus()
    assert definition(Figure.SERVICE_LEVEL) in QToolTip.text()
    row.tiles[1].setFocus(Qt.FocusReason.MouseFocusReason)
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_enter_space_and_click_open_what_is_behind(look: Look, qtbot: QtBot) -> None:
    row = shown(look, qtbot)
    told: list[object] = []
    row.opened.connect(told.append)
    service, handoffs = row.tiles[0], row.tiles[-1]

    QTest.keyClick(service, Qt.Key.Key_Return)
    QTest.keyClick(service, Qt.Key.Key_Space)
    QTest.mouseClick(service, Qt.MouseButton.LeftButton)
    QTest.mouseClick(handoffs, Qt.MouseButton.LeftButton)

    assert told == [Figure.SERVICE_LEVEL] * 3


def test_tiles_come_go_and_change_in_place(look: Look, qtbot: QtBot) -> None:
    row = shown(look, qtbot)
    first = row.tiles[0]
    row.show_figures(SHOWN[:2])

    assert [each.shown for each in row.tiles] == list(SHOWN[:2])
    assert row.tiles[0] is first


@pytest.mark.parametrize(
    ("quotient", "whole", "said"),
    [
        (0.8313, False, "83.1%"), (1, False, "100%"), (0, False, "0%"), (0.9999, False, "99.9%"),
        (0.9999, True, "99%"), (0.0001, False, "0.1%"), (0.835, True, "84%"),
    ],
)  # fmt: skip
def test_a_per_cent_never_says_all_or_nothing_when_it_is_not(
    quotient: float, whole: bool, said: str
) -> None:
    assert per_cent(quotient, whole=whole) == said


def test_waits_are_said_shortly() -> None:
    assert [waited(each) for each in (171, 3600 * 3 + 600, 86_400 * 2)] == ["2:51", "3 h 10", "2 d"]
