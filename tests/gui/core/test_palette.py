"""Ctrl+K finds commands at once and everything else as it comes, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.commands import Command, CommandRegistry
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.palette import CommandPalette, Findings, Found, fuzzy
from crm_desktop.desktop.core.presenting import CancelToken
from crm_desktop.desktop.core.shortcuts import ShortcutSheet
from crm_desktop.desktop.core.tasks import TaskRunner
from crm_desktop.domain.states import StaffRole

TABLE = (
    Command("queue.next", "Next contact", "Queue", ("F9",), "play"),
    Command("contact.park", "Park contact", "Contact", ("Ctrl+P",)),
    Command("palette.open", "Search or run", "General", ("Ctrl+K",), "search"),
    Command("queue.grey", "Nobody can do this", "Queue"),
)


class Customers:
    """Customers, from another thread."""

    section = "Customers"

    def __init__(self, opened: list[str]) -> None:
        self._opened = opened

    def find(self, text: str, token: CancelToken) -> Findings:
        names = ("Margaret Okafor", "Mark Lowe", "J. Petrov")
        found = [
            Found(name, "NR2 3TT", "user", partial(self._opened.append, name))
            for name in names
            if text.casefold() in name.casefold()
        ]
        return Findings(found, "Newest matches only" if len(found) > 1 else "")


class Window(QWidget):
    """A window with the palette, an editor under it, and what was asked for."""

    def __init__(self, look: Look, runner: TaskRunner) -> None:
        super().__init__()
        self.resize(1280, 720)
        self.edit, self.ran = QLineEdit(self), list[str]()
        self.registry = CommandRegistry(look, {StaffRole.ADVISOR}, self)
        self.registry.add(TABLE)
        self.palette_ = CommandPalette(
            look, self.registry, runner.for_owner(self), [Customers(self.ran)], self
        )
        for command in TABLE[:2]:
            self.registry.bind(command.id, partial(self.ran.append, command.id))
        self.registry.bind("palette.open", self.palette_.toggle)
        self.registry.attach(self)

    def field(self) -> QLineEdit:
        return self.palette_.findChildren(QLineEdit)[0]

    def titles(self) -> list[str]:
        return [row.title for row in self.palette_.rows() if not row.heading]


@pytest.fixture
def window(look: Look, runner: TaskRunner, qtbot: QtBot) -> Window:
    made = Window(look, runner)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.edit.setFocus()
    qtbot.waitUntil(made.edit.hasFocus)
    return made


def open_by_key(window: Window, qtbot: QtBot) -> None:
    QTest.keyClick(window.edit, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(window.field().hasFocus)


def test_a_command_is_run_without_touching_the_mouse(window: Window, qtbot: QtBot) -> None:
    open_by_key(window, qtbot)

    QTest.keyClicks(window.field(), "park")
    qtbot.waitUntil(lambda: "Park contact" in window.titles() and len(window.titles()) == 1)
    QTest.keyClick(window.field(), Qt.Key.Key_Return)

    assert window.ran == ["contact.park"]
    assert not window.palette_.isVisible()
    qtbot.waitUntil(window.edit.hasFocus)


def test_customers_join_the_commands_and_their_number_is_announced(
    window: Window, qtbot: QtBot, grab: Callable[[QWidget, str], object]
) -> None:
    open_by_key(window, qtbot)

    QTest.keyClicks(window.field(), "mar")
    qtbot.waitUntil(lambda: {"Margaret Okafor", "Mark Lowe"} <= set(window.titles()))
    grab(window, "palette")

    headings = [row.title for row in window.palette_.rows() if row.heading]
    assert headings[-1] == "Customers"
    qtbot.waitUntil(lambda: "result" in accessibility.announced(window.palette_))


def test_what_is_not_all_there_is_says_so(
    window: Window, qtbot: QtBot, grab: Callable[[QWidget, str], object]
) -> None:
    open_by_key(window, qtbot)

    QTest.keyClicks(window.field(), "mar")
    qtbot.waitUntil(lambda: "2 results. Newest matches only" in _said(window))
    grab(window, "palette-partial")
    announced = accessibility.announced(window.palette_)
    QTest.keyClicks(window.field(), "garet")
    qtbot.waitUntil(lambda: "1 result " in _said(window))

    assert "Newest matches only" in announced
    assert "Newest" not in _said(window)


def _said(window: Window) -> str:
    return "\n".join(label.text() for label in window.palette_.findChildren(QLabel))


def test_a_found_customer_is_opened_with_arrows_and_enter(window: Window, qtbot: QtBot) -> None:
    open_by_key(window, qtbot)
    QTest.keyClicks(window.field(), "okafor")
    qtbot.waitUntil(lambda: window.titles() == ["Margaret Okafor"])

    QTest.keyClick(window.field(), Qt.Key.Key_Down)
    QTest.keyClick(window.field(), Qt.Key.Key_Return)

    assert window.ran == ["Margaret Okafor"]


def test_what_cannot_be_done_now_is_not_offered(window: Window, qtbot: QtBot) -> None:
    open_by_key(window, qtbot)

    assert "Next contact" in window.titles()
    assert "Nobody can do this" not in window.titles()


def test_escape_gives_the_focus_back(window: Window, qtbot: QtBot) -> None:
    open_by_key(window, qtbot)

    QTest.keyClick(window.field(), Qt.Key.Key_Escape)

    qtbot.waitUntil(window.edit.hasFocus)
    assert not window.palette_.isVisible()


def test_going_on_elsewhere_closes_the_palette(window: Window, qtbot: QtBot) -> None:
    open_by_key(window, qtbot)

    QTest.mouseClick(window.edit, Qt.MouseButton.LeftButton)

    qtbot.waitUntil(lambda: not window.palette_.isVisible())
    assert window.edit.hasFocus()


def test_the_palette_stays_inside_a_small_window_at_double_size(
    window: Window, look: Look, qtbot: QtBot, grab: Callable[[QWidget, str], object]
) -> None:
    look.set_scale(200)
    open_by_key(window, qtbot)
    grab(window, "palette-200")

    assert window.rect().contains(window.palette_.geometry())
    assert accessibility.problems(window.palette_) == []


@pytest.mark.parametrize(
    ("wanted", "better", "worse"),
    [("next", "Next contact", "Text to the next"), ("pc", "Park contact", "Up and cancel")],
)
def test_nearer_commands_come_first(wanted: str, better: str, worse: str) -> None:
    near, far = fuzzy(wanted, better), fuzzy(wanted, worse)

    assert near is not None
    assert far is None or near < far
    assert fuzzy("xyz", better) is None


def test_the_shortcut_sheet_lists_every_command_with_its_keys(
    window: Window, look: Look, qtbot: QtBot, grab: Callable[[QWidget, str], object]
) -> None:
    sheet = ShortcutSheet(look, window.registry, window)
    sheet.open()
    qtbot.waitUntil(sheet.isVisible)
    grab(sheet, "shortcuts")

    said = accessibility.texts(accessibility.tree(sheet))

    assert {"Queue", "Next contact", "F9", "Ctrl K"} <= set(said)
    assert accessibility.problems(sheet) == []
    sheet.close()
