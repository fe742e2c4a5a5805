"""A public answer and a private one cannot be mistaken, and neither leaves unseen."""

from __future__ import annotations

import struct

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageWriter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.workspace.post_pane import Answerable, PostMode, PostPane
from crm_desktop.domain.social import Network, Picture
from crm_desktop.domain.social_thread import MOST_PICTURES
from crm_desktop.domain.views import NewAttachment
from tests.gui.conftest import Grab

MARGARET = Answerable(
    *(1, Network.BLUESKY, "margaret.example", "Our bin was not emptied again!", "09:12"),
    public=True,
    limit=300,
)
PRIVATE = Answerable(
    *(2, Network.MASTODON, "sam@town.example", "It is 4 Mill Lane", "09:20"),
    public=False,
    limit=500,
)
_CTRL = Qt.KeyboardModifier.ControlModifier
_BOTH = _CTRL | Qt.KeyboardModifier.ShiftModifier

#: What a camera notes in a JPEG when it was held upright: turn by a quarter to see it.
_EXIF = b"Exif\0\0II*\0" + struct.pack("<IHHHIII", 8, 1, 0x0112, 3, 1, 6, 0)
_ON_ITS_SIDE = struct.pack(">HH", 0xFFE1, 2 + len(_EXIF)) + _EXIF


@pytest.fixture
def pane(look: Look, qtbot: QtBot) -> PostPane:
    made = PostPane(look)
    qtbot.addWidget(made)
    made.resize(720, 320)
    with qtbot.waitExposed(made):
        made.show()
    made.begin()
    made.set_posts((MARGARET,), 1)
    return made


def sent(pane: PostPane) -> list[PostMode]:
    """Every time that sending is asked for, and as what."""
    asked: list[PostMode] = []
    pane.send_asked.connect(lambda: asked.append(pane.mode))
    return asked


def said(pane: PostPane) -> str:
    """Everything that a reader could find."""
    return " ".join(accessibility.texts(accessibility.tree(pane)))


def test_the_key_that_sends_privately_never_posts_in_public(pane: PostPane) -> None:
    asked = sent(pane)
    QTest.keyClicks(pane.composer.editor, "The crew comes on Friday.")

    QTest.keyClick(pane.composer.editor, Qt.Key.Key_Return, _CTRL)

    assert asked == []
    assert "Everybody can read this. Post publicly with Ctrl Shift ↵." in said(pane)

    QTest.keyClick(pane.composer.editor, Qt.Key.Key_Return, _BOTH)

    assert asked == [PostMode.PUBLIC]


def test_changing_to_private_takes_no_word_along_and_looks_otherwise(pane: PostPane) -> None:
    QTest.keyClicks(pane.composer.editor, "In public")
    public = pane.grab().toImage().pixelColor(3, 200)

    pane.composer.set_mode(PostMode.PRIVATE)

    assert pane.composer.text() == ""
    assert pane.grab().toImage().pixelColor(3, 200) != public
    assert "only @margaret.example reads this" in said(pane)
    assert "Send privately" in said(pane)


def test_a_private_conversation_is_never_answered_in_public(pane: PostPane) -> None:
    pane.begin()
    pane.set_posts((PRIVATE,), 2)
    asked = sent(pane)
    QTest.keyClicks(pane.composer.editor, "Thank you")

    QTest.keyClick(pane.composer.editor, Qt.Key.Key_Return, _BOTH)
    assert asked == []
    QTest.keyClick(pane.composer.editor, Qt.Key.Key_Return, _CTRL)

    assert asked == [PostMode.PRIVATE]


def test_what_is_too_long_is_said_by_the_networks_own_count(pane: PostPane) -> None:
    asked = sent(pane)
    pane.composer.insert("👩🏽‍🚒" * 299)
    QTest.keyClicks(pane.composer.editor, "ab")

    QTest.keyClick(pane.composer.editor, Qt.Key.Key_Return, _BOTH)

    assert asked == []
    assert "too many for Bluesky" in said(pane)


def test_a_picture_in_public_must_be_described(pane: PostPane, grab: Grab) -> None:
    asked = sent(pane)
    QTest.keyClicks(pane.composer.editor, "Here is the new calendar.")
    pane.add_file(NewAttachment("calendar.png", "image/png", b"no picture at all"))

    QTest.keyClick(pane.composer.editor, Qt.Key.Key_Return, _BOTH)
    assert asked == []
    field = pane.pictures.findChild(type(pane.pictures._alts[0]))
    assert field is not None
    QTest.keyClicks(field, "The calendar of 2027")
    grab(pane, "post-picture")
    QTest.keyClick(pane.composer.editor, Qt.Key.Key_Return, _BOTH)

    assert asked == [PostMode.PUBLIC]
    assert pane.written()[1] == (
        Picture("calendar.png", "image/png", b"no picture at all", "The calendar of 2027"),
    )


def test_other_files_are_refused_with_words(pane: PostPane) -> None:
    pane.add_file(NewAttachment("form.pdf", "application/pdf", b"%PDF"))

    assert pane.written()[1] == ()
    assert "A post can carry pictures only" in said(pane)


def paste_picture(pane: PostPane) -> None:
    """Paste a picture of a screen, as Ctrl+V does."""
    picture = QImage(60, 40, QImage.Format.Format_RGB32)
    picture.fill(0x336699)
    QApplication.clipboard().setImage(picture)
    pane.composer.editor.paste()


def test_a_pasted_picture_goes_with_the_post(pane: PostPane) -> None:
    paste_picture(pane)
    paste_picture(pane)

    pictures = pane.written()[1]
    assert [each.name for each in pictures] == ["picture 1.png", "picture 2.png"]
    assert QImage.fromData(pictures[0].content).size() == QSize(60, 40)


def test_a_picture_that_cannot_go_with_it_is_not_lost_without_a_word(pane: PostPane) -> None:
    pane.composer.set_mode(PostMode.NOTE)
    paste_picture(pane)
    assert "A note can carry no picture." in said(pane)

    pane.composer.set_mode(PostMode.PUBLIC)
    assert pane.written()[1] == ()
    for _ in range(MOST_PICTURES + 1):
        paste_picture(pane)

    assert len(pane.written()[1]) == MOST_PICTURES
    assert f"A post can carry {MOST_PICTURES} pictures at most." in said(pane)


def test_a_photo_is_shown_as_it_was_held(pane: PostPane) -> None:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture = QImage(600, 300, QImage.Format.Format_RGB32)
    picture.fill(0x336699)
    assert QImageWriter(buffer, QByteArray(b"JPEG")).write(picture)
    octets = bytes(buffer.data().data())

    pane.add_file(NewAttachment("bin.jpg", "image/jpeg", octets[:2] + _ON_ITS_SIDE + octets[2:]))

    shown = next(each for each in pane.findChildren(QLabel) if each.accessibleName() == "bin.jpg")
    assert shown.pixmap().height() > shown.pixmap().width() > 0


def test_that_it_could_not_be_sent_is_not_said_once_it_can_be(pane: PostPane) -> None:
    QTest.keyClicks(pane.composer.editor, "The crew comes on Friday.")
    pane.set_away("The database cannot be reached.")
    QTest.keyClick(pane.composer.editor, Qt.Key.Key_Return, _BOTH)
    assert "Not sent yet" in said(pane)

    pane.set_away("")

    assert "Not sent yet" not in said(pane)


def test_a_draft_comes_back_as_it_was(pane: PostPane) -> None:
    QTest.keyClicks(pane.composer.editor, "In public")
    pane.composer.set_mode(PostMode.PRIVATE)
    QTest.keyClicks(pane.composer.editor, "In private")
    kept = pane.draft()

    pane.begin()
    pane.restore(kept)
    pane.set_posts((MARGARET, PRIVATE), 2)

    assert pane.draft() == kept
    assert pane.answering == MARGARET


@pytest.mark.parametrize("mode", list(PostMode))
@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
def test_each_way_has_its_picture(
    pane: PostPane, look: Look, grab: Grab, mode: PostMode, scheme: Scheme
) -> None:
    look.set_scheme(scheme)
    pane.composer.set_mode(mode)
    pane.composer.insert("The crew comes on Friday. Sorry that it was missed.")
    grab(pane, f"post-{mode.value}-{scheme.value}")

    assert accessibility.problems(pane) == []
