"""The advisor's case form: what it asks, gives back, shows as wrong, and looks like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core.accessibility import announced, problems, texts, tree
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.date_entry import DateEntry, read_day, say_day
from crm_desktop.desktop.widgets.json_form import JsonForm
from crm_desktop.domain.forms import Form
from tests.servers.forms_site import MISSED_BIN

FORM = Form.from_schema(MISSED_BIN)
ANSWERS: dict[str, Any] = {
    "bin": "recycling",
    "due": "2026-11-19",
    "out": False,
    "why": "I was away",
    "blocked": ["Parked cars", "Snow or ice"],
    "address": "14 Mill Lane, Norbridge",
    "postcode": "NR2 3TT",
    "notes": "Whole street missed, crew seen turning at the bridge.",
    "photos": ["street.jpg"],
    "crew": "Access blocked",
}

Grab = Callable[[QWidget, str], Path]


@pytest.fixture
def shown(qtbot: QtBot, look: Look) -> JsonForm:
    """The form, empty, on the screen."""
    return _show(qtbot, look)


def _show(qtbot: QtBot, look: Look, width: int = 700) -> JsonForm:
    form = JsonForm(look, FORM)
    qtbot.addWidget(form)
    form.resize(look.px(width), look.px(500))
    form.show()
    qtbot.waitExposed(form)
    return form


def _line(form: JsonForm, name: str) -> QLineEdit:
    line = form.editor(name).inputs[0]
    assert isinstance(line, QLineEdit)
    return line


def test_answers_come_back_as_they_were_given(shown: JsonForm) -> None:
    shown.set_answers(ANSWERS)

    assert shown.answers() == ANSWERS
    assert shown.errors() == {}


def test_an_empty_form_has_no_answers_and_names_what_is_missing(shown: JsonForm) -> None:
    assert shown.answers() == {}
    assert list(shown.errors()) == ["bin", "due", "out"]


def test_filling_empties_what_is_not_given(shown: JsonForm) -> None:
    shown.set_answers(ANSWERS)

    shown.set_answers({"bin": "refuse"})

    assert shown.typed() == {"bin": "refuse"}


def test_what_is_unfinished_is_kept_for_the_draft(shown: JsonForm, qtbot: QtBot) -> None:
    QTest.keyClicks(_line(shown, "postcode"), "NR2")

    assert shown.answers() == {}
    assert shown.typed() == {"postcode": "NR2"}
    assert shown.errors()["postcode"] == "Enter a full UK postcode, like NR2 3TT"


def test_only_a_persons_change_is_told(shown: JsonForm, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(shown.changed):
        shown.set_answers(ANSWERS)
    with qtbot.waitSignal(shown.changed):
        QTest.keyClicks(_line(shown, "postcode"), "x")


def test_a_question_comes_and_goes_and_its_words_are_not_lost(
    shown: JsonForm, qtbot: QtBot
) -> None:
    yes, no = shown.editor("out").inputs
    why = shown.editor("why")
    assert not why.isVisible()

    QTest.mouseClick(no, Qt.MouseButton.LeftButton)
    why.set_value("I forgot")
    assert why.isVisible()
    QTest.mouseClick(yes, Qt.MouseButton.LeftButton)
    assert not why.isVisible()
    assert "why" not in shown.answers()
    QTest.mouseClick(no, Qt.MouseButton.LeftButton)

    assert shown.answers()["why"] == "I forgot"


def test_checking_shows_errors_where_they_are_and_goes_to_the_first(
    shown: JsonForm, qtbot: QtBot
) -> None:
    assert not shown.check()

    first = shown.editor("bin").inputs[0]
    qtbot.waitUntil(first.hasFocus)
    assert "Error: Select which bin was missed" in first.accessibleDescription()
    assert "Enter the date the bin was due" in texts(tree(shown))
    assert announced(shown) == "3 to mend: Select which bin was missed"


def test_a_mended_error_goes_away_as_it_is_mended(shown: JsonForm, qtbot: QtBot) -> None:
    shown.check()

    QTest.keyClicks(_line(shown, "due"), "19 nov 2026")

    assert "Enter the date the bin was due" not in texts(tree(shown))
    assert "Select which bin was missed" in texts(tree(shown))
    assert shown.answers()["due"] == "2026-11-19"


def test_everything_is_reached_by_keyboard_in_the_forms_order(
    shown: JsonForm, qtbot: QtBot
) -> None:
    shown.set_answers(ANSWERS)
    shown.editor("bin").inputs[0].setFocus()
    reached: list[str] = []

    for _ in range(30):
        focus = QApplication.focusWidget()
        name = next(
            (each.name for each in FORM.fields if focus in shown.editor(each.name).inputs), ""
        )
        if name and (not reached or reached[-1] != name):
            reached.append(name)
        QTest.keyClick(focus or shown, Qt.Key.Key_Tab)
        if reached and reached[-1] == "crew":
            break

    wanted = [field.name for field in FORM.fields]
    assert [name for name in reached if name != "photos"] == [n for n in wanted if n != "photos"]


def test_every_tick_is_reached_by_keyboard(shown: JsonForm) -> None:
    shown.editor("blocked").inputs[0].setFocus()

    reached = []
    for _ in shown.editor("blocked").inputs:
        reached.append(QApplication.focusWidget())
        QTest.keyClick(QApplication.focusWidget() or shown, Qt.Key.Key_Tab)

    assert reached == list(shown.editor("blocked").inputs)


def test_every_input_has_a_name_that_says_its_question(shown: JsonForm) -> None:
    shown.set_answers(ANSWERS)

    said = texts(tree(shown))

    assert problems(shown) == []
    assert "Which bin was missed?, required: Recycling (blue)" in said
    assert "When was it due?, required" in said


def test_read_only_lets_nothing_be_changed(shown: JsonForm, qtbot: QtBot) -> None:
    shown.set_answers(ANSWERS)
    shown.set_read_only(True)

    QTest.keyClicks(_line(shown, "postcode"), "x")
    QTest.mouseClick(shown.editor("out").inputs[0], Qt.MouseButton.LeftButton)
    assert shown.answers() == ANSWERS

    shown.set_read_only(False)
    QTest.mouseClick(shown.editor("out").inputs[0], Qt.MouseButton.LeftButton)
    assert shown.answers()["out"] is True


def test_an_answer_the_form_no_longer_offers_is_still_shown(shown: JsonForm) -> None:
    shown.set_answers({"out": False, "why": "The gate was locked"})

    assert shown.typed()["why"] == "The gate was locked"


def test_two_columns_become_one(shown: JsonForm, qtbot: QtBot) -> None:
    bins, due = shown.editor("address"), shown.editor("postcode")
    whole = bins.width()
    assert due.width() < whole / 1.5

    shown.resize(300, 900)

    qtbot.waitUntil(lambda: due.width() == bins.width())
    assert bins.width() <= 300


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("19/11/2026", date(2026, 11, 19)),
        ("19.11.26", date(2026, 11, 19)),
        ("19 november 2026", date(2026, 11, 19)),
        ("Thu 19 Nov 2026", date(2026, 11, 19)),
        ("Thursday, 19th Nov", date(2026, 11, 19)),
        ("2026-11-19", date(2026, 11, 19)),
        ("2 jan", date(2027, 1, 2)),
        ("today", date(2026, 11, 22)),
        ("Yesterday", date(2026, 11, 21)),
        ("31/2/2026", None),
        ("29 feb", None),
        ("19 smarch", None),
        ("soon", None),
        ("", None),
    ],
)
def test_days_are_read_as_people_write_them(typed: str, day: date | None) -> None:
    assert read_day(typed, date(2026, 11, 22)) == day


def test_a_day_is_tidied_when_the_line_is_left(shown: JsonForm, qtbot: QtBot) -> None:
    line = _line(shown, "due")
    line.setFocus()
    QTest.keyClicks(line, "19/11/26")
    QTest.keyClick(line, Qt.Key.Key_Return)

    assert line.text() == say_day(date(2026, 11, 19)) == "Thu 19 Nov 2026"


def test_a_day_can_be_picked_from_the_calendar_by_keyboard(shown: JsonForm, qtbot: QtBot) -> None:
    shown.set_answers({"due": "2026-11-19"})
    line = _line(shown, "due")
    assert isinstance(line, DateEntry)
    QTest.keyClick(line, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    popup = QApplication.activePopupWidget()
    assert popup is not None
    calendar = popup.focusWidget()
    assert calendar is not None

    QTest.keyClick(calendar, Qt.Key.Key_Right)
    QTest.keyClick(calendar, Qt.Key.Key_Return)

    assert line.value() == "2026-11-20"
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is None)


def test_pictures(any_look: Look, qtbot: QtBot, grab: Grab) -> None:
    area = QScrollArea()
    qtbot.addWidget(area)
    area.setWidgetResizable(True)
    form = JsonForm(any_look, FORM)
    area.setWidget(form)
    area.resize(720, 560)
    area.show()
    form.set_answers({**ANSWERS, "postcode": "NR2", "bin": None})
    form.show_errors(form.errors())
    scheme = any_look.theme.scheme.value

    QApplication.processEvents()
    assert grab(area, f"form-{scheme}").exists()
    area.resize(380, 900)
    QApplication.processEvents()
    assert grab(area, f"form-narrow-{scheme}").exists()


def test_large_text_still_fits(look: Look, qtbot: QtBot, grab: Grab) -> None:
    form = _show(qtbot, look)
    form.set_answers(ANSWERS)
    before = QFont(_line(form, "due").font()).pointSizeF()

    look.set_scale(200)
    form.resize(900, 1100)
    QApplication.processEvents()
    saved = grab(form, "form-200")
    after = _line(form, "due").font().pointSizeF()
    look.set_scale(100)

    assert saved.exists()
    assert after > 1.5 * before
