"""One table makes every way of asking, and keys go to text first where they are text."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QListWidget, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core.commands import Command, CommandRegistry, UnknownCommand
from crm_desktop.desktop.core.look import Look
from crm_desktop.domain.states import StaffRole

TABLE = (
    Command("queue.next", "Next contact", "Queue", ("F9",), "play"),
    Command("queue.note", "Add a note", "Queue", ("N",)),
    Command("palette.open", "Search or run", "General", ("Ctrl+K",), "search"),
    Command("edit.undo", "Undo", "General", ("Ctrl+Z",), editor_first=True),
    Command("team.huddle", "New huddle", "Team", roles=frozenset({StaffRole.TEAM_LEADER})),
)


class Window(QWidget):
    """A window with an editor and a list, and what was asked for."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.edit, self.list = QLineEdit(self), QListWidget(self)
        box = QVBoxLayout(self)
        box.addWidget(self.edit)
        box.addWidget(self.list)
        self.ran: list[str] = []
        self.registry = CommandRegistry(look, {StaffRole.ADVISOR}, self)
        self.registry.add(TABLE)
        self.registry.attach(self)
        for command in TABLE:
            self.registry.bind(command.id, partial(self.ran.append, command.id))


@pytest.fixture
def window(look: Look, qtbot: QtBot) -> Window:
    made = Window(look)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def focus(widget: QWidget, qtbot: QtBot) -> None:
    widget.setFocus()
    qtbot.waitUntil(widget.hasFocus)


def test_a_single_key_is_text_while_typing(window: Window, qtbot: QtBot) -> None:
    focus(window.edit, qtbot)

    QTest.keyClick(window.edit, Qt.Key.Key_N)

    assert window.edit.text() == "n"
    assert window.ran == []


def test_a_single_key_is_a_command_elsewhere(window: Window, qtbot: QtBot) -> None:
    focus(window.list, qtbot)

    QTest.keyClick(window.list, Qt.Key.Key_N)

    assert window.ran == ["queue.note"]


def test_a_combination_reaches_its_command_from_an_editor(window: Window, qtbot: QtBot) -> None:
    focus(window.edit, qtbot)
    window.edit.setText("left alone")

    QTest.keyClick(window.edit, Qt.Key.Key_Home)
    QTest.keyClick(window.edit, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(window.edit, Qt.Key.Key_F9)

    assert window.ran == ["palette.open", "queue.next"]
    assert window.edit.text() == "left alone"


def test_an_editor_keeps_its_own_undo(window: Window, qtbot: QtBot) -> None:
    focus(window.edit, qtbot)
    QTest.keyClicks(window.edit, "abc")

    QTest.keyClick(window.edit, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)

    assert window.edit.text() == ""
    assert window.ran == []


def test_a_command_of_another_role_is_not_there(window: Window) -> None:
    assert not window.registry.has("team.huddle")
    assert "Team" not in window.registry.sections()
    with pytest.raises(UnknownCommand):
        window.registry.run("team.huddle")


def test_a_command_is_grey_until_bound_and_when_it_cannot_be_done(window: Window) -> None:
    action = window.registry.action("queue.next")

    window.registry.set_enabled("queue.next", False)
    assert not action.isEnabled()
    window.registry.run("queue.next")
    window.registry.set_enabled("queue.next", True)
    assert action.isEnabled()
    window.registry.unbind("queue.next")

    assert not action.isEnabled()
    assert window.ran == []


def test_an_action_runs_what_is_bound(window: Window) -> None:
    window.registry.menu("Queue", ["queue.next", "-", "team.huddle"], window).actions()[0].trigger()

    assert window.ran == ["queue.next"]


@pytest.mark.parametrize(
    "second", [Command("queue.next", "Again", "Queue"), Command("other", "Other", "Queue", ("F9",))]
)
def test_an_id_or_key_used_twice_is_refused(window: Window, second: Command) -> None:
    with pytest.raises(ValueError, match=r"queue\.next"):
        window.registry.add([second])


def test_focus_on_a_widget_that_goes_away_is_forgotten(window: Window, qtbot: QtBot) -> None:
    focus(window.edit, qtbot)

    with qtbot.waitSignal(window.edit.destroyed):
        window.edit.deleteLater()
    focus(window.list, qtbot)
    QTest.keyClick(window.list, Qt.Key.Key_N)

    assert window.ran == ["queue.note"]
