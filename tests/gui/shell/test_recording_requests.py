"""A customer asks for a recording: a team leader finds, holds, types, redacts and releases it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.recordings.screen import RecordingsScreen
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.transcript import Transcript
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.recordings import released_text
from crm_desktop.services import recording_requests, recordings
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.recordings_centre import add_recording, served

SAID = "Advisor: Who saw it?\nCaller: My neighbour Joe Bloggs, at number 4."
Case = tuple[str, int, int, int, Scheme]
CASES: list[Case] = [
    ("1440x900", 1440, 900, 100, Scheme.LIGHT),
    ("1280x720", 1280, 720, 100, Scheme.DARK),
    ("200", 1440, 900, 200, Scheme.LIGHT),
]


def _opened(desktop: Desktop, qtbot: QtBot) -> RecordingsScreen:
    desktop.window.go("recordings")
    settled(qtbot, desktop)
    return desktop.window.pages.recordings_screen


def _find(screen: RecordingsScreen, desktop: Desktop, qtbot: QtBot) -> None:
    screen.search.number.setText("01632 960001")
    QTest.keyClick(screen.search.number, Qt.Key.Key_Return)
    settled(qtbot, desktop)


def _choose(rows: RowList, title: str) -> None:
    model = rows.model()
    for at in range(model.rowCount()):
        index = model.index(at, 0)
        if title in str(index.data(Qt.ItemDataRole.AccessibleTextRole) or index.data()):
            rows.setCurrentIndex(index)
            rows.activated.emit(index)
            return
    raise AssertionError(f"no row {title}")


def _select(transcript: Transcript, words: str) -> None:
    at = transcript.text().index(words)
    cursor = transcript.textCursor()
    cursor.setPosition(at)
    cursor.setPosition(at + len(words), QTextCursor.MoveMode.KeepAnchor)
    transcript.setTextCursor(cursor)


def test_from_the_customer_s_wish_to_what_they_get(
    centre: Centre, open_desktop: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    contact_id, recording_id = add_recording(centre, tmp_path)
    with served(centre, tmp_path) as keeper:
        desktop = open_desktop(centre, "rose")
        screen = _opened(desktop, qtbot)
        _find(screen, desktop, qtbot)
        _choose(screen.list, "Margaret Okafor")
        settled(qtbot, desktop)
        detail = screen.detail
        assert not detail.ask_button.isEnabled(), "nobody asks without being named"

        detail.words.setText("Ms Okafor, by letter of 3 May")
        QTest.mouseClick(detail.ask_button, Qt.MouseButton.LeftButton)
        settled(qtbot, desktop)
        (held,) = recordings.of_contact(centre.as_person("rose"), contact_id)
        assert held.held == "A customer has asked for it"

        detail.card.player.toggle()
        qtbot.waitUntil(desktop.desk.runner.is_idle)
        keeper.wake()
        qtbot.waitUntil(lambda: detail.card.player.is_playing)

        detail.transcript.setFocus()
        detail.transcript.setPlainText(SAID)
        QTest.mouseClick(detail.save_button, Qt.MouseButton.LeftButton)
        settled(qtbot, desktop)
        assert not detail.save_button.isEnabled()
        _select(detail.transcript, "Joe Bloggs, at number 4")
        QTest.keyClick(detail.transcript, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
        assert detail.save_button.isEnabled()
        QTest.mouseClick(detail.release_button, Qt.MouseButton.LeftButton)
        settled(qtbot, desktop)

        assert detail.transcript.isReadOnly()
        assert detail.transcript.text() == SAID.replace("Joe Bloggs, at number 4", "[redacted]")
    (row,) = recording_requests.rows(centre.as_person("rose"))
    assert row.released_at is not None
    assert [each.name for each in recordings.heard(centre.as_person("rose"), recording_id)] == [
        "Rose Boateng"
    ]


def test_release_may_follow_save_at_once(
    centre: Centre, open_desktop: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    _, recording_id = add_recording(centre, tmp_path)
    rose = centre.as_person("rose")
    request = recording_requests.open_request(rose, recording_id, "Ms Okafor, by letter").id
    desktop = open_desktop(centre, "rose")
    screen = _opened(desktop, qtbot)
    _choose(screen.list, "Ms Okafor, by letter")
    settled(qtbot, desktop)
    detail = screen.detail
    detail.transcript.setPlainText(SAID)

    # Save twice and Release, before any of them is answered.
    for button in (detail.save_button, detail.save_button, detail.release_button):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    settled(qtbot, desktop)

    (row,) = recording_requests.rows(rose)
    assert row.released_at is not None
    assert recording_requests.read(rose, request).released == SAID
    said = accessibility.texts(accessibility.tree(screen))
    assert not any("changed" in each.lower() for each in said), said


def test_a_hold_has_a_reason_and_a_wrong_number_says_so(
    centre: Centre, open_desktop: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    contact_id, _ = add_recording(centre, tmp_path)
    desktop = open_desktop(centre, "rose")
    screen = _opened(desktop, qtbot)
    screen.search.number.setText("no number")
    QTest.keyClick(screen.search.number, Qt.Key.Key_Return)
    settled(qtbot, desktop)
    assert any("area code" in each for each in accessibility.texts(accessibility.tree(screen)))
    _find(screen, desktop, qtbot)
    _choose(screen.list, "Margaret Okafor")
    settled(qtbot, desktop)

    screen.detail.words.setText("A claim")
    QTest.mouseClick(screen.detail.hold_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(screen.detail.let_go_button.isVisible)

    (held,) = recordings.of_contact(centre.as_person("rose"), contact_id)
    assert (held.held, held.held_by) == ("A claim", "Rose Boateng")


def test_it_is_no_page_of_an_advisor_s(centre: Centre, open_desktop: Open) -> None:
    desktop = open_desktop(centre, "anna")

    assert desktop.window.pages.widget("recordings") is None


@pytest.mark.parametrize("text", [SAID, "😀 Joe 😀 Bloggs", "one\n\ntwo"])
def test_what_is_marked_is_what_is_not_released(look: Look, qtbot: QtBot, text: str) -> None:
    transcript = Transcript(look)
    qtbot.addWidget(transcript)
    whole = ((2, len(text) - 2),)

    transcript.show_text(text, whole)
    marked = transcript.redacted()

    kept = released_text(text, marked).replace("[redacted]", "").replace("\n", "")
    assert kept == (text[:2] + text[-2:]).replace("\n", "")
    transcript.selectAll()
    transcript.toggle()
    transcript.toggle()
    assert transcript.redacted() == ()
    assert transcript.text() == text


@pytest.mark.parametrize("case", CASES, ids=[f"{each[0]}-{each[4].value}" for each in CASES])
def test_the_screen_looks_right(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab, case: Case
) -> None:
    name, width, height, scale, scheme = case
    assert centre.path is not None
    _, recording_id = add_recording(centre, centre.path.parent)
    rose = centre.as_person("rose")
    request = recording_requests.open_request(
        rose, recording_id, "Ms Okafor, by letter of 3 May"
    ).id
    start = SAID.index("Joe")
    recording_requests.write(rose, request, 1, SAID, ((start, start + 10),))
    desktop = open_desktop(centre, "rose", live=False)
    desktop.desk.look.set_scheme(scheme)
    desktop.desk.look.set_scale(scale)
    desktop.window.resize(width, height)
    screen = _opened(desktop, qtbot)
    _find(screen, desktop, qtbot)
    _choose(screen.list, "Margaret Okafor")
    settled(qtbot, desktop)

    grab(desktop.window, f"recordings-{name}-{scheme.value}")

    assert accessibility.problems(desktop.window) == []
    assert (desktop.window.width(), desktop.window.height()) == (width, height)
