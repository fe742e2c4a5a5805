"""The queue pane by keyboard and in pictures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QAction, QColor, QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.queue.screen import QueueScreen
from crm_desktop.domain.views import QueueFilter
from tests.gui.conftest import Grab
from tests.gui.screens import sample
from tests.gui.screens.sample import NOW


class StoodStill(Clock):
    """A clock at NOW."""

    def now(self) -> datetime:
        return NOW


@pytest.fixture
def make(qtbot: QtBot) -> Callable[[Look], QueueScreen]:
    def build(look: Look) -> QueueScreen:
        action = QAction("Next")
        action.setShortcut("F9")
        screen = QueueScreen(look, StoodStill(), action)
        action.setParent(screen)
        qtbot.addWidget(screen)
        screen.resize(look.px(330), 800)
        screen.show_filter(QueueFilter())
        screen.show_choices(sample.QUEUES, sample.SERVICES, sample.VIEWS)
        screen.show_counts(sample.counts())
        screen.show_rows(sample.mine(), sample.waiting(), more=False)
        screen.show()
        qtbot.waitExposed(screen)
        return screen

    return build


def test_it_looks_right(
    make: Callable[[Look], QueueScreen], any_look: Look, grab: Grab, qapp: QApplication
) -> None:
    screen = make(any_look)
    screen.list.choose(1)
    screen.list.setFocus()

    grab(screen, f"queue-{any_look.theme.scheme.value}")

    assert accessibility.problems(screen) == []


def test_it_looks_right_at_twice_the_text(
    make: Callable[[Look], QueueScreen], look: Look, grab: Grab
) -> None:
    look.set_scale(200)
    screen = make(look)
    screen.set_compact(False)
    screen.show_filter(QueueFilter(overdue=True))

    grab(screen, "queue-200")


def test_arrows_step_over_headings_and_enter_opens(
    make: Callable[[Look], QueueScreen], look: Look, qtbot: QtBot
) -> None:
    screen = make(look)
    screen.focus()
    for _ in range(3):
        QTest.keyClick(screen.list, Qt.Key.Key_Down)

    with qtbot.waitSignal(screen.opened) as opened:
        QTest.keyClick(screen.list, Qt.Key.Key_Return)

    assert opened.args == [100]


def test_the_selection_stays_on_its_contact_as_rows_move(
    make: Callable[[Look], QueueScreen], look: Look
) -> None:
    screen = make(look)
    screen.list.choose(104)

    screen.show_rows(sample.mine(), sample.waiting()[3:], more=False)

    assert screen.list.current_id() == 104


def test_when_the_chosen_contact_goes_nothing_else_is_chosen(
    make: Callable[[Look], QueueScreen], look: Look
) -> None:
    screen = make(look)
    screen.list.choose(100)

    screen.show_rows(sample.mine(), sample.waiting()[1:], more=False)

    assert screen.list.current_id() is None


def test_rows_are_drawn_in_their_places_and_marked_as_they_are(
    make: Callable[[Look], QueueScreen], look: Look
) -> None:
    screen, theme = make(look), look.theme
    queue, view = screen.list, screen.list.viewport()
    places = {number: queue.visualRect(queue.queue_model.place_of(number)) for number in range(110)}
    queue.choose(101)
    view.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    QCursor.setPos(view.mapToGlobal(places[103].center()))

    shown = view.grab().toImage()

    def ground(number: int) -> QColor:
        return shown.pixelColor(places[number].left() + 6, places[number].top() + 2)

    grounds = {101: theme.selection, 102: theme.surface, 103: theme.hover, 104: theme.surface}
    assert {number: ground(number) for number in grounds} == grounds
    part = QRect(0, places[102].center().y(), view.width(), 3 * places[102].height())
    assert view.grab(part).toImage() == shown.copy(part)


def test_an_empty_queue_says_so(
    make: Callable[[Look], QueueScreen], look: Look, grab: Grab
) -> None:
    screen = make(look)

    screen.show_rows((), (), more=False)

    grab(screen, "queue-empty")
    assert "Nothing waits." in accessibility.texts(accessibility.tree(screen))
