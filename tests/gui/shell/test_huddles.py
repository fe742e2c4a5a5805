"""Huddles and private notes between desktops: shown at once, read by key, seen by the sender."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QDialog, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.huddles.dialogs import HuddleDialog, SentDialog
from crm_desktop.desktop.screens.notes.dialog import NotesDialog
from crm_desktop.desktop_root import Desktop
from crm_desktop.services import huddles
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.integration.conftest import postgres_centre

__all__ = ["postgres_centre"]

CONTROL_ALT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def _dialog(kind: type[QDialog]) -> QDialog:
    return next(e for e in QApplication.topLevelWidgets() if isinstance(e, kind) and e.isVisible())


def _said(widget: QWidget) -> str:
    return " ".join(accessibility.texts(accessibility.tree(widget)))


def _press(inside: QWidget, words: str) -> None:
    button = next(
        e for e in inside.findChildren(QAbstractButton) if e.text() == words and e.isVisible()
    )
    assert button.isEnabled()
    QTest.keyClick(button, Qt.Key.Key_Space)


def _key(qtbot: QtBot, desktop: Desktop, key: Qt.Key, held: Qt.KeyboardModifier) -> None:
    """Press a key in a window that has the keyboard."""
    desktop.window.activateWindow()
    qtbot.waitUntil(desktop.window.isActiveWindow, timeout=10_000)
    QTest.keyClick(desktop.window, key, held)


def _send(qtbot: QtBot, desktop: Desktop, words: str, to: str = "Everybody") -> None:
    _key(qtbot, desktop, Qt.Key.Key_H, CONTROL_SHIFT)
    settled(qtbot, desktop)
    dialog = _dialog(HuddleDialog)
    assert isinstance(dialog, HuddleDialog)
    box = dialog.findChild(QComboBox)
    assert box is not None
    box.setCurrentIndex(box.findText(to))
    QTest.keyClicks(dialog.words, words)
    QTest.keyClick(dialog.words, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    settled(qtbot, desktop)
    assert not [e for e in QApplication.topLevelWidgets() if isinstance(e, HuddleDialog)]


def _started(qtbot: QtBot, *desktops: Desktop) -> None:
    """Past the moment after which a desktop asks what was said."""
    qtbot.wait(350)
    settled(qtbot, *desktops)


def _two_read_it(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    rose, anna, ben = (open_desktop(centre, login) for login in ("rose", "anna", "ben"))
    _started(qtbot, rose, anna, ben)

    _send(qtbot, rose, "Storm tonight: expect calls about trees")

    for desktop in (anna, ben):
        strip = desktop.window.people.strip
        qtbot.waitUntil(strip.isVisible, timeout=10_000)
        assert "Storm tonight" in _said(strip)
        assert "Rose Boateng to everybody" in _said(strip)
        assert "Storm tonight" in accessibility.announced(strip)
    assert not rose.window.people.strip.isVisible()
    assert "0 of 3 have read" in rose.window.people.bar.text()
    _key(qtbot, anna, Qt.Key.Key_H, CONTROL_ALT)
    qtbot.waitUntil(lambda: "1 of 3 have read" in rose.window.people.bar.text(), timeout=10_000)
    assert not anna.window.people.strip.isVisible()
    assert ben.window.people.strip.isVisible()
    _press(rose.window.people.bar, "Show who")
    settled(qtbot, rose)
    dialog = _dialog(SentDialog)
    assert isinstance(dialog, SentDialog)
    qtbot.waitUntil(lambda: len(dialog.receipts.rows()) == 3, timeout=10_000)
    assert [row.title for row in dialog.receipts.rows() if row.pill is None] == ["Anna Whitlock"]
    _press(ben.window.people.strip, "I have read this")
    qtbot.waitUntil(
        lambda: [row.title for row in dialog.receipts.rows() if row.pill] == ["Cora Lindqvist"],
        timeout=10_000,
    )
    assert "2 of 3 have read it" in _said(dialog)
    dialog.accept()


def test_a_huddle_is_read_by_two_desktops_and_its_sender_sees_that(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    _two_read_it(centre, open_desktop, qtbot)


def test_the_same_over_a_server(postgres_centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    _two_read_it(postgres_centre, open_desktop, qtbot)


def test_who_was_away_is_told_when_they_sign_in_and_until_they_read_it(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    rose = open_desktop(centre, "rose")
    _started(qtbot, rose)
    for words in ("One", "Two", "Three", "Four"):
        _send(qtbot, rose, words)

    for _ in range(2):  # as often as they begin anew
        anna = open_desktop(centre, "anna")
        _started(qtbot, anna)
        said = _said(anna.window.people.strip)
        assert all(words in said for words in ("One", "Two", "Three", "1 more huddle"))
        assert "Four" not in said
        anna.window.close()
    ben = open_desktop(centre, "ben")
    _started(qtbot, ben)
    for words in ("One", "Two"):
        assert words in _said(ben.window.people.strip)
        _key(qtbot, ben, Qt.Key.Key_H, CONTROL_ALT)
        settled(qtbot, ben)
    assert [each.words for each in huddles.unread(centre.as_person("ben"))] == ["Three", "Four"]
    assert "Four" in _said(ben.window.people.strip)


def test_typing_is_not_disturbed(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    rose, anna = open_desktop(centre, "rose"), open_desktop(centre, "anna")
    _started(qtbot, rose, anna)
    _send(qtbot, rose, "First")
    anna.window.activateWindow()
    qtbot.waitUntil(anna.window.isActiveWindow, timeout=10_000)
    anna.window.go("customers")
    field = anna.window.pages.customers_screen.field
    field.setFocus()
    QTest.keyClicks(field, "mar")
    qtbot.waitUntil(anna.window.people.strip.isVisible, timeout=10_000)

    QTest.keyClicks(field, "gar")
    QTest.keyClick(field, Qt.Key.Key_H, CONTROL_ALT)
    QTest.keyClicks(field, "et")

    assert field.text() == "margaret"
    assert field.hasFocus()
    settled(qtbot, anna)
    assert not anna.window.people.strip.isVisible()


def test_what_was_taken_back_goes_from_every_desktop(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    rose, anna = open_desktop(centre, "rose"), open_desktop(centre, "anna")
    _started(qtbot, rose, anna)
    _send(qtbot, rose, "Wrong", "Anna Whitlock")
    qtbot.waitUntil(anna.window.people.strip.isVisible, timeout=10_000)
    rose.window.registry.run("huddle.sent")
    settled(qtbot, rose)
    dialog = _dialog(SentDialog)

    _press(dialog, "Show it no more")

    qtbot.waitUntil(lambda: not anna.window.people.strip.isVisible(), timeout=10_000)
    qtbot.waitUntil(lambda: not rose.window.people.bar.isVisible(), timeout=10_000)
    dialog.reject()


def test_only_leaders_speak_to_many(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    anna = open_desktop(centre, "anna")

    assert not anna.window.registry.has("huddle.new")
    assert not anna.window.people.new.isVisible()


def test_a_note_is_answered(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    rose, anna = open_desktop(centre, "rose"), open_desktop(centre, "anna")
    _started(qtbot, rose, anna)
    assert not anna.window.people.notes.isVisible()
    rose.window.people.note_to(anna.desk.person.id, "Anna Whitlock")
    settled(qtbot, rose)
    writing = _dialog(NotesDialog)
    assert isinstance(writing, NotesDialog)
    QTest.keyClicks(writing.field, "Can you stay till six?")
    QTest.keyClick(writing.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    settled(qtbot, rose)
    assert writing.field.toPlainText() == ""

    button = anna.window.people.notes
    qtbot.waitUntil(lambda: button.text() == "Notes · 1 new", timeout=10_000)
    writing.accept()
    _key(qtbot, anna, Qt.Key.Key_M, CONTROL_SHIFT)
    settled(qtbot, anna)
    reading = _dialog(NotesDialog)
    assert isinstance(reading, NotesDialog)
    assert "Can you stay till six?" in _said(reading)
    assert accessibility.problems(reading) == []
    qtbot.waitUntil(lambda: button.text() == "Notes", timeout=10_000)
    QTest.keyClicks(reading.field, "Yes, ")
    reading.accept()
    _key(qtbot, anna, Qt.Key.Key_M, CONTROL_SHIFT)
    settled(qtbot, anna)
    again = _dialog(NotesDialog)
    assert isinstance(again, NotesDialog)
    assert again.field.toPlainText() == "Yes,", "what was typed is kept"
    QTest.keyClick(again.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: rose.window.people.notes.text() == "Notes · 1 new", timeout=10_000)
    again.accept()


LONG = (
    "Storm tonight: expect calls about trees. Highways are out until ten; use the emergency form "
    "and say that crews come in order of danger."
)
CASES = [
    ("1280x720", 1280, 720, 100, Scheme.DARK),
    ("200", 1440, 900, 200, Scheme.LIGHT),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{each[0]}-{each[4].value}" for each in CASES])
def test_it_looks_right_and_has_names(
    centre: Centre,
    open_desktop: Open,
    qtbot: QtBot,
    grab: Grab,
    case: tuple[str, int, int, int, Scheme],
) -> None:
    name, width, height, scale, scheme = case
    rose = open_desktop(centre, "rose")
    anna = open_desktop(centre, "anna")
    _started(qtbot, rose, anna)
    rose.desk.look.set_scheme(scheme)
    rose.desk.look.set_scale(scale)
    for desktop in (rose, anna):
        desktop.window.resize(width, height)
    for words in (
        LONG,
        "Council Tax bills went out this morning.",
        "Blue Badge: the old form is gone.",
        "Cake in the kitchen.",
    ):
        _send(qtbot, rose, words)
    huddles.write_note(centre.as_person("rose"), anna.desk.person.id, "Can you stay till six?")
    qtbot.waitUntil(lambda: "1 new" in anna.window.people.notes.text(), timeout=10_000)
    settled(qtbot, rose, anna)
    grab(anna.window, f"huddle-strip-{name}-{scheme.value}")
    assert accessibility.problems(anna.window) == []
    grab(rose.window, f"huddle-sender-{name}-{scheme.value}")
    rose.window.registry.run("huddle.new")
    settled(qtbot, rose)
    form = _dialog(HuddleDialog)
    grab(form, f"huddle-new-{name}-{scheme.value}")
    assert accessibility.problems(form) == []
    form.reject()
    _key(qtbot, anna, Qt.Key.Key_H, CONTROL_ALT)
    rose.window.registry.run("huddle.sent")
    settled(qtbot, anna, rose)
    sent = _dialog(SentDialog)
    assert isinstance(sent, SentDialog)
    qtbot.waitUntil(lambda: bool(sent.receipts.rows()), timeout=10_000)
    sent.list.step(-1)
    settled(qtbot, rose)
    grab(sent, f"huddle-sent-{name}-{scheme.value}")
    assert accessibility.problems(sent) == []
    sent.accept()
    anna.window.registry.run("notes.open")
    settled(qtbot, anna)
    notes = _dialog(NotesDialog)
    grab(notes, f"notes-{name}-{scheme.value}")
    notes.accept()
