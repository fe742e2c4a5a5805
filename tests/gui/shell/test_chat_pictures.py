"""Chats in hand over the demo centre in every theme and size, looked at by a person."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.desktop.widgets.chat_strip import ChatStrip
from crm_desktop.domain.chats import NewChat
from crm_desktop.domain.views import NewAttachment
from crm_desktop.services import chat_visits
from crm_desktop.store.models import ChannelAccount
from tests.centre import Centre
from tests.chats_centre import Visitor
from tests.gui.conftest import Grab
from tests.gui.shell.calling import until
from tests.gui.shell.conftest import Open, busiest, settled
from tests.gui.shell.test_pictures import CASES, Case

_ANSWER = (
    "Good morning Margaret, I am sorry about that. Was it out by half past six, and is it the "
    "whole street?"
)


def kerb() -> bytes:
    """A photo of a bin, drawn."""
    image = QImage(900, 600, QImage.Format.Format_RGB32)
    image.fill(QColor("#b9c7b0"))
    painter = QPainter(image)
    painter.fillRect(0, 420, 900, 180, QColor("#8d8f93"))
    painter.fillRect(360, 180, 190, 300, QColor("#6b4a2b"))
    painter.fillRect(345, 150, 220, 45, QColor("#4f3720"))
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert QImageWriter(buffer, QByteArray(b"PNG")).write(image)
    return bytes(buffer.data().data())


def come(centre: Centre, who: str, text: str, **given: object) -> Visitor:
    """Somebody begins a chat on the council's pages."""
    with centre.as_owner().read() as tx:
        site = tx.session.scalar(select(ChannelAccount.id).where(ChannelAccount.kind == "chat"))
    assert site is not None
    db = centre.as_gateway()
    new = NewChat(visitor=who, text=text, client=who, **given)  # type: ignore[arg-type]
    return Visitor(db, chat_visits.start(db, site, new))


def _in_strip(window: MainWindow, contact_id: int) -> bool:
    return window.chats.presenter.of(contact_id) is not None


@pytest.mark.parametrize("case", CASES, ids=[f"{each[0]}-{each[4].value}" for each in CASES])
def test_chats_look_right_and_have_names(
    demo: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab, case: Case
) -> None:
    name, width, height, scale, scheme = case
    desktop = open_desktop(demo, busiest(demo))
    window = desktop.window
    desktop.desk.look.set_scheme(scheme)
    desktop.desk.look.set_scale(scale)
    window.resize(width, height)
    margaret = come(
        demo,
        "Margaret Okafor",
        "Hello, my brown bin was not emptied today",
        email="m.okafor@example.org",
        page="https://www.harlandvale.test/bins/missed-bin",
        service_code="missed-bin",
        answers={"address": "14 Mill Lane, Harland HV1 3TT", "bins": ["garden"]},
    )
    others = [
        come(demo, "Bryn Pugh", "Is the recycling centre open on Sunday?"),
        come(demo, "Siân Rees-Mogg", "Alla i siarad Cymraeg?", language="cy"),
    ]
    for each in (margaret, *others):
        window.commands.gestures.take(each.contact)
        until(qtbot, partial(_in_strip, window, each.contact))
    window.chats.go(margaret.contact)
    chat = window.workplace.screen.chat
    until(qtbot, lambda: chat.is_shown)
    settled(qtbot, desktop)
    composer = window.workplace.screen.compose.composer
    composer.set_text(_ANSWER)
    QTest.keyClick(composer.editor, Qt.Key.Key_Return)
    settled(qtbot, desktop)
    margaret.say("It was out last night. The whole street I think, the lorry turned at the bridge")
    margaret.say("", files=(NewAttachment("bin at the kerb.png", "image/png", kerb()),))
    chat_visits.typing(margaret.db, margaret.token, "shall I leave it out until th")
    others[0].say("And can I bring a fridge?")
    until(qtbot, lambda: len(chat.pane.view.items) >= 7)
    until(qtbot, lambda: bool(chat.pane.view._delegate.thumbs))
    strip = window.findChild(ChatStrip)
    assert isinstance(strip, ChatStrip)
    until(qtbot, lambda: strip.tabs[1].unread > 0)
    settled(qtbot, desktop)
    grab(window, f"chat-{name}-{scheme.value}")
    assert accessibility.problems(window) == []

    editor = window.workplace.screen.compose.composer.editor
    editor.setFocus()
    QTest.keyClicks(editor, "/")
    settled(qtbot, desktop)
    grab(window, f"chat-codes-{name}-{scheme.value}")
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert accessibility.problems(window) == []
