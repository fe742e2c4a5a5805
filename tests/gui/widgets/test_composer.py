"""A note is never a reply, gaps are seen, and nothing but plain text comes in."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.widgets.attachments import AttachedFile, FileChip
from crm_desktop.desktop.widgets.composer import MAIL_PAPERS, NOTE_LABEL, Composer
from crm_desktop.domain.states import Visibility

Composing = Composer[Visibility]


@pytest.fixture
def composer(look: Look, qtbot: QtBot) -> Composing:
    made = Composer(look, MAIL_PAPERS, "Reply or internal note")
    qtbot.addWidget(made)
    made.resize(600, 300)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_changing_to_a_reply_takes_no_word_of_the_note_along(
    composer: Composing,
) -> None:
    composer.set_mode(Visibility.INTERNAL)
    QTest.keyClicks(composer.editor, "She sounded upset")

    composer.set_mode(Visibility.PUBLIC)

    assert composer.text() == ""
    assert composer.text(Visibility.INTERNAL) == "She sounded upset"


def test_a_note_looks_and_sounds_like_nothing_else(composer: Composing, look: Look) -> None:
    reply = composer.grab().toImage().pixelColor(2, 60)
    composer.set_mode(Visibility.INTERNAL)
    note = composer.grab().toImage().pixelColor(2, 60)

    assert reply != note
    assert composer.editor.accessibleName() == NOTE_LABEL
    assert NOTE_LABEL in accessibility.texts(accessibility.tree(composer))


def test_edits_by_a_person_are_told_and_loaded_drafts_are_not(
    composer: Composing,
) -> None:
    told: list[Visibility] = []
    composer.edited.connect(told.append)

    composer.set_text("a draft from yesterday")
    QTest.keyClicks(composer.editor, "!")

    assert told == [Visibility.PUBLIC]


def test_new_colours_are_no_edit(composer: Composing, look: Look) -> None:
    told: list[Visibility] = []
    composer.edited.connect(told.append)

    look.set_scheme(Scheme.DARK)

    assert told == []


def test_an_open_gap_is_found_and_selected(composer: Composing) -> None:
    composer.insert("Dear {{name}}, we come on {{date}}.")

    assert composer.unfilled() == ["name", "date"]
    QTest.keyClicks(composer.editor, "Margaret")
    assert composer.unfilled() == ["date"]
    assert composer.go_to_unfilled()
    assert composer.editor.textCursor().selectedText() == "{{date}}"


def test_an_inserted_article_is_one_step_to_undo(composer: Composing) -> None:
    QTest.keyClicks(composer.editor, "Hello. ")
    composer.insert("We collect\nwithin two days.")

    composer.editor.undo()

    assert composer.text() == "Hello. "


def test_pasted_markup_comes_in_as_text_and_files_are_offered(
    composer: Composing,
) -> None:
    offered: list[tuple[str, ...]] = []
    composer.files_offered.connect(offered.append)
    words, files = QMimeData(), QMimeData()
    words.setHtml("<b>bold</b>")
    words.setText("bold")
    files.setUrls([QUrl.fromLocalFile("/tmp/plan.pdf"), QUrl("https://example.org/x")])

    composer.editor.insertFromMimeData(words)
    composer.editor.insertFromMimeData(files)

    assert composer.text() == "bold"
    assert offered == [("/tmp/plan.pdf",)]


def test_attachments_go_by_key_and_belong_to_the_reply(composer: Composing) -> None:
    removed: list[object] = []
    composer.file_removed.connect(removed.append)
    composer.set_files([AttachedFile(7, "bins.pdf", "application/pdf", 120_000)])
    chip = composer.findChildren(FileChip)[0]

    QTest.keyClick(chip, Qt.Key.Key_Delete)
    composer.set_mode(Visibility.INTERNAL)

    assert removed == [7]
    assert not chip.isVisible()
    assert chip.accessibleName() == "bins.pdf, 120 KB"


def test_a_click_on_a_file_opens_it_and_on_its_cross_removes_it(
    composer: Composing,
) -> None:
    opened, removed = list[object](), list[object]()
    composer.file_opened.connect(opened.append)
    composer.file_removed.connect(removed.append)
    composer.set_files([AttachedFile(7, "bins.pdf", "application/pdf", 120_000)])
    chip = composer.findChildren(FileChip)[0]
    chip.adjustSize()
    left = Qt.MouseButton.LeftButton

    QTest.mouseClick(chip, left, pos=QPoint(20, chip.height() // 2))
    QTest.mouseClick(chip, left, pos=QPoint(chip.width() - 12, chip.height() // 2))

    assert (opened, removed) == ([7], [7])


def test_the_words_are_counted(composer: Composing) -> None:
    composer.set_text("one two\nthree")

    assert "3 words" in accessibility.texts(accessibility.tree(composer))
