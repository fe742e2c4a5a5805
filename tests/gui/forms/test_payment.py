"""Payment in a form: the provider's page is opened, and nothing is recorded meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.widgets.json_form import JsonForm
from crm_desktop.desktop.widgets.payment_editor import PaymentEditor
from crm_desktop.domain.card_numbers import REFUSED
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.forms import Form
from tests.gui.conftest import Grab

PAGE = "https://pay.example.org/council/bulky-waste"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "what": {"type": "string", "title": "What shall we collect?"},
        "paid": {"type": "string", "format": "payment", "title": "Payment", "x-url": PAGE},
        "notes": {"type": "string", "title": "Notes", "x-widget": "textarea"},
    },
}


@pytest.fixture
def form(look: Look, qtbot: QtBot) -> JsonForm:
    """The form in a window that has the keyboard."""
    return _shown(look, qtbot)


def _shown(look: Look, qtbot: QtBot) -> JsonForm:
    made = JsonForm(look, Form.from_schema(SCHEMA))
    made.setAutoFillBackground(True)
    qtbot.addWidget(made)
    made.resize(620, 420)
    made.show()
    made.activateWindow()
    qtbot.waitExposed(made)
    return made


def _editor(form: JsonForm) -> PaymentEditor:
    editor = form.editor("paid")
    assert isinstance(editor, PaymentEditor)
    return editor


def test_it_pauses_while_the_keyboard_is_there_and_while_the_page_is_open(
    form: JsonForm, qtbot: QtBot
) -> None:
    told: list[bool] = []
    pages: list[str] = []
    form.paying.connect(told.append)
    form.page_wanted.connect(pages.append)
    what, notes = form.editor("what").inputs[0], form.editor("notes").inputs[0]
    what.setFocus()

    _editor(form).open.setFocus()
    assert told == [True]
    qtbot.keyClick(_editor(form).open, Qt.Key.Key_Tab)
    assert told == [True], "from one part of it to the next"
    notes.setFocus()
    qtbot.waitUntil(lambda: told == [True, False])

    _editor(form).open.setFocus()
    qtbot.keyClick(_editor(form).open, Qt.Key.Key_Space)
    notes.setFocus()
    qtbot.wait(20)
    assert pages == [PAGE]
    assert told == [True, False, True], "the page is still open"
    qtbot.mouseClick(_editor(form).finished, Qt.MouseButton.LeftButton)
    assert not _editor(form).finished.isVisible()
    notes.setFocus()
    qtbot.waitUntil(lambda: told == [True, False, True, False])


def test_a_form_that_goes_away_lets_the_recording_go_on(form: JsonForm, qtbot: QtBot) -> None:
    told: list[bool] = []
    form.paying.connect(told.append)
    _editor(form).open.setFocus()
    qtbot.keyClick(_editor(form).open, Qt.Key.Key_Space)

    form.leave()

    assert told == [True, False]


def test_the_reference_is_the_answer_and_a_card_s_number_is_refused_anywhere(
    form: JsonForm, qtbot: QtBot
) -> None:
    form.set_answers({"paid": "BW-2291", "what": "A sofa"})
    assert form.answers() == {"paid": "BW-2291", "what": "A sofa"}

    form.set_answers({"paid": "4111 1111 1111 1111", "notes": "It is 5555555555554444"})

    assert form.errors() == {"paid": REFUSED, "notes": REFUSED}
    assert form.answers() == {}


@pytest.mark.parametrize(
    "url",
    [None, "", "http://pay.example.org", "https://", "https://me:secret@pay.example.org", "file:///x",
     "javascript:alert(1)", "https://pay example.org"],
)  # fmt: skip
def test_a_payment_page_is_a_page_by_tls(url: str | None) -> None:
    part = {"type": "string", "format": "payment", "x-url": url}

    with pytest.raises(InvalidInput):
        Form.from_schema({"type": "object", "properties": {"paid": part}})


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
@pytest.mark.parametrize("scale", [100, 200])
def test_it_looks_right(look: Look, qtbot: QtBot, grab: Grab, scheme: Scheme, scale: int) -> None:
    look.set_scheme(scheme)
    look.set_scale(scale)
    form = _shown(look, qtbot)
    _editor(form).open.setFocus()
    qtbot.keyClick(_editor(form).open, Qt.Key.Key_Space)

    grab(form.window(), f"payment-{scale}-{scheme.value}")

    assert accessibility.problems(form.window()) == []
