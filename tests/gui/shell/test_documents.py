"""A customer's document by real events: from files, the scanner's folder and the clipboard; and
what is said where there is no camera.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.documents import pages
from crm_desktop.desktop.screens.documents.camera import NO_CAMERA
from crm_desktop.desktop.screens.documents.dialog import AddDocumentDialog
from crm_desktop.desktop.screens.documents.scanner import FOLDER
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain import documents as rules
from crm_desktop.domain.documents import MOST_PAGES, Source
from crm_desktop.domain.errors import DatabaseAway
from crm_desktop.domain.views import NewAttachment
from crm_desktop.services import contacts, documents
from crm_desktop.store.models import Document
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.integration.services.casework import at_work

ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def picture(width: int = 300, height: int = 400, *, left: str = "red") -> QImage:
    """A page whose left half is coloured, so that it is seen how it lies."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    for x in range(width // 2):
        for y in range(height):
            image.setPixelColor(x, y, left)
    return image


def jpeg_file(path: Path, width: int = 300, height: int = 400) -> Path:
    """A picture on the disk."""
    assert picture(width, height).save(str(path))
    return path


def kept(centre: Centre) -> int:
    """How many documents there are."""
    with centre.as_owner().read() as tx:
        return tx.session.scalar(select(func.count()).select_from(Document)) or 0


def opened(desktop: Desktop, contact_id: int, qtbot: QtBot) -> AddDocumentDialog:
    """The window over that contact, opened by its key."""
    desktop.window.open_contact(contact_id)
    settled(qtbot, desktop)
    QTest.keyClick(desktop.window, Qt.Key.Key_F, CTRL | SHIFT)
    dialog = desktop.window.workplace.documents.dialog
    assert dialog is not None
    qtbot.waitExposed(dialog)
    settled(qtbot, desktop)
    return dialog


def dropped(dialog: AddDocumentDialog, mime: QMimeData) -> None:
    """Drag something over the window and let it go there."""
    how = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton)
    none = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(dialog, QDragEnterEvent(QPoint(50, 50), *how, none))
    QApplication.sendEvent(dialog, QDropEvent(QPointF(50, 50), *how, none))


def test_files_become_a_document_of_the_case_and_are_taken_back(
    centre: Centre, open_desktop: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    anna = at_work(centre)
    case_id = anna.opens().case_id
    letter = tmp_path / "letter.pdf"
    letter.write_bytes(b"%PDF-1.7 a letter")
    desktop = open_desktop(centre, "anna")
    dialog = opened(desktop, anna.contact_id, qtbot)

    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(letter))])
    dropped(dialog, mime)
    qtbot.waitUntil(lambda: len(dialog.pages.pages()) == 1)
    QTest.keyClicks(dialog.kind, "Council letter")
    QTest.keyClicks(dialog.words, "of 3 November")
    QTest.keyClick(dialog.words, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: kept(centre) == 1)
    settled(qtbot, desktop)

    view = contacts.open_contact(anna.db, anna.contact_id)
    (document,) = view.documents
    assert (document.case_id, document.kind, document.words) == (
        case_id,
        "Council letter",
        "of 3 November",
    )
    screen = desktop.window.workplace.screen
    screen.focus_case()
    (chip,) = screen.case_pane.documents.files()
    assert chip.name == "Council letter: letter.pdf"
    assert screen.document_toast.isVisible()
    QTest.mouseClick(screen.document_toast._button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: kept(centre) == 0)
    settled(qtbot, desktop)
    assert screen.case_pane.documents.files() == ()


def test_what_comes_from_the_scanner_is_offered_at_once(
    centre: Centre, open_desktop: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    anna = at_work(centre)
    folder = tmp_path / "scans"
    folder.mkdir()
    os.utime(jpeg_file(folder / "old.jpg"), (1_000, 1_000))
    desktop = open_desktop(centre, "anna", live=False)
    desktop.desk.settings.set(FOLDER, str(folder))
    dialog = opened(desktop, anna.contact_id, qtbot)
    qtbot.waitUntil(lambda: dialog.scanner.list.count() == 1)

    QTest.keyClick(dialog, Qt.Key.Key_C, ALT)
    jpeg_file(folder / "new.jpg")
    (folder / ".hidden").write_bytes(b"x")
    (folder / "link.jpg").symlink_to(folder / "old.jpg")
    qtbot.waitUntil(lambda: dialog.scanner.list.count() == 2, timeout=10_000)

    assert dialog.ways.currentWidget() is dialog.scanner, "nobody looks for it"
    current = dialog.scanner.list.current()
    assert current is not None
    assert current.name == "new.jpg"
    QTest.keyClick(dialog.scanner.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(dialog.pages.pages()) == 1)
    (page,) = dialog.pages.pages()
    assert page.source is Source.SCANNER
    assert page.file.content == (folder / "new.jpg").read_bytes(), "a file stays as it was brought"


def test_pasted_pictures_are_turned_and_become_one_pdf(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    anna = at_work(centre)
    desktop = open_desktop(centre, "anna", live=False)
    dialog = opened(desktop, anna.contact_id, qtbot)

    for _ in range(2):
        QGuiApplication.clipboard().setImage(picture())
        QTest.keyClick(dialog.pages, Qt.Key.Key_V, CTRL)
        settled(qtbot, desktop)
    QTest.keyClick(dialog.pages, Qt.Key.Key_Right, ALT)
    qtbot.waitUntil(lambda: (dialog.pages.pages()[1].preview or picture()).width() == 400)
    dialog.kind.setCurrentText("Payslip")
    QTest.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: kept(centre) == 1)

    view = contacts.open_contact(anna.db, anna.contact_id)
    (file,) = view.messages[-1].attachments
    assert (file.name, file.content_type) == ("Payslip.pdf", "application/pdf")


def test_what_is_no_document_and_what_is_not_said_are_told(
    centre: Centre, open_desktop: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    anna = at_work(centre)
    program = tmp_path / "invoice.pdf"
    program.write_bytes(b"MZ\x90\x00 a program")
    desktop = open_desktop(centre, "anna", live=False)
    dialog = opened(desktop, anna.contact_id, qtbot)

    dialog.take_paths([str(program)])
    qtbot.waitUntil(lambda: "invoice.pdf is not a picture" in dialog._wrong.text())
    QGuiApplication.clipboard().setText("words alone")
    QTest.keyClick(dialog.pages, Qt.Key.Key_V, CTRL)
    assert "no picture and no file" in dialog._wrong.text()
    QTest.keyClick(dialog.pages, Qt.Key.Key_Return, CTRL)
    assert "There is no page yet" in dialog._wrong.text()
    QGuiApplication.clipboard().setImage(picture())
    QTest.keyClick(dialog.pages, Qt.Key.Key_V, CTRL)
    qtbot.waitUntil(lambda: len(dialog.pages.pages()) == 1)
    QTest.keyClick(dialog.pages, Qt.Key.Key_Return, CTRL)
    assert "What is it?" in dialog._wrong.text()
    QTest.keyClick(dialog.pages, Qt.Key.Key_Delete)
    assert dialog.pages.pages() == ()
    assert kept(centre) == 0


def test_folders_and_more_than_a_document_holds_are_told(
    centre: Centre,
    open_desktop: Open,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desktop = open_desktop(centre, "anna", live=False)
    dialog = opened(desktop, at_work(centre).contact_id, qtbot)
    letter = tmp_path / "letter.pdf"
    letter.write_bytes(b"%PDF-1.7 a letter")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path))])

    dropped(dialog, mime)
    qtbot.waitUntil(lambda: "is a folder, not a file" in dialog._wrong.text())
    dialog.take_paths([str(letter)] * (MOST_PAGES + 1))
    settled(qtbot, desktop)
    assert f"at most {MOST_PAGES} pages" in dialog._wrong.text()
    assert dialog.pages.pages() == (), "of a heap nothing is read"
    monkeypatch.setattr(rules, "MOST_HELD", 2 * letter.stat().st_size)
    dialog.take_paths([str(letter)] * 3)
    settled(qtbot, desktop)
    assert len(dialog.pages.pages()) == 2


def test_a_page_that_is_added_after_a_lost_answer_is_not_lost(
    centre: Centre, open_desktop: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first try was kept, which nobody heard; then there is one more page."""
    anna = at_work(centre)
    desktop = open_desktop(centre, "anna", live=False)
    dialog = opened(desktop, anna.contact_id, qtbot)
    dialog.one_pdf.setChecked(False)
    dialog.kind.setCurrentText("Payslip")
    real = documents.add

    def lost(*given: Any, **more: Any) -> None:
        real(*given, **more)
        raise DatabaseAway

    def paste() -> None:
        QGuiApplication.clipboard().setImage(picture())
        QTest.keyClick(dialog.pages, Qt.Key.Key_V, CTRL)
        settled(qtbot, desktop)

    paste()
    monkeypatch.setattr(documents, "add", lost)
    for _ in range(2):  # the same asked again is the same
        QTest.keyClick(dialog.pages, Qt.Key.Key_Return, CTRL)
        settled(qtbot, desktop)
    assert kept(centre) == 1
    paste()
    monkeypatch.setattr(documents, "add", real)
    QTest.keyClick(dialog.pages, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: kept(centre) == 2)

    view = contacts.open_contact(anna.db, anna.contact_id)
    assert len(view.messages[-1].attachments) == 2


def test_a_database_that_is_away_leaves_the_pages_in_the_window(
    centre: Centre, open_desktop: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = at_work(centre)
    desktop = open_desktop(centre, "anna", live=False)
    dialog = opened(desktop, anna.contact_id, qtbot)
    QGuiApplication.clipboard().setImage(picture())
    QTest.keyClick(dialog.pages, Qt.Key.Key_V, CTRL)
    qtbot.waitUntil(lambda: len(dialog.pages.pages()) == 1)
    dialog.kind.setCurrentText("Photograph")
    real = documents.add

    def away(*_: object, **__: object) -> None:
        raise DatabaseAway

    monkeypatch.setattr(documents, "add", away)
    QTest.keyClick(dialog.pages, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: "kept in this window and nowhere else" in dialog._wrong.text())
    assert len(dialog.pages.pages()) == 1

    monkeypatch.setattr(documents, "add", real)
    QTest.keyClick(dialog.pages, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: kept(centre) == 1)


def test_without_a_camera_that_is_said(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    anna = at_work(centre)
    desktop = open_desktop(centre, "anna", live=False)
    dialog = opened(desktop, anna.contact_id, qtbot)

    QTest.keyClick(dialog, Qt.Key.Key_C, ALT)

    from PySide6.QtMultimedia import QMediaDevices

    assert (dialog.camera.said() == NO_CAMERA) is (not QMediaDevices.videoInputs())
    assert dialog.camera.shoot.isEnabled() is bool(QMediaDevices.videoInputs())


def test_what_a_camera_sees_is_shown_and_what_it_takes_is_a_page(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    """No camera is here: the parts of Qt that one speaks through are told what it would say."""
    anna = at_work(centre)
    desktop = open_desktop(centre, "anna", live=False)
    dialog = opened(desktop, anna.contact_id, qtbot)
    QTest.keyClick(dialog, Qt.Key.Key_C, ALT)

    from PySide6.QtMultimedia import QImageCapture, QVideoFrame, QVideoSink

    sink, capture = QVideoSink(), QImageCapture()
    dialog.camera.listen(sink, capture)

    qtbot.wait(80)
    sink.setVideoFrame(QVideoFrame(picture(320, 240)))
    qtbot.waitUntil(lambda: not dialog.camera.sight.isNull())
    assert dialog.camera.sight.size() == picture(320, 240).size()
    capture.imageCaptured.emit(1, picture(2_600, 1_950))
    qtbot.waitUntil(lambda: len(dialog.pages.pages()) == 1)

    (page,) = dialog.pages.pages()
    assert (page.source, page.file.content_type) == (Source.CAMERA, "image/jpeg")
    assert max(QImage.fromData(page.file.content).size().toTuple()) == 2_339
    capture.errorOccurred.emit(1, QImageCapture.Error.ResourceError, "in use")
    assert "Another program may be using it" in dialog.camera.said()


def test_pages_are_upright_and_carry_no_place(tmp_path: Path) -> None:
    """Written as a telephone does: lying on its side, with where it was taken."""
    upright = Path(jpeg_file(tmp_path / "upright.jpg", width=400, height=300)).read_bytes()
    turned = b"\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"  # Orientation: 6, a quarter right
    about = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00" + turned + bytes(4) + b"51.5074N 0.1278W"
    lying = b"\xff\xd8\xff\xe1" + (len(about) + 2).to_bytes(2, "big") + about + upright[2:]
    brought = pages.brought(NewAttachment("IMG_1.JPG", "image/jpeg", lying), Source.FILE)
    assert brought.preview is not None
    assert brought.preview.height() > brought.preview.width(), "shown as it was held"
    assert brought.preview.pixelColor(150, 50).name() != brought.preview.pixelColor(150, 350).name()

    drawn = pages.turned(brought, 0)

    assert b"Exif" not in drawn.file.content
    assert drawn.preview is not None
    assert drawn.preview.size() == brought.preview.size()
    pdf = pages.together([drawn, brought], "Page")
    assert pdf.content.startswith(b"%PDF-")
    assert pdf.content.count(b"/Type /Page\n") == 2
    assert b"Exif" not in pdf.content
    assert b"51.5074N" not in drawn.file.content + pdf.content


def test_a_bomb_and_a_broken_picture_are_files_and_no_pages() -> None:
    bomb = (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01\x86\xa0\x00\x01\x86\xa0\x08\x02\x00\x00\x00"
    )
    for content in (bomb, b"\x89PNG\r\n\x1a\n broken"):
        page = pages.brought(NewAttachment("x", "", content), Source.FILE)
        assert not page.is_picture


@pytest.mark.parametrize(
    "kind", [(100, Scheme.LIGHT, 1440), (100, Scheme.DARK, 1280), (200, Scheme.LIGHT, 1280)]
)
def test_the_window_looks_right_and_has_names(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab, kind: tuple[int, Scheme, int]
) -> None:
    scale, scheme, width = kind
    anna = at_work(centre)
    anna.opens()
    assert centre.path is not None
    folder = centre.path.parent / "scans"
    folder.mkdir()
    for name in ("SCAN0041.jpg", "SCAN0042.jpg"):
        jpeg_file(folder / name)
    (folder / "SCAN0043.pdf").write_bytes(b"%PDF-1.7")
    desktop = open_desktop(centre, "anna", live=False)
    desktop.desk.look.set_scheme(scheme)
    desktop.desk.look.set_scale(scale)
    desktop.window.resize(width, 900 if width == 1440 else 720)
    dialog = opened(desktop, anna.contact_id, qtbot)
    grab(dialog, f"document-empty-{scale}-{scheme.value}")
    dialog.scanner.set_folder(str(folder))
    dialog.ways.setCurrentWidget(dialog.scanner)
    dialog.take_paths([str(folder / "SCAN0041.jpg"), str(folder / "SCAN0043.pdf")])
    QGuiApplication.clipboard().setImage(picture(400, 300, left="blue"))
    QTest.keyClick(dialog.pages, Qt.Key.Key_V, CTRL)
    qtbot.waitUntil(lambda: len(dialog.pages.pages()) == 3)
    settled(qtbot, desktop)
    grab(dialog, f"document-scanner-{scale}-{scheme.value}")
    assert accessibility.problems(dialog) == []
    dialog.ways.setCurrentWidget(dialog.camera)
    dialog.camera.start()
    grab(dialog, f"document-camera-{scale}-{scheme.value}")
    assert accessibility.problems(dialog) == []
    dialog.kind.setCurrentText("Bank statement")
    dialog._save()
    qtbot.waitUntil(lambda: kept(centre) == 1)
    settled(qtbot, desktop)
    desktop.window.workplace.presenter._read()
    settled(qtbot, desktop)
    grab(desktop.window, f"document-contact-{scale}-{scheme.value}")
    desktop.window.workplace.screen.focus_case()
    settled(qtbot, desktop)
    grab(desktop.window, f"document-case-{scale}-{scheme.value}")
