"""A message from outside shows its own pictures and text, reaches for nothing, opens nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QBuffer, QIODevice, QUrl
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QScrollArea, QTextBrowser
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.buttons import Button
from crm_desktop.desktop.widgets.mail_view import (
    MOST_LINES,
    MOST_SHOWN,
    MailView,
    bare,
    can_be_drawn,
    unquoted,
)

RED = QColor("#ff0000")


@pytest.fixture
def view(look: Look, qtbot: QtBot) -> MailView:
    made = MailView(look)
    qtbot.addWidget(made)
    made.resize(400, 200)
    with qtbot.waitExposed(made):
        made.show()
    return made


def png(colour: QColor, side: int = 40) -> bytes:
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(colour)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs want bytes
    return bytes(buffer.data().data())


def shows_red(view: MailView, qtbot: QtBot) -> bool:
    qtbot.wait(1)
    shown = view.grab().toImage()
    return any(
        shown.pixelColor(x, y) == RED
        for x in range(0, shown.width(), 4)
        for y in range(0, shown.height(), 4)
    )


def test_a_picture_of_the_message_is_shown(view: MailView, qtbot: QtBot) -> None:
    view.show_html('<p>See <img src="cid:bin@1"></p>', {"bin@1": png(RED)})

    assert shows_red(view, qtbot)


@pytest.mark.parametrize("form", ["{path}", "file://{path}", "FILE:{path}", "cid:../{path}"])
@pytest.mark.parametrize("where", ['<img src="{}">', '<body background="{}">text'])
def test_a_file_of_this_computer_is_never_shown(
    view: MailView, qtbot: QtBot, tmp_path: Path, form: str, where: str
) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(png(RED))

    view.show_html(where.format(form.format(path=path.as_posix())))

    assert not shows_red(view, qtbot)


def test_a_style_sheet_of_this_computer_is_never_read(
    view: MailView, qtbot: QtBot, tmp_path: Path
) -> None:
    sheet = tmp_path / "style.css"
    sheet.write_text("p { background-color: #ff0000 }")

    view.show_html(f'<head><link rel="stylesheet" href="{sheet.as_uri()}"></head><p>Hello</p>')

    assert not shows_red(view, qtbot)


@pytest.mark.parametrize("octets", [b"", b"GIF89a nonsense", png(RED)[:60]])
def test_a_broken_picture_leaves_the_text(view: MailView, qtbot: QtBot, octets: bytes) -> None:
    view.show_html('<p>Before <img src="cid:a"> after</p>', {"a": octets})

    assert not shows_red(view, qtbot)
    assert "Before" in view.text()


def test_a_picture_that_would_fill_the_memory_is_not_unpacked(view: MailView, qtbot: QtBot) -> None:
    view.show_html('<img src="cid:bomb">', {"bomb": png(RED, side=4_001)})

    assert not shows_red(view, qtbot)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://norwich.example/bins", True),
        ("mailto:bins@norwich.example", True),
        ("file:///etc/passwd", False),
        ("smb://host/share", False),
        ("javascript:alert(1)", False),
    ],
)
def test_only_web_mail_and_telephone_links_are_told(
    view: MailView, address: str, told: bool
) -> None:
    heard: list[str] = []
    view.link_opened.connect(heard.append)
    view.show_html(f'<a href="{address}">here</a>')

    view.findChildren(QTextBrowser)[0].anchorClicked.emit(QUrl(address))

    assert heard == ([address] if told else [])
    assert "here" in view.text()


def test_quoted_text_is_folded_until_asked_for(view: MailView) -> None:
    view.show_html("<p>Thank you.</p><blockquote>You wrote: 12 Mill Lane</blockquote>")
    folded = view.text()

    view.findChildren(Button)[0].click()

    assert "Mill Lane" not in folded
    assert "Mill Lane" in view.text()
    assert view.findChildren(Button)[0].text() == "Hide quoted text"


def test_plain_text_folds_what_intake_found_quoted(view: MailView) -> None:
    view.show_text("Thank you. <b>bold</b>", "Thank you. <b>bold</b>\n> You wrote")

    assert view.text() == "Thank you. <b>bold</b>"
    view.toggle_quoted()
    assert "> You wrote" in view.text()


@pytest.mark.parametrize(
    "html",
    [
        "<blockquote>only a quotation</blockquote>",
        "<p>a</p><blockquote>q</blockquote><p>between</p><blockquote>r</blockquote><p>b</p>",
        "<p>no quotation</p>",
    ],
)
def test_answers_between_quotations_are_never_folded(html: str) -> None:
    assert unquoted(html) == html


def test_the_view_is_as_high_as_its_text(look: Look, qtbot: QtBot) -> None:
    area, view = QScrollArea(), MailView(look)
    qtbot.addWidget(area)
    area.setWidgetResizable(True)
    area.setWidget(view)
    area.resize(300, 200)
    area.show()
    view.show_text("short")
    qtbot.wait(1)
    short = view.sizeHint().height()

    view.show_text("long words " * 300)

    qtbot.waitUntil(lambda: view.height() > 10 * short)
    assert view.height() >= view.sizeHint().height()


@pytest.mark.parametrize("text", ["x" * 400_000, "\n" * 400_000, "a line\n" * 80_000])
def test_a_message_without_end_is_cut_and_says_so(view: MailView, text: str) -> None:
    view.show_text(text)

    assert len(view.text()) < MOST_SHOWN + 100
    assert view.text().count("\n") <= MOST_LINES + 2
    assert "is not shown" in view.text()


@pytest.mark.parametrize(
    "html",
    ["<div>" * 30_000 + "hello", "<p>hello</p>" * 20_000, "<table><tr><td>" * 400 + "hello"],
)
def test_html_that_would_take_minutes_to_draw_is_shown_as_its_words(
    view: MailView, html: str
) -> None:
    assert not can_be_drawn(html)

    view.show_html(html)

    assert "hello" in view.text()
    assert "<" not in view.text()


def test_ordinary_html_is_drawn_and_its_words_can_be_told(view: MailView) -> None:
    html = "<div><p>Fish &amp; chips<br>twice</p><ul><li>one<li>two</ul></div>"

    assert can_be_drawn(html)
    assert bare(html).split() == ["Fish", "&", "chips", "twice", "onetwo"]
