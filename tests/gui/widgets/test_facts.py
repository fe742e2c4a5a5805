"""Facts drawn as rows: everybody can read them, and copy each, with keys or with the mouse."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.facts import Fact, FactList

FACTS = (
    Fact("Email", "m.okafor@example.org", "m.okafor@example.org", wraps=False),
    Fact("Phone", "01632 960057 (bounced)", "01632 960057", warns=True, wraps=False),
    Fact("Address", "106 Windmill Rise\nNether Wexley HV8 1BD", "106 Windmill Rise"),
    Fact("Contacts", "3 contacts in 12 months"),
)


@pytest.fixture
def facts(qtbot: QtBot, look: Look) -> FactList:
    made = FactList(look, "How to reach them")
    qtbot.addWidget(made)
    made.resize(296, 10)
    made.show_facts(FACTS)
    made.show()
    return made


def test_a_reader_hears_each_fact(facts: FactList) -> None:
    said = accessibility.texts(accessibility.tree(facts))

    assert said[0] == "How to reach them"
    for fact in FACTS:
        assert f"{fact.name}: {fact.says}" in said


def test_each_fact_is_copied_by_keys(facts: FactList) -> None:
    facts.setFocus()
    QTest.keyClick(facts, Qt.Key.Key_Home)
    QTest.keyClick(facts, Qt.Key.Key_Down)
    QTest.keyClick(facts, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "01632 960057"
    assert accessibility.announced(facts) == "Copied"

    QTest.keyClick(facts, Qt.Key.Key_End)
    QTest.keyClick(facts, Qt.Key.Key_Return)
    assert QGuiApplication.clipboard().text() == "3 contacts in 12 months"


def test_the_sign_copies_and_nothing_else_does(facts: FactList) -> None:
    QGuiApplication.clipboard().setText("before")
    row = facts.visualRect(facts.model().index(0, 0))

    QTest.mouseClick(facts.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert QGuiApplication.clipboard().text() == "before"
    QTest.mouseClick(
        facts.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(row.right() - 5, row.center().y())
    )
    assert QGuiApplication.clipboard().text() == "m.okafor@example.org"


def test_it_is_as_high_as_its_facts_at_every_width_and_scale(facts: FactList, look: Look) -> None:
    def bottom() -> int:
        return facts.visualRect(facts.model().index(len(FACTS) - 1, 0)).bottom() + 1

    heights = [facts.height()]
    assert bottom() == facts.height()
    facts.resize(150, 10)
    heights.append(facts.height())
    assert bottom() == facts.height()
    look.set_scale(200)
    heights.append(facts.height())
    assert bottom() == facts.height()
    assert heights == sorted(heights)
    assert len(set(heights)) == 3
