"""Canned replies by their code: "/ack" and Space, or words and a list that never takes the keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core.accessibility import announced
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.shorthand import Code, Shorthand

CODES = (
    Code(1, "/ack", "We have it", "Thank you for getting in touch"),
    Code(2, "/bin", "Missed bin: we are coming back", "The crew comes back"),
    Code(3, "/bulky", "Bulky waste: a price", "A sofa costs"),
)
Key = Qt.Key


class Box:
    """An editor with codes, and what was called."""

    def __init__(self, look: Look, qtbot: QtBot) -> None:
        self.editor = QPlainTextEdit()
        qtbot.addWidget(self.editor)
        self.editor.resize(600, 400)
        self.editor.show()
        self.editor.activateWindow()
        self.editor.setFocus()
        qtbot.waitUntil(self.editor.hasFocus)
        self.codes = Shorthand(look, self.editor)
        self.codes.set_codes(CODES)
        self.codes.set_on(True)
        self.chosen: list[object] = []
        self.codes.chosen.connect(self.chosen.append)

    def type(self, text: str) -> None:
        """Type."""
        QTest.keyClicks(self.editor, text)

    def press(self, *keys: Key) -> None:
        """Press keys."""
        for key in keys:
            QTest.keyClick(self.editor, key)

    def offered(self) -> tuple[str, ...]:
        """The titles in the list."""
        return self.codes.offered

    @property
    def text(self) -> str:
        """What stands there."""
        return self.editor.toPlainText()


@pytest.fixture
def box(look: Look, qtbot: QtBot) -> Box:
    return Box(look, qtbot)


@pytest.mark.parametrize("key", [Key.Key_Space, Key.Key_Tab])
def test_a_code_and_space_or_tab_call_the_reply(box: Box, key: Key) -> None:
    box.type("Hello /bin")
    box.press(key)
    assert (box.chosen, box.text) == ([2], "Hello ")
    assert box.offered() == ()


def test_words_find_it_and_enter_takes_it(box: Box) -> None:
    box.type("/")
    assert len(box.offered()) == 3
    box.type("b")
    assert box.offered() == ("Missed bin: we are coming back", "Bulky waste: a price")
    box.press(Key.Key_Down)
    assert announced(box.editor) == "Bulky waste: a price, /bulky. Enter takes it"
    box.press(Key.Key_Backspace)
    box.type("crew back")
    assert box.offered() == ("Missed bin: we are coming back",)
    box.press(Key.Key_Return)
    assert (box.chosen, box.text) == ([2], "")


def test_who_does_not_want_it_types_on(box: Box) -> None:
    box.type("/bi")
    box.press(Key.Key_Escape)
    assert box.offered() == ()
    box.type("n")
    assert box.offered() == ()
    box.press(Key.Key_Home, Key.Key_End)
    box.editor.clear()
    # A stroke within a word, a date or an address is no code.
    for text in ("see a/b", "on 3/4 ", "https://x.example/ack"):
        box.editor.clear()
        box.type(text)
        box.press(Key.Key_Space)
        assert box.offered() == ()
    assert box.chosen == []
    box.codes.set_on(False)
    box.editor.clear()
    box.type("/ack ")
    assert (box.chosen, box.text) == ([], "/ack ")
