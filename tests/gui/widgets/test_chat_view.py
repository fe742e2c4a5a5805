"""A conversation line by line: a line more is a row more, and nobody loses their place."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QImageWriter
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.attachments import AttachedFile
from crm_desktop.desktop.widgets.chat_items import ChatItem, ChatModel, Fate, ItemKind
from crm_desktop.desktop.widgets.chat_view import ChatView, Place
from crm_desktop.desktop.widgets.thumbs import thumb


def lines(count: int, first: int = 1) -> tuple[ChatItem, ...]:
    """So many lines of two people."""
    return tuple(
        ChatItem(
            number,
            ItemKind.SAID,
            f"Line {number}: " + "words that go on " * (number % 9),
            "Margaret Okafor" if number % 2 else "Sarah",
            mine=not number % 2,
            head=f"somebody · 09:{number % 60:02}",
        )
        for number in range(first, first + count)
    )


def shown(look: Look, qtbot: QtBot, items: tuple[ChatItem, ...]) -> ChatView:
    """A view of a conversation on the screen."""
    view = ChatView(look)
    qtbot.addWidget(view)
    view.resize(640, 480)
    view.show()
    view.show_other(items, Place())
    return view


def test_a_line_more_is_one_row_more_and_the_end_stays_in_sight(look: Look, qtbot: QtBot) -> None:
    view = shown(look, qtbot, lines(500))
    model = view.model()
    assert isinstance(model, ChatModel)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    told: list[str] = []
    model.modelReset.connect(lambda: told.append("reset"))
    model.dataChanged.connect(lambda: told.append("changed"))
    model.rowsInserted.connect(lambda *_: told.append("inserted"))
    laid = view._delegate._kept

    before = len(laid)
    view.show_items((*lines(500), *lines(1, first=501)))

    assert told == ["inserted"]
    # Of five hundred texts one was laid out.
    assert len(laid) <= before + 1
    assert view.place.at_end
    last = view.visualRect(model.index(500, 0))
    assert view.viewport().rect().contains(last.center())


def test_who_reads_further_up_stays_there_and_is_told(look: Look, qtbot: QtBot) -> None:
    view = shown(look, qtbot, lines(60))
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum() // 2)
    index = view.indexAt(QPoint(60, 20))
    top = view.visualRect(index).top()

    view.show_items((*lines(60), *lines(2, first=61)))
    assert view.visualRect(view.model().index(index.row(), 0)).top() == top
    assert (view._below.isVisible(), view._below.text()) == (True, "2 new lines below")
    # Earlier lines that come above push nothing away, either.
    view.show_items((*lines(20, first=-19), *lines(62)))
    assert view.visualRect(view.model().index(index.row() + 20, 0)).top() == top

    view._below.click()
    assert view.place.at_end
    assert not view._below.isVisible()


def test_in_another_size_of_text_the_reader_stands_where_they_were(
    look: Look, qtbot: QtBot
) -> None:
    view = shown(look, qtbot, lines(60))
    last = view.model().index(59, 0)
    for scale in (200, 100):
        look.set_scale(scale)
        QGuiApplication.processEvents()
        assert view.place.at_end
        assert view.viewport().rect().contains(view.visualRect(last).bottomLeft())

    bar = view.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    row = view.indexAt(QPoint(60, 1)).row()
    look.set_scale(200)
    QGuiApplication.processEvents()
    assert view.indexAt(QPoint(60, 1)).row() == row
    assert not view.place.at_end


def test_lines_are_read_copied_and_opened_by_keys(look: Look, qtbot: QtBot) -> None:
    file = AttachedFile(71, "bin.jpg", "image/jpeg", 412_000)
    view = shown(
        look,
        qtbot,
        (
            ChatItem(1, ItemKind.SAID, "<b>Hello</b>\nthere", "Margaret Okafor", foot=""),
            ChatItem(2, ItemKind.FILE, "bin.jpg", "Margaret Okafor", file=file),
            ChatItem(3, ItemKind.SAID, "On it", "Sarah", mine=True, fate=Fate.FAILED),
        ),
    )
    opened: list[object] = []
    view.file_opened.connect(opened.append)
    view.setFocus()
    view.setCurrentIndex(view.model().index(0, 0))
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "<b>Hello</b>\nthere"
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert opened == [71]
    said = accessibility.texts(accessibility.tree(view))
    assert "Margaret Okafor: File bin.jpg, 412 KB." in said
    assert "Sarah: On it. not sent" in said


def test_hostile_lines_stay_within_their_bubbles(look: Look, qtbot: QtBot) -> None:
    texts = (
        "W" * 4_000,
        "\n" * 3_999,
        "\u202egnirts a\u2066\u0000\ufffc" * 50,
        "e" + "\u0301" * 3_000,
        "<img src=file:///etc/passwd><script>alert(1)</script>" * 40,
    )
    items = tuple(
        ChatItem(at, ItemKind.SAID, text, "<b>Mallory</b>\nYou: ", head="<b>Mallory</b> · 09:00")
        for at, text in enumerate(texts)
    )
    view = shown(look, qtbot, items)
    for at, item in enumerate(items):
        rect = view.visualRect(view.model().index(at, 0))
        box = view._delegate.box(rect, item)
        assert box.right() <= view.viewport().width()
        assert rect.height() > 0
        view.scrollTo(view.model().index(at, 0))
        view.grab()
    # It is copied as it was written: nothing of it was taken for anything but text.
    view.setCurrentIndex(view.model().index(4, 0))
    assert view.copied() == texts[4]


def test_a_picture_is_drawn_small_and_what_is_none_is_not(look: Look, qtbot: QtBot) -> None:
    image = QImage(1200, 400, QImage.Format.Format_RGB32)
    image.fill(QColor("green"))
    small = thumb(_octets(image), QSize(220, 140))
    assert small is not None
    assert (small.width(), small.height()) == (220, 73)
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="/etc"/></svg>'
    assert thumb(svg, QSize(220, 140)) is None
    # It says of itself that it is forty thousand pixels high and wide.
    bomb = _octets(image).replace(
        (1200).to_bytes(4, "big") + (400).to_bytes(4, "big"), (40_000).to_bytes(4, "big") * 2
    )
    assert thumb(bomb, QSize(220, 140)) is None

    file = AttachedFile(71, "bin.png", "image/png", 4_000)
    view = shown(look, qtbot, (ChatItem(1, ItemKind.FILE, "bin.png", "Margaret", file=file),))
    low = view.visualRect(view.model().index(0, 0)).height()
    view.show_thumb(71, small)
    assert view.visualRect(view.model().index(0, 0)).height() > low


def _octets(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert QImageWriter(buffer, QByteArray(b"PNG")).write(image)
    return bytes(buffer.data().data())
